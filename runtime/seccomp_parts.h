/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_SECCOMP_PARTS_H
#define PF_RUNTIME_SECCOMP_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/io.h"
#include "runtime/seccomp.h"

/* What seccomp.c, seccomp_stub.c and seccomp_cache.c share. Not for others. */

#define SECCOMP_MAX_INSNS 4096u /* BPF_MAXINSNS: the kernel takes no more */

/**
 * seccomp_stub() - instructions to put in front of libseccomp's
 *
 * A profile cannot name system calls that did not exist when it was written. Its default action would refuse them with
 * an errno, or kill, where a program expects ENOSYS to fall back (glibc and clone3, faccessat2, ...). So for each
 * architecture a number above the largest one that the profile names is answered ENOSYS.
 */
int seccomp_stub(const struct oci_seccomp *profile, struct pf_buf *ret, struct pf_error *e);

/** seccomp_arch_of() - "SCMP_ARCH_X86_64" to libseccomp's token, 0 if unknown */
uint32_t seccomp_arch_of(const char *name);

/** seccomp_cache_key() - every byte that decides the program; .failed when out of memory */
void seccomp_cache_key(const struct oci_seccomp *profile, struct pf_buf *ret);

/** seccomp_cache_load() - fill code and n of @ret; false: no such entry, or one that does not check */
bool seccomp_cache_load(int cache_fd, const struct pf_buf *key, struct seccomp_program *ret);
/** seccomp_cache_store() - 0 or -errno; failing costs time, never correctness */
int seccomp_cache_store(int cache_fd, const struct pf_buf *key, const struct seccomp_program *p);

#endif
