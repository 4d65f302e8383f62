/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The init program. pinfold executes it from a sealed memfd with one argument: the number of the fd that holds the plan.
 * A container's process can execute it too (/proc/self/exe of a starting container): it then finds no sealed plan, or
 * one of the caller's own making, and does with the caller's privilege what the caller could do anyway.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/stage.h"
#include "runtime/init/steps.h"
#include "runtime/init/sync.h"

#define EXIT_NO_PLAN 99
#define EXIT_FAILED  98

#define NEEDED_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static const struct plan *map_plan(int fd)
{
	struct stat st;
	void *p;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || (seals & NEEDED_SEALS) != NEEDED_SEALS || fstat(fd, &st) < 0)
		return NULL;
	if (st.st_size < (off_t)sizeof(struct plan) || st.st_size > (off_t)PLAN_MAX_BYTES)
		return NULL;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return NULL;
	pf_close(fd);
	return plan_check(p, (size_t)st.st_size) == 0 ? p : NULL;
}

static int run_steps(struct init *c, const struct step *steps, struct pf_error *e)
{
	for (; steps->name; steps++) {
		int ret = steps->run(c, e);

		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Ignored signals survive execve: a caller that ignores SIGPIPE must not pass that on. */
static void reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			(void)signal(sig, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void end_by_signal(int sig)
{
	_exit(128 + sig);
}

/*
 * The first process of a pid namespace gets no signal that it has no handler for. A service manager that stops a
 * container which nobody has started would ask in vain, and wait for its whole timeout. execve(2) takes them away.
 */
static void heed_signals(void)
{
	static const int ending[] = { SIGHUP, SIGINT, SIGTERM };

	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		(void)signal(ending[i], end_by_signal);
}

/*
 * Waits in accept(2), for as long as nobody starts the container. The end of `create' must not be ours, but a create
 * that is killed before it has written the state leaves nobody who knows of us: until then EOF is our death signal.
 */
static int wait_for_start(struct init *c, struct pf_error *e)
{
	if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return pf_fail_sys(e, errno, "disarm the parent death signal");
	heed_signals();
	STEP(sync_send(c->plan->sync_fd, SYNC_READY, c->probes, -1));
	STEP(sync_expect(c->plan->sync_fd, SYNC_RECORDED, NULL, NULL, e));
	pf_close(c->plan->sync_fd);
	do
		c->start_conn = accept4(c->plan->start_fd, NULL, NULL, SOCK_CLOEXEC);
	while (c->start_conn < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (c->start_conn < 0)
		return pf_fail_sys(e, errno, "wait for start");
	pf_close(c->plan->start_fd);
	return sync_expect(c->start_conn, SYNC_START, NULL, NULL, e);
}

static int run_created(struct init *c, struct pf_error *e)
{
	STEP(run_steps(c, before_ready, e));
	STEP(wait_for_start(c, e));
	return run_steps(c, after_start, e);
}

/* An exec'ed process talks to its parent all the way; READY lets the parent set limits and the OOM score. */
static int run_exec(struct init *c, struct pf_error *e)
{
	STEP(run_steps(c, exec_steps, e));
	STEP(sync_send(c->plan->sync_fd, SYNC_READY, 0, -1));
	STEP(sync_expect(c->plan->sync_fd, SYNC_START, NULL, NULL, e));
	if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return pf_fail_sys(e, errno, "disarm the parent death signal");
	c->start_conn = c->plan->sync_fd;
	return run_steps(c, after_start, e);
}

static int run(struct init *c, struct pf_error *e)
{
	if (c->plan->flags & PLAN_TWO_STAGE)
		STEP(stage_one(c, e));
	return c->plan->flags & PLAN_EXEC ? run_exec(c, e) : run_created(c, e);
}

int main(int argc, char **argv)
{
	struct pf_error error = PF_ERROR_INIT;
	struct init c = { .root_fd = -EBADF,
			  .proc_fd = -EBADF,
			  .start_conn = -EBADF,
			  .ruleset_fd = -EBADF,
			  .exec_fd = -EBADF };

	/* Nobody reads our memory or our fds on the way in. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || argc != 2)
		return EXIT_NO_PLAN;
	c.plan = map_plan(atoi(argv[1]));
	if (!c.plan)
		return EXIT_NO_PLAN;
	reset_signals();
	if (run(&c, &error) < 0) {
		/* Past READY the one who waits is `start', before it the parent. */
		(void)sync_send_error(c.start_conn >= 0 ? c.start_conn : c.plan->sync_fd, &error);
		return EXIT_FAILED;
	}
	return EXIT_FAILED; /* not reached: the last step executes the program */
}
