/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pattern and a path, with a NUL between. What the automaton says must be what two slower ways say: fnmatch(3) for one
 * name, and trying every split for `**'.
 */
#include <config.h>

#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "config/policy_globs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static bool is_ascii(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] >= 0x80)
			return false;
	return true;
}

static bool one_matches(const struct glob *g, size_t i, const char *name)
{
	struct glob one = { .part = { g->part[i] }, .len = { g->len[i] }, .n = 1 };
	bool ret = glob_matches(&one, glob_step(&one, glob_start(&one, 0), name));
	char part[256];

	if (g->len[i] >= sizeof(part) || memchr(g->part[i], '[', g->len[i]) ||
	    !is_ascii(g->part[i], g->len[i]) || !is_ascii(name, strlen(name)))
		return ret;
	memcpy(part, g->part[i], g->len[i]);
	part[g->len[i]] = '\0';
	require(ret == (fnmatch(part, name, FNM_NOESCAPE) == 0));
	return ret;
}

static bool slow(const struct glob *g, size_t i, char *const *names, size_t n)
{
	if (i == g->n)
		return n == 0;
	if (g->len[i] == 2 && memcmp(g->part[i], "**", 2) == 0) {
		for (size_t skip = 0; skip <= n; skip++)
			if (slow(g, i + 1, names + skip, n - skip))
				return true;
		return false;
	}
	return n > 0 && one_matches(g, i, names[0]) && slow(g, i + 1, names + 1, n - 1);
}

static void compare(const struct glob *g, char *path)
{
	bool fast = glob_matches_path(g, path);
	char *names[8], *save = NULL;
	size_t n = 0;

	for (char *w = strtok_r(path, "/", &save); w; w = strtok_r(NULL, "/", &save)) {
		if (n == 8 || strlen(w) > 255)
			return;
		names[n++] = w;
	}
	if (g->n <= 8)
		require(slow(g, 0, names, n) == fast);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), pattern[4096], path[4096];
	struct pf_error e = PF_ERROR_INIT;
	struct glob g;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (strlen(text) < size && pf_path_normalise(text, pattern, sizeof(pattern)) == 0 &&
	    pf_path_normalise(text + strlen(text) + 1, path, sizeof(path)) == 0 &&
	    glob_check(pattern, &e) == 0) {
		glob_parse(pattern, &g);
		require(g.n <= GLOB_PARTS_MAX && glob_literal_parts(&g) <= g.n);
		compare(&g, path);
	}
	free(text);
	return 0;
}
