/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a container, told in order. The steps of create are in container_create.c (no process yet) and
 * container_spawn.c (the hand-shake with the init). */
#include <config.h>

#include "runtime/container.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/sys.h"
#include "runtime/guard/events_tell.h"
#include "runtime/hooks.h"
#include "runtime/init/sync.h"

#define END_TIMEOUT_MS 10000

const struct container_step create_steps[] = {
	{ "config", create_read_config }, /* config.json, bounded and checked */
	{ "policy",
	  create_decide_policy }, /* annotations, profile, node policy; every refusal that needs no mount */
	{ "sources", create_open_sources },    /* host paths become fds, once */
	{ "claim", create_claim },             /* the id is ours */
	{ "seccomp", create_compile_seccomp }, /* or taken from the cache */
	{ "channels", create_make_channels },  /* sync pair, start socket, console */
	{ "plan", create_write_plan },         /* after this no question of policy is open */
	{ "spawn", create_spawn },             /* the init runs, and mounts while we go on */
	{ "ids", create_map_ids },             /* uid_map, gid_map */
	{ "cgroup", create_cgroup },           /* groups, limits; the init joins */
	{ "egress", create_share_egress },     /* the programs that judge connections */
	{ "hooks", create_run_hooks },         /* prestart, createRuntime */
	{ "confine", create_confine },   /* the final mount tree is judged: part 2 of the plan */
	{ "ready", create_await_ready }, /* the init has probed what it is confined by, and waits */
	{ "record", create_record },     /* state.json, pid file */
	{ NULL, NULL },
};

/* Test builds fail after the named step, so that a test can look for what is left behind. */
static int fail_on_demand(const char *step, struct pf_error *e)
{
#ifdef ENABLE_TEST_HOOKS
	const char *at = getenv("PF_TEST_FAIL_AT");

	if (at && strcmp(at, step) == 0)
		return pf_fail(e, PF_ERR_BUG, 0, "failed after step `%s' on demand", step);
#else
	(void)step;
	(void)e;
#endif
	return 0;
}

void container_init(struct container *c, struct runtime *rt, const struct create_options *opt)
{
	*c = (struct container){ .rt = rt,
				 .opt = opt,
				 .sync_fd = -EBADF,
				 .init_sync_fd = -EBADF,
				 .start_fd = -EBADF,
				 .console_fd = -EBADF,
				 .plan_fd = -EBADF,
				 .cgroup2_fd = -EBADF,
				 .hook_creating_fd = -EBADF,
				 .hook_created_fd = -EBADF,
				 .pidfd = -EBADF,
				 .egress = { .programs = EGRESS_PROGRAMS_NULL },
				 .sources = SOURCES_INIT,
				 .credentials = { .view = { .root_fd = -EBADF } },
				 .state = { .dir_fd = -EBADF } };
}

int container_create(struct runtime *rt, const struct create_options *opt, struct container *c,
		     struct pf_error *e)
{
	container_init(c, rt, opt);
	STEP(state_check_id(opt->id, e));
	snprintf(c->state.id, sizeof(c->state.id), "%s", opt->id);
	for (const struct container_step *s = create_steps; s->name; s++) {
		int ret = s->run(c, e);

		pf_debug("create `%s': %s: %s", opt->id, s->name, ret < 0 ? e->msg : "done");
		if (ret == 0)
			ret = fail_on_demand(s->name, e);
		if (ret < 0) {
			undo_all(&c->undo);
			events_tell_refused(rt->policy_option, rt->rootless, opt->id, e,
					    &c->credentials);
			return ret;
		}
	}
	undo_keep(&c->undo);
	return 0;
}

static int connect_start(const struct state *s, int *ret, struct pf_error *e)
{
	auto_fd sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (sock < 0)
		return pf_fail_sys(e, errno, "make a socket to reach the init of `%s'", s->id);
	/* By the directory's fd: a state root may be longer than the 108 bytes of a socket's name. */
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/start.sock", s->dir_fd);
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return pf_fail_sys(e, errno, "connect to the init of `%s'", s->id);
	*ret = pf_take_fd(&sock);
	return 0;
}

/* After SYNC_EXEC comes an error, or the end: execve has closed the socket. */
int await_exec(int sock, struct pf_error *e)
{
	struct pf_error ended = PF_ERROR_INIT;

	STEP(sync_expect(sock, SYNC_EXEC, NULL, NULL, e));
	if (sync_expect(sock, SYNC_EXEC, NULL, NULL, &ended) < 0 && ended.err == EPIPE)
		return 0;
	*e = ended;
	return e->err > 0 ? -e->err : -EINVAL;
}

static int load_config(int dir_fd, struct oci_config *config, struct pf_error *e)
{
	auto_free char *text = NULL;
	size_t len;

	STEP(pf_read_file_at(dir_fd, "config.json", JSON_MAX_BYTES, &text, &len, e));
	return oci_config_parse(text, len, config, e);
}

static int run_poststart_hooks(const struct state *s, struct pf_error *e)
{
	auto_buf json = { 0 };
	struct oci_config config = { 0 };
	int ret;

	STEP(load_config(s->dir_fd, &config, e));
	state_oci_json(s, STATUS_RUNNING, false, &json);
	ret = json.failed ? pf_fail_sys(e, ENOMEM, "compose the state")
			  : hooks_run(&config.poststart, "poststart", json.data, e);
	oci_config_free(&config);
	return ret;
}

/* From 1.3 on the specification wants a failed poststart hook to end the container. */
static int run_poststart(const struct state *s, struct pf_error *e)
{
	auto_fd pidfd = -EBADF;
	int ret;

	if (!s->has_hooks_start)
		return 0;
	/* Before the hooks, which may take longer than the container lives: the pid may be another's by then. */
	ret = state_pidfd(s, &pidfd, e);
	if (ret == 0 || ret == -ESRCH)
		ret = run_poststart_hooks(s, e);
	else if (process_start_time(s->pid) == s->start_time)
		(void)kill(s->pid, SIGKILL); /* this moment it is still its own */
	if (ret < 0 && pidfd >= 0)
		(void)sys_pidfd_send_signal(pidfd, SIGKILL);
	return ret;
}

static int check_created(const struct state *s, struct pf_error *e)
{
	enum status status = state_status(s);

	switch (status) {
	case STATUS_CREATED:
		return 0;
	case STATUS_STOPPED:
		return pf_fail(e, PF_ERR_SYS, 0, "cannot start a container that has stopped");
	case STATUS_RUNNING:
		return pf_fail(e, PF_ERR_SYS, 0, "cannot start an already running container");
	case STATUS_PAUSED:
	case STATUS_CREATING:
		break;
	}
	return pf_fail(e, PF_ERR_SYS, 0, "cannot start a container in the %s state",
		       status_name(status));
}

/*
 * The init answers whoever connects first, and ends with it: of several starts at once only one may connect. The socket's
 * name is what says "created", so looking for it, connecting and taking it away happen under a lock.
 */
static int take_start(const struct state *s, int *ret_sock, struct pf_error *e)
{
	auto_fd lock = openat(s->dir_fd, "state.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (lock < 0)
		return pf_fail_sys(e, errno, "open `state.json' of `%s'", s->id);
	while (flock(lock, LOCK_EX) < 0)
		if (errno != EINTR)
			return pf_fail_sys(e, errno, "lock `state.json' of `%s'", s->id);
	STEP(check_created(s, e));
	STEP(connect_start(s, ret_sock, e));
	if (unlinkat(s->dir_fd, "start.sock", 0) < 0)
		return pf_fail_sys(e, errno, "remove `start.sock'");
	return 0;
}

static int start_loaded(const struct state *s, struct pf_error *e)
{
	auto_fd sock = -EBADF;

	STEP(take_start(s, &sock, e));
	if (sync_send(sock, SYNC_START, 0, -1) < 0)
		return pf_fail(e, PF_ERR_SYS, 0, "the init of `%s' is gone", s->id);
	STEP(await_exec(sock, e));
	return run_poststart(s, e);
}

int container_start(struct runtime *rt, const char *id, struct pf_error *e)
{
	struct state s;
	int ret;

	STEP(state_load(rt->root_fd, id, &s, e));
	ret = start_loaded(&s, e);
	state_free(&s);
	return ret;
}

/* Without a pid namespace of its own the end of the init ends nothing else. */
static bool init_takes_all(const struct state *s)
{
	return s->ns_flags & CLONE_NEWPID;
}

static bool has_processes(const struct state *s)
{
	struct pf_error ignored = PF_ERROR_INIT;
	auto_free pid_t *pids = NULL;
	size_t n = 0;

	return cgroup_pids(&s->cgroup, &pids, &n, &ignored) == 0 && n > 0;
}

static int signal_container(const struct state *s, int sig, bool all, struct pf_error *e)
{
	struct pf_error gone = PF_ERROR_INIT;
	auto_fd pidfd = -EBADF;
	bool left = false;
	int ret;

	if (all || (sig == SIGKILL && !init_takes_all(s) && s->cgroup.n > 0)) {
		left = has_processes(s);
		STEP(cgroup_kill(&s->cgroup, sig, e));
		if (all)
			return 0;
	}
	ret = state_pidfd(s, &pidfd, &gone);
	if (ret < 0 && left)
		return 0; /* the init had ended before them: they were what was left to kill */
	if (ret < 0) {
		*e = gone;
		return ret;
	}
	ret = sys_pidfd_send_signal(pidfd, sig);
	if (ret == -ESRCH && left)
		return 0; /* it went with the others */
	if (ret == -ESRCH)
		return pf_fail(e, PF_ERR_SYS, ESRCH, "container not running");
	if (ret < 0)
		return pf_fail_sys(e, ret, "send signal %d to `%s'", sig, s->id);
	/* A frozen process sees no signal, not even this one, where the freezer is that of v1. */
	if (sig == SIGKILL && state_status(s) == STATUS_PAUSED)
		return cgroup_freeze(&s->cgroup, false, e);
	return 0;
}

int container_kill(struct runtime *rt, const char *id, int sig, bool all, struct pf_error *e)
{
	struct state s;
	int ret;

	STEP(state_load(rt->root_fd, id, &s, e));
	ret = signal_container(&s, sig, all, e);
	state_free(&s);
	return ret;
}

/* SIGKILL and wait for the end, bounded; a process that is gone already is what we want. */
static int end_processes(const struct state *s, struct pf_error *e)
{
	struct pf_error gone = PF_ERROR_INIT;
	auto_fd pidfd = -EBADF;
	struct pollfd p = { .events = POLLIN };

	if (state_pidfd(s, &pidfd, &gone) == 0) {
		(void)sys_pidfd_send_signal(pidfd, SIGKILL);
		if (state_status(s) == STATUS_PAUSED)
			STEP(cgroup_freeze(&s->cgroup, false, e));
		p.fd = pidfd;
		if (poll(&p, 1, END_TIMEOUT_MS) == 0)
			return pf_fail(e, PF_ERR_SYS, ETIMEDOUT,
				       "process %d of `%s' does not end on SIGKILL", (int)s->pid,
				       s->id);
	}
	if (!init_takes_all(s) && s->cgroup.n > 0)
		return cgroup_kill(&s->cgroup, SIGKILL, e);
	return 0;
}

/* A poststop hook that fails is told about and stops nothing: what it was meant to clean up is not ours to keep. */
static void run_poststop(const struct state *s)
{
	struct pf_error e = PF_ERROR_INIT;
	struct oci_config config = { 0 };
	auto_buf json = { 0 };

	if (!s->has_hooks_stop)
		return;
	if (load_config(s->dir_fd, &config, &e) < 0) {
		pf_log(PF_LOG_WARNING, "%s, continuing without poststop hooks", e.msg);
		return;
	}
	state_oci_json(s, STATUS_STOPPED, false, &json);
	for (size_t i = 0; !json.failed && i < config.poststop.n; i++) {
		struct oci_hooks one = { &config.poststop.v[i], 1 };

		if (hooks_run(&one, "poststop", json.data, &e) < 0)
			pf_log(PF_LOG_WARNING, "%s, ignoring", e.msg);
	}
	oci_config_free(&config);
}

/* Its rows open nothing any more; they are told about and not worth a container that cannot be deleted. */
static void forget_egress(int dir_fd)
{
	struct pf_error e = PF_ERROR_INIT;

	if (egress_forget(dir_fd, &e) < 0)
		pf_log(PF_LOG_WARNING, "%s, continuing", e.msg);
}

static int delete_loaded(struct runtime *rt, const struct state *s, bool force, struct pf_error *e)
{
	enum status status = state_status(s);

	if (status != STATUS_STOPPED && status != STATUS_CREATED && !force)
		return pf_fail(e, PF_ERR_SYS, 0,
			       "cannot delete container %s that is not stopped: %s", s->id,
			       status_name(status));
	STEP(end_processes(s, e));
	events_tell_exit(s, -1, NULL);
	STEP(cgroup_destroy(&s->cgroup, e));
	forget_egress(s->dir_fd);
	run_poststop(s);
	return state_release(rt->root_fd, s->id, e);
}

/* What a create that was killed left: its init has ended with it, so its groups are empty, and what is not empty is
 * another's. Without its config.json it had not come so far as to make any. */
static int delete_begun(struct runtime *rt, const char *id, struct pf_error *e)
{
	auto_fd dir = openat(rt->root_fd, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	auto_free struct cgroup *cg = calloc(1, sizeof(*cg));
	struct oci_config config = { 0 };
	struct pf_error why = PF_ERROR_INIT;
	int ret;

	if (!cg)
		return pf_fail_sys(e, ENOMEM, "delete `%s'", id);
	if (dir >= 0 && load_config(dir, &config, &why) == 0) {
		ret = cgroup_plan(&config, id, rt->cgroup_manager, rt->rootless, cg, &why);
		if (ret == 0)
			ret = cgroup_remove_empty(cg, &why);
		if (ret < 0)
			pf_log(PF_LOG_WARNING, "%s, continuing", why.msg);
		oci_config_free(&config);
		forget_egress(dir);
	}
	return state_release(rt->root_fd, id, e);
}

/* A create that lives holds the lock of its directory; one that was killed does not. */
static int await_create(struct runtime *rt, const char *id, struct pf_error *e)
{
	auto_fd dir = openat(rt->root_fd, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	for (int waited_ms = 0; dir >= 0 && flock(dir, LOCK_EX | LOCK_NB) < 0; waited_ms += 20) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return pf_fail_sys(e, errno, "lock the state directory of `%s'", id);
		if (waited_ms >= END_TIMEOUT_MS)
			return pf_fail(
				e, PF_ERR_SYS, EBUSY,
				"container `%s' is still being created: end that create first", id);
		(void)poll(NULL, 0, 20);
	}
	return 0;
}

int container_delete(struct runtime *rt, const char *id, bool force, struct pf_error *e)
{
	struct pf_error why = PF_ERROR_INIT;
	struct state s;
	int ret = state_load(rt->root_fd, id, &s, &why);

	if (ret == -ENODATA && force) {
		STEP(await_create(rt, id, e));
		ret = state_load(rt->root_fd, id, &s, &why);
	}
	if (ret == -ENOENT && force)
		return 0;
	if (ret == -ENODATA && force)
		return delete_begun(rt, id, e);
	if (ret < 0) {
		*e = why;
		return ret;
	}
	ret = delete_loaded(rt, &s, force, e);
	state_free(&s);
	return ret;
}

int container_pause(struct runtime *rt, const char *id, bool pause, struct pf_error *e)
{
	struct state s;
	enum status status;
	int ret;

	STEP(state_load(rt->root_fd, id, &s, e));
	status = state_status(&s);
	if (pause && status != STATUS_RUNNING && status != STATUS_CREATED)
		ret = pf_fail(e, PF_ERR_SYS, 0, "container not running: it is %s",
			      status_name(status));
	else if (!pause && status != STATUS_PAUSED)
		ret = pf_fail(e, PF_ERR_SYS, 0, "container not paused: it is %s",
			      status_name(status));
	else
		ret = cgroup_freeze(&s.cgroup, pause, e);
	state_free(&s);
	return ret;
}
