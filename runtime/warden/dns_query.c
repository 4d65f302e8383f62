/* SPDX-License-Identifier: Apache-2.0 */
/* Questions: what a client asks, and what we ask in its stead. */
#include <config.h>

#include <string.h>

#include "runtime/warden/dns_parts.h"

static int read_question(struct dns_in *in, struct dns_query *q)
{
	size_t began = in->at;
	enum dns_name_result result = dns_take_name(in, false, q->name);
	size_t len = in->at - began;

	if (result == DNS_NAME_MALFORMED || len > DNS_WIRE_NAME_MAX || !dns_take16(in, &q->type) ||
	    !dns_take16(in, &q->class))
		return DNS_FORMERR;
	q->is_odd = result == DNS_NAME_ODD;
	memcpy(q->wire, in->data + began, len);
	q->wire_len = (uint8_t)len;
	return q->class == DNS_CLASS_IN ? DNS_NOERROR : DNS_REFUSED;
}

/* The one record that a question may carry: its owner is the root, its class is the size, its TTL holds the version. */
static int read_edns(struct dns_in *in, struct dns_query *q)
{
	struct dns_rr rr;

	if (in->data[in->at] != 0 || !dns_take_rr(in, &rr) || rr.type != DNS_OPT)
		return DNS_FORMERR;
	q->has_edns = true;
	if (rr.class > q->udp_size)
		q->udp_size = rr.class < DNS_UDP_MAX ? rr.class : DNS_UDP_MAX;
	return (rr.ttl >> 16 & 0xff) == 0 ? DNS_NOERROR : DNS_BADVERS;
}

int dns_query_read(const uint8_t *msg, size_t len, struct dns_query *ret)
{
	struct dns_in in = { .data = msg, .len = len };
	struct dns_head head;
	int rcode, edns = DNS_NOERROR;

	memset(ret, 0, sizeof(*ret));
	ret->udp_size = DNS_UDP_PLAIN;
	if (!dns_take_head(&in, &head) || head.flags & DNS_FLAG_ANSWER)
		return -1;
	ret->id = head.id;
	ret->recursion = head.flags & DNS_FLAG_RECURSE;
	if (head.flags & DNS_FLAG_OPCODE)
		return DNS_NOTIMP;
	if (head.n_questions != 1 || head.n_answers != 0 || head.n_authorities != 0 ||
	    head.n_more > 1)
		return DNS_FORMERR;
	rcode = read_question(&in, ret);
	if (rcode == DNS_FORMERR)
		return rcode;
	if (head.n_more == 1 && in.at < in.len)
		edns = read_edns(&in, ret);
	else if (head.n_more == 1)
		return DNS_FORMERR;
	if (edns == DNS_FORMERR || in.at != in.len)
		return DNS_FORMERR;
	return edns != DNS_NOERROR ? edns : rcode;
}

size_t dns_query_write(const struct dns_asked *a, bool with_edns, uint8_t *buf)
{
	struct dns_out out = { .data = buf, .max = DNS_QUERY_MAX };

	dns_put16(&out, a->id);
	dns_put16(&out, DNS_FLAG_RECURSE);
	dns_put16(&out, 1);
	dns_put16(&out, 0);
	dns_put16(&out, 0);
	dns_put16(&out, with_edns);
	dns_put_name(&out, a->name);
	dns_put16(&out, a->type);
	dns_put16(&out, DNS_CLASS_IN);
	if (with_edns) {
		dns_put(&out, "", 1);
		dns_put16(&out, DNS_OPT);
		dns_put16(&out, DNS_UDP_OURS);
		dns_put32(&out, 0);
		dns_put16(&out, 0);
	}
	return out.len;
}
