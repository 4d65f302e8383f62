/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json's mounts, in its order. Each becomes a detached tree first (made by the parent,
 * cloned here, or a new file system) and is attached to a target that root.c resolved inside the
 * root: by fd on both sides, so that no path can be exchanged between looking and mounting.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/fs.h"
#include "runtime/init/steps.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

static bool is_dest(const char *dest, const char *want)
{
	return strcmp(dest, want) == 0;
}

/*
 * What lxcfs and its like may put over single files of procfs; anything else there could fool a
 * reader of /proc.
 */
static bool may_cover_proc(const char *dest)
{
	static const char *const allowed[] = {
		"/proc/cpuinfo",
		"/proc/diskstats",
		"/proc/meminfo",
		"/proc/stat",
		"/proc/swaps",
		"/proc/uptime",
		"/proc/loadavg",
		"/proc/slabinfo",
		"/proc/net/dev",
		"/proc/sys/kernel/ns_last_pid",
		"/proc/sys/crypto/fips_enabled",
	};

	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (is_dest(dest, allowed[i]))
			return true;
	return false;
}

/*
 * The target is where the kernel found it, through every symlink: judged as that, not as the words
 * in config.json.
 */
static int check_target(const struct init *c, const char *dest, int target, struct pf_error *e)
{
	struct stat root, st;

	if (fstat(c->root_fd, &root) < 0 || fstat(target, &st) < 0)
		return pf_fail_sys(e, errno, "look at the mount point `%s'", dest);
	if (st.st_dev == root.st_dev && st.st_ino == root.st_ino)
		return pf_fail(e, PF_ERR_CONFIG, EINVAL,
			       "`%s' leads to the root of the container, which a mount would hide",
			       dest);
	if (!is_dest(dest, "/proc") && fs_is(target, PROC_SUPER_MAGIC) && !may_cover_proc(dest))
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "`%s' cannot be mounted because it is inside /proc", dest);
	return 0;
}

/* 0: it was there, 1: we made it. */
static int open_target(const struct init *c, const struct plan_mount *m, bool is_dir, int *ret_fd,
		       struct pf_error *e)
{
	const char *dest = plan_text(c->plan, m->dest);
	const char *what = m->fstype ? plan_text(c->plan, m->fstype) : dest;
	auto_fd fd = -EBADF;
	int made;

	/* The devices will be made in /dev: nothing may stand in for it. */
	if ((m->flags & PLAN_MOUNT_STRICT_TARGET) || is_dest(dest, "/dev"))
		made = root_make_strict(c, dest, what, &fd, e);
	else
		made = root_make_target(c, dest, is_dir, m->flags & PLAN_MOUNT_DEST_NOFOLLOW, &fd,
					e);
	STEP(made);
	STEP(check_target(c, dest, fd, e));
	*ret_fd = pf_take_fd(&fd);
	return made;
}

int mount_set_propagation(int tree, const struct plan_mount *m, struct pf_error *e)
{
	uint64_t cut = m->propagation & (MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE);
	bool recursive = m->propagation & MS_REC;
	int ret = cut ? fs_set_propagation(tree, cut, recursive) : 0;

	if (ret >= 0 && (m->propagation & MS_SHARED))
		ret = fs_set_propagation(tree, MS_SHARED, recursive);
	return ret < 0 ? pf_fail_sys(e, ret, "set the propagation") : 0;
}

/*
 * A bind mount begins as a peer of the host's mount, if that is shared: nobody inside may mount
 * below it before it has what the plan gives it.
 */
static int set_tree_propagation(int tree, const struct plan_mount *m, struct pf_error *e)
{
	int ret = m->first_propagation ? fs_set_propagation(tree, m->first_propagation, true) : 0;

	return ret < 0 ? pf_fail_sys(e, ret, "cut the ties to the host's mounts")
		       : mount_set_propagation(tree, m, e);
}

static int check_source_proc(const char *dest, int tree, struct pf_error *e)
{
	if (is_dest(dest, "/proc") && !fs_is(tree, PROC_SUPER_MAGIC))
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "`%s' cannot be mounted because it is not of type proc", dest);
	return 0;
}

static int attach_tree(struct init *c, const struct plan_mount *m, int tree, struct pf_error *e)
{
	auto_fd target = -EBADF;
	int ret;

	STEP(check_source_proc(plan_text(c->plan, m->dest), tree, e));
	STEP(open_target(c, m, m->flags & PLAN_MOUNT_IS_DIR, &target, e));
	STEP(set_tree_propagation(tree, m, e));
	ret = fs_attach(tree, target);
	if (ret == -ENOTDIR)
		return pf_fail_sys(e, ret, "attach: the source is %s, the mount point is %s",
				   m->flags & PLAN_MOUNT_IS_DIR ? "a directory" : "a file",
				   m->flags & PLAN_MOUNT_IS_DIR ? "a file" : "a directory");
	return ret < 0 ? pf_fail_sys(e, ret, "attach") : 0;
}

static int mount_tree(struct init *c, const struct plan_mount *m, struct pf_error *e)
{
	auto_fd tree = m->fd; /* from the parent; attached it lives without the fd */

	return attach_tree(c, m, tree, e);
}

static int mount_path(struct init *c, const struct plan_mount *m, struct pf_error *e)
{
	const char *source = plan_text(c->plan, m->source);
	auto_fd fd = open(source, O_PATH | O_CLOEXEC);
	auto_fd tree = -EBADF;
	struct stat st;
	int ret;

	if (fd < 0 || fstat(fd, &st) < 0)
		return pf_fail_sys(e, errno, "open the source `%s'", source);
	if ((m->dev || m->ino) && (st.st_dev != m->dev || st.st_ino != m->ino))
		return pf_fail(e, PF_ERR_CONFIG, ESTALE,
			       "the source `%s' was exchanged while the container was made",
			       source);
	tree = fs_clone(fd, m->flags & PLAN_MOUNT_RECURSIVE);
	if (tree < 0)
		return pf_fail_sys(e, tree, "clone the source `%s'", source);
	ret = m->rec_attr_set || m->rec_attr_clr
		      ? fs_set_attrs(tree, m->rec_attr_set, m->rec_attr_clr, true)
		      : 0;
	if (ret >= 0 && (m->attr_set || m->attr_clr))
		ret = fs_set_attrs(tree, m->attr_set, m->attr_clr, false);
	if (ret == -EPERM)
		return pf_fail_sys(
			e, ret,
			"set the mount options (an option of the source's own mount, such as "
			"ro or nosuid, cannot be taken away in a user namespace)");
	if (ret < 0)
		return pf_fail_sys(e, ret, "set the mount options");
	return attach_tree(c, m, tree, e);
}

/*
 * In a user namespace without a network namespace of its own: the host's, with everything below it
 * read-only.
 */
static int bind_sys(struct pf_error *e)
{
	auto_fd tree = fs_clone_path("/sys", true, SYSFS_MAGIC);
	int ret = tree;

	if (ret >= 0)
		ret = fs_set_attrs(tree,
				   PF_MOUNT_ATTR_RDONLY | PF_MOUNT_ATTR_NOSUID |
					   PF_MOUNT_ATTR_NODEV | PF_MOUNT_ATTR_NOEXEC,
				   0, true);
	if (ret >= 0)
		ret = fs_set_propagation(tree, MS_PRIVATE, true);
	return ret < 0 ? pf_fail_sys(e, ret, "bind the host's /sys read-only") : pf_take_fd(&tree);
}

static int fs_hint(int ret, const char *type, const char *data, struct pf_error *e)
{
	if (ret == -EPERM && strcmp(type, "proc") == 0)
		return pf_wrap(e,
			       "not permitted while parts of the caller's own /proc are covered: "
			       "start it where /proc is whole, or bind-mount /proc");
	if (ret == -EPERM && strcmp(type, "mqueue") == 0)
		return pf_wrap(e, "needs an ipc namespace of the container's own: add one to "
				  "/linux/namespaces, or leave the mount out");
	if (ret == -EINVAL && strcmp(type, "devpts") == 0 && fs_data_has(data, "gid"))
		return pf_wrap(e,
			       "the group of the option gid= is not mapped in the user namespace: "
			       "leave the option out, or map the group");
	return ret;
}

static unsigned long legacy_flags(uint64_t attrs)
{
	return (attrs & PF_MOUNT_ATTR_RDONLY ? MS_RDONLY : 0) |
	       (attrs & PF_MOUNT_ATTR_NOSUID ? MS_NOSUID : 0) |
	       (attrs & PF_MOUNT_ATTR_NODEV ? MS_NODEV : 0) |
	       (attrs & PF_MOUNT_ATTR_NOEXEC ? MS_NOEXEC : 0) |
	       (attrs & PF_MOUNT_ATTR_NODIRATIME ? MS_NODIRATIME : 0) |
	       (attrs & PF_MOUNT_ATTR_NOSYMFOLLOW ? MS_NOSYMFOLLOW : 0) |
	       ((attrs & PF_MOUNT_ATTR__ATIME) == PF_MOUNT_ATTR_NOATIME ? MS_NOATIME : 0) |
	       ((attrs & PF_MOUNT_ATTR__ATIME) == PF_MOUNT_ATTR_STRICTATIME ? MS_STRICTATIME : 0);
}

/*
 * An option longer than fsconfig(2) takes (overlay's directories): mount(2) takes a page. It knows
 * no fds, but "." is the directory that was opened, whatever its name is by now. The new mount has
 * no fd either, so that nothing more can be done with it.
 */
static int mount_legacy(const struct plan_mount *m, const struct fs_make *args, int target,
			struct pf_error *e)
{
	int ret = 0;

	if (m->propagation)
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "an option longer than 255 bytes and one of propagation are not "
			       "possible in one mount: shorten the one, or leave the other out");
	if (fchdir(target) < 0)
		return pf_fail_sys(e, errno, "enter the mount point");
	if (mount(args->source, ".", args->type, legacy_flags(args->attrs), args->data) < 0)
		ret = pf_fail_sys(e, errno, "file system `%s'", args->type);
	if (chdir("/") < 0 && ret == 0)
		ret = pf_fail_sys(e, errno, "leave the mount point");
	return ret;
}

/* The fd of the new file system or -errno. */
static int make_tree(const struct plan_mount *m, const struct fs_make *args, struct pf_error *e)
{
	struct pf_error why = PF_ERROR_INIT;
	auto_fd tree = fs_make(args, &why);

	if (tree == -EPERM && strcmp(args->type, "sysfs") == 0)
		return bind_sys(e);
	if (tree < 0) {
		*e = why;
		return fs_hint(tree, args->type, args->data, e);
	}
	STEP(mount_set_propagation(tree, m, e));
	return pf_take_fd(&tree);
}

/* tmpcopyup: what is in the directory that the tmpfs will cover. */
static int copy_covered(int target, int tree, struct pf_error *e)
{
	auto_fd from = openat(target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd to = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (from < 0 || to < 0)
		return pf_fail_sys(e, errno, "open the directory to copy from");
	return copy_up(from, to, e);
}

/*
 * The mode, unless told, is that of the directory it covers. A directory that only we made says
 * nothing: then the tmpfs has its own, 1777.
 */
static int mount_tmpfs(struct init *c, const struct plan_mount *m, struct fs_make *args,
		       struct pf_error *e)
{
	bool readonly = args->attrs & PF_MOUNT_ATTR_RDONLY;
	auto_fd target = -EBADF, tree = -EBADF;
	int made = open_target(c, m, true, &target, e), ret;
	struct stat st;

	STEP(made);
	if (!made && !fs_data_has(args->data, "mode")) {
		if (fstat(target, &st) < 0)
			return pf_fail_sys(e, errno, "look at the mount point");
		args->mode = (int)(st.st_mode & 07777);
	}
	args->attrs &= ~PF_MOUNT_ATTR_RDONLY;
	tree = make_tree(m, args, e);
	if (tree < 0)
		return tree;
	if (m->flags & PLAN_MOUNT_TMPCOPYUP)
		STEP(copy_covered(target, tree, e));
	ret = fs_attach(tree, target);
	if (ret < 0)
		return pf_fail_sys(e, ret, "attach");
	return readonly ? mount_readonly_later(c, &tree, e) : 0;
}

/*
 * What the superblock itself shall know of read-only: file systems of devices, not the kernel's
 * own.
 */
static bool is_device_fs(const char *type)
{
	static const char *const own[] = { "proc", "sysfs", "devpts", "mqueue" };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (strcmp(type, own[i]) == 0)
			return false;
	return true;
}

static int mount_fs(struct init *c, const struct plan_mount *m, struct pf_error *e)
{
	struct fs_make args = {
		.type = plan_text(c->plan, m->fstype),
		.source = plan_text(c->plan, m->source),
		.data = plan_text(c->plan, m->data),
		.attrs = (m->attr_set | m->rec_attr_set) & FS_ATTRS,
		.mode = -1,
	};
	auto_fd target = -EBADF, tree = -EBADF;
	int ret;

	if (is_dest(plan_text(c->plan, m->dest), "/proc") && strcmp(args.type, "proc") != 0)
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "`/proc' cannot be mounted because it is not of type proc");
	if (strcmp(args.type, "tmpfs") == 0)
		return mount_tmpfs(c, m, &args, e);
	STEP(open_target(c, m, true, &target, e));
	if (!fs_data_fits(args.data))
		return mount_legacy(m, &args, target, e);
	args.readonly = is_device_fs(args.type) && (args.attrs & PF_MOUNT_ATTR_RDONLY);
	tree = make_tree(m, &args, e);
	if (tree < 0)
		return tree;
	ret = fs_attach(tree, target);
	return ret < 0 ? pf_fail_sys(e, ret, "attach") : 0;
}

/*
 * A read-only tmpfs is attached writable and made read-only when all is in it: later mounts need
 * mount points there, and /dev its devices. No mount of the plan leaves more than one.
 */
int mount_readonly_later(struct init *c, int *tree, struct pf_error *e)
{
	if (!c->late_readonly)
		c->late_readonly = malloc(c->plan->mounts.n * sizeof(*c->late_readonly));
	if (!c->late_readonly)
		return pf_fail_sys(e, ENOMEM, "remember to make it read-only");
	if (c->n_late_readonly == c->plan->mounts.n)
		return pf_fail(e, PF_ERR_BUG, 0, "more read-only file systems than mounts");
	c->late_readonly[c->n_late_readonly++] = pf_take_fd(tree);
	return 0;
}

int mount_seal_readonly(struct init *c, struct pf_error *e)
{
	while (c->n_late_readonly > 0) {
		auto_fd tree = c->late_readonly[--c->n_late_readonly];
		int ret = fs_set_attrs(tree, PF_MOUNT_ATTR_RDONLY, 0, false);

		if (ret < 0)
			return pf_fail_sys(e, ret, "make a tmpfs read-only");
	}
	return 0;
}

static int mount_cgroups(struct init *c, const struct plan_mount *m, struct pf_error *e)
{
	auto_fd target = -EBADF;

	/* The root of a cgroup namespace is the cgroup it was made in: join first. */
	STEP(child_join_cgroup(c, e));
	STEP(open_target(c, m, true, &target, e));
	return mount_cgroup(c, m, target, e);
}

static int copy_symlink(struct init *c, const struct plan_mount *m, struct pf_error *e)
{
	const char *text = plan_text(c->plan, m->source), *name;
	auto_fd dir = root_make_parent(c, plan_text(c->plan, m->dest), &name, e);
	char have[PATH_MAX];
	ssize_t len;

	if (dir < 0)
		return dir;
	if (symlinkat(text, dir, name) == 0)
		return 0;
	if (errno != EEXIST)
		return pf_fail_sys(e, errno, "make the symlink to `%s'", text);
	len = readlinkat(dir, name, have, sizeof(have));
	if (len < 0 || (size_t)len != strlen(text) || memcmp(have, text, (size_t)len) != 0)
		return pf_fail_sys(e, EEXIST, "make the symlink to `%s'", text);
	return 0;
}

static int mount_one(struct init *c, const struct plan_mount *m, struct pf_error *e)
{
	switch ((enum plan_mount_kind)m->kind) {
	case PLAN_MOUNT_TREE:
		return mount_tree(c, m, e);
	case PLAN_MOUNT_PATH:
		return mount_path(c, m, e);
	case PLAN_MOUNT_FS:
		return mount_fs(c, m, e);
	case PLAN_MOUNT_CGROUP:
		return mount_cgroups(c, m, e);
	case PLAN_MOUNT_COPY_SYMLINK:
		return copy_symlink(c, m, e);
	}
	return pf_fail(e, PF_ERR_BUG, 0, "unknown kind %u of mount", m->kind);
}

/**
 * child_mount_all() - config.json's mounts in order
 *
 * Should:	run before the pivot: sources by path, /sys and cgroups are the host's.
 * Mustn't:	resolve a destination twice; leave a tie to the host that no option asked for.
 */
int child_mount_all(struct init *c, struct pf_error *e)
{
	const struct plan_mount *m = plan_items(c->plan, c->plan->mounts);

	for (uint32_t i = 0; i < c->plan->mounts.n; i++)
		if (mount_one(c, &m[i], e) < 0)
			return pf_wrap(e, "mount `%s'", plan_text(c->plan, m[i].dest));
	return 0;
}
