/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of paths, looked for in the container's final tree. Patterns with the same beginning share one walk. The tree is
 * not trusted: no symlink is followed, file systems of the kernel are left out, and both the depth and the number of
 * entries are bounded. What is past a bound refuses the container, because half of what a pattern means is not what it
 * means.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "config/policy_globs.h"
#include "runtime/guard/confine_impl.h"
#include "runtime/guard/mountinfo.h"

enum { WALK_ENTRIES = 200000, WALK_STEPS = 20000000, WALK_DEPTH = 64 };

struct pattern {
	const char *entry;
	struct glob glob;
	size_t n_literal; /* parts that are names */
	char *base;       /* where they lead; owned */
};

struct search {
	struct confine_run *run;
	const struct confine_globs *wish;
	struct pattern *group; /* those with the base of this walk */
	size_t n_group;
	size_t n_entries, n_steps; /* of all walks */
	char path[PATH_MAX];
};

struct names {    /* of one directory, as far as they matter */
	char **v; /* owned, and so is each */
	size_t n;
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

#define auto_names __attribute__((cleanup(names_free))) struct names

/* Only at its root: a walk that begins above such a file system never gets further. */
static bool is_kernels_root(const struct confine_run *run, const char *path)
{
	for (size_t i = 0; i < run->n_tree; i++)
		if (run->tree[i].visible && strcmp(run->tree[i].path, path) == 0)
			return mountinfo_is_kernels(run->tree[i].fs);
	return false;
}

static bool is_in_kernels(const struct confine_run *run, const char *path)
{
	for (size_t i = 0; i < run->n_tree; i++)
		if (run->tree[i].visible && mountinfo_is_kernels(run->tree[i].fs) &&
		    pf_path_inside(path, run->tree[i].path))
			return true;
	return false;
}

static int fail_bound(const struct search *s, const char *what, struct pf_error *e)
{
	char where[160];

	confine_entry_where(s->wish->value, s->wish->key, s->group[0].entry, where, sizeof(where));
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"%s: `%.100s' cannot be looked for everywhere: %s at `%.200s'; name a directory "
		"instead, or begin the pattern further down",
		where, s->group[0].entry, what, s->path);
}

/* The states of the group one name further; @next may be NULL. What they come to: some match, some may match below. */
static void step(struct search *s, const glob_states *states, const char *name, glob_states *next,
		 const char **ret_entry, bool *ret_below)
{
	*ret_entry = NULL;
	*ret_below = false;
	for (size_t i = 0; i < s->n_group; i++) {
		const struct glob *g = &s->group[i].glob;
		glob_states now = states[i] ? glob_step(g, states[i], name) : 0;

		s->n_steps += states[i] != 0;
		if (next)
			next[i] = now;
		if (glob_matches(g, now) && !*ret_entry)
			*ret_entry = s->group[i].entry;
		*ret_below |= now != 0;
	}
}

static int keep_name(struct names *names, const char *name, struct pf_error *e)
{
	char **more;

	if ((names->n & (names->n - 1)) == 0) { /* full at each power of two */
		more = reallocarray(names->v, names->n ? 2 * names->n : 1, sizeof(*more));
		if (!more)
			return pf_fail_sys(e, ENOMEM, "walk the container");
		names->v = more;
	}
	names->v[names->n] = strdup(name);
	if (!names->v[names->n])
		return pf_fail_sys(e, ENOMEM, "walk the container");
	names->n++;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, so that the same tree gives the same answer on every file system. */
static int read_names(struct search *s, DIR *dir, const glob_states *states, struct names *ret,
		      struct pf_error *e)
{
	for (;;) {
		const struct dirent *d;
		const char *entry;
		bool below;

		errno = 0;
		d = readdir(dir);
		if (!d && errno)
			return pf_fail_sys(e, errno, "%s: read the directory `%.200s'",
					   s->wish->key, s->path);
		if (!d)
			break;
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (++s->n_entries > WALK_ENTRIES)
			return fail_bound(s, "more than 200,000 entries were seen", e);
		if (s->n_steps > WALK_STEPS)
			return fail_bound(s, "too many patterns were held to too many names", e);
		step(s, states, d->d_name, NULL, &entry, &below);
		if (entry || (below && (d->d_type == DT_DIR || d->d_type == DT_UNKNOWN)))
			STEP(keep_name(ret, d->d_name, e));
	}
	if (ret->n > 0)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare_names);
	return 0;
}

/* NULL and 0: nothing to look into. */
static int open_dir(const struct search *s, DIR **ret, struct pf_error *e)
{
	struct pf_error why = PF_ERROR_INIT;
	auto_fd fd = -EBADF;
	int err;

	*ret = NULL;
	if (is_kernels_root(s->run, s->path) || confine_is_covered(s->run->out, s->path))
		return 0;
	err = pf_open_in_root_nofollow(s->run->in->root_fd, s->path,
				       O_RDONLY | O_DIRECTORY | O_CLOEXEC, &fd, &why);
	if (err == -ENOENT || err == -ENOTDIR || err == -ELOOP)
		return 0;
	if (err < 0)
		return pf_fail_sys(e, err,
				   "%s: look for `%.100s' in `%.200s' (name the directory instead)",
				   s->wish->key, s->group[0].entry, s->path);
	*ret = fdopendir(fd);
	if (!*ret)
		return pf_fail_sys(e, errno, "%s: read the directory `%.200s'", s->wish->key,
				   s->path);
	(void)pf_take_fd(&fd);
	return 0;
}

static void close_dir(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static int visit(struct search *s, const glob_states *states, unsigned int depth,
		 struct pf_error *e);

static int visit_name(struct search *s, const glob_states *states, const char *name,
		      unsigned int depth, struct pf_error *e)
{
	size_t old = strcmp(s->path, "/") == 0 ? 0 : strlen(s->path), len = strlen(name);
	auto_free glob_states *next = calloc(s->n_group, sizeof(*next));
	const char *entry;
	bool below;
	int ret = 0;

	if (!next)
		return pf_fail_sys(e, ENOMEM, "walk the container");
	if (old + 1 + len + 1 > sizeof(s->path))
		return fail_bound(s, "a path would be longer than one can be", e);
	s->path[old] = '/';
	memcpy(s->path + old + 1, name, len + 1);
	step(s, states, name, next, &entry, &below);
	if (entry)
		ret = s->wish->found(s->run, entry, s->path, e);
	else if (depth == WALK_DEPTH)
		ret = fail_bound(s, "more than 64 directories lie in one another", e);
	else if (below)
		ret = visit(s, next, depth + 1, e);
	s->path[old] = '\0';
	if (old == 0)
		memcpy(s->path, "/", 2);
	return ret;
}

static int visit(struct search *s, const glob_states *states, unsigned int depth,
		 struct pf_error *e)
{
	__attribute__((cleanup(close_dir))) DIR *dir = NULL;
	auto_names names = { 0 };

	STEP(open_dir(s, &dir, e));
	if (!dir)
		return 0;
	STEP(read_names(s, dir, states, &names, e));
	close_dir(&dir);
	dir = NULL;
	for (size_t i = 0; i < names.n; i++)
		STEP(visit_name(s, states, names.v[i], depth, e));
	return 0;
}

static int fail_entry(const struct search *s, const struct pattern *p, const char *text,
		      const char *path, const char *cure, struct pf_error *e)
{
	char where[160];

	confine_entry_where(s->wish->value, s->wish->key, p->entry, where, sizeof(where));
	return pf_fail(e, PF_ERR_POLICY, 0, "%s: `%.120s' %s `%.120s', %s", where, p->entry, text,
		       path, cure);
}

static int walk_group(struct search *s, struct pf_error *e)
{
	auto_free glob_states *states = calloc(s->n_group, sizeof(*states));

	if (!states)
		return pf_fail_sys(e, ENOMEM, "walk the container");
	memcpy(s->path, s->group[0].base, strlen(s->group[0].base) + 1);
	if (is_in_kernels(s->run, s->path))
		return fail_entry(s, &s->group[0], "is not looked for in", s->path,
				  "a file system of the kernel: name the file", e);
	for (size_t i = 0; i < s->n_group; i++) {
		states[i] = glob_start(&s->group[i].glob, s->group[i].n_literal);
		if (glob_matches(&s->group[i].glob, states[i]))
			return s->wish->found(s->run, s->group[i].entry, s->path, e);
	}
	return visit(s, states, 1, e);
}

/* What stands before the first pattern is a path like any other, symlinks that can be trusted included. */
static int find_base(struct search *s, struct pattern *p, struct pf_error *e)
{
	size_t last = p->n_literal - 1, len = 0;
	struct confine_found found;
	char path[PATH_MAX];
	int answer;

	if (p->n_literal)
		len = (size_t)(p->glob.part[last] + p->glob.len[last] - p->entry);
	memcpy(path, p->entry, len);
	path[len] = '\0';
	answer = confine_walk(s->run, len ? path : "/", LINKS_TRUSTED, &found, e);
	if (answer < 0)
		return pf_wrap(e, "%s: `%.100s'", s->wish->key, p->entry);
	if (answer == CONFINE_LINK)
		return fail_entry(
			s, p, "leads through the symlink", found.path,
			"which lies in a mount or where the container may write: name the place it leads to",
			e);
	if (answer == CONFINE_ABSENT)
		return confine_note(s->run, e, "%s: `%.200s': there is no `%.200s'", s->wish->key,
				    p->entry, path);
	p->base = strdup(found.path);
	return p->base ? 0 : pf_fail_sys(e, ENOMEM, "walk the container");
}

static int compare_patterns(const void *a, const void *b)
{
	const struct pattern *x = a, *y = b;

	int order = x->base && y->base ? strcmp(x->base, y->base) : !!x->base - !!y->base;

	return order ? order : strcmp(x->entry, y->entry);
}

static int walk_all(struct search *s, struct pattern *patterns, size_t n, struct pf_error *e)
{
	for (size_t i = 0; i < n; i += s->n_group) {
		s->group = patterns + i;
		s->n_group = 1;
		if (!patterns[i].base)
			continue;
		while (i + s->n_group < n &&
		       strcmp(patterns[i].base, patterns[i + s->n_group].base) == 0)
			s->n_group++;
		STEP(walk_group(s, e));
	}
	return 0;
}

int confine_find_globs(struct confine_run *run, const struct confine_globs *wish,
		       struct pf_error *e)
{
	const struct oci_strings *list = &wish->value->list;
	auto_free struct pattern *patterns = calloc(list->n + 1, sizeof(*patterns));
	auto_free struct search *s = calloc(1, sizeof(*s));
	size_t n = 0;
	int ret = 0;

	if (!patterns || !s)
		return pf_fail_sys(e, ENOMEM, "walk the container");
	s->run = run;
	s->wish = wish;
	for (size_t i = 0; i < list->n && ret == 0; i++) {
		struct pattern *p = &patterns[n];

		if (list->v[i][0] != '/' || !glob_is(list->v[i]))
			continue;
		p->entry = list->v[i];
		glob_parse(p->entry, &p->glob);
		p->n_literal = glob_literal_parts(&p->glob);
		ret = find_base(s, p, e);
		n++;
	}
	if (ret == 0 && n > 0) {
		qsort(patterns, n, sizeof(*patterns), compare_patterns);
		ret = walk_all(s, patterns, n, e);
	}
	for (size_t i = 0; i < n; i++)
		free(patterns[i].base);
	return ret;
}

int confine_walk_entry(struct confine_run *run, const struct confine_globs *list, const char *entry,
		       struct confine_found *ret, struct pf_error *e)
{
	int answer = confine_walk(run, entry, LINKS_TRUSTED, ret, e);
	char where[160];

	if (answer >= 0 && answer != CONFINE_LINK)
		return answer;
	confine_entry_where(list->value, list->key, entry, where, sizeof(where));
	if (answer < 0)
		return pf_wrap(e, "%s", where);
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"%s: `%.120s' leads through the symlink `%.120s', which lies in a mount or where "
		"the container may write: name the place it leads to",
		where, entry, ret->path);
}
