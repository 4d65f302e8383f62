/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what was collected to what it means, in one order: sort, so that nothing depends on who was found first; mask, so
 * that nothing behind it can show a secret; then reach, readers and rank. Also which entries --fail-on means.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/audit.h"

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_containers(const void *x, const void *y)
{
	const struct audit_container *a = *(struct audit_container *const *)x;
	const struct audit_container *b = *(struct audit_container *const *)y;
	int r = compare_text(a->runtime, b->runtime);

	if (r == 0)
		r = compare_text(a->id, b->id);
	return r ? r : compare_text(a->record, b->record);
}

static int compare_ways(const void *x, const void *y)
{
	const struct audit_way *a = x, *b = y;

	if (a->kind != b->kind)
		return (int)a->kind - (int)b->kind;
	return compare_text(a->what, b->what);
}

static int compare_volumes(const void *x, const void *y)
{
	const struct audit_volume *a = x, *b = y;

	return compare_text(a->path, b->path);
}

static void sort(struct audit *a)
{
	if (a->n_containers > 0)
		qsort(a->containers, a->n_containers, sizeof(*a->containers), compare_containers);
	for (size_t i = 0; i < a->n_containers; i++) {
		struct audit_container *c = a->containers[i];

		if (c->n_ways > 0)
			qsort(c->ways, c->n_ways, sizeof(*c->ways), compare_ways);
		if (c->n_volumes > 0)
			qsort(c->volumes, c->n_volumes, sizeof(*c->volumes), compare_volumes);
		inventory_sort(&c->inventory);
	}
}

static bool is_alone(const struct audit *a, const struct audit_container *c, bool by_name)
{
	const char *text = by_name ? c->name : c->id;

	for (size_t i = 0; i < a->n_containers; i++) {
		const struct audit_container *d = a->containers[i];

		if (d != c &&
		    (by_name ? d->name && strcmp(d->name, text) == 0 : strcmp(d->id, text) == 0))
			return false;
	}
	return true;
}

/* Two runtimes may have a container of the same id, and two pods one of the same name. */
static void set_label(struct audit *a, struct audit_container *c)
{
	const char *id = c->id;

	if (c->name && is_alone(a, c, true)) {
		c->label = c->name;
		return;
	}
	if (!is_alone(a, c, false))
		id = audit_printf(a, "%s of %s", c->id, c->record ? c->record : c->runtime);
	c->label = c->name ? audit_printf(a, "%s (%s)", c->name, id) : id;
}

/* A socket that rules the host is a way out too, and the widest. */
static void add_sockets(struct audit *a, struct audit_container *c)
{
	for (size_t i = 0; i < c->inventory.n; i++) {
		const struct finding *f = &c->inventory.v[i];

		for (size_t p = 0; p < f->n_places; p++) {
			const struct place *place = &f->places[p];
			bool host = f->kind->class == CREDENTIAL_HOST_CONTROL;
			const struct audit_way way = {
				.kind = AUDIT_WAY_SOCKET,
				.open = true,
				.host = host,
				.what = place->name,
				.why = host ? "who talks to it is root on the host"
					    : f->kind->title,
			};

			if (place->type == PLACE_SOCKET && place->readable && !place->covered &&
			    (f->verdict == VERDICT_REPORTED || f->verdict == VERDICT_ALLOWED))
				audit_way_add(a, c, &way);
		}
	}
}

int audit_judge(struct audit *a, struct pf_error *e)
{
	audit_mask_all(a);
	for (size_t i = 0; i < a->n_containers; i++)
		add_sockets(a, a->containers[i]);
	for (size_t i = 0; i < a->n_containers; i++)
		set_label(a, a->containers[i]);
	sort(a);
	audit_reach(a);
	if (!a->failed)
		audit_entries(a);
	if (!a->failed)
		audit_rank(a);
	return a->failed ? pf_fail_sys(e, ENOMEM, "audit") : 0;
}

/* ---- --fail-on */

static int add_kind(struct audit_fail_on *f, const struct credential_kind *kind, struct pf_error *e)
{
	const struct credential_kind **more =
		reallocarray(f->kinds, f->n_kinds + 1, sizeof(*f->kinds));

	if (!more)
		return pf_fail_sys(e, ENOMEM, "--fail-on");
	f->kinds = more;
	f->kinds[f->n_kinds++] = kind;
	return 0;
}

static int read_word(const struct catalogue *c, const char *word, struct audit_fail_on *f,
		     struct pf_error *e)
{
	const struct credential_kind *kind = catalogue_find(c, word);
	int class = strncmp(word, "class:", 6) == 0 ? credential_class_find(word + 6) : -1;

	if (strcmp(word, "any") == 0)
		f->any = true;
	else if (strcmp(word, "long-lived") == 0)
		f->long_lived = true;
	else if (strcmp(word, "rw") == 0)
		f->rw = true;
	else if (strcmp(word, "unallowed") == 0)
		f->unallowed = true;
	else if (class >= 0)
		f->classes |= 1u << class;
	else if (kind)
		return add_kind(f, kind, e);
	else
		return pf_fail(
			e, PF_ERR_CONFIG, 0,
			"--fail-on: `%s' is neither any, unallowed, long-lived, rw, a class (class:cloud), nor a kind that `pinfold credentials' lists",
			word);
	return 0;
}

int audit_fail_on_read(const struct catalogue *c, const char *list, struct audit_fail_on *ret,
		       struct pf_error *e)
{
	auto_free char *copy = strdup(list);
	char *save = NULL;
	size_t n = 0;

	*ret = (struct audit_fail_on){ .n_kinds = 0 };
	if (!copy)
		return pf_fail_sys(e, ENOMEM, "--fail-on");
	for (char *word = strtok_r(copy, ", ", &save); word; word = strtok_r(NULL, ", ", &save)) {
		n++;
		STEP(read_word(c, word, ret, e));
	}
	/* an empty variable of a pipeline must not turn the check off */
	return n > 0 ? 0 : pf_fail(e, PF_ERR_CONFIG, 0, "--fail-on: the list is empty");
}

void audit_fail_on_free(struct audit_fail_on *f)
{
	free(f->kinds);
	*f = (struct audit_fail_on){ .n_kinds = 0 };
}

static bool matches(const struct audit_entry *entry, const struct audit_fail_on *f)
{
	const struct audit_facts *facts = &entry->facts;

	if (!facts->exposed)
		return false;
	if (f->any || (f->unallowed && facts->verdict != VERDICT_ALLOWED) ||
	    (f->long_lived && facts->lifetime == CREDENTIAL_LONG) || (f->rw && facts->writable) ||
	    (f->classes & (1u << facts->class)))
		return true;
	for (size_t i = 0; i < f->n_kinds; i++)
		if (f->kinds[i] == entry->finding->kind)
			return true;
	return false;
}

size_t audit_fails(const struct audit *a, const struct audit_fail_on *f)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_entries; i++)
		n += matches(&a->entries[i], f);
	return n;
}
