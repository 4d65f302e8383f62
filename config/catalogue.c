/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From files to a catalogue: kinds sorted by id, and an index for each question that a scan asks often. Both are made
 * once, when it is loaded, so that a query neither allocates nor walks what cannot match.
 */
#include <config.h>

#include "config/catalogue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/catalogue_parts.h"

extern const char catalogue_blob[], catalogue_blob_end[];

void catalogue_builtin(struct policy_file *ret)
{
	*ret = (struct policy_file){
		.path = "built-in",
		.text = catalogue_blob,
		.len = (size_t)(catalogue_blob_end - catalogue_blob),
	};
}

void catalogue_free(struct catalogue *c)
{
	for (size_t i = 0; i < c->n_docs; i++)
		json_free(c->docs[i]);
	memset(c, 0, sizeof(*c));
}

static int no_memory(struct pf_error *e)
{
	return pf_fail_sys(e, ENOMEM, "read the credentials");
}

/* ---- kinds */

/* The first of those whose id is not less. */
static size_t lower_bound(const struct catalogue *c, const char *id)
{
	size_t low = 0, high = c->n_kinds;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(c->kinds[mid]->id, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct credential_kind *catalogue_find(const struct catalogue *c, const char *id)
{
	size_t at = lower_bound(c, id);

	return at < c->n_kinds && strcmp(c->kinds[at]->id, id) == 0 ? c->kinds[at] : NULL;
}

/* Both have one id. @base: the origin that may be replaced, by any other */
static int replace_kind(const struct credential_kind **old, const struct credential_kind *kind,
			const char *base, struct pf_error *e)
{
	if ((*old)->origin == kind->origin)
		return pf_fail(e, PF_ERR_POLICY, 0, "`%s' is the id of an earlier kind too",
			       kind->id);
	if ((*old)->origin != base)
		return pf_fail(e, PF_ERR_POLICY, 0, "`%s' is defined by `%.120s' too: keep one",
			       kind->id, (*old)->origin);
	*old = kind;
	return 0;
}

static int add_kind(struct catalogue *c, const struct credential_kind *kind, const char *base,
		    struct pf_error *e)
{
	size_t at = lower_bound(c, kind->id);

	if (at < c->n_kinds && strcmp(c->kinds[at]->id, kind->id) == 0)
		return replace_kind(&c->kinds[at], kind, base, e);
	if (c->n_kinds == CATALOGUE_KINDS_MAX)
		return pf_fail(e, PF_ERR_POLICY, 0, "more than %d kinds", CATALOGUE_KINDS_MAX);
	memmove(&c->kinds[at + 1], &c->kinds[at], (c->n_kinds - at) * sizeof(*c->kinds));
	c->kinds[at] = kind;
	c->n_kinds++;
	return 0;
}

/* ---- the index of names */

static int compare_names(const void *a, const void *b)
{
	const struct catalogue_name *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : strcmp(x->found.kind->id, y->found.kind->id);
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
	const struct catalogue_name *x = a, *y = b;

	if (x->letters != y->letters)
		return x->letters > y->letters ? -1 : 1;
	return compare_names(a, b);
}

/* Exact names from the front, patterns from the back of one array. */
static int index_names(struct catalogue *c, struct pf_error *e)
{
	struct catalogue_name *v;
	size_t n = 0, low = 0, high;

	for (size_t i = 0; i < c->n_kinds; i++)
		n += c->kinds[i]->n_variables;
	v = json_alloc(c->docs[0], (n + 1) * sizeof(*v));
	if (!v)
		return no_memory(e);
	high = n;
	for (size_t i = 0; i < c->n_kinds; i++) {
		const struct credential_kind *k = c->kinds[i];

		for (size_t j = 0; j < k->n_variables; j++) {
			const struct credential_variable *var = &k->variables[j];
			bool pattern = strchr(var->name, '*') != NULL;

			v[pattern ? --high : low++] = (struct catalogue_name){
				.name = var->name,
				.letters = count_letters(var->name),
				.found = { k, var },
			};
		}
	}
	qsort(v, low, sizeof(*v), compare_names);
	qsort(v + high, n - high, sizeof(*v), compare_patterns);
	c->names = v;
	c->n_names = low;
	c->patterns = v + high;
	c->n_patterns = n - high;
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

static int index_marks(struct catalogue *c, struct pf_error *e)
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

/* ---- files */

static int add_file(struct catalogue *c, const struct policy_file *file, const char **base,
		    struct pf_error *e)
{
	struct catalogue_file read;

	STEP(catalogue_read(file, file->path, &read, e));
	c->docs[c->n_docs++] = read.doc;
	if (!*base) {
		*base = read.n > 0 ? read.kinds[0].origin : "";
		c->kinds = json_alloc(read.doc, CATALOGUE_KINDS_MAX * sizeof(*c->kinds));
		if (!c->kinds)
			return no_memory(e);
	}
	for (size_t i = 0; i < read.n; i++)
		if (add_kind(c, &read.kinds[i], *base, e) < 0)
			return pf_wrap(e, "credentials `%.200s': /kinds/%zu/id", file->path, i);
	return 0;
}

static int build(const struct policy_file *files, size_t n, struct catalogue *c, struct pf_error *e)
{
	const char *base = NULL;

	for (size_t i = 0; i < n; i++)
		STEP(add_file(c, &files[i], &base, e));
	STEP(index_names(c, e));
	return index_marks(c, e);
}

int catalogue_build(const struct policy_file *files, size_t n, struct catalogue *ret,
		    struct pf_error *e)
{
	int err;

	memset(ret, 0, sizeof(*ret));
	if (n == 0 || n > CATALOGUE_FILES_MAX + 1)
		return pf_fail(e, PF_ERR_BUG, 0, "a catalogue of %zu files", n);
	err = build(files, n, ret, e);
	if (err < 0)
		catalogue_free(ret);
	return err;
}

int catalogue_load(const struct policy_file *dropins, size_t n, struct catalogue *ret,
		   struct pf_error *e)
{
	struct policy_file files[CATALOGUE_FILES_MAX + 1];

	memset(ret, 0, sizeof(*ret));
	if (n > CATALOGUE_FILES_MAX)
		return pf_fail(e, PF_ERR_POLICY, 0, "credentials: %zu files are more than %d", n,
			       CATALOGUE_FILES_MAX);
	catalogue_builtin(&files[0]);
	if (n > 0)
		memcpy(&files[1], dropins, n * sizeof(*dropins));
	return catalogue_build(files, n + 1, ret, e);
}
