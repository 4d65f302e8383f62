/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the container is told. The question is echoed as the client spelled it, since clients compare it; every other name
 * is written once in full and pointed to from then on.
 */
#include <config.h>

#include <string.h>

#include "runtime/warden/dns_parts.h"

enum {
	OPTION_EXTENDED_ERROR = 15,
	POINTER = 0xc000,
	TEXT_MAX = 64,
};

static uint32_t cut_ttl(uint32_t ttl)
{
	return ttl < DNS_TTL_MAX ? ttl : DNS_TTL_MAX;
}

static void put_question(const struct dns_query *q, struct dns_out *out)
{
	if (q->wire_len == 0)
		return;
	dns_put(out, q->wire, q->wire_len);
	dns_put16(out, q->type);
	dns_put16(out, q->class);
}

/* @owner: where its name stands in the message */
static void put_rr_head(struct dns_out *out, size_t owner, unsigned int type, uint32_t ttl)
{
	dns_put16(out, POINTER | (unsigned int)owner);
	dns_put16(out, type);
	dns_put16(out, DNS_CLASS_IN);
	dns_put32(out, cut_ttl(ttl));
}

static void put_answer(const struct dns_answer *a, struct dns_out *out)
{
	size_t owner = DNS_HEAD_SIZE;

	for (unsigned int i = 0; i < a->n_chain; i++) {
		put_rr_head(out, owner, DNS_CNAME, a->chain[i].ttl);
		dns_put16(out, (unsigned int)strlen(a->chain[i].name) + 2);
		owner = out->len;
		dns_put_name(out, a->chain[i].name);
	}
	for (unsigned int i = 0; i < a->n_records; i++) {
		put_rr_head(out, owner, a->type, a->records[i].ttl);
		dns_put16(out, a->records[i].len);
		dns_put(out, a->data + a->records[i].at, a->records[i].len);
	}
}

static void put_edns(const struct dns_reply *r, struct dns_out *out)
{
	size_t n = r->text ? strnlen(r->text, TEXT_MAX) : 0;

	dns_put(out, "", 1);
	dns_put16(out, DNS_OPT);
	dns_put16(out, DNS_UDP_OURS);
	dns_put32(out, (uint32_t)r->rcode >> 4 << 24);
	if (r->why == DNS_EXTENDED_NONE) {
		dns_put16(out, 0);
		return;
	}
	dns_put16(out, (unsigned int)(n + 6));
	dns_put16(out, OPTION_EXTENDED_ERROR);
	dns_put16(out, (unsigned int)(n + 2));
	dns_put16(out, (unsigned int)r->why);
	dns_put(out, r->text, n);
}

static size_t put_all(const struct dns_query *q, const struct dns_reply *r,
		      const struct dns_answer *a, unsigned int more_flags, struct dns_out *out)
{
	unsigned int flags = DNS_FLAG_ANSWER | DNS_FLAG_RECURSES | more_flags |
			     ((unsigned int)r->rcode & DNS_FLAG_RCODE);

	if (q->recursion)
		flags |= DNS_FLAG_RECURSE;
	dns_put16(out, q->id);
	dns_put16(out, flags);
	dns_put16(out, q->wire_len > 0);
	dns_put16(out, a ? a->n_chain + a->n_records : 0);
	dns_put16(out, 0);
	dns_put16(out, q->has_edns);
	put_question(q, out);
	if (a)
		put_answer(a, out);
	if (q->has_edns)
		put_edns(r, out);
	return out->is_full ? 0 : out->len;
}

size_t dns_reply_write(const struct dns_query *q, const struct dns_reply *r, size_t limit,
		       uint8_t *buf)
{
	struct dns_out out = { .data = buf, .max = limit < DNS_REPLY_MAX ? limit : DNS_REPLY_MAX };
	size_t len = put_all(q, r, r->answer, 0, &out);

	if (len > 0)
		return len;
	out.len = 0;
	out.is_full = false;
	return put_all(q, r, NULL, DNS_FLAG_TRUNCATED, &out);
}
