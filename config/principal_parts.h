/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_PRINCIPAL_PARTS_H
#define PF_CONFIG_PRINCIPAL_PARTS_H

#include "config/principal.h"

/* What the files principal*.c share; not for others but tests. All of it is bounded by the text that it is given. */

struct span {
	const char *v;
	size_t len;
};

struct principal_text { /* what is looked at, and for what */
	const struct catalogue *catalogue;
	const struct credential_kind *kind;
	struct span text;
};

/* Several names of one credential: the first few, with commas between. */
struct principal_list {
	char text[CREDENTIAL_PRINCIPAL_MAX + 1];
	size_t len, n;
};

/* principal.c */

/** principal_is_key_id() - the hit is the public id of a key of @kind */
bool principal_is_key_id(const struct credential_kind *kind, const struct catalogue_hit *hit);
/** principal_set() - unless one is known, or this may not be shown */
void principal_set(const struct principal_text *t, struct credential_details *d, struct span name);
/** principal_list_add() - a name that may be shown and is not there yet; false: there is no room for more */
bool principal_list_add(const struct principal_text *t, struct principal_list *l, struct span name);
/** span_find() - where @part begins at or behind @from; text.len: nowhere */
size_t span_find(struct span text, size_t from, const char *part);
struct span span_from(struct span text, size_t from);
struct span span_line(struct span text, size_t from); /* to the end of the line */
struct span span_trim(struct span s);                 /* blanks at both ends */
bool span_is(struct span s, const char *text);
bool span_begins(struct span s, const char *text);

/* principal_fields.c */

/**
 * principal_field() - the value that a member of that name has, in whatever form: JSON, YAML, TOML, INI, netrc
 * @at:		where to begin; on success, where to go on
 * A value that begins a list or an object is "". Quotes are taken off; one with an escape in it is left out.
 */
bool principal_field(struct span text, const char *name, size_t *at, struct span *ret);
void principal_from_field(const struct principal_text *t, struct credential_details *d);

/* principal_dates.c */

/** principal_date() - RFC 3339 or near it, or seconds or milliseconds since 1970; 0: it is no date */
int64_t principal_date(struct span s);
/** principal_stated_date() - what stands in the file, and whether something beside it outlives that */
void principal_stated_date(struct span text, struct credential_details *d);
/** date_of() - seconds since 1970 in UTC; 0: there is no such day or time */
struct date {
	int64_t year;
	unsigned int month, day, hour, minute, second;
};
int64_t date_of(const struct date *d);

/* principal_base64.c */

/** principal_base64() - both alphabets, blanks and line ends (also `\n' as JSON writes it) skipped, up to any other byte */
size_t principal_base64(struct span s, unsigned char *ret, size_t max);
static inline bool is_base64url(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/* principal_jwt.c */

/** principal_jwt() - the claims of the token that @token begins with; false: it is none */
bool principal_jwt(const struct principal_text *t, struct span token, struct credential_details *d);
void principal_from_jwts(const struct principal_text *t, struct credential_details *d);

/* principal_der.c */

struct certificate {
	char subject[CREDENTIAL_PRINCIPAL_MAX + 1]; /* "CN=..., O=..."; "": neither */
	int64_t not_after;
};

bool principal_certificate(const unsigned char *der, size_t len, struct certificate *ret);
/** principal_from_certificate() - the first one of a text, as PEM, or as kubeconfig has it */
void principal_from_certificate(const struct principal_text *t, struct credential_details *d);

/* principal_keys.c */
void principal_from_private_key(const struct principal_text *t, struct credential_details *d);
void principal_from_public_key(const struct principal_text *t, struct credential_details *d);

/* principal_userinfo.c */
void principal_from_userinfo(const struct principal_text *t, struct credential_details *d);
/** principal_from_url() - of the one URL that the text begins with */
void principal_from_url(const struct principal_text *t, struct credential_details *d);

#endif
