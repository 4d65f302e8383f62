/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks that run in the container's namespaces: createContainer before the pivot, with the host's files still in sight;
 * startContainer after it, sealed like the program itself. The state JSON is in a memfd the parent wrote. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/hook_words.h"
#include "runtime/init/steps.h"
#include "runtime/init/sync.h"

/* Makes the hook's process ready; the environment of a hook that names none, or NULL. */
typedef char **prepare_hook(struct init *c);

static void hook_child(const struct plan *plan, const struct plan_hook *h, int state_fd,
		       char **default_env)
{
	char **argv = plan_argv(plan, h->args);
	char **env = h->env.n ? plan_argv(plan, h->env) : default_env;
	char *fallback[] = { (char *)(uintptr_t)plan_text(plan, h->path), NULL };

	if (!default_env || !argv || !env)
		_exit(125);
	if (lseek(state_fd, 0, SEEK_SET) < 0 || dup2(state_fd, STDIN_FILENO) < 0)
		_exit(125);
	execve(plan_text(plan, h->path), h->args.n ? argv : fallback, env);
	_exit(errno == ENOENT ? 127 : 126);
}

/* Waits for @pid at most timeout_s seconds (0: for ever); then it is killed. Returns its wait status or -errno. */
static int wait_bounded(pid_t pid, uint32_t timeout_s)
{
	auto_fd pidfd = sys_pidfd_open(pid);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int status, n;

	if (timeout_s > 0 && pidfd >= 0) {
		do
			n = poll(&p, 1, timeout_s > 2000000 ? -1 : (int)timeout_s * 1000);
		while (n < 0 && errno == EINTR);
		if (n == 0) {
			(void)sys_pidfd_send_signal(pidfd, SIGKILL);
			(void)waitpid(pid, &status, 0);
			return -ETIMEDOUT;
		}
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

/* Runs the hooks of @list in order; the first that fails ends it. */
static int run_hooks(struct init *c, struct plan_list list, const char *kind, int state_fd,
		     prepare_hook *prepare, struct pf_error *e)
{
	const struct plan *plan = c->plan;
	const struct plan_hook *h = plan_items(plan, list);

	for (uint32_t i = 0; i < list.n; i++) {
		const char *path = plan_text(plan, h[i].path);
		auto_fd sink = sys_memfd_create("hook-output", PF_MFD_CLOEXEC);
		char said[HOOK_WORDS];
		int status;
		pid_t pid;

		if (sink < 0)
			return pf_fail_sys(e, sink, "%s hook `%s': memfd_create for its output",
					   kind, path);
		pid = fork();
		if (pid < 0)
			return pf_fail_sys(e, errno, "%s hook `%s': fork", kind, path);
		if (pid == 0) {
			if (dup2(sink, STDOUT_FILENO) < 0 || dup2(sink, STDERR_FILENO) < 0)
				_exit(125);
			/* Before the seal: an old profile may not know the call. */
			if (sys_close_range(3, ~0u, PF_CLOSE_RANGE_CLOEXEC) < 0)
				_exit(125);
			hook_child(plan, &h[i], state_fd, prepare(c));
		}
		status = wait_bounded(pid, h[i].timeout_s);
		if (status == -ETIMEDOUT)
			return pf_fail(e, PF_ERR_SYS, ETIMEDOUT,
				       "%s hook #%u `%s' ran longer than %u s", kind, i, path,
				       h[i].timeout_s);
		if (status < 0)
			return pf_fail_sys(e, status, "%s hook #%u `%s': wait", kind, i, path);
		hook_words(sink, said);
		if (status != 0)
			return pf_fail(e, PF_ERR_SYS, 0, "error running %s hook #%u: `%s': %s %d%s",
				       kind, i, path, WIFEXITED(status) ? "exit status" : "signal",
				       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
				       said);
	}
	return 0;
}

/* It has the host's files by their own paths, and the container's by relative ones, as hooks have come to expect. */
static char **enter_root(struct init *c)
{
	static char *none[] = { NULL };

	return fchdir(c->root_fd) < 0 ? NULL : none;
}

/* Should:	run when every mount and device is there and the host's root is still in sight. */
int child_sync_mounted(struct init *c, struct pf_error *e)
{
	STEP(child_join_cgroup(c, e));
	STEP(sync_send(c->plan->sync_fd, SYNC_MOUNTED, 0, -1));
	STEP(sync_expect(c->plan->sync_fd, SYNC_HOOKS, NULL, NULL, e));
	return run_hooks(c, c->plan->hooks_create_container, "createContainer",
			 c->plan->hook_state_creating_fd, enter_root, e);
}

/*
 * In the hook's process: sealed as the program will be. The path of the hook leads into the image, so what is executed
 * there is the image's, and can do no more than its program, confined or not. It stays uid 0 of the container. It may
 * also see what the program will see of the environment.
 */
static char **seal_hook(struct init *c)
{
	struct pf_error ignored = PF_ERROR_INIT;
	char **env = program_env(c);

	if (child_set_label(c, &ignored) < 0 || child_early_seccomp(c, &ignored) < 0 ||
	    child_limit_caps(c, &ignored) < 0 || child_set_no_new_privs(c, &ignored) < 0 ||
	    child_seal_landlock(c, &ignored) < 0 || child_load_own_filter(c, &ignored) < 0 ||
	    child_late_seccomp(c, &ignored) < 0)
		_exit(125);
	return env;
}

int child_start_hooks(struct init *c, struct pf_error *e)
{
	return run_hooks(c, c->plan->hooks_start_container, "startContainer",
			 c->plan->hook_state_created_fd, seal_hook, e);
}
