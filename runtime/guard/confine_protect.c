/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `protect': what can be read but not changed, inside a tree that can be written. Each path becomes a read-only bind of
 * itself, at every place where a mount shows it.
 *
 * A mount point can be neither removed nor renamed, but the directory above it can, and then another could be made in its
 * place: .git moved away and a new .git/hooks written for the host to run. So each directory between the path and the root
 * of its mount is held in place by a bind of itself too, writable as it was, wherever the container may write to what it
 * lies in. The price is that a rename from within such a directory to the outside gives EXDEV, as between file systems.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "config/policy_globs.h"
#include "runtime/guard/confine_impl.h"

enum { PROTECT_MAX = 1024 };

#define CONTROL "@agent-control"

/* What a program on the host runs or obeys when it comes to a work tree, or the next session of an agent does. */
static const char *const control[] = {
	".git/hooks", ".git/config",   ".claude", ".codex", ".cursor",           ".mcp.json",
	".vscode",    ".devcontainer", ".envrc",  ".husky", ".github/workflows", ".config/pinfold",
};

static const struct policy_value *value_of(const struct confine_run *run)
{
	return &run->in->policy->keys[POLICY_PROTECT];
}

static int refuse(const struct confine_run *run, const char *entry, const char *text,
		  const char *path, const char *cure, struct pf_error *e)
{
	char where[160];

	confine_entry_where(value_of(run), "protect", entry, where, sizeof(where));
	return pf_fail(e, PF_ERR_POLICY, 0, "%s: `%.120s' %s `%.120s'%s", where, entry, text, path,
		       cure);
}

static struct confine_protect *find(const struct confinement *c, const char *path)
{
	for (size_t i = 0; i < c->n_protects; i++)
		if (strcmp(c->protects[i].path, path) == 0)
			return &c->protects[i];
	return NULL;
}

/* The same path twice: to protect it says more than to hold it in place. */
static int add(struct confine_run *run, const struct confine_protect *p, struct pf_error *e)
{
	struct confinement *c = run->out;
	struct confine_protect *there = find(c, p->path), *more;

	if (there) {
		there->anchor = there->anchor && p->anchor;
		return 0;
	}
	if (c->n_protects == PROTECT_MAX)
		return refuse(run, p->entry, "would take more than 1,024 mounts, at", p->path,
			      ": name a directory that holds what is meant", e);
	more = reallocarray(c->protects, c->n_protects + 1, sizeof(*more));
	if (!more)
		return pf_fail_sys(e, ENOMEM, "protect `%.200s'", p->path);
	c->protects = more;
	more += c->n_protects;
	*more = *p;
	more->path = strdup(p->path);
	if (!more->path)
		return pf_fail_sys(e, ENOMEM, "protect `%.200s'", p->path);
	c->n_protects++;
	return 0;
}

static bool is_readonly(const struct confine_run *run, const struct confine_tree *mount)
{
	const struct confinement *c = run->out;

	for (size_t i = 0; i < c->n_mounts; i++)
		if (c->mounts[i].made_readonly && pf_path_inside(mount->path, c->mounts[i].path))
			return true;
	return mount->readonly;
}

/* Could something in the container rename what lies in this directory? */
static bool is_writable(const struct confine_run *run, const char *dir)
{
	const struct confinement *c = run->out;

	if (c->abi == 0 || !(run->keys & CONFINE_BIT(CONFINE_WRITE)))
		return true;
	for (size_t i = 0; i < c->n_paths; i++)
		if (c->paths[i].key == CONFINE_WRITE && pf_path_inside(dir, c->paths[i].path))
			return true;
	return false;
}

static int anchor(struct confine_run *run, const char *dir, const char *entry, struct pf_error *e)
{
	struct confine_protect p = { .entry = entry, .is_dir = true, .anchor = true };
	struct confine_found found;
	int answer = confine_walk(run, dir, LINKS_NONE, &found, e);

	if (answer < 0)
		return answer;
	if (answer != CONFINE_FOUND)
		return pf_fail(e, PF_ERR_SYS, EAGAIN, "hold `%.200s' in the container in place",
			       dir);
	p.path = found.path;
	p.id = found.id;
	return add(run, &p, e);
}

static int anchor_above(struct confine_run *run, const struct confine_found *place,
			const char *entry, struct pf_error *e)
{
	const struct confine_tree *mount = confine_tree_by_id(run, place->id.mnt_id);
	char dir[PATH_MAX];
	char *slash;

	if (!mount || is_readonly(run, mount) || !pf_path_inside(place->path, mount->path))
		return 0;
	memcpy(dir, place->path, strlen(place->path) + 1);
	while ((slash = strrchr(dir, '/')) && slash != dir) {
		char above[PATH_MAX];

		*slash = '\0';
		if (strlen(dir) <= strlen(mount->path))
			break;
		memcpy(above, dir, strlen(dir) + 1);
		*strrchr(above, '/') = '\0';
		if (is_writable(run, above[0] ? above : "/"))
			STEP(anchor(run, dir, entry, e));
	}
	return 0;
}

static int protect_place(struct confine_run *run, const void *arg,
			 const struct confine_found *place, struct pf_error *e)
{
	struct confine_protect p = {
		.path = (char *)(uintptr_t)place->path,
		.entry = arg,
		.is_dir = S_ISDIR(place->mode),
		.id = place->id,
	};

	const struct confine_tree *mount = confine_tree_by_id(run, place->id.mnt_id);

	if (confine_is_covered(run->out, place->path))
		return 0; /* nobody can change what nobody can reach */
	if (mount && mount->propagates)
		return refuse(
			run, arg, "lies in the mount", mount->path,
			", which is shared with the host, and what is mounted in it would appear "
			"there too: make it private",
			e);
	STEP(add(run, &p, e));
	return anchor_above(run, place, arg, e);
}

static int protect(struct confine_run *run, const char *entry, const struct confine_found *found,
		   struct pf_error *e)
{
	STEP(protect_place(run, entry, found, e));
	if (S_ISREG(found->mode) && found->nlink > 1)
		STEP(confine_note(
			run, e,
			"protect: `%.200s' has %u names: by another (a hard link) it can be "
			"changed where that can be written",
			found->path, found->nlink));
	return confine_each_alias(run, found, protect_place, entry, e);
}

static int note_link(struct confine_run *run, const char *path, struct pf_error *e)
{
	return confine_note(
		run, e,
		"protect: `%.200s' is a symlink, which can be replaced; it is not protected: "
		"name what it leads to",
		path);
}

static int protect_match(struct confine_run *run, const char *entry, const char *path,
			 struct pf_error *e)
{
	struct confine_found found;
	int answer = confine_walk(run, path, LINKS_NONE, &found, e);

	if (answer < 0)
		return answer;
	if (answer == CONFINE_LINK)
		return note_link(run, path, e);
	return answer == CONFINE_FOUND ? protect(run, entry, &found, e) : 0;
}

static int protect_literal(struct confine_run *run, const struct confine_globs *globs,
			   const char *entry, struct pf_error *e)
{
	struct confine_found found;
	int answer = confine_walk_entry(run, globs, entry, &found, e);

	if (answer < 0)
		return answer;
	if (answer == CONFINE_ABSENT)
		return confine_note(
			run, e,
			"protect: `%.200s' does not exist: it is not protected when it is "
			"made",
			entry);
	return protect(run, entry, &found, e);
}

/* .git can be a file too, of a work tree or a submodule: it says where the real one is, hooks and all. */
static int protect_git_file(struct confine_run *run, const char *cwd, struct pf_error *e)
{
	struct confine_found found;
	char path[PATH_MAX];
	int answer;

	if (snprintf(path, sizeof(path), "%s/.git", cwd) >= (int)sizeof(path))
		return 0;
	answer = confine_walk(run, path, LINKS_NONE, &found, e);
	if (answer < 0)
		return answer;
	if (answer == CONFINE_LINK)
		return note_link(run, found.path, e);
	if (answer == CONFINE_FOUND && S_ISREG(found.mode))
		return protect(run, CONTROL, &found, e);
	return 0;
}

static int protect_control(struct confine_run *run, const char *cwd, struct pf_error *e)
{
	auto_buf absent = { 0 };

	STEP(protect_git_file(run, cwd, e));
	for (size_t i = 0; i < ARRAY_SIZE(control); i++) {
		struct confine_found found;
		char path[PATH_MAX];
		int answer = CONFINE_ABSENT;

		if (snprintf(path, sizeof(path), "%s/%s", cwd, control[i]) < (int)sizeof(path))
			answer = confine_walk(run, path, LINKS_NONE, &found, e);
		if (answer < 0)
			return answer;
		if (answer == CONFINE_FOUND)
			STEP(protect(run, CONTROL, &found, e));
		else if (answer == CONFINE_LINK)
			STEP(note_link(run, found.path, e));
		else
			pf_buf_printf(&absent, " %s", control[i]);
	}
	if (!absent.len)
		return 0;
	return confine_note(run, e,
			    CONTROL ": not there, and so not protected when they are made:%s",
			    absent.data);
}

static int expand_control(struct confine_run *run, struct pf_error *e)
{
	struct confine_paths cwd = { 0 };
	struct confine_wish wish = {
		.key = CONFINE_WRITE,
		.entry = "@cwd",
		.links = LINKS_NONE,
		.out = &cwd,
	};
	int ret = confine_expand(run, &wish, e);

	if (ret == 0 && cwd.n > 0)
		ret = protect_control(run, cwd.v[0].path, e);
	else if (ret == 0)
		ret = confine_note(run, e, CONTROL ": there is no `@cwd': nothing is protected");
	confine_paths_free(&cwd);
	return ret;
}

/* What lies below a protected path is protected with it. */
static void drop_inner(struct confinement *c)
{
	const struct confine_protect *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < c->n_protects; i++) {
		if (last && pf_path_inside(c->protects[i].path, last->path)) {
			free(c->protects[i].path);
			continue;
		}
		c->protects[n] = c->protects[i];
		last = c->protects[n].anchor ? last : &c->protects[n];
		n++;
	}
	c->n_protects = n;
}

static int compare(const void *a, const void *b)
{
	const struct confine_protect *x = a, *y = b;

	return confine_compare_paths(x->path, y->path);
}

/* To write what is protected cannot be allowed by name; a token's part may well lie there. */
static int check_entries(struct confine_run *run, struct pf_error *e)
{
	const struct confinement *c = run->out;
	char where[160];

	for (size_t i = 0; i < c->n_paths; i++) {
		const struct confine_path *p = &c->paths[i];

		if (p->key != CONFINE_WRITE || p->system || p->entry[0] == '@')
			continue;
		for (size_t k = 0; k < c->n_protects; k++) {
			if (c->protects[k].anchor || !pf_path_inside(p->path, c->protects[k].path))
				continue;
			confine_where(confine_value(run->in->policy, p->key), p->key, where,
				      sizeof(where));
			return pf_fail(
				e, PF_ERR_POLICY, 0,
				"%s: `%.120s' (`%.120s') is what `protect' keeps from being written by "
				"`%.120s': one of the two entries has to go",
				where, p->entry, p->path, c->protects[k].entry);
		}
	}
	return 0;
}

int confine_decide_protect(struct confine_run *run, struct pf_error *e)
{
	const struct policy_value *value = value_of(run);
	const struct confine_globs globs = { .key = "protect",
					     .value = value,
					     .found = protect_match };

	if (value->list.n == 0)
		return 0;
	for (size_t i = 0; i < value->list.n; i++) {
		if (strcmp(value->list.v[i], CONTROL) == 0)
			STEP(expand_control(run, e));
		else if (!glob_is(value->list.v[i]))
			STEP(protect_literal(run, &globs, value->list.v[i], e));
	}
	STEP(confine_find_globs(run, &globs, e));
	if (run->out->n_protects > 0)
		qsort(run->out->protects, run->out->n_protects, sizeof(*run->out->protects),
		      compare);
	drop_inner(run->out);
	return check_entries(run, e);
}
