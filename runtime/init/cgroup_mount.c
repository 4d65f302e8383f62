/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `cgroup' mount: the container's own cgroups and nothing above them. With a cgroup namespace a
 * new mount shows just that; without one, or where the kernel does not permit it, the container's
 * directories are bound from the host.
 *
 * cgroup2 is one mount. cgroup v1, and the hybrid of both, is a small tmpfs with a directory for
 * each hierarchy.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/fs.h"

static uint64_t cgroup_attrs(const struct init *c, const struct plan_mount *m)
{
	uint32_t flags = c->plan->flags;
	uint64_t attrs = (m->attr_set | m->rec_attr_set) & FS_ATTRS;

	/*
	 * Bound without a cgroup namespace, in a user namespace: the limits must not be the
	 * container's to change.
	 */
	if ((flags & PLAN_IN_USERNS) && !(flags & PLAN_NEW_CGROUPNS))
		attrs |= PF_MOUNT_ATTR_RDONLY;
	return attrs;
}

/* The host's directory of this hierarchy as a detached tree; the fd or -errno with e. */
static int bind_hierarchy(const struct init *c, const struct plan_cgroup_mount *h, uint64_t attrs,
			  struct pf_error *e)
{
	const char *dir = plan_text(c->plan, h->host_dir);
	auto_fd tree = -EBADF;
	int ret;

	if (!dir)
		return pf_fail(e, PF_ERR_HOST, EPERM,
			       "mounting a cgroup file system is not permitted, and there is no "
			       "cgroup of the container's own to bind");
	tree = fs_clone_path(dir, true, h->options ? CGROUP_SUPER_MAGIC : CGROUP2_SUPER_MAGIC);
	ret = tree < 0 ? tree : fs_set_attrs(tree, attrs, 0, true);
	if (ret >= 0)
		ret = fs_set_propagation(tree, MS_PRIVATE, true);
	return ret < 0 ? pf_fail_sys(e, ret, "bind the cgroup `%s'", dir) : pf_take_fd(&tree);
}

static int make_hierarchy(const struct init *c, const struct plan_cgroup_mount *h, uint64_t attrs,
			  struct pf_error *e)
{
	const struct fs_make args = {
		.type = h->options ? "cgroup" : "cgroup2",
		.source = "cgroup",
		.data = plan_text(c->plan, h->options),
		.attrs = attrs,
		.mode = -1,
	};
	struct pf_error why = PF_ERROR_INIT;
	int tree;

	if (!(c->plan->flags & PLAN_NEW_CGROUPNS))
		return bind_hierarchy(c, h, attrs, e);
	tree = fs_make(&args, &why);
	if (tree == -EPERM || tree == -EBUSY)
		return bind_hierarchy(c, h, attrs, e);
	if (tree < 0)
		*e = why;
	return tree;
}

/* A directory of the tmpfs, the hierarchy on it, and its other names beside it. */
static int mount_hierarchy(const struct init *c, const struct plan_cgroup_mount *h, uint64_t attrs,
			   int dir, struct pf_error *e)
{
	const char *name = plan_text(c->plan, h->name);
	const plan_str *links = plan_items(c->plan, h->links);
	auto_fd target = -EBADF, tree = -EBADF;
	int ret;

	if (!name || strchr(name, '/') || strcmp(name, "..") == 0)
		return pf_fail(e, PF_ERR_BUG, EINVAL, "cgroup hierarchy with name `%s'",
			       name ? name : "");
	if (mkdirat(dir, name, 0755) < 0)
		return pf_fail_sys(e, errno, "make the directory of cgroup `%s'", name);
	target = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return pf_fail_sys(e, errno, "open the directory of cgroup `%s'", name);
	tree = make_hierarchy(c, h, attrs, e);
	if (tree < 0)
		return pf_wrap(e, "cgroup `%s'", name);
	ret = fs_attach(tree, target);
	if (ret < 0)
		return pf_fail_sys(e, ret, "attach cgroup `%s'", name);
	for (uint32_t i = 0; i < h->links.n; i++)
		if (symlinkat(name, dir, plan_text(c->plan, links[i])) < 0 && errno != EEXIST)
			return pf_fail_sys(e, errno, "link to cgroup `%s'", name);
	return 0;
}

static int mount_v2(const struct init *c, const struct plan_mount *m, int target,
		    struct pf_error *e)
{
	const struct plan_cgroup_mount *h = plan_items(c->plan, c->plan->cgroup_mounts);
	auto_fd tree = make_hierarchy(c, h, cgroup_attrs(c, m), e);
	int ret;

	if (tree < 0)
		return tree;
	STEP(mount_set_propagation(tree, m, e));
	ret = fs_attach(tree, target);
	return ret < 0 ? pf_fail_sys(e, ret, "attach cgroup2") : 0;
}

int mount_cgroup(struct init *c, const struct plan_mount *m, int target, struct pf_error *e)
{
	const struct plan_cgroup_mount *h = plan_items(c->plan, c->plan->cgroup_mounts);
	uint64_t attrs = cgroup_attrs(c, m);
	const struct fs_make top = {
		.type = "tmpfs",
		.source = "tmpfs",
		.data = "mode=755",
		.attrs = attrs &
			 ~PF_MOUNT_ATTR_RDONLY, /* until all is in it: engines bind one more */
		.mode = -1,
	};
	uint32_t n = c->plan->cgroup_mounts.n;
	auto_fd tree = -EBADF;
	int ret;

	if (n == 1 && !h[0].name)
		return mount_v2(c, m, target, e);
	tree = fs_make(&top, e);
	if (tree < 0)
		return tree;
	STEP(mount_set_propagation(tree, m, e));
	/* Attached before it is filled: a mount on a detached mount needs Linux 6.15. */
	ret = fs_attach(tree, target);
	if (ret < 0)
		return pf_fail_sys(e, ret, "attach the tmpfs of the cgroups");
	for (uint32_t i = 0; i < n; i++)
		STEP(mount_hierarchy(c, &h[i], attrs, tree, e));
	return attrs & PF_MOUNT_ATTR_RDONLY ? mount_readonly_later(c, &tree, e) : 0;
}
