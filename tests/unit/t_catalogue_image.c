/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image of the embedded catalogue that the build makes: loaded, it is what reading the JSON comes to, in every kind
 * and every index, and nothing of it refers to memory outside.
 */
#include <config.h>

#include <stdlib.h>

#include "base/io.h"
#include "config/catalogue_parts.h"
#include "tests/unit/tap.h"

static struct catalogue image, read_again;

static void it_is_loaded_where_no_file_adds_to_it(void)
{
	static const char more[] =
		"{\"kinds\":[{\"id\":\"zz\",\"title\":\"T\",\"class\":\"other\",\"cover\":\"none\","
		"\"lifetime\":\"long\",\"source\":\"s\",\"principal\":{\"is\":\"x\",\"from\":\"unknown\"},"
		"\"variables\":[\"ZZ\"]}]}";
	const struct policy_file file = { "/d/zz.json", more, strlen(more) };
	struct pf_error e = PF_ERROR_INIT;
	struct catalogue c;

	CHECK(image.block != NULL);
	CHECK_INT(image.n_docs, ==, 0);
	CHECK(read_again.block == NULL);
	CHECK_INT(read_again.n_docs, ==, 1);
	CHECK_INT(catalogue_load(&file, 1, &c, &e), ==, 0);
	CHECK(c.block == NULL);
	CHECK_INT(c.n_kinds, ==, image.n_kinds + 1);
	catalogue_free(&c);
}

static void it_prints_the_same(void)
{
	auto_buf one = { 0 }, two = { 0 };

	for (int class = -1; class < CREDENTIAL_CLASS_COUNT_; class ++) {
		catalogue_json(&image, class, &one);
		catalogue_json(&read_again, class, &two);
		catalogue_table(&image, class, &one);
		catalogue_table(&read_again, class, &two);
	}
	catalogue_markdown(&image, &one);
	catalogue_markdown(&read_again, &two);
	CHECK_INT(one.len, >, 100000);
	CHECK(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
}

/* ---- the indexes; a pointer to something of a kind is told as kind and place */

static void put_kind(struct pf_buf *b, const struct credential_kind *k)
{
	pf_buf_printf(b, " %s", k->id);
}

static void put_path(struct pf_buf *b, const struct catalogue_entry *entry)
{
	const struct credential_kind *k = entry->kind;
	const struct credential_path *list = entry->except                     ? k->except
					     : entry->type == CATALOGUE_SOCKET ? k->sockets
									       : k->paths;

	put_kind(b, k);
	pf_buf_printf(b, " %td %d %s %u %d %d\n", entry->path - list, (int)entry->path->place,
		      entry->path->pattern, entry->number, entry->except, (int)entry->type);
}

static void put_names(struct pf_buf *b, const struct catalogue *c, const struct catalogue_name *v,
		      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct catalogue_variable found = catalogue_name_found(c, &v[i]);

		pf_buf_printf(b, "%s %u %u", found.variable->name, v[i].letters, v[i].variable);
		put_kind(b, found.kind);
		pf_buf_puts(b, "\n");
	}
}

static void put_tree(struct pf_buf *b, const struct catalogue *c)
{
	for (size_t i = 0; i < c->n_nodes; i++) {
		const struct catalogue_node *n = &c->nodes[i];

		pf_buf_printf(b, "%.*s %u %u %u %u %u %u %u %d %d\n", n->len,
			      i > CREDENTIAL_AT_ANY ? catalogue_node_name(c, n).v : "", n->at,
			      n->first, n->own, n->end, n->child, n->n_literal, n->n_star, n->any,
			      n->place);
	}
	for (size_t i = 0; i < c->n_lasts; i++)
		pf_buf_printf(b, "%s %u %u\n", c->lasts[i].name, c->lasts[i].len,
			      c->lasts[i].entry);
	pf_buf_printf(b, "%zu\n", c->n_literal_lasts);
}

static void put_indexes(struct pf_buf *b, const struct catalogue *c)
{
	for (size_t i = 0; i < c->n_kinds; i++)
		for (size_t j = 0; j < c->kinds[i]->n_decoy; j++)
			pf_buf_printf(b, "%s\n", c->kinds[i]->decoy[j]);
	put_names(b, c, c->names, c->n_names);
	put_names(b, c, c->patterns, c->n_patterns);
	for (size_t i = 0; i < c->n_marks; i++) {
		pf_buf_printf(b, "%zu %td", c->marks[i].len,
			      c->marks[i].signature - c->marks[i].kind->content);
		put_kind(b, c->marks[i].kind);
	}
	for (size_t i = 0; i < 256; i++)
		pf_buf_printf(b, " %u %u", c->first[i], c->letters[i]);
	pf_buf_printf(b, " %u\n", c->first[256]);
	for (size_t i = 0; i < c->n_entries; i++)
		put_path(b, &c->entries[i]);
	put_tree(b, c);
}

static void its_indexes_are_the_same(void)
{
	auto_buf one = { 0 }, two = { 0 };

	put_indexes(&one, &image);
	put_indexes(&two, &read_again);
	CHECK_INT(one.len, >, 50000);
	CHECK(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
}

int main(void)
{
	struct pf_error e = PF_ERROR_INIT;
	struct policy_file file;

	catalogue_builtin(&file);
	if (catalogue_load(NULL, 0, &image, &e) < 0 ||
	    catalogue_build(&file, 1, &read_again, &e) < 0) {
		printf("not ok 1 - %s\n1..1\n", e.msg);
		return 1;
	}
	RUN(it_is_loaded_where_no_file_adds_to_it);
	RUN(it_prints_the_same);
	RUN(its_indexes_are_the_same);
	catalogue_free(&image);
	catalogue_free(&read_again);
	return tap_done();
}
