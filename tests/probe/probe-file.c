/* SPDX-License-Identifier: Apache-2.0 */
/* The plain ways to a file: what the policy's read, write and exec must decide. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "probe.h"

static int do_open_read(char **a)
{
	return read_first(open(a[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

static int do_print_file(char **a)
{
	return show_line(open(a[0], O_RDONLY | O_CLOEXEC));
}

static int open_and_close(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0644);

	return finish(fd, failed(fd));
}

static int do_open_write(char **a)
{
	return open_and_close(a[0], O_WRONLY);
}

static int do_open_rdwr(char **a)
{
	return open_and_close(a[0], O_RDWR);
}

static int do_open_path(char **a)
{
	return open_and_close(a[0], O_PATH);
}

static int do_create(char **a)
{
	return open_and_close(a[0], O_WRONLY | O_CREAT | O_EXCL);
}

static int do_tmpfile(char **a)
{
	return open_and_close(a[0], O_WRONLY | O_TMPFILE);
}

static int do_open_trunc(char **a)
{
	return open_and_close(a[0], O_WRONLY | O_TRUNC);
}

static int do_truncate(char **a)
{
	return failed(truncate(a[0], 0));
}

static int do_write(char **a)
{
	int fd = open(a[0], O_WRONLY | O_CLOEXEC | O_NOCTTY);
	long n;

	if (fd < 0)
		return -errno;
	n = write(fd, a[1], strlen(a[1]));
	return finish(fd, failed(n));
}

static int do_append_new(char **a)
{
	int fd = open(a[0], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	long n;

	if (fd < 0)
		return -errno;
	n = write(fd, a[1], strlen(a[1]));
	return finish(fd, failed(n));
}

static int do_unlink(char **a)
{
	return failed(unlink(a[0]));
}

static int do_rmdir(char **a)
{
	return failed(rmdir(a[0]));
}

static int do_mkdir(char **a)
{
	return failed(mkdir(a[0], 0755));
}

static int do_rename(char **a)
{
	return failed(rename(a[0], a[1]));
}

static int do_exchange(char **a)
{
	return failed(
		syscall(SYS_renameat2, AT_FDCWD, a[0], AT_FDCWD, a[1], 2 /* RENAME_EXCHANGE */));
}

static int do_link(char **a)
{
	return failed(link(a[0], a[1]));
}

static int do_symlink(char **a)
{
	return failed(symlink(a[0], a[1]));
}

static int do_mknod(char **a)
{
	mode_t type = a[1][0] == 'c'   ? S_IFCHR
		      : a[1][0] == 'b' ? S_IFBLK
		      : a[1][0] == 's' ? S_IFSOCK
				       : S_IFIFO;

	return failed(mknod(a[0], type | 0600, a[2] ? makedev(number(a[2]), number(a[3])) : 0));
}

static int do_chmod(char **a)
{
	return failed(chmod(a[0], number(a[1])));
}

static int do_chown(char **a)
{
	return failed(lchown(a[0], number(a[1]), number(a[2])));
}

static int do_utimes(char **a)
{
	return failed(utimensat(AT_FDCWD, a[0], NULL, 0));
}

static int do_setxattr(char **a)
{
	return failed(setxattr(a[0], "user.probe", "x", 1, 0));
}

static int do_access(char **a)
{
	return failed(access(a[0], R_OK));
}

static int do_chdir(char **a)
{
	return failed(chdir(a[0]));
}

static int do_readlink(char **a)
{
	char buf[4096];
	long n = readlink(a[0], buf, sizeof(buf) - 1);

	if (n < 0)
		return -errno;
	buf[n] = 0;
	say("%s", buf);
	return 0;
}

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "dir";
	case S_IFLNK:
		return "link";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return "other";
	}
}

/* stat PATH: "file 0644 0:0 12" or "char 0666 0:0 1:3"; the last word is the size, or the device */
static int do_stat(char **a)
{
	struct stat st;

	if (lstat(a[0], &st) < 0)
		return -errno;
	say("%s 0%o %u:%u ", type_name(st.st_mode), st.st_mode & 07777, st.st_uid, st.st_gid);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		say_more("%u:%u", major(st.st_rdev), minor(st.st_rdev));
	else
		say_more("%lld", S_ISREG(st.st_mode) ? (long long)st.st_size : 0LL);
	return 0;
}

static int do_list(char **a)
{
	DIR *d = opendir(a[0]);
	const struct dirent *e;
	int n = 0;

	if (!d)
		return -errno;
	while ((e = readdir(d)))
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(d);
	say("%d entries", n);
	return 0;
}

/* exec PATH [ARG...]: the new program's output is the result; an error is printed as usual */
static int do_exec(char **a)
{
	execv(a[0], a);
	return -errno;
}

static int do_statvfs(char **a)
{
	static const struct {
		unsigned long bit;
		const char *name;
	} bits[] = { { ST_RDONLY, "ro" }, { ST_NOSUID, "nosuid" }, { 4, "nodev" },
		     { 8, "noexec" },     { 1024, "noatime" },     { 2048, "nodiratime" },
		     { 4096, "relatime" } };
	struct statvfs st;

	if (statvfs(a[0], &st) < 0)
		return -errno;
	say("%s", st.f_flag & ST_RDONLY ? "" : "rw");
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (st.f_flag & bits[i].bit)
			say_more("%s%s", i || !(st.f_flag & ST_RDONLY) ? "," : "", bits[i].name);
	return 0;
}

const struct probe_command file_commands[] = {
	{ "open-read", "PATH", 1, 1, 0, do_open_read },
	{ "open-write", "PATH", 1, 1, 0, do_open_write },
	{ "open-rdwr", "PATH", 1, 1, 0, do_open_rdwr },
	{ "open-path", "PATH", 1, 1, 0, do_open_path },
	{ "open-trunc", "PATH", 1, 1, 0, do_open_trunc },
	{ "print-file", "PATH", 1, 1, FACT, do_print_file },
	{ "create", "PATH", 1, 1, 0, do_create },
	{ "tmpfile", "DIR", 1, 1, 0, do_tmpfile },
	{ "truncate", "PATH", 1, 1, 0, do_truncate },
	{ "write-file", "PATH TEXT", 2, 2, 0, do_write },
	{ "write-proc", "PATH VALUE", 2, 2, 0, do_write },
	{ "append", "PATH TEXT", 2, 2, 0, do_append_new },
	{ "unlink", "PATH", 1, 1, 0, do_unlink },
	{ "rmdir", "PATH", 1, 1, 0, do_rmdir },
	{ "mkdir", "PATH", 1, 1, 0, do_mkdir },
	{ "rename", "OLD NEW", 2, 2, 0, do_rename },
	{ "exchange", "A B", 2, 2, 0, do_exchange },
	{ "link", "OLD NEW", 2, 2, 0, do_link },
	{ "symlink", "TARGET NAME", 2, 2, 0, do_symlink },
	{ "mknod", "PATH c|b|p|s [MAJOR MINOR]", 2, 4, 0, do_mknod },
	{ "chmod", "PATH MODE", 2, 2, 0, do_chmod },
	{ "chown", "PATH UID GID", 3, 3, 0, do_chown },
	{ "utimes", "PATH", 1, 1, 0, do_utimes },
	{ "setxattr", "PATH", 1, 1, 0, do_setxattr },
	{ "access", "PATH", 1, 1, 0, do_access },
	{ "chdir", "PATH", 1, 1, 0, do_chdir },
	{ "readlink", "PATH", 1, 1, FACT, do_readlink },
	{ "stat", "PATH", 1, 1, FACT, do_stat },
	{ "list", "DIR", 1, 1, FACT, do_list },
	{ "exec", "PATH [ARG...]", 1, -1, 0, do_exec },
	{ "mount-flags", "PATH", 1, 1, FACT, do_statvfs },
	{ 0 },
};
