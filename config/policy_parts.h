/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_POLICY_PARTS_H
#define PF_CONFIG_POLICY_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"
#include "config/oci.h"
#include "config/policy.h"

/*
 * What the policy sources share; nobody outside config/policy*.c, config/profile.c and their tests includes it.
 *
 *	policy_keys.c		the table of keys, words and names		no allocation
 *	policy_value.c		text and JSON -> a checked, normalised value
 *	policy_globs.c		patterns of paths
 *	policy_annotations.c	annotations, the container's name, the pause mark
 *	policy_node.c		a node policy file
 *	profile.c		profile files and built-in profiles, with their bases
 *	policy_bound.c		is a value within a bound: inside, outside, undecided
 *	policy_gather.c		the sources of one container, side by side
 *	policy_credentials.c	the entries of `credentials.allow'
 *	policy_endpoints.c	the entries of `egress' and `listen'
 *	policy_judge.c		which bounds a value has
 *	policy.c		the merge
 *	policy_check.c		lint of one file
 *
 * Everything that outlives a call lies in the policy's arena.
 */

enum {
	POLICY_ANNOTATION_BYTES = 65536,  /* one value */
	POLICY_ANNOTATION_TOTAL = 262144, /* all io.pinfold. values; what Kubernetes allows a pod */
	POLICY_ANNOTATION_COUNT = 256,
	POLICY_ANNOTATION_ENTRIES = 4096,
	POLICY_FILE_NODES = 131072,
	POLICY_PROFILE_DEPTH = 8,
};
#define POLICY_FILE_BYTES (16u << 20)

/* One key as one source gives it. */
struct policy_setting {
	bool present;
	struct oci_strings list; /* WORD: one entry */
	enum policy_origin origin;
	const char *name;        /* "agent", "defaults.read in `FILE'", "io.pinfold.read/app" */
	struct oci_strings from; /* where each entry was written, once sources were united */
};

struct policy_layer {
	struct policy_setting keys[POLICY_KEY_COUNT_];
};

/* policy_keys.c */
/** policy_key_find() - the key called by the first @len bytes of @name, -1 if none */
int policy_key_find(const char *name, size_t len);
/** policy_key_suggest() - the known name nearest to a mistyped one, NULL when none is near */
const char *policy_key_suggest(const char *name, size_t len);
/** policy_key_is_path() - the key's entries are paths and the tokens that stand for paths */
bool policy_key_is_path(enum policy_key key);
/** policy_key_has_patterns() - the key's entries are paths and patterns of paths, which more of only makes stricter */
bool policy_key_has_patterns(enum policy_key key);
/** policy_key_is_network() - the key's entries are endpoints */
bool policy_key_is_network(enum policy_key key);
/** policy_key_absent_is_lax() - without the key nothing is forbidden; otherwise its absence is the strictest value */
bool policy_key_absent_is_lax(enum policy_key key);
/** policy_word_rank() - place of @word among the key's words, laxest first; -1: not one of them */
int policy_word_rank(enum policy_key key, const char *word);
/** policy_name_check() - a profile's name: [a-z0-9][a-z0-9-]{0,62} */
bool policy_name_check(const char *name);
/** policy_permit_check() - a word that `permit' may hold */
bool policy_permit_check(const char *word);
bool policy_list_holds(const struct oci_strings *list, const char *word);
/** policy_list_print() - entries as JSON strings with commas between, cut with "..." where @buf ends */
void policy_list_print(const struct oci_strings *list, char *buf, size_t size);

/* policy_value.c */
/** policy_strings_new() - room for @n entries in the arena */
int policy_strings_new(struct json_doc *arena, size_t n, struct oci_strings *ret,
		       struct pf_error *e);
char *policy_strdup(struct json_doc *arena, const char *s, size_t len, struct pf_error *e);
char *policy_printf(struct json_doc *arena, struct pf_error *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** policy_value_from_text() - an annotation's value; messages carry no pointer, the caller wraps */
int policy_value_from_text(struct json_doc *arena, enum policy_key key, const char *text,
			   struct oci_strings *ret, struct pf_error *e);
/** policy_value_from_json() - a member of a policy file; messages start with the node's pointer */
int policy_value_from_json(struct json_doc *arena, enum policy_key key, const struct json *node,
			   struct oci_strings *ret, struct pf_error *e);
/** policy_names_from_json() - an array of strings each of which passes @check */
int policy_names_from_json(struct json_doc *arena, const struct json *node,
			   bool (*check)(const char *), struct oci_strings *ret,
			   struct pf_error *e);
/** policy_unknown_key() - the refusal of a member that is no key, with the nearest one */
int policy_unknown_key(const struct json *node, struct pf_error *e);
/** policy_json_parse() - json_parse() with a policy file's limits and PF_ERR_POLICY */
int policy_json_parse(const struct policy_file *file, struct json_doc **ret, struct pf_error *e);

/* policy_globs.c */
/** policy_check_pattern() - an entry of a key with patterns, normalised; the root is refused */
int policy_check_pattern(const char *path, struct pf_error *e);
/** policy_check_pattern_token() - the few tokens that such a key knows */
int policy_check_pattern_token(enum policy_key key, const char *token, struct pf_error *e);

/* policy_annotations.c */
struct policy_annotation {
	enum policy_key key;
	const char *container; /* NULL: every container of the pod */
	const char *name;      /* the annotation's key */
	struct oci_strings list;
};

struct policy_annotations {
	struct policy_annotation *v;
	size_t n;
	bool cri, sandbox;
	const char *
		container; /* CRI's name of this container; NULL outside CRI and for the pause container */
};

/** policy_annotation_pointer() - "/annotations/KEY" as a JSON pointer: "~" and "/" are escaped (RFC 6901) */
void policy_annotation_pointer(const char *key, char *buf, size_t size);
/** policy_annotations_any() - at least one annotation has our prefix, rightly or misspelt */
bool policy_annotations_any(const struct oci_config *config);
int policy_annotations_read(struct json_doc *arena, const struct oci_config *config,
			    struct policy_annotations *ret, struct pf_error *e);
/** policy_annotations_pick() - what holds for the container @name (NULL: only what names no container) */
void policy_annotations_pick(const struct policy_annotations *all, const char *name,
			     struct policy_layer *ret);

/* policy_node.c */
struct policy_node {
	const char *path;
	struct policy_layer limits;    /* keys[POLICY_PROFILE]: the names a workload may give */
	struct policy_layer defaults;  /* as written; profiles not yet laid beneath */
	struct policy_layer container; /* the entry of `containers' that matches, as written */
	bool has_permit;
	struct oci_strings permit, profiles;
	const char *events_dir; /* NULL: not given */
};

/** policy_node_read() - @container: CRI's name of the container, NULL if it has none */
int policy_node_read(struct json_doc *arena, const struct policy_file *file, const char *container,
		     struct policy_node *ret, struct pf_error *e);
/** policy_node_is_member() - the name of a member of a node policy, built or not */
bool policy_node_is_member(const char *name);

/* profile.c */
struct policy_finder {
	struct json_doc *arena;
	int (*find)(void *arg, const char *name, struct policy_file *ret, struct pf_error *e);
	void *arg;
};

/** policy_profile_load() - a profile laid over its base; @ret need not be initialised */
int policy_profile_load(const struct policy_finder *finder, const char *name,
			struct policy_layer *ret, struct pf_error *e);
/** policy_profile_read() - one profile file as written, its base only named */
int policy_profile_read(struct json_doc *arena, const char *name, const struct policy_file *file,
			struct policy_layer *ret, struct pf_error *e);
bool policy_profile_is_builtin(const char *name);

/* policy_bound.c */
enum policy_verdict { POLICY_INSIDE, POLICY_OUTSIDE, POLICY_UNDECIDED };

/** policy_judge_entry() - what text alone can say; see policy_bound.c for the rules */
enum policy_verdict policy_judge_entry(enum policy_key key, const char *entry,
				       const struct oci_strings *bound);
/** policy_bound_add() - judge @value by @bound; refuse what is outside, keep the bound if it still must be compared */
int policy_bound_add(enum policy_key key, struct policy_value *value,
		     const struct policy_bound *bound, struct pf_error *e);

/* policy_credentials.c */
/** policy_allow_check() - the form of an entry of `credentials.allow'; whether an id exists is not asked */
int policy_allow_check(const char *entry, struct pf_error *e);
/** policy_allow_judge() - policy_judge_entry() for `credentials.allow' */
enum policy_verdict policy_allow_judge(const char *entry, const struct oci_strings *bound);

/* policy_endpoints.c */
/** policy_endpoint_check() - an entry of `egress' or `listen' into its one spelling; @buf has ENDPOINT_TEXT_MAX bytes */
int policy_endpoint_check(enum policy_key key, const char *entry, char *buf, struct pf_error *e);
/** policy_endpoint_judge() - policy_judge_entry() for both: within one entry of the bound, or a set or both protocols within several */
enum policy_verdict policy_endpoint_judge(enum policy_key key, const char *entry,
					  const struct oci_strings *bound);
/** policy_listen_default() - what `listen' is where `egress' is given and it is not */
const struct oci_strings *policy_listen_default(void);
/** policy_draws_line() - the key is given, and not as `@any', which is what holds without it */
bool policy_draws_line(enum policy_key key, const struct policy_setting *s);

/* policy_gather.c */
/** policy_layer_overlay() - @src over @dst by each key's operator */
int policy_layer_overlay(struct json_doc *arena, struct policy_layer *dst,
			 const struct policy_layer *src, struct pf_error *e);

#endif
