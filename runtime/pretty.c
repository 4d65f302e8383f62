/* SPDX-License-Identifier: Apache-2.0 */
/* Line breaks and indents for JSON that this program has made: composers write it compact, people read it. */
#include <config.h>

#include "runtime/pretty.h"

#include <string.h>

static void new_line(struct pf_buf *b, const char *indent, unsigned int depth)
{
	pf_buf_puts(b, "\n");
	while (depth-- > 0)
		pf_buf_puts(b, indent);
}

/* The length of the string at @s with both quotes. */
static size_t string_len(const char *s)
{
	size_t n = 1;

	while (s[n] && s[n] != '"')
		n += s[n] == '\\' && s[n + 1] ? 2 : 1;
	return n + (s[n] == '"');
}

static bool is_empty_pair(const char *s)
{
	return !strncmp(s, "[]", 2) || !strncmp(s, "{}", 2);
}

void pretty_json(struct pf_buf *b, const char *compact, const char *indent)
{
	unsigned int depth = 0;
	size_t n;

	for (const char *s = compact; *s; s += n) {
		n = *s == '"' ? string_len(s) : is_empty_pair(s) ? 2 : 1;
		if (n == 1 && (*s == '}' || *s == ']') && depth > 0)
			new_line(b, indent, --depth);
		pf_buf_add(b, s, n);
		if (n > 1)
			continue;
		if (*s == '{' || *s == '[')
			new_line(b, indent, ++depth);
		else if (*s == ',')
			new_line(b, indent, depth);
		else if (*s == ':')
			pf_buf_puts(b, " ");
	}
	pf_buf_puts(b, "\n");
}

void pretty_list(struct pf_buf *b, const char *const *names)
{
	pf_buf_puts(b, "[");
	for (size_t i = 0; names[i]; i++) {
		pf_buf_puts(b, i ? "," : "");
		pf_buf_json(b, names[i]);
	}
	pf_buf_puts(b, "]");
}
