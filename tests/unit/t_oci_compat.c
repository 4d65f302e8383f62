/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docs/compatibility.md says what the reader does: its table is the generated one, and it has a row for every field of
 * the specification. After a change of the reader's tables: `t_oci_compat --print' prints the new table.
 */
#include <config.h>

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "config/oci_internal.h"
#include "tests/unit/spec_fields.h"
#include "tests/unit/tap.h"

static struct pf_buf table;

static void every_field_of_the_specification_has_a_row(void)
{
	char row[160];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(spec_fields); i++) {
		snprintf(row, sizeof(row), "\n| `%s` | ", spec_fields[i]);
		CHECK_HAS(table.data, row);
	}
}

static void no_row_is_there_twice(void)
{
	const char *row = strstr(table.data, "\n| `"), *end;
	char name[160];

	for (; row; row = strstr(end, "\n| `")) {
		end = strstr(row + 4, "` | ");
		if (!end || (size_t)(end - row) >= sizeof(name))
			break;
		memcpy(name, row, (size_t)(end - row) + 2);
		name[end - row + 2] = '\0';
		CHECK(strstr(end, name) == NULL);
	}
}

static void what_is_not_honoured_says_why(void)
{
	CHECK(strstr(table.data, " | refused |  |\n| `vm") == NULL);
	CHECK(strstr(table.data, " | ignored |  |\n") == NULL);
}

static void the_document_is_up_to_date(void)
{
	const char *srcdir = getenv("abs_srcdir");
	static char doc[1 << 18];
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/docs/compatibility.md", srcdir ? srcdir : ".");
	f = fopen(path, "re");
	CHECK(f != NULL);
	if (!f)
		return;
	doc[fread(doc, 1, sizeof(doc) - 1, f)] = '\0';
	fclose(f);
	CHECK(strstr(doc, table.data) != NULL);
}

int main(int argc, char **argv)
{
	config_compat_table(&table);
	if (table.failed || !table.data)
		return 1;
	if (argc > 1 && strcmp(argv[1], "--print") == 0) {
		fputs(table.data, stdout);
		return 0;
	}
	RUN(every_field_of_the_specification_has_a_row);
	RUN(no_row_is_there_twice);
	RUN(what_is_not_honoured_says_why);
	RUN(the_document_is_up_to_date);
	pf_buf_free(&table);
	return tap_done();
}
