/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tmpcopyup: what a directory of the image holds is copied into the tmpfs that will cover it. Both
 * ends are fds; each entry is opened by one component without following a symlink, so a hostile
 * tree can only be copied as it is. The depth is bounded, the amount by the tmpfs itself.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/fs.h"

enum { COPY_MAX_DEPTH = 64 };

static int copy_dir(int from, int to, unsigned int depth);

static int copy_bytes(int in, int out)
{
	static char buf[65536];
	ssize_t n, done, w;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		for (done = 0; done < n; done += w) {
			w = write(out, buf + done, (size_t)(n - done));
			if (w < 0)
				return -errno;
		}
	return n < 0 ? -errno : 0;
}

/* Owner first: a change of owner clears the set-id bits of the mode. */
static int copy_meta(int fd, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown(fd, st->st_uid, st->st_gid) < 0 || fchmod(fd, st->st_mode & 07777) < 0 ||
	    futimens(fd, times) < 0)
		return -errno;
	return 0;
}

static int copy_file(int from, int to, const char *name)
{
	/* O_NONBLOCK: a fifo put in its place must not hold us. */
	auto_fd in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	auto_fd out = -EBADF;
	struct stat st;
	int ret;

	if (in < 0 || fstat(in, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EAGAIN;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	ret = copy_bytes(in, out);
	return ret < 0 ? ret : copy_meta(out, &st);
}

static int copy_link(int from, int to, const char *name, const struct stat *st)
{
	char text[PATH_MAX];
	ssize_t len = readlinkat(from, name, text, sizeof(text) - 1);

	if (len < 0)
		return -errno;
	text[len] = '\0';
	if (symlinkat(text, to, name) < 0 ||
	    fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_node(int to, const char *name, const struct stat *st)
{
	if (mknodat(to, name, st->st_mode, st->st_rdev) < 0)
		return errno == EPERM ? 0 : -errno; /* a device, in a user namespace */
	return fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int copy_subdir(int from, int to, const char *name, unsigned int depth)
{
	auto_fd in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_fd out = -EBADF;

	if (in < 0)
		return -errno;
	if (mkdirat(to, name, 0700) < 0)
		return -errno;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return out < 0 ? -errno : copy_dir(in, out, depth + 1);
}

static int copy_entry(int from, int to, const char *name, unsigned int depth)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		return copy_subdir(from, to, name, depth);
	case S_IFREG:
		return copy_file(from, to, name);
	case S_IFLNK:
		return copy_link(from, to, name, &st);
	case S_IFSOCK:
		return 0; /* nobody listens on the copy */
	default:
		return copy_node(to, name, &st);
	}
}

static int copy_dir(int from, int to, unsigned int depth)
{
	char buf[2048] __attribute__((aligned(8)));
	struct stat st;
	ssize_t n, pos;
	int ret;

	if (depth > COPY_MAX_DEPTH)
		return -ELOOP;
	while ((n = getdents64(from, (void *)buf, sizeof(buf))) > 0)
		for (pos = 0; pos < n;) {
			const struct dirent64 *d = (const void *)(buf + pos);

			pos += d->d_reclen;
			if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
				continue;
			ret = copy_entry(from, to, d->d_name, depth);
			if (ret < 0)
				return ret;
		}
	if (n < 0 || fstat(from, &st) < 0)
		return -errno;
	/* The top's mode was an option of the mount, or taken from this very directory. */
	return depth == 0 ? 0 : copy_meta(to, &st);
}

int copy_up(int from, int to, struct pf_error *e)
{
	int ret = copy_dir(from, to, 0);

	return ret < 0 ? pf_fail_sys(e, ret, "tmpcopyup: copy the directory's content") : 0;
}
