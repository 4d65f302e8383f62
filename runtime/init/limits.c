/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel shall allow the program, apart from privilege: rlimits, scheduling, I/O priority, personality, umask,
 * and the label of its security module. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/fs.h"
#include "runtime/init/steps.h"

#define MAX_CPUS 8192 /* what Linux can be built for */

static int set_rlimits(const struct plan *plan, struct pf_error *e)
{
	const struct plan_rlimit *r = plan_items(plan, plan->process.rlimits);

	for (uint32_t i = 0; i < plan->process.rlimits.n; i++) {
		struct rlimit limit = { r[i].soft, r[i].hard };

		if (setrlimit((int)r[i].resource, &limit) < 0)
			return pf_fail_sys(e, errno, "error setting rlimit type %u to %llu:%llu",
					   r[i].resource, (unsigned long long)r[i].soft,
					   (unsigned long long)r[i].hard);
	}
	return 0;
}

static int set_scheduler(const struct plan *plan, struct pf_error *e)
{
	const struct plan_process *p = &plan->process;
	struct pf_sched_attr attr = { .size = sizeof(attr),
				      .policy = p->sched_policy,
				      .flags = p->sched_flags,
				      .nice = p->sched_nice,
				      .priority = p->sched_priority,
				      .runtime = p->sched_runtime,
				      .deadline = p->sched_deadline,
				      .period = p->sched_period };
	int ret = sys_sched_setattr(&attr);

	if (ret < 0)
		return pf_fail_sys(e, ret, "set the scheduler (policy %u)", p->sched_policy);
	return 0;
}

/*
 * Without a mask all CPUs that the cgroup has, and not those that the caller happened to be bound to: the kernel cuts the
 * mask to the cpuset, and remembers it for the day when the cpuset grows. That it may be refused (an outer sandbox) leaves
 * the program with fewer CPUs, which is no reason to leave it without any.
 */
static int set_affinity(const struct plan *plan, struct pf_error *e)
{
	struct plan_list mask = plan->process.affinity;
	uint64_t all[MAX_CPUS / 64];

	if (mask.n == 0) {
		memset(all, 0xff, sizeof(all));
		(void)sched_setaffinity(0, sizeof(all), (const cpu_set_t *)(const void *)all);
		return 0;
	}
	if (sched_setaffinity(0, mask.n * 8, plan_items(plan, mask)) < 0)
		return pf_fail_sys(
			e, errno, "set the CPU affinity (are the CPUs online, and in the cpuset?)");
	return 0;
}

int child_set_limits(struct init *c, struct pf_error *e)
{
	const struct plan *plan = c->plan;
	uint32_t flags = plan->flags;

	STEP(set_rlimits(plan, e));
	STEP(set_affinity(plan, e)); /* SCHED_DEADLINE wants all CPUs, and then no change */
	if (flags & PLAN_HAS_SCHEDULER)
		STEP(set_scheduler(plan, e));
	if (flags & PLAN_HAS_IOPRIO) {
		int ret = sys_ioprio_set(plan->process.ioprio);

		if (ret < 0)
			return pf_fail_sys(e, ret, "set the I/O priority");
	}
	if ((flags & PLAN_HAS_PERSONALITY) && personality(plan->process.personality) < 0)
		return pf_fail_sys(e, errno, "set the personality");
	umask(flags & PLAN_HAS_UMASK ? (mode_t)plan->process.umask : 0022);
	return 0;
}

/* The label is written through a procfs that nothing inside can have mounted over (CVE-2025-52881). */
static int write_label(struct init *c, const char *file, const char *text, struct pf_error *e)
{
	auto_fd fd = proc_open(c, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return pf_fail_sys(e, fd, "open `/proc/%s'", file);
	if (write(fd, text, strlen(text)) < 0)
		return pf_fail_sys(e, errno, "write `%s' to `/proc/%s'", text, file);
	return 0;
}

int child_set_label(struct init *c, struct pf_error *e)
{
	const char *apparmor = plan_text(c->plan, c->plan->process.apparmor);
	const char *selinux = plan_text(c->plan, c->plan->process.selinux);
	char text[512];

	if (selinux || apparmor)
		STEP(proc_get(c, e));
	if (selinux)
		STEP(write_label(c, "thread-self/attr/exec", selinux, e));
	if (!apparmor)
		return 0;
	snprintf(text, sizeof(text), "exec %s", apparmor);
	/* The first file exists from Linux 5.8 on; the second is shared with other modules. */
	if (write_label(c, "thread-self/attr/apparmor/exec", text, e) == 0)
		return 0;
	*e = (struct pf_error)PF_ERROR_INIT;
	return write_label(c, "thread-self/attr/exec", text, e);
}
