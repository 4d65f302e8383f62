/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Freeze, list and kill. What runs in the group may fork as fast as it likes, so every loop here ends by the clock, and a
 * kill first freezes where it can: frozen processes neither fork nor leave their pid to somebody else.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/cgroup_internal.h"

#define FREEZE_TIMEOUT_MS 10000
#define KILL_TIMEOUT_MS   5000
#define MAX_PIDS          (1u << 22) /* PID_MAX_LIMIT of 64-bit kernels */

/* ---- freeze ---- */

static int v1_state(int dir, bool *frozen)
{
	char text[32];
	ssize_t n = cgroup_read_file(dir, "freezer.state", text, sizeof(text));

	if (n < 0)
		return (int)n;
	*frozen = strcmp(text, "THAWED") != 0;
	return strcmp(text, "FREEZING") == 0 ? -EAGAIN : 0;
}

/*
 * FREEZING may last for ever while the group forks, and a process in vfork waits for a child that is frozen already: now
 * and then all are let go for a moment.
 */
static int v1_freeze(int dir)
{
	struct cgroup_wait wait;
	bool frozen = false;
	int ret;

	cgroup_wait_start(&wait, FREEZE_TIMEOUT_MS);
	for (unsigned int i = 1;; i++) {
		STEP(pf_write_file_at(dir, "freezer.state", "FROZEN"));
		ret = v1_state(dir, &frozen);
		if (ret == 0 && frozen)
			return 0;
		if (ret < 0 && ret != -EAGAIN)
			return ret;
		if (i % 16 == 0)
			(void)pf_write_file_at(dir, "freezer.state", "THAWED");
		if (!cgroup_wait_next(&wait))
			break;
	}
	(void)pf_write_file_at(dir, "freezer.state", "THAWED");
	return -ETIMEDOUT;
}

static int v2_wait(int dir, bool want)
{
	auto_fd events = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct pollfd p = { .fd = events, .events = POLLPRI };
	struct cgroup_wait wait;

	if (events < 0)
		return -errno;
	cgroup_wait_start(&wait, FREEZE_TIMEOUT_MS);
	for (;;) {
		char text[256];
		int is = cgroup_read_flag(dir, "frozen");

		if (is < 0 || is == (int)want)
			return is < 0 ? is : 0;
		/* poll(2) wakes for changes since the last read of this very fd */
		(void)!pread(events, text, sizeof(text), 0);
		if (cgroup_read_flag(dir, "frozen") == (int)want)
			return 0;
		(void)poll(&p, 1, 50);
		if (!cgroup_wait_next(&wait))
			return -ETIMEDOUT;
	}
}

static int v2_freeze(int dir, bool freeze)
{
	int ret;

	STEP(pf_write_file_at(dir, "cgroup.freeze", freeze ? "1" : "0"));
	/* A thawed group stays frozen while a group above it is: nothing to wait for. */
	ret = freeze ? v2_wait(dir, true) : 0;
	if (ret == -ETIMEDOUT)
		(void)pf_write_file_at(dir, "cgroup.freeze", "0");
	return ret;
}

static const struct cgroup_hierarchy *find_freezer(const struct cgroup *cg)
{
	const struct cgroup_hierarchy *h = cgroup_find_v1(cg, "freezer");

	return h ? h : cgroup_find_v2(cg);
}

int cgroup_freeze(const struct cgroup *cg, bool freeze, struct pf_error *e)
{
	const struct cgroup_hierarchy *h = find_freezer(cg);
	auto_fd dir = -EBADF;
	int ret;

	if (!h)
		return pf_fail(
			e, PF_ERR_HOST, 0,
			"%s: the container has no group that can be frozen (cgroup v1 `freezer' or cgroup v2)",
			freeze ? "pause" : "resume");
	STEP(cgroup_dir_open(h, &dir, e));
	if (h->v2)
		ret = v2_freeze(dir, freeze);
	else
		ret = freeze ? v1_freeze(dir) : pf_write_file_at(dir, "freezer.state", "THAWED");
	if (ret < 0)
		return pf_fail_sys(e, ret, "%s `%s%s'", freeze ? "freeze" : "thaw", h->mount,
				   h->path);
	return 0;
}

int cgroup_is_frozen(const struct cgroup *cg, bool *ret, struct pf_error *e)
{
	const struct cgroup_hierarchy *h = find_freezer(cg);
	struct pf_error why;
	auto_fd dir = -EBADF;
	bool frozen = false;
	int r;

	if (!h) {
		*ret = false;
		return 0;
	}
	r = cgroup_dir_open(h, &dir, &why);
	if (r == -ENOENT) {
		*ret = false;
		return 0;
	}
	if (r < 0) {
		*e = why;
		return r;
	}
	r = h->v2 ? cgroup_read_flag(dir, "frozen") : v1_state(dir, &frozen);
	/* compat: kernel < 5.2 has no v2 freezer; the top group has no events */
	if (r == -ENODATA || r == -ENOENT || r == -ENODEV || r == -EAGAIN)
		r = 0;
	if (r < 0)
		return pf_fail_sys(e, r, "state of `%s%s'", h->mount, h->path);
	*ret = h->v2 ? r == 1 : frozen;
	return 0;
}

/* ---- list ---- */

struct pid_list {
	pid_t *v; /* owned */
	size_t n, cap;
};

static int add_pid(struct pid_list *list, long pid)
{
	if (pid <= 0 || pid > INT_MAX)
		return 0; /* 0: a process that our pid namespace does not see */
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 64;
		pid_t *v = cap > MAX_PIDS ? NULL : realloc(list->v, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		list->v = v;
		list->cap = cap;
	}
	list->v[list->n++] = (pid_t)pid;
	return 0;
}

static int list_group(int dir, void *arg)
{
	struct pid_list *list = arg;
	char line[32];
	FILE *f;
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC | O_NOFOLLOW), ret = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	f = fdopen(fd, "re");
	if (!f) {
		pf_close(fd);
		return -ENOMEM;
	}
	while (ret == 0 && fgets(line, sizeof(line), f))
		ret = add_pid(list, strtol(line, NULL, 10));
	/* a group of threads has no list of its own: its processes stand in the group above; and groups go while we read */
	if (ret == 0 && ferror(f) && errno != EOPNOTSUPP && errno != ENODEV)
		ret = -errno;
	(void)fclose(f);
	return ret;
}

/* The hierarchy that tells best who is in: one that a process cannot have been left out of. */
static const struct cgroup_hierarchy *find_lister(const struct cgroup *cg)
{
	const struct cgroup_hierarchy *h = cgroup_find_v2(cg);

	if (!h)
		h = cgroup_find_v1(cg, "freezer");
	if (!h)
		h = cgroup_find_v1(cg, "devices");
	return h || cg->n == 0 ? h : &cg->h[0];
}

int cgroup_pids_in(const struct cgroup_hierarchy *h, pid_t **ret, size_t *n, struct pf_error *e)
{
	struct pid_list list = { 0 };
	auto_fd dir = -EBADF;
	int r;

	STEP(cgroup_dir_open(h, &dir, e));
	r = cgroup_walk(dir, list_group, &list);
	if (r < 0) {
		free(list.v);
		return pf_fail_sys(e, r, "list the processes of `%s%s'", h->mount, h->path);
	}
	*ret = list.v;
	*n = list.n;
	return 0;
}

int cgroup_pids(const struct cgroup *cg, pid_t **ret, size_t *n, struct pf_error *e)
{
	const struct cgroup_hierarchy *h = find_lister(cg);

	if (!h)
		return pf_fail(e, PF_ERR_HOST, 0,
			       "the container has no cgroup that would tell its processes");
	return cgroup_pids_in(h, ret, n, e);
}

/* ---- kill ---- */

/* Return: processes signalled, or -errno */
static int signal_each(const struct cgroup *cg, int sig, struct pf_error *e)
{
	auto_free pid_t *pids = NULL;
	struct pf_error why;
	size_t n = 0;
	int sent = 0, ret = cgroup_pids(cg, &pids, &n, &why);

	if (ret == -ENOENT)
		return 0; /* no group, nobody in it */
	if (ret < 0) {
		*e = why;
		return ret;
	}
	for (size_t i = 0; i < n; i++) {
		if (pids[i] == getpid())
			continue; /* never ourselves, wherever the caller has put us */
		if (kill(pids[i], sig) == 0)
			sent++;
		else if (errno != ESRCH)
			return pf_fail_sys(e, errno, "signal %d to process %d", sig, (int)pids[i]);
	}
	return sent;
}

/* cgroup.kill (Linux 5.14) reaches all at once, also frozen ones and those that fork. */
static int kill_at_once(const struct cgroup *cg)
{
	const struct cgroup_hierarchy *h = cgroup_find_v2(cg);
	struct pf_error ignored;
	auto_fd dir = -EBADF;

	if (!h)
		return -ENOENT;
	STEP(cgroup_dir_open(h, &dir, &ignored));
	return pf_write_file_at(dir, "cgroup.kill", "1");
}

static int kill_by_loop(const struct cgroup *cg, int sig, struct pf_error *e)
{
	struct cgroup_wait wait;
	struct pf_error ignored;
	bool was_frozen = false, froze;
	int ret;

	cgroup_wait_start(&wait, KILL_TIMEOUT_MS);
	STEP(cgroup_is_frozen(cg, &was_frozen, e));
	do {
		froze = !was_frozen && cgroup_freeze(cg, true, &ignored) == 0;
		ret = signal_each(cg, sig, e);
		/* v1 holds even SIGKILL back from the frozen, so a paused container is let go to die */
		if (froze || (sig == SIGKILL && was_frozen))
			(void)cgroup_freeze(cg, false, &ignored);
		was_frozen = was_frozen && sig != SIGKILL;
	} while (ret > 0 && sig == SIGKILL && cgroup_wait_next(&wait));
	if (ret < 0)
		return ret;
	if (ret > 0 && sig == SIGKILL)
		return pf_fail_sys(e, ETIMEDOUT, "kill: %d process(es) are still there", ret);
	return 0;
}

int cgroup_kill(const struct cgroup *cg, int sig, struct pf_error *e)
{
	struct pf_error ignored;
	bool frozen = false;

	if (sig == SIGKILL && kill_at_once(cg) == 0) {
		if (cgroup_find_v1(cg, "freezer") && cgroup_is_frozen(cg, &frozen, &ignored) == 0 &&
		    frozen)
			(void)cgroup_freeze(cg, false, &ignored);
		return 0;
	}
	return kill_by_loop(cg, sig, e);
}
