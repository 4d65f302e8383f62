/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Believing a system call's return value is not the same as being confined. Before the container is ready a child seals
 * itself with the very code that will seal the program, then tries to cross each line, and must fail.
 *
 * One child tries all lines in turn. If it dies half way (the OCI profile may kill for the call that is tried) that line
 * counts as denied, and another child goes on with the next. Each child has one second.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/confine.h"
#include "runtime/init/fs.h"
#include "runtime/init/steps.h"

#define PROBE_TIMEOUT_MS 1000
#define FAMILY_PACKET    17

/* Shared with the child: after the seals a pipe might be refused, memory is not. */
struct report {
	volatile int trying; /* the line that is being tried; -1: not sealed yet */
	volatile int result[SEAL_PROBE_COUNT_]; /* 0, the errno, or -1: not tried */
	struct pf_error error;
};

struct probe {
	const char *name, *what;
	uint32_t flags;              /* of the seal: what must be in force */
	int (*attempt)(int outside); /* 0 or the errno */
	int denials[4]; /* errnos of the mechanism itself, or of an OCI profile that was quicker */
};

/* @outside is a detached tmpfs with one file: no rule can reach it, so no path of the image matters. */
static int attempt_read(int outside)
{
	int fd = openat(outside, "file", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : 0;
}

static int attempt_write(int outside)
{
	int fd = openat(outside, "new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? errno : 0;
}

static int attempt_userns(int outside)
{
	(void)outside;
	return unshare(CLONE_NEWUSER) < 0 ? errno : 0;
}

static int attempt_packet(int outside)
{
	(void)outside;
	return socket(FAMILY_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) < 0 ? errno : 0;
}

static const struct probe probes[SEAL_PROBE_COUNT_] = {
	[SEAL_PROBE_READ] = { "read",
			      "a file that no rule reaches could be read",
			      SEAL_LANDLOCK | SEAL_READ,
			      attempt_read,
			      { EACCES } },
	[SEAL_PROBE_WRITE] = { "write",
			       "a file could be made where no rule reaches",
			       SEAL_LANDLOCK | SEAL_WRITE,
			       attempt_write,
			       { EACCES } },
	[SEAL_PROBE_USERNS] = { "userns",
				"a user namespace could be made",
				SEAL_FILTER,
				attempt_userns,
				{ EPERM, EACCES, ENOSYS } },
	[SEAL_PROBE_PACKET] = { "packet",
				"a packet socket could be made",
				SEAL_FILTER,
				attempt_packet,
				{ EAFNOSUPPORT, EPERM, EACCES, ENOSYS } },
};

static bool is_wanted(const struct seal *seal, int i)
{
	return (seal->flags & probes[i].flags) == probes[i].flags;
}

/* Never returns. What it may not do is what is being tested, so it does little: no exit handlers, no output. */
static void __attribute__((noreturn))
run_child(struct init *c, struct report *r, int first, int outside)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (child_set_no_new_privs(c, &r->error) < 0 || child_seal_landlock(c, &r->error) < 0 ||
	    child_load_own_filter(c, &r->error) < 0 || child_late_seccomp(c, &r->error) < 0)
		_exit(1);
	for (int i = first; i < SEAL_PROBE_COUNT_; i++) {
		if (!is_wanted(c->seal, i))
			continue;
		r->trying = i;
		r->result[i] = probes[i].attempt(outside);
	}
	r->trying = SEAL_PROBE_COUNT_;
	_exit(0);
}

/* The child's wait status; -ETIMEDOUT when it had to be killed. */
static int wait_child(pid_t pid, int *ret_status)
{
	auto_fd pidfd = sys_pidfd_open(pid);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n, waited;

	do
		n = pidfd < 0 ? 0 : poll(&p, 1, PROBE_TIMEOUT_MS);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		(void)kill(pid, SIGKILL); /* ours and not reaped: the number cannot be another's */
	do
		waited = waitpid(pid, ret_status, 0);
	while (waited < 0 && errno == EINTR);
	if (waited < 0)
		return -errno;
	return n <= 0 ? -ETIMEDOUT : 0;
}

static enum seal_probe_result judge(const struct probe *p, int err)
{
	if (err == 0)
		return SEAL_ALLOWED;
	for (size_t i = 0; i < ARRAY_SIZE(p->denials); i++)
		if (p->denials[i] == err)
			return SEAL_DENIED;
	return SEAL_NOT_PROBED;
}

/* Runs one child from line @first on. Returns the line to go on with, or -errno. */
static int run_from(struct init *c, struct report *r, int first, int outside, struct pf_error *e)
{
	int status = 0, ret;
	pid_t pid;

	r->trying = -1;
	pid = fork();
	if (pid < 0 && errno == EAGAIN)
		return SEAL_PROBE_COUNT_; /* a limit of one process: not probed, and the posture says so */
	if (pid < 0)
		return pf_fail_sys(e, errno, "fork a probe");
	if (pid == 0)
		run_child(c, r, first, outside);
	ret = wait_child(pid, &status);
	if (ret < 0 && ret != -ETIMEDOUT)
		return pf_fail_sys(e, ret, "wait for a probe");
	if (r->trying < 0 && r->error.kind != PF_ERR_NONE) {
		*e = r->error;
		return pf_wrap(e, "probe");
	}
	if (r->trying < 0)
		return pf_fail(e, PF_ERR_HOST, 0, "a probe %s while it sealed itself",
			       ret == -ETIMEDOUT ? "hung" : "was killed");
	if (r->trying >= SEAL_PROBE_COUNT_)
		return SEAL_PROBE_COUNT_;
	/* Killed for trying is denied; a hang says nothing. */
	if (ret == 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		r->result[r->trying] = probes[r->trying].denials[0];
	return r->trying + 1;
}

/* A tmpfs that is attached nowhere, made before the seal. */
static int make_outside(struct pf_error *e)
{
	const struct fs_make args = { .type = "tmpfs",
				      .source = "pinfold",
				      .data = "nr_inodes=4,size=4k",
				      .attrs = PF_MOUNT_ATTR_NOSUID | PF_MOUNT_ATTR_NODEV |
					       PF_MOUNT_ATTR_NOEXEC,
				      .mode = 0777 };
	auto_fd tree = fs_make(&args, e), file = -EBADF;

	if (tree < 0)
		return tree;
	file = openat(tree, "file", O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (file < 0)
		return pf_fail_sys(e, errno, "make a file for the probes");
	return pf_take_fd(&tree);
}

static int run_all(struct init *c, struct report *r, struct pf_error *e)
{
	auto_fd outside = make_outside(e);
	int next = 0;

	if (outside < 0)
		return outside;
	for (int i = 0; i < SEAL_PROBE_COUNT_; i++)
		r->result[i] = -1;
	while (next < SEAL_PROBE_COUNT_) {
		while (next < SEAL_PROBE_COUNT_ && !is_wanted(c->seal, next))
			next++;
		if (next == SEAL_PROBE_COUNT_)
			break;
		next = run_from(c, r, next, outside, e);
		if (next < 0)
			return next;
	}
	return 0;
}

static int pack_results(struct init *c, const struct report *r, struct pf_error *e)
{
	int64_t packed = 0;

	for (int i = 0; i < SEAL_PROBE_COUNT_; i++) {
		enum seal_probe_result result =
			is_wanted(c->seal, i) ? judge(&probes[i], r->result[i]) : SEAL_NOT_PROBED;

		if (result == SEAL_ALLOWED)
			return pf_fail(
				e, PF_ERR_HOST, 0,
				"probe `%s': %s: this kernel does not enforce what it accepted",
				probes[i].name, probes[i].what);
		packed |= (int64_t)result << (2 * i);
	}
	c->probes = packed;
	return 0;
}

int confine_probe(struct init *c, struct pf_error *e)
{
	struct report *r;
	int ret;

	if (c->seal->flags & SEAL_NO_PROBES)
		return 0;
	r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r == MAP_FAILED)
		return pf_fail_sys(e, errno, "map the probes' report");
	ret = run_all(c, r, e);
	if (ret >= 0)
		ret = pack_results(c, r, e);
	(void)munmap(r, sizeof(*r));
	return ret;
}
