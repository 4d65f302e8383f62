/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Believing a system call's return value is not the same as being confined. Before the container is ready a child seals
 * itself with the very code that will seal the program, then tries to cross each line, and must fail.
 *
 * One child tries all lines in turn. If it dies half way (the OCI profile may kill for the call that is tried) that line
 * counts as denied, and another child goes on with the next. Each child has one second.
 *
 * The child is a vfork: a copied address space would cost more than all the rest of the probe, and shared memory is what
 * still carries a report after the seals. It is a process of its own in all that it tests: credentials, filters, files.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/confine.h"
#include "runtime/init/fs.h"
#include "runtime/init/steps.h"

#define PROBE_TIMEOUT_S 1
#define FAMILY_PACKET   17

/* Written by the child into its parent's memory: after the seals a pipe might be refused, memory is not. */
struct report {
	volatile int trying; /* the line that is being tried; -1: not sealed yet */
	volatile int result[SEAL_PROBE_COUNT_]; /* 0, the errno, or -1: not tried */
	struct pf_error error;
};

struct probe {
	const char *name, *what;
	uint32_t flags;                                    /* of the seal: what must be in force */
	int (*attempt)(const struct init *c, int outside); /* 0 or the errno */
	int denials[4]; /* errnos of the mechanism itself, or of an OCI profile that was quicker */
};

/* @outside is a detached tmpfs with one file: no rule can reach it, so no path of the image matters. */
static int attempt_read(const struct init *c, int outside)
{
	int fd = openat(outside, "file", O_RDONLY | O_CLOEXEC);

	(void)c;
	return fd < 0 ? errno : 0;
}

static int attempt_write(const struct init *c, int outside)
{
	int fd = openat(outside, "new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	(void)c;
	return fd < 0 ? errno : 0;
}

static int attempt_userns(const struct init *c, int outside)
{
	(void)c;
	(void)outside;
	return unshare(CLONE_NEWUSER) < 0 ? errno : 0;
}

static int attempt_packet(const struct init *c, int outside)
{
	(void)c;
	(void)outside;
	return socket(FAMILY_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) < 0 ? errno : 0;
}

/*
 * Does each covered path lead to its cover? Only the identity is asked, which no key in force forbids: what lies there can
 * be opened or not for other reasons too. ESTALE stands for "something else", as nothing refuses.
 */
static int attempt_cover(const struct init *c, int outside)
{
	const struct seal_cover *covers = plan_items(c->seal, c->seal->covers);
	bool denied = false;
	int err = EIO;

	(void)outside;
	for (uint32_t i = 0; i < c->seal->covers.n; i++) {
		const char *path = confine_text(c, covers[i].path);
		auto_fd fd = openat(c->root_fd, path + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		struct pf_file_id now;

		if (fd < 0 || sys_file_id(fd, &now) < 0) {
			err = errno;
			continue;
		}
		if (now.dev == covers[i].id.dev && now.ino == covers[i].id.ino)
			return 0;
		denied = true;
	}
	return denied ? ESTALE : err;
}

/* Each file is opened for writing, in each directory a file without a name is made: nothing of it would stay. */
static int attempt_protect(const struct init *c, int outside)
{
	const struct seal_protect *p = plan_items(c->seal, c->seal->protects);
	bool denied = false;
	int err = EIO;

	(void)outside;
	for (uint32_t i = 0; i < c->seal->protects.n; i++) {
		const char *path = confine_text(c, p[i].path);
		int how = p[i].is_dir ? O_TMPFILE | O_RDWR : O_WRONLY | O_NONBLOCK | O_NOFOLLOW;
		auto_fd fd = -EBADF;

		if (p[i].anchor)
			continue;
		fd = openat(c->root_fd, path + 1, how | O_NOCTTY | O_CLOEXEC, 0600);
		if (fd >= 0)
			return 0;
		err = errno;
		denied |= err == EROFS;
	}
	return denied ? EROFS : err;
}

/* Nothing need be there: who judges connections answers before a route is looked for, with EPERM. */
static int attempt_connect(const struct init *c, int outside)
{
	int err = EIO;

	(void)outside;
	for (size_t i = 0; i < ARRAY_SIZE(c->seal->unreachable); i++) {
		struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
		auto_fd sock = -EBADF;

		to.sin_addr.s_addr = c->seal->unreachable[i];
		if (to.sin_addr.s_addr == 0)
			continue;
		sock = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (sock < 0)
			return EIO; /* that no socket can be made says nothing of connections */
		if (connect(sock, (struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS)
			return 0;
		err = errno;
		if (err != EPERM)
			break;
	}
	return err;
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
	[SEAL_PROBE_COVER] = { "cover",
			       "a covered path leads to what the cover should hide",
			       0,
			       attempt_cover,
			       { ESTALE } },
	[SEAL_PROBE_PROTECT] = { "protect",
				 "a protected path could be opened for writing",
				 0,
				 attempt_protect,
				 { EROFS } },
	[SEAL_PROBE_CONNECT] = { "connect",
				 "an address that no entry of `egress' opens could be connected to",
				 0,
				 attempt_connect,
				 { EPERM } },
};

static bool is_wanted(const struct seal *seal, int i)
{
	if (i == SEAL_PROBE_COVER)
		return seal->covers.n > 0;
	if (i == SEAL_PROBE_PROTECT)
		return seal->protects.n > 0;
	if (i == SEAL_PROBE_CONNECT)
		return seal->unreachable[0] || seal->unreachable[1];
	return (seal->flags & probes[i].flags) == probes[i].flags;
}

/* A parent in vfork cannot look at a clock: the child sets its own, and dies of it. */
static int limit_time(struct pf_error *e)
{
	const struct itimerval limit = { .it_value = { .tv_sec = PROBE_TIMEOUT_S } };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	if (signal(SIGALRM, SIG_DFL) == SIG_ERR || sigprocmask(SIG_UNBLOCK, &set, NULL) < 0 ||
	    setitimer(ITIMER_REAL, &limit, NULL) < 0)
		return pf_fail_sys(e, errno, "bound the time of a probe");
	return 0;
}

/*
 * Never returns. What it may not do is what is being tested, so it does little: no exit handlers, no output. It runs on
 * its parent's memory, so it changes nothing there but @r; PR_SET_DUMPABLE is off, so a death dumps nothing of it.
 */
static void __attribute__((noreturn, noinline))
run_child(struct init *c, struct report *r, int first, int outside)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (limit_time(&r->error) < 0 || child_set_no_new_privs(c, &r->error) < 0 ||
	    child_seal_landlock(c, &r->error) < 0 || child_load_own_filter(c, &r->error) < 0 ||
	    child_late_seccomp(c, &r->error) < 0)
		_exit(1);
	for (int i = first; i < SEAL_PROBE_COUNT_; i++) {
		if (!is_wanted(c->seal, i))
			continue;
		r->trying = i;
		r->result[i] = probes[i].attempt(c, outside);
	}
	r->trying = SEAL_PROBE_COUNT_;
	_exit(0);
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
	int status = 0, waited;
	pid_t pid;
	bool hung;

	r->trying = -1;
	pid = vfork();
	if (pid < 0 && errno == EAGAIN)
		return SEAL_PROBE_COUNT_; /* a limit of one process: not probed, and the posture says so */
	if (pid < 0)
		return pf_fail_sys(e, errno, "fork a probe");
	if (pid == 0)
		run_child(c, r, first, outside);
	do
		waited = waitpid(pid, &status, 0);
	while (waited < 0 && errno == EINTR);
	if (waited < 0)
		return pf_fail_sys(e, errno, "wait for a probe");
	hung = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
	if (r->trying < 0 && r->error.kind != PF_ERR_NONE) {
		*e = r->error;
		return pf_wrap(e, "probe");
	}
	if (r->trying < 0)
		return pf_fail(e, PF_ERR_HOST, 0, "a probe %s while it sealed itself",
			       hung ? "hung" : "was killed");
	if (r->trying >= SEAL_PROBE_COUNT_)
		return SEAL_PROBE_COUNT_;
	/* Killed for trying is denied; a hang says nothing. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
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
	struct report r = { .trying = -1 };

	if (c->seal->flags & SEAL_NO_PROBES)
		return 0;
	STEP(run_all(c, &r, e));
	return pack_results(c, &r, e);
}
