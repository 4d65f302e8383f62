/* SPDX-License-Identifier: Apache-2.0 */
/* The hand-shake's messages: what is due, what is not, and what a peer that has ended leaves behind. */
#include <config.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/init/sync.h"
#include "tests/unit/tap.h"

static int ours, theirs;

static void open_pair(void)
{
	int pair[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
	ours = pair[0];
	theirs = pair[1];
}

static void send_failure(const char *text)
{
	struct pf_error e = PF_ERROR_INIT;

	(void)pf_fail(&e, PF_ERR_CONFIG, ENOENT, "%s", text);
	CHECK_INT(sync_send_error(theirs, &e), ==, 0);
}

static void the_last_words_of_a_peer_that_read_nothing_arrive(void)
{
	struct pf_error e = PF_ERROR_INIT;

	open_pair();
	CHECK_INT(sync_send(ours, SYNC_CGROUP, 0, -1), ==, 0);
	send_failure("the reason");
	close(theirs);
	CHECK_INT(sync_expect(ours, SYNC_MOUNTED, NULL, NULL, &e), ==, -ENOENT);
	CHECK_STR(e.msg, "the reason: no such file or directory");
	close(ours);
}

static void an_end_is_no_success(void)
{
	struct pf_error e = PF_ERROR_INIT;

	open_pair();
	CHECK_INT(sync_send(ours, SYNC_CGROUP, 0, -1), ==, 0);
	close(theirs);
	CHECK_INT(sync_expect(ours, SYNC_MOUNTED, NULL, NULL, &e), ==, -EPIPE);
	CHECK_HAS(e.msg, "peer died before `mounted'");
	close(ours);
}

static void a_step_out_of_turn_is_refused(void)
{
	struct pf_error e = PF_ERROR_INIT;
	int64_t value = 0;

	open_pair();
	CHECK_INT(sync_send(theirs, SYNC_STAGED, 7, -1), ==, 0);
	CHECK_INT(sync_expect(ours, SYNC_STAGED, &value, NULL, &e), ==, 0);
	CHECK_INT(value, ==, 7);
	CHECK_INT(sync_send(theirs, SYNC_READY, 0, -1), ==, 0);
	CHECK_INT(sync_expect(ours, SYNC_MOUNTED, NULL, NULL, &e), ==, -EPROTO);
	CHECK_HAS(e.msg, "`ready' came where `mounted' was due");
	CHECK_INT(send(theirs, "x", 1, 0), ==, 1);
	CHECK_INT(sync_expect(ours, SYNC_MOUNTED, NULL, NULL, &e), ==, -EPROTO);
	close(theirs);
	close(ours);
}

static void fds_that_were_not_due_are_closed(void)
{
	struct pf_error e = PF_ERROR_INIT;
	int next, fds[SYNC_MAX_FDS], fd = -1;
	size_t n = 0;

	open_pair();
	next = dup(0);
	close(next);
	CHECK_INT(sync_send(theirs, SYNC_SEAL, 0, 0), ==, 0);
	CHECK_INT(sync_expect(ours, SYNC_SEAL, NULL, NULL, &e), ==, -EPROTO);
	CHECK_INT(sync_send(theirs, SYNC_SEAL, 0, -1), ==, 0);
	CHECK_INT(sync_expect(ours, SYNC_SEAL, NULL, &fd, &e), ==, -EPROTO);
	CHECK_INT(sync_send(theirs, SYNC_CGROUP, 3, 0), ==, 0);
	CHECK_INT(sync_expect_fds(ours, SYNC_CGROUP, fds, &n, &e), ==, -EPROTO);
	CHECK_INT(dup(0), ==, next);
	close(next);
	close(theirs);
	close(ours);
}

int main(void)
{
	RUN(the_last_words_of_a_peer_that_read_nothing_arrive);
	RUN(an_end_is_no_success);
	RUN(a_step_out_of_turn_is_refused);
	RUN(fds_that_were_not_due_are_closed);
	return tap_done();
}
