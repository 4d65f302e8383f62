/* SPDX-License-Identifier: Apache-2.0 */
/* The first of two stages: see stage.h. It runs on the host's side of every namespace it has not joined yet. */
#include "runtime/init/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/steps.h"
#include "runtime/init/sync.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static int join_user(int fd, struct pf_error *e)
{
	if (setns(fd, CLONE_NEWUSER) < 0)
		return pf_fail_sys(e, errno, "join the user namespace");
	/* Namespaces made next belong to its root, so we must be that root. */
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return pf_fail_sys(e, errno, "become root of the joined user namespace");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return pf_fail_sys(e, errno, "stay undumpable");
	return 0;
}

/* What the host's root owns can be entered only before the user namespace, what the namespace's own root owns only after
 * it. So: all others, then the user namespace, then those that were refused. */
static int join_all(const struct plan *plan, struct pf_error *e)
{
	const struct plan_ns_join *j = plan_items(plan, plan->joins);
	uint32_t n = plan->joins.n, refused = 0; /* a bit for each */
	int user_fd = -EBADF;

	if (n > 32)
		return pf_fail(e, PF_ERR_BUG, E2BIG, "join namespaces");
	for (uint32_t i = 0; i < n; i++) {
		if (j[i].flag == CLONE_NEWUSER)
			user_fd = j[i].fd;
		else if (setns(j[i].fd, (int)j[i].flag) == 0)
			continue;
		else if (errno == EPERM)
			refused |= 1u << i;
		else
			return pf_fail_sys(e, errno, "join namespace (flag 0x%x)", j[i].flag);
	}
	if (user_fd >= 0)
		STEP(join_user(user_fd, e));
	for (uint32_t i = 0; i < n; i++)
		if ((refused >> i & 1) && setns(j[i].fd, (int)j[i].flag) < 0)
			return pf_fail_sys(e, errno, "join namespace (flag 0x%x)", j[i].flag);
	return 0;
}

/* What leads back to the namespaces outside is not for the process inside. */
static void close_joins(const struct plan *plan)
{
	const struct plan_ns_join *j = plan_items(plan, plan->joins);

	for (uint32_t i = 0; i < plan->joins.n; i++)
		pf_close(j[i].fd);
}

/* Offsets can be written only while the new time namespace has no process: it gets its first by our clone. */
static int make_time_namespace(const struct plan *plan, struct pf_error *e)
{
	const char *text = plan_text(plan, plan->timens_offsets);
	auto_fd fd = -EBADF;

	if (unshare(CLONE_NEWTIME) < 0)
		return pf_fail_sys(e, errno, "make a time namespace");
	if (!text)
		return 0;
	fd = openat(plan->proc_fd, "self/timens_offsets", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return pf_fail_sys(e, errno, "open `timens_offsets'");
	if (write(fd, text, strlen(text)) < 0)
		return pf_fail_sys(e, errno, "set the time offsets");
	return 0;
}

/* The second stage may be quick: its first message must not pass the one that says who it is. The end of the first stage
 * opens the gate, whatever it came to: without that message the parent refuses the next one. */
static void await_gate(int gate[2])
{
	char c;

	pf_close_ptr(&gate[1]);
	while (read(gate[0], &c, 1) < 0 && errno == EINTR)
		;
	pf_close_ptr(&gate[0]);
}

int stage_one(struct init *c, struct pf_error *e)
{
	const struct plan *plan = c->plan;
	struct pf_clone_args args = { .flags = plan->clone_flags | CLONE_PARENT };
	int pid, gate[2];

	if (plan->flags & PLAN_EXEC)
		STEP(child_join_cgroup(c, e));
	STEP(join_all(plan, e));
	if (plan->flags & PLAN_HAS_TIMENS)
		STEP(make_time_namespace(plan, e));
	/* A caller without privilege can write our maps only while /proc/PID is its own. Nothing hostile is in sight yet. */
	if ((plan->flags & (PLAN_NEW_USERNS | PLAN_ROOTLESS)) ==
		    (PLAN_NEW_USERNS | PLAN_ROOTLESS) &&
	    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return pf_fail_sys(e, errno, "become dumpable for the id maps");
	if (pipe2(gate, O_CLOEXEC) < 0)
		return pf_fail_sys(e, errno, "make a pipe");
	pid = sys_clone3(&args);
	if (pid < 0)
		return pf_fail_sys(e, pid, "clone into the new namespaces (flags 0x%llx)",
				   (unsigned long long)args.flags);
	if (pid == 0) {
		close_joins(plan);
		await_gate(gate);
		return 0;
	}
	STEP(sync_send(plan->sync_fd, SYNC_STAGED, pid, -1));
	_exit(0);
}
