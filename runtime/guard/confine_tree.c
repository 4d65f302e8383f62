/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts that are really in the container's tree. config.json does not know all of them: hooks mount, and so may
 * whoever made the bundle. A rule on the root would reach those too, so each that is neither config.json's nor the
 * runtime's own becomes a site like a bind mount that no entry names: covered unless one does.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/confine_impl.h"
#include "runtime/guard/mountinfo.h"

static bool parse_line(char *line, struct confine_tree *ret)
{
	struct mountinfo m;

	if (!mountinfo_parse(line, &m))
		return false;
	ret->id = m.id;
	ret->parent = m.parent;
	ret->dev = m.dev;
	ret->root = m.root;
	ret->path = m.path;
	ret->fs = m.fs;
	ret->readonly = m.readonly;
	ret->noexec = m.noexec;
	ret->propagates = m.propagates;
	return true;
}

static int parse(struct confine_run *run, struct pf_error *e)
{
	char *save = NULL;
	size_t lines = 1;

	run->tree_text = strdup(run->in->mountinfo);
	for (const char *p = run->in->mountinfo; (p = strchr(p, '\n')); p++)
		lines++;
	run->tree = calloc(lines, sizeof(*run->tree));
	if (!run->tree_text || !run->tree)
		return pf_fail_sys(e, ENOMEM, "judge the mounts");
	for (char *line = strtok_r(run->tree_text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (!parse_line(line, &run->tree[run->n_tree++]))
			return pf_fail(e, PF_ERR_SYS, 0,
				       "line %zu of the container's mountinfo is not understood",
				       run->n_tree);
	return 0;
}

const struct confine_tree *confine_tree_by_id(const struct confine_run *run, uint64_t id)
{
	for (size_t i = 0; i < run->n_tree; i++)
		if (run->tree[i].id == id)
			return &run->tree[i];
	return NULL;
}

static const struct confine_tree *parent_of(const struct confine_run *run,
					    const struct confine_tree *m)
{
	return m->id == run->root.mnt_id || m->parent == m->id ? NULL
							       : confine_tree_by_id(run, m->parent);
}

static bool is_above(const struct confine_run *run, const struct confine_tree *above,
		     const struct confine_tree *m)
{
	for (size_t i = 0; m && i <= run->n_tree; i++, m = parent_of(run, m))
		if (m == above)
			return true;
	return false;
}

/* Nothing leads to a mount that another lies on, at its place or further up. */
static bool is_hidden(const struct confine_run *run, const struct confine_tree *m)
{
	for (size_t i = 0; i < run->n_tree; i++)
		if (pf_path_inside(m->path, run->tree[i].path) && !is_above(run, &run->tree[i], m))
			return true;
	return false;
}

/* What the runtime laid over a masked path comes after every hook. */
static int is_mask(const struct confine_run *run, const struct confine_tree *m, bool *ret,
		   struct pf_error *e)
{
	const struct oci_strings *masked = &run->in->config->linux_.masked_paths;
	struct confine_found found;
	char path[PATH_MAX];

	*ret = false;
	for (size_t i = 0; i < masked->n && !*ret; i++) {
		int answer;

		if (pf_path_normalise(masked->v[i], path, sizeof(path)) < 0)
			continue;
		answer = confine_walk(run, path, LINKS_ANY, &found, e);
		if (answer < 0)
			return answer;
		*ret = answer == CONFINE_FOUND && strcmp(found.path, m->path) == 0;
	}
	return 0;
}

/* A read-only path is a copy of what lies there, mounted on it: it shows the data of the mount below and no other. */
static bool shows_what_is_below(const struct confine_run *run, const struct confine_tree *m)
{
	const struct confine_tree *below = parent_of(run, m);
	size_t n;

	if (!below || below->dev != m->dev || !pf_path_inside(m->path, below->path))
		return false;
	n = strcmp(below->root, "/") == 0 ? 0 : strlen(below->root);
	if (strncmp(m->root, below->root, n) != 0)
		return false;
	return strcmp(m->root[n] ? m->root + n : "/", strcmp(below->path, "/") == 0 ? m->path
						      : m->path[strlen(below->path)]
							      ? m->path + strlen(below->path)
							      : "/") == 0;
}

static struct confine_site *site_by_id(const struct confine_run *run, uint64_t id)
{
	for (size_t i = 0; i < run->n_sites; i++)
		if (run->sites[i].id.mnt_id == id)
			return &run->sites[i];
	return NULL;
}

/* Mounts that came along with one of config.json's: by its rbind, or one hierarchy each of its cgroups. */
static bool came_along(const struct confine_site *site, const struct confine_tree *m)
{
	if (!site->mount)
		return false;
	if (site->mount->kind == OCI_FS_CGROUP)
		return strcmp(m->fs, "cgroup") == 0 || strcmp(m->fs, "cgroup2") == 0;
	return site->outside && site->mount->recursive;
}

static bool is_announced(const struct confine_run *run, const struct confine_tree *m)
{
	const struct confine_tree *up = m;

	while (up && shows_what_is_below(run, up))
		up = parent_of(run, up);
	if (!up || up->id == run->root.mnt_id)
		return true;
	if (up != m && site_by_id(run, up->id))
		return true;
	for (up = parent_of(run, up); up && up->id != run->root.mnt_id; up = parent_of(run, up)) {
		const struct confine_site *site = site_by_id(run, up->id);

		if (site)
			return came_along(site, m);
	}
	return false;
}

static int locate(const struct confine_run *run, struct confine_tree *m, struct pf_error *e)
{
	struct pf_error why = PF_ERROR_INIT;
	struct confine_found found;
	int answer = confine_walk(run, m->path, LINKS_NONE, &found, &why);

	/* What an rbind brought need not be open to us: a user's FUSE mount is not, even to root. */
	if (answer < 0 && m->id != run->root.mnt_id && is_announced(run, m))
		return 0;
	if (answer < 0) {
		*e = why;
		return answer;
	}
	m->visible = answer == CONFINE_FOUND && found.id.mnt_id == m->id;
	if (m->visible) {
		m->seal = found.id;
		m->mode = found.mode;
		return 0;
	}
	if (m->id != run->root.mnt_id && strcmp(m->path, "/") != 0 && is_hidden(run, m))
		return 0;
	return pf_fail(e, PF_ERR_POLICY, 0,
		       "the mount `%.200s' of the container cannot be judged: no path leads to it, "
		       "and nothing hides it: was it made by a hook?",
		       m->path);
}

static int judge(struct confine_run *run, const struct confine_tree *m, struct pf_error *e)
{
	struct confine_site *site;
	bool mask;

	if (!m->visible || m->id == run->root.mnt_id || site_by_id(run, m->id) ||
	    is_announced(run, m) || confine_is_own_device(run->in->config, m->path, m->mode))
		return 0;
	STEP(is_mask(run, m, &mask, e));
	if (mask)
		return 0;
	site = confine_new_site(run, m->path);
	if (!site)
		return pf_fail_sys(e, ENOMEM, "judge the mounts");
	site->id = m->seal;
	site->mode = m->mode;
	site->outside = true;
	return 0;
}

static bool has_kind(const struct oci_mount *mount, const char *fs)
{
	switch (mount->kind) {
	case OCI_FS_TMPFS:
		return strcmp(fs, "tmpfs") == 0;
	case OCI_FS_PROC:
		return strcmp(fs, "proc") == 0;
	case OCI_FS_SYSFS:
		return strcmp(fs, "sysfs") == 0;
	case OCI_FS_DEVPTS:
		return strcmp(fs, "devpts") == 0;
	case OCI_FS_MQUEUE:
		return strcmp(fs, "mqueue") == 0;
	case OCI_FS_CGROUP:
		return strcmp(fs, "tmpfs") == 0 || strcmp(fs, "cgroup") == 0 ||
		       strcmp(fs, "cgroup2") == 0;
	case OCI_FS_BIND:
	case OCI_FS_OTHER:
		break;
	}
	return true;
}

/* A hook may have mounted over a fresh file system of config.json: then it is no longer what config.json says. */
static bool is_overmounted(const struct confine_run *run, const struct confine_site *site)
{
	const struct confine_tree *top = confine_tree_by_id(run, site->id.mnt_id);
	size_t n = 0;

	if (top && !has_kind(site->mount, top->fs))
		return true;
	if (site->mount->kind != OCI_FS_TMPFS)
		return false;
	for (size_t i = 0; i < run->n_tree; i++)
		if (strcmp(run->tree[i].path, site->path) == 0 &&
		    !shows_what_is_below(run, &run->tree[i]))
			n++;
	return n > site->n_stacked;
}

static int check_propagation(const struct confine_run *run, struct pf_error *e)
{
	if (policy_permits(run->in->policy, "shared-propagation"))
		return 0;
	for (size_t i = 0; i < run->n_tree; i++)
		if (run->tree[i].propagates)
			return pf_fail(
				e, PF_ERR_POLICY, 0,
				"mounts of the host may appear later in `%.200s', and a confined "
				"container must not have that: make it private, or let the node "
				"policy say \"permit\": [\"shared-propagation\"]",
				run->tree[i].path);
	return 0;
}

int confine_judge_tree(struct confine_run *run, struct pf_error *e)
{
	size_t n_announced = run->n_sites;

	if (!run->in->mountinfo)
		return 0;
	STEP(parse(run, e));
	STEP(check_propagation(run, e));
	for (size_t i = 0; i < run->n_tree; i++)
		STEP(locate(run, &run->tree[i], e));
	for (size_t i = 0; i < run->n_tree; i++)
		STEP(judge(run, &run->tree[i], e));
	for (size_t i = 0; i < n_announced; i++) {
		struct confine_site *site = &run->sites[i];

		if (site->outside || !is_overmounted(run, site))
			continue;
		site->outside = true;
		site->engine = confine_is_engine_mount(site->mount, site->mode);
	}
	return 0;
}
