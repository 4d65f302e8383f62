/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a credential is: what the catalogue says of its kind decides where to look, and what may be shown is judged once,
 * here, for all of them.
 */
#include <config.h>

#include "config/principal.h"

#include <string.h>

#include "base/cleanup.h"
#include "config/principal_parts.h"

enum { KEY_ID_MAX = 32, LISTED_MAX = 4 };

/* C1; too long a form; surrogates; beyond U+10FFFF; what turns the direction of writing */
static bool is_bad_pair(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xc2:
	case 0xe0:
		return second < 0xa0;
	case 0xe2:
		return second == 0x80 || second == 0x81;
	case 0xed:
		return second > 0x9f;
	case 0xf0:
		return second < 0x90;
	case 0xf4:
		return second > 0x8f;
	default:
		return false;
	}
}

/* The length of a well-formed sequence of UTF-8 at @p, 0: it is none, or a control character. */
static size_t character(const unsigned char *p, size_t len)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

	if (p[0] < 0x20 || p[0] == 0x7f || (p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n > 1 && is_bad_pair(p[0], p[1]) ? 0 : n;
}

static bool is_printable(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	for (size_t at = 0; at < len;) {
		size_t n = character(p + at, len - at);

		if (n == 0)
			return false;
		at += n;
	}
	return true;
}

/* A signature whose whole match is the id of a key, not the key: short, in capitals from its first letter. */
bool principal_is_key_id(const struct credential_kind *kind, const struct catalogue_hit *hit)
{
	const char *p = hit->signature->prefix;

	if (kind->principal.from != CREDENTIAL_FROM_PREFIX ||
	    hit->kind->principal.from != CREDENTIAL_FROM_PREFIX || hit->length > KEY_ID_MAX ||
	    hit->signature->scoped ||
	    (hit->signature->alphabet != CREDENTIAL_UPPER &&
	     hit->signature->alphabet != CREDENTIAL_ALNUM))
		return false;
	while (*p >= 'A' && *p <= 'Z')
		p++;
	return *p == '\0';
}

bool credential_principal_is_public(const struct catalogue *c, const struct credential_kind *kind,
				    const char *text, size_t len)
{
	struct catalogue_hit hit;

	if (len == 0 || len > CREDENTIAL_PRINCIPAL_MAX || !is_printable(text, len))
		return false;
	if (catalogue_scan(c, kind, text, len, &hit, 1) == 0)
		return true;
	return hit.offset == 0 && hit.length == len && principal_is_key_id(kind, &hit);
}

void credential_details_init(const struct credential_kind *kind, struct credential_details *ret)
{
	*ret = (struct credential_details){ .lifetime = kind->lifetime };
}

size_t span_find(struct span text, size_t from, const char *part)
{
	const char *p;

	if (from >= text.len)
		return text.len;
	p = memmem(text.v + from, text.len - from, part, strlen(part));
	return p ? (size_t)(p - text.v) : text.len;
}

struct span span_from(struct span text, size_t from)
{
	if (from > text.len)
		from = text.len;
	return (struct span){ text.v + from, text.len - from };
}

struct span span_line(struct span text, size_t from)
{
	struct span rest = span_from(text, from);
	const char *end = rest.len ? memchr(rest.v, '\n', rest.len) : NULL;

	return end ? (struct span){ rest.v, (size_t)(end - rest.v) } : rest;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct span span_trim(struct span s)
{
	while (s.len > 0 && is_space(s.v[0]))
		s = span_from(s, 1);
	while (s.len > 0 && is_space(s.v[s.len - 1]))
		s.len--;
	return s;
}

bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.v, text, s.len) == 0;
}

bool span_begins(struct span s, const char *text)
{
	size_t n = strlen(text);

	return s.len >= n && memcmp(s.v, text, n) == 0;
}

void principal_set(const struct principal_text *t, struct credential_details *d, struct span name)
{
	if (d->principal_len ||
	    !credential_principal_is_public(t->catalogue, t->kind, name.v, name.len))
		return;
	memcpy(d->principal, name.v, name.len);
	d->principal[name.len] = '\0';
	d->principal_len = name.len;
}

static bool is_listed(const struct principal_list *l, struct span name)
{
	struct span rest = { l->text, l->len };

	while (rest.len > 0) {
		size_t end = span_find(rest, 0, ", ");

		if (end == name.len && memcmp(rest.v, name.v, end) == 0)
			return true;
		rest = span_from(rest, end + 2);
	}
	return false;
}

bool principal_list_add(const struct principal_text *t, struct principal_list *l, struct span name)
{
	static const char more[] = ", ...";
	size_t comma = l->n ? 2 : 0;

	if (!credential_principal_is_public(t->catalogue, t->kind, name.v, name.len) ||
	    is_listed(l, name))
		return true;
	if (l->n == LISTED_MAX ||
	    l->len + comma + name.len + sizeof(more) > CREDENTIAL_PRINCIPAL_MAX) {
		memcpy(l->text + l->len, more, sizeof(more) - 1);
		l->len += sizeof(more) - 1;
		return false;
	}
	memcpy(l->text + l->len, ", ", comma);
	memcpy(l->text + l->len + comma, name.v, name.len);
	l->len += comma + name.len;
	l->n++;
	return true;
}

static void from_prefix(const struct principal_text *t, struct credential_details *d)
{
	struct catalogue_hit hits[16];
	size_t n = catalogue_scan(t->catalogue, t->kind, t->text.v, t->text.len, hits,
				  ARRAY_SIZE(hits));

	for (size_t i = 0; i < n && i < ARRAY_SIZE(hits); i++)
		if (principal_is_key_id(t->kind, &hits[i]))
			principal_set(t, d,
				      (struct span){ t->text.v + hits[i].offset, hits[i].length });
}

typedef void (*principal_reader)(const struct principal_text *t, struct credential_details *d);

/* What only a whole file of the kind tells. */
static const principal_reader of_files[CREDENTIAL_FROM_COUNT_] = {
	[CREDENTIAL_FROM_FIELD] = principal_from_field,
	[CREDENTIAL_FROM_JWT] = principal_from_jwts,
	[CREDENTIAL_FROM_CERTIFICATE] = principal_from_certificate,
	[CREDENTIAL_FROM_USERINFO] = principal_from_userinfo,
	[CREDENTIAL_FROM_PUBLIC_KEY] = principal_from_private_key,
	[CREDENTIAL_FROM_PREFIX] = from_prefix,
};

/* How long: a date beside it, a certificate, a token's own claim. Whatever says that it never ends has the last word. */
static void read_lifetime(const struct principal_text *t, struct credential_details *d)
{
	enum credential_lifetime kind = t->kind->lifetime;

	if (kind == CREDENTIAL_CERTIFICATE &&
	    t->kind->principal.from != CREDENTIAL_FROM_CERTIFICATE)
		principal_from_certificate(t, d);
	if ((kind == CREDENTIAL_JWT || kind == CREDENTIAL_CERTIFICATE) &&
	    t->kind->principal.from != CREDENTIAL_FROM_JWT)
		principal_from_jwts(t, d);
	if (kind == CREDENTIAL_STATED || kind == CREDENTIAL_SHORT)
		principal_stated_date(t->text, d);
}

void credential_details_of_file(const struct catalogue *c, const struct credential_kind *kind,
				const char *text, size_t len, struct credential_details *d)
{
	const struct principal_text t = { c, kind, { text, len } };
	principal_reader read = of_files[kind->principal.from];

	if (read)
		read(&t, d);
	read_lifetime(&t, d);
}

void credential_details_of_hit(const struct catalogue *c, const struct credential_kind *kind,
			       const char *text, size_t len, const struct catalogue_hit *hit,
			       struct credential_details *d)
{
	const struct span all = { text, len };
	const struct principal_text t = { c, kind, all };
	const struct principal_text from = { c, kind, span_from(all, hit->offset) };

	switch (kind->principal.from) {
	case CREDENTIAL_FROM_PREFIX:
		if (principal_is_key_id(kind, hit))
			principal_set(&t, d, (struct span){ text + hit->offset, hit->length });
		break;
	case CREDENTIAL_FROM_CERTIFICATE:
		principal_from_certificate(&t, d);
		break;
	case CREDENTIAL_FROM_PUBLIC_KEY:
		principal_from_private_key(&from, d);
		break;
	case CREDENTIAL_FROM_USERINFO:
		principal_from_url(&from, d);
		break;
	case CREDENTIAL_FROM_JWT:
	case CREDENTIAL_FROM_UNKNOWN:
	case CREDENTIAL_FROM_FIELD:
	case CREDENTIAL_FROM_VARIABLE:
	case CREDENTIAL_FROM_PEER:
	case CREDENTIAL_FROM_COUNT_:
		(void)principal_jwt(&from, from.text, d);
		break;
	}
}

void credential_details_of_public_half(const struct catalogue *c,
				       const struct credential_kind *kind, const char *text,
				       size_t len, struct credential_details *d)
{
	const struct principal_text t = { c, kind, { text, len } };

	if (kind->principal.from == CREDENTIAL_FROM_PUBLIC_KEY)
		principal_from_public_key(&t, d);
	else
		principal_from_certificate(&t, d);
}
