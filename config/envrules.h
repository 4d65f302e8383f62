/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_ENVRULES_H
#define PF_CONFIG_ENVRULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"
#include "config/oci.h"
#include "config/policy.h"

/*
 * The keys `env' and `env.keep': which variables of an environment run code, and what becomes of them. Pure: text in,
 * verdict out. Paths are compared as text, since the same rules hold for an exec days later.
 *
 *	keep	nothing is looked at
 *	scrub	a variable that a rule of envrules_table.c names stays only if its value passes the rule's test, or if
 *		env.keep names it
 *	strict	only a base list stays, and of env.keep what scrub would let through
 *
 * What is no variable is dropped under scrub and strict: an entry without `=', an empty name, a name with control
 * characters or that is not UTF-8. A value may hold any byte; one that a test looks at fails with a control character.
 * Of several entries with one name the last counts (oci_env_settle()), also where it is the one that is dropped.
 */

enum env_mode { ENV_KEEP, ENV_SCRUB, ENV_STRICT };

enum { ENV_TOLD_MAX = 256 };

/* What holds for every process of a container; made once, recorded in its state. Strings belong to an arena. */
struct env_policy {
	enum env_mode mode;
	struct oci_strings keep; /* env.keep */
	struct oci_strings
		places; /* normalised paths that are not the image's, or can be written */
	struct oci_strings
		told; /* names that were dropped, and told, at create; at most ENV_TOLD_MAX */
};

struct env_drop {
	const struct env_drop *next;
	const char *name;   /* never the value; of what has no plain one: "entry 3" */
	const char *why;    /* the rule's reason */
	const char *detail; /* what the value's test found; NULL: the value does not matter */
	const char *whose;  /* NULL: the process's own environment; else of a hook */
};

/* What was dropped, in the order of the environment. */
struct env_report {
	struct env_drop *first, *last;
	size_t n;
	enum env_mode mode;
};

/** env_mode_name() - "keep", "scrub", "strict" */
const char *env_mode_name(enum env_mode mode);
/** env_mode_find() - the mode called @word, -1 if none */
int env_mode_find(const char *word);

/** env_policy_make() - the rules for a container, from its merged policy and its config.json */
int env_policy_make(const struct policy *policy, const struct oci_config *config,
		    struct json_doc *arena, struct env_policy *ret, struct pf_error *e);

/**
 * env_apply() - take from @env what the rules drop
 * @whose:	for the report; NULL: the process
 *
 * Entries that stay keep their order. @env has one entry a name.
 */
int env_apply(const struct env_policy *p, struct json_doc *arena, const char *whose,
	      struct oci_strings *env, struct env_report *report, struct pf_error *e);

/** env_tell() - the names of @report into p->told, so that exec tells only what is new */
int env_tell(struct env_policy *p, struct json_doc *arena, const struct env_report *report,
	     struct pf_error *e);

/** env_keep_check() - an entry of env.keep: a name, exact or with one `*' at its end */
bool env_keep_check(const char *entry);
/** env_keep_covers() - whatever @entry names is named by @bound too ("A_B" and "A_B*" by "A_*") */
bool env_keep_covers(const char *bound, const char *entry);

#endif
