/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules. The program for v2 is run here, instruction by instruction, and has to give for every device and access
 * what a plain reading of the rules gives; so have the exceptions that v1 is told.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/devices_bpf.h"
#include "tests/unit/tap.h"

#define BROKEN (-1)

static struct pf_error e;

/* ---- the machine: what the generator uses of eBPF, and nothing else ---- */

static int jump_taken(const struct bpf_insn *i, uint32_t v)
{
	switch (BPF_OP(i->code)) {
	case BPF_JNE:
		return v != (uint32_t)i->imm;
	case BPF_JSET:
		return (v & (uint32_t)i->imm) != 0;
	default:
		return BROKEN;
	}
}

static int alu(const struct bpf_insn *i, uint64_t *reg)
{
	switch (BPF_OP(i->code)) {
	case BPF_MOV:
		*reg = (uint32_t)i->imm;
		return 0;
	case BPF_AND:
		*reg = (uint32_t)*reg & (uint32_t)i->imm;
		return 0;
	case BPF_RSH:
		*reg = (uint32_t)*reg >> i->imm;
		return 0;
	default:
		return BROKEN;
	}
}

static int run(const struct devices_program *p, const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t reg[11] = { 0 };

	for (size_t pc = 0; pc < p->n; pc++) {
		const struct bpf_insn *i = &p->v[pc];
		int taken = 0;

		if (i->code == (BPF_JMP | BPF_EXIT))
			return (int)reg[0];
		if (i->code == (BPF_LDX | BPF_W | BPF_MEM) && i->src_reg == BPF_REG_1)
			memcpy(&reg[i->dst_reg], (const char *)ctx + i->off, 4);
		else if (i->code == (BPF_ALU | BPF_X | BPF_MOV))
			reg[i->dst_reg] = (uint32_t)reg[i->src_reg];
		else if (i->code == (BPF_JMP | BPF_JA))
			taken = 1;
		else if (BPF_CLASS(i->code) == BPF_JMP32)
			taken = jump_taken(i, (uint32_t)reg[i->dst_reg]);
		else if ((BPF_CLASS(i->code) == BPF_ALU || BPF_CLASS(i->code) == BPF_ALU64) &&
			 BPF_SRC(i->code) == BPF_K)
			taken = alu(i, &reg[i->dst_reg]);
		else
			return BROKEN;
		if (taken == BROKEN)
			return BROKEN;
		if (taken)
			pc += (size_t)i->off;
	}
	return BROKEN; /* ran off the end */
}

/* ---- the plain reading: each bit by the last rule that names it ---- */

static bool matches(const struct device_entry *d, char type, uint32_t major, uint32_t minor)
{
	return (d->type == 'a' || d->type == type) && (d->major < 0 || d->major == major) &&
	       (d->minor < 0 || d->minor == minor);
}

static bool reads_as_allowed(const struct device_rules *r, char type, const uint32_t number[2],
			     unsigned int access)
{
	for (unsigned int bit = 1; bit <= DEVICE_WRITE; bit <<= 1) {
		bool allow = false;

		for (size_t i = 0; i < r->n; i++)
			if (matches(&r->v[i], type, number[0], number[1]) && (r->v[i].access & bit))
				allow = r->v[i].allow;
		if ((access & bit) && !allow)
			return false;
	}
	return true;
}

/* v1's reading of one default and its exceptions, as its controller does it. */
static bool v1_allows(bool allow, const struct device_rules *x, char type, const uint32_t number[2],
		      unsigned int access)
{
	for (size_t i = 0; i < x->n; i++) {
		bool match = matches(&x->v[i], type, number[0], number[1]);

		if (!allow && match && (access & ~x->v[i].access) == 0)
			return true;
		if (allow && match && (access & x->v[i].access))
			return false;
	}
	return allow;
}

/* ---- compare ---- */

static const uint32_t numbers[] = { 0, 1, 2, 3, 5, 10, 136, 229, 0x80000001u, 0xffffffffu };
#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static int count_differences(const struct device_rules *rules, bool also_v1)
{
	struct devices_program p = { 0 };
	struct device_rules x = { 0 };
	bool allow = false;
	int differ = 0;

	if (devices_bpf_generate(rules, &p, &e) < 0 ||
	    (also_v1 && devices_reduce(rules, &allow, &x, &e) < 0))
		return 1000000;
	for (size_t k = 0; k < 2 * N_NUMBERS * N_NUMBERS * 7; k++) {
		uint32_t number[2] = { numbers[k / 14 % N_NUMBERS], numbers[k / 14 / N_NUMBERS] };
		unsigned int access = k / 2 % 7 + 1;
		char type = k % 2 ? 'c' : 'b';
		struct bpf_cgroup_dev_ctx ctx = { access << 16 | (type == 'b' ? BPF_DEVCG_DEV_BLOCK
									      : BPF_DEVCG_DEV_CHAR),
						  number[0], number[1] };
		int want = reads_as_allowed(rules, type, number, access);

		differ += run(&p, &ctx) != want;
		/* v1 looks for one exception that has all the bits; rules here that split a device's bits are not compared */
		differ += also_v1 && v1_allows(allow, &x, type, number, access) != want;
	}
	devices_bpf_free(&p);
	devices_free(&x);
	return differ;
}

static void no_rule_allows_nothing(void)
{
	struct device_rules none = { 0 };

	CHECK_INT(count_differences(&none, true), ==, 0);
}

static void what_every_container_gets(void)
{
	struct oci_device_rule deny = {
		.type = 'a', .major = -1, .minor = -1, .read = true, .write = true, .mknod = true
	};
	struct oci_resources r = { .devices = &deny, .n_devices = 1 };
	struct device_rules rules = { 0 };
	const uint32_t null[2] = { 1, 3 }, disk[2] = { 8, 0 }, pts[2] = { 136, 77 };

	CHECK_INT(devices_compose(&r, &rules, &e), ==, 0);
	CHECK(reads_as_allowed(&rules, 'c', null, DEVICE_RWM));
	CHECK(reads_as_allowed(&rules, 'c', pts, DEVICE_READ | DEVICE_WRITE));
	CHECK(reads_as_allowed(&rules, 'b', disk, DEVICE_MKNOD));
	CHECK(!reads_as_allowed(&rules, 'b', disk, DEVICE_READ));
	CHECK_INT(count_differences(&rules, false), ==, 0);
	devices_free(&rules);
}

static void a_node_opens_nothing_that_no_rule_names(void)
{
	struct oci_device_rule read_only = {
		.allow = true, .type = 'b', .major = 8, .minor = 0, .read = true
	};
	struct oci_resources r = { .devices = &read_only, .n_devices = 1 };
	struct device_rules rules = { 0 };
	const uint32_t fuse[2] = { 10, 229 }, disk[2] = { 8, 0 };

	CHECK_INT(devices_compose(&r, &rules, &e), ==, 0);
	CHECK(!reads_as_allowed(&rules, 'c', fuse, DEVICE_READ));
	CHECK(reads_as_allowed(&rules, 'c', fuse, DEVICE_MKNOD));
	CHECK(reads_as_allowed(&rules, 'b', disk, DEVICE_READ));
	CHECK(!reads_as_allowed(&rules, 'b', disk, DEVICE_WRITE));
	devices_free(&rules);
}

static void the_last_rule_wins(void)
{
	struct device_entry list[] = {
		{ 'a', true, -1, -1, DEVICE_RWM }, { 'c', false, 1, 3, DEVICE_WRITE },
		{ 'b', false, 5, -1, DEVICE_RWM }, { 'c', true, 1, 3, DEVICE_READ },
		{ 'b', true, 5, -1, DEVICE_READ },
	};
	struct device_rules rules = { list, 5, 5 };
	const uint32_t dev[2] = { 1, 3 }, high[2] = { 5, 0xffffffffu };

	CHECK_INT(count_differences(&rules, true), ==, 0);
	CHECK(reads_as_allowed(&rules, 'c', dev, DEVICE_READ));
	CHECK(!reads_as_allowed(&rules, 'c', dev, DEVICE_WRITE));
	CHECK(!reads_as_allowed(&rules, 'b', high, DEVICE_WRITE));
}

static void a_privileged_container_has_no_exceptions(void)
{
	struct oci_device_rule all = { true, 'a', -1, -1, true, true, true };
	struct oci_resources r = { .devices = &all, .n_devices = 1 };
	struct device_rules rules = { 0 }, x = { 0 };
	bool allow = false;

	CHECK_INT(devices_compose(&r, &rules, &e), ==, 0);
	CHECK_INT(devices_reduce(&rules, &allow, &x, &e), ==, 0);
	CHECK(allow);
	CHECK_INT(x.n, ==, 0);
	devices_free(&rules);
	devices_free(&x);
}

static void v1_refuses_a_hole(void)
{
	struct device_entry hole[] = { { 'c', true, 10, -1, DEVICE_RWM },
				       { 'c', false, 10, 229, DEVICE_WRITE } };
	struct device_entry cross[] = { { 'c', true, 10, -1, DEVICE_RWM },
					{ 'c', false, -1, 229, DEVICE_WRITE } };
	struct device_entry whole[] = { { 'c', true, 10, 229, DEVICE_RWM },
					{ 'c', false, 10, -1, DEVICE_RWM } };
	struct device_rules rules = { hole, 2, 2 }, x = { 0 };
	bool allow = false;

	CHECK_INT(devices_reduce(&rules, &allow, &x, &e), <, 0);
	CHECK_HAS(e.msg, "c 10:229");
	CHECK_INT(count_differences(&rules, false), ==, 0); /* v2 can */
	rules.v = cross;
	CHECK_INT(devices_reduce(&rules, &allow, &x, &e), <, 0);
	CHECK_INT(count_differences(&rules, false), ==, 0);
	rules.v = whole;
	CHECK_INT(count_differences(&rules, true), ==, 0);
}

static void part_of_all_is_not_all(void)
{
	struct device_entry list[] = { { 'a', true, -1, -1, DEVICE_READ },
				       { 'a', false, 5, 5, DEVICE_READ } };
	struct device_rules rules = { list, 1, 2 };

	CHECK_INT(count_differences(&rules, true), ==, 0);
	rules.n = 2;
	CHECK_INT(count_differences(&rules, false), ==, 0);
}

/* Rules by chance, the same ones every time; v2 only, since few of them are expressible on v1. */
static void a_thousand_lists_agree(void)
{
	struct device_entry list[12];
	struct device_rules rules = { list, 0, 12 };
	uint32_t seed = 12345;
	int differ = 0;

	for (int round = 0; round < 1000; round++) {
		rules.n = 0;
		for (int i = 0; i < 12; i++) {
			seed = seed * 1664525u + 1013904223u;
			list[rules.n++] = (struct device_entry){
				"abc"[seed >> 8 & 1 ? seed >> 9 & 1 : 2], seed >> 10 & 1,
				seed >> 11 & 1 ? -1 : (int64_t)numbers[(seed >> 12) % N_NUMBERS],
				seed >> 16 & 1 ? -1 : (int64_t)numbers[(seed >> 17) % N_NUMBERS],
				(seed >> 24) % 7 + 1
			};
		}
		differ += count_differences(&rules, false);
	}
	CHECK_INT(differ, ==, 0);
}

static void too_many_rules_are_refused(void)
{
	struct device_rules rules = { calloc(5000, sizeof(struct device_entry)), 5000, 5000 };
	struct devices_program p = { 0 };

	CHECK_INT(devices_bpf_generate(&rules, &p, &e), <, 0);
	CHECK_HAS(e.msg, "/linux/resources/devices");
	devices_free(&rules);
}

int main(void)
{
	RUN(no_rule_allows_nothing);
	RUN(what_every_container_gets);
	RUN(a_node_opens_nothing_that_no_rule_names);
	RUN(the_last_rule_wins);
	RUN(a_privileged_container_has_no_exceptions);
	RUN(v1_refuses_a_hole);
	RUN(part_of_all_is_not_all);
	RUN(a_thousand_lists_agree);
	RUN(too_many_rules_are_refused);
	return tap_done();
}
