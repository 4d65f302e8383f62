/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From files to a catalogue: kinds sorted by id, and an index for each question that a scan asks often
 * (catalogue_index.c, catalogue_paths.c).
 */
#include <config.h>

#include "config/catalogue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "config/catalogue_parts.h"

void catalogue_free(struct catalogue *c)
{
	for (size_t i = 0; i < c->n_docs; i++)
		json_free(c->docs[i]);
	if (c->block)
		(void)munmap(c->block, c->n_block);
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
	STEP(catalogue_index_names(c, e));
	STEP(catalogue_index_marks(c, e));
	return catalogue_index_paths(c, e);
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
