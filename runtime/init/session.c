/* SPDX-License-Identifier: Apache-2.0 */
/* Who the init is: its session, its tie to the parent, its ids in the user namespace, its cgroups, its names. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/steps.h"
#include "runtime/init/sync.h"

/* Should:	run first: until PDEATHSIG is set an early death of the parent would leave us behind.
 * Mustn't:	be left armed at READY: `create' exits then, and the container lives on. */
int child_enter_session(struct init *c, struct pf_error *e)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return pf_fail_sys(e, errno, "set the parent death signal");
	/* The parent may be gone already; 0 means that its pid cannot be seen from this pid namespace. */
	if (c->plan->ppid != 0 && getppid() != (pid_t)c->plan->ppid && getppid() != 0)
		return pf_fail(e, PF_ERR_SYS, ESRCH, "the parent is gone");
	if (setsid() < 0 && errno != EPERM)
		return pf_fail_sys(e, errno, "setsid");
	return 0;
}

/* Become uid 0 of the new (or joined) user namespace, so that what we make belongs to the container's root. */
int child_become_root(struct init *c, struct pf_error *e)
{
	uint32_t flags = c->plan->flags;

	if (flags & PLAN_NEW_USERNS)
		STEP(sync_expect(c->plan->sync_fd, SYNC_IDMAP, NULL, NULL, e));
	if (!(flags & (PLAN_NEW_USERNS | PLAN_JOINED_USERNS)))
		return 0;
	if (setresgid(0, 0, 0) < 0)
		return pf_fail_sys(e, errno, "become gid 0 of the user namespace");
	if (setresuid(0, 0, 0) < 0)
		return pf_fail_sys(e, errno, "become uid 0 of the user namespace");
	/* A change of uid clears the death signal and makes us dumpable again. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return pf_fail_sys(e, errno, "set the parent death signal again");
	return 0;
}

/* "0" is the writer itself. Written by a single thread to a v1 `tasks' file it skips the lock that a pid written to
 * cgroup.procs waits 10 ms and more for. */
static int write_zero(const int *fds, size_t n, struct pf_error *e)
{
	for (size_t i = 0; i < n; i++) {
		if (write(fds[i], "0", 1) < 0)
			return pf_fail_sys(e, errno, "join cgroup (file %zu of %zu)", i + 1, n);
		pf_close(fds[i]);
	}
	return 0;
}

/* Should:	run before the cgroup mounts, whose root is the cgroup we are in when the namespace is made. */
int child_join_cgroup(struct init *c, struct pf_error *e)
{
	const struct plan *plan = c->plan;

	if (c->joined_cgroup)
		return 0;
	c->joined_cgroup = true;
	if (plan->flags & PLAN_CREATE) {
		int fds[SYNC_MAX_FDS];
		size_t n;

		STEP(sync_expect_fds(plan->sync_fd, SYNC_CGROUP, fds, &n, e));
		STEP(write_zero(fds, n, e));
	} else {
		STEP(write_zero(plan_items(plan, plan->tasks_fds), plan->tasks_fds.n, e));
	}
	if ((plan->flags & PLAN_NEW_CGROUPNS) && unshare(CLONE_NEWCGROUP) < 0)
		return pf_fail_sys(e, errno, "make a cgroup namespace");
	return 0;
}

/* A working directory that the image lacks is made, in the root, as every other runtime does. */
int child_make_cwd(struct init *c, struct pf_error *e)
{
	auto_fd fd = -EBADF;

	STEP(root_make_target(c, plan_text(c->plan, c->plan->process.cwd), true, false, &fd, e));
	return 0;
}

/* exec: stage one has joined the mount namespace, so "/" is the container's. */
int child_enter_root(struct init *c, struct pf_error *e)
{
	c->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->root_fd < 0)
		return pf_fail_sys(e, errno, "open the container's root");
	return 0;
}

int child_set_names(struct init *c, struct pf_error *e)
{
	const char *host = plan_text(c->plan, c->plan->hostname);
	const char *domain = plan_text(c->plan, c->plan->domainname);
	const char *keyring = plan_text(c->plan, c->plan->keyring);

	if (host && sethostname(host, strlen(host)) < 0)
		return pf_fail_sys(e, errno, "set the host name `%s'", host);
	if (domain && setdomainname(domain, strlen(domain)) < 0)
		return pf_fail_sys(e, errno, "set the domain name `%s'", domain);
	if (keyring) {
		int ret = sys_keyctl_join_session(keyring);

		/* A kernel without keyrings has none to inherit; a spent quota is the user's to mend. */
		if (ret < 0 && ret != -ENOSYS)
			return pf_fail_sys(
				e, ret,
				"join the session keyring `%s' (--no-new-keyring keeps the caller's)",
				keyring);
	}
	return 0;
}

/* A new network namespace has its loopback down, and nobody but us brings it up where the engine adds no network.
 *
 * Should:	run before the hooks: those that make networks expect it, as other runtimes do it.
 */
int child_raise_loopback(struct init *c, struct pf_error *e)
{
	struct ifreq request = { .ifr_name = "lo" };
	auto_fd fd = -EBADF;

	if (!(c->plan->clone_flags & CLONE_NEWNET))
		return 0;
	/* any kind of socket will do for these requests */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return pf_fail_sys(e, errno, "make a socket for the loopback");
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return pf_fail_sys(e, errno, "look at the loopback");
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return pf_fail_sys(e, errno, "bring the loopback up");
	return 0;
}
