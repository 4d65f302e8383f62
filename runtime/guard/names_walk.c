/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories along the catalogue's patterns. A directory is listed only where a pattern has stars or its directories are
 * to be entered; when the list is whole, names that it lacks need not be asked for, and when it is not, the literal names
 * are asked for first, each by itself: a million entries neither hide one nor take longer than a thousand.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/names_parts.h"

bool names_may(struct names_scan *s)
{
	if (s->inv->counts.lookups >= s->limit) {
		s->short_of_it = true;
		return false;
	}
	s->inv->counts.lookups++;
	return true;
}

int names_stat(struct names_scan *s, const char *path, struct view_file *ret)
{
	auto_fd fd = -EBADF;
	int err;

	if (!names_may(s))
		return -E2BIG;
	if (!*path)
		path = "/";
	err = view_open(s->in->view, path, O_PATH, &fd);
	if (err == 0)
		err = view_stat(s->in->view, fd, path, ret);
	if (err == -EACCES)
		inventory_incomplete(s->inv, "`%s' could not be looked at: no permission", path);
	if (err == 0 && ret->mount && ret->mount->kernel)
		return -ENOENT;
	return err;
}

int names_look(struct names_scan *s, const char *path, char real[PATH_MAX], struct view_file *ret)
{
	int err = names_stat(s, path, ret);

	if (err < 0)
		return err;
	if (!S_ISLNK(ret->mode)) {
		memmove(real, path, strlen(path) + 1);
		return 0;
	}
	STEP(names_resolve(s, path, real));
	return names_stat(s, real, ret);
}

/* ---- what a name is */

static bool fits(enum catalogue_type type, mode_t mode)
{
	if (type == CATALOGUE_SOCKET)
		return S_ISSOCK(mode);
	/* A pipe is how some managers hand a secret out as a file. */
	return S_ISREG(mode) || S_ISFIFO(mode) || (S_ISDIR(mode) && type == CATALOGUE_TREE);
}

void names_leaves(struct names_scan *s, const struct catalogue_cursor *c, const char *name,
		  struct names_leaves *ret)
{
	ret->n = catalogue_leaf(c, name, ret->v, NAMES_LEAVES_MAX);
	if (ret->n <= NAMES_LEAVES_MAX)
		return;
	ret->n = NAMES_LEAVES_MAX;
	inventory_incomplete(s->inv, "too many patterns of the catalogue meet at `%s'", name);
}

int names_judge(struct names_scan *s, const char *path, const struct names_leaves *leaves,
		enum finding_by by, struct pf_error *e)
{
	char real[PATH_MAX];
	struct view_file f;
	struct place place;

	if (names_look(s, path, real, &f) < 0)
		return 0;
	view_place(s->in->view, real, &f, &place);
	for (size_t i = 0; i < leaves->n; i++)
		if (fits(leaves->v[i].type, f.mode))
			STEP(inventory_add(s->inv, leaves->v[i].kind, by, &place, NULL, e));
	return 0;
}

/* ---- what a directory holds */

void names_list_free(struct names_list *l)
{
	for (size_t i = 0; l && i < l->n; i++)
		free(l->v[i].name);
	free(l);
}

static void list_cleanup(struct names_list **l)
{
	names_list_free(*l);
}

static bool list_add(struct names_list *l, const char *name, unsigned char type)
{
	char *copy = l->n < NAMES_LIST_MAX ? strdup(name) : NULL;

	if (!copy)
		return false;
	l->v[l->n].name = copy;
	l->v[l->n++].type = type;
	return true;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Not by readdir(3): of a directory it would ask twice as many questions, and allocate more than all else here. */
static void read_names(int fd, struct names_list *l)
{
	alignas(struct dirent64) char buf[8192];
	ssize_t n;

	while ((n = getdents64(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(buf + at);

			if (!is_dots(entry->d_name) && !list_add(l, entry->d_name, entry->d_type))
				return;
			at += entry->d_reclen;
		}
	}
	l->whole = n == 0;
}

/* What a bundle would mount there is no entry of the directory yet. */
static void read_mounts(const struct names_scan *s, const char *dir, struct names_list *l)
{
	for (size_t i = 0; i < s->in->view->n_mounts; i++) {
		const char *path = s->in->view->mounts[i].path;
		const char *slash = strrchr(path, '/');

		if (slash[1] && (size_t)(slash - path) == strlen(dir) &&
		    pf_path_inside(path, *dir ? dir : "/") && !list_add(l, slash + 1, DT_UNKNOWN))
			return;
	}
}

struct names_list *names_list(struct names_scan *s, const char *dir)
{
	struct names_list *l = calloc(1, sizeof(*l));
	auto_fd fd = -EBADF;

	if (!l || !names_may(s))
		return l;
	if (s->detached)
		read_mounts(s, dir, l);
	if (view_open(s->in->view, *dir ? dir : "/", O_RDONLY | O_DIRECTORY, &fd) == 0)
		read_names(fd, l);
	return l;
}

/* ---- the walk */

struct step {
	struct catalogue_cursor next;
	char path[PATH_MAX]; /* of the entry */
};

static int walk_below(struct names_scan *s, struct step *step, bool goes_on, unsigned int levels,
		      struct pf_error *e)
{
	struct view_file f;
	int err = names_stat(s, step->path, &f);

	if (err == 0 && S_ISLNK(f.mode) && goes_on) {
		char real[PATH_MAX];

		err = names_resolve(s, step->path, real);
		if (err == 0)
			err = names_stat(s, real, &f);
		if (err == 0)
			memcpy(step->path, real, strlen(real) + 1);
	}
	if (err < 0 || !S_ISDIR(f.mode))
		return 0;
	return names_walk(s, step->path, &step->next, levels, e);
}

static bool may_be_dir(unsigned char type)
{
	return type == DT_DIR || type == DT_LNK || type == DT_UNKNOWN;
}

/* One directory that is being looked through. */
struct look {
	struct names_scan *s;
	const char *dir;
	const struct catalogue_cursor *c;
	unsigned int levels;
};

/* One entry of a directory, or one that may be there: does a pattern end at it? */
static int visit_here(const struct look *k, const char *name, struct pf_error *e)
{
	struct names_leaves leaves;
	char path[PATH_MAX];

	names_leaves(k->s, k->c, name, &leaves);
	if (leaves.n == 0 || names_join(path, k->dir, name) < 0)
		return 0;
	return names_judge(k->s, path, &leaves, FOUND_BY_NAME, e);
}

/* Does one go on below it? */
static int visit_below(const struct look *k, const char *name, unsigned char type,
		       struct pf_error *e)
{
	auto_free struct step *step = NULL;
	bool goes_on;

	if (!may_be_dir(type))
		return 0;
	step = malloc(sizeof(*step));
	if (!step)
		return pf_fail_sys(e, ENOMEM, "look for credentials");
	goes_on = catalogue_enter(k->c, name, &step->next);
	if ((!goes_on && (k->levels < 2 || type == DT_LNK)) ||
	    names_join(step->path, k->dir, name) < 0)
		return 0;
	return walk_below(k->s, step, goes_on, k->levels ? k->levels - 1 : 0, e);
}

/* What lies here before what lies below: a directory that is full takes no look-up from its neighbours. */
static int visit_literals(const struct look *k, struct pf_error *e)
{
	struct catalogue_names it = { 0 };

	while (!k->s->short_of_it && catalogue_next_name(k->c, &it))
		STEP(visit_here(k, it.name, e));
	it = (struct catalogue_names){ 0 };
	while (!k->s->short_of_it && catalogue_next_name(k->c, &it))
		STEP(visit_below(k, it.name, DT_UNKNOWN, e));
	return 0;
}

static int visit_list(const struct look *k, const struct names_list *l, struct pf_error *e)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!names_may(k->s))
			return 0;
		k->s->inv->counts.entries++;
		STEP(visit_here(k, l->v[i].name, e));
		STEP(visit_below(k, l->v[i].name, l->v[i].type, e));
	}
	return 0;
}

static int look_through(const struct look *k, struct pf_error *e)
{
	__attribute__((cleanup(list_cleanup))) struct names_list *l = NULL;

	if (k->levels < 2 && !catalogue_must_list(k->c))
		return visit_literals(k, e);
	l = names_list(k->s, k->dir);
	if (!l)
		return pf_fail_sys(e, ENOMEM, "look for credentials");
	if (!l->whole || k->s->detached)
		STEP(visit_literals(k, e));
	STEP(visit_list(k, l, e));
	if (!l->whole)
		inventory_incomplete(k->s->inv,
				     "`%s' holds more than %d entries, or cannot be listed",
				     *k->dir ? k->dir : "/", NAMES_LIST_MAX);
	return 0;
}

int names_walk(struct names_scan *s, const char *dir, struct catalogue_cursor *c,
	       unsigned int levels, struct pf_error *e)
{
	const struct look look = { .s = s, .dir = dir, .c = c, .levels = levels };

	if (levels > 0)
		catalogue_add(c, CREDENTIAL_AT_ANY);
	return look_through(&look, e);
}
