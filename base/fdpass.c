/* SPDX-License-Identifier: Apache-2.0 */
/* Passing an fd: terminals to engines, pidfds to whoever asked. */
#include "base/fdpass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

union control { /* a union for its alignment */
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int pf_send_fd(int sock, const char *name, int fd)
{
	struct iovec iov = { (void *)(__UINTPTR_TYPE__)name, strlen(name) };
	union control control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *m;

	memset(&control, 0, sizeof(control));
	m = CMSG_FIRSTHDR(&msg);
	m->cmsg_level = SOL_SOCKET;
	m->cmsg_type = SCM_RIGHTS;
	m->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(m), &fd, sizeof(fd));
	return sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int pf_receive_fd(int sock)
{
	char name[256];
	struct iovec iov = { name, sizeof(name) };
	union control control;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *m;
	int fd;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) <= 0)
		return -EBADF;
	m = CMSG_FIRSTHDR(&msg);
	if (!m || m->cmsg_type != SCM_RIGHTS || m->cmsg_len != CMSG_LEN(sizeof(int)))
		return -EBADF;
	memcpy(&fd, CMSG_DATA(m), sizeof(fd));
	return fd;
}
