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
#include <unistd.h>

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

/*
 * Who is the host's root here? The id that the map leads to 0 outside; where no line does, the host's root shows as the
 * overflow id, and our own uid 0 is somebody else.
 */
static uid_t host_root(void)
{
	auto_fd fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	char text[16384], *save = NULL; /* a map has at most 340 lines of 33 bytes */
	unsigned int in, out, n;
	size_t len = 0;
	ssize_t got;

	if (fd < 0)
		return 0; /* no user namespaces in this kernel */
	while (len < sizeof(text) - 1 && (got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)got;
	text[len] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%u %u %u", &in, &out, &n) == 3 && out == 0 && n > 0)
			return in;
	return OVERFLOW_UID;
}

/* @len: how much of @path has been opened; the message names that component and no other */
static int check_trusted(int fd, const char *path, size_t len, uid_t root, struct pf_error *e)
{
	int n = len ? (int)len : 1;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return pf_fail_sys(e, errno, "stat `%.*s'", n, path);
	if (st.st_uid != root)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`%.*s' is owned by uid %u, not by the host's root: chown root it",
			       n, path, st.st_uid);
	if ((st.st_mode & 0022) && !(S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX)))
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`%.*s' (mode %04o) can be written by others: chmod go-w it", n,
			       path, st.st_mode & 07777);
	return 0;
}

int pf_open_trusted(const char *path, int *ret_fd, struct pf_error *e)
{
	auto_fd dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	uid_t root = host_root();
	char part[NAME_MAX + 1];
	const char *p = path;

	if (dir < 0)
		return pf_fail_sys(e, errno, "open `/'");
	for (;;) {
		size_t n;
		int fd;

		STEP(check_trusted(dir, path, (size_t)(p - path), root, e));
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
			return pf_fail_sys(e, errno, "open `%.*s'", (int)(p - path), path);
		pf_close(dir);
		dir = fd;
		if (!*p)
			break;
	}
	STEP(check_trusted(dir, path, (size_t)(p - path), root, e));
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
