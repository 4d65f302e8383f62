/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_STATE_H
#define PF_RUNTIME_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/io.h"
#include "base/json.h"
#include "config/envrules.h"
#include "config/oci.h"
#include "runtime/cgroup.h"
#include "runtime/guard/credentials.h"

/*
 * What is remembered of a container between commands: a directory ROOT/ID, mode 0700, with
 *   state.json    this struct, written once when the container is ready
 *   config.json   the bytes that create read
 *   seccomp.bpf   the compiled profile, for exec
 *   inventory.json  which credentials it holds, where somebody looked
 *   seal.plan     the recorded confinement, for exec      posture.json   what is active, for `posture'
 *   events.jsonl  what happened to it (runtime/guard/events.h), unless the node keeps that elsewhere
 *   start.sock    where the init waits; it goes when the container starts: its presence is "created"
 */

enum status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_STOPPED };

const char *status_name(enum status s);

struct state {
	char id[256];
	const char *bundle, *rootfs, *created, *owner;
	const char *
		events; /* where its events are: NULL: it has none; "": in the state directory; else the node's */
	pid_t pid;
	uint64_t
		start_time; /* of the pid, in clock ticks since boot: the pair names a process for ever */
	uint64_t ns_flags; /* CLONE_NEW* of the namespaces that config.json lists */
	uint32_t seccomp_flags;
	bool confined, permits_sockets, has_seccomp, rootless, has_hooks_start, has_hooks_stop,
		no_setgroups, new_userns;
	uint64_t caps_taken;   /* capabilities of config.json that confinement took */
	uint64_t caps_void;    /* confined: what no exec may bring back */
	struct env_policy env; /* the rules for the environment of every process */
	struct credentials_rules credentials;
	struct cgroup cgroup;
	struct oci_pairs annotations;
	struct json_doc *doc; /* owned */
	int dir_fd;           /* owned: the container's state directory */
};

/** state_root_open() - open (and with @make create) the state root; *ret_path is for messages */
int state_root_open(const char *option, bool rootless, bool make, int *ret_fd, char *ret_path,
		    size_t size, struct pf_error *e);

/** state_check_id() - letters, digits, "_", "+", "-", "."; not starting with "."; PF_ERR_CONFIG */
int state_check_id(const char *id, struct pf_error *e);

/** state_claim() - make ROOT/ID; fails with "container with id exists: ID" */
int state_claim(int root_fd, const char *id, int *ret_dir_fd, struct pf_error *e);
/** state_release() - remove ROOT/ID with everything in it */
int state_release(int root_fd, const char *id, struct pf_error *e);

/** state_write() - state.json, whole or not at all */
int state_write(const struct state *s, struct pf_error *e);

/** state_load() - "container does not exist" when there is none; the caller frees with state_free() */
int state_load(int root_fd, const char *id, struct state *ret, struct pf_error *e);
void state_free(struct state *s);

/** state_status() - asked of the kernel: the process, its start time, the freezer */
enum status state_status(const struct state *s);

/** state_pidfd() - a pidfd that certainly names the container's init; -ESRCH when it is gone */
int state_pidfd(const struct state *s, int *ret_fd, struct pf_error *e);

/** state_oci_json() - the OCI state object: what `state' prints and hooks read */
void state_oci_json(const struct state *s, enum status status, bool pretty, struct pf_buf *b);

/** process_start_time() - field 22 of /proc/PID/stat, 0 when there is no such process or it is a zombie */
uint64_t process_start_time(pid_t pid);

/** state_list() - ids below @root_fd, sorted; the caller frees each and the array */
int state_list(int root_fd, char ***ret, size_t *n, struct pf_error *e);

#endif
