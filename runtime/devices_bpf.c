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
#include "runtime/bpf.h"

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

/* systemd and others attach their own to the same group: ours is told by its name. */
static int open_if_ours(uint32_t id, int *ret_fd)
{
	auto_fd fd = bpf_program_by_id(id);
	uint32_t same;

	if (fd < 0)
		return fd;
	STEP(bpf_program_id(fd, PROGRAM_NAME, &same, NULL));
	*ret_fd = pf_take_fd(&fd);
	return 0;
}

static void detach_old(int dir, const uint32_t *ids, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		auto_fd old = -EBADF;

		if (open_if_ours(ids[i], &old) == 0)
			(void)bpf_program_detach(old, dir, BPF_CGROUP_DEVICE);
	}
}

static int attach_new(int dir, const struct devices_program *p, struct pf_error *e)
{
	const struct bpf_code code = { .name = PROGRAM_NAME,
				       .v = p->v,
				       .n = (uint32_t)p->n,
				       .type = BPF_PROG_TYPE_CGROUP_DEVICE };
	auto_fd program = bpf_program_load(&code);
	int ret;

	if (program < 0)
		return pf_fail_sys(e, program, "load the device program (%zu instructions)", p->n);
	ret = bpf_program_attach(program, dir, BPF_CGROUP_DEVICE);
	return ret < 0 ? pf_fail_sys(e, ret, "attach the device program") : 0;
}

int devices_bpf_attach(int dir, const struct devices_program *p, struct pf_error *e)
{
	uint32_t old[MAX_ATTACHED], n = MAX_ATTACHED;

	if (bpf_programs_attached(dir, BPF_CGROUP_DEVICE, old, &n) < 0)
		n = 0; /* attaching will say why, and fail */
	/* New before old: in between a device needs the consent of both, never of none. */
	if (p)
		STEP(attach_new(dir, p, e));
	detach_old(dir, old, n);
	return 0;
}
