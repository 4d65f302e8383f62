/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes to /proc, through a procfs that nobody else has ever seen: made here, never attached
 * anywhere. What an image or a volume has put on the container's own /proc (a symlink, a bind
 * mount, a second procfs) cannot redirect them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/fs.h"
#include "runtime/init/steps.h"

enum { PROC_ROOT_INODE = 1 };

/*
 * In a user namespace whose procfs has covered parts a new one is not permitted; then the
 * container's own, checked.
 */
static int open_mounted_proc(const struct init *c)
{
	auto_fd fd =
		sys_openat2(c->root_fd, "proc", O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
			    PF_RESOLVE_BENEATH | PF_RESOLVE_NO_SYMLINKS | PF_RESOLVE_NO_MAGICLINKS);
	struct stat st;

	if (fd < 0)
		return fd;
	if (!fs_is(fd, PROC_SUPER_MAGIC) || fstat(fd, &st) < 0 || st.st_ino != PROC_ROOT_INODE)
		return -ENODEV; /* a part of a procfs is no better than a fake */
	return pf_take_fd(&fd);
}

int proc_get(struct init *c, struct pf_error *e)
{
	const struct fs_make args = {
		.type = "proc",
		.attrs = PF_MOUNT_ATTR_NOSUID | PF_MOUNT_ATTR_NODEV | PF_MOUNT_ATTR_NOEXEC,
		.mode = -1,
	};
	struct pf_error why = PF_ERROR_INIT;
	auto_fd fd = -EBADF;

	if (c->proc_fd >= 0)
		return 0;
	fd = fs_make(&args, &why);
	if (fd == -EPERM)
		fd = open_mounted_proc(c);
	if (fd < 0)
		return pf_fail_sys(e, fd, "get a procfs of our own");
	if (!fs_is(fd, PROC_SUPER_MAGIC))
		return pf_fail(e, PF_ERR_HOST, 0, "the new procfs is no procfs");
	c->proc_fd = pf_take_fd(&fd);
	return 0;
}

static int write_sysctl(const struct init *c, const char *key, const char *value,
			struct pf_error *e)
{
	auto_fd dir = proc_open(c, "sys", O_PATH | O_DIRECTORY);
	auto_fd fd = -EBADF;
	size_t len = strlen(value);
	ssize_t n;

	if (dir < 0)
		return pf_fail_sys(e, dir, "sysctl: open `sys' of procfs");
	fd = sys_openat2(dir, key, O_WRONLY | O_CLOEXEC, 0,
			 PF_RESOLVE_BENEATH | PF_RESOLVE_NO_SYMLINKS | PF_RESOLVE_NO_MAGICLINKS |
				 PF_RESOLVE_NO_XDEV);
	if (fd < 0)
		return pf_fail_sys(e, fd, "sysctl `%s': open", key);
	do
		n = write(fd, value, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return pf_fail_sys(e, errno, "sysctl `%s': write `%.64s'", key, value);
	if ((size_t)n != len)
		return pf_fail_sys(e, EIO, "sysctl `%s': write `%.64s'", key, value);
	return 0;
}

/**
 * child_write_sysctls() - linux.sysctl, by a private procfs that stays open in c->proc_fd
 *
 * Should:	run in the container's own namespaces: procfs shows the opener's sysctls.
 * Mustn't:	use any path of the container.
 */
int child_write_sysctls(struct init *c, struct pf_error *e)
{
	const struct plan *p = c->plan;
	const struct plan_pair *pair = plan_items(p, p->sysctl);
	uint32_t i;

	if (p->sysctl.n || p->process.apparmor || p->process.selinux)
		STEP(proc_get(c, e));
	for (i = 0; i < p->sysctl.n; i++)
		STEP(write_sysctl(c, plan_text(p, pair[i].key), plan_text(p, pair[i].value), e));
	return 0;
}
