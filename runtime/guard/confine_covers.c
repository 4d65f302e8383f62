/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nothing of the container sees. A Landlock rule on a directory has no gaps, so what lies in an allowed tree and is
 * not to be seen gets a cover: an empty directory or file mounted over it. Mounts that no entry opens are decided in
 * confine_mounts.c; here is every other cover, whichever key asks for it.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/confine_impl.h"

enum {
	COVERS_MAX = 4096
}; /* each is a mount, and the kernel has a bound on those of a namespace */

static bool is_in_covered_mount(const struct confinement *c, const char *path)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if (c->mounts[i].covered && pf_path_inside(path, c->mounts[i].path))
			return true;
	return false;
}

const struct confine_cover *confine_cover_of(const struct confinement *c, const char *path)
{
	for (size_t i = 0; i < c->n_covers; i++)
		if (pf_path_inside(path, c->covers[i].path))
			return &c->covers[i];
	return NULL;
}

bool confine_is_covered(const struct confinement *c, const char *path)
{
	return is_in_covered_mount(c, path) || confine_cover_of(c, path);
}

static void free_strings(struct confine_cover *cover)
{
	free(cover->path);
	free(cover->shown);
	free(cover->entry);
	free(cover->content);
}

void confine_covers_free(struct confinement *c)
{
	for (size_t i = 0; i < c->n_covers; i++)
		free_strings(&c->covers[i]);
	free(c->covers);
	c->covers = NULL;
	c->n_covers = 0;
}

/* What nobody can reach needs no protection: the init would look for it and find the cover. */
static void take_protects(struct confinement *c, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_protects; i++) {
		if (pf_path_inside(c->protects[i].path, path))
			free(c->protects[i].path);
		else
			c->protects[n++] = c->protects[i];
	}
	c->n_protects = n;
}

/* What lies below @path is gone with it: covers of its own, and whatever was decided for mounts. */
static void take_below(struct confinement *c, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_covers; i++) {
		if (pf_path_inside(c->covers[i].path, path))
			free_strings(&c->covers[i]);
		else
			c->covers[n++] = c->covers[i];
	}
	c->n_covers = n;
	take_protects(c, path);
	for (size_t i = 0; i < c->n_mounts; i++) {
		struct confine_mount *m = &c->mounts[i];

		if (!pf_path_inside(m->path, path))
			continue;
		m->covered = true;
		m->made_readonly = false;
		m->opened_by = NULL;
	}
}

static int check(const struct confine_run *run, const struct confine_cover *cover,
		 struct pf_error *e)
{
	const struct confine_tree *mount = confine_tree_by_id(run, cover->id.mnt_id);

	if (strcmp(cover->path, "/") == 0)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "%s: `%.200s' is the root of the container, which nothing can do "
			       "without: name what is in it",
			       cover->why, cover->entry);
	if (mount && mount->propagates && strcmp(mount->path, cover->path) != 0)
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"%s: `%.120s' lies in the mount `%.120s', which is shared with the host, and a "
			"cover would appear there too: make it private",
			cover->why, cover->path, mount->path);
	if (cover->content && (cover->is_dir || strlen(cover->content) > SEAL_CONTENT_MAX))
		return pf_fail(
			e, PF_ERR_BUG, 0,
			"%s: the fake for `%.200s' is for a directory, or has more than %d bytes",
			cover->why, cover->path, SEAL_CONTENT_MAX);
	return 0;
}

static int insert(struct confinement *c, const struct confine_cover *cover, struct pf_error *e)
{
	struct confine_cover *more = reallocarray(c->covers, c->n_covers + 1, sizeof(*more));
	struct confine_cover copy = *cover;
	size_t at = 0;

	if (!more)
		return pf_fail_sys(e, ENOMEM, "cover `%.200s'", cover->path);
	c->covers = more;
	copy.path = strdup(cover->path);
	copy.shown = cover->shown ? strdup(cover->shown) : NULL;
	copy.entry = strdup(cover->entry);
	copy.content = cover->content ? strdup(cover->content) : NULL;
	if (!copy.path || !copy.entry || (cover->shown && !copy.shown) ||
	    (cover->content && !copy.content)) {
		free_strings(&copy);
		return pf_fail_sys(e, ENOMEM, "cover `%.200s'", cover->path);
	}
	while (at < c->n_covers && confine_compare_paths(more[at].path, copy.path) < 0)
		at++;
	memmove(&more[at + 1], &more[at], (c->n_covers - at) * sizeof(*more));
	more[at] = copy;
	c->n_covers++;
	return 0;
}

int confine_add_cover(struct confine_run *run, const struct confine_cover *cover,
		      struct pf_error *e)
{
	struct confinement *c = run->out;
	const struct confine_cover *there = confine_cover_of(c, cover->path);

	STEP(check(run, cover, e));
	if (c->n_covers == COVERS_MAX)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "%s: `%.200s' would need more than %d covers: name a directory that "
			       "holds them",
			       cover->why, cover->entry, COVERS_MAX);
	if (is_in_covered_mount(c, cover->path))
		return 0;
	if (there && (strcmp(there->path, cover->path) != 0 || !there->content || cover->content))
		return 0;
	take_below(c, cover->path);
	return insert(c, cover, e);
}
