/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a set holds: endpoint_sets.tsv, embedded, and read where it lies, line by line, when somebody asks. It is short, and
 * asked only by a policy that names a set. tests/unit/t_endpoint_sets.c reads every line of it, so that a mistake in the
 * file fails the build's tests and not a container: here a line that does not parse is not there.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/endpoint.h"

extern const char endpoint_sets_blob[], endpoint_sets_blob_end[];

enum { COLUMNS = 4 };

struct row {
	const char *column[COLUMNS];
	int len[COLUMNS];
};

/* The next line that is no comment, cut at its tabs; *@at moves behind it. */
static bool next_row(size_t *at, struct row *ret)
{
	while (endpoint_sets_blob + *at < endpoint_sets_blob_end) {
		const char *line = endpoint_sets_blob + *at;
		size_t len = strcspn(line, "\n");
		int n = 0;

		*at += len + 1;
		if (line[0] != '@')
			continue;
		for (const char *p = line; n < COLUMNS && p <= line + len; n++) {
			ret->column[n] = p;
			ret->len[n] = (int)strcspn(p, "\t\n");
			p += ret->len[n] + 1;
		}
		if (n == COLUMNS)
			return true;
	}
	return false;
}

static bool is(const struct row *row, int column, const char *text)
{
	return (size_t)row->len[column] == strlen(text) &&
	       memcmp(row->column[column], text, strlen(text)) == 0;
}

bool endpoint_set_each(size_t *at, struct endpoint_set *ret)
{
	struct row row;

	while (next_row(at, &row)) {
		if (!is(&row, 1, "source"))
			continue;
		(void)snprintf(ret->name, sizeof(ret->name), "%.*s", row.len[0], row.column[0]);
		ret->date = row.column[2];
		ret->date_len = row.len[2];
		ret->source = row.column[3];
		ret->source_len = row.len[3];
		return true;
	}
	return false;
}

bool endpoint_set_next(const char *name, size_t *at, struct endpoint_member *ret)
{
	struct pf_error e = PF_ERROR_INIT;
	struct row row;

	while (next_row(at, &row)) {
		if (!is(&row, 0, name) || is(&row, 1, "source"))
			continue;
		ret->public_upload = is(&row, 1, "public");
		if (endpoint_parse(row.column[2], (size_t)row.len[2], &ret->endpoint, &e) == 0)
			return true;
	}
	return false;
}

bool endpoint_set_exists(const char *name)
{
	struct row row;

	for (size_t at = 0; next_row(&at, &row);)
		if (is(&row, 0, name))
			return true;
	return false;
}
