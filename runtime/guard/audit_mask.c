/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that are secrets: a file called as its token, a mount source with a password in it, a container's name. Once
 * everything is known, each text of the report goes through here, so that no report has to think of it again.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/audit.h"
#include "runtime/guard/mask.h"

enum { HITS_MAX = 32 };

/* Also by the signatures that count only in the kind's own files: the text belongs to one of these. */
static const char *masked(struct audit *a, const struct credential_kind *kind, const char *text)
{
	auto_buf b = { 0 };

	if (!text || !mask_text(a->catalogue, kind, text, &b))
		return text;
	if (b.failed) {
		a->failed = true;
		return "<masked>";
	}
	return audit_keep(a, (char *)pf_take_ptr(&b.data));
}

/* The inventory frees its names itself. */
static void mask_owned(struct audit *a, const struct credential_kind *kind, const char **text)
{
	auto_buf b = { 0 };

	if (!*text || !mask_text(a->catalogue, kind, *text, &b))
		return;
	a->failed = a->failed || b.failed;
	free((void *)(uintptr_t)*text);
	*text = pf_take_ptr(&b.data);
}

/* A key id is the public half: the kind says so, and it is what its issuer's logs call it. */
static bool is_public(const struct audit *a, const struct finding *f)
{
	struct catalogue_hit hits[HITS_MAX];
	size_t n;

	if (!f->principal || f->kind->principal.from != CREDENTIAL_FROM_PREFIX)
		return false;
	n = catalogue_scan(a->catalogue, f->kind, f->principal, strlen(f->principal), hits,
			   HITS_MAX);
	for (size_t i = 0; i < n && i < HITS_MAX; i++)
		if (hits[i].kind->principal.from != CREDENTIAL_FROM_PREFIX)
			return false;
	return n <= HITS_MAX;
}

static void mask_finding(struct audit *a, struct finding *f)
{
	const char *principal = f->principal;

	if (!is_public(a, f))
		mask_owned(a, f->kind, &principal);
	f->principal = (char *)(uintptr_t)principal;
	for (size_t i = 0; i < f->n_places; i++) {
		struct place *p = &f->places[i];

		mask_owned(a, f->kind, &p->name);
		p->of = masked(a, f->kind, p->of);
		p->mount = masked(a, f->kind, p->mount);
		p->source = masked(a, f->kind, p->source);
	}
}

static void mask_container(struct audit *a, struct audit_container *c)
{
	const char **texts[] = {
		&c->id, &c->name, &c->record, &c->status, &c->bundle, &c->problem
	};
	const char *incomplete = c->inventory.incomplete;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		*texts[i] = masked(a, NULL, *texts[i]);
	for (size_t i = 0; i < c->n_notes; i++)
		c->notes[i] = masked(a, NULL, c->notes[i]);
	for (size_t i = 0; i < c->n_ways; i++) {
		c->ways[i].what = masked(a, NULL, c->ways[i].what);
		c->ways[i].why = masked(a, NULL, c->ways[i].why);
	}
	for (size_t i = 0; i < c->n_redirects; i++) {
		c->redirects[i].name = masked(a, NULL, c->redirects[i].name);
		c->redirects[i].of = masked(a, NULL, c->redirects[i].of);
		c->redirects[i].to = masked(a, NULL, c->redirects[i].to);
	}
	for (size_t i = 0; i < c->n_volumes; i++) {
		c->volumes[i].path = masked(a, NULL, c->volumes[i].path);
		c->volumes[i].source = masked(a, NULL, c->volumes[i].source);
	}
	mask_owned(a, NULL, &incomplete);
	c->inventory.incomplete = (char *)(uintptr_t)incomplete;
	for (size_t i = 0; i < c->inventory.n; i++)
		mask_finding(a, &c->inventory.v[i]);
}

void audit_mask_all(struct audit *a)
{
	a->problem = masked(a, NULL, a->problem);
	for (size_t i = 0; i < a->n_containers; i++)
		mask_container(a, a->containers[i]);
}
