/* SPDX-License-Identifier: Apache-2.0 */
/* A container's tree through a descriptor of its root: its mounts as the kernel tells them, and one way to open a path. */
#include <config.h>

#include "runtime/guard/view.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/guard/inventory.h"
#include "runtime/guard/mountinfo.h"
#include "runtime/guard/view_parts.h"

enum { MOUNTINFO_MAX_BYTES = 16 << 20 };

struct view_mount *view_new_mount(struct view *v, const char *path)
{
	struct view_mount *more = reallocarray(v->mounts, v->n_mounts + 1, sizeof(*more));

	if (!more)
		return NULL;
	v->mounts = more;
	more += v->n_mounts;
	*more = (struct view_mount){ .path = strdup(path), .fd = -EBADF };
	if (!more->path)
		return NULL;
	v->n_mounts++;
	return more;
}

static int compare_mounts(const void *a, const void *b)
{
	const struct view_mount *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	return r ? r : (x->id > y->id) - (x->id < y->id);
}

void view_sort(struct view *v)
{
	if (v->n_mounts > 0)
		qsort(v->mounts, v->n_mounts, sizeof(*v->mounts), compare_mounts);
}

static int add_line(struct view *v, const struct mountinfo *m, struct pf_error *e)
{
	struct view_mount *mount;

	mount = view_new_mount(v, m->path);
	if (!mount)
		return pf_fail_sys(e, ENOMEM, "read the mounts of a container");
	mount->source = strdup(m->root);
	mount->fs = strdup(m->fs);
	if (!mount->source || !mount->fs)
		return pf_fail_sys(e, ENOMEM, "read the mounts of a container");
	mount->id = m->id;
	mount->dev = m->dev;
	mount->writable = !m->readonly;
	mount->kernel = mountinfo_is_kernels(m->fs);
	mount->cover =
		m->readonly && strcmp(m->fs, "tmpfs") == 0 && strcmp(m->source, "pinfold") == 0;
	mount->outside = !mount->kernel && !mount->cover && !m->barren && strcmp(m->path, "/") != 0;
	return 0;
}

static int read_mounts(struct view *v, const char *mountinfo, struct pf_error *e)
{
	auto_free char *text = strdup(mountinfo);
	auto_free struct mountinfo *lines = NULL;
	size_t n = 0;
	int err = text ? mountinfo_read(text, &lines, &n) : -ENOMEM;

	if (err == -EINVAL)
		return pf_fail(e, PF_ERR_SYS, 0,
			       "a line of the container's mountinfo is not understood");
	if (err < 0)
		return pf_fail_sys(e, -err, "read the mounts of a container");
	for (size_t i = 0; i < n; i++)
		STEP(add_line(v, &lines[i], e));
	view_sort(v);
	return 0;
}

int view_of_root(int root_fd, const char *mountinfo, struct view *ret, struct pf_error *e)
{
	struct view v = { .root_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3) };
	int err;

	if (v.root_fd < 0)
		return pf_fail_sys(e, errno, "keep the container's root");
	err = read_mounts(&v, mountinfo, e);
	if (err < 0) {
		view_free(&v);
		return err;
	}
	*ret = v;
	return 0;
}

static int open_root(int proc_fd, pid_t pid, int *ret_fd, struct pf_error *e)
{
	char name[32];

	snprintf(name, sizeof(name), "%d/root", (int)pid);
	*ret_fd = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_fd < 0)
		return pf_fail_sys(e, errno, "open the root of process %d", (int)pid);
	return 0;
}

int view_of_process(pid_t pid, struct view *ret, struct pf_error *e)
{
	auto_fd proc = -EBADF, root = -EBADF, info = -EBADF;
	auto_free char *text = NULL;
	char name[32];
	size_t len;
	int err;

	STEP(pf_open_proc(&proc, e));
	STEP(open_root(proc, pid, &root, e));
	snprintf(name, sizeof(name), "%d/mountinfo", (int)pid);
	info = openat(proc, name, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return pf_fail_sys(e, errno, "read the mounts of process %d", (int)pid);
	STEP(pf_read_all(info, MOUNTINFO_MAX_BYTES, &text, &len, e));
	STEP(view_of_root(root, text, ret, e));
	err = view_user_of_process(proc, pid, &ret->user, e);
	if (err < 0)
		view_free(ret);
	return err;
}

void view_free(struct view *v)
{
	for (size_t i = 0; i < v->n_mounts; i++) {
		free(v->mounts[i].path);
		free(v->mounts[i].source);
		free(v->mounts[i].fs);
		pf_close_ptr(&v->mounts[i].fd);
	}
	free(v->mounts);
	pf_close_ptr(&v->root_fd);
	*v = (struct view){ .root_fd = -EBADF };
}

const struct view_mount *view_mount_of(const struct view *v, const char *path, uint64_t mnt_id)
{
	const struct view_mount *best = NULL;

	for (size_t i = 0; i < v->n_mounts; i++) {
		const struct view_mount *m = &v->mounts[i];

		if (mnt_id && m->id == mnt_id)
			return m;
		/* sorted: of those that hold the path the longest comes last */
		if (pf_path_inside(path, m->path))
			best = m;
	}
	return best;
}

int view_open(const struct view *v, const char *path, int flags, int *ret_fd)
{
	uint64_t how = PF_RESOLVE_IN_ROOT | PF_RESOLVE_NO_MAGICLINKS | PF_RESOLVE_NO_SYMLINKS;
	const struct view_mount *m = view_mount_of(v, path, 0);
	int root = v->root_fd, fd;

	if (m && m->empty)
		return -ENOENT;
	if (m && m->fd >= 0) {
		root = m->fd;
		path += strlen(m->path);
		if (!m->recursive)
			how |= PF_RESOLVE_NO_XDEV;
	}
	if (*path == '\0' || strcmp(path, "/") == 0)
		fd = view_open_itself(root, flags);
	else
		fd = sys_openat2(root, path, flags | O_NOFOLLOW | O_CLOEXEC, 0, how);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

int view_stat(const struct view *v, int fd, const char *path, struct view_file *ret)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_MNT_ID, &stx) <
	    0)
		return -errno;
	*ret = (struct view_file){
		.id = { .dev = makedev(stx.stx_dev_major, stx.stx_dev_minor),
			.ino = stx.stx_ino,
			.mnt_id = stx.stx_mask & STATX_MNT_ID ? stx.stx_mnt_id : 0 },
		.mode = stx.stx_mode,
		.uid = stx.stx_uid,
		.gid = stx.stx_gid,
		.nlink = stx.stx_nlink,
		.size = stx.stx_size,
		.mount_root = stx.stx_attributes & STATX_ATTR_MOUNT_ROOT,
	};
	ret->mount = view_mount_of(v, path, ret->id.mnt_id);
	return 0;
}

static bool is_empty_dir(const struct view *v, const char *path)
{
	const struct dirent *entry;
	bool empty = true;
	int fd;
	DIR *d;

	if (view_open(v, path, O_RDONLY | O_DIRECTORY, &fd) < 0)
		return false;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return false;
	}
	errno = 0;
	while (empty && (entry = readdir(d)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	empty &= errno == 0;
	closedir(d);
	return empty;
}

void view_place(const struct view *v, const char *path, const struct view_file *f,
		struct place *ret)
{
	*ret = (struct place){
		.type = S_ISDIR(f->mode)    ? PLACE_DIRECTORY
			: S_ISSOCK(f->mode) ? PLACE_SOCKET
					    : PLACE_FILE,
		.name = path,
		.id = f->id,
		.mode = f->mode,
		.uid = f->uid,
		.gid = f->gid,
		.nlink = f->nlink,
		.readable = view_readable(v, f),
		.empty =
			S_ISDIR(f->mode) ? is_empty_dir(v, path) : S_ISREG(f->mode) && f->size == 0,
	};
	if (f->mount) {
		ret->mount = f->mount->path;
		ret->source = f->mount->source;
		ret->writable = f->mount->writable;
		ret->covered = f->mount->cover;
	}
}
