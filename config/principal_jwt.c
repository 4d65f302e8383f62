/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON web tokens: the claims are there for everybody to read, the signature makes it a credential. Only claims that the
 * catalogue names, `iss' beside `sub', and `exp' are taken.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "config/principal_parts.h"

enum {
	CLAIMS_MAX = 12 << 10, /* decoded; a token of 16 KiB has no more */
	TOKENS_MAX = 8,        /* of one file that are looked at */
};

static struct span part_of(struct span s)
{
	size_t n = 0;

	while (n < s.len && is_base64url(s.v[n]))
		n++;
	return (struct span){ s.v, n };
}

/* The middle of the three parts. */
static bool find_claims(struct span token, struct span *ret)
{
	struct span head = part_of(token);

	if (head.len < 10 || memcmp(head.v, "eyJ", 3) != 0 || head.len + 3 >= token.len ||
	    token.v[head.len] != '.')
		return false;
	*ret = part_of(span_from(token, head.len + 1));
	return ret->len > 3 && memcmp(ret->v, "eyJ", 3) == 0;
}

static int64_t expiry(const struct json *claims)
{
	const struct json *exp = json_get(claims, "exp");

	if (exp && exp->type == JSON_INT && exp->i > 0)
		return exp->i;
	if (exp && exp->type == JSON_DOUBLE && exp->d > 0 && exp->d < 1e12)
		return (int64_t)exp->d;
	return 0;
}

static void take_claim(const struct principal_text *t, const struct json *claims,
		       struct credential_details *d)
{
	const char *field = t->kind->principal.field;
	const char *value, *issuer;
	char text[CREDENTIAL_PRINCIPAL_MAX + 1];
	int n;

	if (t->kind->principal.from != CREDENTIAL_FROM_JWT || !field)
		return;
	value = json_text(claims, field, "");
	issuer = strcmp(field, "sub") == 0 ? json_text(claims, "iss", NULL) : NULL;
	n = issuer ? snprintf(text, sizeof(text), "%s (%s)", value, issuer) : (int)sizeof(text);
	if (value[0] && n < (int)sizeof(text))
		principal_set(t, d, (struct span){ text, (size_t)n });
	principal_set(t, d, (struct span){ value, strlen(value) });
}

bool principal_jwt(const struct principal_text *t, struct span token, struct credential_details *d)
{
	const struct json_limits limits = { .bytes = CLAIMS_MAX, .depth = 8, .nodes = 512 };
	struct pf_error ignored = PF_ERROR_INIT;
	unsigned char text[CLAIMS_MAX];
	const struct json *claims;
	struct span part;
	auto_json doc = NULL;
	int64_t expires;
	size_t len;

	if (!find_claims(token, &part))
		return false;
	len = principal_base64(part, text, sizeof(text));
	if (json_parse((const char *)text, len, &limits, &doc, &ignored) < 0)
		return false;
	claims = json_root(doc);
	if (claims->type != JSON_OBJECT)
		return false;
	take_claim(t, claims, d);
	expires = expiry(claims);
	/* of what lives on by other means a token beside it says nothing */
	if (d->lifetime != CREDENTIAL_LONG && expires > d->expires)
		d->expires = expires;
	/* one that never ends is worth more than its kind says */
	if (expires == 0 && d->expires == 0 && d->lifetime == CREDENTIAL_JWT)
		d->lifetime = CREDENTIAL_LONG;
	return true;
}

void principal_from_jwts(const struct principal_text *t, struct credential_details *d)
{
	size_t n = 0;

	for (size_t at = span_find(t->text, 0, "eyJ"); at < t->text.len && n < TOKENS_MAX;
	     at = span_find(t->text, at, "eyJ")) {
		struct span token = span_from(t->text, at);
		struct span run = part_of(token);

		if ((at == 0 || !is_base64url(t->text.v[at - 1])) && principal_jwt(t, token, d))
			n++;
		at += run.len;
	}
}
