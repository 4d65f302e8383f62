/* SPDX-License-Identifier: Apache-2.0 */
/* The table of docs/compatibility.md, from the rows by which config.json is read. A unit test compares the two. */
#include <config.h>

#include <stdio.h>

#include "config/oci_internal.h"

#define NAME_MAX_LEN 128

static const char *status_of(const struct field *f, bool refused)
{
	if (refused || f->kind == FIELD_REFUSED)
		return "refused";
	return f->kind == FIELD_IGNORED ? "ignored" : "honoured";
}

/* What stands between the name of a field and the names of its parts. */
static const char *joint(const struct field *f)
{
	if (f->kind == FIELD_ARRAY || (f->flags & FIELD_OF_LIST))
		return "[].";
	return f->flags & FIELD_OF_MAP ? "{}." : ".";
}

/* Recursion by table: as deep as the tables are nested in the source. */
static void add_rows(struct pf_buf *b, const char *prefix, const struct fields *table, bool refused)
{
	char name[NAME_MAX_LEN];
	size_t i;

	for (i = 0; i < table->n; i++) {
		const struct field *f = &table->rows[i];
		bool now = refused || f->kind == FIELD_REFUSED;

		pf_buf_printf(b, "| `%s%s` | %s | %s |\n", prefix, f->name, status_of(f, refused),
			      f->note ? f->note : "");
		if (!f->sub)
			continue;
		(void)snprintf(name, sizeof(name), "%s%s%s", prefix, f->name, joint(f));
		add_rows(b, name, f->sub, now);
	}
}

void config_compat_table(struct pf_buf *b)
{
	pf_buf_puts(b, "| field | status | note |\n|---|---|---|\n");
	add_rows(b, "", &oci_config_fields, false);
}
