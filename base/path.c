/* SPDX-License-Identifier: Apache-2.0 */
/* Paths become fds here, and nowhere else in the parent. Each function is named for what it trusts. */
#include <config.h>

#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/sys.h"

/* The owner that stat shows for an id the user namespace does not map. */
#define OVERFLOW_UID 65534

static int open_resolved(int dir_fd, const char *path, int flags, uint64_t resolve, int *ret_fd,
			 struct pf_error *e)
{
	int fd = sys_openat2(dir_fd, path, flags | O_CLOEXEC, 0, resolve);

	if (fd == -ENOSYS)
		return pf_fail(e, PF_ERR_HOST, ENOSYS, "openat2: Linux 5.6 or later is needed");
	if (fd < 0)
		return pf_fail_sys(e, fd, "open `%s'", path);
	*ret_fd = fd;
	return 0;
}

int pf_open_in_root(int root_fd, const char *path, int flags, int *ret_fd, struct pf_error *e)
{
	return open_resolved(root_fd, path, flags, PF_RESOLVE_IN_ROOT | PF_RESOLVE_NO_MAGICLINKS,
			     ret_fd, e);
}

int pf_open_in_root_nofollow(int root_fd, const char *path, int flags, int *ret_fd,
			     struct pf_error *e)
{
	return open_resolved(root_fd, path, flags,
			     PF_RESOLVE_IN_ROOT | PF_RESOLVE_NO_MAGICLINKS | PF_RESOLVE_NO_SYMLINKS,
			     ret_fd, e);
}

int pf_open_beneath(int dir_fd, const char *path, int flags, int *ret_fd, struct pf_error *e)
{
	return open_resolved(dir_fd, path, flags,
			     PF_RESOLVE_BENEATH | PF_RESOLVE_NO_SYMLINKS |
				     PF_RESOLVE_NO_MAGICLINKS | PF_RESOLVE_NO_XDEV,
			     ret_fd, e);
}

int pf_open_host(const char *path, int flags, int *ret_fd, struct pf_error *e)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return pf_fail_sys(e, errno, "open `%s'", path);
	*ret_fd = fd;
	return 0;
}

int pf_open_proc(int *ret_fd, struct pf_error *e)
{
	auto_fd fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct statfs fs;

	if (fd < 0)
		return pf_fail_sys(e, errno, "open `/proc'");
	if (fstatfs(fd, &fs) < 0)
		return pf_fail_sys(e, errno, "statfs `/proc'");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return pf_fail(e, PF_ERR_HOST, 0, "`/proc' is not a procfs: mount one");
	*ret_fd = pf_take_fd(&fd);
	return 0;
}

/* In a user namespace a file of the host's root shows the overflow id; our own uid 0 there is not host root. */
static bool owner_is_trusted(const struct stat *st, bool host_ids)
{
	return host_ids ? st->st_uid == 0 : st->st_uid == OVERFLOW_UID;
}

static bool uids_are_host_ids(void)
{
	auto_fd fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	unsigned int in, out, n;
	char text[128];
	ssize_t len;

	if (fd < 0)
		return true; /* no user namespaces in this kernel */
	len = read(fd, text, sizeof(text) - 1);
	if (len <= 0)
		return false;
	text[len] = '\0';
	return sscanf(text, "%u %u %u", &in, &out, &n) == 3 && in == 0 && out == 0 &&
	       n == UINT32_MAX;
}

static int check_trusted(int fd, const char *path, bool host_ids, struct pf_error *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return pf_fail_sys(e, errno, "stat `%s'", path);
	if (!owner_is_trusted(&st, host_ids))
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`%s' is owned by uid %u, not by the host's root: chown root it",
			       path, st.st_uid);
	if ((st.st_mode & 0022) && !(S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX)))
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`%s' (mode %04o) can be written by others: chmod go-w it", path,
			       st.st_mode & 07777);
	return 0;
}

int pf_open_trusted(const char *path, int *ret_fd, struct pf_error *e)
{
	auto_fd dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool host_ids = uids_are_host_ids();
	char part[NAME_MAX + 1];
	const char *p = path;

	if (dir < 0)
		return pf_fail_sys(e, errno, "open `/'");
	for (;;) {
		size_t n;
		int fd;

		STEP(check_trusted(dir, path, host_ids, e));
		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 0 || n >= sizeof(part))
			return pf_fail(e, PF_ERR_POLICY, ENAMETOOLONG, "open `%s'", path);
		memcpy(part, p, n);
		part[n] = '\0';
		p += n;
		if (*p)
			fd = openat(dir, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		else
			fd = openat(dir, part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			return pf_fail_sys(e, errno, "open `%s'", path);
		pf_close(dir);
		dir = fd;
		if (!*p)
			break;
	}
	STEP(check_trusted(dir, path, host_ids, e));
	*ret_fd = pf_take_fd(&dir);
	return 0;
}

int pf_path_normalise(const char *path, char *buf, size_t size)
{
	size_t at = 0;

	if (path[0] != '/' || size < 2)
		return -EINVAL;
	while (*path) {
		size_t n;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n == 0)
			break;
		if (n == 2 && path[0] == '.' && path[1] == '.')
			return -EINVAL;
		if (!(n == 1 && path[0] == '.')) {
			if (at + n + 2 > size)
				return -EINVAL;
			buf[at++] = '/';
			memcpy(buf + at, path, n);
			at += n;
		}
		path += n;
	}
	if (at == 0)
		buf[at++] = '/';
	buf[at] = '\0';
	return 0;
}

bool pf_path_inside(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 1 && dir[0] == '/')
		return path[0] == '/';
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

int pf_fd_path(int fd, char *buf, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, size - 1);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return 0;
}
