/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories along the tree of patterns. A directory is listed only where a pattern has stars or its directories are
 * to be entered; when the list is whole, names that it lacks need not be asked for, and when it is not, the literal names
 * are asked for first, each by itself: a million entries neither hide one nor take longer than a thousand.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

static bool fits(const struct catalogue_entry *entry, mode_t mode)
{
	if (entry->type == CATALOGUE_SOCKET)
		return S_ISSOCK(mode);
	/* A pipe is how some managers hand a secret out as a file. */
	return S_ISREG(mode) || S_ISFIFO(mode) || (S_ISDIR(mode) && entry->type == CATALOGUE_TREE);
}

static bool is_excepted(const struct names_leaf *leaf, const char *logical)
{
	const struct credential_kind *k = leaf->entry->kind;

	for (size_t i = 0; leaf->entry->type != CATALOGUE_SOCKET && i < k->n_except; i++) {
		const struct credential_path *x = &k->except[i];

		if (x->place != CREDENTIAL_AT_ANY && x->place != leaf->entry->path->place)
			continue;
		if (catalogue_path_matches(x, true, x->place, logical + leaf->base))
			return true;
	}
	return false;
}

int names_judge(struct names_scan *s, const char *path, const char *logical,
		const struct names_leaves *leaves, struct pf_error *e)
{
	char real[PATH_MAX];
	struct view_file f;
	struct place place;

	if (names_look(s, path, real, &f) < 0)
		return 0;
	view_place(s->in->view, real, &f, &place);
	for (size_t i = 0; i < leaves->n; i++) {
		const struct names_leaf *leaf = &leaves->v[i];

		if (fits(leaf->entry, f.mode) && !is_excepted(leaf, logical))
			STEP(inventory_add(s->inv, s->pointed ? s->pointed : leaf->entry->kind,
					   s->pointed ? FOUND_BY_POINTER : FOUND_BY_NAME, &place,
					   NULL, e));
	}
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

static void read_names(DIR *d, struct names_list *l)
{
	const struct dirent *entry;

	for (errno = 0; (entry = readdir(d)); errno = 0)
		if (!is_dots(entry->d_name) && !list_add(l, entry->d_name, entry->d_type))
			return;
	l->whole = errno == 0;
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
	int fd;
	DIR *d;

	if (!l || !names_may(s))
		return l;
	if (s->detached)
		read_mounts(s, dir, l);
	if (view_open(s->in->view, *dir ? dir : "/", O_RDONLY | O_DIRECTORY, &fd) < 0)
		return l;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return l;
	}
	read_names(d, l);
	closedir(d);
	return l;
}

/* ---- the walk */

struct step {
	struct names_cursor next;
	struct names_leaves leaves;
	struct names_dir dir; /* of the entry */
};

static int walk_below(struct names_scan *s, struct step *step, unsigned int levels,
		      struct pf_error *e)
{
	struct view_file f;
	int err = names_stat(s, step->dir.real, &f);

	if (err == 0 && S_ISLNK(f.mode) && step->next.n > 0) {
		char real[PATH_MAX];

		err = names_resolve(s, step->dir.real, real);
		if (err == 0)
			err = names_stat(s, real, &f);
		if (err == 0)
			memcpy(step->dir.real, real, strlen(real) + 1);
	}
	if (err < 0 || !S_ISDIR(f.mode))
		return 0;
	return names_walk(s, &step->dir, &step->next, levels, e);
}

static bool may_be_dir(unsigned char type)
{
	return type == DT_DIR || type == DT_LNK || type == DT_UNKNOWN;
}

/* One directory that is being looked through. */
struct look {
	struct names_scan *s;
	const struct names_dir *dir;
	struct names_cursor c;
	unsigned int levels;
};

enum look_for { LOOK_HERE = 1, LOOK_BELOW = 2 };

/* One entry of a directory, or one that may be there: does a pattern end at it, does one go on below it? */
static int visit(const struct look *k, const char *name, unsigned char type, unsigned int what,
		 struct pf_error *e)
{
	auto_free struct step *step = malloc(sizeof(*step));
	struct names_scan *s = k->s;
	bool here, below;

	if (!step)
		return pf_fail_sys(e, ENOMEM, "look for credentials");
	step->leaves.n = 0;
	names_cursor_enter(&s->index, &k->c, name, &step->next, &step->leaves);
	if (step->next.overflow)
		inventory_incomplete(s->inv, "too many patterns of the catalogue meet at `%s'",
				     name);
	here = (what & LOOK_HERE) && step->leaves.n > 0;
	below = (what & LOOK_BELOW) && may_be_dir(type) &&
		(step->next.n > 0 || (k->levels > 1 && type != DT_LNK));
	if ((!here && !below) || names_join(step->dir.real, k->dir->real, name) < 0 ||
	    names_join(step->dir.logical, k->dir->logical, name) < 0)
		return 0;
	if (here)
		STEP(names_judge(s, step->dir.real, step->dir.logical, &step->leaves, e));
	return below ? walk_below(s, step, k->levels ? k->levels - 1 : 0, e) : 0;
}

/* What lies here before what lies below: a directory that is full takes no look-up from its neighbours. */
static int visit_literals(const struct look *k, struct pf_error *e)
{
	static const unsigned int rounds[] = { LOOK_HERE, LOOK_BELOW };
	char name[NAME_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(rounds); i++) {
		struct names_iter it = { 0 };

		while (!k->s->short_of_it && names_cursor_name(&k->s->index, &k->c, &it, name))
			STEP(visit(k, name, DT_UNKNOWN, rounds[i], e));
	}
	return 0;
}

static int visit_list(const struct look *k, const struct names_list *l, struct pf_error *e)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!names_may(k->s))
			return 0;
		k->s->inv->counts.entries++;
		STEP(visit(k, l->v[i].name, l->v[i].type, LOOK_HERE | LOOK_BELOW, e));
	}
	return 0;
}

static int look_through(const struct look *k, struct pf_error *e)
{
	__attribute__((cleanup(list_cleanup))) struct names_list *l = NULL;

	if (k->levels < 2 && !names_cursor_has_stars(&k->s->index, &k->c))
		return visit_literals(k, e);
	l = names_list(k->s, k->dir->real);
	if (!l)
		return pf_fail_sys(e, ENOMEM, "look for credentials");
	if (!l->whole || k->s->detached)
		STEP(visit_literals(k, e));
	STEP(visit_list(k, l, e));
	if (!l->whole)
		inventory_incomplete(k->s->inv,
				     "`%s' holds more than %d entries, or cannot be listed",
				     *k->dir->real ? k->dir->real : "/", NAMES_LIST_MAX);
	return 0;
}

int names_walk(struct names_scan *s, const struct names_dir *dir, const struct names_cursor *c,
	       unsigned int levels, struct pf_error *e)
{
	auto_free struct look *k = malloc(sizeof(*k));

	if (!k)
		return pf_fail_sys(e, ENOMEM, "look for credentials");
	*k = (struct look){ .s = s, .dir = dir, .c = *c, .levels = levels };
	if (levels > 0)
		names_cursor_add(&s->index, CREDENTIAL_AT_ANY, strlen(dir->logical) + 1, &k->c);
	return look_through(k, e);
}
