/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_INIT_CONFINE_H
#define PF_INIT_CONFINE_H

#include "runtime/init/init.h"

/* What confine.c, covers.c, landlock.c, probe.c and protect.c share with each other and with no one else. */

/** confine_text() - a path of the seal; seal_check() has seen that it is there */
static inline const char *confine_text(const struct init *c, plan_str s)
{
	return (const char *)c->seal + s;
}

/**
 * confine_open_judged() - the O_PATH fd of what the parent judged
 * -ESTALE: something else lies at @path now. Other errors: openat2's, -ELOOP for a symlink anywhere in the path.
 */
int confine_open_judged(const struct init *c, const char *path, const struct seal_id *id);

/** confine_open_target() - confine_open_judged() of what is about to be mounted on, with words for what is wrong */
int confine_open_target(const struct init *c, plan_str s, const struct seal_id *id,
			struct pf_error *e);

/** confine_put_covers() - lay what c->seal says over what no process shall see */
int confine_put_covers(const struct init *c, struct pf_error *e);

/** confine_put_protects() - make read-only, or hold in place, what c->seal says; after the covers, which it takes along */
int confine_put_protects(const struct init *c, struct pf_error *e);

/** confine_map_seal() - map and check part 2 of the plan from a sealed memfd; sets c->seal */
int confine_map_seal(struct init *c, int fd, struct pf_error *e);

/**
 * confine_build_ruleset() - every rule of c->seal into c->ruleset_fd
 * @at_exec:	a path that is no longer what was judged loses its rule; at create it is an error
 *
 * Should:	run where every refusal can still be reported: what is left for the end is one system call.
 * Mustn't:	run before the covers are in place: a rule is bound to what lies at its path.
 */
int confine_build_ruleset(struct init *c, bool at_exec, struct pf_error *e);

/** confine_probe() - try to cross each line from inside; fills c->probes, fails when one gives way */
int confine_probe(struct init *c, struct pf_error *e);

#endif
