/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk: the root file system, then each mount in it, then the trees that an image's distribution fills, so that
 * limits hit where least is to be expected. Within each, directories in the order in which they are met, names sorted:
 * what is reached under a limit is decided by names alone.
 *
 * No symlink is followed, and no step leaves the mount that is walked: mounts below are walked on their own, once. So
 * there are no loops, whatever is bound to whatever. File systems that a user serves (FUSE) are not touched: who serves
 * one can let every call hang.
 */
#include <config.h>

#include "runtime/guard/scan_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/guard/mountinfo.h"

#define RESOLVE_BELOW                                                             \
	(PF_RESOLVE_BENEATH | PF_RESOLVE_NO_SYMLINKS | PF_RESOLVE_NO_MAGICLINKS | \
	 PF_RESOLVE_NO_XDEV)

enum { MOUNTINFO_MAX_BYTES = 16 << 20 };

/* Trees of the system: walked, and last. */
static const char *const late_trees[] = {
	"/bin", "/boot", "/lib", "/lib32", "/lib64", "/libx32", "/sbin", "/usr",
};

static bool is_late(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(late_trees); i++)
		if (strcmp(path, late_trees[i]) == 0)
			return true;
	return false;
}

static int compare_mount(const void *key, const void *mount)
{
	return strcmp(key, ((const struct view_mount *)mount)->path);
}

/* Something is mounted there: what lies below it is not seen in the container. */
static const struct view_mount *mount_at(const struct walk *w, const char *path)
{
	const struct view *v = w->s->view;

	return bsearch(path, v->mounts, v->n_mounts, sizeof(*v->mounts), compare_mount);
}

static bool is_time_up(struct walk *w, const char *path)
{
	if (!w->stopped && scan_now_ms() >= w->deadline_ms)
		walk_stop(w, "ms have passed", w->limits->ms, path);
	return w->stopped;
}

static int push_directory(struct walk *w, const struct walk_directory *from, const char *path,
			  struct pf_error *e)
{
	struct walk_directory d = { .path = strdup(path),
				    .below = from->below,
				    .depth = from->depth + 1 };
	struct walk_queue *q = !w->last && w->mount == 0 && is_late(path) ? &w->late : &w->now;

	if (d.depth > SCAN_DEPTH_MAX) {
		inventory_incomplete(w->s->inv, "`%s' lies deeper than %d directories", path,
				     SCAN_DEPTH_MAX);
		free(d.path);
		return 0;
	}
	if (!d.path || walk_push(q, &d) < 0) {
		free(d.path);
		return pf_fail_sys(e, ENOMEM, "look into `%s'", path);
	}
	return 0;
}

static void explain_unopened(struct walk *w, const char *path, int err)
{
	if (err == -ENOENT || err == -ENOTDIR || err == -ELOOP)
		return; /* gone since it was listed, or a symlink now */
	if (err == -EXDEV)
		inventory_incomplete(w->s->inv, "`%s' is another mount, which is not looked into",
				     path);
	else
		inventory_incomplete(w->s->inv, "`%s' could not be opened: %s", path,
				     pf_errno_text(-err));
}

/* @type: as the directory tells, which may be stale: what is opened is looked at again. */
static int take_name(struct walk *w, const struct walk_directory *d, int dir_fd, const char *name,
		     struct pf_error *e)
{
	unsigned char type = walk_name_type(name);
	const char *slash = d->path[1] ? "/" : "";
	auto_fd at = -EBADF;
	char path[PATH_MAX];
	struct stat st;

	if (type != DT_DIR && type != DT_REG && type != DT_SOCK && type != DT_UNKNOWN)
		return 0;
	if (snprintf(path, sizeof(path), "%s%s%s", d->path, slash, name) >= (int)sizeof(path)) {
		inventory_incomplete(w->s->inv, "a path below `%s' is too long", d->path);
		return 0;
	}
	if (mount_at(w, path))
		return 0;
	if (type == DT_DIR)
		return push_directory(w, d, path, e);
	at = sys_openat2(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, RESOLVE_BELOW);
	if (at < 0) {
		explain_unopened(w, path, at);
		return 0;
	}
	if (type == DT_UNKNOWN && fstat(at, &st) == 0 && S_ISDIR(st.st_mode))
		return push_directory(w, d, path, e);
	return walk_file(w, at, path, e);
}

/* A directory that a kind names whole is a credential itself. */
static int name_directory(struct walk *w, int at, const char *path, struct pf_error *e)
{
	const struct credential_kind *kinds[SCAN_KINDS];
	size_t n =
		catalogue_find_path(w->s->catalogue, CREDENTIAL_AT_ROOT, path, kinds, SCAN_KINDS);
	struct view_file file;
	struct place place;

	if (n == 0 || view_stat(w->s->view, at, path, &file) < 0 || !S_ISDIR(file.mode))
		return 0;
	view_place(w->s->view, path, &file, &place);
	for (size_t i = 0; i < n && i < SCAN_KINDS; i++)
		if (kinds[i]->cover == CREDENTIAL_COVER_DIR &&
		    !scan_find_directory(w->s->inv, kinds[i], path))
			STEP(inventory_add(w->s->inv, kinds[i], FOUND_BY_NAME, &place, NULL, e));
	return 0;
}

static int take_names(struct walk *w, const struct walk_directory *d, int dir_fd,
		      struct pf_error *e)
{
	struct inventory_counts *counts = &w->s->inv->counts;
	auto_fd list = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
	struct walk_names names;
	int more, ret = 0;

	if (list < 0)
		return pf_fail_sys(e, errno, "look into `%s'", d->path);
	more = walk_read_names(pf_take_fd(&list), w->limits->entries - counts->entries, &names);
	if (more < 0) {
		walk_names_free(&names);
		explain_unopened(w, d->path, more);
		return 0;
	}
	for (size_t i = 0; i < names.n && ret == 0 && !is_time_up(w, d->path); i++) {
		counts->entries++;
		ret = take_name(w, d, dir_fd, names.v[i], e);
	}
	walk_names_free(&names);
	if (more && ret == 0)
		walk_stop(w, "names were met", w->limits->entries, d->path);
	return ret;
}

static int walk_directory(struct walk *w, const struct walk_directory *d, struct pf_error *e)
{
	const char *below = d->path + d->below;
	auto_fd at = -EBADF, dir = -EBADF;
	int ret;

	while (*below == '/')
		below++;
	at = *below ? sys_openat2(w->mount_fd, below, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0,
				  RESOLVE_BELOW)
		    : fcntl(w->mount_fd, F_DUPFD_CLOEXEC, 3);
	if (at < 0) {
		explain_unopened(w, d->path, at);
		return 0;
	}
	STEP(name_directory(w, at, d->path, e));
	ret = scan_open_directory(w->proc_fd, at, &dir);
	if (ret < 0) {
		explain_unopened(w, d->path, ret);
		return 0;
	}
	return take_names(w, d, dir, e);
}

static int walk_queue(struct walk *w, struct walk_queue *q, struct pf_error *e)
{
	struct walk_directory d;
	int ret = 0;

	while (ret == 0 && !w->stopped && walk_pop(q, &d)) {
		if (!is_time_up(w, d.path))
			ret = walk_directory(w, &d, e);
		free(d.path);
	}
	return ret;
}

/* ---- mounts */

/* The type of the file system that @fd lies in, without asking the file system. */
static int find_fs(int proc_fd, int fd, char ret[32])
{
	struct pf_error ignored = PF_ERROR_INIT;
	auto_fd info = -EBADF, mounts = -EBADF;
	auto_free char *text = NULL, *table = NULL;
	char name[40], *save = NULL, *id;
	struct mountinfo m;
	size_t len;

	snprintf(name, sizeof(name), "self/fdinfo/%d", fd);
	info = openat(proc_fd, name, O_RDONLY | O_CLOEXEC);
	mounts = openat(proc_fd, "self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (info < 0 || mounts < 0 || pf_read_all(info, 4096, &text, &len, &ignored) < 0 ||
	    pf_read_all(mounts, MOUNTINFO_MAX_BYTES, &table, &len, &ignored) < 0)
		return -EIO;
	id = strstr(text, "mnt_id:");
	if (!id)
		return -EIO;
	for (char *line = strtok_r(table, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (mountinfo_parse(line, &m) && m.id == strtoull(id + 7, NULL, 10)) {
			snprintf(ret, 32, "%s", m.fs);
			return 0;
		}
	return -ENOENT; /* of another mount namespace, or detached */
}

static bool is_served_by_user(const char *fs)
{
	return strncmp(fs, "fuse", 4) == 0 && strcmp(fs, "fusectl") != 0;
}

static bool may_hang(struct walk *w, const struct view_mount *m)
{
	char fs[32];

	if (m->fd < 0)
		return m->fs && is_served_by_user(m->fs);
	return find_fs(w->proc_fd, m->fd, fs) == 0 && is_served_by_user(fs);
}

static int open_mount(struct walk *w, const struct view_mount *m, int *ret_fd)
{
	int fd;

	if (m->fd >= 0 || m == &w->s->view->mounts[0]) {
		fd = fcntl(m->fd >= 0 ? m->fd : w->s->view->root_fd, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			return -errno;
		*ret_fd = fd;
		return 0;
	}
	return view_open(w->s->view, m->path, O_PATH, ret_fd);
}

static int push_root(struct walk *w, const struct view_mount *m, struct pf_error *e)
{
	struct walk_directory d = { .path = strdup(m->path),
				    .below = w->mount == 0 ? 0 : strlen(m->path) };

	if (d.path && walk_push(&w->now, &d) == 0)
		return 0;
	free(d.path);
	return pf_fail_sys(e, ENOMEM, "look into `%s'", m->path);
}

static int walk_from(struct walk *w, const struct view_mount *m, int root, struct pf_error *e)
{
	struct stat st;
	int ret = 0;

	if (fstat(root, &st) < 0)
		return 0;
	if (!S_ISDIR(st.st_mode)) {
		w->s->inv->counts.entries++;
		return walk_file(w, root, m->path, e);
	}
	if (!w->last)
		ret = push_root(w, m, e);
	w->mount_fd = root;
	if (ret == 0)
		ret = walk_queue(w, &w->now, e);
	w->mount_fd = -EBADF;
	return ret;
}

static int walk_mount(struct walk *w, size_t i, struct pf_error *e)
{
	const struct view_mount *m = &w->s->view->mounts[i];
	auto_fd root = -EBADF;
	int ret;

	if (m->kernel || m->cover || m->empty)
		return 0;
	if (may_hang(w, m)) {
		inventory_incomplete(
			w->s->inv, "`%s' is a file system that a user serves (%s): not looked into",
			m->path, m->fs ? m->fs : "fuse");
		return 0;
	}
	ret = open_mount(w, m, &root);
	if (ret < 0) {
		explain_unopened(w, m->path, ret);
		return 0;
	}
	w->mount = i;
	return walk_from(w, m, root, e);
}

/* In the order of the view, the trees of the system at the end. */
static int walk_mounts(struct walk *w, struct pf_error *e)
{
	for (size_t i = 0; i < w->s->view->n_mounts && !w->stopped; i++)
		STEP(walk_mount(w, i, e));
	if (w->late.n > 0 && !w->stopped) {
		walk_queue_free(&w->now);
		w->now = w->late;
		w->late = (struct walk_queue){ .n = 0 };
		w->last = true;
		STEP(walk_mount(w, 0, e));
	}
	return scan_reader_flush(w->reader, e);
}

/* ---- answers */

static int take_record(void *ctx, const struct scan_file *f, const struct scan_record *r,
		       struct pf_error *e)
{
	struct walk *w = ctx;

	if (r->type == SCAN_FOUND)
		return scan_results_take(w->s, f, r, e);
	w->promised -= f->bytes;
	w->s->inv->counts.bytes += r->bytes < f->bytes ? r->bytes : f->bytes;
	scan_results_done(w->s, f, r);
	return 0;
}

static void take_loss(void *ctx, const struct scan_file *f, const char *why)
{
	struct walk *w = ctx;

	w->promised -= f->bytes;
	inventory_incomplete(w->s->inv, "`%s' was not looked into: %s", f->path, why);
}

int scan_walk(struct scan_results *s, const struct scan_limits *limits, struct pf_error *e)
{
	int64_t deadline = scan_now_ms() + limits->ms;
	struct walk w = { .s = s,
			  .limits = limits,
			  .deadline_ms = deadline,
			  .proc_fd = -EBADF,
			  .mount_fd = -EBADF };
	const struct scan_events events = { take_record, take_loss, &w };
	int ret = pf_open_proc(&w.proc_fd, e);

	if (ret == 0)
		ret = scan_reader_open(s->catalogue, &events, deadline, &w.reader, e);
	if (ret == 0 && walk_list_known(&w) < 0)
		ret = pf_fail_sys(e, ENOMEM, "look into files");
	if (ret == 0)
		ret = walk_known_files(&w, e);
	if (ret == 0)
		ret = walk_mounts(&w, e);
	if (ret == 0)
		ret = walk_beside(&w, e);
	scan_reader_close(w.reader);
	walk_queue_free(&w.now);
	walk_queue_free(&w.late);
	free(w.seen);
	free(w.known);
	pf_close(w.proc_fd);
	return ret;
}
