/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inventory: findings and their places. What is one credential is decided here alone: the same file, by whichever
 * name, and the same variable of the same process.
 */
#include <config.h>

#include "runtime/guard/inventory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/mask.h"

static const char *const type_names[PLACE_TYPE_COUNT_] = {
	[PLACE_VARIABLE] = "variable",   [PLACE_ARGUMENT] = "argument", [PLACE_FILE] = "file",
	[PLACE_DIRECTORY] = "directory", [PLACE_SOCKET] = "socket",
};

static const char *const by_names[FOUND_BY_COUNT_] = {
	[FOUND_BY_NAME] = "name",
	[FOUND_BY_POINTER] = "pointer",
	[FOUND_BY_CONTENT] = "content",
};

static const char *const verdict_names[VERDICT_COUNT_] = {
	[VERDICT_REPORTED] = "reported", [VERDICT_ALLOWED] = "allowed",
	[VERDICT_COVERED] = "covered",   [VERDICT_DECOYED] = "decoyed",
	[VERDICT_DROPPED] = "dropped",   [VERDICT_REFUSED] = "refused",
};

const char *place_type_name(enum place_type t)
{
	return type_names[t];
}

const char *finding_by_name(enum finding_by by)
{
	return by_names[by];
}

const char *finding_verdict_name(enum finding_verdict v)
{
	return verdict_names[v];
}

static bool in_tree(const struct place *p)
{
	return p->type != PLACE_VARIABLE && p->type != PLACE_ARGUMENT;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Of a bundle nothing may be known of a file but its name. */
static bool same_file(const struct place *a, const struct place *b)
{
	return a->id.ino && a->id.ino == b->id.ino && a->id.dev == b->id.dev;
}

static bool same_name(const struct place *a, const struct place *b)
{
	return a->type == b->type && strcmp(a->name, b->name) == 0 && same_text(a->of, b->of);
}

static bool is_one_credential(const struct place *a, const struct place *b)
{
	return same_name(a, b) || (in_tree(a) && in_tree(b) && same_file(a, b));
}

static struct finding *find(const struct inventory *inv, const struct credential_kind *kind,
			    const struct place *place)
{
	for (size_t i = 0; i < inv->n; i++) {
		struct finding *f = &inv->v[i];

		for (size_t p = 0; f->kind == kind && p < f->n_places; p++)
			if (is_one_credential(&f->places[p], place))
				return f;
	}
	return NULL;
}

static struct finding *new_finding(struct inventory *inv, const struct credential_kind *kind,
				   enum finding_by by)
{
	struct finding *more = reallocarray(inv->v, inv->n + 1, sizeof(*more));

	if (!more)
		return NULL;
	inv->v = more;
	more += inv->n++;
	*more = (struct finding){ .kind = kind, .by = by, .lifetime = kind->lifetime };
	return more;
}

/* A place that is known: only a line can be news. */
static bool is_known(struct finding *f, const struct place *place)
{
	for (size_t i = 0; i < f->n_places; i++) {
		if (!same_name(&f->places[i], place))
			continue;
		if (f->places[i].line == 0)
			f->places[i].line = place->line;
		return true;
	}
	return false;
}

static int add_place(struct inventory *inv, struct finding *f, const struct place *place)
{
	struct place *more;
	char *name;

	if (is_known(f, place))
		return 0;
	more = reallocarray(f->places, f->n_places + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	f->places = more;
	name = strdup(place->name);
	if (!name)
		return -ENOMEM;
	f->places[f->n_places] = *place;
	f->places[f->n_places].shown = NULL;
	f->places[f->n_places++].name = name;
	inv->n_places++;
	return 0;
}

/* A finding without a place would be none. */
static void take_back_empty(struct inventory *inv)
{
	if (inv->n > 0 && inv->v[inv->n - 1].n_places == 0)
		inv->n--;
}

int inventory_add(struct inventory *inv, const struct credential_kind *kind, enum finding_by by,
		  const struct place *place, struct finding **ret, struct pf_error *e)
{
	struct finding *f = find(inv, kind, place);
	int err;

	if (ret)
		*ret = f;
	if (place->empty && place->mount && strcmp(place->mount, "/") == 0)
		return 0;
	if (inv->n_places >= INVENTORY_PLACES_MAX || (!f && inv->n >= INVENTORY_FINDINGS_MAX)) {
		inventory_incomplete(inv, "more than %d credentials at %d places",
				     INVENTORY_FINDINGS_MAX, INVENTORY_PLACES_MAX);
		return 0;
	}
	if (!f)
		f = new_finding(inv, kind, by);
	err = f ? add_place(inv, f, place) : -ENOMEM;
	if (err < 0) {
		take_back_empty(inv);
		return pf_fail_sys(e, err, "record a credential");
	}
	if (ret)
		*ret = f;
	return 0;
}

int inventory_set_principal(struct finding *f, const char *text, size_t len, struct pf_error *e)
{
	auto_buf b = { 0 };
	auto_free char *copy = NULL;

	if (f->principal || len == 0)
		return 0;
	copy = strndup(text, len < PRINCIPAL_MAX ? len : PRINCIPAL_MAX);
	if (!copy)
		return pf_fail_sys(e, ENOMEM, "record a credential");
	pf_buf_printable(&b, copy);
	if (b.failed)
		return pf_fail_sys(e, ENOMEM, "record a credential");
	f->principal = strndup(b.len ? b.data : "", PRINCIPAL_MAX);
	return f->principal ? 0 : pf_fail_sys(e, ENOMEM, "record a credential");
}

void inventory_incomplete(struct inventory *inv, const char *fmt, ...)
{
	va_list ap;

	if (inv->incomplete)
		return;
	va_start(ap, fmt);
	if (vasprintf(&inv->incomplete, fmt, ap) < 0)
		inv->incomplete = strdup("no memory to say why");
	va_end(ap);
}

const char *place_shown(const struct place *p)
{
	return p->shown ? p->shown : p->name;
}

/* The masked form of @text; *ret stays NULL where it can be told as it is. */
static int masked(const struct catalogue *c, const struct credential_kind *kind, const char *text,
		  char **ret, struct pf_error *e)
{
	auto_buf b = { 0 };

	if (!mask_text(c, kind, text, &b))
		return 0;
	if (b.failed)
		return pf_fail_sys(e, ENOMEM, "mask the name of a credential");
	*ret = pf_take_ptr(&b.data);
	return 0;
}

int inventory_mask(struct inventory *inv, const struct catalogue *c, struct pf_error *e)
{
	char *text = NULL;

	for (size_t i = 0; i < inv->n; i++)
		for (size_t k = 0; k < inv->v[i].n_places; k++) {
			struct place *p = &inv->v[i].places[k];

			if (p->shown)
				continue;
			text = NULL;
			STEP(masked(c, inv->v[i].kind, p->name, &text, e));
			p->shown = text;
		}
	text = NULL;
	if (inv->incomplete)
		STEP(masked(c, NULL, inv->incomplete, &text, e));
	if (text) {
		free(inv->incomplete);
		inv->incomplete = text;
	}
	return 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int r = (int)x->type - (int)y->type;

	if (r == 0)
		r = strcmp(x->name, y->name);
	return r ? r : strcmp(x->of ? x->of : "", y->of ? y->of : "");
}

static int compare_findings(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int r = (int)x->kind->class - (int)y->kind->class;

	if (r == 0)
		r = strcmp(x->kind->id, y->kind->id);
	return r ? r : compare_places(&x->places[0], &y->places[0]);
}

void inventory_sort(struct inventory *inv)
{
	if (inv->n == 0)
		return;
	for (size_t i = 0; i < inv->n; i++)
		qsort(inv->v[i].places, inv->v[i].n_places, sizeof(struct place), compare_places);
	qsort(inv->v, inv->n, sizeof(*inv->v), compare_findings);
}

static void finding_free(struct finding *f)
{
	for (size_t i = 0; i < f->n_places; i++) {
		free((void *)(uintptr_t)f->places[i].name);
		free((void *)(uintptr_t)f->places[i].shown);
	}
	free(f->places);
	free(f->principal);
}

void inventory_remove(struct inventory *inv, size_t i)
{
	inv->n_places -= inv->v[i].n_places;
	finding_free(&inv->v[i]);
	inv->n--;
	memmove(&inv->v[i], &inv->v[i + 1], (inv->n - i) * sizeof(*inv->v));
}

void inventory_drop_empty(struct inventory *inv)
{
	for (size_t i = inv->n; i-- > 0;) {
		bool empty = true;

		for (size_t p = 0; p < inv->v[i].n_places; p++)
			empty &= inv->v[i].places[p].empty && !inv->v[i].places[p].covered;
		if (empty)
			inventory_remove(inv, i);
	}
}

void inventory_free(struct inventory *inv)
{
	for (size_t i = 0; i < inv->n; i++)
		finding_free(&inv->v[i]);
	free(inv->v);
	free(inv->incomplete);
	*inv = (struct inventory){ .n = 0 };
}

/* ---- as JSON */

static void put_text(struct pf_buf *b, const char *key, const char *text)
{
	pf_buf_printf(b, ",\"%s\":", key);
	if (text)
		pf_buf_json(b, text);
	else
		pf_buf_puts(b, "null");
}

static void put_place(struct pf_buf *b, const struct place *p)
{
	pf_buf_printf(b, "{\"type\":\"%s\",\"name\":", place_type_name(p->type));
	pf_buf_json(b, place_shown(p));
	if (!in_tree(p)) {
		put_text(b, "of", p->of);
	} else {
		pf_buf_printf(b, ",\"mode\":\"%04o\",\"uid\":%u,\"gid\":%u,\"links\":%u",
			      (unsigned int)(p->mode & 07777), (unsigned int)p->uid,
			      (unsigned int)p->gid, p->nlink);
		put_text(b, "mount", p->mount);
		put_text(b, "source", p->source);
		pf_buf_printf(b, ",\"writable\":%s,\"readable\":%s,\"covered\":%s",
			      p->writable ? "true" : "false", p->readable ? "true" : "false",
			      p->covered ? "true" : "false");
		if (p->line)
			pf_buf_printf(b, ",\"line\":%u", p->line);
	}
	pf_buf_puts(b, "}");
}

static void put_finding(struct pf_buf *b, const struct finding *f)
{
	pf_buf_puts(b, "{\"kind\":");
	pf_buf_json(b, f->kind->id);
	pf_buf_printf(b, ",\"class\":\"%s\",\"by\":\"%s\",\"verdict\":\"%s\"",
		      credential_class_name(f->kind->class), finding_by_name(f->by),
		      finding_verdict_name(f->verdict));
	put_text(b, "allowed_by", f->allowed_by);
	put_text(b, "principal", f->principal);
	put_text(b, "lifetime", credential_lifetime_name(f->lifetime));
	if (f->expires)
		pf_buf_printf(b, ",\"expires\":%lld", (long long)f->expires);
	pf_buf_puts(b, ",\"places\":[");
	for (size_t i = 0; i < f->n_places; i++) {
		pf_buf_puts(b, i ? "," : "");
		put_place(b, &f->places[i]);
	}
	pf_buf_puts(b, "]}");
}

void inventory_json(const struct inventory *inv, struct pf_buf *b)
{
	pf_buf_puts(b, "{\"findings\":[");
	for (size_t i = 0; i < inv->n; i++) {
		pf_buf_puts(b, i ? "," : "");
		put_finding(b, &inv->v[i]);
	}
	pf_buf_puts(b, "]");
	put_text(b, "incomplete", inv->incomplete);
	pf_buf_printf(
		b, ",\"counts\":{\"lookups\":%llu,\"entries\":%llu,\"files\":%llu,\"bytes\":%llu}}",
		(unsigned long long)inv->counts.lookups, (unsigned long long)inv->counts.entries,
		(unsigned long long)inv->counts.files, (unsigned long long)inv->counts.bytes);
}
