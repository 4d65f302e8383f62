/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names on the wire, heads of messages and of records: read with no trust at all, written from what was read so.
 */
#include <config.h>

#include <string.h>

#include "runtime/warden/dns_parts.h"

bool dns_take_head(struct dns_in *in, struct dns_head *ret)
{
	return dns_take16(in, &ret->id) && dns_take16(in, &ret->flags) &&
	       dns_take16(in, &ret->n_questions) && dns_take16(in, &ret->n_answers) &&
	       dns_take16(in, &ret->n_authorities) && dns_take16(in, &ret->n_more);
}

/* 0: no name of ours holds it */
static char fold(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
		return (char)c;
	return '\0';
}

struct name {
	char *text; /* DNS_NAME_MAX + 1 bytes */
	size_t len;
	bool is_odd;
};

static bool add_label(struct name *n, const uint8_t *label, size_t len)
{
	size_t dot = n->len > 0;

	if (len > DNS_NAME_MAX || n->len + dot > DNS_NAME_MAX - len)
		return false;
	if (dot)
		n->text[n->len++] = '.';
	for (size_t i = 0; i < len; i++) {
		char c = fold(label[i]);

		n->is_odd |= c == '\0';
		n->text[n->len++] = c;
	}
	return true;
}

/* Every label and every pointer is within the message, and each jump leads further towards its beginning. */
static bool walk(const struct dns_in *in, bool pointers, struct name *n, size_t *ret_end)
{
	size_t at = in->at, began = in->at, end = 0;

	while (at < in->len) {
		uint8_t c = in->data[at];

		if (c == 0) {
			*ret_end = end ? end : at + 1;
			return true;
		}
		if (c <= 63) {
			if (c > in->len - at - 1 || !add_label(n, in->data + at + 1, c))
				return false;
			at += 1u + c;
			continue;
		}
		if (c < 0xc0 || !pointers || in->len - at < 2)
			return false;
		if (!end)
			end = at + 2;
		at = (size_t)(c & 0x3f) << 8 | in->data[at + 1];
		if (at >= began)
			return false;
		began = at;
	}
	return false;
}

enum dns_name_result dns_take_name(struct dns_in *in, bool pointers, char ret[DNS_NAME_MAX + 1])
{
	struct name n = { .text = ret };
	size_t end = 0;

	if (!walk(in, pointers, &n, &end)) {
		ret[0] = '\0';
		return DNS_NAME_MALFORMED;
	}
	in->at = end;
	ret[n.is_odd ? 0 : n.len] = '\0';
	return n.is_odd ? DNS_NAME_ODD : DNS_NAME_GOOD;
}

bool dns_take_rr(struct dns_in *in, struct dns_rr *ret)
{
	struct dns_in at = *in;
	uint16_t high, low, len;
	const uint8_t *data;

	if (dns_take_name(&at, true, ret->owner) == DNS_NAME_MALFORMED)
		return false;
	if (!dns_take16(&at, &ret->type) || !dns_take16(&at, &ret->class) ||
	    !dns_take16(&at, &high) || !dns_take16(&at, &low) || !dns_take16(&at, &len) ||
	    !dns_take(&at, len, &data))
		return false;
	/* RFC 2181: with the highest bit it is none at all */
	ret->ttl = high & 0x8000 ? 0 : (uint32_t)high << 16 | low;
	ret->data = at.at - len;
	ret->len = len;
	*in = at;
	return true;
}

void dns_put(struct dns_out *out, const void *bytes, size_t n)
{
	if (out->is_full || n > out->max - out->len) {
		out->is_full = true;
		return;
	}
	if (n > 0)
		memcpy(out->data + out->len, bytes, n);
	out->len += n;
}

void dns_put16(struct dns_out *out, unsigned int v)
{
	const uint8_t bytes[] = { (uint8_t)(v >> 8), (uint8_t)v };

	dns_put(out, bytes, sizeof(bytes));
}

void dns_put32(struct dns_out *out, uint32_t v)
{
	dns_put16(out, v >> 16);
	dns_put16(out, v & 0xffff);
}

void dns_put_name(struct dns_out *out, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");
		uint8_t len = (uint8_t)n;

		dns_put(out, &len, 1);
		dns_put(out, name, n);
		name += n + (name[n] == '.');
	}
	dns_put(out, "", 1);
}
