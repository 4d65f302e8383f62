/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as SARIF 2.1.0 (OASIS), for tools that keep findings over time. A rule is a kind of credential, a result a
 * credential in a container; its location is the path in the container below the container's name, a variable's the
 * environ of its process. Where the two lists of names belong that audit_map() uses, they are taxonomies.
 */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/audit_print.h"

static const char *const levels[AUDIT_SEVERITY_COUNT_] = {
	[AUDIT_LOW] = "note",
	[AUDIT_MEDIUM] = "warning",
	[AUDIT_HIGH] = "error",
	[AUDIT_CRITICAL] = "error",
};

/* The scale of CVSS, which readers of SARIF sort by. */
static const char *const grades[AUDIT_SEVERITY_COUNT_] = {
	[AUDIT_LOW] = "2.0",
	[AUDIT_MEDIUM] = "5.0",
	[AUDIT_HIGH] = "8.0",
	[AUDIT_CRITICAL] = "9.5",
};

static void put_message(struct pf_buf *b, const char *key, const char *text)
{
	pf_buf_printf(b, "\"%s\":{\"text\":", key);
	pf_buf_json(b, text);
	pf_buf_puts(b, "}");
}

/* ---- rules: the kinds that were found, in the catalogue's order; the worst of its findings grades a kind */

static bool worst(const struct audit *a, const struct credential_kind *kind,
		  enum audit_severity *ret)
{
	bool found = false;

	for (size_t i = 0; i < a->n_entries; i++) {
		if (a->entries[i].finding->kind != kind)
			continue;
		if (!found || a->entries[i].severity > *ret)
			*ret = a->entries[i].severity;
		found = true;
	}
	return found;
}

static void put_rule(struct pf_buf *b, const struct credential_kind *kind, enum audit_severity s)
{
	auto_buf help = { 0 };

	pf_buf_printf(&help, "%s: %s. Known from: %s", kind->title, kind->principal.is,
		      kind->source);
	pf_buf_puts(b, "{\"id\":");
	pf_buf_json(b, kind->id);
	pf_buf_puts(b, ",");
	put_message(b, "shortDescription", kind->title);
	pf_buf_puts(b, ",");
	put_message(b, "fullDescription", help.data ? help.data : kind->title);
	pf_buf_printf(
		b,
		",\"defaultConfiguration\":{\"level\":\"%s\"},\"properties\":{\"security-severity\":\"%s\",\"tags\":[\"security\",\"credential\",\"%s\"]}}",
		levels[s], grades[s], credential_class_name(kind->class));
}

/* What leads a credential elsewhere is none itself, and a proxy may be meant: a thing to look at. */
static void put_redirect_rule(struct pf_buf *b, const char *sep)
{
	pf_buf_printf(b, "%s{\"id\":\"redirect\",", sep);
	put_message(b, "shortDescription", "a variable leads credentials elsewhere");
	pf_buf_puts(b, ",");
	put_message(
		b, "fullDescription",
		"The address of a service that is sent a token, a proxy, or whose certificates are "
		"believed, is set by a variable");
	pf_buf_puts(
		b,
		",\"defaultConfiguration\":{\"level\":\"note\"},\"properties\":{\"security-severity\":\"2.0\",\"tags\":[\"security\",\"redirect\"]}}");
}

static void put_rules(struct pf_buf *b, const struct audit *a, size_t redirects)
{
	const char *sep = "";

	pf_buf_puts(b, "\"rules\":[");
	for (size_t i = 0; i < a->catalogue->n_kinds; i++) {
		enum audit_severity s = AUDIT_LOW;

		if (!worst(a, a->catalogue->kinds[i], &s))
			continue;
		pf_buf_puts(b, sep);
		put_rule(b, a->catalogue->kinds[i], s);
		sep = ",";
	}
	if (redirects > 0)
		put_redirect_rule(b, sep);
	pf_buf_puts(b, "]");
}

static size_t rule_index(const struct audit *a, const struct credential_kind *kind)
{
	enum audit_severity s = AUDIT_LOW;
	size_t n = 0;

	for (size_t i = 0; i < a->catalogue->n_kinds && a->catalogue->kinds[i] != kind; i++)
		n += worst(a, a->catalogue->kinds[i], &s);
	return n;
}

/* ---- results */

static void put_location(struct pf_buf *b, const struct audit_container *c, const struct place *p)
{
	auto_buf uri = { 0 };

	audit_put_uri(&uri, audit_label(c));
	if (p->type == PLACE_VARIABLE)
		pf_buf_puts(&uri, "/proc/self/environ");
	else if (p->type == PLACE_ARGUMENT)
		pf_buf_puts(&uri, "/proc/self/cmdline");
	else
		audit_put_uri(&uri, p->name);
	pf_buf_puts(b, "{\"physicalLocation\":{\"artifactLocation\":{\"uri\":");
	pf_buf_json(b, uri.data ? uri.data : "");
	pf_buf_printf(b, "},\"region\":{\"startLine\":%u}},\"logicalLocations\":[{\"name\":",
		      p->line ? p->line : 1);
	pf_buf_json(b, p->name);
	pf_buf_puts(b, ",\"fullyQualifiedName\":");
	pf_buf_json(b, audit_label(c));
	pf_buf_printf(b, ",\"kind\":\"%s\"}]}",
		      p->type == PLACE_VARIABLE ? "variable" : "resource");
}

static void put_taxa(struct pf_buf *b, const struct audit_entry *entry)
{
	const char *sep = "";

	pf_buf_puts(b, ",\"taxa\":[");
	for (size_t i = 0; i < AUDIT_NHI_COUNT; i++) {
		if (!(entry->nhi >> i & 1))
			continue;
		pf_buf_printf(
			b,
			"%s{\"id\":\"%s\",\"index\":%zu,\"toolComponent\":{\"name\":\"OWASP NHI\",\"index\":0}}",
			sep, audit_nhi[i].id, i);
		sep = ",";
	}
	for (size_t i = 0; i < AUDIT_CONTROL_COUNT; i++) {
		if (!(entry->controls >> i & 1))
			continue;
		pf_buf_printf(
			b,
			"%s{\"id\":\"%s\",\"index\":%zu,\"toolComponent\":{\"name\":\"NIST SP 800-53\",\"index\":1}}",
			sep, audit_controls[i].id, i);
		sep = ",";
	}
	pf_buf_puts(b, "]");
}

static void put_text(struct pf_buf *b, const struct audit *a, const struct audit_entry *entry)
{
	auto_buf text = { 0 }, safe = { 0 };

	pf_buf_printf(&text, "%s in %s, ", entry->finding->kind->title,
		      audit_label(a->containers[entry->container]));
	audit_put_life(&text, a, entry->finding);
	pf_buf_puts(&text, "; read by ");
	audit_put_readers(&text, a, entry);
	pf_buf_puts(&text, "; leaves by ");
	audit_put_ways(&text, entry);
	pf_buf_printf(&text, ". What to do: %s.", entry->advice);
	pf_buf_printable(&safe, text.data ? text.data : "");
	put_message(b, "message", safe.data ? safe.data : "");
}

static void put_result(struct pf_buf *b, const struct audit *a, const struct audit_entry *entry)
{
	const struct finding *f = entry->finding;

	pf_buf_puts(b, "{\"ruleId\":");
	pf_buf_json(b, f->kind->id);
	pf_buf_printf(b, ",\"ruleIndex\":%zu,\"level\":\"%s\",\"kind\":\"fail\",\"rank\":%d.0,",
		      rule_index(a, f->kind), levels[entry->severity],
		      entry->score > 100 ? 100 : entry->score);
	put_text(b, a, entry);
	pf_buf_puts(b, ",\"locations\":[");
	put_location(b, a->containers[entry->container], &f->places[0]);
	pf_buf_puts(b, "],\"relatedLocations\":[");
	for (size_t i = 1; i < f->n_places; i++) {
		pf_buf_puts(b, i > 1 ? "," : "");
		put_location(b, a->containers[entry->container], &f->places[i]);
	}
	pf_buf_printf(b, "],\"partialFingerprints\":{\"pinfoldFinding/v1\":\"%s\"}",
		      entry->fingerprint);
	put_taxa(b, entry);
	pf_buf_printf(
		b,
		",\"properties\":{\"severity\":\"%s\",\"score\":%d,\"verdict\":\"%s\",\"class\":\"%s\"}}",
		audit_severity_name(entry->severity), entry->score,
		finding_verdict_name(f->verdict), credential_class_name(f->kind->class));
}

static void put_redirect(struct pf_buf *b, const struct audit *a, const struct audit_container *c,
			 const struct audit_redirect *r)
{
	const struct place place = { .type = PLACE_VARIABLE, .name = r->name };
	auto_buf text = { 0 }, safe = { 0 };

	audit_put_redirect(&text, r);
	pf_buf_printf(&text, ", in %s. What to do: drop it, unless it is meant.", audit_label(c));
	pf_buf_printable(&safe, text.data ? text.data : "");
	pf_buf_printf(
		b,
		"{\"ruleId\":\"redirect\",\"ruleIndex\":%zu,\"level\":\"note\",\"kind\":\"fail\",",
		rule_index(a, NULL));
	put_message(b, "message", safe.data ? safe.data : "");
	pf_buf_puts(b, ",\"locations\":[");
	put_location(b, c, &place);
	pf_buf_printf(
		b,
		"],\"partialFingerprints\":{\"pinfoldFinding/v1\":\"%s\"},\"properties\":{\"what\":\"%s\"}}",
		r->fingerprint, redirect_name(r->rule->what));
}

static void put_redirects(struct pf_buf *b, const struct audit *a)
{
	const char *sep = a->n_entries > 0 ? "," : "";

	for (size_t i = 0; i < a->n_containers; i++)
		for (size_t k = 0; k < a->containers[i]->n_redirects; k++) {
			pf_buf_puts(b, sep);
			put_redirect(b, a, a->containers[i], &a->containers[i]->redirects[k]);
			sep = ",";
		}
}

/* ---- taxonomies */

static void put_taxonomy(struct pf_buf *b, const char *head, const struct audit_term *terms,
			 size_t n)
{
	pf_buf_printf(b, "{%s,\"isComprehensive\":false,\"taxa\":[", head);
	for (size_t i = 0; i < n; i++) {
		pf_buf_printf(b, "%s{\"id\":\"%s\",\"name\":", i ? "," : "", terms[i].id);
		pf_buf_json(b, terms[i].title);
		pf_buf_puts(b, ",");
		put_message(b, "shortDescription", terms[i].title);
		pf_buf_puts(b, "}");
	}
	pf_buf_puts(b, "]}");
}

/* What could not be looked at is told as the tool's own notification: a result it is not, and silence would be wrong. */
static void put_notification(struct pf_buf *b, const char *whose, const char *what, const char *sep)
{
	auto_buf text = { 0 }, safe = { 0 };

	pf_buf_printf(&text, "%s: %s", whose, what);
	pf_buf_printable(&safe, text.data ? text.data : "");
	pf_buf_printf(b, "%s{\"level\":\"warning\",", sep);
	put_message(b, "message", safe.data ? safe.data : "");
	pf_buf_puts(b, "}");
}

static void put_invocation(struct pf_buf *b, const struct audit *a)
{
	const char *sep = "";

	pf_buf_puts(
		b,
		",\"invocations\":[{\"executionSuccessful\":true,\"toolExecutionNotifications\":[");
	if (a->problem) {
		put_notification(b, "node", a->problem, sep);
		sep = ",";
	}
	for (size_t i = 0; i < a->n_containers; i++) {
		const struct audit_container *c = a->containers[i];
		const char *why = c->problem ? c->problem : c->inventory.incomplete;

		if (!why)
			continue;
		put_notification(b, audit_label(c), why, sep);
		sep = ",";
	}
	pf_buf_puts(b, "]}]");
}

void audit_sarif(const struct audit *a, struct pf_buf *b)
{
	struct audit_summary s;

	pf_buf_puts(b,
		    "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\","
		    "\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"pinfold\","
		    "\"version\":\"" PACKAGE_VERSION "\",");
	audit_summarise(a, &s);
	put_rules(b, a, s.redirects);
	pf_buf_puts(b, "}},\"columnKind\":\"unicodeCodePoints\"");
	put_invocation(b, a);
	pf_buf_puts(b, ",\"taxonomies\":[");
	put_taxonomy(b,
		     "\"name\":\"OWASP NHI\",\"version\":\"2025\",\"organization\":\"OWASP\","
		     "\"shortDescription\":{\"text\":\"OWASP Non-Human Identities Top 10\"}",
		     audit_nhi, AUDIT_NHI_COUNT);
	pf_buf_puts(b, ",");
	put_taxonomy(b,
		     "\"name\":\"NIST SP 800-53\",\"version\":\"5\",\"organization\":\"NIST\","
		     "\"shortDescription\":{\"text\":\"Security and Privacy Controls\"}",
		     audit_controls, AUDIT_CONTROL_COUNT);
	pf_buf_puts(b, "],\"results\":[");
	for (size_t i = 0; i < a->n_entries; i++) {
		pf_buf_puts(b, i ? "," : "");
		put_result(b, a, &a->entries[i]);
	}
	put_redirects(b, a);
	pf_buf_puts(b, "]}]}\n");
}
