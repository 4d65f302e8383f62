/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run by make, and no part of pinfold: reads config/credentials.json and writes what that comes to as an image that
 * catalogue_builtin.c only copies. The structs are those of this build; each pointer in them becomes an offset, either in
 * the block, where the structs lie, or in the texts, and the image lists where they are. Structs without pointers lie
 * with the texts, of which nothing is copied: a page of memory that a load fills costs more than all the work in it.
 *
 * usage: pack-catalogue CREDENTIALS.JSON >IMAGE
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "config/catalogue_parts.h"

/* Where memory of the catalogue went. */
struct region {
	const char *from;
	size_t len, to;
};

struct regions {
	struct region *v; /* owned */
	size_t n, cap;
};

/* Where a pointer leads. */
enum target { TO_BLOCK, TO_FLAT, TO_TEXT };

struct slot {
	size_t at; /* in the block */
	enum target to;
};

struct pack {
	struct pf_buf block, texts, inner, outer;
	struct regions structs, strings;
	struct slot *slots; /* owned */
	size_t n_slots, cap;
	bool failed;
};

struct field {
	size_t offset;
	enum target to;
};

#define TEXT(type, member)                             \
	{                                              \
		offsetof(struct type, member), TO_TEXT \
	}
#define POINTER(type, member)                           \
	{                                               \
		offsetof(struct type, member), TO_BLOCK \
	}
#define FLAT(type, member)                             \
	{                                              \
		offsetof(struct type, member), TO_FLAT \
	}

static const struct field catalogue_fields[] = {
	POINTER(catalogue, kinds), FLAT(catalogue, names),      FLAT(catalogue, patterns),
	POINTER(catalogue, marks), POINTER(catalogue, entries), FLAT(catalogue, nodes),
	POINTER(catalogue, lasts),
};
static const struct field pointer_fields[] = { { 0, TO_BLOCK } };
static const struct field kind_fields[] = {
	TEXT(credential_kind, id),           TEXT(credential_kind, title),
	TEXT(credential_kind, source),       TEXT(credential_kind, origin),
	TEXT(credential_kind, principal.is), TEXT(credential_kind, principal.field),
	POINTER(credential_kind, paths),     POINTER(credential_kind, except),
	POINTER(credential_kind, sockets),   POINTER(credential_kind, variables),
	POINTER(credential_kind, content),   POINTER(credential_kind, decoy),
};
static const struct field text_fields[] = { { 0, TO_TEXT } };
static const struct field path_fields[] = { TEXT(credential_path, pattern) };
static const struct field variable_fields[] = { TEXT(credential_variable, name),
						TEXT(credential_variable, below) };
static const struct field signature_fields[] = { TEXT(credential_signature, prefix),
						 TEXT(credential_signature, contains),
						 TEXT(credential_signature, then) };
static const struct field mark_fields[] = { POINTER(catalogue_mark, kind),
					    POINTER(catalogue_mark, signature) };
static const struct field entry_fields[] = { POINTER(catalogue_entry, path),
					     POINTER(catalogue_entry, kind) };
static const struct field last_fields[] = { TEXT(catalogue_last, name) };

/* ---- growing lists */

static void *grow(void *v, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return v;
	*cap = *cap ? *cap * 2 : 256;
	return realloc(v, *cap * size);
}

static void add_region(struct pack *p, struct regions *r, const struct region *add)
{
	struct region *v = grow(r->v, r->n, &r->cap, sizeof(*v));

	if (!v) {
		p->failed = true;
		return;
	}
	r->v = v;
	r->v[r->n++] = *add;
}

static void add_slot(struct pack *p, size_t at, enum target to)
{
	struct slot *v = grow(p->slots, p->n_slots, &p->cap, sizeof(*v));

	if (!v) {
		p->failed = true;
		return;
	}
	p->slots = v;
	p->slots[p->n_slots++] = (struct slot){ at, to };
}

static const struct region *find_region(const struct regions *r, const char *at)
{
	for (size_t i = 0; i < r->n; i++)
		if (at >= r->v[i].from && at < r->v[i].from + r->v[i].len)
			return &r->v[i];
	return NULL;
}

/* ---- structs into the block */

#define PLACE(p, v, n, fields) place(p, v, n, sizeof(*(v)), fields, ARRAY_SIZE(fields))

static void place(struct pack *p, const void *v, size_t n, size_t size, const struct field *fields,
		  size_t n_fields)
{
	static const char zeroes[16];
	const struct region region = { v, n * size, p->block.len };

	if (n == 0)
		return;
	add_region(p, &p->structs, &region);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n_fields; j++)
			add_slot(p, region.to + i * size + fields[j].offset, fields[j].to);
	pf_buf_add(&p->block, v, n * size);
	pf_buf_add(&p->block, zeroes, -p->block.len % sizeof(zeroes));
}

/* What has no pointers is not copied when it is loaded, and so lies with the texts. */
static void place_flat(struct pack *p, const void *v, size_t size)
{
	static const char zeroes[16];
	const struct region region = { v, size, p->texts.len };

	add_region(p, &p->strings, &region);
	pf_buf_add(&p->texts, v, size);
	pf_buf_add(&p->texts, zeroes, -p->texts.len % sizeof(zeroes));
}

static void place_all(struct pack *p, const struct catalogue *c)
{
	place_flat(p, c->names, c->n_names * sizeof(*c->names));
	place_flat(p, c->patterns, c->n_patterns * sizeof(*c->patterns));
	place_flat(p, c->nodes, c->n_nodes * sizeof(*c->nodes));
	PLACE(p, c, 1, catalogue_fields);
	PLACE(p, c->kinds, c->n_kinds, pointer_fields);
	for (size_t i = 0; i < c->n_kinds; i++) {
		const struct credential_kind *k = c->kinds[i];

		PLACE(p, k, 1, kind_fields);
		PLACE(p, k->paths, k->n_paths, path_fields);
		PLACE(p, k->except, k->n_except, path_fields);
		PLACE(p, k->sockets, k->n_sockets, path_fields);
		PLACE(p, k->variables, k->n_variables, variable_fields);
		PLACE(p, k->content, k->n_content, signature_fields);
		PLACE(p, k->decoy, k->n_decoy, text_fields);
	}
	PLACE(p, c->marks, c->n_marks, mark_fields);
	PLACE(p, c->entries, c->n_entries, entry_fields);
	PLACE(p, c->lasts, c->n_lasts, last_fields);
}

/* ---- pointers into offsets */

/* Equal texts are kept once; the name in `lasts' lies within a pattern that is there already. */
static size_t place_text(struct pack *p, const char *text)
{
	const struct region *had = find_region(&p->strings, text);
	struct region region = { text, strlen(text) + 1, p->texts.len };

	if (had)
		return had->to + (size_t)(text - had->from);
	for (size_t i = 0; i < p->strings.n; i++)
		if (strcmp(p->strings.v[i].from, text) == 0) {
			region.to = p->strings.v[i].to;
			add_region(p, &p->strings, &region);
			return region.to;
		}
	pf_buf_add(&p->texts, text, region.len);
	add_region(p, &p->strings, &region);
	return region.to;
}

/* Where @pointer leads, as an offset; @ret_none: to a list of no entries */
static size_t find_target(struct pack *p, const char *pointer, enum target to, bool *ret_none)
{
	const struct region *region;

	if (to == TO_TEXT)
		return place_text(p, pointer);
	region = find_region(to == TO_BLOCK ? &p->structs : &p->strings, pointer);
	*ret_none = !region;
	return region ? region->to + (size_t)(pointer - region->from) : 0;
}

static void fix_slot(struct pack *p, const struct slot *slot)
{
	char *at = p->block.data + slot->at;
	uint32_t where = (uint32_t)slot->at;
	bool none = false;
	const char *pointer;
	uintptr_t value;

	memcpy(&pointer, at, sizeof(pointer));
	if (!pointer)
		return;
	value = find_target(p, pointer, slot->to, &none);
	memcpy(at, &value, sizeof(value));
	if (!none)
		pf_buf_add(slot->to == TO_BLOCK ? &p->inner : &p->outer, &where, sizeof(where));
}

/* Nothing of this process's memory may stay: two builds make the same bytes. */
static void clear_owner(struct pack *p)
{
	struct catalogue *c = (void *)p->block.data;

	memset(c->docs, 0, sizeof(c->docs));
	c->n_docs = 0;
	c->block = NULL;
}

static void pack(struct pack *p, const struct catalogue *c, struct pf_buf *b)
{
	struct catalogue_image head = { .magic = CATALOGUE_IMAGE_MAGIC,
					.layout = catalogue_layout() };

	place_all(p, c);
	if (p->failed || p->block.failed) {
		b->failed = true;
		return;
	}
	for (size_t i = 0; i < p->n_slots; i++)
		fix_slot(p, &p->slots[i]);
	clear_owner(p);
	head.n_block = (uint32_t)p->block.len;
	head.n_inner = (uint32_t)(p->inner.len / sizeof(uint32_t));
	head.n_outer = (uint32_t)(p->outer.len / sizeof(uint32_t));
	head.n_texts = (uint32_t)p->texts.len;
	pf_buf_add(b, &head, sizeof(head));
	pf_buf_add(b, p->block.data, p->block.len);
	pf_buf_add(b, p->inner.data, p->inner.len);
	pf_buf_add(b, p->outer.data, p->outer.len);
	pf_buf_add(b, p->texts.data, p->texts.len);
	b->failed |= p->failed || p->inner.failed || p->outer.failed || p->texts.failed;
}

static void pack_free(struct pack *p)
{
	pf_buf_free(&p->block);
	pf_buf_free(&p->texts);
	pf_buf_free(&p->inner);
	pf_buf_free(&p->outer);
	free(p->structs.v);
	free(p->strings.v);
	free(p->slots);
}

static int run(const char *from, struct pf_error *e)
{
	struct policy_file file = { .path = "built-in" };
	struct pack p = { 0 };
	auto_free char *text = NULL;
	auto_buf image = { 0 };
	struct catalogue c;
	int err;

	STEP(pf_read_file_at(AT_FDCWD, from, CATALOGUE_FILE_BYTES, &text, &file.len, e));
	file.text = text;
	STEP(catalogue_build(&file, 1, &c, e));
	pack(&p, &c, &image);
	err = image.failed ? -ENOMEM : pf_write_all(STDOUT_FILENO, image.data, image.len);
	if (err < 0)
		(void)pf_fail_sys(e, err, "write the image");
	pack_free(&p);
	catalogue_free(&c);
	return err;
}

int main(int argc, char **argv)
{
	struct pf_error e = PF_ERROR_INIT;

	if (argc != 2) {
		fputs("usage: pack-catalogue CREDENTIALS.JSON >IMAGE\n", stderr);
		return 1;
	}
	if (run(argv[1], &e) == 0)
		return 0;
	fprintf(stderr, "pack-catalogue: %s\n", e.msg);
	return 1;
}
