/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_H
#define PROBE_H

/*
 * The probe runs inside containers and tries one thing. It prints one line: the name of an errno ("EACCES"), "ok", or
 * "ok: detail"; commands that report a fact print the fact alone. It exits 0 whatever came out, so a test asserts on the
 * line; only a misuse of the probe itself exits 2. It needs nothing of the container: static, no libc databases, no
 * /proc unless the command is about /proc.
 */

enum probe_flags {
	FACT = 1, /* print the detail alone, without "ok: " */
	FORK = 2, /* may be killed: run in a child, print "SIGSYS" and the like */
};

struct probe_command {
	const char *name, *args;
	int min, max; /* arguments; max -1: no limit */
	int flags;
	int (*run)(char **a); /* NULL terminated; 0 or -errno */
};

/* one table per file, ended by a row without a name */
extern const struct probe_command file_commands[], trick_commands[], mount_commands[],
	peer_commands[], self_commands[], life_commands[], net_commands[], bpf_commands[];

/** probe() - one command: name and arguments; prints its line, returns the exit status */
int probe(int argc, char **argv);

/** say() - the detail behind "ok"; the last call wins */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** say_more() - append to the detail */
void say_more(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** failed() - 0 when @r is not negative, else -errno */
int failed(long r);
/** finish() - the result of @r after closing @fd, which may be negative */
int finish(int fd, int r);
/** number() - decimal, 0x or 0 octal; a bad one ends the probe with status 2 */
long number(const char *s);
/** lookup() - @name in a table of names, else a number */
long lookup(const char *name, const char *const *names, const long *values);
const char *errno_name(int err);

/** read_first() - one byte (or one directory entry) of an open file proves that it can be read; closes it */
int read_first(int fd);
/** show_line() - say() the first line of an open file; closes it */
int show_line(int fd);

#endif
