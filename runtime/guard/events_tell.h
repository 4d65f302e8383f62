/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_EVENTS_TELL_H
#define PF_GUARD_EVENTS_TELL_H

#include <limits.h>

#include "config/policy.h"
#include "runtime/guard/confine.h"
#include "runtime/guard/events.h"
#include "runtime/state.h"

/*
 * What each command has to tell, as events. state->events says whether, and where: NULL for a container without a
 * policy, for which nothing here makes a system call; "" for the state directory; else the node's directory.
 */

struct events_created {
	const struct policy *policy;
	const struct confinement *confinement;
	const struct env_report *env;
	int64_t probes; /* as SYNC_READY packs them */
};

/** events_tell_create() - `start', and what create took away; *@state is as it will be recorded */
int events_tell_create(const struct state *state, const struct events_created *c,
		       struct pf_error *e);

struct events_exec {
	pid_t pid;
	uint32_t uid; /* in the container */
	bool tty;
	const struct env_report *env; /* what was dropped from its environment */
	const struct credentials *credentials;
};

/** events_tell_exec() - `exec', and the variables that create had not met; before the process runs */
int events_tell_exec(const struct state *state, const struct events_exec *x, struct pf_error *e);

/**
 * events_tell_exit() - `exit', unless the record ends with one already
 * @status:	0 to 255, -1: not known (whoever waited for the process is another program)
 * @why:	NULL: it simply ended
 *
 * A failure is only logged: what ends must not stay because of its record.
 */
void events_tell_exit(const struct state *state, int status, const char *why);

/** events_tell_exec_refused() - the credentials for which an exec did not happen; a failure is only logged */
void events_tell_exec_refused(const struct state *state, uint32_t uid, const struct credentials *c);

/**
 * events_tell_refused() - a create that failed with @refusal, into the node's own record, if its policy names a place
 * @c:	when they are what refused, each of them too
 */
void events_tell_refused(const char *policy_option, bool rootless, const char *id,
			 const struct pf_error *refusal, const struct credentials *c);

struct events_home { /* a place with what it is made of */
	struct events_place place;
	int dir_fd; /* owned where the place is the node's, else -EBADF */
	char dir[PATH_MAX], name[NAME_MAX + 8];
};

/** events_home_state() - of a container whose state is loaded and that has a record */
int events_home_state(const struct state *state, struct events_home *ret, struct pf_error *e);
/** events_home_node() - in the node's directory @dir, of the container @id; @id NULL: the record of refusals */
int events_home_node(const char *dir, bool rootless, const char *id, struct events_home *ret,
		     struct pf_error *e);
void events_home_close(struct events_home *home);

#endif
