/* SPDX-License-Identifier: Apache-2.0 */
/* The crooked ways to a file: other system calls, other names, other ABIs, races. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

extern char **environ;

static int reopen(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

/* Opening with O_PATH is never refused; opening that again through /proc must be. */
static int do_opath_reopen(char **a)
{
	int p = open(a[0], O_PATH | O_CLOEXEC);
	int fd;

	if (p < 0)
		return -errno;
	fd = reopen(p, O_RDONLY);
	return finish(p, read_first(fd));
}

static int do_handle_open(char **a)
{
	struct {
		unsigned int bytes;
		int type;
		unsigned char data[128];
	} h = { .bytes = sizeof(h.data) };
	int mount_id, fd;

	if (syscall(SYS_name_to_handle_at, AT_FDCWD, a[0], &h, &mount_id, 0) < 0)
		return -errno;
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return finish(fd, read_first(syscall(SYS_open_by_handle_at, fd, &h, O_RDONLY)));
}

/* by the caller's own root, then by that of pid 1: the first that opens wins */
static int do_proc_root(char **a)
{
	static const char *const roots[] = { "/proc/self/root", "/proc/1/root",
					     "/proc/thread-self/root", NULL };
	char path[4096];
	int r = -ENOENT;

	for (int i = 0; roots[i]; i++) {
		snprintf(path, sizeof(path), "%s%s", roots[i], a[0]);
		r = read_first(open(path, O_RDONLY | O_CLOEXEC));
		if (!r)
			return 0;
	}
	return r;
}

static int do_proc_cwd(char **a)
{
	char path[4096];

	if (chdir(a[0]) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/cwd/%s", a[1]);
	return read_first(open(path, O_RDONLY | O_CLOEXEC));
}

static int do_mmap_read(char **a)
{
	int fd = open(a[0], O_RDONLY | O_CLOEXEC);
	const char *m;

	if (fd < 0)
		return -errno;
	m = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	if (m == MAP_FAILED)
		return finish(fd, -errno);
	say("%.1s", m);
	return finish(fd, 0);
}

static int scratch(void)
{
	return syscall(SYS_memfd_create, "scratch", 1);
}

static int do_sendfile(char **a)
{
	int fd = open(a[0], O_RDONLY | O_CLOEXEC), out = scratch();
	long n;

	if (fd < 0)
		return -errno;
	n = sendfile(out, fd, NULL, 1);
	return finish(fd, failed(n));
}

static int do_splice(char **a)
{
	int fd = open(a[0], O_RDONLY | O_CLOEXEC), p[2];
	long n;

	if (fd < 0 || pipe(p) < 0)
		return -errno;
	n = syscall(SYS_splice, fd, NULL, p[1], NULL, 1L, 0);
	return finish(fd, failed(n));
}

static int do_copy_range(char **a)
{
	int fd = open(a[0], O_RDONLY | O_CLOEXEC);
	int out = fd < 0 ? -1 : open(a[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	long n;

	if (fd < 0 || out < 0)
		return -errno;
	n = syscall(SYS_copy_file_range, fd, NULL, out, NULL, 1L, 0);
	return finish(fd, failed(n));
}

static int do_openat2(char **a)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = { .flags = O_RDONLY | O_CLOEXEC };

	return read_first(syscall(SYS_openat2, AT_FDCWD, a[0], &how, sizeof(how)));
}

/* One OPENAT through io_uring: the ring is 64 entries of the kernel's documented layout. */
static int do_io_uring(char **a)
{
	struct {
		uint32_t sq_entries, cq_entries, flags, cpu, idle, features, wq_fd, resv[3];
		struct {
			uint32_t head, tail, mask, entries, flags, dropped, array, resv1;
			uint64_t user;
		} sq;
		struct {
			uint32_t head, tail, mask, entries, overflow, cqes, flags, resv1;
			uint64_t user;
		} cq;
	} p = { 0 };
	struct {
		uint8_t op, flags;
		uint16_t prio;
		int32_t fd;
		uint64_t off, addr;
		uint32_t len, open_flags;
		uint64_t user, pad[3];
	} * sqe;
	char *sq;
	uint32_t *array, *tail;
	int ring = syscall(SYS_io_uring_setup, 4, &p), fd;

	if (ring < 0)
		return -errno;
	sq = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
	sqe = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0x10000000);
	if (sq == MAP_FAILED || (void *)sqe == MAP_FAILED)
		return finish(ring, -errno);
	sqe->op = 18; /* IORING_OP_OPENAT */
	sqe->fd = AT_FDCWD;
	sqe->addr = (uint64_t)(uintptr_t)a[0];
	sqe->open_flags = O_RDONLY;
	array = (uint32_t *)(void *)(sq + p.sq.array);
	tail = (uint32_t *)(void *)(sq + p.sq.tail);
	array[*tail & 3] = 0;
	__atomic_fetch_add(tail, 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, 1, NULL, 0L) < 0)
		return finish(ring, -errno);
	fd = *(int32_t *)(void *)(sq + p.cq.cqes + 8);
	return finish(ring, fd < 0 ? fd : read_first(fd));
}

#ifdef __x86_64__
static long compat_call(long nr, long b, long c, long d)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(nr), "b"(b), "c"(c), "d"(d)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)r;
}

/* The 32-bit entry sees numbers of another table: 5 is open. Its pointers must lie below 4 GiB. */
static int do_int80(char **a)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long fd;

	if (low == MAP_FAILED)
		return -errno;
	snprintf(low, 4096, "%s", a[0]);
	fd = compat_call(5, (long)(uintptr_t)low, O_RDONLY, 0);
	return fd < 0 ? (int)fd : read_first((int)fd);
}

/* x32: the native entry with bit 30 set in the number */
static int do_x32(char **a)
{
	return read_first(syscall(0x40000000L | SYS_open, a[0], O_RDONLY));
}
#else
static int do_int80(char **a)
{
	(void)a;
	return -ENOSYS;
}
#define do_x32 do_int80
#endif

static int copy_into(int out, const char *path)
{
	char buf[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			return finish(fd, -EIO);
	return finish(fd, failed(n));
}

static char *no_env[] = { NULL };

/* memfd-exec PROGRAM [ARG...]: run a copy that has no path */
static int do_memfd_exec(char **a)
{
	int fd = scratch(), r;

	if (fd < 0)
		return -errno;
	r = copy_into(fd, a[0]);
	if (r)
		return r;
	syscall(SYS_execveat, fd, "", a, no_env, AT_EMPTY_PATH);
	return -errno;
}

/* copy-exec PROGRAM COPY [ARG...] */
static int do_copy_exec(char **a)
{
	int fd = open(a[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755), r;

	if (fd < 0)
		return -errno;
	r = finish(fd, copy_into(fd, a[0]));
	if (r)
		return r;
	execv(a[1], a + 1);
	return -errno;
}

static int do_opath_exec(char **a)
{
	int fd = open(a[0], O_PATH | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	syscall(SYS_execveat, fd, "", a, environ, AT_EMPTY_PATH);
	return -errno;
}

static pid_t keep_exchanging(const char *a, const char *b)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (;;)
		syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */);
}

/* race-read PATH ALT SECRET N: PATH and ALT are exchanged all the time; "ok: leak" when PATH once yields SECRET */
static int do_race_read(char **a)
{
	long n = number(a[3]), reads = 0;
	pid_t pid = keep_exchanging(a[0], a[1]);
	char buf[64];

	if (pid < 0)
		return -errno;
	for (long i = 0; i < n; i++) {
		int fd = open(a[0], O_RDONLY | O_CLOEXEC);
		long got = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

		finish(fd, 0);
		if (got <= 0)
			continue;
		buf[got] = 0;
		reads++;
		if (strstr(buf, a[2])) {
			say("leak after %ld", i);
			break;
		}
		say("no leak");
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (!reads)
		say("never read");
	return 0;
}

/* exchange-forever A B: what a neighbour does while the runtime resolves a path */
static int do_exchange_forever(char **a)
{
	while (getppid() > 0 || getpid() == 1)
		syscall(SYS_renameat2, AT_FDCWD, a[0], AT_FDCWD, a[1], 2 /* RENAME_EXCHANGE */);
	return 0;
}

const struct probe_command trick_commands[] = {
	{ "opath-reopen", "PATH", 1, 1, 0, do_opath_reopen },
	{ "handle-open", "PATH", 1, 1, 0, do_handle_open },
	{ "proc-root", "PATH", 1, 1, 0, do_proc_root },
	{ "proc-cwd", "DIR NAME", 2, 2, 0, do_proc_cwd },
	{ "mmap-read", "PATH", 1, 1, 0, do_mmap_read },
	{ "sendfile", "PATH", 1, 1, 0, do_sendfile },
	{ "splice", "PATH", 1, 1, 0, do_splice },
	{ "copy-range", "PATH COPY", 2, 2, 0, do_copy_range },
	{ "openat2", "PATH", 1, 1, 0, do_openat2 },
	{ "io-uring-open", "PATH", 1, 1, FORK, do_io_uring },
	{ "int80-open", "PATH", 1, 1, FORK, do_int80 },
	{ "x32-open", "PATH", 1, 1, FORK, do_x32 },
	{ "memfd-exec", "PROGRAM [ARG...]", 1, -1, 0, do_memfd_exec },
	{ "copy-exec", "PROGRAM COPY [ARG...]", 2, -1, 0, do_copy_exec },
	{ "opath-exec", "PROGRAM [ARG...]", 1, -1, 0, do_opath_exec },
	{ "race-read", "PATH ALT SECRET N", 4, 4, 0, do_race_read },
	{ "exchange-forever", "A B", 2, 2, 0, do_exchange_forever },
	{ 0 },
};
