/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_POLICY_H
#define PF_CONFIG_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/oci.h"

/*
 * What a container may do, before its paths are looked at: io.pinfold.* annotations, profiles and the node policy,
 * merged by a pure function. Files are read by the caller and handed in as bytes, so tests need no root and no disk.
 *
 * The base is the profile that the workload names, else the node's defaults; the bound of a key is limits[key] where
 * the node gives one, else the base's value; a value outside its bound refuses the container.
 */

#define POLICY_PREFIX    "io.pinfold."
#define POLICY_NODE_FILE "/etc/pinfold/policy.json"

/* Every key of the surface. policy_keys[] has its name, type, merge operator, whether it is built, and one line of doc;
 * --help, the man page, explain and features are made from that table. */
enum policy_key {
	POLICY_PROFILE,
	POLICY_MODE,
	POLICY_READ,
	POLICY_WRITE,
	POLICY_EXEC,
	POLICY_HIDE,
	POLICY_HIDE_LATER,
	POLICY_PROTECT,
	POLICY_CREDENTIALS,
	POLICY_CREDENTIALS_ALLOW,
	POLICY_CREDENTIALS_SCAN,
	POLICY_EGRESS,
	POLICY_LISTEN,
	POLICY_ENV,
	POLICY_ENV_KEEP,
	POLICY_DEGRADE,
	POLICY_BRIEF,
	POLICY_KEY_COUNT_,
};

enum policy_type { POLICY_TYPE_WORD, POLICY_TYPE_LIST };
enum policy_merge { POLICY_MERGE_REPLACE, POLICY_MERGE_ORDERED, POLICY_MERGE_UNITE };

struct policy_key_info {
	const char *name; /* without the prefix: "read" */
	enum policy_type type;
	enum policy_merge merge;
	bool built;         /* false: present in a policy refuses the container by name */
	const char *values; /* for --help: "paths, tokens" */
	const char *doc;    /* one line */
};

extern const struct policy_key_info policy_keys[POLICY_KEY_COUNT_];

/* Where a value came from, for explain and for errors. */
enum policy_origin {
	POLICY_FROM_NOWHERE,
	POLICY_FROM_BUILTIN,
	POLICY_FROM_NODE,
	POLICY_FROM_PROFILE,
	POLICY_FROM_ANNOTATION
};

/*
 * A bound of one value. What text alone can decide is decided by policy_merge(); what needs the container's tree (a
 * literal path under a token, a token that is not named in the bound, a symlink) is left to runtime/guard, which must
 * compare the resolved paths of the value with the resolved @entries of every bound that is .undecided.
 */
struct policy_bound {
	struct oci_strings entries;
	const char *name; /* for messages: "limits.read in `/etc/pinfold/policy.json'" */
	const char *file; /* the node policy where a line would permit more */
	bool limit;       /* it is a member of `limits', not a base's value */
	bool undecided;
};

enum { POLICY_BOUNDS_MAX = 6 };

struct policy_value {
	bool present;            /* false: the key is absent, which is not the empty list */
	struct oci_strings list; /* LIST: the entries, normalised; WORD: one entry */
	enum policy_origin origin;
	const char *origin_name; /* profile name, member and file, or annotation key */
	struct oci_strings from; /* united keys: where each entry was written */
	struct policy_bound bounds[POLICY_BOUNDS_MAX]; /* the value must lie within each of them */
	size_t n_bounds;
};

struct policy {
	struct policy_value keys[POLICY_KEY_COUNT_];
	struct oci_strings permit; /* the node's permit list */
	const char *profile;       /* effective profile name, NULL: none */
	bool node_policy;          /* a node policy is in force */
	bool any;                  /* any key at all is present: false means plain OCI */
	bool confined;             /* a key is in force that draws a line (policy.md, "Confined") */
	const char *events_dir;    /* where records of events go; NULL: they lie beside the state */
	struct json_doc *doc;      /* owned: the arena */
};

enum credentials_mode {
	CREDENTIALS_UNASKED, /* the key is absent: nobody looks for any */
	CREDENTIALS_AUDIT,
	CREDENTIALS_DECOY,
	CREDENTIALS_HIDE,
	CREDENTIALS_DENY,
};

/* A file's bytes, already read and its ownership checked by the caller. */
struct policy_file {
	const char *path; /* for messages */
	const char *text;
	size_t len;
};

struct policy_input {
	const struct policy_file *node; /* NULL: no node policy */
	/* /etc/pinfold/policy.json exists and this one only narrows (--policy, XDG): bounds of both hold. NULL: none */
	const struct policy_file *narrowing;
	/* find a profile's bytes in the node's directories: 0 and *ret, or -ENOENT (then a built-in is tried) */
	int (*find_profile)(void *arg, const char *name, struct policy_file *ret,
			    struct pf_error *e);
	void *arg;
	const struct oci_config *config; /* annotations, and the CRI container name and type */
};

/**
 * policy_merge() - the effective policy of a container
 * Errors:	PF_ERR_POLICY naming the key, the entry, the bound, its file, and the line that would permit it
 */
int policy_merge(const struct policy_input *in, struct policy *ret, struct pf_error *e);
void policy_free(struct policy *policy);

/**
 * policy_fail_outside() - the refusal of @entry, which lies outside @bound
 * Should: be used by whoever decides a bound, so that every such refusal names key, entry, bound, file and cure alike.
 */
int policy_fail_outside(enum policy_key key, const struct policy_value *value,
			const struct policy_bound *bound, const char *entry, struct pf_error *e);

/** policy_profile_dirs() - the `profiles' of a node policy; free *@ret_doc, which owns the strings, with json_free() */
int policy_profile_dirs(const struct policy_file *node, struct json_doc **ret_doc,
			struct oci_strings *ret, struct pf_error *e);

/** policy_events_dir() - the `dir' of a node policy's `events', NULL: none; *@ret_doc as above */
int policy_events_dir(const struct policy_file *node, struct json_doc **ret_doc, const char **ret,
		      struct pf_error *e);

/**
 * policy_check_file() - lint a node policy or a profile, as `pinfold policy check FILE' does
 *
 * A node policy is told by one of its members (limits, defaults, profiles, permit ...); all else is a profile. Profiles
 * that the file names are not looked up, other than built-in ones.
 */
int policy_check_file(const char *text, size_t len, const char *path, struct pf_error *e);

struct catalogue;
/** policy_check_kinds() - each id in a `credentials.allow' of a policy file is a kind of @c */
int policy_check_kinds(const char *text, size_t len, const char *path, const struct catalogue *c,
		       struct pf_error *e);

/** policy_profile_pending() - what the built-in profile @name will also hold once it is built; NULL: nothing, or no built-in */
const char *policy_profile_pending(const char *name);

/** policy_credentials() - what happens to a credential that is not allowed */
enum credentials_mode policy_credentials(const struct policy *policy);
const char *credentials_mode_name(enum credentials_mode mode);
/** credentials_mode_find() - -1: no such mode */
int credentials_mode_find(const char *name);

/** policy_permits() - the node's permit list holds @name */
bool policy_permits(const struct policy *policy, const char *name);
/** policy_degrades() - the degrade list holds @name */
bool policy_degrades(const struct policy *policy, const char *name);
/** policy_entry_inside() - path @entry is @bound or lies below it ("/a/b" inside "/a"); tokens are compared by the caller */
bool policy_entry_inside(const char *entry, const char *bound);

#endif
