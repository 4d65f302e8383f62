/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program keeps the access that is still undecided in one register and goes through the rules from the last to the
 * first. An allow takes its bits out; when none is left the answer is yes. A deny that meets a bit that is left answers
 * no. So for each bit the last rule that names it decides, and what no rule names is denied.
 *
 *	r2 type   r3 access left   r4 major   r5 minor
 */
#include <config.h>

#include "runtime/devices_bpf.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/sys.h"

#define PROGRAM_NAME "pinfold_dev"
#define MAX_RULES    4096
#define MAX_ATTACHED 64 /* what the kernel allows on one group (BPF_CGROUP_MAX_PROGS) */

static_assert(DEVICE_MKNOD == BPF_DEVCG_ACC_MKNOD && DEVICE_READ == BPF_DEVCG_ACC_READ &&
		      DEVICE_WRITE == BPF_DEVCG_ACC_WRITE,
	      "the rules' bits are the kernel's");

static int emit(struct devices_program *p, struct bpf_insn insn)
{
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 128;
		struct bpf_insn *v = realloc(p->v, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n++] = insn;
	return 0;
}

static struct bpf_insn load_word(unsigned int dst, size_t offset)
{
	return (struct bpf_insn){ .code = BPF_LDX | BPF_W | BPF_MEM,
				  .dst_reg = dst & 15u,
				  .src_reg = BPF_REG_1,
				  .off = (int16_t)offset };
}

static struct bpf_insn alu(unsigned int op, unsigned int dst, int32_t imm)
{
	return (struct bpf_insn){ .code = (uint8_t)(BPF_ALU | BPF_K | op),
				  .dst_reg = dst & 15u,
				  .imm = imm };
}

/* Compares 32 bits: device numbers use them all. */
static struct bpf_insn jump(unsigned int op, unsigned int dst, int32_t imm, int16_t skip)
{
	return (struct bpf_insn){ .code = (uint8_t)(BPF_JMP32 | BPF_K | op),
				  .dst_reg = dst & 15u,
				  .off = skip,
				  .imm = imm };
}

static int emit_answer(struct devices_program *p, int32_t answer)
{
	STEP(emit(p, (struct bpf_insn){ .code = BPF_ALU64 | BPF_K | BPF_MOV,
					.dst_reg = BPF_REG_0,
					.imm = answer }));
	return emit(p, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

static int emit_start(struct devices_program *p)
{
	STEP(emit(p, load_word(BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type))));
	STEP(emit(p, (struct bpf_insn){ .code = BPF_ALU | BPF_X | BPF_MOV,
					.dst_reg = BPF_REG_3,
					.src_reg = BPF_REG_2 }));
	STEP(emit(p, alu(BPF_AND, BPF_REG_2, 0xffff)));
	STEP(emit(p, alu(BPF_RSH, BPF_REG_3, 16)));
	STEP(emit(p, load_word(BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major))));
	return emit(p, load_word(BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor)));
}

static int emit_rule(struct devices_program *p, const struct device_entry *d)
{
	const bool type = d->type != 'a', major = d->major >= 0, minor = d->minor >= 0;
	int16_t rest =
		(int16_t)(4 + type + major + minor); /* allow and deny are both four instructions */

	if (type)
		STEP(emit(p, jump(BPF_JNE, BPF_REG_2,
				  d->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR,
				  (int16_t)(--rest))));
	if (major)
		STEP(emit(p, jump(BPF_JNE, BPF_REG_4, (int32_t)(uint32_t)d->major,
				  (int16_t)(--rest))));
	if (minor)
		STEP(emit(p, jump(BPF_JNE, BPF_REG_5, (int32_t)(uint32_t)d->minor,
				  (int16_t)(--rest))));
	if (d->allow) {
		STEP(emit(p, alu(BPF_AND, BPF_REG_3, (int32_t)(~d->access & DEVICE_RWM))));
		STEP(emit(p, jump(BPF_JNE, BPF_REG_3, 0, 2)));
		return emit_answer(p, 1);
	}
	/* there is no jump for "none of these bits": when one is set, jump over the jump that skips the answer */
	STEP(emit(p, jump(BPF_JSET, BPF_REG_3, (int32_t)d->access, 1)));
	STEP(emit(p, (struct bpf_insn){ .code = BPF_JMP | BPF_JA, .off = 2 }));
	return emit_answer(p, 0);
}

int devices_bpf_generate(const struct device_rules *rules, struct devices_program *ret,
			 struct pf_error *e)
{
	auto_program p = { 0 };
	int r;

	if (rules->n > MAX_RULES)
		return pf_fail(e, PF_ERR_CONFIG, 0, "/linux/resources/devices: more than %d rules",
			       MAX_RULES);
	r = emit_start(&p);
	for (size_t i = rules->n; r == 0 && i-- > 0;)
		r = emit_rule(&p, &rules->v[i]);
	if (r == 0)
		r = emit_answer(&p, 0);
	if (r < 0)
		return pf_fail_sys(e, r, "device program");
	*ret = p;
	p = (struct devices_program){ 0 };
	return 0;
}

void devices_bpf_free(struct devices_program *p)
{
	free(p->v);
	*p = (struct devices_program){ 0 };
}

/* ---- the kernel's side ---- */

static int load(const struct devices_program *p)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)p->v;
	attr.insn_cnt = (uint32_t)p->n;
	attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
	memcpy(attr.prog_name, PROGRAM_NAME, sizeof(PROGRAM_NAME));
	/* RLIMIT_MEMLOCK stays as it is: compat: kernels < 5.11 count programs against it, and then say EPERM */
	return sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
}

static int attach(int dir, int program)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	return sys_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr));
}

static int detach(int dir, int program)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return sys_bpf(BPF_PROG_DETACH, &attr, sizeof(attr));
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the kernel writes there */
static int list_attached(int dir, uint32_t *ids, uint32_t *n)
{
	union bpf_attr attr;
	int ret;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)dir;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = *n;
	ret = sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr));
	*n = attr.query.prog_cnt;
	return ret;
}

/* systemd and others attach their own to the same group: ours is told by its name. */
static int open_if_ours(uint32_t id, int *ret_fd)
{
	struct bpf_prog_info info;
	union bpf_attr attr;
	auto_fd fd = -EBADF;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
	if (fd < 0)
		return fd;
	memset(&attr, 0, sizeof(attr));
	memset(&info, 0, sizeof(info));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	STEP(sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)));
	if (strncmp(info.name, PROGRAM_NAME, sizeof(info.name)) != 0)
		return -ENOENT;
	*ret_fd = pf_take_fd(&fd);
	return 0;
}

static void detach_old(int dir, const uint32_t *ids, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		auto_fd old = -EBADF;

		if (open_if_ours(ids[i], &old) == 0)
			(void)detach(dir, old);
	}
}

static int attach_new(int dir, const struct devices_program *p, struct pf_error *e)
{
	auto_fd program = load(p);
	int ret;

	if (program < 0)
		return pf_fail_sys(e, program, "load the device program (%zu instructions)", p->n);
	ret = attach(dir, program);
	return ret < 0 ? pf_fail_sys(e, ret, "attach the device program") : 0;
}

int devices_bpf_attach(int dir, const struct devices_program *p, struct pf_error *e)
{
	uint32_t old[MAX_ATTACHED], n = MAX_ATTACHED;

	if (list_attached(dir, old, &n) < 0)
		n = 0; /* attaching will say why, and fail */
	/* New before old: in between a device needs the consent of both, never of none. */
	if (p)
		STEP(attach_new(dir, p, e));
	detach_old(dir, old, n);
	return 0;
}
