/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report for a program: contrib/schema/audit.schema.json has its form, version 1. Members are never left out: what
 * is not known is null, so that a reader needs no guess at what absence means.
 */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/audit_print.h"

static void put_text(struct pf_buf *b, const char *key, const char *text)
{
	pf_buf_printf(b, ",\"%s\":", key);
	if (text)
		pf_buf_json(b, text);
	else
		pf_buf_puts(b, "null");
}

static void put_bool(struct pf_buf *b, const char *key, bool value)
{
	pf_buf_printf(b, ",\"%s\":%s", key, value ? "true" : "false");
}

static void put_summary(struct pf_buf *b, const struct audit *a)
{
	struct audit_summary s;
	size_t n = 0;

	audit_summarise(a, &s);
	pf_buf_printf(
		b,
		",\"summary\":{\"containers\":%zu,\"unreadable\":%zu,\"credentials\":%zu,\"readable\":%zu,\"leave_network\":%zu,\"leave_output\":%zu",
		s.containers, s.unreadable, s.credentials, s.exposed, s.network, s.output);
	for (int i = AUDIT_SEVERITY_COUNT_ - 1; i >= 0; i--)
		pf_buf_printf(b, ",\"%s\":%zu", audit_severity_name((enum audit_severity)i),
			      s.by[i]);
	pf_buf_printf(b, ",\"redirects\":%zu", s.redirects);
	put_bool(b, "complete", s.complete);
	put_text(b, "problem", a->problem);
	pf_buf_puts(b, ",\"remove_first\":[");
	for (size_t i = 0; i < a->n_entries && n < 3 && a->entries[i].score > 0; i++)
		if (!a->entries[i].again)
			pf_buf_printf(b, "%s\"%s\"", n++ ? "," : "", a->entries[i].fingerprint);
	pf_buf_puts(b, "]}");
}

static void put_place(struct pf_buf *b, const struct place *p)
{
	bool tree = p->type != PLACE_VARIABLE && p->type != PLACE_ARGUMENT;

	pf_buf_printf(b, "{\"type\":\"%s\"", place_type_name(p->type));
	put_text(b, "name", p->name);
	put_text(b, "of", tree ? NULL : p->of);
	if (p->line)
		pf_buf_printf(b, ",\"line\":%u", p->line);
	else
		pf_buf_puts(b, ",\"line\":null");
	put_text(b, "mount", tree ? p->mount : NULL);
	put_text(b, "source", tree ? p->source : NULL);
	if (tree)
		pf_buf_printf(b, ",\"mode\":\"%04o\",\"uid\":%u,\"gid\":%u,\"links\":%u",
			      (unsigned int)(p->mode & 07777), (unsigned int)p->uid,
			      (unsigned int)p->gid, p->nlink);
	else
		pf_buf_puts(b, ",\"mode\":null,\"uid\":null,\"gid\":null,\"links\":null");
	put_bool(b, "readable", !tree || p->readable);
	put_bool(b, "writable", tree && p->writable);
	put_bool(b, "covered", p->covered);
	pf_buf_puts(b, "}");
}

static void put_terms(struct pf_buf *b, const char *key, unsigned int bits,
		      const struct audit_term *terms, size_t n)
{
	const char *sep = "";

	pf_buf_printf(b, ",\"%s\":[", key);
	for (size_t i = 0; i < n; i++) {
		if (!(bits >> i & 1))
			continue;
		pf_buf_printf(b, "%s\"%s\"", sep, terms[i].id);
		sep = ",";
	}
	pf_buf_puts(b, "]");
}

static void put_way_kinds(struct pf_buf *b, const char *key, unsigned int kinds)
{
	const char *sep = "";

	pf_buf_printf(b, ",\"%s\":[", key);
	for (int i = 0; i < AUDIT_WAY_COUNT_; i++) {
		if (!(kinds & (1u << i)))
			continue;
		pf_buf_printf(b, "%s\"%s\"", sep, audit_way_name((enum audit_way_kind)i));
		sep = ",";
	}
	pf_buf_puts(b, "]");
}

static void put_readers(struct pf_buf *b, const struct audit *a, const struct audit_entry *entry)
{
	pf_buf_puts(b, ",\"readers\":[");
	for (size_t i = 0; i < entry->n_readers; i++) {
		const struct audit_reader *r = &entry->readers[i];

		pf_buf_puts(b, i ? ",{\"container\":" : "{\"container\":");
		pf_buf_json(b, a->containers[r->container]->id);
		put_text(b, "how", audit_how_name(r->how));
		pf_buf_puts(b, "}");
	}
	pf_buf_puts(b, "]");
}

static void put_finding(struct pf_buf *b, const struct audit *a, const struct audit_entry *entry)
{
	const struct finding *f = entry->finding;

	pf_buf_printf(b, "{\"fingerprint\":\"%s\"", entry->fingerprint);
	put_text(b, "kind", f->kind->id);
	put_text(b, "title", f->kind->title);
	put_text(b, "class", credential_class_name(f->kind->class));
	put_text(b, "severity", audit_severity_name(entry->severity));
	pf_buf_printf(b, ",\"score\":%d", entry->score);
	put_text(b, "lifetime", credential_lifetime_name(f->lifetime));
	if (f->expires)
		pf_buf_printf(b, ",\"expires\":%lld", (long long)f->expires);
	else
		pf_buf_puts(b, ",\"expires\":null");
	put_bool(b, "expired", entry->facts.expired);
	put_text(b, "is", f->kind->principal.is);
	put_text(b, "principal", f->principal);
	put_text(b, "by", finding_by_name(f->by));
	put_text(b, "verdict", finding_verdict_name(f->verdict));
	put_text(b, "allowed_by", f->allowed_by);
	put_bool(b, "exposed", entry->facts.exposed);
	put_bool(b, "readable", entry->facts.readable);
	put_bool(b, "writable", entry->facts.writable);
	put_readers(b, a, entry);
	put_way_kinds(b, "leaves", entry->leaves);
	put_bool(b, "reaches_host", entry->facts.reaches_host);
	put_text(b, "advice", entry->advice);
	put_terms(b, "nhi", entry->nhi, audit_nhi, AUDIT_NHI_COUNT);
	put_terms(b, "controls", entry->controls, audit_controls, AUDIT_CONTROL_COUNT);
	pf_buf_puts(b, ",\"places\":[");
	for (size_t i = 0; i < f->n_places; i++) {
		pf_buf_puts(b, i ? "," : "");
		put_place(b, &f->places[i]);
	}
	pf_buf_puts(b, "]}");
}

static void put_ways(struct pf_buf *b, const struct audit_container *c)
{
	pf_buf_puts(b, ",\"ways\":[");
	for (size_t i = 0; i < c->n_ways; i++) {
		const struct audit_way *w = &c->ways[i];

		pf_buf_printf(b, "%s{\"kind\":\"%s\"", i ? "," : "", audit_way_name(w->kind));
		put_bool(b, "open", w->open);
		put_bool(b, "host", w->host);
		put_text(b, "what", w->what);
		put_text(b, "why", w->why);
		pf_buf_puts(b, "}");
	}
	pf_buf_puts(b, "]");
}

static void put_redirects(struct pf_buf *b, const struct audit_container *c)
{
	pf_buf_puts(b, ",\"redirects\":[");
	for (size_t i = 0; i < c->n_redirects; i++) {
		const struct audit_redirect *r = &c->redirects[i];

		pf_buf_printf(b, "%s{\"what\":\"%s\"", i ? "," : "", redirect_name(r->rule->what));
		put_text(b, "variable", r->name);
		put_text(b, "of", r->of);
		put_text(b, "to", r->to);
		put_text(b, "why", r->rule->why);
		pf_buf_puts(b, "}");
	}
	pf_buf_puts(b, "]");
}

static void put_namespaces(struct pf_buf *b, const struct audit_container *c)
{
	pf_buf_puts(b, ",\"namespaces\":{");
	for (int ns = 0; ns < AUDIT_NS_COUNT_; ns++) {
		pf_buf_printf(b, "%s\"%s\":{\"id\":", ns ? "," : "",
			      audit_ns_name((enum audit_ns)ns));
		if (c->ns[ns].ino)
			pf_buf_printf(b, "%llu", (unsigned long long)c->ns[ns].ino);
		else
			pf_buf_puts(b, "null");
		put_bool(b, "host", c->ns[ns].host);
		pf_buf_puts(b, "}");
	}
	pf_buf_puts(b, "}");
}

static void put_container(struct pf_buf *b, const struct audit *a, size_t index)
{
	const struct audit_container *c = a->containers[index];
	const char *sep = "";

	pf_buf_puts(b, index ? ",{\"id\":" : "{\"id\":");
	pf_buf_json(b, c->id);
	put_text(b, "name", c->name);
	put_text(b, "label", audit_label(c));
	put_text(b, "runtime", c->runtime);
	put_text(b, "record", c->record);
	put_text(b, "status", c->status);
	put_text(b, "bundle", c->bundle);
	if (c->pid)
		pf_buf_printf(b, ",\"pid\":%d", (int)c->pid);
	else
		pf_buf_puts(b, ",\"pid\":null");
	put_bool(b, "looked_at", c->looked_at);
	put_text(b, "problem", c->problem);
	put_text(b, "incomplete", c->inventory.incomplete);
	pf_buf_puts(b, ",\"notes\":[");
	for (size_t i = 0; i < c->n_notes; i++) {
		pf_buf_puts(b, i ? "," : "");
		pf_buf_json(b, c->notes[i]);
	}
	pf_buf_puts(b, "]");
	put_bool(b, "confined", c->confined);
	put_bool(b, "terminal", c->terminal);
	pf_buf_printf(b, ",\"processes\":%zu,\"set\":%zu", c->processes, c->set + 1);
	put_namespaces(b, c);
	put_ways(b, c);
	put_redirects(b, c);
	pf_buf_puts(b, ",\"findings\":[");
	for (size_t i = 0; i < a->n_entries; i++) {
		if (a->entries[i].container != index)
			continue;
		pf_buf_puts(b, sep);
		put_finding(b, a, &a->entries[i]);
		sep = ",";
	}
	pf_buf_puts(b, "]}");
}

static void put_links(struct pf_buf *b, const struct audit *a, size_t set)
{
	const char *sep = "";

	pf_buf_puts(b, ",\"links\":[");
	for (size_t i = 0; i < a->n_links; i++) {
		const struct audit_link *l = &a->links[i];

		if (a->containers[l->a]->set != set)
			continue;
		pf_buf_printf(b, "%s{\"by\":\"%s\"", sep, audit_link_name(l->by));
		put_text(b, "a", a->containers[l->a]->id);
		put_text(b, "b", a->containers[l->b]->id);
		put_text(b, "what", l->what);
		pf_buf_puts(b, "}");
		sep = ",";
	}
	pf_buf_puts(b, "]");
}

static void put_set(struct pf_buf *b, const struct audit *a, size_t index)
{
	const struct audit_set *s = &a->sets[index];

	pf_buf_printf(b, "%s{\"set\":%zu,\"containers\":[", index ? "," : "", index + 1);
	for (size_t i = 0; i < s->n; i++) {
		pf_buf_puts(b, i ? "," : "");
		pf_buf_json(b, a->containers[s->members[i]]->id);
	}
	pf_buf_puts(b, "]");
	put_way_kinds(b, "ways", s->open);
	put_bool(b, "host", s->host);
	put_links(b, a, index);
	pf_buf_puts(b, "}");
}

void audit_json(const struct audit *a, struct pf_buf *b)
{
	pf_buf_puts(b, "{\"version\":1,\"tool\":\"pinfold " PACKAGE_VERSION "\"");
	put_summary(b, a);
	pf_buf_puts(b, ",\"containers\":[");
	for (size_t i = 0; i < a->n_containers; i++)
		put_container(b, a, i);
	pf_buf_puts(b, "],\"sets\":[");
	for (size_t i = 0; i < a->n_sets; i++)
		put_set(b, a, i);
	pf_buf_puts(b, "]}\n");
}
