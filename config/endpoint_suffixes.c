/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Public Suffix List, for one question: may everybody register a name directly below this one? A `*.' entry above
 * such a name would open to a stranger. The list is some nine thousand sorted lines of text, embedded, and asked only for
 * `*.' entries, so it is searched by halving the text itself: no index, nothing that is built or kept.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "config/endpoint.h"

extern const char suffixes_blob[], suffixes_blob_end[];

/* Where the rules begin: behind the comments. */
static const char *skip_head(void)
{
	const char *at = suffixes_blob;

	while (*at == '#')
		at = (const char *)memchr(at, '\n', (size_t)(suffixes_blob_end - at)) + 1;
	return at;
}

/* Compare a line with @rule, byte by byte, as the lines are sorted. */
static int compare(const char *line, size_t len, const char *rule)
{
	size_t n = strlen(rule);
	int order = memcmp(line, rule, len < n ? len : n);

	return order != 0 ? order : (len > n) - (len < n);
}

/* Lines between @from and @to; @mid is moved back to the beginning of its own. */
static bool has_rule(const char *rule)
{
	const char *from = skip_head(), *to = suffixes_blob_end;

	while (from < to) {
		const char *mid = from + (to - from) / 2, *end;
		int order;

		while (mid > from && mid[-1] != '\n')
			mid--;
		end = memchr(mid, '\n', (size_t)(suffixes_blob_end - mid));
		order = compare(mid, (size_t)(end - mid), rule);
		if (order == 0)
			return true;
		if (order < 0)
			from = end + 1;
		else
			to = mid;
	}
	return false;
}

static bool has_marked(const char *mark, const char *name)
{
	char rule[ENDPOINT_NAME_MAX + 4];

	return snprintf(rule, sizeof(rule), "%s%s", mark, name) < (int)sizeof(rule) &&
	       has_rule(rule);
}

bool endpoint_suffix_is_public(const char *name)
{
	const char *parent = strchr(name, '.');

	if (has_marked("!", name))
		return false;
	/* a name in the root is one even if no rule knows it; what `*.' stands before has suffixes directly below */
	return !parent || has_rule(name) || has_marked("*.", parent + 1) || has_marked("*.", name);
}
