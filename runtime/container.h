/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_CONTAINER_H
#define PF_RUNTIME_CONTAINER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/undo.h"
#include "config/oci.h"
#include "config/policy.h"
#include "runtime/egress/egress.h"
#include "runtime/flat.h"
#include "runtime/guard/confine.h"
#include "runtime/guard/credentials.h"
#include "runtime/runtime.h"
#include "runtime/seccomp.h"
#include "runtime/sources.h"
#include "runtime/state.h"

/*
 * The life of a container, seen from outside. container.c reads top-down: create, start, kill, delete. Each operation is
 * a table of steps on an undo stack: when one fails, all before it are taken back, last first.
 *
 *	create   config -> policy -> sources -> claim -> plan -> spawn -> hand-shake -> ready -> record
 *	start    connect to the waiting init -> its last steps -> exec
 *	delete   end what still runs -> cgroups -> poststop hooks -> state
 */

struct create_options {
	const char *id, *bundle, *config_file; /* config_file NULL: BUNDLE/config.json */
	const char *pid_file, *console_socket, *pidfd_socket;
	unsigned int preserve_fds, listen_fds; /* the second are among the first */
	bool no_pivot, no_new_keyring, detach, keep, no_subreaper;
	int console_fd; /* run in the foreground: our end of the console is a pair, -EBADF otherwise */
};

/* Everything that is held while a container is being made; all of it owned, released by container_release(). */
struct container {
	struct runtime *rt;
	const struct create_options *opt;
	char bundle[4096];
	char *config_text;
	size_t config_len;
	struct oci_config config;
	struct policy policy;
	struct env_report env_report; /* what `env' took from process and hooks */
	struct credentials credentials;
	struct sources sources;
	struct seccomp_program seccomp;
	struct flat plan, seal;
	struct confinement confinement;
	struct egress egress;
	bool egress_missing; /* this host cannot judge connections, and `degrade' allows that */
	uint64_t caps[OCI_CAP_SET_COUNT_];
	struct state state; /* .dir_fd from the claim on */
	int sync_fd, init_sync_fd, start_fd, console_fd, plan_fd, cgroup2_fd;
	int hook_creating_fd, hook_created_fd;
	pid_t stage_pid, pid; /* stage_pid: the first of two stages, 0 when there is one */
	int pidfd;
	int64_t probes;
	struct undo undo;
};

struct container_step {
	const char *name;
	int (*run)(struct container *c, struct pf_error *e);
};

extern const struct container_step
	create_steps[]; /* NULL-terminated; --list-steps prints them in test builds */

/** container_init() - nothing held yet; container_release() may be called from here on */
void container_init(struct container *c, struct runtime *rt, const struct create_options *opt);
/** container_create() - up to "created"; on failure nothing is left. The caller calls container_release() in any case */
int container_create(struct runtime *rt, const struct create_options *opt, struct container *c,
		     struct pf_error *e);
void container_release(struct container *c);

int container_start(struct runtime *rt, const char *id, struct pf_error *e);
int container_kill(struct runtime *rt, const char *id, int sig, bool all, struct pf_error *e);
int container_delete(struct runtime *rt, const char *id, bool force, struct pf_error *e);
int container_pause(struct runtime *rt, const char *id, bool pause, struct pf_error *e);

/* container_create.c: the steps, in order */
int create_read_config(struct container *c, struct pf_error *e);
int create_decide_policy(struct container *c, struct pf_error *e);
int create_open_sources(struct container *c, struct pf_error *e);
int create_claim(struct container *c, struct pf_error *e);
int create_compile_seccomp(struct container *c, struct pf_error *e);
int create_make_channels(struct container *c, struct pf_error *e);
int create_write_plan(struct container *c, struct pf_error *e);
/* container_spawn.c: from here on there is a process */
int create_spawn(struct container *c, struct pf_error *e);
int create_map_ids(struct container *c, struct pf_error *e);
int create_cgroup(struct container *c, struct pf_error *e);
int create_share_egress(struct container *c, struct pf_error *e);
int create_run_hooks(struct container *c, struct pf_error *e);
int create_confine(struct container *c, struct pf_error *e);
int create_await_ready(struct container *c, struct pf_error *e);
int create_record(struct container *c, struct pf_error *e);

/* container_egress.c, for the steps above: the rows of the policy; and from here on connections are judged */
int container_decide_egress(struct container *c, struct pf_error *e);
void container_unreachable(const struct container *c, uint32_t ret[2]);
int container_judge_egress(struct container *c, uint64_t netns_cookie, struct pf_error *e);

/** process_caps() - the five sets that the process gets: what config.json asks for, cut to what this host has */
void process_caps(const struct host *host, const struct oci_process *p,
		  uint64_t caps[OCI_CAP_SET_COUNT_]);

/** raise_hard_limits() - of this process, so that the init inherits what it could not raise itself in a user namespace */
int raise_hard_limits(const struct oci_process *p, struct pf_error *e);

/** await_exec() - after START: SYNC_EXEC and then EOF, which is execve; or the error that came instead */
int await_exec(int sock, struct pf_error *e);

/** fds_refuse_sockets() - a socket from outside keeps the network it was made in, and leads around every rule */
int fds_refuse_sockets(unsigned int preserve, struct pf_error *e);

/** fds_settle() - first of all: what the caller did not ask to pass on becomes close-on-exec; what it did must be open */
int fds_settle(unsigned int preserve, struct pf_error *e);

/** pid_file_write() - the pid as text, whole or not at all; NULL path: nothing */
int pid_file_write(const char *path, pid_t pid, struct pf_error *e);

#endif
