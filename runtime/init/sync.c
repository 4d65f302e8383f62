/* SPDX-License-Identifier: Apache-2.0 */
/* The hand-shake's messages. Compiled into both programs, so that they cannot drift apart. The receiver bounds and
 * re-terminates every text: after it has executed the workload's world, the peer is not trusted to. */
#include "runtime/init/sync.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

static const char *const step_names[SYNC_STEP_COUNT_] = {
	[SYNC_STAGED] = "staged",   [SYNC_IDMAP] = "idmap", [SYNC_CGROUP] = "cgroup",
	[SYNC_MOUNTED] = "mounted", [SYNC_HOOKS] = "hooks", [SYNC_TREE] = "tree",
	[SYNC_SEAL] = "seal",       [SYNC_READY] = "ready", [SYNC_RECORDED] = "recorded",
	[SYNC_START] = "start",     [SYNC_EXEC] = "exec",
};

const char *sync_step_name(enum sync_step step)
{
	return step > 0 && step < SYNC_STEP_COUNT_ ? step_names[step] : "unknown";
}

union control { /* a union for its alignment */
	char bytes[CMSG_SPACE(sizeof(int) * SYNC_MAX_FDS)];
	struct cmsghdr align;
};

static int send_message(int sock, const struct sync_message *m, const int *fds, size_t n_fds)
{
	struct iovec iov = { (void *)(uintptr_t)m, sizeof(*m) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	ssize_t n;

	if (n_fds > SYNC_MAX_FDS)
		return -E2BIG;
	if (n_fds > 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int sync_send(int sock, enum sync_step step, int64_t value, int fd)
{
	struct sync_message m = { .type = SYNC_TYPE_STEP, .step = step, .value = value };

	return send_message(sock, &m, &fd, fd >= 0);
}

int sync_send_fds(int sock, enum sync_step step, const int *fds, size_t n)
{
	struct sync_message m = { .type = SYNC_TYPE_STEP, .step = step, .value = (int64_t)n };

	return send_message(sock, &m, fds, n);
}

int sync_send_error(int sock, const struct pf_error *error)
{
	struct sync_message m = { .type = SYNC_TYPE_ERROR, .error = *error };

	return send_message(sock, &m, NULL, 0);
}

/* Takes the fds out of a received message; more than the maximum was not sent by us, and the kernel dropped the rest. */
static size_t received_fds(struct msghdr *msg, int *fds)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	size_t n;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len < CMSG_LEN(sizeof(int)))
		return 0;
	n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	return n;
}

static ssize_t receive(int sock, struct sync_message *m, int *fds, size_t *n_fds)
{
	struct iovec iov = { m, sizeof(*m) };
	union control control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t n;

	/* A peer that ended without reading all of ours is told of first, and once; its last words come after that. */
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	*n_fds = n >= 0 ? received_fds(&msg, fds) : 0;
	return n < 0 ? -errno : n;
}

static int peer_error(const struct sync_message *m, struct pf_error *e)
{
	*e = m->error;
	e->msg[sizeof(e->msg) - 1] = '\0';
	if (e->kind <= PF_ERR_NONE || e->kind >= PF_ERR_KIND_COUNT_)
		e->kind = PF_ERR_BUG;
	return e->err > 0 && e->err < 4096 ? -e->err : -EINVAL;
}

/* What came, checked against what was due. */
static int judge(const struct sync_message *m, ssize_t n, enum sync_step step, struct pf_error *e)
{
	if (n < 0)
		return pf_fail_sys(e, (int)n, "receive `%s'", sync_step_name(step));
	if (n == 0)
		return pf_fail(e, PF_ERR_SYS, EPIPE, "peer died before `%s'", sync_step_name(step));
	if (n != (ssize_t)sizeof(*m))
		return pf_fail(e, PF_ERR_BUG, EPROTO, "a message of %zd bytes for `%s'", n,
			       sync_step_name(step));
	if (m->type == SYNC_TYPE_ERROR)
		return peer_error(m, e);
	if (m->type != SYNC_TYPE_STEP || m->step != step)
		return pf_fail(e, PF_ERR_BUG, EPROTO, "`%s' came where `%s' was due",
			       sync_step_name(m->step), sync_step_name(step));
	return 0;
}

int sync_expect_fds(int sock, enum sync_step step, int fds[SYNC_MAX_FDS], size_t *ret_n,
		    struct pf_error *e)
{
	struct sync_message m = { 0 };
	size_t n_fds;
	ssize_t n = receive(sock, &m, fds, &n_fds);
	int ret = judge(&m, n, step, e);

	if (ret == 0 && m.value != (int64_t)n_fds)
		ret = pf_fail(e, PF_ERR_BUG, EPROTO, "`%s' came with %zu fds instead of %lld",
			      sync_step_name(step), n_fds, (long long)m.value);
	if (ret < 0) {
		while (n_fds > 0)
			pf_close(fds[--n_fds]);
		return ret;
	}
	*ret_n = n_fds;
	return 0;
}

int sync_expect(int sock, enum sync_step step, int64_t *ret_value, int *ret_fd, struct pf_error *e)
{
	struct sync_message m = { 0 };
	int fds[SYNC_MAX_FDS];
	size_t n_fds;
	ssize_t n = receive(sock, &m, fds, &n_fds);
	int ret = judge(&m, n, step, e);

	if (ret == 0 && n_fds != (ret_fd ? 1u : 0u))
		ret = pf_fail(e, PF_ERR_BUG, EPROTO, "`%s' came with %zu fds", sync_step_name(step),
			      n_fds);
	if (ret < 0) {
		while (n_fds > 0)
			pf_close(fds[--n_fds]);
		return ret;
	}
	if (ret_value)
		*ret_value = m.value;
	if (ret_fd)
		*ret_fd = fds[0];
	return 0;
}
