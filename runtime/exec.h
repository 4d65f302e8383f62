/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_EXEC_H
#define PF_RUNTIME_EXEC_H

#include "config/oci.h"
#include "runtime/runtime.h"
#include "runtime/state.h"

/* A further process in a running container: the same init program, the same way out of privilege, the recorded seal. */

struct exec_options {
	const char *id, *pid_file, *console_socket, *pidfd_socket, *cgroup;
	unsigned int preserve_fds;
	bool detach, ignore_paused;
};

/**
 * exec_process() - run @config->process in the container
 * Return: 0 when detached, else the process's status (0..255); negative: *e
 */
int exec_process(struct runtime *rt, const struct state *s, const struct exec_options *o,
		 struct oci_config *config, struct pf_error *e);

#endif
