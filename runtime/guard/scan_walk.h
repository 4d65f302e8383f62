/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_SCAN_WALK_H
#define PF_GUARD_SCAN_WALK_H

#include "runtime/guard/scan_parts.h"

/* What the files scan_walk*.c share; not for others. */

enum { SCAN_DEPTH_MAX = 64 };

struct walk_directory { /* to be looked at */
	char *path;     /* owned; in the container */
	size_t below;   /* where in .path begins what lies below the mount's root */
	unsigned int depth;
};

struct walk_queue {
	struct walk_directory *v; /* owned */
	size_t first, n, cap;
};

struct walk_seen { /* a file that was handed over */
	uint64_t dev, ino, number;
	bool used;
};

struct walk_known { /* a file that had been found before the walk */
	uint64_t dev, ino;
	uint32_t kind;
	const char *path; /* borrowed from the inventory */
};

struct walk {
	struct scan_results *s;
	const struct scan_limits *limits;
	struct scan_reader *reader;
	int64_t deadline_ms;
	int proc_fd, mount_fd; /* owned; of the mount that is walked */
	size_t mount;
	struct walk_queue now, late; /* late: the trees of the system */
	struct walk_seen *seen;      /* owned; a hash */
	size_t n_seen, cap_seen;
	struct walk_known *known; /* owned; sorted */
	size_t n_known;
	uint64_t promised; /* bytes of files that are with the child */
	bool last;         /* the trees of the system are walked */
	bool stopped;
};

struct walk_names { /* of one directory */
	char *text; /* owned: each with its type in front */
	size_t len, cap;
	char **v; /* owned; sorted */
	size_t n;
};

/** walk_read_names() - at most @max of them; 0, 1 if there are more, or -errno */
int walk_read_names(int dir_fd, uint64_t max, struct walk_names *ret);
void walk_names_free(struct walk_names *n);
/** walk_name_type() - DT_*; the name itself is behind it */
static inline unsigned char walk_name_type(const char *name)
{
	return (unsigned char)name[-1];
}

/** walk_push() - takes @path; -ENOMEM */
int walk_push(struct walk_queue *q, const struct walk_directory *d);
bool walk_pop(struct walk_queue *q, struct walk_directory *ret);
void walk_queue_free(struct walk_queue *q);

/** walk_find_seen() - the entry of that file; a new one has .used false and is to be filled; NULL: no memory */
struct walk_seen *walk_find_seen(struct walk *w, uint64_t dev, uint64_t ino);

/** walk_list_known() - the files that the inventory has; -ENOMEM */
int walk_list_known(struct walk *w);
/** walk_find_known() - the first entry of that file, or NULL; those of other kinds lie behind it */
const struct walk_known *walk_find_known(const struct walk *w, uint64_t dev, uint64_t ino);

/** walk_known_files() - what was found already, before the walk gets to its limits */
int walk_known_files(struct walk *w, struct pf_error *e);
/** walk_beside() - public halves, for findings of which nobody is known yet */
int walk_beside(struct walk *w, struct pf_error *e);

/** walk_file() - one regular file or socket, @at an O_PATH descriptor of it */
int walk_file(struct walk *w, int at, const char *path, struct pf_error *e);
/** walk_stop() - a limit was met at @path, and is why the inventory is incomplete */
void walk_stop(struct walk *w, const char *what, uint64_t limit, const char *path);

#endif
