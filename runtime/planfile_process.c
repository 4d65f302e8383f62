/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a plan: the same for the first of a container and for every exec. */
#include <config.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/planfile_parts.h"

static struct plan_list rlimits(struct flat *f, const struct plan_input *in)
{
	const struct oci_process *p = &in->config->process;
	struct plan_rlimit r[RLIM_NLIMITS + 1];
	size_t n = 0;

	/* First, so that what config.json says comes after it. */
	if (in->sources && in->sources->nofile.rlim_max)
		r[n++] = (struct plan_rlimit){ .resource = RLIMIT_NOFILE,
					       .soft = in->sources->nofile.rlim_cur,
					       .hard = in->sources->nofile.rlim_max };
	for (size_t i = 0; i < p->n_rlimits && i < RLIM_NLIMITS; i++)
		r[n++] = (struct plan_rlimit){ .resource = (uint32_t)p->rlimits[i].resource,
					       .soft = p->rlimits[i].soft,
					       .hard = p->rlimits[i].hard };
	return flat_items(f, r, sizeof(*r), n);
}

/* "0-3,8" as a bit mask; the parser has checked the form. */
static struct plan_list affinity(struct flat *f, const char *list)
{
	uint64_t mask[OCI_CPU_MAX / 64];

	if (!list || oci_cpu_mask(list, mask) < 0)
		return (struct plan_list){ 0, 0 };
	return flat_items(f, mask, sizeof(mask[0]), ARRAY_SIZE(mask));
}

static void put_scheduler(const struct oci_scheduler *s, struct plan *p)
{
	if (!s->present)
		return;
	p->flags |= PLAN_HAS_SCHEDULER;
	p->process.sched_policy = (uint32_t)s->policy;
	p->process.sched_nice = s->nice;
	p->process.sched_priority = (uint32_t)s->priority;
	p->process.sched_flags = s->flags;
	p->process.sched_runtime = s->runtime;
	p->process.sched_deadline = s->deadline;
	p->process.sched_period = s->period;
}

/* The program is told of sockets that came from systemd as a service is: their number, and that they are for process 1. */
static struct plan_list environment(struct flat *f, const struct plan_input *in)
{
	const struct oci_strings *env = &in->config->process.env;
	auto_free char **v = calloc(env->n + 3, sizeof(*v));
	struct oci_strings more = { .v = v };
	char fds[32];

	if (!in->listen_fds)
		return flat_strs(f, env);
	if (!v) {
		f->bytes.failed = true;
		return (struct plan_list){ 0 };
	}
	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], "LISTEN_FDS=", 11) != 0 &&
		    strncmp(env->v[i], "LISTEN_PID=", 11) != 0)
			v[more.n++] = env->v[i];
	snprintf(fds, sizeof(fds), "LISTEN_FDS=%u", in->listen_fds);
	v[more.n++] = fds;
	v[more.n++] = (char[]){ "LISTEN_PID=1" };
	return flat_strs(f, &more);
}

static void put_process(struct flat *f, const struct plan_input *in, struct plan *p)
{
	const struct oci_process *o = &in->config->process;
	struct plan_process *q = &p->process;

	q->args = flat_strs(f, &o->args);
	q->env = environment(f, in);
	q->cwd = flat_str(f, o->cwd);
	q->uid = o->user.uid;
	q->gid = o->user.gid;
	if (o->user.has_umask) {
		p->flags |= PLAN_HAS_UMASK;
		q->umask = o->user.umask;
	}
	q->groups =
		flat_items(f, o->user.additional_gids, sizeof(uint32_t), o->user.n_additional_gids);
	q->rlimits = rlimits(f, in);
	memcpy(q->caps, in->caps, sizeof(q->caps));
	q->apparmor = flat_str(f, o->apparmor_profile);
	q->selinux = flat_str(f, o->selinux_label);
	if (o->terminal) {
		p->flags |= PLAN_TERMINAL;
		q->console_height = o->console_height;
		q->console_width = o->console_width;
	}
	if (o->has_io_priority) {
		p->flags |= PLAN_HAS_IOPRIO;
		q->ioprio = o->io_class << 13 | o->io_priority;
	}
	put_scheduler(&o->scheduler, p);
	q->affinity = affinity(f, o->cpu_affinity_final);
}

void planfile_common(struct flat *f, const struct plan_input *in, struct plan *p)
{
	const struct oci_linux *l = &in->config->linux_;

	p->sync_fd = in->fds.sync;
	p->start_fd = in->fds.start;
	p->console_fd = in->fds.console;
	p->seal_fd = in->fds.seal;
	p->hook_state_creating_fd = in->fds.hook_creating;
	p->hook_state_created_fd = in->fds.hook_created;
	p->preserve_fds = in->preserve_fds;
	p->ppid = (uint32_t)getpid();
	if (in->config->process.no_new_privileges)
		p->flags |= PLAN_NO_NEW_PRIVS;
	if (in->confined)
		p->flags |= PLAN_CONFINED;
	if (in->shows_tree)
		p->flags |= PLAN_SHOWS_TREE;
	if (in->tells_netns)
		p->flags |= PLAN_TELLS_NETNS;
	if (in->detached)
		p->flags |= PLAN_DETACHED;
	if (in->keep_groups)
		p->flags |= PLAN_KEEP_GROUPS;
	if (in->no_setgroups)
		p->flags |= PLAN_DENY_SETGROUPS;
	if (l->has_personality) {
		p->flags |= PLAN_HAS_PERSONALITY;
		p->process.personality = l->personality;
	}
	put_process(f, in, p);
	if (in->seccomp && in->seccomp->n) {
		p->bpf = flat_items(f, in->seccomp->code, sizeof(*in->seccomp->code),
				    in->seccomp->n);
		p->seccomp_flags = in->seccomp->flags;
	}
}
