/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets, terminals, other processes, and kernel interfaces that have no file. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "probe.h"

static const char *const families[] = { "unix", "inet",  "inet6",     "netlink", "packet",
					"alg",  "vsock", "bluetooth", "can",     "tipc",
					"xdp",  "smc",   "kcm",       NULL };
static const long family_values[] = { 1, 2, 10, 16, 17, 38, 40, 31, 29, 30, 44, 43, 41 };
static const char *const types[] = { "stream", "dgram", "raw", "seqpacket", NULL };
static const long type_values[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };
static const char *const protos[] = { "tcp",  "udp",   "icmp",  "icmpv6", "mptcp",
				      "sctp", "route", "audit", "raw",    NULL };
static const long proto_values[] = { 6, 17, 1, 58, 262, 132, 0, 9, 255 };

static int do_socket(char **a)
{
	int fd = socket((int)lookup(a[0], families, family_values),
			(int)lookup(a[1], types, type_values),
			a[2] ? (int)lookup(a[2], protos, proto_values) : 0);

	return finish(fd, failed(fd));
}

static int do_socketpair(char **a)
{
	int sv[2] = { -1, -1 };
	int r = failed(socketpair((int)lookup(a[0], families, family_values),
				  (int)lookup(a[1], types, type_values), 0, sv));

	finish(sv[0], 0);
	return finish(sv[1], r);
}

/* a leading @ means the abstract name space */
static int unix_socket(const char *name, int (*call)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = strlen(name);

	if (fd < 0)
		return -errno;
	if (len >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, name, len);
	if (name[0] == '@')
		sa.sun_path[0] = 0;
	return call(fd, (const struct sockaddr *)&sa,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0
		       ? finish(fd, -errno)
		       : fd;
}

static int do_connect_unix(char **a)
{
	int fd = unix_socket(a[0], connect);

	return fd < 0 ? fd : finish(fd, 0);
}

static int do_bind_unix(char **a)
{
	int fd = unix_socket(a[0], bind);

	return fd < 0 ? fd : finish(fd, 0);
}

/* listen-unix NAME: print "listening" and wait for ever */
static int do_listen_unix(char **a)
{
	int fd = unix_socket(a[0], bind);

	if (fd < 0)
		return fd;
	if (listen(fd, 8) < 0)
		return -errno;
	puts("listening");
	fflush(stdout);
	for (;;)
		pause();
}

static int do_connect(char **a)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)number(a[1])) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	inet_pton(AF_INET, a[0], &sa.sin_addr);
	return finish(fd, failed(connect(fd, (const struct sockaddr *)&sa, sizeof(sa))));
}

static int tty_fd(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? 0 : fd;
}

/* the command in the low half, rubbish in the high half: a filter must compare 32 bits */
static int do_tiocsti(char **a)
{
	unsigned long cmd = TIOCSTI | (a[0] ? 0x100000000UL : 0);

	return failed(syscall(SYS_ioctl, (long)tty_fd(), cmd, "x"));
}

static int do_tioclinux(char **a)
{
	char sub = 2;

	(void)a;
	return failed(syscall(SYS_ioctl, (long)tty_fd(), 0x541CUL, &sub));
}

static int do_ptrace(char **a)
{
	return failed(ptrace(PTRACE_SEIZE, (pid_t)number(a[0]), NULL, NULL));
}

static int do_kill(char **a)
{
	return failed(kill((pid_t)number(a[0]), (int)number(a[1])));
}

static int read_proc(const char *pid, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* environ PID: all of it, with a bar between two; an environment of more than a page is cut */
static int do_environ(char **a)
{
	char buf[4096];
	int fd = read_proc(a[0], "environ");
	long n = fd < 0 ? -errno : read(fd, buf, sizeof(buf) - 1);

	if (fd < 0)
		return (int)n;
	if (n < 0)
		return finish(fd, -errno);
	for (long i = 0; i < n - 1; i++)
		if (!buf[i])
			buf[i] = '|';
	buf[n] = 0;
	say("%s", buf);
	return finish(fd, 0);
}

static int do_mem(char **a)
{
	int fd = read_proc(a[0], "mem");

	return finish(fd, failed(fd));
}

/* proc-fd PID: the numbers may be listed by the same user; what they lead to may not be had */
static int do_proc_fd(char **a)
{
	char path[128];

	for (int fd = 0; fd < 16; fd++) {
		int got;

		snprintf(path, sizeof(path), "/proc/%s/fd/%d", a[0], fd);
		got = open(path, O_PATH | O_CLOEXEC);
		if (got >= 0)
			return finish(got, 0);
		if (errno != ENOENT)
			return -errno;
	}
	return -ENOENT;
}

static int do_vm_read(char **a)
{
	char b;
	struct {
		void *base;
		size_t len;
	} local = { &b, 1 }, remote = { (void *)(size_t)0x400000, 1 };
	int r = failed(
		syscall(SYS_process_vm_readv, (long)number(a[0]), &local, 1L, &remote, 1L, 0L));

	return r == -EFAULT ? 0 : r; /* a bad address there: the process itself was open to us */
}

static void note_target(long pid, int fd)
{
	static char seen[4096];
	char path[64], target[512], line[600];
	long n;

	snprintf(path, sizeof(path), "/proc/%ld/fd/%d", pid, fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0 || target[0] != '/' || !strncmp(target, "/dev/", 5) || access(path, F_OK) < 0)
		return;
	target[n] = 0;
	snprintf(line, sizeof(line), " %d:%s", fd, target);
	if (strstr(seen, line) || strlen(seen) + strlen(line) >= sizeof(seen))
		return;
	strcat(seen, line);
	say("%s", seen + 1);
}

/* fd-hunt N: look N times for descriptors of other processes that lead to files, and say which there were */
static int do_fd_hunt(char **a)
{
	const struct dirent *e;

	say("nothing");
	for (long i = number(a[0]); i > 0; i--) {
		DIR *d = opendir("/proc");

		while (d && (e = readdir(d))) {
			long pid = strtol(e->d_name, NULL, 10);

			for (int fd = 0; pid > 1 && pid != getpid() && fd < 32; fd++)
				note_target(pid, fd);
		}
		if (d)
			closedir(d);
	}
	return 0;
}

/* Write the first byte of an executable back to itself: harmless where it works, and proof that it does. */
static int is_writable(int path_fd)
{
	char path[64], byte;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 0;
	return finish(fd, pread(fd, &byte, 1, 0) == 1 && pwrite(fd, &byte, 1, 0) == 1);
}

static int hold_others(const char *own, int *held, int n)
{
	char path[64], target[512];
	DIR *d = opendir("/proc");
	const struct dirent *e;

	while (d && n < 64 && (e = readdir(d))) {
		long pid = strtol(e->d_name, NULL, 10), len;

		snprintf(path, sizeof(path), "/proc/%ld/exe", pid);
		len = pid > 0 ? readlink(path, target, sizeof(target) - 1) : -1;
		if (len <= 0)
			continue;
		target[len] = 0;
		if (!strcmp(target, own))
			continue;
		held[n] = open(path, O_PATH | O_CLOEXEC);
		n += held[n] >= 0;
	}
	if (d)
		closedir(d);
	return n;
}

/* exe-hunt N: hold the executables of all who enter, and try to write to them when their processes are gone */
static int do_exe_hunt(char **a)
{
	char own[512] = "";
	int held[64], n = 0;

	if (readlink("/proc/self/exe", own, sizeof(own) - 1) < 0)
		return -errno;
	for (long i = number(a[0]); i > 0; i--)
		n = hold_others(own, held, n);
	usleep(300000); /* a busy text cannot be written: let the last one end */
	say("%d held", n);
	for (int i = 0; i < n; i++)
		if (is_writable(held[i]))
			say_more(", writable");
	return 0;
}

static int do_keyring(char **a)
{
	(void)a;
	return failed(syscall(SYS_keyctl, 0L /* KEYCTL_GET_KEYRING_ID */, -3L /* session */, 0L));
}

static int do_keyring_name(char **a)
{
	char buf[256] = "";
	long n = syscall(SYS_keyctl, 6L /* KEYCTL_DESCRIBE */, -3L, buf, sizeof(buf) - 1);
	const char *name;

	(void)a;
	if (n < 0)
		return -errno;
	name = strrchr(buf, ';');
	say("%s", name ? name + 1 : buf);
	return 0;
}

static int do_add_key(char **a)
{
	(void)a;
	return failed(syscall(SYS_add_key, "user", "probe", "x", 1L, -3L));
}

static int do_bpf(char **a)
{
	char attr[128] = { 0 };

	(void)a;
	return failed(syscall(SYS_bpf, 0L, attr, sizeof(attr)));
}

static int do_perf(char **a)
{
	char attr[128] = { 0 };

	(void)a;
	*(unsigned int *)(void *)(attr + 4) = sizeof(attr);
	return failed(syscall(SYS_perf_event_open, attr, 0L, -1L, -1L, 0L));
}

static int do_userfaultfd(char **a)
{
	(void)a;
	return failed(syscall(SYS_userfaultfd, 1L /* user mode only */));
}

static int do_io_uring_setup(char **a)
{
	char params[256] = { 0 };

	(void)a;
	return failed(syscall(SYS_io_uring_setup, 2L, params));
}

/* syscall NR [ARG...]: any number at all, for filters */
static int do_syscall(char **a)
{
	long v[6] = { 0 };
	long r;

	for (int i = 1; i < 7 && a[i]; i++)
		v[i - 1] = number(a[i]);
	r = syscall(number(a[0]), v[0], v[1], v[2], v[3], v[4], v[5]);
	return failed(r);
}

const struct probe_command peer_commands[] = {
	{ "socket", "FAMILY TYPE [PROTO]", 2, 3, 0, do_socket },
	{ "socketpair", "FAMILY TYPE", 2, 2, 0, do_socketpair },
	{ "connect-unix", "NAME", 1, 1, 0, do_connect_unix },
	{ "bind-unix", "NAME", 1, 1, 0, do_bind_unix },
	{ "listen-unix", "NAME", 1, 1, 0, do_listen_unix },
	{ "connect", "IPV4 PORT", 2, 2, 0, do_connect },
	{ "tiocsti", "[high]", 0, 1, 0, do_tiocsti },
	{ "tioclinux", "", 0, 0, 0, do_tioclinux },
	{ "ptrace", "PID", 1, 1, 0, do_ptrace },
	{ "kill", "PID SIGNAL", 2, 2, 0, do_kill },
	{ "environ", "PID", 1, 1, 0, do_environ },
	{ "mem", "PID", 1, 1, 0, do_mem },
	{ "proc-fd", "PID", 1, 1, 0, do_proc_fd },
	{ "vm-read", "PID", 1, 1, 0, do_vm_read },
	{ "fd-hunt", "N", 1, 1, FACT, do_fd_hunt },
	{ "exe-hunt", "N", 1, 1, 0, do_exe_hunt },
	{ "keyring", "", 0, 0, 0, do_keyring },
	{ "keyring-name", "", 0, 0, FACT, do_keyring_name },
	{ "add-key", "", 0, 0, 0, do_add_key },
	{ "bpf", "", 0, 0, 0, do_bpf },
	{ "perf", "", 0, 0, 0, do_perf },
	{ "userfaultfd", "", 0, 0, 0, do_userfaultfd },
	{ "io-uring-setup", "", 0, 0, 0, do_io_uring_setup },
	{ "syscall", "NR [ARG...]", 1, 7, FORK, do_syscall },
	{ 0 },
};
