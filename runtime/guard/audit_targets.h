/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_AUDIT_TARGETS_H
#define PF_GUARD_AUDIT_TARGETS_H

#include "runtime/guard/audit_collect.h"
#include "runtime/runtime.h"

/* Which containers an audit looks at, and where their records are. */

struct audit_targets {
	struct runtime *rt;
	struct audit_host host;
	const struct scan_limits *limits; /* NULL: names only */
	const char *const *look_in;       /* --look-in */
	size_t n_look_in;
};

struct audit_record { /* where a container's record is */
	int root_fd;  /* borrowed: the directory that holds DIR/ID */
	const char *id;
};

/** audit_target_state() - a record of ours, into @c; an error leaves what is known of it in @c */
int audit_target_state(struct audit *a, const struct audit_targets *t,
		       const struct audit_record *where, struct audit_container *c,
		       struct pf_error *e);
/** audit_engine_name() - what the engine that made it calls it; NULL */
const char *audit_engine_name(struct audit *a, const struct oci_pairs *annotations);
/** audit_read_config() - config.json in a directory; free with oci_config_free() */
int audit_read_config(int dir_fd, struct oci_config *ret, struct pf_error *e);

/** audit_target_bundle() - a bundle that was not created yet */
int audit_target_bundle(struct audit *a, const struct audit_targets *t, const char *bundle,
			struct pf_error *e);
/** audit_target_id() - a container of ours, in whichever state it is */
int audit_target_id(struct audit *a, const struct audit_targets *t, const char *id,
		    struct pf_error *e);
/**
 * audit_target_all() - every container whose record is in a place where runtimes keep them
 * Should:	have a line for each record, also for one that cannot be read or is wrong.
 */
int audit_target_all(struct audit *a, const struct audit_targets *t, struct pf_error *e);

#endif
