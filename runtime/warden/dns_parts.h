/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_WARDEN_DNS_PARTS_H
#define PF_WARDEN_DNS_PARTS_H

#include "runtime/warden/dns.h"

/* What the files of dns.h share; nobody outside dns_*.c and their tests includes it. */

/* ---- reading: a cursor that never passes its end. Whatever fails leaves it where it was. */

struct dns_in {
	const uint8_t *data; /* the whole message: pointers count from here */
	size_t len, at;      /* .at <= .len */
};

static inline bool dns_take(struct dns_in *in, size_t n, const uint8_t **ret)
{
	if (n > in->len - in->at)
		return false;
	*ret = in->data + in->at;
	in->at += n;
	return true;
}

static inline uint16_t dns_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline bool dns_take16(struct dns_in *in, uint16_t *ret)
{
	const uint8_t *p;

	if (!dns_take(in, 2, &p))
		return false;
	*ret = dns_get16(p);
	return true;
}

/* Bits of the second word of a message. */
enum {
	DNS_FLAG_ANSWER = 0x8000,
	DNS_FLAG_OPCODE = 0x7800,
	DNS_FLAG_TRUNCATED = 0x0200,
	DNS_FLAG_RECURSE = 0x0100,
	DNS_FLAG_RECURSES = 0x0080,
	DNS_FLAG_RCODE = 0x000f,
};

struct dns_head {
	uint16_t id, flags, n_questions, n_answers, n_authorities, n_more;
};

bool dns_take_head(struct dns_in *in, struct dns_head *ret);

enum dns_name_result {
	DNS_NAME_GOOD,
	DNS_NAME_ODD, /* well formed, but no name of ours; the text is "" */
	DNS_NAME_MALFORMED = -1,
};

/**
 * dns_take_name() - a name; the cursor stands behind it
 * @pointers:	it may be compressed. A pointer leads to before the place where what is read began, so none leads round
 */
enum dns_name_result dns_take_name(struct dns_in *in, bool pointers, char ret[DNS_NAME_MAX + 1]);

/* A record's head; its data lies at .data, .len bytes, within the message. */
struct dns_rr {
	char owner[DNS_NAME_MAX + 1]; /* "" if it is the root or odd */
	uint16_t type, class;
	uint32_t ttl;
	size_t data, len;
};

bool dns_take_rr(struct dns_in *in, struct dns_rr *ret);

/* ---- writing: what does not fit is remembered */

struct dns_out {
	uint8_t *data;
	size_t len, max;
	bool is_full;
};

void dns_put(struct dns_out *out, const void *bytes, size_t n);
void dns_put16(struct dns_out *out, unsigned int v);
void dns_put32(struct dns_out *out, uint32_t v);
/** dns_put_name() - @name, which one of our readers or a policy made */
void dns_put_name(struct dns_out *out, const char *name);

/* dns_data.c */
/**
 * dns_data_copy() - what a record of a known type holds, written anew, with its names in full
 * @in:		the whole message
 * @owner:	whose it is
 *
 * Return: false: malformed, or not to be handed on; *@dropped is counted up if the judge said so.
 */
bool dns_data_copy(const struct dns_in *in, const struct dns_rr *rr, const struct dns_judge *judge,
		   unsigned int *dropped, struct dns_out *out);

#endif
