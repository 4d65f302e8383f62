/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers from above. Only the answer section is read, and of it only what leads from the asked name to records of the
 * asked type: what stands beside it, true or not, never comes further than this file.
 */
#include <config.h>

#include <string.h>

#include "runtime/warden/dns_parts.h"

struct section {
	struct dns_in in; /* at the first record */
	unsigned int n;
};

static bool is_our_question(struct dns_in *in, const struct dns_asked *a)
{
	char name[DNS_NAME_MAX + 1];
	uint16_t type, class;

	return dns_take_name(in, false, name) == DNS_NAME_GOOD && dns_take16(in, &type) &&
	       dns_take16(in, &class) && type == a->type && class == DNS_CLASS_IN &&
	       strcmp(name, a->name) == 0;
}

/* The whole section reads, or nothing of it counts. */
static bool is_well_formed(const struct section *s)
{
	struct dns_in in = s->in;
	struct dns_rr rr;

	if (s->n > DNS_SCANNED_MAX)
		return false;
	for (unsigned int i = 0; i < s->n; i++)
		if (!dns_take_rr(&in, &rr))
			return false;
	return true;
}

static bool next_of(const struct section *s, struct dns_in *in, unsigned int *i, uint16_t type,
		    const char *owner, struct dns_rr *rr)
{
	while (*i < s->n && dns_take_rr(in, rr)) {
		++*i;
		if (rr->type == type && rr->class == DNS_CLASS_IN && strcmp(rr->owner, owner) == 0)
			return true;
	}
	return false;
}

static bool is_in_chain(const struct dns_answer *r, const char *asked, const char *name)
{
	if (strcmp(asked, name) == 0)
		return true;
	for (unsigned int i = 0; i < r->n_chain; i++)
		if (strcmp(r->chain[i].name, name) == 0)
			return true;
	return false;
}

/* What @owner is an alias of, if it is. false: no answer can come of this. */
static bool follow(const struct section *s, const char *asked, const char **owner,
		   struct dns_answer *r)
{
	struct dns_in in = s->in;
	unsigned int i = 0;
	struct dns_rr rr;
	char target[DNS_NAME_MAX + 1];

	if (!next_of(s, &in, &i, DNS_CNAME, *owner, &rr))
		return true;
	in.at = rr.data;
	in.len = rr.data + rr.len;
	if (r->n_chain == DNS_CHAIN_MAX || dns_take_name(&in, true, target) != DNS_NAME_GOOD ||
	    in.at != in.len || target[0] == '\0' || is_in_chain(r, asked, target))
		return false;
	memcpy(r->chain[r->n_chain].name, target, sizeof(target));
	r->chain[r->n_chain].ttl = rr.ttl;
	*owner = r->chain[r->n_chain++].name;
	return true;
}

static bool follow_all(const struct section *s, const struct dns_asked *a, const char **owner,
		       struct dns_answer *r)
{
	unsigned int before;

	if (a->type == DNS_CNAME)
		return true;
	do {
		before = r->n_chain;
		if (!follow(s, a->name, owner, r))
			return false;
	} while (r->n_chain > before);
	return true;
}

static void keep_records(const struct section *s, const char *owner, const struct dns_judge *judge,
			 struct dns_answer *r)
{
	struct dns_in in = s->in;
	unsigned int i = 0;
	struct dns_rr rr;

	while (next_of(s, &in, &i, r->type, owner, &rr) && r->n_records < DNS_RECORDS_MAX) {
		struct dns_out out = { .data = r->data + r->data_len,
				       .max = sizeof(r->data) - r->data_len };

		if (!dns_data_copy(&s->in, &rr, judge, &r->n_dropped, &out))
			continue;
		r->records[r->n_records++] = (struct dns_record){ .ttl = rr.ttl,
								  .at = r->data_len,
								  .len = (uint16_t)out.len };
		r->data_len = (uint16_t)(r->data_len + out.len);
	}
}

static enum dns_verdict judge_rcode(const struct dns_head *head)
{
	unsigned int rcode = head->flags & DNS_FLAG_RCODE;

	if (rcode == DNS_FORMERR || rcode == DNS_NOTIMP)
		return DNS_ANSWER_NO_EDNS;
	return rcode == DNS_NOERROR || rcode == DNS_NXDOMAIN ? DNS_ANSWER_OK : DNS_ANSWER_BAD;
}

enum dns_verdict dns_answer_read(const uint8_t *msg, size_t len, const struct dns_asked *a,
				 const struct dns_judge *judge, struct dns_answer *ret)
{
	struct section s = { .in = { .data = msg, .len = len } };
	const char *owner = a->name;
	enum dns_verdict verdict;
	struct dns_head head;

	if (!dns_take_head(&s.in, &head) || head.id != a->id || !(head.flags & DNS_FLAG_ANSWER) ||
	    head.flags & DNS_FLAG_OPCODE)
		return DNS_ANSWER_NOT_OURS;
	verdict = judge_rcode(&head);
	/* whoever could not read a question need not repeat it */
	if (verdict == DNS_ANSWER_NO_EDNS && head.n_questions == 0)
		return verdict;
	if (head.n_questions != 1 || !is_our_question(&s.in, a))
		return DNS_ANSWER_NOT_OURS;
	if (verdict != DNS_ANSWER_OK)
		return verdict;
	if (head.flags & DNS_FLAG_TRUNCATED)
		return DNS_ANSWER_TRUNCATED;
	s.n = head.n_answers;
	ret->rcode = (head.flags & DNS_FLAG_RCODE) == DNS_NXDOMAIN ? DNS_NXDOMAIN : DNS_NOERROR;
	ret->type = a->type;
	ret->n_chain = ret->n_records = ret->n_dropped = 0;
	ret->data_len = 0;
	if (!is_well_formed(&s) || !follow_all(&s, a, &owner, ret))
		return DNS_ANSWER_BAD;
	keep_records(&s, owner, judge, ret);
	return DNS_ANSWER_OK;
}

bool dns_record_address(const struct dns_answer *a, unsigned int i, uint8_t addr[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const struct dns_record *r = &a->records[i];

	if (a->type == DNS_AAAA) {
		memcpy(addr, a->data + r->at, 16);
		return true;
	}
	if (a->type != DNS_A)
		return false;
	memcpy(addr, mapped, 12);
	memcpy(addr + 12, a->data + r->at, 4);
	return true;
}
