/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's side. A connection that does not take an answer at once is closed: nothing is kept for who does not
 * read. When all places are taken, whoever was silent longest loses his.
 */
#include <config.h>

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "runtime/warden/warden.h"

void clients_begin(struct warden *w)
{
	for (int i = 0; i < WARDEN_STREAMS; i++)
		w->streams[i].fd = -EBADF;
}

void clients_datagrams(struct warden *w, unsigned int listener)
{
	struct origin o = { .index = (uint16_t)listener };

	for (int i = 0; i < WARDEN_BATCH; i++) {
		socklen_t size = sizeof(o.client);
		ssize_t n = recvfrom(w->plan->udp[listener], w->message, sizeof(w->message),
				     MSG_DONTWAIT | MSG_TRUNC, &o.client.any, &size);

		if (n < 0)
			return;
		if ((size_t)n <= sizeof(w->message) && size <= sizeof(o.client))
			answer_message(w, &o, w->message, (size_t)n);
	}
}

static void close_stream(struct stream *s)
{
	pf_close(s->fd);
	s->fd = -EBADF;
}

static unsigned int free_stream(struct warden *w)
{
	unsigned int oldest = 0;

	for (unsigned int i = 0; i < WARDEN_STREAMS; i++) {
		if (w->streams[i].fd < 0)
			return i;
		if (w->streams[i].used_ms < w->streams[oldest].used_ms)
			oldest = i;
	}
	close_stream(&w->streams[oldest]);
	return oldest;
}

void clients_connection(struct warden *w, unsigned int listener)
{
	auto_fd fd = accept4(w->plan->tcp[listener], NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	unsigned int i;
	struct stream *s;

	if (fd < 0)
		return;
	i = free_stream(w);
	s = &w->streams[i];
	if (warden_watch(w, fd, EPOLLIN, SOURCE_STREAM, i) < 0)
		return;
	s->generation = ++w->generation;
	s->got = s->pending = 0;
	s->is_ended = false;
	s->used_ms = w->now_ms;
	s->fd = pf_take_fd(&fd);
}

/* Whole messages leave the buffer; what they are answered with may have closed the stream. */
static void take_messages(struct warden *w, unsigned int index)
{
	struct stream *s = &w->streams[index];
	struct origin o = { .is_stream = true,
			    .index = (uint16_t)index,
			    .generation = s->generation };

	while (s->fd >= 0 && s->got >= 2) {
		size_t len = (size_t)s->in[0] << 8 | s->in[1];

		if (len < DNS_HEAD_SIZE || len > DNS_QUERY_MAX) {
			close_stream(s);
			return;
		}
		if (s->got < 2 + len)
			return;
		answer_message(w, &o, s->in + 2, len);
		s->got = (uint16_t)(s->got - 2 - len);
		__builtin_memmove(s->in, s->in + 2 + len, s->got);
	}
}

void clients_stream(struct warden *w, unsigned int index)
{
	struct stream *s = &w->streams[index];
	ssize_t n;

	if (s->fd < 0)
		return;
	n = recv(s->fd, s->in + s->got, sizeof(s->in) - s->got, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 || (n == 0 && s->pending == 0)) {
		close_stream(s);
		return;
	}
	s->used_ms = w->now_ms;
	if (n == 0) {
		/* it may still read: the answers on their way are sent before it is closed */
		s->is_ended = true;
		if (epoll_ctl(w->epoll, EPOLL_CTL_DEL, s->fd, NULL) < 0)
			close_stream(s);
		return;
	}
	s->got = (uint16_t)(s->got + n);
	take_messages(w, index);
}

static struct stream *stream_of(struct warden *w, const struct origin *o)
{
	struct stream *s = &w->streams[o->index];

	return o->is_stream && s->fd >= 0 && s->generation == o->generation ? s : NULL;
}

void clients_reply(struct warden *w, const struct origin *o, const struct dns_query *q,
		   const struct dns_reply *r)
{
	size_t len =
		dns_reply_write(q, r, o->is_stream ? DNS_REPLY_MAX : q->udp_size, w->reply + 2);
	struct stream *s = stream_of(w, o);

	if (!o->is_stream) {
		/* a client that is gone is no concern of ours */
		(void)!sendto(w->plan->udp[o->index], w->reply + 2, len,
			      MSG_DONTWAIT | MSG_NOSIGNAL, &o->client.any,
			      warden_address_size(&o->client));
		return;
	}
	if (!s)
		return;
	w->reply[0] = (uint8_t)(len >> 8);
	w->reply[1] = (uint8_t)len;
	s->used_ms = w->now_ms;
	if (send(s->fd, w->reply, len + 2, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len + 2)
		close_stream(s);
}

void clients_took(struct warden *w, const struct origin *o)
{
	struct stream *s = stream_of(w, o);

	if (s)
		s->pending++;
}

void clients_gave(struct warden *w, const struct origin *o)
{
	struct stream *s = stream_of(w, o);

	if (!s)
		return;
	s->pending--;
	if (s->is_ended && s->pending == 0)
		close_stream(s);
}

int64_t clients_deadline(const struct warden *w)
{
	int64_t first = INT64_MAX;

	for (int i = 0; i < WARDEN_STREAMS; i++) {
		const struct stream *s = &w->streams[i];

		if (s->fd >= 0 && s->pending == 0 && s->used_ms + WARDEN_STREAM_IDLE_MS < first)
			first = s->used_ms + WARDEN_STREAM_IDLE_MS;
	}
	return first;
}

void clients_expire(struct warden *w)
{
	for (int i = 0; i < WARDEN_STREAMS; i++) {
		struct stream *s = &w->streams[i];

		if (s->fd >= 0 && s->pending == 0 &&
		    s->used_ms + WARDEN_STREAM_IDLE_MS <= w->now_ms)
			close_stream(s);
	}
}
