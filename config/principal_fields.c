/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A member's value, found without a parser for the language that the file is in: a name where a name can begin, then a
 * colon, an equals sign or, at the beginning of a line, blanks; then a value. Five parsers would read the same few
 * files more exactly, and be five times what hostile bytes meet.
 */
#include <config.h>

#include <string.h>

#include "config/principal_parts.h"

enum { VALUE_MAX = 4096, BACK_MAX = 512 };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

static size_t skip_blanks(struct span t, size_t at)
{
	while (at < t.len && is_blank(t.v[at]))
		at++;
	return at;
}

/* A name begins a line, or stands behind a quote, a bracket or a comma; in YAML also behind a dash. */
static bool begins_name(struct span t, size_t at)
{
	while (at > 0 && is_blank(t.v[at - 1]))
		at--;
	return at == 0 || strchr("\n\r{,[\"'-;<", t.v[at - 1]) != NULL;
}

static bool is_first_word(struct span t, size_t at)
{
	while (at > 0 && is_blank(t.v[at - 1]))
		at--;
	return at == 0 || t.v[at - 1] == '\n' || t.v[at - 1] == '\r';
}

/* `machine HOST login NAME', on one line or several: names and values are words in turn. */
static bool in_netrc_line(struct span t, size_t at)
{
	size_t begin = at;

	while (begin > 0 && at - begin < BACK_MAX && t.v[begin - 1] != '\n')
		begin--;
	begin = skip_blanks(t, begin);
	return at > 0 && is_blank(t.v[at - 1]) &&
	       (at - begin > 8 && (memcmp(t.v + begin, "machine ", 8) == 0 ||
				   memcmp(t.v + begin, "default ", 8) == 0));
}

static struct span quoted(struct span t, size_t at)
{
	char quote = t.v[at++];
	size_t end = at;

	while (end < t.len && end - at < VALUE_MAX && t.v[end] != quote && t.v[end] != '\n' &&
	       t.v[end] != '\\')
		end++;
	if (end == t.len || t.v[end] != quote)
		return (struct span){ t.v + at, 0 }; /* cut, or with an escape in it */
	return (struct span){ t.v + at, end - at };
}

static struct span bare(struct span t, size_t at)
{
	size_t end = at;

	while (end < t.len && end - at < VALUE_MAX && !strchr("\n\r,;#{}[]\"'", t.v[end]))
		end++;
	return span_trim((struct span){ t.v + at, end - at });
}

static struct span word(struct span t, size_t at)
{
	size_t end = at;

	while (end < t.len && end - at < VALUE_MAX && !is_blank(t.v[end]) && t.v[end] != '\n' &&
	       t.v[end] != '\r')
		end++;
	return (struct span){ t.v + at, end - at };
}

/* <name>value</name> */
static struct span element(struct span t, size_t at)
{
	size_t end = at;

	while (end < t.len && end - at < VALUE_MAX && t.v[end] != '<')
		end++;
	return span_trim((struct span){ t.v + at, end - at });
}

/* @at: behind the name. */
static bool value_at(struct span t, size_t name, size_t at, struct span *ret)
{
	size_t behind = at < t.len && is_quote(t.v[at]) ? at + 1 : at;

	if (name > 0 && t.v[name - 1] == '<' && at < t.len && t.v[at] == '>') {
		*ret = element(t, at + 1);
		return true;
	}
	behind = skip_blanks(t, behind);
	if (behind < t.len && (t.v[behind] == ':' || t.v[behind] == '=')) {
		behind = skip_blanks(t, behind + 1);
		*ret = behind < t.len && is_quote(t.v[behind]) ? quoted(t, behind)
							       : bare(t, behind);
		return true;
	}
	if (at < t.len && is_blank(t.v[at]) && behind < t.len &&
	    (is_first_word(t, name) || in_netrc_line(t, name))) {
		*ret = is_quote(t.v[behind]) ? quoted(t, behind) : word(t, behind);
		return true;
	}
	return false;
}

bool principal_field(struct span text, const char *name, size_t *at, struct span *ret)
{
	size_t len = strlen(name);

	for (size_t i = span_find(text, *at, name); i < text.len;
	     i = span_find(text, i + 1, name)) {
		if (!begins_name(text, i) && !in_netrc_line(text, i))
			continue;
		if (!value_at(text, i, i + len, ret))
			continue;
		*at = (size_t)(ret->v - text.v) + ret->len;
		if (*at <= i)
			*at = i + 1;
		return true;
	}
	return false;
}

/* A list of members: their names stand in it. */
static void from_list(const struct principal_text *t, struct principal_list *l, size_t at)
{
	struct span value;

	while (principal_field(t->text, "name", &at, &value))
		if (value.len > 0 && !principal_list_add(t, l, value))
			return;
}

void principal_from_field(const struct principal_text *t, struct credential_details *d)
{
	struct principal_list l = { .n = 0 };
	struct span value;
	size_t at = 0;

	while (principal_field(t->text, t->kind->principal.field, &at, &value)) {
		if (value.len == 0) {
			from_list(t, &l, at);
			break;
		}
		if (!principal_list_add(t, &l, value))
			break;
	}
	principal_set(t, d, (struct span){ l.text, l.len });
}
