/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With `exec' in force what the workload writes is not executed: a writable mount outside of the list becomes noexec.
 * That also stops what Landlock does not see: mapping a file there as a program's code, and a rule on the root that
 * reaches the mounts in it.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/guard/confine_impl.h"

struct place { /* a mount, from the tree or, where there is none, from config.json */
	const char *path;
	struct seal_id id;
};

static bool lies_on(const struct confine_run *run, const struct confine_path *path,
		    const struct place *m)
{
	const struct confine_site *site;

	if (!run->in->unmounted)
		return path->id.mnt_id == m->id.mnt_id;
	site = confine_site_of(run, path->path);
	return site && strcmp(site->path, m->path) == 0;
}

/* Does an entry of @key hold the mount, or lie on it? */
static bool reaches(const struct confine_run *run, enum confine_key key, const struct place *m)
{
	for (size_t i = 0; i < run->out->n_paths; i++) {
		const struct confine_path *p = &run->out->paths[i];

		if (p->key != key)
			continue;
		if (p->is_image ? m->id.mnt_id == run->root.mnt_id
				: pf_path_inside(m->path, p->path))
			return true;
		/* A device in /dev does not make /dev writable. */
		if (!p->is_image && !(p->rights & PF_LL_FS_IOCTL_DEV) && lies_on(run, p, m))
			return true;
	}
	return false;
}

static bool is_made_readonly(const struct confinement *c, const char *path)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if (c->mounts[i].made_readonly && pf_path_inside(path, c->mounts[i].path))
			return true;
	return false;
}

static int add(struct confine_run *run, const struct place *m, struct pf_error *e)
{
	struct confinement *c = run->out;
	struct confine_noexec *more;

	if (confine_is_covered(c, m->path) || is_made_readonly(c, m->path) ||
	    ((run->keys & CONFINE_BIT(CONFINE_WRITE)) && !reaches(run, CONFINE_WRITE, m)) ||
	    reaches(run, CONFINE_EXEC, m))
		return 0;
	more = reallocarray(c->noexec, c->n_noexec + 1, sizeof(*more));
	if (!more)
		return pf_fail_sys(e, ENOMEM, "resolve the policy");
	c->noexec = more;
	more += c->n_noexec;
	more->id = m->id;
	more->path = strdup(m->path);
	if (!more->path)
		return pf_fail_sys(e, ENOMEM, "resolve the policy");
	c->n_noexec++;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct confine_noexec *x = a, *y = b;

	return confine_compare_paths(x->path, y->path);
}

static int from_config(struct confine_run *run, struct pf_error *e)
{
	for (size_t i = 0; i < run->n_sites; i++) {
		const struct confine_site *site = &run->sites[i];
		struct place m = { site->path, site->id };
		uint64_t attrs;

		if (!site->mount)
			continue;
		attrs = site->mount->attr_set | site->mount->rec_attr_set;
		if (!(attrs & (PF_MOUNT_ATTR_RDONLY | PF_MOUNT_ATTR_NOEXEC)))
			STEP(add(run, &m, e));
	}
	return 0;
}

static int from_tree(struct confine_run *run, struct pf_error *e)
{
	for (size_t i = 0; i < run->n_tree; i++) {
		const struct confine_tree *t = &run->tree[i];
		struct place m = { t->path, t->seal };

		if (t->visible && !t->readonly && !t->noexec)
			STEP(add(run, &m, e));
	}
	return 0;
}

int confine_decide_noexec(struct confine_run *run, struct pf_error *e)
{
	struct confinement *c = run->out;

	if (!(run->keys & CONFINE_BIT(CONFINE_EXEC)))
		return 0;
	STEP(run->in->mountinfo ? from_tree(run, e) : from_config(run, e));
	if (c->n_noexec > 0) /* an empty list has no address to sort at */
		qsort(c->noexec, c->n_noexec, sizeof(*c->noexec), compare);
	return 0;
}
