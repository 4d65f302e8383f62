/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts of config.json in the final tree. A Landlock rule on a directory reaches every mount beneath it, so data
 * that comes from outside the container is decided mount by mount: opened by an entry, covered, made read-only.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/confine_impl.h"

/* Kernel filesystems and fresh tmpfs hold nothing of the host's. All else does, also what we do not know. */
static bool is_from_outside(const struct oci_mount *mount)
{
	return mount->kind == OCI_FS_BIND || mount->kind == OCI_FS_OTHER;
}

static bool is_hidden_by_later(const struct oci_config *config, size_t index, const char *dest)
{
	char later[PATH_MAX];

	for (size_t i = index + 1; i < config->n_mounts; i++)
		if (pf_path_normalise(config->mounts[i].destination, later, sizeof(later)) == 0 &&
		    pf_path_inside(dest, later))
			return true;
	return false;
}

/* A second mount on the same place hides the first. */
static int add_site(struct confine_run *run, struct confine_site *site,
		    const struct confine_found *found, struct pf_error *e)
{
	struct confine_site *here = NULL;

	for (size_t i = 0; i < run->n_sites && !here; i++)
		if (strcmp(run->sites[i].path, found->path) == 0)
			here = &run->sites[i];
	if (!here)
		here = confine_new_site(run, found->path);
	if (!here)
		return pf_fail_sys(e, ENOMEM, "resolve the policy");
	site->path = here->path;
	site->n_stacked = here->n_stacked + 1;
	*here = *site;
	return 0;
}

/* Without its mounts the bundle tells only the place; the source tells what will be there. */
static int find_unmounted(const struct confine_run *run, const struct oci_mount *mount,
			  const char *dest, struct confine_found *found, struct pf_error *e)
{
	struct stat st;
	int answer = confine_walk(run, dest, LINKS_ANY, found, e);

	if (answer < 0)
		return answer;
	if (answer != CONFINE_FOUND) {
		memcpy(found->path, dest, strlen(dest) + 1);
		memset(&found->id, 0, sizeof(found->id));
	}
	found->mode = S_IFDIR;
	if (is_from_outside(mount) && mount->source && mount->source[0] == '/' &&
	    stat(mount->source, &st) == 0)
		found->mode = st.st_mode;
	return CONFINE_FOUND;
}

static int find_one(struct confine_run *run, size_t index, struct pf_error *e)
{
	const struct oci_mount *mount = &run->in->config->mounts[index];
	enum confine_links links = mount->dest_nofollow ? LINKS_NONE : LINKS_ANY;
	struct confine_site site = { .mount = mount, .index = index };
	struct confine_found found;
	char dest[PATH_MAX];
	int answer;

	if (pf_path_normalise(mount->destination, dest, sizeof(dest)) < 0)
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"/mounts/%zu/destination: `%s' cannot be judged: a confined container "
			"needs a normalised path there",
			index, mount->destination);
	answer = run->in->unmounted ? find_unmounted(run, mount, dest, &found, e)
				    : confine_walk(run, dest, links, &found, e);
	if (answer < 0)
		return answer;
	if (mount->copy_symlink && answer == CONFINE_FOUND && !found.mount_root)
		return 0;
	if (!run->in->unmounted && (answer != CONFINE_FOUND || !found.mount_root)) {
		if (!is_from_outside(mount) || is_hidden_by_later(run->in->config, index, dest))
			return 0;
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "/mounts/%zu: `%s' is not a mount in the container's tree, so it "
			       "cannot be judged: was it moved by a hook?",
			       index, dest);
	}
	site.id = found.id;
	site.mode = found.mode;
	site.outside = is_from_outside(mount);
	site.engine = site.outside && confine_is_engine_mount(mount, found.mode);
	return add_site(run, &site, &found, e);
}

struct confine_site *confine_new_site(struct confine_run *run, const char *path)
{
	struct confine_site *more = reallocarray(run->sites, run->n_sites + 1, sizeof(*more));
	char *copy;

	if (!more)
		return NULL;
	run->sites = more;
	copy = strdup(path);
	if (!copy)
		return NULL;
	more += run->n_sites++;
	*more = (struct confine_site){ .path = copy };
	return more;
}

int confine_find_mounts(struct confine_run *run, struct pf_error *e)
{
	for (size_t i = 0; i < run->in->config->n_mounts; i++)
		STEP(find_one(run, i, e));
	return 0;
}

const struct confine_site *confine_site_of(const struct confine_run *run, const char *path)
{
	const struct confine_site *best = NULL;

	for (size_t i = 0; i < run->n_sites; i++) {
		const struct confine_site *site = &run->sites[i];

		if (pf_path_inside(path, site->path) &&
		    (!best || strlen(site->path) > strlen(best->path)))
			best = site;
	}
	return best;
}

/* Does the entry reach the whole mount? @system reaches what lies on /proc and /sys, where the host's own tools put
 * files; a mount of the user below /dev/shm is not the engine's word. */
static bool opens(const struct confine_path *path, const struct confine_mount *mount)
{
	if (path->is_image || !pf_path_inside(mount->path, path->path))
		return false;
	return !path->system || mount->engine || strcmp(path->path, "/proc") == 0 ||
	       strcmp(path->path, "/sys") == 0;
}

static const struct confine_path *find_opener(const struct confinement *c,
					      const struct confine_mount *mount)
{
	for (size_t i = 0; i < c->n_paths; i++)
		if (opens(&c->paths[i], mount))
			return &c->paths[i];
	return NULL;
}

/* An entry of the policy's own that lies inside the mount. */
static const struct confine_path *find_inner(const struct confinement *c,
					     const struct confine_mount *mount)
{
	for (size_t i = 0; i < c->n_paths; i++) {
		const struct confine_path *p = &c->paths[i];

		if (!p->is_image && !p->system && pf_path_inside(p->path, mount->path))
			return p;
	}
	return NULL;
}

static bool has_image(const struct confinement *c)
{
	for (size_t i = 0; i < c->n_paths; i++)
		if (c->paths[i].is_image)
			return true;
	return false;
}

static int fail_inner(const struct confine_run *run, const struct confine_path *inner,
		      const struct confine_mount *mount, struct pf_error *e)
{
	const struct policy_value *value = confine_value(run->in->policy, inner->key);
	char where[160];

	confine_where(value, inner->key, where, sizeof(where));
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"%s: `%.80s' (`%.80s') lies inside the mount `%.80s', which no entry opens and "
		"`@image' therefore covers as a whole: list `%.80s' instead",
		where, inner->entry, inner->path, mount->path, mount->path);
}

static int decide_cover(const struct confine_run *run, struct confine_mount *mount,
			struct pf_error *e)
{
	const struct confinement *c = run->out;
	const struct confine_path *opener = find_opener(c, mount);
	const struct confine_path *inner;

	if (mount->engine) {
		mount->opened_by = "@system";
		return 0;
	}
	if (opener) {
		mount->opened_by = opener->entry;
		return 0;
	}
	/* Without @image no rule reaches the mount; but a socket in it could still be connected to (before ABI 9),
	 * and its names, times and attributes be read. */
	if (!has_image(c) && !(run->keys & CONFINE_BIT(CONFINE_READ)))
		return 0;
	inner = find_inner(c, mount);
	if (inner && has_image(c))
		return fail_inner(run, inner, mount, e);
	if (inner) {
		mount->opened_by = inner->entry;
		return 0;
	}
	mount->covered = true;
	return 0;
}

static void decide_readonly(const struct confine_run *run, struct confine_mount *mount)
{
	const struct confinement *c = run->out;

	if (!(run->keys & CONFINE_BIT(CONFINE_WRITE)))
		return;
	for (size_t i = 0; i < c->n_paths; i++) {
		const struct confine_path *p = &c->paths[i];

		if (p->key != CONFINE_WRITE || p->is_image)
			continue;
		if (opens(p, mount) || pf_path_inside(p->path, mount->path))
			return;
	}
	mount->made_readonly = true;
}

/* What lies below a cover is gone with it, whatever an entry or the engine meant it to be. */
static void cover_inner(struct confinement *c)
{
	for (size_t i = 0; i < c->n_mounts; i++) {
		struct confine_mount *m = &c->mounts[i];

		if (!m->covered && !confine_is_covered(c, m->path))
			continue;
		m->covered = true;
		m->made_readonly = false;
		m->opened_by = NULL;
	}
}

static bool has_image_of(const struct confinement *c, enum confine_key key)
{
	for (size_t i = 0; i < c->n_paths; i++)
		if (c->paths[i].is_image && c->paths[i].key == key)
			return true;
	return false;
}

/* A rule on the root has no gaps: a mount that another key keeps open is open to it too, and that is said. */
static int note_reach(struct confine_run *run, enum confine_key key, struct pf_error *e)
{
	const struct confinement *c = run->out;

	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct confine_mount *m = &c->mounts[i];
		bool own = m->engine || m->covered;

		for (size_t p = 0; p < c->n_paths && !own; p++) {
			bool counts = c->paths[p].key == key ||
				      (key == CONFINE_READ && c->paths[p].key == CONFINE_WRITE);

			own = counts && opens(&c->paths[p], m);
		}
		if (!own)
			STEP(confine_note(
				run, e,
				"%s: `@image' also reaches the mount `%.200s', which `%.100s' opens",
				confine_key_name(key), m->path,
				m->opened_by ? m->opened_by : "nothing"));
	}
	return 0;
}

static int compare_mounts(const void *a, const void *b)
{
	const struct confine_mount *x = a, *y = b;

	return confine_compare_paths(x->path, y->path);
}

int confine_decide_mounts(struct confine_run *run, struct pf_error *e)
{
	struct confinement *c = run->out;

	c->mounts = calloc(run->n_sites + 1, sizeof(*c->mounts));
	if (!c->mounts)
		return pf_fail_sys(e, ENOMEM, "resolve the policy");
	for (size_t i = 0; i < run->n_sites; i++) {
		const struct confine_site *site = &run->sites[i];
		struct confine_mount *m = &c->mounts[c->n_mounts];

		if (!site->outside)
			continue;
		m->destination = site->mount ? site->mount->destination : NULL;
		m->path = strdup(site->path);
		if (!m->path)
			return pf_fail_sys(e, ENOMEM, "resolve the policy");
		c->n_mounts++;
		m->is_dir = S_ISDIR(site->mode);
		m->engine = site->engine;
		m->id = site->id;
		STEP(decide_cover(run, m, e));
		decide_readonly(run, m);
	}
	qsort(c->mounts, c->n_mounts, sizeof(*c->mounts), compare_mounts);
	cover_inner(c);
	if (has_image_of(c, CONFINE_READ))
		STEP(note_reach(run, CONFINE_READ, e));
	return has_image_of(c, CONFINE_EXEC) ? note_reach(run, CONFINE_EXEC, e) : 0;
}
