/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_TESTS_UNIT_BPF_EVAL_H
#define PF_TESTS_UNIT_BPF_EVAL_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Classic BPF as seccomp(2) allows it, run on one system call, so that a test can ask a program a million questions
 * without making one call. Any instruction that the kernel would refuse gives BPF_BROKEN.
 */

#define BPF_BROKEN 0xdeadbeefu

struct bpf_machine {
	uint32_t a, x, mem[BPF_MEMWORDS];
};

static inline uint32_t bpf_alu(uint16_t op, uint32_t a, uint32_t v)
{
	switch (op) {
	case BPF_ADD:
		return a + v;
	case BPF_SUB:
		return a - v;
	case BPF_AND:
		return a & v;
	case BPF_OR:
		return a | v;
	case BPF_XOR:
		return a ^ v;
	case BPF_LSH:
		return v < 32 ? a << v : 0;
	case BPF_RSH:
		return v < 32 ? a >> v : 0;
	default:
		return BPF_BROKEN;
	}
}

static inline int bpf_jump_taken(uint16_t op, uint32_t a, uint32_t v)
{
	switch (op) {
	case BPF_JEQ:
		return a == v;
	case BPF_JGT:
		return a > v;
	case BPF_JGE:
		return a >= v;
	case BPF_JSET:
		return (a & v) != 0;
	default:
		return -1;
	}
}

/* One instruction that neither jumps nor returns; false: the kernel has none such. */
static inline int bpf_step(struct bpf_machine *m, const struct sock_filter *i,
			   const struct seccomp_data *data)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		if (i->k % 4 || i->k >= sizeof(*data))
			return 0;
		memcpy(&m->a, (const char *)data + i->k, 4);
		return 1;
	case BPF_LD | BPF_MEM:
		m->a = m->mem[i->k % BPF_MEMWORDS];
		return 1;
	case BPF_LD | BPF_IMM:
		m->a = i->k;
		return 1;
	case BPF_LDX | BPF_IMM:
		m->x = i->k;
		return 1;
	case BPF_LDX | BPF_MEM:
		m->x = m->mem[i->k % BPF_MEMWORDS];
		return 1;
	case BPF_ST:
		m->mem[i->k % BPF_MEMWORDS] = m->a;
		return 1;
	case BPF_MISC | BPF_TAX:
		m->x = m->a;
		return 1;
	default:
		if (BPF_CLASS(i->code) != BPF_ALU)
			return 0;
		m->a = bpf_alu(BPF_OP(i->code), m->a, BPF_SRC(i->code) == BPF_X ? m->x : i->k);
		return 1;
	}
}

static inline uint32_t bpf_run(const struct sock_filter *code, size_t n,
			       const struct seccomp_data *data)
{
	struct bpf_machine m = { 0 };

	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &code[pc];
		int taken;

		if (BPF_CLASS(i->code) == BPF_RET)
			return BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
		if (BPF_CLASS(i->code) != BPF_JMP) {
			if (!bpf_step(&m, i, data))
				return BPF_BROKEN;
			continue;
		}
		if (BPF_OP(i->code) == BPF_JA) {
			pc += i->k;
			continue;
		}
		taken = bpf_jump_taken(BPF_OP(i->code), m.a,
				       BPF_SRC(i->code) == BPF_X ? m.x : i->k);
		if (taken < 0)
			return BPF_BROKEN;
		pc += taken ? i->jt : i->jf;
	}
	return BPF_BROKEN;
}

#endif
