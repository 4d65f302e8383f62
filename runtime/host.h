/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_HOST_H
#define PF_RUNTIME_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Facts of this host, probed at most once a run and only when something asks for them. */

struct host {
	uid_t euid;
	bool privileged;      /* root of the initial user namespace */
	bool has_userns_root; /* euid 0 with CAP_SYS_ADMIN over the mounts it sees */
	bool in_userns;       /* /proc/self/uid_map is not the identity */
	bool no_setgroups;    /* denied for good in this user namespace, and in all below it */
	int landlock_abi;     /* 0: none */
	int landlock_errno;   /* why none */
	uint64_t cap_bounding, cap_permitted; /* this process's sets */
	int last_cap;
};

/** host_probe() - fill @h; --landlock-abi of a test build lowers landlock_abi */
int host_probe(struct host *h, struct pf_error *e);

/** host_force_landlock_abi() - test builds: behave as on a kernel with this ABI, where the real one is newer */
void host_force_landlock_abi(int abi);

#endif
