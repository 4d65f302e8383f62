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

static int no_memory(struct pf_error *e)
{
	return pf_fail_sys(e, ENOMEM, "look for credentials");
}

/* @real: as add_home() and the view have it: "/" is the root */
static int walk(struct names_scan *s, const char *real, struct catalogue_cursor *c,
		unsigned int levels, struct pf_error *e)
{
	const char *dir = real[1] ? real : "";
	int err = names_walk(s, dir, c, levels, e);

	tell_short(s, dir);
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
		struct catalogue_cursor c;

		if (err < 0)
			break;
		/* the first is the user's own: it has half of all */
		share(s, HOMES_END, i == 0 && h.n > 1 ? 2 : h.n - i);
		catalogue_begin(s->in->catalogue, &c);
		catalogue_add(&c, CREDENTIAL_AT_HOME);
		err = walk(s, h.v[i], &c, 1, e);
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

/* The patterns that are possible below @logical, and what it would be itself. Return: there is one that goes on. */
static bool enter_logical(struct names_scan *s, const char *logical, struct catalogue_cursor *ret,
			  struct names_leaves *leaves)
{
	struct catalogue_cursor above;
	bool goes_on = true;
	char path[PATH_MAX];

	leaves->n = 0;
	catalogue_begin(s->in->catalogue, ret);
	catalogue_add(ret, CREDENTIAL_AT_ROOT);
	if (!logical[1] || strlen(logical) >= sizeof(path))
		return goes_on;
	memcpy(path, logical, strlen(logical) + 1);
	for (char *p = path; *p;) {
		char *end = p + 1 + strcspn(p + 1, "/"), kept = *end;

		*end = '\0';
		above = *ret;
		goes_on = catalogue_enter(&above, p + 1, ret) || is_home(path);
		if (is_home(path))
			catalogue_add(ret, CREDENTIAL_AT_HOME);
		if (!kept)
			names_leaves(s, &above, p + 1, leaves);
		*end = kept;
		p = end;
	}
	return goes_on;
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
	struct catalogue_cursor c;
	struct names_leaves leaves;
	struct view_file f;
	bool goes_on;

	goes_on = enter_logical(s, logical, &c, &leaves) || strcmp(logical, "/home") == 0;
	if (leaves.n > 0)
		STEP(names_judge(s, real, &leaves, FOUND_BY_NAME, e));
	if ((!goes_on && levels == 0) || names_stat(s, real, &f) < 0 || !S_ISDIR(f.mode))
		return 0;
	if (levels > 1 && !is_home(logical)) /* whoever mounts a home somewhere does not say so */
		catalogue_add(&c, CREDENTIAL_AT_HOME);
	STEP(walk(s, real, &c, levels, e));
	if (strcmp(logical, "/") == 0 || strcmp(logical, "/home") == 0)
		return scan_its_homes(s, real, logical[1] == '\0', e);
	return 0;
}

/* ---- the root, and mounts */

static int scan_root(struct names_scan *s, struct pf_error *e)
{
	struct catalogue_cursor c;
	struct names_leaves leaves;
	struct view_file f;

	share(s, ROOT_END, 1);
	(void)enter_logical(s, "/", &c, &leaves);
	STEP(walk(s, "/", &c, 1, e));
	if (names_stat(s, "/var/run", &f) < 0 || !S_ISDIR(f.mode))
		return 0;
	(void)enter_logical(s, "/run", &c, &leaves);
	return walk(s, "/var/run", &c, 0, e);
}

/* The file, directory or socket that is mounted, by the last component of where: `**' patterns. */
static int judge_mount_point(struct names_scan *s, const char *path, struct pf_error *e)
{
	struct catalogue_cursor c;
	struct names_leaves leaves;

	catalogue_begin(s->in->catalogue, &c);
	catalogue_add(&c, CREDENTIAL_AT_ANY);
	names_leaves(s, &c, strrchr(path, '/') + 1, &leaves);
	return leaves.n ? names_judge(s, path, &leaves, FOUND_BY_NAME, e) : 0;
}

/*
 * Where it comes from, by the path of its host; what the kernel tells is only a path in some file system. A fresh tmpfs
 * comes from nowhere: that its root is "/" does not make it the root of a host.
 */
static const char *source_of(const struct names_scan *s, const struct view_mount *m)
{
	const struct oci_config *config = s->in->config;

	for (size_t i = config ? config->n_mounts : 0; i > 0; i--) {
		const struct oci_mount *om = &config->mounts[i - 1];

		if (om->kind == OCI_FS_BIND && om->source && om->source[0] == '/' &&
		    strcmp(om->destination, m->path) == 0)
			return om->source;
	}
	if (!m->source || m->source[0] != '/')
		return m->path;
	return m->fs && strcmp(m->fs, "tmpfs") == 0 && !m->source[1] ? m->path : m->source;
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
