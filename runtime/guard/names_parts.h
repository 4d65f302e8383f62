/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_NAMES_PARTS_H
#define PF_GUARD_NAMES_PARTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/guard/scan.h"

/*
 * What the files of the scan by names share; not for others.
 *
 *	names_index.c	the catalogue's patterns as a tree of components, and a cursor that goes down in it
 *	names_walk.c	directories along that tree; a name that a pattern ends at becomes a finding
 *	names_links.c	where a symlink leads, and whether that is believed
 *	names_pointers.c	variables that lead to a file or a socket
 *	scan_names.c	which places are looked at, in which order, with which share of the look-ups
 */

/* ---- names_index.c */

struct names_index {
	const struct catalogue_entry
		*v; /* borrowed from the catalogue, and sorted as it sorts them */
	size_t n;
	uint32_t first[CREDENTIAL_AT_ANY + 2]; /* of each place */
};

/* Patterns that are alike up to where the cursor stands: v[first] to v[end - 1], of which .at bytes are behind it. */
struct names_range {
	uint32_t first, end;
	uint16_t at, base; /* base: where the pattern begins in the logical path of the walk */
	uint8_t left;      /* how many levels a component of two stars may still stand for */
};

enum { NAMES_RANGES_MAX = 24, NAMES_LEAVES_MAX = 16, NAMES_STARS_DEPTH = 3 };

/* The patterns that are still possible below a directory. */
struct names_cursor {
	struct names_range r[NAMES_RANGES_MAX];
	size_t n;
	bool overflow; /* there were more: the walk is incomplete */
};

struct names_leaf { /* a pattern that ends here */
	const struct catalogue_entry *entry;
	size_t base;
};

struct names_leaves {
	struct names_leaf v[NAMES_LEAVES_MAX];
	size_t n;
};

void names_index_make(const struct catalogue_entry *v, size_t n, struct names_index *ret);
/** names_cursor_add() - all patterns of @place, which begin at @base of the logical path */
void names_cursor_add(const struct names_index *x, enum credential_place place, size_t base,
		      struct names_cursor *c);
/** names_cursor_enter() - what is possible below the entry @name, and the patterns that end at it (those are appended) */
void names_cursor_enter(const struct names_index *x, const struct names_cursor *c, const char *name,
			struct names_cursor *next, struct names_leaves *leaves);
/** names_cursor_has_stars() - a pattern wants to see the whole directory */
bool names_cursor_has_stars(const struct names_index *x, const struct names_cursor *c);

struct names_iter { /* the literal names that patterns go on with, each once a range */
	size_t range;
	uint32_t at;
};
/** names_cursor_name() - the next one into @ret; false: no more */
bool names_cursor_name(const struct names_index *x, const struct names_cursor *c,
		       struct names_iter *it, char ret[NAME_MAX + 1]);

/* ---- the scan */

struct names_scan {
	const struct scan_names *in;
	struct names_index index;
	struct inventory *inv;
	uint64_t limit;   /* of inv->counts.lookups, for the place that is looked at now */
	bool short_of_it; /* the limit was reached */
	bool detached;    /* a bundle: directories do not show what would be mounted in them */
	const struct credential_kind
		*pointed; /* a variable has led here: what is found is of its kind */
};

/* ---- names_walk.c */

struct names_dir {
	char real[PATH_MAX];    /* in the container, no symlink in it; "" is its root */
	char logical[PATH_MAX]; /* as the patterns see it */
};

enum { NAMES_LIST_MAX = 256 };

struct names_list { /* what a directory holds */
	struct {
		char *name; /* owned */
		unsigned char type;
	} v[NAMES_LIST_MAX];
	size_t n;
	bool whole; /* and nothing else */
};

/** names_list() - NULL: out of memory; a directory that cannot be listed is an empty list that is not whole */
struct names_list *names_list(struct names_scan *s, const char *dir);
void names_list_free(struct names_list *l);

/** names_may() - count one look-up; false: there is none left */
bool names_may(struct names_scan *s);
/** names_stat() - 0, or -errno: -ENOENT also where nothing of ours lies, as in procfs */
int names_stat(struct names_scan *s, const char *path, struct view_file *ret);
/** names_look() - names_stat() of what a symlink leads to, if it is believed; @real is where that is, @path if it is none */
int names_look(struct names_scan *s, const char *path, char real[PATH_MAX], struct view_file *ret);
/**
 * names_walk() - what @c finds below a directory
 * @levels:	1: patterns of any place are looked for in it; 2: also in its directories
 */
int names_walk(struct names_scan *s, const struct names_dir *dir, const struct names_cursor *c,
	       unsigned int levels, struct pf_error *e);
/** names_judge() - the entry at @path, at which @leaves end */
int names_judge(struct names_scan *s, const char *path, const char *logical,
		const struct names_leaves *leaves, struct pf_error *e);

/* ---- names_links.c */

/**
 * names_resolve() - where a symlink leads, if that is in the mount it lies in or in one from outside
 * Return:	0 and *ret; -errno: nowhere, or not believed
 */
int names_resolve(struct names_scan *s, const char *path, char ret[PATH_MAX]);
/** names_resolve_path() - the same for a single path, outside of any scan */
int names_resolve_path(const struct view *v, const char *path, char ret[PATH_MAX]);
/** names_join() - "DIR/NAME"; -ENAMETOOLONG */
int names_join(char buf[PATH_MAX], const char *dir, const char *name);

/* ---- names_pointers.c */

int names_pointers(struct names_scan *s, struct pf_error *e);

#endif
