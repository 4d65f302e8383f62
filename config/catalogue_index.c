/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The indexes of variables and of signatures. Both are made once, when a catalogue is read, so that a query neither
 * allocates nor walks what cannot match.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/catalogue_parts.h"

static int no_memory(struct pf_error *e)
{
	return pf_fail_sys(e, ENOMEM, "read the credentials");
}

/* ---- the index of names */

/* What an entry is sorted by. */
struct named {
	const char *name, *id;
	struct catalogue_name entry;
};

static int compare_names(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : strcmp(x->id, y->id);
}

static size_t count_letters(const char *name)
{
	size_t n = 0;

	for (; *name; name++)
		n += *name != '*';
	return n;
}

static int compare_patterns(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->entry.letters != y->entry.letters)
		return x->entry.letters > y->entry.letters ? -1 : 1;
	return compare_names(a, b);
}

/* Exact names from the front, patterns from the back of @v. Return: how many exact names there are */
static size_t sort_names(const struct catalogue *c, struct named *v, size_t n)
{
	size_t low = 0, high = n;

	for (size_t i = 0; i < c->n_kinds; i++) {
		const struct credential_kind *k = c->kinds[i];

		for (size_t j = 0; j < k->n_variables; j++) {
			const char *name = k->variables[j].name;
			bool pattern = strchr(name, '*') != NULL;

			v[pattern ? --high : low++] = (struct named){
				name,
				k->id,
				{ (uint16_t)i, (uint16_t)j, (uint16_t)count_letters(name) },
			};
		}
	}
	qsort(v, low, sizeof(*v), compare_names);
	qsort(v + high, n - high, sizeof(*v), compare_patterns);
	return low;
}

int catalogue_index_names(struct catalogue *c, struct pf_error *e)
{
	struct named *sorted;
	struct catalogue_name *v;
	size_t n = 0;

	for (size_t i = 0; i < c->n_kinds; i++)
		n += c->kinds[i]->n_variables;
	sorted = json_alloc(c->docs[0], (n + 1) * sizeof(*sorted));
	v = json_alloc(c->docs[0], (n + 1) * sizeof(*v));
	if (!sorted || !v)
		return no_memory(e);
	c->n_names = sort_names(c, sorted, n);
	for (size_t i = 0; i < n; i++)
		v[i] = sorted[i].entry;
	c->names = v;
	c->patterns = v + c->n_names;
	c->n_patterns = n - c->n_names;
	return 0;
}

/* ---- the index of signatures */

static int compare_marks(const void *a, const void *b)
{
	const struct catalogue_mark *x = a, *y = b;
	unsigned char p = (unsigned char)x->signature->prefix[0];
	unsigned char q = (unsigned char)y->signature->prefix[0];
	int order;

	if (p != q)
		return p < q ? -1 : 1;
	if (x->len != y->len)
		return x->len > y->len ? -1 : 1;
	order = strcmp(x->signature->prefix, y->signature->prefix);
	return order != 0 ? order : strcmp(x->kind->id, y->kind->id);
}

int catalogue_index_marks(struct catalogue *c, struct pf_error *e)
{
	struct catalogue_mark *v;
	size_t n = 0, at = 0;

	for (size_t i = 0; i < c->n_kinds; i++)
		n += c->kinds[i]->n_content;
	if (n > UINT16_MAX)
		return pf_fail(e, PF_ERR_POLICY, 0, "credentials: more than %d signatures",
			       UINT16_MAX);
	v = json_alloc(c->docs[0], (n + 1) * sizeof(*v));
	if (!v)
		return no_memory(e);
	for (size_t i = 0; i < c->n_kinds; i++) {
		const struct credential_kind *k = c->kinds[i];

		for (size_t j = 0; j < k->n_content; j++)
			v[at++] = (struct catalogue_mark){
				.len = strlen(k->content[j].prefix),
				.kind = k,
				.signature = &k->content[j],
			};
	}
	qsort(v, n, sizeof(*v), compare_marks);
	at = 0;
	for (unsigned int byte = 0; byte < 256; byte++) {
		c->first[byte] = (uint16_t)at;
		while (at < n && (unsigned char)v[at].signature->prefix[0] == byte)
			at++;
		c->letters[byte] = credential_letters((unsigned char)byte);
	}
	c->first[256] = (uint16_t)at;
	c->marks = v;
	c->n_marks = n;
	return 0;
}
