/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is what an entry opens inside what the node allows? Paths are compared after both sides were resolved the same way,
 * so a symlink of the image changes nothing: it moves both or it is seen.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/confine_impl.h"

int confine_expand_bounds(struct confine_run *run, enum confine_key key, struct pf_error *e)
{
	const struct policy_value *value = confine_value(run->in->policy, key);

	for (size_t b = 0; b < value->n_bounds; b++) {
		const struct oci_strings *entries = &value->bounds[b].entries;

		for (size_t i = 0; i < entries->n; i++) {
			struct confine_wish wish = {
				.key = key,
				.entry = entries->v[i],
				.links = LINKS_TRUSTED,
				.lenient = true, /* a node's list names what many images lack */
				.out = &run->bounds[key][b],
			};

			STEP(confine_expand(run, &wish, e));
		}
	}
	return 0;
}

static bool is_below(const struct confine_paths *bound, const char *path)
{
	for (size_t i = 0; i < bound->n; i++)
		if (!bound->v[i].is_image && pf_path_inside(path, bound->v[i].path))
			return true;
	return false;
}

/* A mount that config.json does not know came from a hook: nobody said it belongs to the image. */
static bool is_known_mount(const struct confine_run *run, const struct seal_id *id)
{
	if (run->in->unmounted || id->mnt_id == run->root.mnt_id)
		return true;
	for (size_t i = 0; i < run->n_sites; i++)
		if (run->sites[i].id.mnt_id == id->mnt_id)
			return true;
	return false;
}

/* @image is the root filesystem without the mounts in it, an entry below it reaches those beneath. */
static bool is_of_image(const struct confine_run *run, const struct confine_path *path,
			const struct confine_paths *bound)
{
	const struct confine_site *site = confine_site_of(run, path->path);

	if (path->is_image)
		return true;
	if ((site && site->outside && !site->engine) || !is_known_mount(run, &path->id))
		return false;
	for (size_t i = 0; i < run->n_sites; i++) {
		site = &run->sites[i];
		if (site->outside && !site->engine && pf_path_inside(site->path, path->path) &&
		    !is_below(bound, site->path))
			return false;
	}
	return true;
}

static bool is_inside(const struct confine_run *run, const struct confine_path *path,
		      const struct confine_paths *bound)
{
	if (path->is_image ? false : is_below(bound, path->path))
		return true;
	for (size_t i = 0; i < bound->n; i++) {
		const struct confine_path *b = &bound->v[i];

		/* The literal "/" holds everything, @image too. */
		if (path->is_image && !b->is_image && strcmp(b->path, "/") == 0)
			return true;
		if (b->is_image && is_of_image(run, path, bound))
			return true;
	}
	return false;
}

int confine_check_bounds(const struct confine_run *run, const struct confine_path *path,
			 struct pf_error *e)
{
	const struct policy_value *value = confine_value(run->in->policy, path->key);

	for (size_t b = 0; b < value->n_bounds; b++) {
		size_t len;
		int ret;

		if (is_inside(run, path, &run->bounds[path->key][b]))
			continue;
		ret = policy_fail_outside(confine_policy_key[path->key], value, &value->bounds[b],
					  path->entry, e);
		len = strlen(e->msg);
		if (strcmp(path->entry, path->path) != 0)
			snprintf(e->msg + len, sizeof(e->msg) - len, " (`%.100s' is `%.100s' here)",
				 path->entry, path->path);
		return ret;
	}
	return 0;
}
