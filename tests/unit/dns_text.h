/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_TESTS_DNS_TEXT_H
#define PF_TESTS_DNS_TEXT_H

#include <stdlib.h>
#include <string.h>

#include "runtime/warden/dns_parts.h"

/* Messages written by hand, for the tests of the warden: what a sane writer would refuse to write too. */

static uint8_t text_bytes[65536];
static struct dns_out text_out;

static inline void text_begin(uint16_t id, uint16_t flags, uint16_t n_questions, uint16_t n_answers,
			      uint16_t n_more)
{
	text_out = (struct dns_out){ .data = text_bytes, .max = sizeof(text_bytes) };
	dns_put16(&text_out, id);
	dns_put16(&text_out, flags);
	dns_put16(&text_out, n_questions);
	dns_put16(&text_out, n_answers);
	dns_put16(&text_out, 0);
	dns_put16(&text_out, n_more);
}

static inline void text_question(const char *name, uint16_t type)
{
	dns_put_name(&text_out, name);
	dns_put16(&text_out, type);
	dns_put16(&text_out, DNS_CLASS_IN);
}

static inline void text_rr_head(const char *owner, uint16_t type, uint32_t ttl)
{
	dns_put_name(&text_out, owner);
	dns_put16(&text_out, type);
	dns_put16(&text_out, DNS_CLASS_IN);
	dns_put32(&text_out, ttl);
}

static inline void text_rr(const char *owner, uint16_t type, uint32_t ttl, const void *data,
			   size_t len)
{
	text_rr_head(owner, type, ttl);
	dns_put16(&text_out, (unsigned int)len);
	dns_put(&text_out, data, len);
}

static inline void text_cname(const char *owner, const char *target)
{
	text_rr_head(owner, DNS_CNAME, 60);
	dns_put16(&text_out, (unsigned int)strlen(target) + 2);
	dns_put_name(&text_out, target);
}

static inline void text_edns(uint16_t size, uint32_t ttl)
{
	dns_put(&text_out, "", 1);
	dns_put16(&text_out, DNS_OPT);
	dns_put16(&text_out, size);
	dns_put32(&text_out, ttl);
	dns_put16(&text_out, 0);
}

/* In a block of its own, so that the sanitizer sees a byte read too much; freed by the caller. */
static inline uint8_t *text_copy(size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, text_bytes, len);
	return copy;
}

#endif
