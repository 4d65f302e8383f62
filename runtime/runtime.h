/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_RUNTIME_H
#define PF_RUNTIME_RUNTIME_H

#include <limits.h>
#include <stdbool.h>

#include "runtime/cgroup.h"
#include "runtime/host.h"

/* One run of the program: the global options and what they lead to. */
struct runtime {
	const char *root_option, *policy_option; /* borrowed from argv */
	enum cgroup_manager cgroup_manager;
	bool rootless; /* --rootless, or not root of the initial user namespace */
	struct host host;
	int root_fd; /* the state root, -EBADF until opened */
	char root_path[PATH_MAX];
};

/** runtime_open_root() - the state root; commands that only look do not make it */
int runtime_open_root(struct runtime *rt, bool make, struct pf_error *e);

#endif
