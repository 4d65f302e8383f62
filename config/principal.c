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

enum { KEY_ID_MAX = 32 };

/* The length of a well-formed sequence of UTF-8 at @p, 0: it is none, or a control character. */
static size_t character(const unsigned char *p, size_t len)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

	if (p[0] < 0x20 || p[0] == 0x7f || (p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* C1; too long a form; surrogates; beyond U+10FFFF; what turns the direction of writing */
	if ((p[0] == 0xc2 && p[1] < 0xa0) || (p[0] == 0xe0 && p[1] < 0xa0) ||
	    (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f) || (p[0] == 0xe2 && (p[1] == 0x80 || p[1] == 0x81)))
		return 0;
	return n;
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

	if (kind->principal.from != CREDENTIAL_FROM_PREFIX || hit->kind != kind ||
	    hit->length > KEY_ID_MAX || hit->signature->scoped ||
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

void principal_set(const struct principal_text *t, struct credential_details *d, const char *text,
		   size_t len)
{
	if (d->principal_len || !credential_principal_is_public(t->catalogue, t->kind, text, len))
		return;
	memcpy(d->principal, text, len);
	d->principal[len] = '\0';
	d->principal_len = len;
}

static void from_prefix(const struct principal_text *t, struct credential_details *d)
{
	struct catalogue_hit hits[16];
	size_t n = catalogue_scan(t->catalogue, t->kind, t->v, t->len, hits, ARRAY_SIZE(hits));

	for (size_t i = 0; i < n && i < ARRAY_SIZE(hits); i++)
		if (principal_is_key_id(t->kind, &hits[i]))
			principal_set(t, d, t->v + hits[i].offset, hits[i].length);
}

void credential_details_of_file(const struct catalogue *c, const struct credential_kind *kind,
				const char *text, size_t len, struct credential_details *d)
{
	const struct principal_text t = { c, kind, text, len };

	switch (kind->principal.from) {
	case CREDENTIAL_FROM_PREFIX:
		from_prefix(&t, d);
		break;
	case CREDENTIAL_FROM_UNKNOWN:
	case CREDENTIAL_FROM_FIELD:
	case CREDENTIAL_FROM_VARIABLE:
	case CREDENTIAL_FROM_JWT:
	case CREDENTIAL_FROM_CERTIFICATE:
	case CREDENTIAL_FROM_USERINFO:
	case CREDENTIAL_FROM_PUBLIC_KEY:
	case CREDENTIAL_FROM_PEER:
	case CREDENTIAL_FROM_COUNT_:
		break;
	}
}

void credential_details_of_hit(const struct catalogue *c, const struct credential_kind *kind,
			       const char *text, size_t len, const struct catalogue_hit *hit,
			       struct credential_details *d)
{
	const struct principal_text t = { c, kind, text, len };

	if (principal_is_key_id(kind, hit))
		principal_set(&t, d, text + hit->offset, hit->length);
}

void credential_details_of_public_half(const struct catalogue *c,
				       const struct credential_kind *kind, const char *text,
				       size_t len, struct credential_details *d)
{
	(void)c;
	(void)kind;
	(void)text;
	(void)len;
	(void)d;
}
