/* SPDX-License-Identifier: Apache-2.0 */
/* One conversation with one resolver above: a socket that nothing else used before or will use after it. */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "runtime/warden/warden.h"

enum {
	PORT_LOW = 32768, /* from here to 65535 */
	PORT_TRIES = 8, /* of ports that somebody else has; then the kernel's choice, random too */
};

static int draw(void *ret, size_t size)
{
	return getrandom(ret, size, 0) == (ssize_t)size ? 0 : -EIO;
}

static int bind_port(int fd, int family, uint16_t port)
{
	union warden_address own;

	memset(&own, 0, sizeof(own));
	own.any.sa_family = (sa_family_t)family;
	if (family == AF_INET)
		own.v4.sin_port = htons(port);
	else
		own.v6.sin6_port = htons(port);
	return bind(fd, &own.any, warden_address_size(&own)) < 0 ? -errno : 0;
}

static int bind_random(int fd, int family)
{
	for (int i = 0; i < PORT_TRIES; i++) {
		uint16_t port;
		int err = draw(&port, sizeof(port));

		if (err == 0)
			err = bind_port(fd, family, PORT_LOW | port);
		if (err != -EADDRINUSE)
			return err;
	}
	return 0;
}

static size_t write_question(const struct ask *a, uint8_t *buf)
{
	const struct dns_asked asked = { .id = a->id,
					 .type = a->query.type,
					 .name = a->query.name };

	return dns_query_write(&asked, !a->no_edns, buf);
}

static int send_datagram(struct ask *a)
{
	uint8_t buf[DNS_QUERY_MAX];
	size_t len = write_question(a, buf);

	return send(a->fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len ? 0 : -EIO;
}

static uint8_t *free_big(struct warden *w)
{
	for (int i = 0; i < WARDEN_BIGS; i++) {
		bool is_free = true;

		for (unsigned int j = 0; j < w->n_asks; j++)
			is_free &= w->asks[j].big != w->bigs[i];
		if (is_free)
			return w->bigs[i];
	}
	return NULL;
}

static int open_datagram(struct warden *w, struct ask *a, const union warden_address *server)
{
	STEP(bind_random(a->fd, server->any.sa_family));
	if (connect(a->fd, &server->any, warden_address_size(server)) < 0)
		return -errno;
	STEP(send_datagram(a));
	return warden_watch(w, a->fd, EPOLLIN, SOURCE_ASK, (unsigned int)(a - w->asks));
}

static int open_stream(struct warden *w, struct ask *a, const union warden_address *server)
{
	a->big = free_big(w);
	if (!a->big)
		return -ENOBUFS;
	if (connect(a->fd, &server->any, warden_address_size(server)) < 0 && errno != EINPROGRESS)
		return -errno;
	return warden_watch(w, a->fd, EPOLLOUT, SOURCE_ASK, (unsigned int)(a - w->asks));
}

void upstream_close(struct ask *a)
{
	pf_close(a->fd);
	a->fd = -EBADF;
	a->big = NULL;
}

int upstream_ask(struct warden *w, struct ask *a, const union warden_address *server, bool stream)
{
	int err = draw(&a->id, sizeof(a->id));

	if (err < 0)
		return err;
	a->state = stream ? ASK_STREAM : ASK_DATAGRAM;
	a->foreign = a->got = 0;
	a->is_sent = false;
	a->deadline_ms = w->now_ms + w->plan->attempt_ms;
	a->fd = socket(server->any.sa_family,
		       (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (a->fd < 0)
		return -errno;
	err = stream ? open_stream(w, a, server) : open_datagram(w, a, server);
	if (err < 0)
		upstream_close(a);
	return err;
}

/* ---- what comes */

static bool pass_address(const void *arg, const uint8_t *addr)
{
	const struct warden *w = arg;

	return nametab_judge(&w->names, false, addr);
}

static bool pass_internal(const void *arg, const uint8_t *addr)
{
	const struct warden *w = arg;

	return nametab_judge(&w->names, true, addr);
}

static bool pass_name(const void *arg, const char *name)
{
	const struct warden *w = arg;

	return nametab_have(&w->names, name);
}

static int judge(struct warden *w, const struct ask *a, const uint8_t *msg, size_t len)
{
	const struct dns_judge j = { a->is_internal ? pass_internal : pass_address, pass_name, w };
	const struct dns_asked asked = { .id = a->id,
					 .type = a->query.type,
					 .name = a->query.name };

	return (int)dns_answer_read(msg, len, &asked, &j, &w->answer);
}

static int read_datagrams(struct warden *w, struct ask *a)
{
	for (int i = 0; i < WARDEN_BATCH; i++) {
		ssize_t n = recv(a->fd, w->message, sizeof(w->message), MSG_DONTWAIT | MSG_TRUNC);
		int verdict = DNS_ANSWER_NOT_OURS;

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? UPSTREAM_WAIT : DNS_ANSWER_BAD;
		if ((size_t)n <= sizeof(w->message))
			verdict = judge(w, a, w->message, (size_t)n);
		if (verdict != DNS_ANSWER_NOT_OURS)
			return verdict;
		if (++a->foreign > WARDEN_FOREIGN_MAX)
			return DNS_ANSWER_BAD;
	}
	return UPSTREAM_WAIT;
}

static int send_stream(struct warden *w, struct ask *a)
{
	struct epoll_event ev = { .events = EPOLLIN,
				  .data.u64 =
					  (uint64_t)SOURCE_ASK << 32 | (uint64_t)(a - w->asks) };
	uint8_t buf[2 + DNS_QUERY_MAX];
	size_t len = write_question(a, buf + 2);

	buf[0] = (uint8_t)(len >> 8);
	buf[1] = (uint8_t)len;
	/* a new connection takes it whole, or was refused */
	if (send(a->fd, buf, len + 2, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len + 2 ||
	    epoll_ctl(w->epoll, EPOLL_CTL_MOD, a->fd, &ev) < 0)
		return DNS_ANSWER_BAD;
	a->is_sent = true;
	return UPSTREAM_WAIT;
}

static int read_stream(struct warden *w, struct ask *a)
{
	ssize_t n = recv(a->fd, a->big + a->got, WARDEN_BIG_SIZE - a->got, MSG_DONTWAIT);
	size_t len;
	int verdict;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return UPSTREAM_WAIT;
	if (n <= 0)
		return DNS_ANSWER_BAD;
	a->got = (uint16_t)(a->got + n);
	if (a->got < 2)
		return UPSTREAM_WAIT;
	len = (size_t)a->big[0] << 8 | a->big[1];
	if (len > WARDEN_BIG_SIZE - 2)
		return DNS_ANSWER_BAD;
	if (a->got < 2 + len)
		return UPSTREAM_WAIT;
	verdict = judge(w, a, a->big + 2, len);
	/* nobody else speaks on this connection */
	return verdict == DNS_ANSWER_NOT_OURS ? DNS_ANSWER_BAD : verdict;
}

int upstream_ready(struct warden *w, struct ask *a)
{
	if (a->state == ASK_DATAGRAM)
		return read_datagrams(w, a);
	return a->is_sent ? read_stream(w, a) : send_stream(w, a);
}
