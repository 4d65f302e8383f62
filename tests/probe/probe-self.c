/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the process itself: what the runtime gave it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

extern char **environ;

/* status_line NAME: the value of a line of /proc/self/status */
static int status_line(const char *name, char *buf, size_t size)
{
	char line[1024];
	FILE *f = fopen("/proc/self/status", "re");
	size_t len = strlen(name);

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, name, len) || line[len] != ':')
			continue;
		snprintf(buf, size, "%s", line + len + 1 + strspn(line + len + 1, " \t"));
		buf[strcspn(buf, "\n")] = 0;
		fclose(f);
		return 0;
	}
	fclose(f);
	return -ENOENT;
}

static int do_status(char **a)
{
	char buf[1024];
	int r = status_line(a[0], buf, sizeof(buf));

	if (!r)
		say("%s", buf);
	return r;
}

/* caps: "inh=0 prm=400 eff=400 bnd=400 amb=0" */
static int do_caps(char **a)
{
	static const char *const sets[][2] = {
		{ "CapInh", "inh" }, { "CapPrm", "prm" }, { "CapEff", "eff" },
		{ "CapBnd", "bnd" }, { "CapAmb", "amb" },
	};
	char buf[64];

	(void)a;
	say("%s", "");
	for (int i = 0; i < 5; i++) {
		int r = status_line(sets[i][0], buf, sizeof(buf));

		if (r)
			return r;
		say_more("%s%s=%llx", i ? " " : "", sets[i][1], strtoull(buf, NULL, 16));
	}
	return 0;
}

static int do_nnp(char **a)
{
	(void)a;
	say("%d", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return 0;
}

static int do_seccomp(char **a)
{
	(void)a;
	return do_status((char *[]){ (char[]){ "Seccomp" }, NULL });
}

static int do_dumpable(char **a)
{
	(void)a;
	say("%d", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	return 0;
}

static int do_pdeathsig(char **a)
{
	int sig = -1;

	(void)a;
	prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0);
	say("%d", sig);
	return 0;
}

/* ids: "1000 1000 1000 100 100 100 100,5": the real, effective and saved ones, then the groups */
static int do_ids(char **a)
{
	unsigned int u[3], g[3];
	gid_t groups[256];
	int n = getgroups(256, groups);

	(void)a;
	syscall(SYS_getresuid, &u[0], &u[1], &u[2]);
	syscall(SYS_getresgid, &g[0], &g[1], &g[2]);
	say("%u %u %u %u %u %u ", u[0], u[1], u[2], g[0], g[1], g[2]);
	for (int i = 0; i < n; i++)
		say_more("%s%u", i ? "," : "", groups[i]);
	if (n <= 0)
		say_more("-");
	return 0;
}

static int do_umask(char **a)
{
	(void)a;
	say("0%03o", umask(0));
	return 0;
}

static const char *const limit_names[] = { "cpu",    "fsize",      "data",     "stack",   "core",
					   "rss",    "nproc",      "nofile",   "memlock", "as",
					   "locks",  "sigpending", "msgqueue", "nice",    "rtprio",
					   "rttime", NULL };
static const long limit_values[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static void say_limit(rlim_t v)
{
	if (v == RLIM_INFINITY)
		say_more("unlimited");
	else
		say_more("%llu", (unsigned long long)v);
}

static int do_rlimit(char **a)
{
	struct rlimit r;

	if (getrlimit((int)lookup(a[0], limit_names, limit_values), &r) < 0)
		return -errno;
	say("%s", "");
	say_limit(r.rlim_cur);
	say_more(" ");
	say_limit(r.rlim_max);
	return 0;
}

static int do_getcwd(char **a)
{
	char buf[4096];

	(void)a;
	if (syscall(SYS_getcwd, buf, sizeof(buf)) < 0)
		return -errno;
	say("%s", buf);
	return 0;
}

static int do_hostname(char **a)
{
	struct utsname u;

	(void)a;
	uname(&u);
	say("%s", u.nodename);
	return 0;
}

static int do_domainname(char **a)
{
	char buf[128] = "";

	(void)a;
	if (getdomainname(buf, sizeof(buf)) < 0)
		return -errno;
	say("%s", buf);
	return 0;
}

static int do_machine(char **a)
{
	struct utsname u;

	(void)a;
	uname(&u);
	say("%s", u.machine);
	return 0;
}

static int do_personality(char **a)
{
	(void)a;
	say("0x%x", (unsigned int)personality(0xffffffff));
	return 0;
}

static int do_oom(char **a)
{
	(void)a;
	return show_line(open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC));
}

static const char *kind_of(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return "dir";
	if (S_ISCHR(st->st_mode))
		return "char";
	if (S_ISFIFO(st->st_mode))
		return "pipe";
	if (S_ISSOCK(st->st_mode))
		return "socket";
	return S_ISREG(st->st_mode) ? "file" : "other";
}

/* fds: "0 1 2", every number that is open; with `kinds', "0:pipe 1:pipe 2:char" */
static int do_fds(char **a)
{
	struct stat st;
	struct rlimit limit;
	int n = 0;

	getrlimit(RLIMIT_NOFILE, &limit);
	say("%s", "");
	for (int fd = 0; fd < (int)(limit.rlim_cur < 65536 ? limit.rlim_cur : 65536); fd++) {
		if (fstat(fd, &st) < 0)
			continue;
		say_more("%s%d", n++ ? " " : "", fd);
		if (a[0])
			say_more(":%s", kind_of(&st));
	}
	return 0;
}

/* fd-info N: what /proc says it is */
static int do_fd_info(char **a)
{
	char path[64], buf[1024];
	long n;

	snprintf(path, sizeof(path), "/proc/self/fd/%ld", number(a[0]));
	n = readlink(path, buf, sizeof(buf) - 1);
	if (n < 0)
		return -errno;
	buf[n] = 0;
	say("%s", buf);
	return 0;
}

/* fd-open N PATH: openat below an inherited descriptor */
static int do_fd_open(char **a)
{
	return read_first(openat((int)number(a[0]), a[1], O_RDONLY | O_CLOEXEC));
}

static int do_tty(char **a)
{
	struct winsize w = { 0 };
	char tty[64] = "none";
	long n = readlink("/proc/self/fd/0", tty, sizeof(tty) - 1);

	(void)a;
	if (n > 0)
		tty[n] = 0;
	if (!isatty(0) || !isatty(1) || !isatty(2)) {
		say("no");
		return 0;
	}
	ioctl(0, TIOCGWINSZ, &w);
	say("yes %ux%u %s", w.ws_row, w.ws_col, tty);
	return 0;
}

static int do_ctty(char **a)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	(void)a;
	return finish(fd, failed(fd));
}

static int do_getenv(char **a)
{
	const char *v = getenv(a[0]);

	say("%s", v ? v : "(unset)");
	return 0;
}

static int do_env(char **a)
{
	(void)a;
	say("%s", "");
	for (int i = 0; environ[i]; i++)
		say_more("%s%s", i ? "|" : "", environ[i]);
	return 0;
}

static int do_args(char **a)
{
	say("%s", "");
	for (int i = 0; a[i]; i++)
		say_more("%s%s", i ? "|" : "", a[i]);
	return 0;
}

/* session: pid, process group, session */
static int do_session(char **a)
{
	(void)a;
	say("%d %d %d", getpid(), getpgrp(), getsid(0));
	return 0;
}

/* clock NAME: whole seconds */
static int do_clock(char **a)
{
	struct timespec t;

	if (clock_gettime(a[0][0] == 'm' ? CLOCK_MONOTONIC : CLOCK_BOOTTIME, &t) < 0)
		return -errno;
	say("%lld", (long long)t.tv_sec);
	return 0;
}

static int do_sched(char **a)
{
	struct sched_param p = { 0 };

	(void)a;
	sched_getparam(0, &p);
	errno = 0;
	say("policy %ld nice %d prio %d io %lx", syscall(SYS_sched_getscheduler, 0L),
	    getpriority(PRIO_PROCESS, 0), p.sched_priority, syscall(SYS_ioprio_get, 1L, 0L));
	return 0;
}

static int do_affinity(char **a)
{
	(void)a;
	return do_status((char *[]){ (char[]){ "Cpus_allowed_list" }, NULL });
}

static int do_signals(char **a)
{
	char blocked[64], ignored[64];
	int r = status_line("SigBlk", blocked, sizeof(blocked));

	(void)a;
	r = r ? r : status_line("SigIgn", ignored, sizeof(ignored));
	if (!r)
		say("blocked=%llx ignored=%llx", strtoull(blocked, NULL, 16),
		    strtoull(ignored, NULL, 16));
	return r;
}

static int do_landlock_abi(char **a)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0L, 1L);

	(void)a;
	say("%ld", abi < 0 ? 0 : abi);
	return 0;
}

const struct probe_command self_commands[] = {
	{ "status", "NAME", 1, 1, FACT, do_status },
	{ "caps", "", 0, 0, FACT, do_caps },
	{ "nnp", "", 0, 0, FACT, do_nnp },
	{ "seccomp", "", 0, 0, FACT, do_seccomp },
	{ "dumpable", "", 0, 0, FACT, do_dumpable },
	{ "pdeathsig", "", 0, 0, FACT, do_pdeathsig },
	{ "ids", "", 0, 0, FACT, do_ids },
	{ "umask", "", 0, 0, FACT, do_umask },
	{ "rlimit", "NAME", 1, 1, FACT, do_rlimit },
	{ "getcwd", "", 0, 0, FACT, do_getcwd },
	{ "hostname", "", 0, 0, FACT, do_hostname },
	{ "domainname", "", 0, 0, FACT, do_domainname },
	{ "machine", "", 0, 0, FACT, do_machine },
	{ "personality", "", 0, 0, FACT, do_personality },
	{ "oom", "", 0, 0, FACT, do_oom },
	{ "fds", "[kinds]", 0, 1, FACT, do_fds },
	{ "fd-info", "N", 1, 1, FACT, do_fd_info },
	{ "fd-open", "N PATH", 2, 2, 0, do_fd_open },
	{ "tty", "", 0, 0, FACT, do_tty },
	{ "ctty", "", 0, 0, 0, do_ctty },
	{ "getenv", "NAME", 1, 1, FACT, do_getenv },
	{ "env", "", 0, 0, FACT, do_env },
	{ "args", "[ARG...]", 0, -1, FACT, do_args },
	{ "session", "", 0, 0, FACT, do_session },
	{ "clock", "monotonic|boottime", 1, 1, FACT, do_clock },
	{ "sched", "", 0, 0, FACT, do_sched },
	{ "affinity", "", 0, 0, FACT, do_affinity },
	{ "landlock-abi", "", 0, 0, FACT, do_landlock_abi },
	{ "signals", "", 0, 0, FACT, do_signals },
	{ 0 },
};
