/* SPDX-License-Identifier: Apache-2.0 */
/* The report for a job's summary: the answer first, then one table. What came from outside is text and never markup. */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/audit_print.h"

enum { ROWS_MAX = 200 }; /* a summary has a limit of one megabyte; JSON has them all */

static void put_code(struct pf_buf *b, const char *text)
{
	pf_buf_puts(b, "<code>");
	audit_put_markdown(b, text);
	pf_buf_puts(b, "</code>");
}

static void put_composed(struct pf_buf *b, const struct pf_buf *text)
{
	audit_put_markdown(b, text->data ? text->data : "");
}

static void put_row(struct pf_buf *b, const struct audit *a, const struct audit_entry *entry)
{
	const struct finding *f = entry->finding;
	auto_buf place = { 0 }, life = { 0 }, readers = { 0 }, ways = { 0 }, nhi = { 0 };

	audit_put_place(&place, &f->places[0]);
	audit_put_life(&life, a, f);
	audit_put_readers(&readers, a, entry);
	audit_put_ways(&ways, entry);
	audit_put_terms(&nhi, entry->nhi, audit_nhi, AUDIT_NHI_COUNT, " ");
	pf_buf_printf(b, "| %s | ", audit_severity_name(entry->severity));
	audit_put_markdown(b, f->kind->id);
	pf_buf_puts(b, " | ");
	put_code(b, place.data ? place.data : "");
	if (f->n_places > 1)
		pf_buf_printf(b, " and %zu more", f->n_places - 1);
	pf_buf_puts(b, " | ");
	put_composed(b, &life);
	pf_buf_puts(b, " | ");
	put_composed(b, &readers);
	pf_buf_puts(b, " | ");
	put_composed(b, &ways);
	pf_buf_puts(b, " | ");
	put_composed(b, &nhi);
	pf_buf_puts(b, " | ");
	audit_put_markdown(b, entry->advice);
	pf_buf_puts(b, " |\n");
}

static void put_problem(struct pf_buf *b, const char *whose, const char *what)
{
	pf_buf_puts(b, "- ");
	put_code(b, whose);
	pf_buf_puts(b, ": ");
	audit_put_markdown(b, what);
	pf_buf_puts(b, "\n");
}

static void put_problems(struct pf_buf *b, const struct audit *a)
{
	pf_buf_puts(b, "\n**Not everything was looked at.**\n\n");
	if (a->problem)
		put_problem(b, "node", a->problem);
	for (size_t i = 0; i < a->n_containers; i++) {
		const struct audit_container *c = a->containers[i];

		if (c->problem)
			put_problem(b, audit_label(c), c->problem);
		if (c->inventory.incomplete)
			put_problem(b, audit_label(c), c->inventory.incomplete);
	}
}

static void put_ways(struct pf_buf *b, const struct audit *a)
{
	pf_buf_puts(b, "\n| container | way out | | |\n|---|---|---|---|\n");
	for (size_t i = 0; i < a->n_containers; i++)
		for (size_t w = 0; w < a->containers[i]->n_ways; w++) {
			const struct audit_way *way = &a->containers[i]->ways[w];

			pf_buf_puts(b, "| ");
			put_code(b, audit_label(a->containers[i]));
			pf_buf_printf(b, " | %s%s | ", audit_way_name(way->kind),
				      way->host ? " (host)" : "");
			put_code(b, way->what);
			pf_buf_puts(b, " | ");
			audit_put_markdown(b, way->why ? way->why : "");
			pf_buf_puts(b, " |\n");
		}
}

static void put_redirects(struct pf_buf *b, const struct audit *a)
{
	pf_buf_puts(b, "\n| container | leads elsewhere | | |\n|---|---|---|---|\n");
	for (size_t i = 0; i < a->n_containers; i++)
		for (size_t k = 0; k < a->containers[i]->n_redirects; k++) {
			const struct audit_redirect *r = &a->containers[i]->redirects[k];
			auto_buf text = { 0 }, whose = { 0 };

			pf_buf_printf(&whose, "$%s%s%s", r->name,
				      strcmp(r->of, "process") ? " of " : "",
				      strcmp(r->of, "process") ? r->of : "");
			pf_buf_printf(&text, "%s%s%s", r->rule->why, r->to ? ": " : "",
				      r->to ? r->to : "");
			pf_buf_puts(b, "| ");
			put_code(b, audit_label(a->containers[i]));
			pf_buf_printf(b, " | %s | ", redirect_name(r->rule->what));
			put_code(b, whose.data ? whose.data : "");
			pf_buf_puts(b, " | ");
			put_composed(b, &text);
			pf_buf_puts(b, " |\n");
		}
}

void audit_markdown(const struct audit *a, struct pf_buf *b)
{
	struct audit_summary s;

	audit_summarise(a, &s);
	pf_buf_puts(b, "### Credentials in reach\n\n");
	audit_put_headline(b, &s);
	pf_buf_printf(b, ".\n\n%zu critical, %zu high, %zu medium, %zu low.\n",
		      s.by[AUDIT_CRITICAL], s.by[AUDIT_HIGH], s.by[AUDIT_MEDIUM], s.by[AUDIT_LOW]);
	if (!s.complete)
		put_problems(b, a);
	if (a->n_entries > 0)
		pf_buf_puts(
			b,
			"\n| severity | kind | where | life | read by | leaves by | OWASP NHI | what to do |\n|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < a->n_entries && i < ROWS_MAX; i++)
		put_row(b, a, &a->entries[i]);
	if (a->n_entries > ROWS_MAX)
		pf_buf_printf(b, "\n%zu more are left out here.\n", a->n_entries - ROWS_MAX);
	put_ways(b, a);
	if (s.redirects > 0)
		put_redirects(b, a);
}
