/* SPDX-License-Identifier: Apache-2.0 */
/* What was found, told to people: kinds, names and places. A value is nowhere to be had here. */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/guard/credentials.h"

enum { SHOWN_IN_LOG = 12 };

void credentials_place_text(const struct place *p, struct pf_buf *b)
{
	switch (p->type) {
	case PLACE_VARIABLE:
		pf_buf_puts(b, "in variable ");
		break;
	case PLACE_ARGUMENT:
		pf_buf_puts(b, "in argument ");
		break;
	case PLACE_FILE:
	case PLACE_DIRECTORY:
	case PLACE_SOCKET:
	case PLACE_TYPE_COUNT_:
		pf_buf_puts(b, "at ");
		break;
	}
	pf_buf_printable(b, place_shown(p));
	if (p->line)
		pf_buf_printf(b, " line %u", p->line);
	if (p->of && strcmp(p->of, "process") != 0)
		pf_buf_printf(b, " of the %s", p->of);
}

static size_t count(const struct credentials *c, enum finding_verdict v)
{
	size_t n = 0;

	for (size_t i = 0; i < c->inv.n; i++)
		n += c->inv.v[i].verdict == v;
	return n;
}

/* The entries that allowed something, each once. */
static void put_allowed_by(const struct credentials *c, struct pf_buf *b)
{
	const char *sep = " (";

	for (size_t a = 0; a < c->rules.allow.n; a++) {
		bool used = false;

		for (size_t i = 0; i < c->inv.n; i++)
			used |= c->inv.v[i].allowed_by == c->rules.allow.v[a];
		if (!used)
			continue;
		pf_buf_puts(b, sep);
		pf_buf_printable(b, c->rules.allow.v[a]);
		sep = " ";
	}
	if (strcmp(sep, " ") == 0)
		pf_buf_puts(b, ")");
}

void credentials_summary(const struct credentials *c, struct pf_buf *b)
{
	static const enum finding_verdict order[] = { VERDICT_REFUSED,  VERDICT_COVERED,
						      VERDICT_DECOYED,  VERDICT_DROPPED,
						      VERDICT_REPORTED, VERDICT_ALLOWED };
	const char *sep = ": ";

	pf_buf_puts(b, credentials_mode_name(c->rules.mode));
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		size_t n = count(c, order[i]);

		if (n == 0)
			continue;
		pf_buf_printf(b, "%s%zu %s", sep, n, finding_verdict_name(order[i]));
		sep = ", ";
		if (order[i] == VERDICT_ALLOWED)
			put_allowed_by(c, b);
	}
	if (c->inv.n == 0)
		pf_buf_puts(b, ": none found");
	if (c->inv.incomplete)
		pf_buf_puts(b, ", incomplete");
}

const char *credentials_scan_name(const struct credentials *c)
{
	return c->deep ? "deep" : "names";
}

/* A cover lies on a file, and goes with it: who saves on the host by renaming a new file over the old one takes it away. */
const char *credentials_later(enum credentials_mode mode)
{
	switch (mode) {
	case CREDENTIALS_DECOY:
	case CREDENTIALS_HIDE:
		return "what comes later is not covered, and a covered file that is replaced on the host is "
		       "covered no more";
	case CREDENTIALS_UNASKED:
	case CREDENTIALS_AUDIT:
	case CREDENTIALS_DENY:
		break;
	}
	return "what comes later is not looked for";
}

void credentials_json(const struct credentials *c, struct pf_buf *b)
{
	pf_buf_printf(b, "\"mode\":\"%s\",\"scan\":\"%s\",\"complete\":%s,\"later\":\"none\"",
		      credentials_mode_name(c->rules.mode), credentials_scan_name(c),
		      c->inv.incomplete ? "false" : "true");
	pf_buf_puts(b, ",\"inventory\":");
	inventory_json(&c->inv, b);
}

void credentials_lines(const struct credentials *c, struct pf_buf *b)
{
	pf_buf_printf(b, "  scan: %s, %s\n", credentials_scan_name(c),
		      c->inv.incomplete ? "incomplete" : "complete");
	pf_buf_printf(b, "  later: none: %s\n", credentials_later(c->rules.mode));
	for (size_t i = 0; i < c->inv.n; i++) {
		const struct finding *f = &c->inv.v[i];

		pf_buf_printf(b, "  %s %s", finding_verdict_name(f->verdict), f->kind->id);
		if (f->allowed_by) {
			pf_buf_puts(b, " (");
			pf_buf_printable(b, f->allowed_by);
			pf_buf_puts(b, ")");
		}
		for (size_t p = 0; p < f->n_places; p++) {
			pf_buf_puts(b, p ? ", " : " ");
			credentials_place_text(&f->places[p], b);
		}
		pf_buf_puts(b, "\n");
	}
	if (c->inv.incomplete) {
		pf_buf_puts(b, "  incomplete: ");
		pf_buf_printable(b, c->inv.incomplete);
		pf_buf_puts(b, "\n");
	}
}

void credentials_log(const struct credentials *c, const char *what)
{
	auto_buf list = { 0 }, head = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < c->inv.n; i++) {
		const struct finding *f = &c->inv.v[i];

		if (f->verdict == VERDICT_ALLOWED || n++ >= SHOWN_IN_LOG)
			continue;
		pf_buf_printf(&list, "%s%s ", n > 1 ? ", " : "", f->kind->id);
		credentials_place_text(&f->places[0], &list);
	}
	credentials_summary(c, &head);
	if (n > 0 && !list.failed && !head.failed)
		pf_log(PF_LOG_WARNING,
		       "%s: credentials %s (credentials.allow names what is meant to be there): %s%s",
		       what, head.data, list.data, n > SHOWN_IN_LOG ? ", ..." : "");
	if (c->inv.incomplete)
		pf_log(PF_LOG_WARNING,
		       "%s: not everything was looked at for credentials: %s, continuing", what,
		       c->inv.incomplete);
}
