/* SPDX-License-Identifier: Apache-2.0 */
/* The probe's command line: finds the command in the tables, runs it, prints the one line. See probe.h. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char detail[8192];

static const struct {
	int err;
	const char *name;
} errnos[] = {
#define E(x)          \
	{             \
		x, #x \
	}
	E(EPERM),        E(ENOENT),       E(ESRCH),           E(EINTR),           E(EIO),
	E(ENXIO),        E(E2BIG),        E(ENOEXEC),         E(EBADF),           E(ECHILD),
	E(EAGAIN),       E(ENOMEM),       E(EACCES),          E(EFAULT),          E(EBUSY),
	E(EEXIST),       E(EXDEV),        E(ENODEV),          E(ENOTDIR),         E(EISDIR),
	E(EINVAL),       E(ENFILE),       E(EMFILE),          E(ENOTTY),          E(ETXTBSY),
	E(EFBIG),        E(ENOSPC),       E(ESPIPE),          E(EROFS),           E(EMLINK),
	E(EPIPE),        E(ERANGE),       E(ENAMETOOLONG),    E(ENOSYS),          E(ENOTEMPTY),
	E(ELOOP),        E(ENODATA),      E(EPROTO),          E(EOVERFLOW),       E(EUSERS),
	E(ENOTSOCK),     E(EDESTADDRREQ), E(EPROTONOSUPPORT), E(ESOCKTNOSUPPORT), E(EOPNOTSUPP),
	E(EAFNOSUPPORT), E(EADDRINUSE),   E(EADDRNOTAVAIL),   E(ENETUNREACH),     E(ECONNREFUSED),
	E(ECONNABORTED), E(ECONNRESET),   E(ENOTCONN),        E(ETIMEDOUT),       E(EHOSTUNREACH),
	E(EINPROGRESS),  E(EALREADY),     E(ESTALE),          E(EDQUOT),          E(ENOKEY),
	E(EKEYREJECTED), E(EUNATCH),      E(ENOTNAM),         E(EPROTOTYPE),
#undef E
};

const char *errno_name(int err)
{
	static char other[32];

	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (errnos[i].err == err)
			return errnos[i].name;
	snprintf(other, sizeof(other), "errno %d", err);
	return other;
}

__attribute__((format(printf, 2, 0))) static void append(size_t at, const char *fmt, va_list ap)
{
	vsnprintf(detail + at, sizeof(detail) - at, fmt, ap);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(0, fmt, ap);
	va_end(ap);
}

void say_more(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(strlen(detail), fmt, ap);
	va_end(ap);
}

int failed(long r)
{
	return r < 0 ? -errno : 0;
}

int finish(int fd, int r)
{
	if (fd >= 0)
		close(fd);
	return r;
}

static void misuse(const char *what, const char *value)
{
	fprintf(stderr, "probe: %s `%s'\n", what, value);
	exit(2);
}

long number(const char *s)
{
	char *end;
	long v = strtol(s, &end, 0);

	if (!*s || *end)
		misuse("not a number:", s);
	return v;
}

long lookup(const char *name, const char *const *names, const long *values)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return values[i];
	return number(name);
}

int read_first(int fd)
{
	char buf[1024];
	long n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, 1);
	if (n < 0 && errno == EISDIR)
		n = syscall(SYS_getdents64, fd, buf, sizeof(buf));
	return finish(fd, failed(n));
}

int show_line(int fd)
{
	char buf[4096];
	long n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, sizeof(buf) - 1);
	if (n < 0)
		return finish(fd, -errno);
	buf[n] = 0;
	say("%.*s", (int)strcspn(buf, "\n"), buf);
	return finish(fd, 0);
}

static const struct probe_command *const tables[] = {
	file_commands, trick_commands, mount_commands, peer_commands,
	self_commands, life_commands,  net_commands,   bpf_commands,
};

static const struct probe_command *find(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct probe_command *c = tables[i]; c->name; c++)
			if (!strcmp(c->name, name))
				return c;
	return NULL;
}

static void print_result(const struct probe_command *c, int r)
{
	if (r < 0)
		printf("%s\n", errno_name(-r));
	else if (c->flags & FACT)
		printf("%s\n", detail);
	else
		printf(detail[0] ? "ok: %s\n" : "ok\n", detail);
	fflush(stdout);
}

/* A command that a filter may kill: what killed it is the result. */
static void run_in_child(const struct probe_command *c, char **args)
{
	int st;
	pid_t pid = fork();

	if (pid < 0) {
		print_result(c, -errno);
		return;
	}
	if (pid == 0) {
		print_result(c, c->run(args));
		_exit(0);
	}
	while (waitpid(pid, &st, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(st))
		printf("%s\n", WTERMSIG(st) == SIGSYS    ? "SIGSYS"
			       : WTERMSIG(st) == SIGSEGV ? "SIGSEGV"
							 : strsignal(WTERMSIG(st)));
}

static int list_commands(void)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct probe_command *c = tables[i]; c->name; c++)
			printf("%s %s\n", c->name, c->args);
	return 0;
}

int probe(int argc, char **argv)
{
	const struct probe_command *c = find(argv[0]);

	if (!c)
		misuse("no such command:", argv[0]);
	if (argc - 1 < c->min || (c->max >= 0 && argc - 1 > c->max))
		misuse("wrong number of arguments for", argv[0]);
	if (c->flags & FORK)
		run_in_child(c, argv + 1);
	else
		print_result(c, c->run(argv + 1));
	return 0;
}

int main(int argc, char **argv)
{
	return argc < 2 ? list_commands() : probe(argc - 1, argv + 1);
}
