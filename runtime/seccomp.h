/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_SECCOMP_H
#define PF_RUNTIME_SECCOMP_H

#include <linux/filter.h>
#include <stddef.h>

#include "base/error.h"
#include "config/oci.h"

/* linux.seccomp as BPF instructions. Compiled by libseccomp (as a binary tree) once, then cached by content. */

struct seccomp_program {
	struct sock_filter *code; /* owned */
	size_t n;
	unsigned int flags; /* SECCOMP_FILTER_FLAG_* for seccomp(2) */
};

/**
 * seccomp_compile() - the profile's program
 * @cache_fd:	directory of cached programs (made by the caller, 0700), or -EBADF: no cache
 *
 * The cache's key is a hash of everything that decides the program: profile, libseccomp version, architecture. An entry
 * that does not check (owner, mode, size, checksum) is ignored and replaced.
 * Errors: NOTIFY and unknown actions PF_ERR_CONFIG with a pointer; unknown syscall names are skipped as the spec says.
 */
int seccomp_compile(const struct oci_seccomp *profile, int cache_fd, struct seccomp_program *ret,
		    struct pf_error *e);
void seccomp_program_free(struct seccomp_program *p);

#endif
