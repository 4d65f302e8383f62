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
 *	names_walk.c	directories along the catalogue's patterns; a name that one ends at becomes a finding
 *	names_links.c	where a symlink leads, and whether that is believed
 *	names_pointers.c	variables that lead to a file or a socket
 *	scan_names.c	which places are looked at, in which order, with which share of the look-ups
 */

/* ---- the scan */

struct names_scan {
	const struct scan_names *in;
	struct inventory *inv;
	uint64_t limit;   /* of inv->counts.lookups, for the place that is looked at now */
	bool short_of_it; /* the limit was reached */
	bool detached;    /* a bundle: directories do not show what would be mounted in them */
};

/* ---- names_walk.c */

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
 * names_walk() - what @c finds below a directory; @c is used up
 * @dir:	in the container, no symlink in it; "" is its root
 * @levels:	1: patterns of any place are looked for in it; 2: also in its directories
 */
int names_walk(struct names_scan *s, const char *dir, struct catalogue_cursor *c,
	       unsigned int levels, struct pf_error *e);

enum { NAMES_LEAVES_MAX = 16 };

struct names_leaves { /* what an entry would be */
	struct catalogue_leaf v[NAMES_LEAVES_MAX];
	size_t n;
};

/** names_leaves() - the patterns that end at @name, in the cursor's directory */
void names_leaves(struct names_scan *s, const struct catalogue_cursor *c, const char *name,
		  struct names_leaves *ret);
/** names_judge() - the entry at @path is one of @leaves, if it is there and of the right type */
int names_judge(struct names_scan *s, const char *path, const struct names_leaves *leaves,
		enum finding_by by, struct pf_error *e);

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
