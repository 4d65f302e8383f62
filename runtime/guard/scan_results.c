/* SPDX-License-Identifier: Apache-2.0 */
/* What the child that reads answered, into the inventory. It is hostile: its one text is judged again here. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "config/principal.h"
#include "runtime/guard/scan_parts.h"

uint32_t scan_kind_index(const struct catalogue *c, const struct credential_kind *kind)
{
	size_t low = 0, high = c->n_kinds;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int r = strcmp(c->kinds[mid]->id, kind->id);

		if (r == 0)
			return (uint32_t)mid;
		if (r < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return SCAN_NO_KIND;
}

/* A directory that is covered whole is one credential, whatever lies in it. */
struct finding *scan_find_directory(const struct inventory *inv, const struct credential_kind *kind,
				    const char *path)
{
	for (size_t i = 0; i < inv->n; i++) {
		const struct finding *f = &inv->v[i];

		for (size_t p = 0; f->kind == kind && p < f->n_places; p++) {
			size_t len = strlen(f->places[p].name);

			if (f->places[p].type == PLACE_DIRECTORY &&
			    strncmp(path, f->places[p].name, len) == 0 && path[len] == '/')
				return &inv->v[i];
		}
	}
	return NULL;
}

/* Of several in one directory the one that lasts longest is what the directory is worth. */
static void set_lifetime(struct finding *f, const struct scan_record *r)
{
	if (r->lifetime != (uint32_t)f->kind->lifetime)
		f->lifetime = (enum credential_lifetime)r->lifetime;
	if (r->expires > f->expires)
		f->expires = r->expires;
}

static int set_details(const struct scan_results *s, struct finding *f, const struct scan_record *r,
		       struct pf_error *e)
{
	set_lifetime(f, r);
	if (!credential_principal_is_public(s->catalogue, f->kind, r->text, r->text_len))
		return 0;
	return inventory_set_principal(f, r->text, r->text_len, e);
}

int scan_results_take(struct scan_results *s, const struct scan_file *f,
		      const struct scan_record *r, struct pf_error *e)
{
	const struct credential_kind *kind = s->catalogue->kinds[r->kind];
	bool by_content = r->flags & SCAN_BY_CONTENT;
	struct finding *finding = NULL;
	struct place place;

	if (f->beside != SCAN_NO_KIND)
		return r->kind == f->beside && f->finding < s->inv->n
			       ? set_details(s, &s->inv->v[f->finding], r, e)
			       : 0;
	/* of a file that may hold more than the secret, the name tells nothing */
	if (!by_content && kind->cover == CREDENTIAL_COVER_NONE)
		return 0;
	if (kind->cover == CREDENTIAL_COVER_DIR)
		finding = scan_find_directory(s->inv, kind, f->path);
	if (!finding) {
		view_place(s->view, f->path, &f->file, &place);
		place.line = r->line;
		STEP(inventory_add(s->inv, kind, by_content ? FOUND_BY_CONTENT : FOUND_BY_NAME,
				   &place, &finding, e));
	}
	return finding ? set_details(s, finding, r, e) : 0;
}

void scan_results_done(struct scan_results *s, const struct scan_file *f,
		       const struct scan_record *r)
{
	if (r->flags & SCAN_UNREADABLE)
		inventory_incomplete(s->inv, "`%s' could not be read", f->path);
	else if ((r->flags & SCAN_PARTIAL) && f->file.size > f->bytes)
		inventory_incomplete(s->inv, "`%s' was read up to %llu bytes", f->path,
				     (unsigned long long)f->bytes);
	else if (r->flags & SCAN_MORE)
		inventory_incomplete(s->inv, "`%s' holds more credentials than are told apart",
				     f->path);
}
