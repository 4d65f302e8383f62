/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the entries of a policy to the table of names: gathered as items, sorted by name, written as rows; then the hash
 * table over them.
 */
#include <config.h>

#include "runtime/warden/nametab_make.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum kind {
	KIND_EXACT,
	KIND_BELOW,
	KIND_INTERNAL, /* no row */
};

struct item {
	char *name; /* owned */
	enum kind kind;
	struct nametab_row row;
};

struct make {
	struct item *items; /* owned */
	size_t n, cap;
	struct nametab_place *places; /* owned */
	size_t n_places, cap_places;
	struct pf_buf names, rows, text;
	struct nametab_head head;
	struct pf_error *e;
};

static int no_memory(struct pf_error *e)
{
	return pf_fail(e, PF_ERR_SYS, ENOMEM, "egress: make the table of names");
}

static int grow(void **v, size_t n, size_t *cap, size_t size, struct pf_error *e)
{
	size_t more = *cap ? *cap * 2 : 64;
	void *moved;

	if (n < *cap)
		return 0;
	moved = reallocarray(*v, more, size);
	if (!moved)
		return no_memory(e);
	*v = moved;
	*cap = more;
	return 0;
}

/* ---- gather */

static int add_item(struct make *m, const char *name, enum kind kind, const struct endpoint *ep,
		    uint32_t entry)
{
	char *copy;

	STEP(grow((void **)&m->items, m->n, &m->cap, sizeof(*m->items), m->e));
	copy = strdup(name);
	if (!copy)
		return no_memory(m->e);
	m->items[m->n] = (struct item){ .name = copy, .kind = kind };
	if (ep)
		m->items[m->n].row = (struct nametab_row){
			.entry = entry,
			.low = ep->low,
			.high = ep->high,
			.scheme = (uint8_t)ep->scheme,
		};
	m->n++;
	return 0;
}

static int add_place(struct make *m, const struct endpoint_prefix *p)
{
	struct nametab_place place = { .len = p->len };

	memcpy(place.addr, p->addr, sizeof(place.addr));
	STEP(grow((void **)&m->places, m->n_places, &m->cap_places, sizeof(*m->places), m->e));
	m->places[m->n_places++] = place;
	return 0;
}

static int add_endpoint(struct make *m, const struct endpoint *ep, uint32_t entry)
{
	if (ep->kind == ENDPOINT_NAME)
		return add_item(m, ep->name, KIND_EXACT, ep, entry);
	if (ep->kind == ENDPOINT_BELOW)
		return add_item(m, ep->name, KIND_BELOW, ep, entry);
	if (ep->kind == ENDPOINT_ADDRESS)
		return add_place(m, &ep->prefix);
	return 0;
}

static int add_entry(struct make *m, const char *text, uint32_t entry)
{
	struct endpoint_member member;
	struct endpoint ep;
	size_t at = 0;

	STEP(endpoint_parse(text, strlen(text), &ep, m->e));
	if (ep.kind != ENDPOINT_SET)
		return add_endpoint(m, &ep, entry);
	while (endpoint_set_next(ep.name, &at, &member))
		STEP(add_endpoint(m, &member.endpoint, entry));
	return 0;
}

/* A suffix as engines write them: ".corp.example." and "Corp.Example" are one. */
static int add_internal(struct make *m, const char *text)
{
	struct pf_error ignored = PF_ERROR_INIT;
	struct endpoint ep;

	text += text[0] == '.';
	if (endpoint_parse(text, strlen(text), &ep, &ignored) < 0 || ep.kind != ENDPOINT_NAME)
		return pf_fail(m->e, PF_ERR_CONFIG, 0,
			       "`%.120s' is no suffix of names that may have private addresses: "
			       "write one as `cluster.local'",
			       text);
	return add_item(m, ep.name, KIND_INTERNAL, NULL, 0);
}

static int gather(struct make *m, const struct oci_strings *egress,
		  const struct oci_strings *internal)
{
	for (size_t i = 0; i < egress->n; i++)
		STEP(add_entry(m, egress->v[i], (uint32_t)i + 1));
	for (size_t i = 0; i < internal->n; i++)
		STEP(add_internal(m, internal->v[i]));
	return 0;
}

/* ---- write */

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order == 0)
		order = (int)x->kind - (int)y->kind;
	if (order == 0)
		order = (x->row.entry > y->row.entry) - (x->row.entry < y->row.entry);
	return order;
}

/* Shorter first, so that what holds others stands before them. */
static int compare_places(const void *a, const void *b)
{
	const struct nametab_place *x = a, *y = b;
	int order = memcmp(x->addr, y->addr, sizeof(x->addr));

	return order != 0 ? order : (int)x->len - (int)y->len;
}

static size_t leave_out_inner(struct nametab_place *v, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct endpoint_prefix outer = { .len = 0 }, inner = { .len = v[i].len };

		if (kept > 0) {
			memcpy(outer.addr, v[kept - 1].addr, sizeof(outer.addr));
			memcpy(inner.addr, v[i].addr, sizeof(inner.addr));
			outer.len = v[kept - 1].len;
			if (endpoint_prefix_covers(&outer, &inner))
				continue;
		}
		v[kept++] = v[i];
	}
	return kept;
}

/* All items of one name, from @i on. Return: the first of the next name. */
static size_t write_name(struct make *m, size_t i)
{
	const char *name = m->items[i].name;
	struct nametab_name out = { .text = (uint32_t)m->text.len, .len = (uint8_t)strlen(name) };

	pf_buf_add(&m->text, name, out.len);
	out.exact = out.below = m->head.rows.n;
	for (; i < m->n && strcmp(m->items[i].name, name) == 0; i++) {
		const struct item *item = &m->items[i];

		if (item->kind == KIND_INTERNAL) {
			out.is_internal = 1;
			continue;
		}
		if (item->kind == KIND_EXACT) {
			out.n_exact++;
			out.below++;
		} else {
			out.n_below++;
		}
		pf_buf_add(&m->rows, &item->row, sizeof(item->row));
		m->head.rows.n++;
	}
	pf_buf_add(&m->names, &out, sizeof(out));
	m->head.names.n++;
	return i;
}

static uint32_t hash_of(const char *name, size_t len)
{
	uint32_t hash = NAMETAB_HASH_START;

	for (size_t i = len; i > 0; i--)
		hash = nametab_hash_step(hash, name[i - 1]);
	return nametab_hash_end(hash);
}

/* At most half of the slots are taken, so what is not in the table is soon seen not to be. */
static int make_slots(struct make *m, uint32_t **ret)
{
	const struct nametab_name *names = (const void *)m->names.data;
	uint32_t n = 2, *slots;

	while (n < 2 * m->head.names.n)
		n *= 2;
	slots = calloc(n, sizeof(*slots));
	if (!slots)
		return no_memory(m->e);
	for (uint32_t i = 0; i < m->head.names.n; i++) {
		uint32_t at = hash_of(m->text.data + names[i].text, names[i].len), probes = 1;

		for (; slots[at & (n - 1)] != 0; at++)
			probes++;
		slots[at & (n - 1)] = i + 1;
		if (probes > m->head.longest)
			m->head.longest = probes;
	}
	m->head.slots.n = n;
	*ret = slots;
	return 0;
}

static void append(struct pf_buf *out, struct nametab_list *list, const void *data, size_t size)
{
	list->at = (uint32_t)out->len;
	pf_buf_add(out, data, size);
}

static int write_all(struct make *m, struct pf_buf *ret)
{
	auto_free uint32_t *slots = NULL;
	auto_buf out = { 0 };

	if (m->names.failed || m->rows.failed || m->text.failed)
		return no_memory(m->e);
	STEP(make_slots(m, &slots));
	m->head.text.n = (uint32_t)m->text.len;
	m->head.places.n = (uint32_t)m->n_places;
	pf_buf_add(&out, &m->head, sizeof(m->head));
	append(&out, &m->head.slots, slots, m->head.slots.n * sizeof(*slots));
	append(&out, &m->head.names, m->names.data, m->names.len);
	append(&out, &m->head.rows, m->rows.data, m->rows.len);
	append(&out, &m->head.places, m->places, m->n_places * sizeof(*m->places));
	append(&out, &m->head.text, m->text.data, m->text.len);
	if (out.failed)
		return no_memory(m->e);
	if (out.len > NAMETAB_MAX_BYTES)
		return pf_fail(m->e, PF_ERR_POLICY, 0,
			       "/annotations/io.pinfold.egress: its names come to more than %d MiB",
			       NAMETAB_MAX_BYTES >> 20);
	m->head.magic = NAMETAB_MAGIC;
	m->head.size = (uint32_t)out.len;
	memcpy(out.data, &m->head, sizeof(m->head));
	*ret = out;
	out = (struct pf_buf){ 0 };
	return 0;
}

static int make(struct make *m, const struct oci_strings *egress,
		const struct oci_strings *internal, struct pf_buf *ret)
{
	STEP(gather(m, egress, internal));
	if (m->n > 0)
		qsort(m->items, m->n, sizeof(*m->items), compare_items);
	if (m->n_places > 0)
		qsort(m->places, m->n_places, sizeof(*m->places), compare_places);
	m->n_places = leave_out_inner(m->places, m->n_places);
	for (size_t i = 0; i < m->n;)
		i = write_name(m, i);
	return write_all(m, ret);
}

int nametab_make(const struct oci_strings *egress, const struct oci_strings *internal,
		 struct pf_buf *ret, struct pf_error *e)
{
	struct make m = { .e = e };
	int err = make(&m, egress, internal, ret);

	for (size_t i = 0; i < m.n; i++)
		free(m.items[i].name);
	free(m.items);
	free(m.places);
	pf_buf_free(&m.names);
	pf_buf_free(&m.rows);
	pf_buf_free(&m.text);
	return err;
}
