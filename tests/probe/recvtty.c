/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recvtty SOCKET: the engine's end of --console-socket. It listens on SOCKET, receives one terminal by SCM_RIGHTS, prints
 * "console: NAME" where the sender named it, then relays: terminal to stdout, stdin to terminal, until the terminal ends.
 * Of anything else that arrives it prints what it is ("no terminal: anon_inode:[pidfd]"), and ends.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listen_at(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(sa.sun_path))
		return -1;
	strcpy(sa.sun_path, path);
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 1) < 0)
		return -1;
	return accept(fd, NULL, NULL);
}

static int receive(int sock)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char name[256];
	struct iovec iov = { .iov_base = name, .iov_len = sizeof(name) - 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	const struct cmsghdr *c;
	ssize_t n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	int fd = -1;

	if (n < 0)
		return -1;
	name[n] = 0;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	printf("console: %s\n", name);
	fflush(stdout);
	return fd;
}

static int show(int fd)
{
	char path[64], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return 1;
	target[n] = 0;
	printf("no terminal: %s\n", target);
	return 0;
}

/* 0: the source is at its end */
static int copy_some(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	return n > 0 && write(to, buf, (size_t)n) == n;
}

int main(int argc, char **argv)
{
	int sock = argc == 2 ? listen_at(argv[1]) : -1;
	int tty = sock < 0 ? -1 : receive(sock);
	struct pollfd p[2] = { { .fd = tty, .events = POLLIN }, { .fd = 0, .events = POLLIN } };

	if (tty < 0) {
		fprintf(stderr, "recvtty: %s\n", strerror(errno));
		return 1;
	}
	if (!isatty(tty))
		return show(tty);
	close(sock);
	while (poll(p, 2, -1) >= 0 || errno == EINTR) {
		if (p[0].revents && !copy_some(tty, 1))
			break;
		if (p[1].revents && !copy_some(0, tty))
			p[1].fd = -1;
	}
	return 0;
}
