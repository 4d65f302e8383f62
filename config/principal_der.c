/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates: the subject and the end. A reader of DER that knows tags and lengths and goes forward alone; what it
 * skips it does not look at, and nothing is verified, for nothing is believed.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "config/principal_parts.h"

enum {
	TAG_INTEGER = 0x02,
	TAG_OID = 0x06,
	TAG_UTF8 = 0x0c,
	TAG_PRINTABLE = 0x13,
	TAG_TELETEX = 0x14,
	TAG_IA5 = 0x16,
	TAG_UTC_TIME = 0x17,
	TAG_TIME = 0x18,
	TAG_SEQUENCE = 0x30,
	TAG_SET = 0x31,
	TAG_VERSION = 0xa0,
	CERTIFICATE_MAX = 8 << 10,
	NAMES_MAX = 32,
	NAME_BYTES = 64,
};

struct der {
	const unsigned char *v;
	size_t len;
};

/* The next element: its tag and content, behind which @d goes on. Only what has a length of up to three bytes. */
static bool next(struct der *d, unsigned int *tag, struct der *content)
{
	size_t len, n = 0;

	if (d->len < 2 || (d->v[0] & 0x1f) == 0x1f)
		return false;
	*tag = d->v[0];
	len = d->v[1];
	if (len & 0x80) {
		n = len & 0x7f;
		if (n == 0 || n > 3 || d->len < 2 + n)
			return false;
		len = 0;
		for (size_t i = 0; i < n; i++)
			len = len << 8 | d->v[2 + i];
	}
	if (len > d->len - 2 - n)
		return false;
	*content = (struct der){ d->v + 2 + n, len };
	d->v += 2 + n + len;
	d->len -= 2 + n + len;
	return true;
}

static bool want(struct der *d, unsigned int tag, struct der *content)
{
	unsigned int got;

	return next(d, &got, content) && got == tag;
}

static unsigned int two(const unsigned char *p)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return 100; /* nothing in a date goes that far */
	return (unsigned int)(p[0] - '0') * 10 + (unsigned int)(p[1] - '0');
}

/* YYMMDDHHMMSSZ, or with four digits of the year */
static int64_t time_of(unsigned int tag, struct der t)
{
	size_t year = tag == TAG_TIME ? 4 : 2;
	struct date d;

	if ((tag != TAG_TIME && tag != TAG_UTC_TIME) || t.len != year + 11 || t.v[t.len - 1] != 'Z')
		return 0;
	if (two(t.v) > 99 || (year == 4 && two(t.v + 2) > 99))
		return 0;
	d.year = year == 4 ? two(t.v) * 100 + two(t.v + 2)
			   : two(t.v) + (two(t.v) < 50 ? 2000 : 1900);
	t.v += year;
	d.month = two(t.v);
	d.day = two(t.v + 2);
	d.hour = two(t.v + 4);
	d.minute = two(t.v + 6);
	d.second = two(t.v + 8);
	return date_of(&d);
}

static bool is_text(unsigned int tag)
{
	return tag == TAG_UTF8 || tag == TAG_PRINTABLE || tag == TAG_TELETEX || tag == TAG_IA5;
}

/* The first of that type in the name, "" if there is none. */
static void find_name(struct der name, unsigned char type, char ret[NAME_BYTES + 1])
{
	struct der set, pair, oid, text;
	unsigned int tag;

	ret[0] = '\0';
	for (int i = 0; i < NAMES_MAX && want(&name, TAG_SET, &set); i++) {
		if (!want(&set, TAG_SEQUENCE, &pair) || !want(&pair, TAG_OID, &oid) ||
		    !next(&pair, &tag, &text) || !is_text(tag))
			continue;
		if (oid.len != 3 || oid.v[0] != 0x55 || oid.v[1] != 0x04 || oid.v[2] != type ||
		    text.len > NAME_BYTES || memchr(text.v, '\0', text.len))
			continue;
		memcpy(ret, text.v, text.len);
		ret[text.len] = '\0';
		return;
	}
}

static void describe(struct der name, char *ret, size_t size)
{
	char common[NAME_BYTES + 1], organisation[NAME_BYTES + 1];

	find_name(name, 3, common);
	find_name(name, 10, organisation);
	snprintf(ret, size, "%s%s%s%s%s", common[0] ? "CN=" : "", common,
		 common[0] && organisation[0] ? ", " : "", organisation[0] ? "O=" : "",
		 organisation);
}

bool principal_certificate(const unsigned char *der, size_t len, struct certificate *ret)
{
	struct der all = { der, len }, outer, body, skipped, validity, when, subject;
	unsigned int tag;

	if (!want(&all, TAG_SEQUENCE, &outer) || !want(&outer, TAG_SEQUENCE, &body))
		return false;
	if (body.len > 0 && body.v[0] == TAG_VERSION && !next(&body, &tag, &skipped))
		return false;
	if (!want(&body, TAG_INTEGER, &skipped) || !want(&body, TAG_SEQUENCE, &skipped) ||
	    !want(&body, TAG_SEQUENCE, &skipped) || !want(&body, TAG_SEQUENCE, &validity) ||
	    !want(&body, TAG_SEQUENCE, &subject))
		return false;
	if (!next(&validity, &tag, &skipped) || !next(&validity, &tag, &when))
		return false;
	ret->not_after = time_of(tag, when);
	describe(subject, ret->subject, sizeof(ret->subject));
	return true;
}

static bool find_pem(struct span text, struct certificate *ret)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	size_t at = span_find(text, 0, begin);
	unsigned char der[CERTIFICATE_MAX];
	size_t len;

	if (at >= text.len)
		return false;
	len = principal_base64(span_from(text, at + strlen(begin)), der, sizeof(der));
	return principal_certificate(der, len, ret);
}

/* `client-certificate-data: BASE64', of a PEM text. */
static bool find_embedded(struct span text, struct certificate *ret)
{
	unsigned char pem[CERTIFICATE_MAX];
	struct span value;
	size_t at = 0, n;

	at = span_find(text, 0, "client-certificate-data");
	if (at >= text.len)
		return false;
	value = span_from(text, at + strlen("client-certificate-data"));
	while (value.len > 0 && value.v[0] && strchr("\": '", value.v[0]))
		value = span_from(value, 1);
	n = principal_base64(value, pem, sizeof(pem));
	return find_pem((struct span){ (const char *)pem, n }, ret);
}

void principal_from_certificate(const struct principal_text *t, struct credential_details *d)
{
	struct certificate c;

	if (!find_pem(t->text, &c) && !find_embedded(t->text, &c) &&
	    !principal_certificate((const unsigned char *)t->text.v, t->text.len, &c))
		return;
	if (c.not_after > d->expires)
		d->expires = c.not_after;
	if (t->kind->principal.from == CREDENTIAL_FROM_CERTIFICATE)
		principal_set(t, d, (struct span){ c.subject, strlen(c.subject) });
}
