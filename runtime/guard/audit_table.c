/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report for a person. The first screen is the answer: how many, how many can leave, what to remove first. Behind it
 * each container with what is in it and its ways out, and which containers reach each other.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/audit_print.h"

enum { REMOVE_FIRST = 3, INDENT = 12, PLACES_SHOWN = 5 };

struct page {
	const struct audit *a;
	const struct audit_style *style;
	struct pf_buf *b;
};

static const char *const colours[AUDIT_SEVERITY_COUNT_] = {
	[AUDIT_LOW] = "2",
	[AUDIT_MEDIUM] = "33",
	[AUDIT_HIGH] = "31",
	[AUDIT_CRITICAL] = "1;31",
};

static void put_coloured(const struct page *p, const char *colour, const char *text)
{
	if (p->style->colour)
		pf_buf_printf(p->b, "\033[%sm%s\033[0m", colour, text);
	else
		pf_buf_puts(p->b, text);
}

/* A paragraph behind @indent blanks; everything that came from outside is made safe here. */
static void put_text(const struct page *p, unsigned int indent, const char *text)
{
	auto_buf safe = { 0 };

	pf_buf_printable(&safe, text);
	if (!safe.data)
		return;
	audit_put_wrapped(p->b, safe.data, indent, p->style->columns);
	pf_buf_puts(p->b, "\n");
}

static void put_line(const struct page *p, unsigned int indent, const struct pf_buf *text)
{
	pf_buf_printf(p->b, "%*s", (int)indent, "");
	put_text(p, indent, text->data ? text->data : "");
}

static void put_severity(const struct page *p, const struct audit_entry *entry)
{
	const char *name = audit_severity_name(entry->severity);

	put_coloured(p, colours[entry->severity], name);
	pf_buf_printf(p->b, "%*s", (int)(10 - strlen(name)), "");
}

static void put_summary(const struct page *p, const struct audit_summary *s)
{
	auto_buf text = { 0 };

	audit_put_headline(&text, s);
	put_text(p, 0, text.data ? text.data : "");
	for (int i = AUDIT_SEVERITY_COUNT_ - 1; i >= 0; i--)
		if (s->by[i] > 0) {
			pf_buf_printf(p->b, "%s%zu ", i == AUDIT_SEVERITY_COUNT_ - 1 ? "" : "  ",
				      s->by[i]);
			put_coloured(p, colours[i], audit_severity_name((enum audit_severity)i));
		}
	pf_buf_puts(p->b, s->credentials ? "\n" : "");
	if (p->a->problem)
		put_text(p, 0, p->a->problem);
	if (s->unreadable > 0)
		pf_buf_printf(p->b, "%zu container%s could not be looked at\n", s->unreadable,
			      s->unreadable == 1 ? "" : "s");
	else if (!s->complete)
		pf_buf_puts(p->b, "not everything was looked at: see `incomplete' below\n");
}

static void put_first(const struct page *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->a->n_entries && n < REMOVE_FIRST; i++) {
		const struct audit_entry *entry = &p->a->entries[i];
		auto_buf what = { 0 };

		if (entry->score == 0)
			break;
		if (entry->again)
			continue;
		pf_buf_printf(p->b, "%s  %zu ", n ? "" : "\nRemove first\n", n + 1);
		n++;
		put_severity(p, entry);
		pf_buf_printf(&what, "%s  ", entry->finding->kind->id);
		audit_put_place(&what, &entry->finding->places[0]);
		pf_buf_printf(&what, "  in %s", audit_label(p->a->containers[entry->container]));
		put_text(p, INDENT + 2, what.data ? what.data : "");
		pf_buf_printf(p->b, "%*s-> ", INDENT + 2, "");
		put_text(p, INDENT + 5, entry->advice);
	}
}

static void put_places(const struct page *p, const struct finding *f)
{
	auto_buf text = { 0 };

	for (size_t i = 1; i < f->n_places && i < PLACES_SHOWN; i++) {
		pf_buf_puts(&text, i > 1 ? ", " : "also ");
		audit_put_place(&text, &f->places[i]);
	}
	if (f->n_places > PLACES_SHOWN)
		pf_buf_printf(&text, " and %zu more", f->n_places - PLACES_SHOWN);
	if (text.len > 0)
		put_line(p, INDENT, &text);
}

static void put_facts(const struct page *p, const struct audit_entry *entry)
{
	const struct finding *f = entry->finding;
	auto_buf text = { 0 };

	pf_buf_printf(&text, "%s, ", credential_class_name(f->kind->class));
	audit_put_life(&text, p->a, f);
	if (f->principal)
		pf_buf_printf(&text, ", %s: %s", f->kind->principal.is, f->principal);
	if (entry->facts.writable)
		pf_buf_puts(&text, ", writable");
	if (f->verdict != VERDICT_REPORTED)
		pf_buf_printf(&text, ", %s%s%s", finding_verdict_name(f->verdict),
			      f->allowed_by ? " by " : "", f->allowed_by ? f->allowed_by : "");
	pf_buf_puts(&text, "; read by ");
	audit_put_readers(&text, p->a, entry);
	pf_buf_puts(&text, "; leaves by ");
	audit_put_ways(&text, entry);
	if (entry->nhi) {
		pf_buf_puts(&text, "; ");
		audit_put_terms(&text, entry->nhi, audit_nhi, AUDIT_NHI_COUNT, " ");
	}
	put_line(p, INDENT, &text);
}

static void put_entry(const struct page *p, const struct audit_entry *entry)
{
	auto_buf text = { 0 };

	pf_buf_puts(p->b, "  ");
	put_severity(p, entry);
	pf_buf_printf(&text, "%s  ", entry->finding->kind->id);
	audit_put_place(&text, &entry->finding->places[0]);
	put_text(p, INDENT, text.data ? text.data : "");
	put_places(p, entry->finding);
	put_facts(p, entry);
	pf_buf_printf(p->b, "%*s-> ", INDENT, "");
	put_text(p, INDENT + 3, entry->advice);
}

static void put_way(const struct page *p, const struct audit_way *w)
{
	auto_buf text = { 0 };

	pf_buf_printf(p->b, "    %-10s  ", audit_way_name(w->kind));
	pf_buf_puts(&text, w->what);
	if (w->why)
		pf_buf_printf(&text, ": %s", w->why);
	if (w->host)
		pf_buf_puts(&text, " [the host]");
	put_text(p, INDENT + 4, text.data ? text.data : "");
}

static void put_redirect(const struct page *p, const struct audit_redirect *r)
{
	auto_buf text = { 0 };

	pf_buf_printf(p->b, "    %-11s ", redirect_name(r->rule->what));
	audit_put_redirect(&text, r);
	put_text(p, INDENT + 4, text.data ? text.data : "");
}

static void put_container(const struct page *p, size_t index)
{
	const struct audit_container *c = p->a->containers[index];
	auto_buf head = { 0 };

	pf_buf_printf(&head, "%s (", audit_label(c));
	if (c->name && c->label == c->name)
		pf_buf_printf(&head, "%s, ", c->id);
	pf_buf_printf(&head, "%s", c->runtime);
	if (c->status)
		pf_buf_printf(&head, ", %s", c->status);
	if (c->pid)
		pf_buf_printf(&head, ", pid %d", (int)c->pid);
	pf_buf_printf(&head, "), reach set %zu", c->set + 1);
	pf_buf_puts(p->b, "\n");
	put_text(p, 2, head.data ? head.data : "");
	if (c->problem) {
		auto_buf text = { 0 };

		pf_buf_printf(&text, "not looked at: %s", c->problem);
		put_line(p, 2, &text);
	}
	if (c->inventory.incomplete) {
		auto_buf text = { 0 };

		pf_buf_printf(&text, "incomplete: %s", c->inventory.incomplete);
		put_line(p, 2, &text);
	}
	for (size_t i = 0; i < c->n_notes; i++) {
		pf_buf_puts(p->b, "  ");
		put_text(p, 2, c->notes[i]);
	}
	if (c->looked_at && c->inventory.n == 0)
		pf_buf_puts(p->b, "  no credential was found\n");
	for (size_t i = 0; i < p->a->n_entries; i++)
		if (p->a->entries[i].container == index)
			put_entry(p, &p->a->entries[i]);
	if (c->n_ways > 0)
		pf_buf_puts(p->b, "  ways out\n");
	for (size_t i = 0; i < c->n_ways; i++)
		put_way(p, &c->ways[i]);
	if (c->n_redirects > 0)
		pf_buf_puts(p->b, "  leads elsewhere\n");
	for (size_t i = 0; i < c->n_redirects; i++)
		put_redirect(p, &c->redirects[i]);
}

static void put_link(const struct page *p, const struct audit_link *l)
{
	auto_buf text = { 0 };

	pf_buf_printf(&text, "%s and %s: ", audit_label(p->a->containers[l->a]),
		      audit_label(p->a->containers[l->b]));
	if (l->by == AUDIT_LINK_VOLUME && strcmp(l->what, "/") == 0)
		pf_buf_puts(&text, "the same root file system");
	else if (l->by == AUDIT_LINK_VOLUME)
		pf_buf_printf(&text, "a writable volume, %s", l->what);
	else
		pf_buf_printf(&text, "%s %s", l->what ? l->what : "one", audit_link_name(l->by));
	put_line(p, 4, &text);
}

/* Sets of one container have nothing to say that the container has not. */
static void put_sets(const struct page *p)
{
	bool head = false;

	for (size_t i = 0; i < p->a->n_sets; i++) {
		const struct audit_set *s = &p->a->sets[i];
		auto_buf text = { 0 };

		if (s->n < 2)
			continue;
		pf_buf_puts(p->b, head ? "" : "\nReach sets\n");
		head = true;
		pf_buf_printf(&text, "%zu: ", i + 1);
		for (size_t m = 0; m < s->n; m++)
			pf_buf_printf(&text, "%s%s", m ? ", " : "",
				      audit_label(p->a->containers[s->members[m]]));
		if (s->host)
			pf_buf_puts(&text, " [the host]");
		put_line(p, 2, &text);
		for (size_t l = 0; l < p->a->n_links; l++)
			if (p->a->containers[p->a->links[l].a]->set == i)
				put_link(p, &p->a->links[l]);
	}
}

void audit_table(const struct audit *a, const struct audit_style *style, struct pf_buf *b)
{
	const struct page p = { a, style, b };
	struct audit_summary s;

	audit_summarise(a, &s);
	put_summary(&p, &s);
	put_first(&p);
	for (size_t i = 0; i < a->n_containers; i++)
		put_container(&p, i);
	put_sets(&p);
}
