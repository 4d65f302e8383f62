/* SPDX-License-Identifier: Apache-2.0 */
/* What a question is answered with: at once where nothing has to go up, else when its answer has come. */
#include <config.h>

#include <string.h>
#include <unistd.h>

#include "runtime/warden/warden.h"

static void reply(struct warden *w, const struct origin *o, const struct dns_query *q, int rcode,
		  enum dns_extended why)
{
	struct dns_reply r = { .rcode = rcode, .why = why };

	if (why == DNS_EXTENDED_PROHIBITED)
		r.text = "not in the egress list of this container";
	clients_reply(w, o, q, &r);
}

void answer_failed(struct warden *w, const struct origin *o, const struct dns_query *q,
		   enum dns_extended why)
{
	reply(w, o, q, DNS_SERVFAIL, why);
}

void answer_message(struct warden *w, const struct origin *o, const uint8_t *msg, size_t len)
{
	struct nametab_found found;
	struct dns_query q;
	int rcode = dns_query_read(msg, len, &q);

	if (rcode < 0)
		return;
	if (rcode != DNS_NOERROR) {
		reply(w, o, &q, rcode, DNS_EXTENDED_NONE);
		return;
	}
	found.n = 0;
	if (q.wire_len == 1) { /* the root is there, and holds nothing for a container */
		reply(w, o, &q, DNS_NOERROR, DNS_EXTENDED_NONE);
		return;
	}
	if (!q.is_odd)
		nametab_find(&w->names, q.name, &found);
	if (found.n == 0) {
		tell_refused(&w->tell, &q, TELL_NOT_LISTED, w->now_ms);
		reply(w, o, &q, DNS_NXDOMAIN, DNS_EXTENDED_PROHIBITED);
		return;
	}
	if (!dns_type_is_known(q.type)) {
		reply(w, o, &q, DNS_NOERROR, DNS_EXTENDED_NONE);
		return;
	}
	if (!asks_add(w, o, &q, found.is_internal))
		answer_failed(w, o, &q, DNS_EXTENDED_NOT_READY);
}

/* ---- learn */

/* One line a row, whole: shorter than what a pipe takes in one piece. */
static bool learn_row(struct warden *w, const uint8_t addr[16], uint32_t ttl, uint32_t entry)
{
	struct warden_learned row = { .ttl = ttl, .entry = entry };

	memcpy(row.addr, addr, sizeof(row.addr));
	return write(w->plan->learn_fd, &row, sizeof(row)) == (ssize_t)sizeof(row);
}

static bool learn_address(struct warden *w, const struct nametab_found *found,
			  const uint8_t addr[16], uint32_t ttl)
{
	struct endpoint_prefix p = { .len = 128 };

	memcpy(p.addr, addr, sizeof(p.addr));
	(void)endpoint_embedded_ipv4(&p);
	if (ttl < WARDEN_LEARN_MIN)
		ttl = WARDEN_LEARN_MIN;
	if (ttl > WARDEN_LEARN_MAX)
		ttl = WARDEN_LEARN_MAX;
	for (unsigned int i = 0; i < found->n; i++)
		for (uint32_t j = 0; j < found->ranges[i].n; j++) {
			const struct nametab_row *row =
				nametab_row_at(&w->names, found->ranges[i].at + j);

			if (!row || !learn_row(w, p.addr, ttl, row->entry))
				return false;
		}
	return true;
}

static bool learn(struct warden *w, const char *name)
{
	struct nametab_found found;
	uint8_t addr[16];

	if (w->plan->learn_fd < 0)
		return true;
	nametab_find(&w->names, name, &found);
	for (unsigned int i = 0; i < w->answer.n_records; i++)
		if (dns_record_address(&w->answer, i, addr) &&
		    !learn_address(w, &found, addr, w->answer.records[i].ttl))
			return false;
	return true;
}

void answer_found(struct warden *w, const struct ask *a)
{
	struct dns_reply r = { .rcode = (int)w->answer.rcode,
			       .why = DNS_EXTENDED_NONE,
			       .answer = &w->answer };

	if (!learn(w, a->query.name)) {
		answer_failed(w, &a->origin, &a->query, DNS_EXTENDED_NOT_READY);
		return;
	}
	if (w->answer.n_dropped > 0) {
		tell_refused(&w->tell, &a->query, TELL_ADDRESS, w->now_ms);
		r.why = DNS_EXTENDED_BLOCKED;
		r.text = "an address that no answer for this name may hold";
	}
	clients_reply(w, &a->origin, &a->query, &r);
}
