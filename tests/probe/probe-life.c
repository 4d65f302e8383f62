/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to live and to die: what lifecycle and cgroup tests need of a workload. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

static volatile sig_atomic_t code;

static void leave(int sig)
{
	(void)sig;
	_exit(code);
}

/* Pid 1 of a pid namespace ignores every signal that it does not handle, so a sleeper needs SIGKILL there. */
static int do_forever(char **a)
{
	if (a[0]) {
		printf("%s\n", a[0]);
		fflush(stdout);
	}
	while (pause() < 0)
		;
	return 0;
}

static int do_sigterm_exit(char **a)
{
	code = (int)number(a[0]);
	signal(SIGTERM, leave);
	return do_forever((char *[]){ (char[]){ "ready" }, NULL });
}

/* signal-report FILE: appends the number of each signal that arrives; TERM ends it */
static int do_sig_report(char **a)
{
	sigset_t set;
	int sig;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	puts("ready");
	fflush(stdout);
	for (;;) {
		int fd;
		char line[32];

		if (sigwait(&set, &sig))
			continue;
		snprintf(line, sizeof(line), "%d\n", sig);
		fd = open(a[0], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (fd >= 0 && write(fd, line, strlen(line)) > 0)
			close(fd);
		if (sig == SIGTERM)
			_exit(0);
	}
}

static int do_exit(char **a)
{
	_exit((int)number(a[0]));
}

static int do_abort(char **a)
{
	signal((int)number(a[0]), SIG_DFL);
	kill(getpid(), (int)number(a[0]));
	return -EAGAIN; /* pid 1 survives its own signal */
}

/* spawn N: N children that sleep, then sleep too; prints their pids */
static int do_spawn(char **a)
{
	for (long i = number(a[0]); i > 0; i--) {
		pid_t pid = fork();

		if (pid < 0)
			return -errno;
		if (!pid)
			do_forever((char *[]){ NULL });
		printf("%d\n", pid);
	}
	fflush(stdout);
	return do_forever((char *[]){ NULL });
}

/* fork-limit N: how many children can live at once, at most N */
static int do_fork_limit(char **a)
{
	long n = number(a[0]), i;
	pid_t *pids = calloc((size_t)n + 1, sizeof(*pids));
	int err = 0;

	if (!pids)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			do_forever((char *[]){ NULL });
		if (pids[i] < 0) {
			err = errno;
			break;
		}
	}
	for (long k = 0; k < i; k++) {
		kill(pids[k], SIGKILL);
		waitpid(pids[k], NULL, 0);
	}
	free(pids);
	say("%ld %s", i, err ? errno_name(err) : "all");
	return 0;
}

/* mem-eat BYTES: touch that much memory; a limit kills this process, which pid 1's caller sees as 137 */
static int do_mem_eat(char **a)
{
	size_t len = (size_t)number(a[0]);
	char *m = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (m == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < len; i += 4096)
		m[i] = 1;
	return 0;
}

/* cat: stdin to stdout, ends with it */
static int do_cat(char **a)
{
	char buf[4096];
	long n;

	(void)a;
	while ((n = read(0, buf, sizeof(buf))) > 0)
		if (write(1, buf, (size_t)n) != n)
			return -EIO;
	_exit(0);
}

/* each: several probes in one container, separated by "--"; each prints its line */
static int do_each(char **a)
{
	char **start = a;

	for (;; a++) {
		int last = !*a;

		if (!last && strcmp(*a, "--"))
			continue;
		*a = NULL;
		if (start != a) {
			pid_t pid = fork();

			if (pid == 0)
				_exit(probe((int)(a - start), start));
			if (pid < 0)
				return -errno;
			waitpid(pid, NULL, 0);
		}
		if (last)
			_exit(0);
		start = a + 1;
	}
}

const struct probe_command life_commands[] = {
	{ "forever", "[WORD]", 0, 1, 0, do_forever },
	{ "sigterm-exit", "CODE", 1, 1, 0, do_sigterm_exit },
	{ "signal-report", "FILE", 1, 1, 0, do_sig_report },
	{ "exit", "CODE", 1, 1, 0, do_exit },
	{ "die", "SIGNAL", 1, 1, 0, do_abort },
	{ "spawn", "N", 1, 1, 0, do_spawn },
	{ "fork-limit", "N", 1, 1, FACT, do_fork_limit },
	{ "mem-eat", "BYTES", 1, 1, 0, do_mem_eat },
	{ "cat", "", 0, 0, 0, do_cat },
	{ "each", "CMD [ARG...] [-- CMD...]", 1, -1, 0, do_each },
	{ 0 },
};
