/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices, the links of /dev, and /dev/ptmx. Every node is made as one component below a directory
 * fd, and whatever is found in its place is accepted only if it is the same device. Where mknod(2)
 * is not permitted the host's node is bound, after its identity was looked at on the fd that is
 * bound.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/fs.h"
#include "runtime/init/steps.h"

static bool same_device(const struct stat *st, const struct plan_device *d)
{
	if ((st->st_mode & S_IFMT) != (d->mode & S_IFMT))
		return false;
	return S_ISFIFO(st->st_mode) || st->st_rdev == makedev(d->major, d->minor);
}

/* The host's node as a detached tree, looked at by the same fd; the fd or -errno with e. */
static int device_tree(const struct init *c, const struct plan_device *d, struct pf_error *e)
{
	const char *source = plan_text(c->plan, d->source);
	auto_fd fd = -EBADF;
	struct stat st;
	int tree;

	if (!source)
		return pf_fail(
			e, PF_ERR_HOST, EPERM,
			"mknod is not permitted here and the host has no such device to bind");
	fd = open(source, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return pf_fail_sys(e, errno, "open the host's `%s'", source);
	if (!same_device(&st, d))
		return pf_fail(e, PF_ERR_HOST, 0, "the host's `%s' is not device %u:%u", source,
			       d->major, d->minor);
	tree = fs_clone(fd, false);
	return tree < 0 ? pf_fail_sys(e, tree, "clone the host's `%s'", source) : tree;
}

/*
 * Bind the host's node to @name. An empty file is put there for it; a file or node of an earlier
 * run serves too.
 */
static int bind_device(const struct init *c, const struct plan_device *d, int dir, const char *name,
		       struct pf_error *e)
{
	auto_fd tree = device_tree(c, d, e);
	auto_fd target = -EBADF;
	struct stat st;
	int ret;

	if (tree < 0)
		return tree;
	target = openat(dir, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (target < 0 && errno != EEXIST)
		return pf_fail_sys(e, errno, "make a file to bind it to");
	pf_close_ptr(&target);
	target = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || fstat(target, &st) < 0)
		return pf_fail_sys(e, errno, "open the file to bind it to");
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return pf_fail(e, PF_ERR_CONFIG, EEXIST,
			       "the root file system has a %s in its place; remove that",
			       S_ISDIR(st.st_mode) ? "directory" : "symlink");
	ret = fs_set_propagation(tree, MS_PRIVATE, false);
	if (ret >= 0)
		ret = fs_attach(tree, target);
	return ret < 0 ? pf_fail_sys(e, ret, "bind the host's node") : 0;
}

/* What is at @name already: the very device, nothing, or a file that a node can be bound to. */
enum found { FOUND_SAME, FOUND_NOTHING, FOUND_FILE };

static int find_device(const struct plan_device *d, int dir, const char *name, struct pf_error *e)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? FOUND_NOTHING : pf_fail_sys(e, errno, "look for it");
	if (same_device(&st, d))
		return FOUND_SAME;
	/* An empty file is what an earlier run without mknod bound its node to. */
	if (S_ISREG(st.st_mode) && st.st_size == 0 && d->source)
		return FOUND_FILE;
	return pf_fail(
		e, PF_ERR_CONFIG, EEXIST,
		"the root file system has something else in its place; mount a tmpfs at /dev, "
		"or remove it");
}

static int own_device(const struct plan_device *d, int dir, const char *name, struct pf_error *e)
{
	auto_fd fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return pf_fail_sys(e, errno, "open the new node");
	if (!same_device(&st, d))
		return pf_fail(e, PF_ERR_SYS, EEXIST, "the new node was exchanged");
	if (st.st_uid == d->uid && st.st_gid == d->gid)
		return 0;
	if (fchownat(fd, "", d->uid, d->gid, AT_EMPTY_PATH) < 0)
		return pf_fail_sys(e, errno, "give it to %u:%u", d->uid, d->gid);
	return 0;
}

static int make_node(const struct init *c, const struct plan_device *d, int dir, const char *name,
		     struct pf_error *e)
{
	int found = find_device(d, dir, name, e), ret;

	if (found < 0)
		return found;
	if (found == FOUND_SAME)
		return 0;
	if (found == FOUND_FILE ||
	    ((c->plan->flags & PLAN_IN_USERNS) && !S_ISFIFO((mode_t)d->mode)))
		return bind_device(c, d, dir, name, e);
	ret = mknodat(dir, name, d->mode, makedev(d->major, d->minor)) < 0 ? -errno : 0;
	if (ret == -EPERM)
		return bind_device(c, d, dir, name, e);
	return ret < 0 ? pf_fail_sys(e, ret, "mknod") : own_device(d, dir, name, e);
}

static int make_device(const struct init *c, const struct plan_device *d, struct pf_error *e)
{
	const char *path = plan_text(c->plan, d->path), *name;
	auto_fd dir = root_make_parent(c, path, &name, e);
	int ret;

	if (dir < 0)
		return dir;
	ret = make_node(c, d, dir, name, e);
	return ret < 0 ? pf_wrap(e, "device `%s'", path) : 0;
}

/* Links are a convenience: what an image has in their place stays, as with every other runtime. */
static int make_link(const struct init *c, const struct plan_link *l, struct pf_error *e)
{
	const char *path = plan_text(c->plan, l->path), *name;
	auto_fd dir = root_make_parent(c, path, &name, e);

	if (dir < 0)
		return dir;
	if (symlinkat(plan_text(c->plan, l->target), dir, name) < 0 && errno != EEXIST)
		return pf_fail_sys(e, errno, "make the link `%s'", path);
	return 0;
}

/*
 * The container's own devpts has the ptmx that belongs to it; a node of the image would open the
 * wrong one.
 */
static int link_ptmx(int dev, struct pf_error *e)
{
	static const char text[] = "pts/ptmx";
	char have[sizeof(text)];
	ssize_t len = readlinkat(dev, "ptmx", have, sizeof(have));

	if (len == sizeof(text) - 1 && memcmp(have, text, sizeof(text) - 1) == 0)
		return 0;
	if (unlinkat(dev, "ptmx", 0) < 0 && errno != ENOENT)
		return pf_fail_sys(e, errno, "remove the root file system's `/dev/ptmx'");
	if (symlinkat(text, dev, "ptmx") < 0)
		return pf_fail_sys(e, errno, "make the link `/dev/ptmx'");
	return 0;
}

/* A /dev bound from the host is used as it is: nothing of ours may be written there. */
static bool dev_is_bound(const struct init *c)
{
	const struct plan_mount *m = plan_items(c->plan, c->plan->mounts);

	for (uint32_t i = 0; i < c->plan->mounts.n; i++)
		if ((m[i].kind == PLAN_MOUNT_TREE || m[i].kind == PLAN_MOUNT_PATH) &&
		    strcmp(plan_text(c->plan, m[i].dest), "/dev") == 0)
			return true;
	return false;
}

static int make_all(const struct init *c, int dev, struct pf_error *e)
{
	const struct plan_device *d = plan_items(c->plan, c->plan->devices);
	const struct plan_link *l = plan_items(c->plan, c->plan->links);
	auto_fd console = -EBADF;

	for (uint32_t i = 0; i < c->plan->devices.n; i++)
		STEP(make_device(c, &d[i], e));
	for (uint32_t i = 0; i < c->plan->links.n; i++)
		STEP(make_link(c, &l[i], e));
	/* The terminal comes when /dev is read-only already, if it shall be. */
	if (c->plan->flags & PLAN_TERMINAL)
		STEP(root_make_target(c, "/dev/console", false, true, &console, e));
	return link_ptmx(dev, e);
}

/**
 * child_make_devices() - linux.devices and the defaults, the links, /dev/ptmx
 *
 * Should:	come after every mount, since a tmpfs at /dev is where they go, and before the pivot,
 *		since the host's nodes are bound where mknod is not permitted.
 * Mustn't:	follow a symlink at /dev, or change what an existing node is.
 */
int child_make_devices(struct init *c, struct pf_error *e)
{
	auto_fd dev = -EBADF;
	mode_t mask;
	int ret;

	if (dev_is_bound(c))
		return 0;
	STEP(root_make_strict(c, "/dev", NULL, &dev, e));
	mask = umask(0); /* the mode of a node is what config.json says */
	ret = make_all(c, dev, e);
	umask(mask);
	return ret;
}
