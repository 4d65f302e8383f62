/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ENOSYS for system calls that are newer than the profile: a few instructions in front of libseccomp's program, one
 * block for each architecture, which fall through to it.
 *
 * Not where the default lets them pass (ALLOW, LOG), nor for TRACE (the tracer answers), nor where the default is ENOSYS.
 */
#include <config.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/seccomp_parts.h"

#define X32_BIT           0x40000000u
#define MAX_ARCHITECTURES 32u

struct limit {
	uint32_t token; /* AUDIT_ARCH_* as the kernel reports it */
	uint32_t last;  /* largest number that the profile names */
	bool x32;
	uint32_t last_x32;
};

static bool wants_stub(const struct oci_seccomp *profile)
{
	static const char *const passing[] = { "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE" };

	for (size_t i = 0; i < ARRAY_SIZE(passing); i++)
		if (!strcmp(profile->default_action, passing[i]))
			return false;
	return !(profile->has_default_errno && profile->default_errno == ENOSYS);
}

/* Pseudo numbers are negative: a call that this architecture does not have, or has inside another. */
static uint32_t last_number(const struct oci_seccomp *profile, uint32_t arch)
{
	int last = -1;

	for (size_t i = 0; i < profile->n_syscalls; i++) {
		const struct oci_strings *names = &profile->syscalls[i].names;

		for (size_t k = 0; k < names->n; k++) {
			int nr = seccomp_syscall_resolve_name_arch(arch, names->v[k]);

			if (nr > last)
				last = nr;
		}
	}
	return last < 0 ? UINT32_MAX : (uint32_t)last; /* none: no limit, the default decides */
}

static void add_limit(struct limit *limits, size_t *n, const struct oci_seccomp *profile,
		      uint32_t arch)
{
	bool x32 = arch == SCMP_ARCH_X32;
	uint32_t token = x32 ? (uint32_t)SCMP_ARCH_X86_64 : arch;
	uint32_t last = last_number(profile, arch);
	size_t i = 0;

	while (i < *n && limits[i].token != token)
		i++;
	if (i == MAX_ARCHITECTURES)
		return;
	if (i == *n)
		limits[(*n)++] = (struct limit){ .token = token, .last = UINT32_MAX };
	if (x32) {
		limits[i].x32 = true;
		limits[i].last_x32 = last;
	} else {
		limits[i].last = last;
	}
}

static void emit(struct pf_buf *b, uint16_t code, uint32_t k, unsigned int jt, unsigned int jf)
{
	struct sock_filter insn = { code, (uint8_t)jt, (uint8_t)jf, k };

	pf_buf_add(b, &insn, sizeof(insn));
}

static void emit_block(struct pf_buf *b, const struct limit *l)
{
	emit(b, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	emit(b, BPF_JMP | BPF_JEQ | BPF_K, l->token, 0, l->x32 ? 5 : 3);
	emit(b, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	if (l->x32) {
		emit(b, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
		emit(b, BPF_JMP | BPF_JGT | BPF_K, l->last_x32, 1, 2);
	}
	emit(b, BPF_JMP | BPF_JGT | BPF_K, l->last, 0, 1);
	emit(b, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
}

int seccomp_stub(const struct oci_seccomp *profile, struct pf_buf *ret, struct pf_error *e)
{
	struct limit limits[MAX_ARCHITECTURES];
	size_t n = 0;

	if (!wants_stub(profile))
		return 0;
	add_limit(limits, &n, profile, seccomp_arch_native());
	for (size_t i = 0; i < profile->architectures.n; i++) {
		uint32_t arch = seccomp_arch_of(profile->architectures.v[i]);

		if (arch == 0)
			return pf_fail(
				e, PF_ERR_CONFIG, 0,
				"/linux/seccomp/architectures/%zu: unknown architecture `%s'", i,
				profile->architectures.v[i]);
		if (arch != seccomp_arch_native())
			add_limit(limits, &n, profile, arch);
	}
	for (size_t i = 0; i < n; i++)
		emit_block(ret, &limits[i]);
	return 0;
}
