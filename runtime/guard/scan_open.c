/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a file of somebody's is opened for reading. First without opening it (O_PATH), to see what it is: opening a FIFO
 * waits, opening a device acts. Then the same file through its own descriptor, so that no name is looked up again and
 * nothing can be put in its place in between.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/guard/scan_parts.h"

/* Reading leaves no trace where that can be asked for: by the owner, or with CAP_FOWNER. */
static int open_again(int proc_fd, int at, int flags)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "self/fd/%d", at);
	fd = openat(proc_fd, name, flags | O_NOATIME | O_CLOEXEC);
	if (fd < 0 && errno == EPERM)
		fd = openat(proc_fd, name, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int scan_open_regular(int proc_fd, int at, int *ret_fd)
{
	auto_fd fd = -EBADF;
	struct stat st;

	if (fstat(at, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	fd = open_again(proc_fd, at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fd;
	/* an inode does not change its type; should a file system let it, then the child does not get it */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	*ret_fd = pf_take_fd(&fd);
	return 0;
}

int scan_open_directory(int proc_fd, int at, int *ret_fd)
{
	int fd = open_again(proc_fd, at, O_RDONLY | O_NONBLOCK | O_DIRECTORY);

	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}
