/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Covers: what no process of the container shall see gets an empty directory, an empty file or a fake file mounted over
 * it. All of them come from one small tmpfs of our own, so nothing of an image or of a volume is part of a cover.
 *
 * A cover lies on a directory entry of one mount, whatever stands there: a file, a socket, a FIFO, the root of another
 * mount. While it lies there nothing inside can remove or rename that entry (EBUSY), and to take it off would need a
 * capability that no confined process has.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/confine.h"
#include "runtime/init/fs.h"

#define COVER_ATTRS \
	(PF_MOUNT_ATTR_RDONLY | PF_MOUNT_ATTR_NOSUID | PF_MOUNT_ATTR_NODEV | PF_MOUNT_ATTR_NOEXEC)

/* What covers are cloned from: an empty directory and an empty file on a tmpfs of our own, beside them the fake files. */
struct source {
	int tree, dir, file;
};

static int source_close(struct source *s)
{
	int ret = 0;

	/* By fd: a path would name what lies below it. */
	if (s->tree >= 0 && (fchdir(s->tree) < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0))
		ret = -errno;
	pf_close_ptr(&s->file);
	pf_close_ptr(&s->dir);
	pf_close_ptr(&s->tree);
	return ret;
}

/* A fake file takes one inode and one page, as none is longer than the smallest page there is. */
static unsigned int count_fakes(const struct init *c)
{
	const struct seal_cover *covers = plan_items(c->seal, c->seal->covers);
	unsigned int n = 0;

	for (uint32_t i = 0; i < c->seal->covers.n; i++)
		n += covers[i].content != 0;
	return n;
}

static int source_make(const struct init *c, struct pf_error *e)
{
	unsigned int n = count_fakes(c);
	char data[64];
	const struct fs_make args = { .type = "tmpfs",
				      .source = "pinfold",
				      .data = data,
				      .attrs = COVER_ATTRS & ~PF_MOUNT_ATTR_RDONLY,
				      .mode = 0555 };

	(void)snprintf(data, sizeof(data), "nr_inodes=%u,nr_blocks=%u", 3 + n, 1 + n);
	return fs_make(&args, e);
}

/*
 * Before Linux 6.15 only what is attached can be cloned, so the tmpfs lies over the root for as long as this takes.
 * Every process's root is the mount below it; who walks up to it by `..' finds the tmpfs and nothing of the container.
 */
static int source_open(const struct init *c, struct source *s, struct pf_error *e)
{
	auto_fd tree = source_make(c, e);
	int ret;

	if (tree < 0)
		return tree;
	if (mkdirat(tree, "dir", 0555) < 0)
		return pf_fail_sys(e, errno, "make an empty directory for covers");
	s->dir = openat(tree, "dir", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	s->file = openat(tree, "file", O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (s->dir < 0 || s->file < 0)
		return pf_fail_sys(e, errno, "make an empty file for covers");
	ret = fs_attach(tree, c->root_fd);
	if (ret < 0)
		return pf_fail_sys(e, ret, "attach the source of covers");
	s->tree = pf_take_fd(&tree);
	return 0;
}

/* A detached mount of a new file that holds @text; the fd or -errno. */
static int clone_fake(const struct source *s, uint32_t index, const char *text)
{
	size_t len = strlen(text);
	auto_fd fd = -EBADF;
	char name[16];

	(void)snprintf(name, sizeof(name), "%u", index);
	fd = openat(s->tree, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0)
		return -errno;
	/* A tmpfs takes a page at once or not at all. */
	if (write(fd, text, len) != (ssize_t)len)
		return errno ? -errno : -ENOSPC;
	return fs_clone(fd, false);
}

static int cover_one(const struct init *c, const struct source *s, uint32_t index,
		     struct pf_error *e)
{
	const struct seal_cover *cover =
		(const struct seal_cover *)plan_items(c->seal, c->seal->covers) + index;
	auto_fd target = confine_open_target(c, cover->path, &cover->id, e);
	auto_fd tree = -EBADF;
	int ret;

	if (target < 0)
		return target;
	/* A mount that the host shares would carry the cover out to it. -EINVAL: not a mount, nothing to share. */
	ret = fs_set_propagation(target, MS_PRIVATE, false);
	if (ret < 0 && ret != -EINVAL)
		return pf_fail_sys(e, ret, "make `%s' private", confine_text(c, cover->path));
	if (cover->content)
		tree = clone_fake(s, index, confine_text(c, cover->content));
	else
		tree = fs_clone(cover->is_dir ? s->dir : s->file, false);
	ret = tree < 0 ? tree : fs_set_attrs(tree, COVER_ATTRS, 0, false);
	if (ret >= 0)
		ret = fs_attach(tree, target);
	if (ret < 0)
		return pf_fail_sys(e, ret, "cover `%s'", confine_text(c, cover->path));
	return 0;
}

int confine_put_covers(const struct init *c, struct pf_error *e)
{
	struct source s = { -EBADF, -EBADF, -EBADF };
	int ret, closed;

	if (c->seal->covers.n == 0)
		return 0;
	ret = source_open(c, &s, e);
	for (uint32_t i = 0; ret >= 0 && i < c->seal->covers.n; i++)
		ret = cover_one(c, &s, i, e);
	closed = source_close(&s);
	if (ret >= 0 && closed < 0)
		return pf_fail_sys(e, closed, "detach the source of covers");
	return ret < 0 ? ret : 0;
}
