/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's root: attached in the init's own mount namespace, and at the end the only thing
 * that is left of it.
 *
 * All mounts of the namespace become slaves first, whatever rootfsPropagation says: nothing the
 * init mounts can then reach the host. A root that shall be shared is so at the very end (masks.c),
 * when its parent mount is gone; the trees of bind mounts have peers of their own (mount.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/fs.h"
#include "runtime/init/steps.h"

static const char *root_path(const struct init *c)
{
	return plan_text(c->plan, c->plan->root_path);
}

/*
 * Without a mount namespace of our own the root is only a directory to chroot into; nothing can be
 * mounted.
 */
static int use_directory(struct init *c, struct pf_error *e)
{
	const struct plan *p = c->plan;

	if (p->mounts.n || p->masked.n || p->readonly.n || (p->flags & PLAN_ROOT_READONLY))
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "mounts, masked and read-only paths need a mount namespace of the "
			       "container's own: add one to `/linux/namespaces'");
	c->root_fd = open(root_path(c), O_PATH | O_DIRECTORY | O_CLOEXEC);
	return c->root_fd < 0 ? pf_fail_sys(e, errno, "open the root `%s'", root_path(c)) : 0;
}

/*
 * The tree that becomes the root: made by the parent, or cloned here by path. The fd, the caller's
 * from here on, or -errno with e.
 */
static int root_tree(const struct init *c, struct pf_error *e)
{
	int fd = c->plan->root_fd;

	if (fd >= 0) /* inherited, and not for the hooks that run before the pivot */
		return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? pf_fail_sys(e, errno, "the root's tree")
							  : fd;
	fd = sys_open_tree(AT_FDCWD, root_path(c), PF_OPEN_TREE_CLONE | PF_AT_RECURSIVE);
	return fd < 0 ? pf_fail_sys(e, fd, "clone the root `%s'", root_path(c)) : fd;
}

/*
 * Attach it where config.json says the root is, so that hooks find it by that path; but go on by
 * the fd alone. The same call serves a root of "/": the tree comes to lie on top of the old root,
 * and pivot_root(2) takes it from there.
 */
static int attach_root(int tree, const char *path, struct pf_error *e)
{
	int ret = sys_move_mount(tree, "", AT_FDCWD, path, PF_MOVE_MOUNT_F_EMPTY_PATH);

	/* The mapped root may not enter the folders above; any mount point serves until the pivot, also the top. */
	if (ret == -EACCES)
		ret = sys_move_mount(tree, "", AT_FDCWD, "/", PF_MOVE_MOUNT_F_EMPTY_PATH);
	return ret < 0 ? pf_fail_sys(e, ret, "attach the root at `%s'", path) : 0;
}

/*
 * The root and what is mounted below it in the bundle follow the host unless config.json wants them
 * private. A root that shall be shared is private until then: pivot_root(2) takes no shared one, and
 * it may become a peer only of mounts of its own.
 */
static int cut_root(int tree, uint64_t propagation)
{
	bool own = propagation & (MS_PRIVATE | MS_UNBINDABLE);
	int ret = fs_set_propagation(tree, own ? MS_PRIVATE : MS_SLAVE, true);

	if (ret >= 0 && (propagation & MS_SHARED))
		ret = fs_set_propagation(tree, MS_PRIVATE, false);
	return ret;
}

/**
 * child_build_rootfs() - make the mounts of this namespace ours, attach the root, set c->root_fd
 *
 * Should:	cut every tie to the host's mounts before anything is attached.
 * Mustn't:	look the root up by path again after it is attached.
 */
int child_build_rootfs(struct init *c, struct pf_error *e)
{
	auto_fd tree = -EBADF;
	struct stat st;
	int ret;

	umask(022); /* for mount points; the caller's umask must not show in the root */
	if (!(c->plan->flags & PLAN_NEW_MNTNS))
		return use_directory(c, e);
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return pf_fail_sys(e, errno, "make the mounts of the new namespace slaves");
	tree = root_tree(c, e);
	if (tree < 0)
		return tree;
	if (fstat(tree, &st) < 0 || !S_ISDIR(st.st_mode))
		return pf_fail(e, PF_ERR_CONFIG, ENOTDIR, "the root `%s'", root_path(c));
	ret = cut_root(tree, c->plan->rootfs_propagation);
	if (ret < 0)
		return pf_fail_sys(e, ret, "cut the root's ties to the host's mounts");
	STEP(attach_root(tree, root_path(c), e));
	c->root_fd = pf_take_fd(&tree);
	return masks_prepare(c, e);
}

static int chroot_here(struct pf_error *e)
{
	if (chroot(".") < 0 || chdir("/") < 0)
		return pf_fail_sys(e, errno, "chroot into the root");
	return 0;
}

/* pivot_root(".", ".") puts the old root on top of the new one; there it is let go of, whole. */
static int pivot(struct pf_error *e)
{
	int ret = sys_pivot_root(".", ".");

	if (ret < 0)
		return pf_fail_sys(e, ret, "pivot_root");
	/*
	 * "." is the new root, ".." leads on to what lies over it: the old one. Slaves, so that the
	 * unmount reaches no peer, of the host or of a bind mount in the container.
	 */
	if (mount(NULL, "..", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return pf_fail_sys(e, errno, "make the old root a slave");
	if (umount2("..", MNT_DETACH) < 0)
		return pf_fail_sys(e, errno, "unmount the old root");
	if (chdir("/") < 0)
		return pf_fail_sys(e, errno, "change to the new root");
	return 0;
}

/**
 * child_pivot() - from here on "/" is the container's root and the host's tree cannot be reached
 *
 * Should:	come after every mount, device and createContainer hook: they need the host's paths.
 * Mustn't:	leave the working directory outside.
 */
int child_pivot(struct init *c, struct pf_error *e)
{
	if (fchdir(c->root_fd) < 0)
		return pf_fail_sys(e, errno, "change to the root `%s'", root_path(c));
	if (!(c->plan->flags & PLAN_NEW_MNTNS))
		STEP(chroot_here(e));
	else if (c->plan->flags & PLAN_NO_PIVOT)
		STEP(root_move(c, e));
	else
		STEP(pivot(e));
	/* What leads to the host's tree and procfs ends here, not at start: whoever may trace us could walk through it. */
	pf_close(c->plan->proc_fd);
	pf_close_ptr(&c->root_fd);
	c->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return c->root_fd < 0 ? pf_fail_sys(e, errno, "open the new root") : 0;
}
