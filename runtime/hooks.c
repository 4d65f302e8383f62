/* SPDX-License-Identifier: Apache-2.0 */
/* One child a hook. Its stdin is the state and then EOF. */
#include <config.h>

#include "runtime/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/sys.h"
#include "runtime/init/hook_words.h"

/* Our stdout and stderr are the container's as often as not; what a hook says goes into a file of memory that ends with it. */
static void exec_hook(const struct oci_hook *h, int stdin_fd, int sink)
{
	char *fallback[] = { (char *)(uintptr_t)h->path, NULL };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(stdin_fd, STDIN_FILENO) < 0 || dup2(sink, STDOUT_FILENO) < 0 ||
	    dup2(sink, STDERR_FILENO) < 0)
		_exit(125);
	(void)sys_close_range(3, ~0u, PF_CLOSE_RANGE_CLOEXEC);
	execve(h->path, h->args.n ? h->args.v : fallback, h->env.v);
	_exit(errno == ENOENT ? 127 : 126);
}

/* Waits at most timeout_s seconds (0: for ever), then kills. */
static int wait_hook(pid_t pid, int timeout_s, int *ret_status)
{
	auto_fd pidfd = sys_pidfd_open(pid);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n = 1;

	if (timeout_s > 0 && pidfd >= 0) {
		int ms = timeout_s > 2000000 ? -1 : timeout_s * 1000;

		do
			n = poll(&p, 1, ms);
		while (n < 0 && errno == EINTR);
		if (n == 0)
			(void)sys_pidfd_send_signal(pidfd, SIGKILL);
	}
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return n == 0 ? -ETIMEDOUT : 0;
}

/* A memfd and not a pipe: a hook that does not read its state cannot block or kill us. */
static int state_file(const char *json, int *ret, struct pf_error *e)
{
	auto_fd fd = sys_memfd_create("state", PF_MFD_CLOEXEC);
	int r = fd < 0 ? fd : pf_write_all(fd, json, strlen(json));

	if (r < 0)
		return pf_fail_sys(e, r, "compose a hook's state");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return pf_fail_sys(e, errno, "compose a hook's state");
	*ret = pf_take_fd(&fd);
	return 0;
}

static int run_one(const struct oci_hook *h, const char *kind, size_t i, const char *json,
		   struct pf_error *e)
{
	auto_fd state = -EBADF, sink = sys_memfd_create("hook-output", PF_MFD_CLOEXEC);
	char said[HOOK_WORDS];
	int status = 0, ret;
	pid_t pid;

	if (sink < 0)
		return pf_fail_sys(e, sink, "%s hook #%zu `%s': memfd_create for its output", kind,
				   i, h->path);
	STEP(state_file(json, &state, e));
	pf_debug("%s hook #%zu: %s", kind, i, h->path);
	pid = fork();
	if (pid < 0)
		return pf_fail_sys(e, errno, "%s hook #%zu `%s': fork", kind, i, h->path);
	if (pid == 0)
		exec_hook(h, state, sink);
	ret = wait_hook(pid, h->timeout_s, &status);
	if (ret == -ETIMEDOUT)
		return pf_fail(e, PF_ERR_SYS, ETIMEDOUT, "%s hook #%zu `%s' ran longer than %d s",
			       kind, i, h->path, h->timeout_s);
	if (ret < 0)
		return pf_fail_sys(e, ret, "%s hook #%zu `%s': wait", kind, i, h->path);
	hook_words(sink, said);
	if (WIFSIGNALED(status))
		return pf_fail(e, PF_ERR_SYS, 0, "error running %s hook #%zu: `%s': signal %d%s",
			       kind, i, h->path, WTERMSIG(status), said);
	if (WEXITSTATUS(status) != 0)
		return pf_fail(e, PF_ERR_SYS, 0,
			       "error running %s hook #%zu: `%s': exit status %d%s", kind, i,
			       h->path, WEXITSTATUS(status), said);
	return 0;
}

int hooks_run(const struct oci_hooks *hooks, const char *kind, const char *state_json,
	      struct pf_error *e)
{
	for (size_t i = 0; i < hooks->n; i++)
		STEP(run_one(&hooks->v[i], kind, i, state_json, e));
	return 0;
}
