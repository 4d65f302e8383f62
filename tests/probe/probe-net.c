/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: both ends of them, by every call that can make one. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "probe.h"

#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif
#ifndef IPV6_RTHDR
#define IPV6_RTHDR 57
#endif

enum { PATIENCE = 5000, MAX_SERVERS = 16, MAX_BYTES = 60000 };

struct target {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* An address of either family; IPv4 within IPv6 is IPv6. */
static void parse(const char *addr, const char *port, struct target *t)
{
	struct sockaddr_in *v4 = (void *)&t->sa;
	struct sockaddr_in6 *v6 = (void *)&t->sa;

	memset(t, 0, sizeof(*t));
	if (inet_pton(AF_INET, addr, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)number(port));
		t->len = sizeof(*v4);
		return;
	}
	if (inet_pton(AF_INET6, addr, &v6->sin6_addr) != 1) {
		fprintf(stderr, "probe: no address: `%s'\n", addr);
		exit(2);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)number(port));
	t->len = sizeof(*v6);
}

static const struct sockaddr *sa_of(const struct target *t)
{
	return (const struct sockaddr *)&t->sa;
}

/* What the server says is the detail, so a test sees who answered. */
static int answer(int fd, const char *patience)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char text[256];
	ssize_t n;
	int ready = poll(&p, 1, patience ? (int)number(patience) : PATIENCE);

	if (ready <= 0)
		return ready < 0 ? -errno : -ETIMEDOUT;
	n = recv(fd, text, sizeof(text) - 1, 0);
	if (n < 0)
		return -errno;
	text[n] = 0;
	say("%.*s", (int)strcspn(text, "\n"), text);
	return 0;
}

static int wait_connected(int fd, const char *patience)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int ready = poll(&p, 1, patience ? (int)number(patience) : PATIENCE), err = 0;
	socklen_t len = sizeof(err);

	if (ready <= 0)
		return ready < 0 ? -errno : -ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	return -err;
}

static int connected(int fd, const struct target *t, const char *patience)
{
	int r = failed(connect(fd, sa_of(t), t->len));

	if (r == -EINPROGRESS)
		r = wait_connected(fd, patience);
	return r < 0 ? r : answer(fd, patience);
}

/* tcp ADDRESS PORT [MS] */
static int do_tcp(char **a)
{
	struct target t;
	int fd;

	parse(a[0], a[1], &t);
	fd = socket(t.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd < 0 ? -errno : finish(fd, connected(fd, &t, a[2]));
}

/* udp ADDRESS PORT [MS]: of a connected socket */
static int do_udp(char **a)
{
	struct target t;
	int fd, r;

	parse(a[0], a[1], &t);
	fd = socket(t.sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = failed(connect(fd, sa_of(&t), t.len));
	if (r == 0)
		r = failed(send(fd, "?", 1, 0));
	return finish(fd, r < 0 ? r : answer(fd, a[2]));
}

/* sendto ADDRESS PORT [BYTES] */
static int do_sendto(char **a)
{
	static char data[MAX_BYTES];
	struct target t;
	int fd, r;

	parse(a[0], a[1], &t);
	fd = socket(t.sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = failed(sendto(fd, data, a[2] ? (size_t)number(a[2]) : 1, 0, sa_of(&t), t.len));
	return finish(fd, r < 0 ? r : answer(fd, NULL));
}

/* sendmmsg ADDRESS PORT [ADDRESS PORT]...: all in one call, which says how many it sent; the last answer counts */
static int do_sendmmsg(char **a)
{
	struct target t[8];
	struct mmsghdr m[8] = { 0 };
	char byte = '?';
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	unsigned int n = 0;
	int fd, sent;

	for (; a[0] && a[1] && n < 8; a += 2, n++) {
		parse(a[0], a[1], &t[n]);
		m[n].msg_hdr.msg_name = &t[n].sa;
		m[n].msg_hdr.msg_namelen = t[n].len;
		m[n].msg_hdr.msg_iov = &data;
		m[n].msg_hdr.msg_iovlen = 1;
	}
	fd = socket(t[0].sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	sent = sendmmsg(fd, m, n, 0);
	if (sent < 0)
		return finish(fd, -errno);
	say("%d of %u sent", sent, n);
	return finish(fd, 0);
}

/* fastopen ADDRESS PORT: data with the first packet; the socket was never connected */
static int do_fastopen(char **a)
{
	struct target t;
	int fd, r;

	parse(a[0], a[1], &t);
	fd = socket(t.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = failed(sendto(fd, "?", 1, MSG_FASTOPEN, sa_of(&t), t.len));
	return finish(fd, r < 0 ? r : answer(fd, NULL));
}

/* fastopen-connect ADDRESS PORT: connect() returns before anything was sent */
static int do_fastopen_connect(char **a)
{
	const int on = 1;
	struct target t;
	int fd, r;

	parse(a[0], a[1], &t);
	fd = socket(t.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = failed(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on)));
	if (r == 0)
		r = failed(connect(fd, sa_of(&t), t.len));
	if (r == 0)
		r = failed(send(fd, "?", 1, 0));
	return finish(fd, r < 0 ? r : answer(fd, NULL));
}

/* reconnect ADDRESS PORT ADDRESS PORT: a UDP socket that is connected to the first turns to the second */
static int do_reconnect(char **a)
{
	struct target first, second;
	int fd, r;

	parse(a[0], a[1], &first);
	parse(a[2], a[3], &second);
	fd = socket(first.sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = failed(connect(fd, sa_of(&first), first.len));
	if (r < 0)
		return finish(fd, r);
	r = failed(sendto(fd, "?", 1, 0, sa_of(&second), second.len));
	return finish(fd, r < 0 ? r : answer(fd, NULL));
}

/* tcp-start ADDRESS PORT: what connect() itself says, which does not wait: EINPROGRESS is no denial */
static int do_tcp_start(char **a)
{
	struct target t;
	int fd;

	parse(a[0], a[1], &t);
	fd = socket(t.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd < 0 ? -errno : finish(fd, failed(connect(fd, sa_of(&t), t.len)));
}

/* v4-in-v6 connect|sendto IPV4 PORT: an address of IPv4, as such, to a socket of IPv6 */
static int do_v4_in_v6(char **a)
{
	struct target t;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return -errno;
	parse(a[1], a[2], &t);
	if (!strcmp(a[0], "connect")) {
		r = failed(connect(fd, sa_of(&t), t.len));
		if (r == 0)
			r = failed(send(fd, "?", 1, 0));
	} else {
		r = failed(sendto(fd, "?", 1, 0, sa_of(&t), t.len));
	}
	return finish(fd, r < 0 ? r : answer(fd, NULL));
}

/* segments ADDRESS PORT: one call, many datagrams, cut by the kernel or the device */
static int do_segments(char **a)
{
	const int size = 100;
	static const char data[1000];
	struct target t;
	int fd, r;

	parse(a[0], a[1], &t);
	fd = socket(t.sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = failed(setsockopt(fd, IPPROTO_UDP, 103 /* UDP_SEGMENT */, &size, sizeof(size)));
	if (r == 0)
		r = failed(sendto(fd, data, sizeof(data), 0, sa_of(&t), t.len));
	return finish(fd, r < 0 ? r : answer(fd, NULL));
}

/* socket-elsewhere: one of a network namespace that we make */
static int do_socket_elsewhere(char **a)
{
	(void)a;
	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	for (int i = 0; i < 4; i++) {
		int fd = socket(i & 1 ? AF_INET : AF_INET6, i & 2 ? SOCK_STREAM : SOCK_DGRAM, 0);

		if (fd >= 0)
			return finish(fd, 0);
	}
	say("made, and no socket: %s", errno_name(errno));
	return 0;
}

/* udp-port-0 ADDRESS: connects, as getaddrinfo() does, and then sends to where it is connected to */
static int do_udp_port_0(char **a)
{
	struct target t;
	int fd, r;

	parse(a[0], "0", &t);
	fd = socket(t.sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = failed(connect(fd, sa_of(&t), t.len));
	say("%s", r < 0 ? errno_name(-r) : "connected");
	r = failed(send(fd, "?", 1, 0));
	say_more(", %s", r < 0 ? errno_name(-r) : "sent");
	return finish(fd, 0);
}

/* ping ADDRESS [MS] */
static int do_ping(char **a)
{
	struct target t;
	unsigned char echo[16] = { 0 };
	int fd, r;
	const char *got;

	parse(a[0], "0", &t);
	fd = socket(t.sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC,
		    t.sa.ss_family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (fd < 0)
		return -errno;
	echo[0] = t.sa.ss_family == AF_INET ? 8 : 128;
	r = failed(sendto(fd, echo, sizeof(echo), 0, sa_of(&t), t.len));
	if (r == 0)
		r = answer(fd, a[1]);
	got = r == 0 ? "answered" : "";
	say("%s", got);
	return finish(fd, r);
}

/* ---- a sender that chooses the way */

static int send_with(int fd, const struct target *t, const struct cmsghdr *c, size_t len)
{
	char byte = '?';
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr m = { .msg_name = (void *)(size_t)&t->sa,
			    .msg_namelen = t->len,
			    .msg_iov = &data,
			    .msg_iovlen = 1,
			    .msg_control = (void *)(size_t)c,
			    .msg_controllen = (socklen_t)len };

	return failed(sendmsg(fd, &m, 0));
}

/* source-route ADDRESS PORT VIA [message]: by the socket's options, or by those of one message */
static int do_source_route(char **a)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(64)];
	} c = { .space = { 0 } };
	unsigned char v4[8] = { 0x83, 7, 4, 0, 0, 0, 0, 0 }; /* loose source route, one address */
	unsigned char v6[24] = { 0, 2, 4, 0, 0, 0, 0, 0 };   /* segments: one */
	struct target t, via;
	int fd, r, is4;
	void *option;
	size_t size;

	parse(a[0], a[1], &t);
	parse(a[2], "0", &via);
	is4 = t.sa.ss_family == AF_INET;
	memcpy(v4 + 3, &((struct sockaddr_in *)(void *)&via.sa)->sin_addr, 4);
	memcpy(v6 + 8, &((struct sockaddr_in6 *)(void *)&via.sa)->sin6_addr, 16);
	option = is4 ? (void *)v4 : v6;
	size = is4 ? sizeof(v4) : sizeof(v6);
	fd = socket(t.sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!a[3]) {
		r = failed(setsockopt(fd, is4 ? IPPROTO_IP : IPPROTO_IPV6,
				      is4 ? IP_OPTIONS : IPV6_RTHDR, option, (socklen_t)size));
		return finish(fd, r);
	}
	c.head.cmsg_level = is4 ? IPPROTO_IP : IPPROTO_IPV6;
	c.head.cmsg_type = is4 ? IP_RETOPTS : IPV6_RTHDR;
	c.head.cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(&c.head), option, size);
	return finish(fd, send_with(fd, &t, &c.head, CMSG_SPACE(size)));
}

/* ---- servers */

static int open_server(char **a)
{
	const int on = 1;
	const int stream = !strcmp(a[0], "tcp");
	struct target t;
	int fd;

	parse(a[1], a[2], &t);
	fd = socket(t.sa.ss_family, (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (t.sa.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, sa_of(&t), t.len) < 0 || (stream && listen(fd, 16) < 0))
		return finish(fd, -errno);
	return fd;
}

/* Says on stdout what came, so a test sees also what has not. */
static void serve_one(int fd, const char *name, const char *port)
{
	struct target from = { .len = sizeof(from.sa) };
	char buf[64], text[128];
	int n = snprintf(text, sizeof(text), "%s\n", name), conn;

	conn = accept(fd, NULL, NULL);
	if (conn >= 0) {
		printf("tcp %s\n", port);
		(void)!write(conn, text, (size_t)n);
		close(conn);
	} else if (recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from.sa, &from.len) >= 0) {
		printf("udp %s\n", port);
		if (sendto(fd, text, (size_t)n, 0, sa_of(&from), from.len) < 0)
			printf("no answer: %s\n", errno_name(errno));
	}
	fflush(stdout);
}

/* serve TEXT [tcp|udp ADDRESS PORT]...: print "listening", then answer each peer with TEXT, for ever */
static int do_serve(char **a)
{
	struct pollfd p[MAX_SERVERS];
	const char *ports[MAX_SERVERS];
	const char *name = *a++;
	nfds_t n = 0;

	for (; a[0] && a[1] && a[2] && n < MAX_SERVERS; a += 3, n++) {
		p[n] = (struct pollfd){ .fd = open_server(a), .events = POLLIN };
		ports[n] = a[2];
		if (p[n].fd < 0)
			return p[n].fd;
	}
	puts("listening");
	fflush(stdout);
	for (;;) {
		if (poll(p, n, -1) < 0)
			return -errno;
		for (nfds_t i = 0; i < n; i++)
			if (p[i].revents)
				serve_one(p[i].fd, name, ports[i]);
	}
}

const struct probe_command net_commands[] = {
	{ "tcp", "ADDRESS PORT [MS]", 2, 3, 0, do_tcp },
	{ "udp", "ADDRESS PORT [MS]", 2, 3, 0, do_udp },
	{ "sendto", "ADDRESS PORT [BYTES]", 2, 3, 0, do_sendto },
	{ "sendmmsg", "ADDRESS PORT [ADDRESS PORT]...", 2, 16, 0, do_sendmmsg },
	{ "fastopen", "ADDRESS PORT", 2, 2, 0, do_fastopen },
	{ "fastopen-connect", "ADDRESS PORT", 2, 2, 0, do_fastopen_connect },
	{ "reconnect", "ADDRESS PORT ADDRESS PORT", 4, 4, 0, do_reconnect },
	{ "tcp-start", "ADDRESS PORT", 2, 2, 0, do_tcp_start },
	{ "v4-in-v6", "connect|sendto IPV4 PORT", 3, 3, 0, do_v4_in_v6 },
	{ "segments", "ADDRESS PORT", 2, 2, 0, do_segments },
	{ "socket-elsewhere", "", 0, 0, FACT, do_socket_elsewhere },
	{ "udp-port-0", "ADDRESS", 1, 1, FACT, do_udp_port_0 },
	{ "ping", "ADDRESS [MS]", 1, 2, 0, do_ping },
	{ "source-route", "ADDRESS PORT VIA [message]", 3, 4, 0, do_source_route },
	{ "serve", "TEXT [tcp|udp ADDRESS PORT]...", 1, 1 + 3 * MAX_SERVERS, 0, do_serve },
	{ 0 },
};
