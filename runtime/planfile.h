/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_PLANFILE_H
#define PF_RUNTIME_PLANFILE_H

#include "runtime/cgroup.h"
#include "runtime/flat.h"
#include "runtime/host.h"
#include "runtime/seccomp.h"
#include "runtime/sources.h"

/* From config.json and the opened sources to the flat plan. Pure but for reading its arguments: every refusal that needs
 * the host has been made before. */

struct plan_fds { /* numbers that the init inherits; -1: none */
	int sync, start, console, seal, hook_creating, hook_created;
};

struct plan_input {
	const struct oci_config *config; /* exec: only .process is looked at */
	const struct sources *sources;   /* exec: NULL */
	const struct host *host;
	const struct cgroup *cgroup;
	const struct seccomp_program *seccomp;
	const char *id;
	struct plan_fds fds;
	const uint64_t *caps; /* the five sets that the process gets */
	unsigned int preserve_fds;
	unsigned int listen_fds; /* the first of these are systemd's: the program is told */
	bool confined, shows_tree, tells_netns, no_pivot, no_new_keyring, detached, keep_groups;
	/* exec only */
	int pidfd;
	uint64_t join_flags;
	bool no_setgroups;
	const int *tasks_fds;
	size_t n_tasks;
};

/** plan_write() - the plan of a new container (part 1) */
int plan_write(const struct plan_input *in, struct flat *f, struct pf_error *e);
/** plan_write_exec() - the plan of a process in a running container */
int plan_write_exec(const struct plan_input *in, struct flat *f, struct pf_error *e);

/** plan_two_stage() - one clone cannot make these namespaces: see runtime/init/stage.h */
bool plan_two_stage(const struct oci_config *config);
/** plan_new_flags() - CLONE_NEW* to clone with; without cgroup (the init unshares it) and time */
uint64_t plan_new_flags(const struct oci_config *config);

#endif
