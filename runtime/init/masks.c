/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masked and read-only paths, the read-only root, and last of all rootfsPropagation. Runs after the
 * pivot, before anything of the container does.
 *
 * What covers a masked path must never come from the container: a directory is covered by one empty
 * read-only tmpfs for all, a file by the host's /dev/null, taken and looked at before the root was
 * built.
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

/*
 * A tree and whether it is attached somewhere. Before Linux 6.15 only an attached tree can be
 * cloned: the first use attaches the tree itself, the others clone that one.
 */
struct cover {
	int tree;
	bool attached;
};

static struct cover null_cover = { .tree = -EBADF }, dir_cover = { .tree = -EBADF };

int masks_prepare(const struct init *c, struct pf_error *e)
{
	auto_fd fd = -EBADF;
	struct stat st;

	if (c->plan->masked.n == 0)
		return 0;
	/* Opened here and not by the parent: what belongs to a mount of its namespace cannot be cloned. */
	fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return pf_fail_sys(e, errno, "open the host's /dev/null");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return pf_fail(e, PF_ERR_HOST, 0,
			       "the host's /dev/null is not the character device 1:3");
	null_cover.tree = fs_clone(fd, false);
	if (null_cover.tree < 0)
		return pf_fail_sys(e, null_cover.tree, "clone the host's /dev/null");
	if (fs_set_propagation(null_cover.tree, MS_PRIVATE, false) < 0)
		return pf_fail(e, PF_ERR_SYS, 0, "make the clone of /dev/null private");
	return 0;
}

static int make_dir_cover(struct pf_error *e)
{
	const struct fs_make args = {
		.type = "tmpfs",
		.source = "tmpfs",
		.data = "nr_inodes=1,mode=755", /* the root takes the one */
		.attrs = PF_MOUNT_ATTR_RDONLY | PF_MOUNT_ATTR_NOSUID | PF_MOUNT_ATTR_NODEV |
			 PF_MOUNT_ATTR_NOEXEC,
		.mode = -1,
		.readonly = true,
	};

	if (dir_cover.tree < 0)
		dir_cover.tree = fs_make(&args, e);
	return dir_cover.tree < 0 ? dir_cover.tree : 0;
}

static int put_cover(struct cover *cover, int target)
{
	auto_fd clone = -EBADF;
	int ret;

	if (!cover->attached) {
		ret = fs_attach(cover->tree, target);
		cover->attached = ret == 0;
		return ret;
	}
	clone = fs_clone(cover->tree, false);
	return clone < 0 ? clone : fs_attach(clone, target);
}

/* Open what a path of config.json means; *ret_fd stays as it is when there is no such file. */
static int open_existing(const struct init *c, const char *path, int *ret_fd, struct pf_error *e)
{
	int fd = root_open(c, path, O_PATH);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return pf_fail_sys(e, fd, "open `%s'", path);
	*ret_fd = fd;
	return 0;
}

static int mask_path(const struct init *c, const char *path, struct pf_error *e)
{
	auto_fd target = -EBADF;
	struct stat st;
	int ret;

	STEP(open_existing(c, path, &target, e));
	if (target < 0)
		return 0;
	if (fstat(target, &st) < 0)
		return pf_fail_sys(e, errno, "look at `%s'", path);
	if (S_ISDIR(st.st_mode)) {
		STEP(make_dir_cover(e));
		ret = put_cover(&dir_cover, target);
	} else {
		ret = put_cover(&null_cover, target);
	}
	return ret < 0 ? pf_fail_sys(e, ret, "cover `%s'", path) : 0;
}

/* A copy of what is there, read-only, on top of it: its other options stay as they are. */
static int readonly_path(const struct init *c, const char *path, struct pf_error *e)
{
	auto_fd target = -EBADF, tree = -EBADF;
	int ret;

	STEP(open_existing(c, path, &target, e));
	if (target < 0)
		return 0;
	tree = fs_clone(target, true);
	if (tree < 0)
		return pf_fail_sys(e, tree, "clone `%s'", path);
	ret = fs_set_attrs(tree, PF_MOUNT_ATTR_RDONLY, 0, false);
	if (ret >= 0)
		ret = fs_attach(tree, target);
	return ret < 0 ? pf_fail_sys(e, ret, "make `%s' read-only", path) : 0;
}

static void drop_cover(struct cover *cover)
{
	pf_close_ptr(&cover->tree);
	cover->attached = false;
}

static int finish_root(const struct init *c, struct pf_error *e)
{
	uint64_t propagation = c->plan->rootfs_propagation;
	int ret;

	if (c->plan->flags & PLAN_ROOT_READONLY) {
		ret = fs_set_attrs(c->root_fd, PF_MOUNT_ATTR_RDONLY, 0, false);
		if (ret < 0)
			return pf_fail_sys(e, ret, "make the root read-only");
	}
	/* Whatever was mounted by now, also by a hook, keeps no tie to the host's mounts. */
	ret = c->plan->flags & PLAN_PRIVATE_TREE ? fs_set_propagation(c->root_fd, MS_PRIVATE, true)
						 : 0;
	if (ret < 0)
		return pf_fail_sys(e, ret, "make all mounts private");
	/* A slave it was from the start, if at all: a slave of the host cannot be made of it here. */
	if (propagation & (MS_SHARED | MS_UNBINDABLE))
		ret = fs_set_propagation(c->root_fd, propagation, propagation & MS_REC);
	return ret < 0 ? pf_fail_sys(e, ret, "set the root's propagation") : 0;
}

/**
 * child_mask_paths() - readonlyPaths, maskedPaths, tmpfs and root read-only, rootfsPropagation
 *
 * Should:	run after everything that writes into the root, and after the pivot: pivot_root(2) wants
 *		a root that is not shared.
 * Mustn't:	take a cover from inside the container; fail over a path that does not exist.
 */
int child_mask_paths(struct init *c, struct pf_error *e)
{
	const plan_str *masked = plan_items(c->plan, c->plan->masked);
	const plan_str *readonly = plan_items(c->plan, c->plan->readonly);

	if (!(c->plan->flags & PLAN_NEW_MNTNS))
		return 0; /* the first step has refused whatever would need one */
	STEP(mount_seal_readonly(c, e));
	for (uint32_t i = 0; i < c->plan->readonly.n; i++)
		STEP(readonly_path(c, plan_text(c->plan, readonly[i]), e));
	for (uint32_t i = 0; i < c->plan->masked.n; i++)
		STEP(mask_path(c, plan_text(c->plan, masked[i]), e));
	drop_cover(&null_cover);
	drop_cover(&dir_cover);
	return finish_root(c, e);
}
