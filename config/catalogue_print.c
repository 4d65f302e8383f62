/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue as a table for a person, as JSON for a program, and as the table of docs/credentials.md. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "config/catalogue_parts.h"

static const char *place_text(enum credential_place place)
{
	switch (place) {
	case CREDENTIAL_AT_HOME:
		return "@home/";
	case CREDENTIAL_AT_ROOT:
		return "/";
	case CREDENTIAL_AT_ANY:
		break;
	}
	return "";
}

static bool wanted(const struct credential_kind *k, int class)
{
	return class < 0 || (int)k->class == class;
}

/* ---- Markdown */

static void cell_sep(struct pf_buf *b, bool *first)
{
	pf_buf_puts(b, *first ? "" : ", ");
	*first = false;
}

static void add_paths(struct pf_buf *b, const struct credential_path *v, size_t n, bool *first)
{
	for (size_t i = 0; i < n; i++) {
		cell_sep(b, first);
		pf_buf_printf(b, "`%s%s`", place_text(v[i].place), v[i].pattern);
	}
}

static void add_variables(struct pf_buf *b, const struct credential_kind *k, bool *first)
{
	for (size_t i = 0; i < k->n_variables; i++) {
		const struct credential_variable *v = &k->variables[i];

		cell_sep(b, first);
		pf_buf_printf(b, "`%s%s`", v->role == CREDENTIAL_POINTER ? "->" : "$", v->name);
	}
}

static void add_content(struct pf_buf *b, const struct credential_kind *k, bool *first)
{
	for (size_t i = 0; i < k->n_content; i++) {
		cell_sep(b, first);
		pf_buf_printf(b, "`\"%s\"`", k->content[i].prefix);
	}
}

void catalogue_markdown(const struct catalogue *c, struct pf_buf *b)
{
	pf_buf_puts(
		b,
		"| id | title | class | cover | lifetime | found by |\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < c->n_kinds; i++) {
		const struct credential_kind *k = c->kinds[i];
		bool first = true;

		pf_buf_printf(b, "| `%s` | %s | %s | %s | %s | ", k->id, k->title,
			      credential_classes[k->class], credential_covers[k->cover],
			      credential_lifetimes[k->lifetime]);
		add_paths(b, k->paths, k->n_paths, &first);
		add_paths(b, k->sockets, k->n_sockets, &first);
		add_variables(b, k, &first);
		add_content(b, k, &first);
		pf_buf_puts(b, " |\n");
	}
}

/* ---- a table for a person */

void catalogue_table(const struct catalogue *c, int class, struct pf_buf *b)
{
	pf_buf_printf(b, "%-28s %-12s %-5s %-11s %s\n", "ID", "CLASS", "COVER", "LIFETIME",
		      "TITLE");
	for (size_t i = 0; i < c->n_kinds; i++) {
		const struct credential_kind *k = c->kinds[i];

		if (!wanted(k, class))
			continue;
		pf_buf_printf(b, "%-28s %-12s %-5s %-11s %s", k->id, credential_classes[k->class],
			      credential_covers[k->cover], credential_lifetimes[k->lifetime],
			      k->title);
		if (strcmp(k->origin, "built-in") != 0)
			pf_buf_printf(b, " (%s)", k->origin);
		pf_buf_puts(b, "\n");
	}
}

/* ---- JSON, in the form the files have */

static void member(struct pf_buf *b, const char *name, const char *value)
{
	pf_buf_printf(b, ",\"%s\":", name);
	pf_buf_json(b, value);
}

static void json_paths(struct pf_buf *b, const char *name, const struct credential_path *v,
		       size_t n)
{
	char text[CATALOGUE_TEXT_MAX + 8];

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(text, sizeof(text), "%s%s", place_text(v[i].place), v[i].pattern);
		if (i == 0)
			pf_buf_printf(b, ",\"%s\":[", name);
		else
			pf_buf_puts(b, ",");
		pf_buf_json(b, text);
	}
	pf_buf_puts(b, n > 0 ? "]" : "");
}

static void json_pointer(struct pf_buf *b, const struct credential_variable *v)
{
	pf_buf_puts(b, "{\"name\":");
	pf_buf_json(b, v->name);
	member(b, "to", credential_targets[v->to]);
	if (v->below)
		member(b, "below", v->below);
	pf_buf_puts(b, "}");
}

static void json_variables(struct pf_buf *b, const struct credential_kind *k,
			   enum credential_role role)
{
	static const char *const names[] = { "variables", "inspect", "pointers" };
	size_t n = 0;

	for (size_t i = 0; i < k->n_variables; i++) {
		if (k->variables[i].role != role)
			continue;
		if (n++ == 0)
			pf_buf_printf(b, ",\"%s\":[", names[role]);
		else
			pf_buf_puts(b, ",");
		if (role == CREDENTIAL_POINTER)
			json_pointer(b, &k->variables[i]);
		else
			pf_buf_json(b, k->variables[i].name);
	}
	pf_buf_puts(b, n > 0 ? "]" : "");
}

static void json_signature(struct pf_buf *b, const struct credential_signature *s)
{
	pf_buf_puts(b, "{\"prefix\":");
	pf_buf_json(b, s->prefix);
	if (s->alphabet != CREDENTIAL_ALPHABET_NONE) {
		member(b, "alphabet", credential_alphabets[s->alphabet]);
		pf_buf_printf(b, ",\"min\":%u,\"max\":%u", s->min, s->max);
	}
	if (s->contains)
		member(b, "contains", s->contains);
	if (s->then)
		member(b, "then", s->then);
	pf_buf_puts(b, s->scoped ? ",\"scoped\":true" : "");
	pf_buf_puts(b, s->inside ? ",\"inside\":true" : "");
	pf_buf_puts(b, s->body ? ",\"body\":true" : "");
	pf_buf_puts(b, "}");
}

static void json_content(struct pf_buf *b, const struct credential_kind *k)
{
	for (size_t i = 0; i < k->n_content; i++) {
		pf_buf_puts(b, i == 0 ? ",\"content\":[" : ",");
		json_signature(b, &k->content[i]);
	}
	pf_buf_puts(b, k->n_content > 0 ? "]" : "");
}

static void json_kind(struct pf_buf *b, const struct credential_kind *k)
{
	pf_buf_puts(b, "{\"id\":");
	pf_buf_json(b, k->id);
	member(b, "title", k->title);
	member(b, "class", credential_classes[k->class]);
	member(b, "cover", credential_covers[k->cover]);
	member(b, "lifetime", credential_lifetimes[k->lifetime]);
	pf_buf_puts(b, ",\"principal\":{\"is\":");
	pf_buf_json(b, k->principal.is);
	member(b, "from", credential_froms[k->principal.from]);
	if (k->principal.field)
		member(b, "field", k->principal.field);
	pf_buf_puts(b, "}");
	member(b, "source", k->source);
	json_paths(b, "paths", k->paths, k->n_paths);
	json_paths(b, "except", k->except, k->n_except);
	json_paths(b, "sockets", k->sockets, k->n_sockets);
	json_variables(b, k, CREDENTIAL_VALUE);
	json_variables(b, k, CREDENTIAL_INSPECT);
	json_variables(b, k, CREDENTIAL_POINTER);
	json_content(b, k);
	member(b, "origin", k->origin);
	pf_buf_puts(b, "}");
}

void catalogue_json(const struct catalogue *c, int class, struct pf_buf *b)
{
	bool first = true;

	pf_buf_puts(b, "{\"kinds\":[");
	for (size_t i = 0; i < c->n_kinds; i++) {
		if (!wanted(c->kinds[i], class))
			continue;
		pf_buf_puts(b, first ? "\n" : ",\n");
		json_kind(b, c->kinds[i]);
		first = false;
	}
	pf_buf_puts(b, "\n]}\n");
}
