/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials in a text by how they begin. No regular expressions: a prefix, how many bytes of an alphabet follow, and
 * what must stand in or behind them say as much for every token format in use, and cost one table look-up for nearly
 * every byte of a text. A hit is a place and a length; nothing is copied.
 */
#include <config.h>

#include <string.h>

#include "config/catalogue_parts.h"

enum {
	BLANKS_MAX = 8,
	BODY_LEAST =
		60, /* bytes of base64: the shortest private key in PEM, an Ed25519 one, has one line of 64 */
	BODY_LINES = 32, /* with the header fields before them */
};

struct text {
	const char *v;
	size_t len;
};

static bool is_word(const struct catalogue *c, char byte)
{
	return byte == '_' || (c->letters[(unsigned char)byte] & (1u << CREDENTIAL_ALNUM));
}

static bool is_hex(const struct catalogue *c, char byte)
{
	return c->letters[(unsigned char)byte] & (1u << CREDENTIAL_HEX);
}

/*
 * May a word begin at @at? Not behind a letter, a digit or `_', unless that belongs to an escape: `\n' of JSON, `%3D' of
 * a URL.
 */
static bool at_boundary(const struct catalogue *c, const struct text *t, size_t at)
{
	const char *p = t->v + at;

	if (at == 0 || !is_word(c, p[0]) || !is_word(c, p[-1]))
		return true;
	if (at >= 2 && p[-2] == '\\' && strchr("nrt", p[-1]))
		return true;
	return at >= 3 && p[-3] == '%' && is_hex(c, p[-2]) && is_hex(c, p[-1]);
}

static size_t count_blanks(const struct text *t, size_t at)
{
	size_t n = 0;

	while (n < BLANKS_MAX && at + n < t->len && (t->v[at + n] == ' ' || t->v[at + n] == '\t'))
		n++;
	return n;
}

/* Where the prefix ends, or 0. */
static size_t match_prefix(const struct text *t, size_t at, const char *prefix)
{
	for (; *prefix; prefix++) {
		if (*prefix == ' ') {
			at += count_blanks(t, at);
			continue;
		}
		if (at >= t->len || t->v[at] != *prefix)
			return 0;
		at++;
	}
	return at;
}

static bool holds(const struct text *t, size_t from, size_t to, const char *part)
{
	return !part || memmem(t->v + from, to - from, part, strlen(part)) != NULL;
}

static bool follows(const struct text *t, size_t at, const char *part)
{
	size_t n = part ? strlen(part) : 0;

	return n <= t->len - at && (n == 0 || memcmp(t->v + at, part, n) == 0);
}

/* ---- the body of a key: lines of base64 behind the first line */

/* The end of a line, as it is or as a JSON string and a variable have it; 0: there is none */
static size_t line_end(const struct text *t, size_t at)
{
	if (at >= t->len)
		return 0;
	if (t->v[at] == '\n' || t->v[at] == '\r')
		return 1;
	return at + 1 < t->len && t->v[at] == '\\' && (t->v[at + 1] == 'n' || t->v[at + 1] == 'r')
		       ? 2
		       : 0;
}

static size_t count_base64(const struct catalogue *c, const struct text *t, size_t at)
{
	size_t n = 0;

	while (at + n < t->len && n < BODY_LEAST &&
	       (c->letters[(unsigned char)t->v[at + n]] & (1u << CREDENTIAL_BASE64)))
		n++;
	return n;
}

/* Where the line ends, if it is one of the fields that may stand before a body (`Version: 1'); 0: it is none */
static size_t skip_field(const struct text *t, size_t at)
{
	bool colon = false;

	while (at < t->len && !line_end(t, at) && t->v[at] != '"')
		colon |= t->v[at++] == ':';
	return colon ? at : 0;
}

static bool has_body(const struct catalogue *c, const struct text *t, size_t at)
{
	size_t total = 0;

	for (size_t lines = 0; lines < BODY_LINES && at < t->len; lines++) {
		size_t n;

		at += count_blanks(t, at);
		n = count_base64(c, t, at);
		if (total + n >= BODY_LEAST)
			return true;
		if (n > 0 && line_end(t, at + n)) {
			total += n;
			at += n;
		} else if (!line_end(t, at)) {
			at = total > 0 ? 0 : skip_field(t, at);
			if (at == 0)
				return false;
		}
		at += line_end(t, at);
	}
	return false;
}

/* The length of what @s describes at @at, or 0. */
static size_t match_signature(const struct catalogue *c, const struct text *t, size_t at,
			      const struct credential_signature *s)
{
	size_t from, to;

	if (!s->inside && !at_boundary(c, t, at))
		return 0;
	from = match_prefix(t, at, s->prefix);
	if (from == 0)
		return 0;
	to = from;
	while (to < t->len && to - from <= s->max &&
	       (c->letters[(unsigned char)t->v[to]] & (1u << s->alphabet)))
		to++;
	if (s->alphabet == CREDENTIAL_ALPHABET_NONE)
		return s->body && !has_body(c, t, to) ? 0 : to - at;
	if (to - from < s->min || to - from > s->max || !holds(t, from, to, s->contains) ||
	    !follows(t, to, s->then))
		return 0;
	return to - at;
}

/* Longest prefix first, so the first that holds is the one. */
static size_t match_at(const struct catalogue *c, const struct credential_kind *kind,
		       const struct text *t, size_t at, struct catalogue_hit *ret)
{
	unsigned char byte = (unsigned char)t->v[at];

	for (size_t i = c->first[byte]; i < c->first[byte + 1]; i++) {
		const struct catalogue_mark *m = &c->marks[i];
		size_t len;

		if (m->signature->scoped && m->kind != kind)
			continue;
		len = match_signature(c, t, at, m->signature);
		if (len > 0) {
			*ret = (struct catalogue_hit){ m->kind, m->signature, at, len };
			return len;
		}
	}
	return 0;
}

/* ---- long texts */

/* Bytes of a text from which it pays to note how every prefix begins. */
enum { LONG_TEXT = 16 << 10, PAIRS = 1 << 16 };

/* Pairs of bytes that some prefix begins with, a bit each. First bytes alone, such as s and A, are everywhere in a text. */
struct pairs {
	uint8_t bits[PAIRS / 8];
};

static void add_pair(struct pairs *p, unsigned char first, unsigned char second)
{
	size_t pair = (size_t)first << 8 | second;

	p->bits[pair / 8] |= (uint8_t)(1u << pair % 8);
}

static void find_pairs(const struct catalogue *c, const struct credential_kind *kind,
		       struct pairs *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < c->n_marks; i++) {
		const struct catalogue_mark *m = &c->marks[i];
		const char *prefix = m->signature->prefix;

		if (m->signature->scoped && m->kind != kind)
			continue;
		/* behind one byte, or a blank, which stands for none as well, anything may come */
		if (prefix[1] && prefix[0] != ' ' && prefix[1] != ' ')
			add_pair(ret, (unsigned char)prefix[0], (unsigned char)prefix[1]);
		else
			for (unsigned int second = 0; second < 256; second++)
				add_pair(ret, (unsigned char)prefix[0], (unsigned char)second);
	}
}

/* The next place where a prefix may begin: @at itself, if no pairs were noted. */
static size_t skip(const struct text *t, size_t at, const struct pairs *p)
{
	while (p && at + 1 < t->len) {
		size_t pair = (size_t)(unsigned char)t->v[at] << 8 | (unsigned char)t->v[at + 1];

		if (p->bits[pair / 8] >> pair % 8 & 1)
			break;
		at++;
	}
	return at;
}

size_t catalogue_scan(const struct catalogue *c, const struct credential_kind *kind,
		      const char *text, size_t len, struct catalogue_hit *ret, size_t max)
{
	const struct text t = { text, len };
	const bool is_long = len >= LONG_TEXT;
	struct pairs pairs;
	size_t n = 0;

	if (is_long)
		find_pairs(c, kind, &pairs);
	for (size_t at = 0; (at = skip(&t, at, is_long ? &pairs : NULL)) < len;) {
		struct catalogue_hit hit;
		size_t span = match_at(c, kind, &t, at, &hit);

		if (span == 0) {
			at++;
			continue;
		}
		if (n < max)
			ret[n] = hit;
		n++;
		at += span;
	}
	return n;
}
