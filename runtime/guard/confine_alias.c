/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file, several places: a directory can be mounted twice, or a mount can show a part of what another shows. What is
 * covered or protected at one of these places only would be open at the other. mountinfo tells for each mount which
 * directory of which file system it shows, and from that all other places follow.
 *
 * Hard links are not found so: of those nothing but a walk through the whole file system would know.
 */
#include <config.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/confine_impl.h"

/* @base and what of @path lies below @above: "/srv", "/a/b/c", "/a" gives "/srv/b/c". */
static bool move_path(char *buf, size_t size, const char *base, const char *path, const char *above)
{
	const char *rest = strcmp(above, "/") == 0 ? path : path + strlen(above);
	const char *head = strcmp(base, "/") == 0 ? "" : base;
	int n;

	if (strcmp(rest, "/") == 0)
		rest = "";
	n = snprintf(buf, size, "%s%s", head, rest);
	if (n == 0 && size > 1)
		memcpy(buf, "/", 2);
	return n >= 0 && (size_t)n < size;
}

struct where { /* a place as its file system names it */
	const struct confine_tree *mount;
	const struct confine_found *found;
	char inside[PATH_MAX];
};

/* The place in @t that shows the same; 0, and *ret_here false, where another mount lies there or none does. */
static int look_in(const struct confine_run *run, const struct where *w,
		   const struct confine_tree *t, struct confine_found *ret, bool *ret_here,
		   struct pf_error *e)
{
	bool part = S_ISDIR(w->found->mode) && pf_path_inside(t->root, w->inside);
	char path[PATH_MAX];
	int answer;

	*ret_here = false;
	if (t == w->mount || !t->visible || t->dev != w->mount->dev)
		return 0;
	if (!part && !pf_path_inside(w->inside, t->root))
		return 0;
	if (part)
		snprintf(path, sizeof(path), "%s", t->path);
	else if (!move_path(path, sizeof(path), t->path, w->inside, t->root))
		return 0;
	answer = confine_walk(run, path, LINKS_NONE, ret, e);
	if (answer < 0)
		return answer;
	*ret_here = answer == CONFINE_FOUND && ret->id.mnt_id == t->id &&
		    (part || (ret->id.dev == w->found->id.dev && ret->id.ino == w->found->id.ino));
	return 0;
}

int confine_each_alias(struct confine_run *run, const struct confine_found *found,
		       confine_place_fn *fn, const void *arg, struct pf_error *e)
{
	struct where w = { .mount = confine_tree_by_id(run, found->id.mnt_id), .found = found };

	if (!w.mount || !pf_path_inside(found->path, w.mount->path) ||
	    !move_path(w.inside, sizeof(w.inside), w.mount->root, found->path, w.mount->path))
		return 0;
	for (size_t i = 0; i < run->n_tree; i++) {
		struct confine_found alias;
		bool here;

		STEP(look_in(run, &w, &run->tree[i], &alias, &here, e));
		if (here)
			STEP(fn(run, arg, &alias, e));
	}
	return 0;
}
