/* SPDX-License-Identifier: Apache-2.0 */
/* Questions that are on their way up: who is asked, who is asked next, and when it is enough. */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/warden/warden.h"

void asks_begin(struct warden *w)
{
	memset(w->resolv_seen, -1, sizeof(w->resolv_seen));
	if (w->plan->resolv_text) {
		const char *text = (const char *)w->plan + w->plan->resolv_text;

		resolvconf_parse(text, strlen(text), w->plan->upstream_port, &w->servers);
	}
}

static bool is_same_address(const union warden_address *a, const union warden_address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->v4.sin_port == b->v4.sin_port &&
		       a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return a->v6.sin6_port == b->v6.sin6_port &&
	       memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0;
}

/* We would ask ourselves, and then again. */
static void leave_out_own(struct warden *w)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < w->servers.n; i++) {
		bool is_own = false;

		for (unsigned int j = 0; j < w->own.n; j++)
			is_own |= is_same_address(&w->servers.servers[i], &w->own.servers[j]);
		if (!is_own)
			w->servers.servers[kept++] = w->servers.servers[i];
	}
	w->servers.n = kept;
}

/* Engines write the file after the container was made, and again when networks change. */
static void read_servers(struct warden *w)
{
	char text[RESOLVCONF_MAX];
	struct stat st;
	ssize_t n;

	if (w->plan->resolv_fd >= 0) {
		if (fstat(w->plan->resolv_fd, &st) < 0)
			return;
		const int64_t seen[4] = { st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
					  st.st_ctim.tv_nsec };

		if (memcmp(seen, w->resolv_seen, sizeof(seen)) == 0)
			return;
		n = pread(w->plan->resolv_fd, text, sizeof(text), 0);
		if (n < 0)
			return;
		memcpy(w->resolv_seen, seen, sizeof(seen));
		resolvconf_parse(text, (size_t)n, w->plan->upstream_port, &w->servers);
	}
	leave_out_own(w);
}

static void end_ask(struct warden *w, struct ask *a)
{
	upstream_close(a);
	a->state = ASK_FREE;
	clients_gave(w, &a->origin);
}

/* Ask the next server, over UDP; when there were enough attempts, say so. */
static void go_on(struct warden *w, struct ask *a)
{
	upstream_close(a);
	while (a->attempts < w->plan->attempts && w->servers.n > 0) {
		unsigned int i = (a->first + a->attempts++) % w->servers.n;

		if (upstream_ask(w, a, &w->servers.servers[i], false) == 0)
			return;
	}
	answer_failed(w, &a->origin, &a->query, DNS_EXTENDED_NO_UPSTREAM);
	end_ask(w, a);
}

/* Which server was asked last, as far as the list is still the same. It may be empty by now: then some index. */
static unsigned int last_asked(const struct warden *w, const struct ask *a)
{
	return w->servers.n > 0 ? (a->first + a->attempts - 1u) % w->servers.n : 0;
}

/* The server that was asked last once more, in another way. */
static void ask_again(struct warden *w, struct ask *a, bool stream)
{
	unsigned int i = last_asked(w, a);

	upstream_close(a);
	if (w->servers.n == 0 || upstream_ask(w, a, &w->servers.servers[i], stream) < 0)
		go_on(w, a);
}

/* A client repeats its question when it is tired of waiting; one on its way is enough. */
static bool is_on_its_way(const struct ask *a, const struct origin *o, const struct dns_query *q)
{
	return a->state != ASK_FREE && !o->is_stream && !a->origin.is_stream &&
	       a->query.id == q->id && a->query.type == q->type &&
	       strcmp(a->query.name, q->name) == 0 &&
	       is_same_address(&a->origin.client, &o->client);
}

static struct ask *free_ask(struct warden *w)
{
	for (unsigned int i = 0; i < w->n_asks; i++)
		if (w->asks[i].state == ASK_FREE)
			return &w->asks[i];
	return w->n_asks < WARDEN_ASKS ? &w->asks[w->n_asks++] : NULL;
}

bool asks_add(struct warden *w, const struct origin *o, const struct dns_query *q, bool is_internal)
{
	struct ask *a;

	for (unsigned int i = 0; i < w->n_asks; i++)
		if (is_on_its_way(&w->asks[i], o, q))
			return true;
	a = free_ask(w);
	if (!a)
		return false;
	read_servers(w);
	if (w->servers.n == 0) {
		answer_failed(w, o, q, DNS_EXTENDED_NO_UPSTREAM);
		return true;
	}
	*a = (struct ask){ .state = ASK_DATAGRAM,
			   .fd = -EBADF,
			   .origin = *o,
			   .query = *q,
			   .first = (uint8_t)(w->preferred % w->servers.n),
			   .is_internal = is_internal };
	clients_took(w, o);
	go_on(w, a);
	return true;
}

void asks_ready(struct warden *w, unsigned int index)
{
	struct ask *a = &w->asks[index];
	int verdict;

	/* of a socket that was closed in this very round */
	if (a->state == ASK_FREE || a->fd < 0)
		return;
	verdict = upstream_ready(w, a);
	switch (verdict) {
	case UPSTREAM_WAIT:
		return;
	case DNS_ANSWER_OK:
		w->preferred = (uint8_t)last_asked(w, a);
		answer_found(w, a);
		end_ask(w, a);
		return;
	case DNS_ANSWER_TRUNCATED:
		if (a->state == ASK_STREAM)
			go_on(w, a);
		else
			ask_again(w, a, true);
		return;
	case DNS_ANSWER_NO_EDNS:
		if (a->no_edns) {
			go_on(w, a);
			return;
		}
		a->no_edns = true;
		ask_again(w, a, false);
		return;
	default:
		go_on(w, a);
	}
}

int64_t asks_deadline(const struct warden *w)
{
	int64_t first = INT64_MAX;

	for (unsigned int i = 0; i < w->n_asks; i++)
		if (w->asks[i].state != ASK_FREE && w->asks[i].deadline_ms < first)
			first = w->asks[i].deadline_ms;
	return first;
}

void asks_expire(struct warden *w)
{
	for (unsigned int i = 0; i < w->n_asks; i++)
		if (w->asks[i].state != ASK_FREE && w->asks[i].deadline_ms <= w->now_ms)
			go_on(w, &w->asks[i]);
}
