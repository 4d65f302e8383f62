/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of a plan. Bind mounts are detached trees that sources.c made; what is left for the init is to attach them. */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/planfile_parts.h"

/* With a mount label the file systems that the container makes carry it from their first inode on. */
static plan_str fs_data(struct flat *f, const struct oci_mount *m, const char *label)
{
	char data[4096];

	if (!label || m->kind == OCI_FS_PROC || m->kind == OCI_FS_SYSFS || m->kind == OCI_FS_CGROUP)
		return flat_str(f, m->data);
	snprintf(data, sizeof(data), "%s%scontext=\"%s\"", m->data ? m->data : "",
		 m->data ? "," : "", label);
	return flat_str(f, data);
}

static const char *fs_type(const struct oci_mount *m)
{
	switch (m->kind) {
	case OCI_FS_TMPFS:
		return "tmpfs";
	case OCI_FS_PROC:
		return "proc";
	case OCI_FS_SYSFS:
		return "sysfs";
	case OCI_FS_DEVPTS:
		return "devpts";
	case OCI_FS_MQUEUE:
		return "mqueue";
	case OCI_FS_BIND:
	case OCI_FS_CGROUP:
	case OCI_FS_OTHER:
		break;
	}
	return m->type;
}

static uint32_t mount_kind(const struct oci_mount *m, const struct source_mount *s)
{
	if (s->link)
		return PLAN_MOUNT_COPY_SYMLINK;
	if (m->kind == OCI_FS_CGROUP)
		return PLAN_MOUNT_CGROUP;
	if (m->kind != OCI_FS_BIND)
		return PLAN_MOUNT_FS;
	return s->fd >= 0 ? PLAN_MOUNT_TREE : PLAN_MOUNT_PATH;
}

static uint32_t mount_flags(const struct oci_mount *m, const struct source_mount *s)
{
	uint32_t flags = 0;

	if (m->recursive)
		flags |= PLAN_MOUNT_RECURSIVE;
	if (m->tmpcopyup)
		flags |= PLAN_MOUNT_TMPCOPYUP;
	if (m->dest_nofollow)
		flags |= PLAN_MOUNT_DEST_NOFOLLOW;
	if (s->is_dir || m->kind != OCI_FS_BIND)
		flags |= PLAN_MOUNT_IS_DIR;
	if (m->kind == OCI_FS_PROC || m->kind == OCI_FS_SYSFS ||
	    strcmp(m->destination, "/proc") == 0 || strcmp(m->destination, "/sys") == 0)
		flags |= PLAN_MOUNT_STRICT_TARGET;
	return flags;
}

/*
 * rootfsPropagation is the whole namespace's first, as it is for runc: a tree that is bound then has it too, before its
 * own options. Without MS_REC runc leaves those trees peers of the host's mounts. That is kept for a mount whose options
 * say what it shall be; one that says nothing must not come to share what only the root was asked for.
 */
static uint64_t first_propagation(uint64_t root, const struct oci_mount *m)
{
	bool reaches_all = root == 0 || (root & MS_REC);

	if (m->kind != OCI_FS_BIND || (root & MS_SHARED) || (m->propagation && !reaches_all))
		return 0;
	return root == 0 || (root & MS_SLAVE) ? MS_SLAVE : MS_PRIVATE;
}

struct plan_list planfile_mounts(struct flat *f, const struct plan_input *in)
{
	const struct oci_config *c = in->config;
	auto_free struct plan_mount *v = calloc(c->n_mounts + 1, sizeof(*v));

	if (!v) {
		f->bytes.failed = true;
		return (struct plan_list){ 0, 0 };
	}
	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct oci_mount *m = &c->mounts[i];
		const struct source_mount *s = &in->sources->mounts[i];

		v[i] = (struct plan_mount){
			.kind = mount_kind(m, s),
			.flags = mount_flags(m, s),
			.fd = s->fd >= 0 ? s->fd : -1,
			.dest = flat_str(f, m->destination),
			.source = flat_str(f, s->path ? s->path : m->source),
			.fstype = flat_str(f, fs_type(m)),
			.data = fs_data(f, m, c->linux_.mount_label),
			.attr_set = m->attr_set,
			.attr_clr = m->attr_clr,
			.rec_attr_set = m->rec_attr_set,
			.rec_attr_clr = m->rec_attr_clr,
			.first_propagation = first_propagation(c->linux_.rootfs_propagation, m),
			.propagation = m->propagation | (m->propagation_recursive ? MS_REC : 0),
			.dev = s->dev,
			.ino = s->ino,
		};
	}
	return flat_items(f, v, sizeof(*v), c->n_mounts);
}

/* "cpu,cpuacct" is one hierarchy with two names: each is a link to the directory, as on a host. */
static struct plan_list controller_links(struct flat *f, const struct cgroup_hierarchy *h)
{
	plan_str names[8];
	size_t n = 0;
	char copy[sizeof(h->controllers)], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", h->controllers);
	for (char *s = strtok_r(copy, ",", &save); s && n < ARRAY_SIZE(names);
	     s = strtok_r(NULL, ",", &save))
		if (!strchr(s, '=') && strcmp(s, h->name) != 0)
			names[n++] = flat_str(f, s);
	return flat_items(f, names, sizeof(names[0]), n);
}

static struct plan_cgroup_mount cgroup_mount(struct flat *f, const struct cgroup_hierarchy *h)
{
	char dir[sizeof(h->mount) + sizeof(h->path)], options[sizeof(h->controllers) + 8];
	struct plan_cgroup_mount m = { 0 };

	snprintf(dir, sizeof(dir), "%s%s", h->mount, h->path);
	m.host_dir = flat_str(f, dir);
	if (h->v2)
		return m;
	snprintf(options, sizeof(options), "%s%s",
		 strncmp(h->controllers, "name=", 5) == 0 ? "none," : "", h->controllers);
	m.name = flat_str(f, h->name);
	m.options = flat_str(f, options);
	m.links = controller_links(f, h);
	return m;
}

/* On a hybrid host only the v1 hierarchies are shown, as every other runtime does: the cgroup2 group stays the host's. */
struct plan_list planfile_cgroup_mounts(struct flat *f, const struct cgroup *cg)
{
	struct plan_cgroup_mount v[CGROUP_MAX_HIERARCHIES];
	size_t n = 0, v1 = 0;

	for (size_t i = 0; i < cg->n; i++)
		v1 += !cg->h[i].v2;
	for (size_t i = 0; i < cg->n; i++)
		if (!cg->h[i].v2 || v1 == 0)
			v[n++] = cgroup_mount(f, &cg->h[i]);
	return flat_items(f, v, sizeof(*v), n);
}
