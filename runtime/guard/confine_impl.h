/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_CONFINE_IMPL_H
#define PF_GUARD_CONFINE_IMPL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "runtime/guard/confine.h"

/*
 * What the files confine_*.c share. One struct confine_run lives as long as one confine_resolve():
 *
 *   confine_mounts.c   where each mount of config.json ended up (sites); at the end covers and read-only binds
 *   confine_tree.c     the mounts that are really there, so that those of hooks become sites too
 *   confine_covers.c   what is covered though an entry opens what it lies in
 *   confine_hide.c     covers by `hide'; confine_globs.c finds what patterns match, confine_alias.c where else it shows
 *   confine_protect.c  what stays as it is inside a tree that can be written
 *   confine_noexec.c   which of them lose execution when `exec' is in force
 *   confine_walk.c     a path of the container -> identity, with a rule for the symlinks on its way
 *   confine_tokens.c   one entry -> the paths it opens
 *   confine_bound.c    is each of them inside what the node allows
 *   confine_rules.c    keys -> Landlock rights, cut to this host's ABI; confine_seal.c writes them down
 *   confine_resolve.c  the order of all this
 */

#define CONFINE_BIT(key) (1u << (key))

struct confine_paths {
	struct confine_path *v; /* owned */
	size_t n;
};

struct confine_site { /* a mount of config.json, of any kind; or one that nobody announced */
	const struct oci_mount *mount; /* NULL: not of config.json */
	size_t index;                  /* in config.json */
	size_t n_stacked;              /* mounts of config.json on this very place */
	char *path;                    /* resolved; owned */
	struct seal_id id;
	mode_t mode;
	bool outside; /* brings data from outside the container: a bind mount, or a filesystem with a source */
	bool engine;
};

struct confine_tree { /* one line of mountinfo */
	uint64_t id, parent;
	dev_t dev;
	const char *root, *path, *fs; /* into run->tree_text */
	bool readonly, noexec, propagates;
	bool visible; /* a path leads to it; else another mount hides it */
	mode_t mode;
	struct seal_id seal; /* where visible */
};

struct confine_run {
	const struct confine_input *in;
	struct confinement *out;
	unsigned int keys;
	struct seal_id root;
	struct confine_site *sites;
	size_t n_sites;
	struct confine_tree *tree;
	size_t n_tree;
	char *tree_text;
	bool linked;                   /* a hidden file with other names was told of */
	struct confine_paths writable; /* first pass over `write': where no symlink is believed */
	struct confine_paths bounds[CONFINE_KEY_COUNT_][POLICY_BOUNDS_MAX];
};

/* ---- confine_walk.c */

enum confine_links {                /* which symlinks may lie on a path */
		     LINKS_ANY,     /* mount points: the init resolved them so */
		     LINKS_OF_ROOT, /* first pass over write: those of the root filesystem */
		     LINKS_TRUSTED, /* entries: those of the root filesystem that no write entry holds */
		     LINKS_NONE, /* tokens: the image must not choose */
};

enum confine_answer { CONFINE_FOUND = 0, CONFINE_ABSENT, CONFINE_LINK };

struct confine_found {
	char path[PATH_MAX]; /* resolved; CONFINE_LINK: the symlink that was not followed */
	struct seal_id id;
	mode_t mode;
	unsigned int nlink;
	bool mount_root;
};

/** confine_walk() - follow @path in the container's root; an enum confine_answer, or negative with @e set */
int confine_walk(const struct confine_run *run, const char *path, enum confine_links links,
		 struct confine_found *ret, struct pf_error *e);

/* ---- confine_mounts.c */

int confine_find_mounts(struct confine_run *run, struct pf_error *e);
/** confine_site_of() - the innermost mount of config.json that @path lies in, NULL: the root filesystem */
const struct confine_site *confine_site_of(const struct confine_run *run, const char *path);
/** confine_decide_mounts() - fill out->mounts: what opens each, what is covered, what is made read-only */
int confine_decide_mounts(struct confine_run *run, struct pf_error *e);

/* ---- confine_tree.c */

/** confine_judge_tree() - read in->mountinfo; what it shows and config.json does not know becomes a site */
int confine_judge_tree(struct confine_run *run, struct pf_error *e);
const struct confine_tree *confine_tree_by_id(const struct confine_run *run, uint64_t id);

/* ---- confine_alias.c */

typedef int confine_place_fn(struct confine_run *run, const void *arg,
			     const struct confine_found *place, struct pf_error *e);
/** confine_each_alias() - every other place of the tree where what lies at @found can be reached by a mount, or part of it */
int confine_each_alias(struct confine_run *run, const struct confine_found *found,
		       confine_place_fn *fn, const void *arg, struct pf_error *e);

/* ---- confine_globs.c */

struct confine_globs { /* the patterns of one key */
	const char *key;
	const struct policy_value *value; /* what of its list is no pattern is left out */
	/* @path, symlinks up to its last component resolved, matches the pattern @entry; nothing below it is looked at */
	int (*found)(struct confine_run *run, const char *entry, const char *path,
		     struct pf_error *e);
};

/**
 * confine_walk_entry() - confine_walk() to an entry of such a list that is no pattern
 * A symlink that others could have planted refuses, and a message names the entry and where it stands.
 *
 * Return: CONFINE_FOUND, CONFINE_ABSENT, or -errno.
 */
int confine_walk_entry(struct confine_run *run, const struct confine_globs *list, const char *entry,
		       struct confine_found *ret, struct pf_error *e);
/** confine_find_globs() - look for patterns; a walk that cannot be finished is an error */
int confine_find_globs(struct confine_run *run, const struct confine_globs *wish,
		       struct pf_error *e);

/* ---- confine_hide.c */

/** confine_decide_hide() - cover what `hide' names; after the mounts are decided */
int confine_decide_hide(struct confine_run *run, struct pf_error *e);

/* ---- confine_covers.c */

/**
 * confine_add_cover() - see that nothing of the container sees @cover->path; all strings but .why are copied
 *
 * Only the outermost cover is kept: what lies in a covered mount or below another cover is covered already, and what
 * lies below this one loses its own. Of two on one path the empty one stays, so that no fake undoes a `hide'. Rules,
 * mounts and entries below it are gone with it.
 *
 * Should:	run after confine_decide_mounts(), with what confine_walk() found at the path.
 * Mustn't:	be given the root, or a directory with .content.
 */
int confine_add_cover(struct confine_run *run, const struct confine_cover *cover,
		      struct pf_error *e);
/** confine_is_covered() - @path lies in a covered mount or below a cover, so no rule of it can match */
bool confine_is_covered(const struct confinement *c, const char *path);
/** confine_cover_of() - the cover that @path lies at or below, NULL: none; covered mounts are not asked */
const struct confine_cover *confine_cover_of(const struct confinement *c, const char *path);
void confine_covers_free(struct confinement *c);

/* ---- confine_protect.c */

/** confine_decide_protect() - what becomes a read-only bind of itself; after the covers */
int confine_decide_protect(struct confine_run *run, struct pf_error *e);

/* ---- confine_noexec.c */

int confine_decide_noexec(struct confine_run *run, struct pf_error *e);

/* ---- confine_system.c */

/** confine_is_own_device() - a character device that the runtime may have bound where mknod(2) is not permitted */
bool confine_is_own_device(const struct oci_config *config, const char *path, mode_t mode);
/** confine_is_engine_mount() - a mount that engines make for themselves: @system opens it */
bool confine_is_engine_mount(const struct oci_mount *mount, mode_t mode);
/** confine_add_system() - @system's paths for @key */
int confine_add_system(struct confine_run *run, enum confine_key key, struct pf_error *e);

/* ---- confine_tokens.c */

struct confine_wish { /* one entry to expand */
	enum confine_key key;
	const char *entry;
	enum confine_links links; /* for a literal path */
	bool lenient; /* what does not resolve is left out without a word: bounds, and the first pass over write */
	struct confine_paths *out;
};

int confine_expand(struct confine_run *run, const struct confine_wish *wish, struct pf_error *e);

/* ---- confine_home.c */

/** confine_home() - HOME of process.env, else of the image's passwd; NULL and *ret_why when there is none */
int confine_home(struct confine_run *run, char **ret_home, const char **ret_why,
		 struct pf_error *e);
/** confine_env() - the value that getenv(3) would find in process.env, NULL */
const char *confine_env(const struct oci_config *config, const char *name);

/* ---- confine_bound.c */

/** confine_expand_bounds() - resolve the bounds of a key as its entries are */
int confine_expand_bounds(struct confine_run *run, enum confine_key key, struct pf_error *e);
/** confine_check_bounds() - refuse @path, which its entry opened, where it lies outside one of them */
int confine_check_bounds(const struct confine_run *run, const struct confine_path *path,
			 struct pf_error *e);

/* ---- confine_rules.c */

int confine_decide_rights(struct confine_run *run, struct pf_error *e);
/** confine_access() - the Landlock rights that a path gets, already cut */
uint64_t confine_access(const struct confinement *c, const struct confine_path *path);
/** confine_root_access() - rights that a rule on "/" grants to everything, because no key in force is about them */
uint64_t confine_root_access(const struct confinement *c);
/** confine_shares() - the namespace is the host's or another container's */
bool confine_shares(const struct oci_config *config, enum oci_ns ns);

/* ---- confine_check.c */

extern const struct
	confine_void_cap { /* capabilities that void a protection, and which; ends with .what NULL */
	int cap;
	const char *what;
} confine_void_caps[];

/* ---- confine_util.c */

extern const enum policy_key confine_policy_key[CONFINE_KEY_COUNT_];
extern const struct confine_right { /* Landlock rights in the order of their bits */
	uint64_t bit;
	const char *name;
} confine_rights[], confine_scopes[];

/* ---- confine_json.c */

void confine_json_strings(struct pf_buf *b, char *const *v, size_t n);
void confine_json_bits(struct pf_buf *b, const struct confine_right *names, uint64_t bits);
void confine_json_paths(struct pf_buf *b, const struct confinement *c, enum confine_key key);
void confine_json_mounts(struct pf_buf *b, const struct confinement *c);
void confine_json_covers(struct pf_buf *b, const struct confinement *c);
void confine_json_noexec(struct pf_buf *b, const struct confinement *c);
void confine_json_landlock(struct pf_buf *b, const struct confinement *c);
void confine_json_degraded(struct pf_buf *b, const struct confinement *c);
void confine_json_notes(struct pf_buf *b, const struct confinement *c);

/* ---- confine_tell.c */

/** confine_tell_hide() - the lines of explain about `hide' */
void confine_tell_hide(const struct policy *policy, const struct confinement *c, struct pf_buf *b);
void confine_tell_protect(const struct policy *policy, const struct confinement *c,
			  struct pf_buf *b);
/** confine_json_hide() - the same for explain and posture; null: nothing is hidden */
void confine_json_hide(const struct policy *policy, struct pf_buf *b);
void confine_json_protect(const struct policy *policy, const struct confinement *c,
			  struct pf_buf *b);

const struct policy_value *confine_value(const struct policy *policy, enum confine_key key);
const char *confine_key_name(enum confine_key key);
/** confine_new_site() - room for one more site at @path; NULL: out of memory */
struct confine_site *confine_new_site(struct confine_run *run, const char *path);
/** confine_where() - how a message starts: the annotation's JSON pointer, or the key and the file it stands in */
void confine_where(const struct policy_value *value, enum confine_key key, char *buf, size_t size);
/** confine_entry_where() - the same for one entry of a united key, which may have come from any source */
void confine_entry_where(const struct policy_value *value, const char *name, const char *entry,
			 char *buf, size_t size);
/** confine_compare_paths() - an order in which all that lies below a path follows it at once */
int confine_compare_paths(const char *a, const char *b);
int confine_add_path(struct confine_paths *list, const struct confine_path *path, const char *where,
		     struct pf_error *e);
void confine_paths_free(struct confine_paths *list);
/** confine_use_degrade() - this host lacks @name, and the policy allows that: @lost is what is lost by it */
int confine_use_degrade(struct confine_run *run, const char *name, const char *lost,
			struct pf_error *e);

/* confine_network.c */
/** confine_take_network() - what create found of connections: what the probe tries, and what this host lacks */
int confine_take_network(struct confine_run *run, struct pf_error *e);
/** confine_network_mechanism() - "bpf", or "none" where `degrade' allows that */
const char *confine_network_mechanism(const struct confinement *c);
/** confine_json_network() - an object: mechanism, entries and origin of both keys; null: neither is in force */
void confine_json_network(const struct policy *policy, const struct confinement *c,
			  struct pf_buf *b);

/** confine_note() - something explain and posture say; said once */
int confine_note(struct confine_run *run, struct pf_error *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
