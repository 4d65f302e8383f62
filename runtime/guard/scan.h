/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_SCAN_H
#define PF_GUARD_SCAN_H

#include "base/error.h"
#include "config/catalogue.h"
#include "config/oci.h"
#include "runtime/guard/inventory.h"
#include "runtime/guard/view.h"

/*
 * How credentials are found. By names, at create and in audit alike; by content, in `audit' and under
 * `credentials.scan: deep', always in a child that has no privilege and nothing but descriptors.
 */

/** scan_environment() - @env as "NAME=value"; what a value says is looked at, never kept. Pointers are for scan_names() */
int scan_environment(const struct catalogue *c, const struct oci_strings *env, const char *of,
		     struct inventory *inv, struct pf_error *e);
/** scan_arguments() - a credential in the open, where every `ps' shows it */
int scan_arguments(const struct catalogue *c, const struct oci_strings *args, const char *of,
		   struct inventory *inv, struct pf_error *e);

enum { SCAN_LOOKUPS_MAX = 2000 };

struct scan_names {
	const struct catalogue *catalogue;
	const struct view *view;
	const struct oci_strings *env; /* pointers in it are followed; NULL: none */
	const char *home;              /* @home, NULL: none */
	const char *cwd;
	const struct oci_config
		*config; /* where its mounts come from; NULL: only what the kernel tells */
};

/**
 * scan_names() - the well-known places: below every home, of the whole root, where variables point, and the first two
 * levels of each mount from outside; at most SCAN_LOOKUPS_MAX look-ups in an order that no content can move
 */
int scan_names(const struct scan_names *in, struct inventory *inv, struct pf_error *e);

struct scan_limits {
	uint64_t entries, files, bytes; /* in all */
	uint64_t file_bytes;            /* of one file */
	unsigned int ms;
};
extern const struct scan_limits scan_limits_audit;  /* what `audit' uses without options */
extern const struct scan_limits scan_limits_create; /* what `credentials.scan: deep' uses */

/**
 * scan_lines() - which lines of these findings' files are credentials: kinds that cannot be covered
 * At most 16 files, 64 KiB each. A finding of such a kind whose file shows no credential is taken out again.
 */
int scan_lines(const struct catalogue *c, const struct view *view, struct inventory *inv,
	       struct pf_error *e);

/**
 * scan_deep() - the content of every file of the view that its user could read, whatever its name; whose each credential is and
 * how long it lives, also for what is in @inv already. At a limit @inv becomes incomplete.
 */
int scan_deep(const struct catalogue *c, const struct view *view, const struct scan_limits *limits,
	      struct inventory *inv, struct pf_error *e);

#endif
