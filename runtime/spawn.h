/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_SPAWN_H
#define PF_RUNTIME_SPAWN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * Starting the init: the embedded program is copied into a sealed memfd and executed from there by a clone that shares
 * our memory and suspends us (CLONE_VM|CLONE_VFORK): faster than a fork, 60 KB instead of ours, and no program of the
 * host is ever what a container can reach by /proc/PID/exe.
 */

struct spawn {
	uint64_t flags; /* CLONE_NEW* */
	int cgroup_fd;  /* cgroup2 directory for CLONE_INTO_CGROUP, or -EBADF */
	int plan_fd;    /* sealed memfd of the plan */
	const int *
		fds; /* what the init inherits beside it: close-on-exec is cleared in the child only */
	size_t n_fds;
	const char *
		oom_score_adj; /* NULL: as it is. Written by the child itself: later its /proc files are root's */
};

/** spawn_init() - the child's pid and pidfd; the caller reaps it */
int spawn_init(const struct spawn *s, pid_t *ret_pid, int *ret_pidfd, struct pf_error *e);

#endif
