/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts, roots and namespaces: what a confined program must not be able to change. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define NEW_USER 0x10000000
#define NEW_NS   0x00020000

static int do_mount_tmpfs(char **a)
{
	return failed(mount("probe", a[0], "tmpfs", 0, NULL));
}

static int do_mount_type(char **a)
{
	return failed(mount(a[0], a[1], a[0], 0, NULL));
}

static int do_bind(char **a)
{
	return failed(mount(a[0], a[1], NULL, MS_BIND, NULL));
}

static int do_remount_rw(char **a)
{
	return failed(mount(NULL, a[0], NULL, MS_REMOUNT | MS_BIND, NULL));
}

static int do_umount(char **a)
{
	return failed(umount2(a[0], MNT_DETACH));
}

static int do_fsopen(char **a)
{
	int fd = syscall(SYS_fsopen, a[0], 1);

	return finish(fd, failed(fd));
}

static int do_open_tree(char **a)
{
	int fd = syscall(SYS_open_tree, AT_FDCWD, a[0], 1 | O_CLOEXEC /* OPEN_TREE_CLONE */);

	return finish(fd, failed(fd));
}

static int do_move_mount(char **a)
{
	return failed(syscall(SYS_move_mount, AT_FDCWD, a[0], AT_FDCWD, a[1], 0));
}

static int do_mount_setattr(char **a)
{
	struct {
		uint64_t set, clear, propagation, userns;
	} attr = { .clear = 1 /* MOUNT_ATTR_RDONLY */ };

	return failed(syscall(SYS_mount_setattr, AT_FDCWD, a[0], 0, &attr, sizeof(attr)));
}

static int do_pivot(char **a)
{
	return failed(syscall(SYS_pivot_root, a[0], a[0]));
}

/* chroot-read DIR PATH: leave the root with a directory opened before, then climb */
static int do_chroot_read(char **a)
{
	int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (top < 0 || chroot(a[0]) < 0 || fchdir(top) < 0)
		return -errno;
	for (int i = 0; i < 32; i++)
		if (chdir("..") < 0)
			return -errno;
	if (chroot(".") < 0)
		return -errno;
	return read_first(open(a[1], O_RDONLY | O_CLOEXEC));
}

static const char *const ns_names[] = { "user", "mnt",    "pid",  "net", "ipc",
					"uts",  "cgroup", "time", NULL };
static const long ns_flags[] = { NEW_USER,   NEW_NS,     0x20000000, 0x40000000,
				 0x08000000, 0x04000000, 0x02000000, 0x80 };

static int do_unshare(char **a)
{
	return failed(unshare((int)lookup(a[0], ns_names, ns_flags)));
}

static int do_unshare_user(char **a)
{
	(void)a;
	return failed(unshare(NEW_USER));
}

static int do_unshare_mnt(char **a)
{
	(void)a;
	return failed(unshare(NEW_NS));
}

static int do_setns(char **a)
{
	int fd = open(a[0], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return finish(fd, failed(setns(fd, 0)));
}

static int reap(long pid)
{
	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(0);
	waitpid((pid_t)pid, NULL, 0);
	return 0;
}

static int clone3_with(uint64_t flags)
{
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	} args = { .flags = flags, .exit_signal = SIGCHLD };

	return reap(syscall(SYS_clone3, &args, sizeof(args)));
}

static int do_clone3(char **a)
{
	(void)a;
	return clone3_with(0);
}

static int do_clone3_user(char **a)
{
	(void)a;
	return clone3_with(NEW_USER);
}

static int do_clone_user(char **a)
{
	(void)a;
	return reap(syscall(SYS_clone, NEW_USER | SIGCHLD, NULL, NULL, NULL, 0L));
}

static int do_fork(char **a)
{
	(void)a;
	return reap(fork());
}

static int do_chroot(char **a)
{
	return failed(chroot(a[0]));
}

/* ns NAME: "user:[4026531837]" */
static int do_ns(char **a)
{
	char path[64], buf[64];
	long n;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", a[0]);
	n = readlink(path, buf, sizeof(buf) - 1);
	if (n < 0)
		return -errno;
	buf[n] = 0;
	say("%s", buf);
	return 0;
}

/* mount-info PATH [FIELD]: the last line of /proc/self/mountinfo with that mount point; optional fields and flags */
static int do_mount_info(char **a)
{
	char line[4096], point[2048], opts[512], rest[1024], root[2048];
	FILE *f = fopen("/proc/self/mountinfo", "re");

	if (!f)
		return -errno;
	say("none");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*d %*d %*s %2047s %2047s %511s %1023[^\n]", root, point, opts,
			   rest) < 4)
			continue;
		if (!strcmp(point, a[0]))
			say("%s %s %s", root, opts, rest);
	}
	fclose(f);
	return 0;
}

const struct probe_command mount_commands[] = {
	{ "mount-tmpfs", "DIR", 1, 1, 0, do_mount_tmpfs },
	{ "mount-type", "TYPE DIR", 2, 2, 0, do_mount_type },
	{ "bind", "FROM TO", 2, 2, 0, do_bind },
	{ "remount-rw", "PATH", 1, 1, 0, do_remount_rw },
	{ "umount", "PATH", 1, 1, 0, do_umount },
	{ "fsopen", "TYPE", 1, 1, 0, do_fsopen },
	{ "open-tree", "PATH", 1, 1, 0, do_open_tree },
	{ "move-mount", "FROM TO", 2, 2, 0, do_move_mount },
	{ "mount-setattr", "PATH", 1, 1, 0, do_mount_setattr },
	{ "pivot", "DIR", 1, 1, 0, do_pivot },
	{ "chroot", "DIR", 1, 1, 0, do_chroot },
	{ "chroot-read", "DIR PATH", 2, 2, 0, do_chroot_read },
	{ "unshare", "NAME", 1, 1, FORK, do_unshare },
	{ "unshare-user", "", 0, 0, FORK, do_unshare_user },
	{ "unshare-mnt", "", 0, 0, FORK, do_unshare_mnt },
	{ "setns", "PATH", 1, 1, FORK, do_setns },
	{ "clone3", "", 0, 0, 0, do_clone3 },
	{ "clone3-user", "", 0, 0, 0, do_clone3_user },
	{ "clone-user", "", 0, 0, 0, do_clone_user },
	{ "fork", "", 0, 0, 0, do_fork },
	{ "ns", "NAME", 1, 1, FACT, do_ns },
	{ "mount-info", "PATH", 1, 1, FACT, do_mount_info },
	{ 0 },
};
