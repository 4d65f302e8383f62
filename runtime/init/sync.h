/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_INIT_SYNC_H
#define PF_INIT_SYNC_H

#include <stddef.h>

#include "base/error.h"

/*
 * The hand-shake of parent and init over a SOCK_SEQPACKET pair. Messages have one size; steps come once and in this
 * order (a step that a container does not need is skipped by both, they read the same plan). EOF is never success.
 */
enum sync_step {
	SYNC_STAGED = 1, /* init -> parent: two-stage only: pid of the second stage in .value */
	SYNC_IDMAP,      /* parent -> init: uid_map, gid_map written */
	SYNC_CGROUP, /* parent -> init: cgroups and limits stand: write "0" to the files that come along */
	SYNC_MOUNTED, /* init -> parent: mounts done, prestart and createRuntime hooks may run */
	SYNC_HOOKS,   /* parent -> init: they succeeded */
	SYNC_TREE,    /* init -> parent: confined only: pivoted, an fd of my root comes along */
	SYNC_SEAL,    /* parent -> init: confined only: the memfd of part 2 comes along */
	SYNC_READY, /* init -> parent: everything but the last seal is done; .value packs the probes' results */
	SYNC_RECORDED, /* parent -> init: the state is written, so that delete can find you: you may outlive me */
	SYNC_START, /* start -> init, on the start socket */
	SYNC_EXEC,  /* init -> start: all steps done, execve is next; EOF after this is success */
	SYNC_STEP_COUNT_,
};

enum sync_type { SYNC_TYPE_STEP = 1, SYNC_TYPE_ERROR };

struct sync_message {
	uint32_t type, step;
	int64_t value;
	struct pf_error error;
};

const char *sync_step_name(enum sync_step step);

#define SYNC_MAX_FDS 16

/** sync_send() - one message, with @fd attached unless negative; 0 or -errno */
int sync_send(int sock, enum sync_step step, int64_t value, int fd);
int sync_send_error(int sock, const struct pf_error *error);

/**
 * sync_expect() - wait for @step
 * @ret_value, @ret_fd:	may be NULL; *ret_fd is owned by the caller and always close-on-exec
 *
 * Errors: the peer's own error as it was sent; another step (both named); a short message; "peer died before `mounted'".
 */
int sync_expect(int sock, enum sync_step step, int64_t *ret_value, int *ret_fd, struct pf_error *e);

/** sync_send_fds(), sync_expect_fds() - the same with up to SYNC_MAX_FDS fds; the receiver owns what it gets */
int sync_send_fds(int sock, enum sync_step step, const int *fds, size_t n);
int sync_expect_fds(int sock, enum sync_step step, int fds[SYNC_MAX_FDS], size_t *ret_n,
		    struct pf_error *e);

#endif
