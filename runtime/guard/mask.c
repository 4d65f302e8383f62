/* SPDX-License-Identifier: Apache-2.0 */
/* Names that are secrets: a file called as its token, a mount source with a password in it. */
#include <config.h>

#include "runtime/guard/mask.h"

#include <string.h>

enum { HITS_MAX = 32 };

/* What a path is cut at, and a path in a sentence of ours. */
static bool is_edge(char c)
{
	return strchr("/ \t\n`'", c) != NULL;
}

bool mask_text(const struct catalogue *c, const struct credential_kind *kind, const char *text,
	       struct pf_buf *b)
{
	struct catalogue_hit hits[HITS_MAX];
	size_t len = strlen(text), at = 0;
	size_t n = catalogue_scan(c, kind, text, len, hits, HITS_MAX);

	if (n > HITS_MAX) {
		pf_buf_puts(b, "<masked>");
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		size_t from = hits[i].offset, to = hits[i].offset + hits[i].length;

		while (from > at && !is_edge(text[from - 1]))
			from--;
		while (to < len && !is_edge(text[to]))
			to++;
		if (to <= at) /* within a component that is masked already */
			continue;
		pf_buf_add(b, text + at, from > at ? from - at : 0);
		pf_buf_printf(b, "<masked:%s>", hits[i].kind->id);
		at = to;
	}
	pf_buf_puts(b, text + at);
	return n > 0;
}
