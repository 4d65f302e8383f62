/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which places are looked at by name, in which order. Each group of places has look-ups of its own, and in a group each
 * place its share: what one leaves the next may use, but however much there is in one, the next has what it needs.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/names_parts.h"

/* Where the look-ups of a group end, of SCAN_LOOKUPS_MAX. */
enum { POINTERS_END = 100, HOMES_END = 1200, ROOT_END = 1400 };
enum { HOMES_MAX = 4 };

static void share(struct names_scan *s, uint64_t end, size_t places)
{
	uint64_t used = s->inv->counts.lookups;

	s->limit = used < end ? used + (end - used) / (places ? places : 1) : used;
	s->short_of_it = false;
}

static void tell_short(struct names_scan *s, const char *where)
{
	if (s->short_of_it)
		inventory_incomplete(s->inv, "there is more below `%s' than %d look-ups reach",
				     *where ? where : "/", SCAN_LOOKUPS_MAX);
}

/* The cursor and the names of one place, on the heap: they are large. */
struct task {
	struct names_cursor c;
	struct names_dir dir;
};

static struct task *new_task(const char *real, const char *logical)
{
	struct task *t = calloc(1, sizeof(*t));

	if (!t || strlen(real) >= sizeof(t->dir.real) || strlen(logical) >= sizeof(t->dir.logical))
		return t;
	if (strcmp(real, "/") != 0)
		memcpy(t->dir.real, real, strlen(real));
	if (strcmp(logical, "/") != 0)
		memcpy(t->dir.logical, logical, strlen(logical));
	return t;
}

static int no_memory(struct pf_error *e)
{
	return pf_fail_sys(e, ENOMEM, "look for credentials");
}

static int walk(struct names_scan *s, struct task *t, unsigned int levels, struct pf_error *e)
{
	int err = names_walk(s, &t->dir, &t->c, levels, e);

	tell_short(s, t->dir.real);
	return err;
}

/* ---- homes */

struct homes {
	char *v[HOMES_MAX]; /* owned */
	struct seal_id ids[HOMES_MAX];
	size_t n;
};

static void add_home(struct names_scan *s, struct homes *h, const char *path)
{
	char plain[PATH_MAX], real[PATH_MAX];
	struct view_file f;

	if (!path || h->n == HOMES_MAX || pf_path_normalise(path, plain, sizeof(plain)) < 0 ||
	    names_look(s, plain, real, &f) < 0 || !S_ISDIR(f.mode))
		return;
	for (size_t i = 0; i < h->n; i++)
		if (h->ids[i].dev == f.id.dev && h->ids[i].ino == f.id.ino &&
		    strcmp(h->v[i], real) == 0)
			return;
	h->v[h->n] = strdup(real);
	h->ids[h->n] = f.id;
	h->n += h->v[h->n] != NULL;
}

static const char *home_of_env(const struct oci_strings *env)
{
	const char *home = NULL;

	for (size_t i = 0; env && i < env->n; i++)
		if (strncmp(env->v[i], "HOME=/", 6) == 0)
			home = env->v[i] + 5;
	return home;
}

/* /home/NAME, as far as there is room. */
static int add_listed_homes(struct names_scan *s, struct homes *h, struct pf_error *e)
{
	struct names_list *l = names_list(s, "/home");
	char path[PATH_MAX];

	if (!l)
		return no_memory(e);
	for (size_t i = 0; i < l->n && h->n < HOMES_MAX; i++)
		if (names_join(path, "/home", l->v[i].name) == 0)
			add_home(s, h, path);
	if (l->n > HOMES_MAX)
		inventory_incomplete(s->inv, "more than %d homes: not all were looked at",
				     HOMES_MAX);
	names_list_free(l);
	return 0;
}

static int scan_homes(struct names_scan *s, struct pf_error *e)
{
	struct homes h = { .n = 0 };
	int err;

	share(s, HOMES_END, HOMES_MAX);
	add_home(s, &h, s->in->home);
	add_home(s, &h, home_of_env(s->in->env));
	add_home(s, &h, "/root");
	err = add_listed_homes(s, &h, e);
	for (size_t i = 0; i < h.n; i++) {
		auto_free struct task *t = new_task(h.v[i], h.v[i]);

		/* the first is the user's own: it has half of all */
		share(s, HOMES_END, i == 0 && h.n > 1 ? 2 : h.n - i);
		if (err == 0 && !t)
			err = no_memory(e);
		if (err < 0)
			continue;
		names_cursor_add(&s->index, CREDENTIAL_AT_HOME, strlen(t->dir.logical) + 1, &t->c);
		err = walk(s, t, 1, e);
	}
	for (size_t i = 0; i < h.n; i++)
		free(h.v[i]);
	return err;
}

/* ---- a tree that shows what lay elsewhere */

static bool is_home(const char *logical)
{
	return strcmp(logical, "/root") == 0 ||
	       (strncmp(logical, "/home/", 6) == 0 && logical[6] && !strchr(logical + 6, '/'));
}

/* The patterns that are possible below @t->dir.logical, and those that end at it. */
static void enter_logical(struct names_scan *s, struct task *t, struct names_leaves *leaves)
{
	char *path = t->dir.logical;
	auto_free struct names_cursor *next = malloc(sizeof(*next));

	names_cursor_add(&s->index, CREDENTIAL_AT_ROOT, 1, &t->c);
	for (char *p = path; next && *p;) {
		char *end = p + 1 + strcspn(p + 1, "/"), kept = *end;

		*end = '\0';
		leaves->n = 0;
		names_cursor_enter(&s->index, &t->c, p + 1, next, leaves);
		t->c = *next;
		if (is_home(path))
			names_cursor_add(&s->index, CREDENTIAL_AT_HOME, strlen(path) + 1, &t->c);
		*end = kept;
		p = end;
	}
}

static int scan_as(struct names_scan *s, const char *real, const char *logical, unsigned int levels,
		   struct pf_error *e);

/* The directories of homes that a tree shows as /root and /home/NAME. */
static int scan_its_homes(struct names_scan *s, const char *real, bool is_root, struct pf_error *e)
{
	auto_free char *path = malloc(PATH_MAX), *logical = malloc(PATH_MAX);
	struct names_list *l;
	int err = 0;

	if (!path || !logical)
		return no_memory(e);
	if (is_root && names_join(path, real, "root") == 0)
		STEP(scan_as(s, path, "/root", 1, e));
	if (names_join(path, real, is_root ? "home" : ".") < 0)
		return 0;
	if (!is_root)
		path[strlen(path) - 2] = '\0';
	l = names_list(s, path);
	for (size_t i = 0; l && i < l->n && i < HOMES_MAX && err == 0; i++) {
		auto_free char *home = malloc(PATH_MAX);

		if (!home)
			err = no_memory(e);
		else if (names_join(home, path, l->v[i].name) == 0 &&
			 names_join(logical, "/home", l->v[i].name) == 0)
			err = scan_as(s, home, logical, 1, e);
	}
	names_list_free(l);
	return l ? err : no_memory(e);
}

/* @real holds what was at @logical where it came from. */
static int scan_as(struct names_scan *s, const char *real, const char *logical, unsigned int levels,
		   struct pf_error *e)
{
	auto_free struct task *t = new_task(real, logical);
	struct names_leaves leaves = { .n = 0 };
	struct view_file f;

	if (!t)
		return no_memory(e);
	enter_logical(s, t, &leaves);
	if (leaves.n > 0)
		STEP(names_judge(s, real, logical, &leaves, e));
	if (names_stat(s, real, &f) < 0 || !S_ISDIR(f.mode))
		return 0;
	if (levels > 1 && !is_home(logical)) /* whoever mounts a home somewhere does not say so */
		names_cursor_add(&s->index, CREDENTIAL_AT_HOME, strlen(t->dir.logical) + 1, &t->c);
	STEP(walk(s, t, levels, e));
	if (strcmp(logical, "/") == 0 || strcmp(logical, "/home") == 0)
		return scan_its_homes(s, real, logical[1] == '\0', e);
	return 0;
}

/* ---- the root, and mounts */

static int scan_root(struct names_scan *s, struct pf_error *e)
{
	auto_free struct task *t = new_task("/", "/"), *run = new_task("/var/run", "/run");
	struct names_leaves leaves = { .n = 0 };
	struct view_file f;

	if (!t || !run)
		return no_memory(e);
	share(s, ROOT_END, 1);
	names_cursor_add(&s->index, CREDENTIAL_AT_ROOT, 1, &t->c);
	STEP(walk(s, t, 1, e));
	if (names_stat(s, "/var/run", &f) < 0 || !S_ISDIR(f.mode))
		return 0;
	enter_logical(s, run, &leaves);
	return walk(s, run, 0, e);
}

/* The file, directory or socket that is mounted, by the last component of where: `**' patterns. */
static int judge_mount_point(struct names_scan *s, const char *path, struct pf_error *e)
{
	auto_free struct names_cursor *c = calloc(2, sizeof(*c));
	struct names_leaves leaves = { .n = 0 };
	const char *slash = strrchr(path, '/');

	if (!c)
		return no_memory(e);
	names_cursor_add(&s->index, CREDENTIAL_AT_ANY, (size_t)(slash + 1 - path), &c[0]);
	names_cursor_enter(&s->index, &c[0], slash + 1, &c[1], &leaves);
	return leaves.n ? names_judge(s, path, path, &leaves, e) : 0;
}

/* Where it comes from, by the path of its host; what the kernel tells is only a path in some file system. */
static const char *source_of(const struct names_scan *s, const struct view_mount *m)
{
	const struct oci_config *config = s->in->config;

	for (size_t i = config ? config->n_mounts : 0; i > 0; i--) {
		const struct oci_mount *om = &config->mounts[i - 1];

		if (om->kind == OCI_FS_BIND && om->source && om->source[0] == '/' &&
		    strcmp(om->destination, m->path) == 0)
			return om->source;
	}
	return m->source && m->source[0] == '/' ? m->source : m->path;
}

static int scan_mount(struct names_scan *s, const struct view_mount *m, struct pf_error *e)
{
	char source[PATH_MAX];

	STEP(judge_mount_point(s, m->path, e));
	if (pf_path_normalise(source_of(s, m), source, sizeof(source)) < 0)
		source[0] = '\0';
	if (strncmp(source, "/var/run/", 9) == 0)
		memmove(source, source + 4, strlen(source + 4) + 1);
	/* what its place says was asked by the walks of homes and of the root, unless those were cut short */
	STEP(scan_as(s, m->path, m->path, 2, e));
	if (!*source || strcmp(source, m->path) == 0)
		return 0;
	return scan_as(s, m->path, source, 0, e);
}

static bool is_cwd_of_its_own(const struct names_scan *s)
{
	const char *cwd = s->in->cwd;

	if (!cwd || strcmp(cwd, "/") == 0 || cwd[0] != '/')
		return false;
	for (size_t i = 0; i < s->in->view->n_mounts; i++)
		if (s->in->view->mounts[i].outside && strcmp(s->in->view->mounts[i].path, cwd) == 0)
			return false;
	return true;
}

static int scan_mounts(struct names_scan *s, struct pf_error *e)
{
	const struct view *v = s->in->view;
	size_t left = is_cwd_of_its_own(s) ? 1 : 0;

	for (size_t i = 0; i < v->n_mounts; i++)
		left += v->mounts[i].outside;
	if (is_cwd_of_its_own(s)) {
		share(s, SCAN_LOOKUPS_MAX, left--);
		STEP(scan_as(s, s->in->cwd, s->in->cwd, 2, e));
	}
	for (size_t i = 0; i < v->n_mounts; i++) {
		if (!v->mounts[i].outside)
			continue;
		share(s, SCAN_LOOKUPS_MAX, left--);
		STEP(scan_mount(s, &v->mounts[i], e));
	}
	return 0;
}

static bool is_detached(const struct view *v)
{
	for (size_t i = 0; i < v->n_mounts; i++)
		if (v->mounts[i].fd >= 0 || v->mounts[i].empty)
			return true;
	return false;
}

int scan_names(const struct scan_names *in, struct inventory *inv, struct pf_error *e)
{
	struct names_scan s = { .in = in, .inv = inv, .detached = is_detached(in->view) };
	int err;

	names_index_make(in->catalogue->entries, in->catalogue->n_entries, &s.index);
	share(&s, POINTERS_END, 1);
	err = names_pointers(&s, e);
	tell_short(&s, "the variables");
	if (err == 0)
		err = scan_homes(&s, e);
	if (err == 0)
		err = scan_root(&s, e);
	if (err == 0)
		err = scan_mounts(&s, e);
	return err;
}
