/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bundle's container would see: the root file system as it lies there, and for each mount of config.json the
 * source that would be mounted. Nothing is mounted to find out.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/guard/view_parts.h"

static int join(const char *bundle, const char *path, char buf[PATH_MAX])
{
	int n = path[0] == '/' ? snprintf(buf, PATH_MAX, "%s", path)
			       : snprintf(buf, PATH_MAX, "%s/%s", bundle, path);

	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int open_root(const struct oci_config *config, const char *bundle, struct view *v,
		     struct pf_error *e)
{
	struct view_mount *m;
	char path[PATH_MAX];
	struct stat st;

	if (join(bundle, config->root_path, path) < 0)
		return pf_fail(e, PF_ERR_CONFIG, ENAMETOOLONG, "/root/path");
	v->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (v->root_fd < 0 || fstat(v->root_fd, &st) < 0)
		return pf_fail(e, PF_ERR_CONFIG, errno, "/root/path: open `%s'", path);
	m = view_new_mount(v, "/");
	if (!m || !(m->source = strdup(path)))
		return pf_fail_sys(e, ENOMEM, "look at the bundle");
	m->dev = st.st_dev;
	m->writable = !config->root_readonly;
	return 0;
}

/* The longest part of @path that is there already, symlinks of the root resolved; the rest as it is written. */
static int resolve(const struct view *v, const char *path, char ret[PATH_MAX])
{
	char part[PATH_MAX], root[PATH_MAX], there[PATH_MAX];
	size_t len = strlen(path);

	if (pf_fd_path(v->root_fd, root, sizeof(root)) < 0)
		return -ENAMETOOLONG;
	memcpy(part, path, len + 1);
	for (; len > 0; part[len] = '\0') {
		auto_fd fd = sys_openat2(v->root_fd, part, O_PATH | O_CLOEXEC, 0,
					 PF_RESOLVE_IN_ROOT | PF_RESOLVE_NO_MAGICLINKS);
		size_t skip = strcmp(root, "/") == 0 ? 0 : strlen(root);

		if (fd >= 0 && pf_fd_path(fd, there, sizeof(there)) == 0 &&
		    pf_path_inside(there, root)) {
			int n = snprintf(ret, PATH_MAX, "%s%s",
					 strcmp(there + skip, "/") == 0 ? "" : there + skip,
					 path + len);

			return n < PATH_MAX ? 0 : -ENAMETOOLONG;
		}
		while (len > 0 && part[--len] != '/')
			;
	}
	memcpy(ret, path, strlen(path) + 1);
	return 0;
}

static bool is_fresh(const struct oci_mount *mount)
{
	return mount->kind != OCI_FS_BIND && mount->kind != OCI_FS_OTHER;
}

static bool is_readonly(const struct oci_mount *mount)
{
	return (mount->attr_set | mount->rec_attr_set) & PF_MOUNT_ATTR_RDONLY;
}

/* What is no file, directory or socket of the host (a volume that a driver mounts, a name of a device) cannot be seen. */
static void open_source(const struct oci_mount *mount, const char *bundle, struct view_mount *m)
{
	char path[PATH_MAX];
	struct stat st;

	if (mount->kind != OCI_FS_BIND || !mount->source || join(bundle, mount->source, path) < 0)
		return;
	m->fd = open(path, O_PATH | O_CLOEXEC | (mount->src_nofollow ? O_NOFOLLOW : 0));
	if (m->fd < 0 || fstat(m->fd, &st) < 0)
		return;
	m->dev = st.st_dev;
	m->source = strdup(path);
}

static int add_mount(const struct oci_mount *mount, const char *bundle, struct view *v,
		     struct pf_error *e)
{
	char dest[PATH_MAX], path[PATH_MAX];
	struct view_mount *m;

	if (pf_path_normalise(mount->destination, dest, sizeof(dest)) < 0 ||
	    resolve(v, dest, path) < 0 || !path[0])
		return 0;
	m = view_new_mount(v, path);
	if (!m || !(m->fs = strdup(mount->type ? mount->type : "bind")))
		return pf_fail_sys(e, ENOMEM, "look at the bundle");
	m->kernel = is_fresh(mount) && mount->kind != OCI_FS_TMPFS;
	m->outside = !is_fresh(mount);
	m->recursive = mount->recursive;
	m->writable = !is_readonly(mount);
	open_source(mount, bundle, m);
	m->empty = m->fd < 0;
	return 0;
}

/* A second mount on the same place hides the first, and one above hides all below. */
static void drop_hidden(struct view *v)
{
	for (size_t i = v->n_mounts; i-- > 1;) {
		const char *path = v->mounts[i].path;

		for (size_t j = 1; j < i;) {
			struct view_mount *m = &v->mounts[j];

			if (!pf_path_inside(m->path, path)) {
				j++;
				continue;
			}
			free(m->path);
			free(m->source);
			free(m->fs);
			pf_close_ptr(&m->fd);
			memmove(m, m + 1, (--v->n_mounts - j) * sizeof(*m));
			i--;
			path = v->mounts[i].path;
		}
	}
}

int view_of_bundle(const struct oci_config *config, const char *bundle, struct view *ret,
		   struct pf_error *e)
{
	struct view v = { .root_fd = -EBADF };
	int err = open_root(config, bundle, &v, e);

	for (size_t i = 0; err == 0 && i < config->n_mounts; i++)
		err = add_mount(&config->mounts[i], bundle, &v, e);
	if (err < 0) {
		view_free(&v);
		return err;
	}
	drop_hidden(&v);
	view_sort(&v);
	view_set_user(&v, config);
	*ret = v;
	return 0;
}
