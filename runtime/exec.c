/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: state -> what the container was made with -> plan -> spawn -> staged -> ready -> go -> exec.
 *
 * The init joins the container's cgroup first and its namespaces by the pidfd of the container's init, so it can never
 * be another process's. What confined the container at create confines this process too: the recorded seal, with the
 * paths opened anew and left out where they are no longer what was judged.
 */
#include <config.h>

#include "runtime/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/sys.h"
#include "runtime/console.h"
#include "runtime/container.h"
#include "runtime/guard/credentials.h"
#include "runtime/guard/env_report.h"
#include "runtime/guard/events_tell.h"
#include "runtime/init/sync.h"
#include "runtime/planfile.h"
#include "runtime/spawn.h"

#define SECCOMP_MAX_BYTES (64u << 10 << 3)

struct exec {
	struct runtime *rt;
	const struct state *state;
	const struct exec_options *opt;
	struct oci_config *config;
	struct seccomp_program seccomp;
	struct flat plan;
	struct env_report env_report;
	struct credentials credentials;
	struct cgroup cgroup;
	uint64_t caps[OCI_CAP_SET_COUNT_];
	int init_pidfd, sync_fd, init_sync_fd, plan_fd, seal_fd, console_fd, ours_fd, cgroup2_fd,
		pidfd;
	int joins[SYNC_MAX_FDS];
	size_t n_joins;
	pid_t stage_pid, pid;
};

static int load_seccomp(struct exec *x, struct pf_error *e)
{
	char *text;
	size_t len;

	if (!x->state->has_seccomp)
		return 0;
	STEP(pf_read_file_at(x->state->dir_fd, "seccomp.bpf", SECCOMP_MAX_BYTES, &text, &len, e));
	x->seccomp.code = (struct sock_filter *)(void *)text;
	x->seccomp.n = len / sizeof(struct sock_filter);
	x->seccomp.flags = x->state->seccomp_flags;
	return 0;
}

/* The record is copied into a sealed memfd: what the init maps cannot change under it. */
static int load_seal(struct exec *x, struct pf_error *e)
{
	struct flat f = { 0 };
	int ret;

	if (!x->state->confined)
		return 0;
	ret = pf_read_file_at(x->state->dir_fd, "seal.plan", PLAN_MAX_BYTES, &f.bytes.data,
			      &f.bytes.len, e);
	if (ret == 0)
		ret = flat_memfd(&f, "pinfold-seal", &x->seal_fd, e);
	flat_free(&f);
	return ret;
}

/* In a confined container no exec brings back what would void its protection, whatever the engine asks (--privileged). */
static void take_caps(struct exec *x)
{
	process_caps(&x->rt->host, &x->config->process, x->caps);
	for (int i = 0; x->state->confined && i < OCI_CAP_SET_COUNT_; i++)
		x->caps[i] &= ~x->state->caps_void;
}

static int take_credentials(struct exec *x, struct pf_error *e)
{
	struct oci_process *p = &x->config->process;
	struct credentials *c = &x->credentials;
	int ret = credentials_resume(c, &x->state->credentials, e);

	if (ret == 0)
		ret = credentials_take_env(c, x->config->doc, &p->env, &p->args, "exec", e);
	if (ret == 0)
		ret = credentials_refuse(c, e);
	if (ret == 0 && credentials_looks(c))
		credentials_log(c, "exec");
	if (c->refused)
		events_tell_exec_refused(x->state, p->user.uid, c);
	return ret < 0 ? pf_wrap(e, "exec") : 0;
}

/* By the rules that were recorded: what the policy says today is nothing to a container of yesterday. */
static int scrub_environment(struct exec *x, struct pf_error *e)
{
	STEP(env_apply(&x->state->env, x->config->doc, NULL, &x->config->process.env,
		       &x->env_report, e));
	env_report_log(&x->env_report, "exec", &x->state->env.told);
	return take_credentials(x, e);
}

static int open_cgroups(struct exec *x, struct pf_error *e)
{
	int ret;

	if (x->opt->cgroup)
		STEP(cgroup_subgroup(&x->state->cgroup, x->opt->cgroup, &x->cgroup, e));
	else /* the init may have gone on to a group below, as systemd inside does */
		STEP(cgroup_follow(&x->state->cgroup, x->state->pid, &x->cgroup, e));
	if (x->cgroup.n == 0 && !egress_recorded(x->state->dir_fd))
		return 0;
	ret = cgroup_open_v2(&x->cgroup, &x->cgroup2_fd, e);
	if (ret < 0 && ret != -ENOENT)
		return ret;
	if (ret < 0 && egress_recorded(x->state->dir_fd))
		return pf_fail(
			e, PF_ERR_HOST, 0,
			"egress: the container's group in cgroup2, where its connections are "
			"judged, is gone: nothing can be run outside of it");
	return cgroup_open_joins(&x->cgroup, x->cgroup2_fd >= 0, x->joins, &x->n_joins, e);
}

static int open_console(struct exec *x, struct pf_error *e)
{
	if (!x->config->process.terminal)
		return x->opt->console_socket
			       ? pf_fail(e, PF_ERR_CONFIG, 0,
					 "cannot use console socket if the process has no terminal")
			       : 0;
	if (x->opt->console_socket)
		return console_connect(x->opt->console_socket, &x->console_fd, e);
	if (x->opt->detach)
		return pf_fail(
			e, PF_ERR_CONFIG, 0,
			"cannot allocate tty if the process is detached without --console-socket");
	foreground_size(&x->config->process.console_height, &x->config->process.console_width);
	return foreground_pair(&x->ours_fd, &x->console_fd, e);
}

static int open_channels(struct exec *x, struct pf_error *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return pf_fail_sys(e, errno, "socketpair");
	x->sync_fd = pair[0];
	x->init_sync_fd = pair[1];
	return open_console(x, e);
}

static int write_plan(struct exec *x, struct pf_error *e)
{
	const char *keep = oci_annotation(&x->state->annotations, "run.oci.keep_original_groups");
	struct plan_input in = {
		.config = x->config,
		.host = &x->rt->host,
		.cgroup = &x->cgroup,
		.seccomp = &x->seccomp,
		.id = x->state->id,
		.fds = { .sync = x->init_sync_fd,
			 .start = -1,
			 .console = x->console_fd,
			 .seal = x->seal_fd,
			 .hook_creating = -1,
			 .hook_created = -1 },
		.caps = x->caps,
		.preserve_fds = x->opt->preserve_fds,
		.confined = x->state->confined,
		.detached = x->opt->detach || x->opt->console_socket,
		.keep_groups = keep && strcmp(keep, "1") == 0,
		.pidfd = x->init_pidfd,
		.join_flags = x->state->ns_flags,
		.no_setgroups = x->state->no_setgroups,
		.tasks_fds = x->joins,
		.n_tasks = x->n_joins,
	};

	STEP(raise_hard_limits(&x->config->process, e));
	STEP(plan_write_exec(&in, &x->plan, e));
	return flat_memfd(&x->plan, "pinfold-plan", &x->plan_fd, e);
}

static int spawn(struct exec *x, struct pf_error *e)
{
	int fds[8 + SYNC_MAX_FDS];
	struct spawn s = { .cgroup_fd = x->cgroup2_fd, .plan_fd = x->plan_fd, .fds = fds };
	char oom[16];

	fds[s.n_fds++] = x->init_sync_fd;
	fds[s.n_fds++] = x->console_fd;
	fds[s.n_fds++] = x->seal_fd;
	fds[s.n_fds++] = x->init_pidfd;
	for (size_t i = 0; i < x->n_joins; i++)
		fds[s.n_fds++] = x->joins[i];
	if (x->config->process.has_oom_score_adj) {
		snprintf(oom, sizeof(oom), "%d", x->config->process.oom_score_adj);
		s.oom_score_adj = oom;
	}
	STEP(spawn_init(&s, &x->stage_pid, &x->pidfd, e));
	pf_close_ptr(&x->init_sync_fd);
	pf_close_ptr(&x->console_fd);
	return 0;
}

/* Before it runs: what cannot be recorded does not happen. */
static int record(const struct exec *x, struct pf_error *e)
{
	const struct events_exec told = { .pid = x->pid,
					  .uid = x->config->process.user.uid,
					  .tty = x->config->process.terminal,
					  .env = &x->env_report,
					  .credentials = &x->credentials };

	return events_tell_exec(x->state, &told, e);
}

/* It has done its work. Until it is waited for it counts against the container's limit of processes, beside the program. */
static void reap_stage(struct exec *x)
{
	if (x->stage_pid > 0)
		(void)waitpid(x->stage_pid, NULL, 0);
	x->stage_pid = 0;
}

/* From the first stage's pid to the process that is about to become the program. */
static int meet(struct exec *x, struct pf_error *e)
{
	int64_t pid;

	STEP(sync_expect(x->sync_fd, SYNC_STAGED, &pid, NULL, e));
	pf_close_ptr(&x->pidfd);
	x->pid = (pid_t)pid;
	x->pidfd = sys_pidfd_open(x->pid);
	if (x->pidfd < 0)
		return pf_fail_sys(e, x->pidfd, "pidfd of the process");
	STEP(sync_expect(x->sync_fd, SYNC_READY, NULL, NULL, e));
	reap_stage(x);
	STEP(pid_file_write(x->opt->pid_file, x->pid, e));
	STEP(console_send_pidfd(x->opt->pidfd_socket, x->pidfd, e));
	STEP(record(x, e));
	if (sync_send(x->sync_fd, SYNC_START, 0, -1) < 0)
		return pf_fail(e, PF_ERR_SYS, 0, "the process is gone");
	return await_exec(x->sync_fd, e);
}

static void end_children(struct exec *x)
{
	if (x->pidfd >= 0)
		(void)sys_pidfd_send_signal(x->pidfd, SIGKILL);
	else if (x->pid > 0) /* no pidfd could be had; it is our child, and not waited for yet */
		(void)kill(x->pid, SIGKILL);
	if (x->stage_pid > 0)
		(void)kill(x->stage_pid, SIGKILL);
	reap_stage(x);
	if (x->pid > 0)
		(void)waitpid(x->pid, NULL, 0);
}

static int prepare(struct exec *x, struct pf_error *e)
{
	STEP(state_pidfd(x->state, &x->init_pidfd, e));
	take_caps(x);
	STEP(scrub_environment(x, e));
	if (x->state->confined && !x->state->permits_sockets)
		STEP(fds_refuse_sockets(x->opt->preserve_fds, e));
	STEP(load_seccomp(x, e));
	STEP(load_seal(x, e));
	STEP(open_cgroups(x, e));
	STEP(open_channels(x, e));
	return write_plan(x, e);
}

static int run(struct exec *x, struct pf_error *e)
{
	int ret;

	STEP(prepare(x, e));
	pf_debug("exec in `%s': prepared", x->state->id);
	if (!x->opt->detach)
		foreground_block_signals();
	STEP(spawn(x, e));
	ret = meet(x, e);
	if (ret < 0) {
		end_children(x);
		return ret;
	}
	pf_debug("exec in `%s': process %d runs", x->state->id, (int)x->pid);
	return x->opt->detach ? 0 : foreground_wait(x->pid, x->pidfd, x->ours_fd, e);
}

int exec_process(struct runtime *rt, const struct state *s, const struct exec_options *o,
		 struct oci_config *config, struct pf_error *e)
{
	struct exec *x = calloc(1, sizeof(*x));
	int *fds[] = { &x->init_pidfd, &x->sync_fd, &x->init_sync_fd, &x->plan_fd, &x->seal_fd,
		       &x->console_fd, &x->ours_fd, &x->cgroup2_fd,   &x->pidfd };
	int ret;

	if (!x)
		return pf_fail_sys(e, ENOMEM, "exec");
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		*fds[i] = -EBADF;
	x->credentials.view.root_fd = -EBADF;
	x->rt = rt;
	x->state = s;
	x->opt = o;
	x->config = config;
	ret = run(x, e);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		pf_close_ptr(fds[i]);
	for (size_t i = 0; i < x->n_joins; i++)
		pf_close(x->joins[i]);
	seccomp_program_free(&x->seccomp);
	flat_free(&x->plan);
	credentials_free(&x->credentials);
	free(x);
	return ret;
}
