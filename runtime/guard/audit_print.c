/* SPDX-License-Identifier: Apache-2.0 */
/* Escapes, and the phrases that every report has. Pure. */
#include <config.h>

#include "runtime/guard/audit_print.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

void audit_put_markdown(struct pf_buf *b, const char *s)
{
	auto_buf safe = { 0 };

	pf_buf_printable(&safe, s);
	for (const char *p = safe.data ? safe.data : ""; *p; p++) {
		if (isalnum((unsigned char)*p) || strchr(" /.,-=$%+();'", *p) ||
		    (unsigned char)*p >= 0x80)
			pf_buf_add(b, p, 1);
		else
			pf_buf_printf(b, "&#%u;", (unsigned char)*p);
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
	return c->label ? c->label : c->id;
}

void audit_put_redirect(struct pf_buf *b, const struct audit_redirect *r)
{
	pf_buf_printf(b, "$%s", r->name);
	if (strcmp(r->of, "process") != 0)
		pf_buf_printf(b, " of %s", r->of);
	pf_buf_printf(b, ": %s%s%s", r->rule->why, r->to ? ": " : "", r->to ? r->to : "");
}

void audit_put_headline(struct pf_buf *b, const struct audit_summary *s)
{
	pf_buf_printf(b, "%zu credential%s in %zu container%s", s->credentials,
		      s->credentials == 1 ? "" : "s", s->containers, s->containers == 1 ? "" : "s");
	if (s->credentials > 0)
		pf_buf_printf(b, ": %zu readable, %zu can leave by network, %zu by output",
			      s->exposed, s->network, s->output);
	if (s->redirects > 0)
		pf_buf_printf(b, "; %zu variable%s elsewhere", s->redirects,
			      s->redirects == 1 ? " leads" : "s lead");
}
