/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent's end of the child that reads: makes it, sends files, takes answers, ends it. The child is not trusted: its
 * records must be whole, speak of the file that is due and of a kind that exists, and come before the deadline.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/guard/scan_parts.h"

enum {
	STALL_MS = 10000, /* for one file; the largest takes a second */
	REAP_MS = 2000,
	WHY_MAX = 128,
};

struct scan_reader {
	const struct catalogue *c; /* borrowed */
	struct scan_events events;
	int64_t deadline_ms;
	unsigned int restarts;
	pid_t pid; /* 0: none */
	int sock;  /* owned */
	/* those of number ended to added - 1, in a ring; those before .sent are with the child */
	struct scan_file files[SCAN_IN_FLIGHT];
	uint64_t added, sent, ended;
	bool closed; /* no child will be made any more */
};

int64_t scan_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t scan_reader_added(const struct scan_reader *r)
{
	return r->added;
}

uint64_t scan_reader_ended(const struct scan_reader *r)
{
	return r->ended;
}

static struct scan_file *file_at(struct scan_reader *r, uint64_t number)
{
	return &r->files[number % SCAN_IN_FLIGHT];
}

int scan_reader_open(const struct catalogue *c, const struct scan_events *events,
		     int64_t deadline_ms, struct scan_reader **ret, struct pf_error *e)
{
	struct scan_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return pf_fail_sys(e, ENOMEM, "look into files");
	r->c = c;
	r->events = *events;
	r->deadline_ms = deadline_ms;
	r->sock = -EBADF;
	*ret = r;
	return 0;
}

/* ---- its life */

/* The address space that we have, which a fork has too. */
static int own_memory(uint64_t *ret, struct pf_error *e)
{
	auto_fd proc = -EBADF, fd = -EBADF;
	char text[64];
	ssize_t n;

	STEP(pf_open_proc(&proc, e));
	fd = openat(proc, "self/statm", O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return pf_fail_sys(e, n < 0 ? errno : EIO, "read `/proc/self/statm'");
	text[n] = '\0';
	*ret = strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
	return 0;
}

/* In the child. */
static void child_main(const struct scan_reader *r, int sock, pid_t parent, uint64_t memory)
{
	int64_t ms = r->deadline_ms - scan_now_ms();
	struct scan_record record = { .type = SCAN_READY };
	const char *failed = "";
	sigset_t none;
	int ret;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		_exit(1);
	ret = scan_jail_enter(sock, memory + SCAN_CHILD_BYTES,
			      (unsigned int)(ms > 0 ? ms / 1000 : 0) + 2, &failed);
	if (ret < 0) {
		record.type = SCAN_FAILED;
		record.bytes = (uint64_t)-ret;
		record.text_len = (uint32_t)strlen(failed);
		memcpy(record.text, failed, record.text_len);
		/* the socket may have its number yet, or not */
		(void)send(sock, &record, sizeof(record), MSG_NOSIGNAL);
		(void)send(SCAN_SOCKET, &record, sizeof(record), MSG_NOSIGNAL);
		_exit(1);
	}
	scan_child_answer(&record);
	scan_child(r->c);
}

/* Waits a little for what was killed: a process that hangs in the kernel must not hang us too. */
static int reap(pid_t pid)
{
	auto_fd pidfd = sys_pidfd_open(pid);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int status;

	if (pidfd >= 0)
		(void)poll(&p, 1, REAP_MS);
	return waitpid(pid, &status, pidfd >= 0 ? WNOHANG : 0) == pid ? status : -1;
}

/* Ends the child, if there is one; why it had ended before we came, for people. */
static void end_child(struct scan_reader *r, bool by_us, char why[WHY_MAX])
{
	int status;

	if (r->pid == 0)
		return;
	if (by_us)
		(void)kill(r->pid, SIGKILL);
	status = reap(r->pid);
	if (status < 0 && !by_us) {
		(void)kill(r->pid, SIGKILL);
		(void)reap(r->pid);
	}
	if (by_us)
		;
	else if (status >= 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		snprintf(why, WHY_MAX,
			 "its reader made a system call that it must not make, and was killed");
	else if (status >= 0 && WIFSIGNALED(status))
		snprintf(why, WHY_MAX, "its reader was killed by signal %d", WTERMSIG(status));
	else
		snprintf(why, WHY_MAX, "its reader ended");
	r->pid = 0;
	pf_close_ptr(&r->sock);
}

static ssize_t receive(struct scan_reader *r, struct scan_record *ret, int64_t until_ms)
{
	struct pollfd p = { .fd = r->sock, .events = POLLIN };
	int64_t left;
	int n;

	do {
		left = until_ms - scan_now_ms();
		n = left > 0 ? poll(&p, 1, (int)left) : 0;
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -ETIME;
	n = (int)recv(r->sock, ret, sizeof(*ret), MSG_DONTWAIT | MSG_TRUNC);
	return n < 0 ? -errno : n;
}

static int await_ready(struct scan_reader *r, struct pf_error *e)
{
	struct scan_record record = { .type = 0 };
	ssize_t n = receive(r, &record, scan_now_ms() + STALL_MS);
	char why[WHY_MAX] = "";

	if (n == (ssize_t)sizeof(record) && record.type == SCAN_READY)
		return 0;
	if (n == (ssize_t)sizeof(record) && record.type == SCAN_FAILED) {
		record.text[PRINCIPAL_MAX - 1] = '\0';
		end_child(r, true, why);
		return pf_fail(e, PF_ERR_HOST, (int)record.bytes,
			       "confine the process that reads files: it could not %s",
			       record.text);
	}
	end_child(r, n != 0, why);
	return pf_fail(e, PF_ERR_HOST, 0,
		       "confine the process that reads files: it ended before it was ready");
}

static int start_child(struct scan_reader *r, struct pf_error *e)
{
	pid_t parent = getpid();
	uint64_t memory = 0;
	int pair[2];

	STEP(own_memory(&memory, e));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return pf_fail_sys(e, errno, "make a socket to a process that reads files");
	r->pid = fork();
	if (r->pid == 0)
		child_main(r, pair[1], parent, memory);
	pf_close(pair[1]);
	r->sock = pair[0];
	if (r->pid < 0) {
		r->pid = 0;
		pf_close_ptr(&r->sock);
		return pf_fail_sys(e, errno, "fork a process that reads files");
	}
	return await_ready(r, e);
}

/* ---- files out */

static int send_batch(struct scan_reader *r, size_t n)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * SCAN_BATCH)];
		struct cmsghdr align;
	} control;
	struct scan_job jobs[SCAN_BATCH];
	struct iovec iov = { jobs, n * sizeof(jobs[0]) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *m;

	memset(&control, 0, sizeof(control));
	m = CMSG_FIRSTHDR(&msg);
	m->cmsg_level = SOL_SOCKET;
	m->cmsg_type = SCM_RIGHTS;
	m->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (size_t i = 0; i < n; i++) {
		const struct scan_file *f = file_at(r, r->sent + i);

		jobs[i] = (struct scan_job){ .seq = (uint32_t)(r->sent + i),
					     .n_kinds = f->n_kinds,
					     .beside = f->beside,
					     .test = f->test,
					     .bytes = f->bytes };
		memcpy(jobs[i].kinds, f->kinds, sizeof(jobs[i].kinds));
		memcpy(CMSG_DATA(m) + i * sizeof(int), &f->fd, sizeof(int));
	}
	return sendmsg(r->sock, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int send_all(struct scan_reader *r, struct pf_error *e)
{
	while (r->sent < r->added) {
		uint64_t n = r->added - r->sent;
		int ret;

		if (r->pid == 0)
			STEP(start_child(r, e));
		n = n < SCAN_BATCH ? n : SCAN_BATCH;
		ret = send_batch(r, (size_t)n);
		if (ret == -EPIPE || ret == -ECONNRESET)
			return 0; /* it died: whoever waits for its answers sees that too */
		if (ret < 0)
			return pf_fail_sys(e, ret, "hand files to the process that reads them");
		r->sent += n;
	}
	return 0;
}

/* ---- answers in */

static void settle(struct scan_reader *r)
{
	struct scan_file *f = file_at(r, r->ended++);

	free(f->path);
	pf_close(f->fd);
	*f = (struct scan_file){ .fd = -EBADF };
	if (r->sent < r->ended)
		r->sent = r->ended;
}

static void lose(struct scan_reader *r, const char *why)
{
	r->events.lost(r->events.ctx, file_at(r, r->ended), why);
	settle(r);
}

/* The child is gone, or goes: the file that it was at is lost, the others are sent again. */
static void restart(struct scan_reader *r, bool by_us, char why[WHY_MAX])
{
	end_child(r, by_us, why);
	if (r->ended < r->added)
		lose(r, why);
	r->sent = r->ended;
	if (++r->restarts > SCAN_RESTARTS)
		r->closed = true;
	if (scan_now_ms() >= r->deadline_ms)
		r->closed = true;
	while (r->closed && r->ended < r->added)
		lose(r, why);
}

static bool is_sound(const struct scan_reader *r, const struct scan_record *record, ssize_t n)
{
	return n == (ssize_t)sizeof(*record) && record->seq == (uint32_t)r->ended &&
	       r->ended < r->sent && record->text_len <= PRINCIPAL_MAX &&
	       record->lifetime < CREDENTIAL_LIFETIME_COUNT_ &&
	       (record->type == SCAN_DONE ||
		(record->type == SCAN_FOUND && record->kind < r->c->n_kinds));
}

/* One record, or the end of the child. */
static int take_one(struct scan_reader *r, struct pf_error *e)
{
	int64_t now = scan_now_ms(), stall = now + STALL_MS;
	bool last = r->deadline_ms < stall;
	char why[WHY_MAX] = "what its reader answered is no answer";
	struct scan_record record = { .type = 0 };
	ssize_t n = receive(r, &record, last ? r->deadline_ms : stall);
	const struct scan_file *f = file_at(r, r->ended);

	if (n == -ETIME) {
		snprintf(why, sizeof(why),
			 last ? "the time was up" : "reading it took more than %d seconds",
			 STALL_MS / 1000);
		restart(r, true, why);
		return 0;
	}
	if (n <= 0) {
		restart(r, false, why);
		return 0;
	}
	if (!is_sound(r, &record, n)) {
		restart(r, true, why);
		return 0;
	}
	STEP(r->events.record(r->events.ctx, f, &record, e));
	if (record.type == SCAN_DONE)
		settle(r);
	return 0;
}

/* Until at most @left files have not ended. Whole batches are sent, so that it is not one message for each file. */
static int drain(struct scan_reader *r, uint64_t left, struct pf_error *e)
{
	while (r->added - r->ended > left) {
		if (r->closed) {
			lose(r, "no reader was left");
			continue;
		}
		if (left == 0 || r->sent == r->ended)
			STEP(send_all(r, e));
		STEP(take_one(r, e));
	}
	return 0;
}

int scan_reader_add(struct scan_reader *r, const struct scan_file *f, struct pf_error *e)
{
	*file_at(r, r->added++) = *f;
	if (r->closed)
		return drain(r, 0, e);
	if (r->added - r->sent >= SCAN_BATCH)
		STEP(send_all(r, e));
	return r->added - r->ended < SCAN_IN_FLIGHT ? 0 : drain(r, SCAN_IN_FLIGHT - SCAN_BATCH, e);
}

int scan_reader_flush(struct scan_reader *r, struct pf_error *e)
{
	return drain(r, 0, e);
}

void scan_reader_close(struct scan_reader *r)
{
	char why[WHY_MAX];

	if (!r)
		return;
	end_child(r, true, why);
	while (r->ended < r->added)
		settle(r);
	free(r);
}
