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

/* A user namespace goes last, while we may still enter those that the host's root owns; what its own root owns can only
 * be entered after it. So: first all others, then the user namespace, then those that were refused. */
static int join_all(const struct plan *plan, struct pf_error *e)
{
	const struct plan_ns_join *j = plan_items(plan, plan->joins);
	bool refused[16] = { false };
	int ret;

	if (plan->joins.n > sizeof(refused))
		return pf_fail(e, PF_ERR_BUG, E2BIG, "join namespaces");
	for (uint32_t i = 0; i < plan->joins.n; i++) {
		if (j[i].flag == CLONE_NEWUSER)
			continue;
		ret = setns(j[i].fd, (int)j[i].flag) < 0 ? -errno : 0;
		if (ret < 0 && ret != -EPERM)
			return pf_fail_sys(e, ret, "join namespace (flag 0x%x)", j[i].flag);
		refused[i] = ret < 0;
	}
	for (uint32_t i = 0; i < plan->joins.n; i++)
		if (j[i].flag == CLONE_NEWUSER) {
			if (setns(j[i].fd, CLONE_NEWUSER) < 0)
				return pf_fail_sys(e, errno, "join the user namespace");
			/* Namespaces made next belong to its root, so we must be that root. */
			if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
				return pf_fail_sys(e, errno,
						   "become root of the joined user namespace");
			if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
				return pf_fail_sys(e, errno, "stay undumpable");
		}
	for (uint32_t i = 0; i < plan->joins.n; i++)
		if (refused[i] && setns(j[i].fd, (int)j[i].flag) < 0)
			return pf_fail_sys(e, errno, "join namespace (flag 0x%x)", j[i].flag);
	return 0;
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
		/* What leads back to the namespaces outside is not for the process inside. */
		for (uint32_t i = 0; i < plan->joins.n; i++)
			pf_close(
				((const struct plan_ns_join *)plan_items(plan, plan->joins))[i].fd);
		await_gate(gate);
		return 0;
	}
	STEP(sync_send(plan->sync_fd, SYNC_STAGED, pid, -1));
	_exit(0);
}
