/* SPDX-License-Identifier: Apache-2.0 */
/* Escapes, and the phrases that every report has. Pure. */
#include <config.h>

#include "runtime/guard/audit_print.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* The code point at @s and how many bytes it has; 0 bytes: it is no UTF-8. */
static size_t decode(const unsigned char *s, uint32_t *ret)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	*ret = n == 1 ? s[0] : s[0] & (0x7fu >> n);
	if (n > 1 && (s[0] < 0xc2 || s[0] > 0xf4))
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*ret = *ret << 6 | (s[i] & 0x3f);
	}
	if (*ret < least[n] || *ret > 0x10ffff || (*ret >= 0xd800 && *ret < 0xe000))
		return 0;
	return n;
}

/* Controls, and what makes a text look like another one: no width, another direction, another line. */
static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

/* The next character as it may be shown; returns how many bytes of @s it was. */
static size_t put_char(struct pf_buf *b, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c;
	size_t n = decode(p, &c);

	if (n == 0 || (n == 1 && is_unsafe(c)))
		pf_buf_printf(b, "\\x%02x", p[0]);
	else if (is_unsafe(c))
		pf_buf_printf(b, "\\u{%x}", c);
	else
		pf_buf_add(b, s, n);
	return n ? n : 1;
}

void audit_put_safe(struct pf_buf *b, const char *s)
{
	while (*s)
		s += put_char(b, s);
}

void audit_put_markdown(struct pf_buf *b, const char *s)
{
	while (*s) {
		if (isalnum((unsigned char)*s) || strchr(" /.,-=$%+();'", *s) ||
		    (unsigned char)*s >= 0x80 || (unsigned char)*s < 0x20 || *s == 0x7f)
			s += put_char(b, s);
		else
			pf_buf_printf(b, "&#%u;", (unsigned char)*s++);
	}
}

void audit_put_uri(struct pf_buf *b, const char *path)
{
	for (; *path; path++) {
		if (isalnum((unsigned char)*path) || strchr("/-._~", *path))
			pf_buf_add(b, path, 1);
		else
			pf_buf_printf(b, "%%%02X", (unsigned char)*path);
	}
}

static size_t width(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

void audit_put_wrapped(struct pf_buf *b, const char *text, unsigned int indent,
		       unsigned int columns)
{
	size_t at = indent, gap = 0;

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, " "), n = width(p, len);

		if (at > indent && at + gap + n > columns) {
			pf_buf_printf(b, "\n%*s", (int)indent, "");
			at = indent;
		} else if (gap > 0) {
			pf_buf_printf(b, "%*s", (int)gap, "");
			at += gap;
		}
		pf_buf_add(b, p, len);
		at += n;
		gap = strspn(p + len, " ");
		p += len + gap;
	}
}

void audit_put_place(struct pf_buf *b, const struct place *p)
{
	if (p->type == PLACE_VARIABLE)
		pf_buf_puts(b, "$");
	pf_buf_puts(b, p->name);
	if (p->type == PLACE_DIRECTORY)
		pf_buf_puts(b, "/");
	if ((p->type == PLACE_VARIABLE || p->type == PLACE_ARGUMENT) && p->of &&
	    strcmp(p->of, "process") != 0)
		pf_buf_printf(b, " of %s", p->of);
	if (p->line)
		pf_buf_printf(b, " line %u", p->line);
}

void audit_put_ways(struct pf_buf *b, const struct audit_entry *entry)
{
	const char *between = "";

	if (entry->facts.reaches_host) {
		pf_buf_puts(b, "the host");
		between = ", ";
	}
	for (int kind = 0; kind < AUDIT_WAY_COUNT_; kind++) {
		if (!(entry->leaves & (1u << kind)))
			continue;
		pf_buf_printf(b, "%s%s", between, audit_way_name((enum audit_way_kind)kind));
		between = ", ";
	}
	if (!*between)
		pf_buf_puts(b, "nothing");
}

void audit_put_readers(struct pf_buf *b, const struct audit *a, const struct audit_entry *entry)
{
	for (size_t i = 0; i < entry->n_readers; i++) {
		const struct audit_reader *r = &entry->readers[i];

		pf_buf_printf(b, "%s%s", i ? ", " : "", audit_label(a->containers[r->container]));
		if (r->how != AUDIT_READS_ITSELF)
			pf_buf_printf(b, " (%s)", audit_how_name(r->how));
	}
	if (entry->n_readers == 0)
		pf_buf_puts(b, "nobody");
}

void audit_put_terms(struct pf_buf *b, unsigned int bits, const struct audit_term *terms, size_t n,
		     const char *between)
{
	const char *sep = "";

	for (size_t i = 0; i < n; i++) {
		if (!(bits >> i & 1))
			continue;
		pf_buf_printf(b, "%s%s", sep, terms[i].id);
		sep = between;
	}
}

/* Days since 1970 as a date: the years run from March, so that the leap day is the last of one. */
static void put_date(struct pf_buf *b, int64_t seconds)
{
	int64_t days = seconds / 86400 + 719468, era = days / 146097, rest = days % 146097;
	int64_t year = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
	int64_t day = rest - (365 * year + year / 4 - year / 100), month = (5 * day + 2) / 153;

	year += era * 400 + (month >= 10);
	pf_buf_printf(b, "%04lld-%02lld-%02lld", (long long)year,
		      (long long)(month < 10 ? month + 3 : month - 9),
		      (long long)(day - (153 * month + 2) / 5 + 1));
}

void audit_put_life(struct pf_buf *b, const struct audit *a, const struct finding *f)
{
	static const char *const names[CREDENTIAL_LIFETIME_COUNT_] = {
		[CREDENTIAL_LONG] = "long-lived",    [CREDENTIAL_SHORT] = "short-lived",
		[CREDENTIAL_JWT] = "end unknown",    [CREDENTIAL_CERTIFICATE] = "end unknown",
		[CREDENTIAL_STATED] = "end unknown", [CREDENTIAL_LIVE] = "live",
	};

	/* a date that makes no sense is none */
	if (f->expires <= 0 || f->expires > 253402300799) {
		pf_buf_puts(b, names[f->lifetime]);
		return;
	}
	pf_buf_puts(b, f->expires <= a->now ? "expired " : "until ");
	put_date(b, f->expires);
}

const char *audit_label(const struct audit_container *c)
{
	return c->name ? c->name : c->id;
}

void audit_put_headline(struct pf_buf *b, const struct audit_summary *s)
{
	pf_buf_printf(b, "%zu credential%s in %zu container%s", s->credentials,
		      s->credentials == 1 ? "" : "s", s->containers, s->containers == 1 ? "" : "s");
	if (s->credentials > 0)
		pf_buf_printf(b, ": %zu readable, %zu can leave by network, %zu by output",
			      s->exposed, s->network, s->output);
}
