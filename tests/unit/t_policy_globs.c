/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of paths: which are refused, and what the others match. */
#include <config.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "config/policy_globs.h"
#include "tests/unit/tap.h"

static bool matches(const char *pattern, const char *path)
{
	struct pf_error e = PF_ERROR_INIT;
	struct glob g;

	if (glob_check(pattern, &e) < 0)
		printf("# %s: %s\n", pattern, e.msg);
	glob_parse(pattern, &g);
	return glob_matches_path(&g, path);
}

static const struct {
	const char *pattern, *path;
	bool yes;
} patterns[] = {
	{ "/a/b", "/a/b", true },
	{ "/a/b", "/a", false },
	{ "/a/b", "/a/b/c", false },
	{ "/a/*", "/a/b", true },
	{ "/a/*", "/a", false },
	{ "/a/*", "/a/b/c", false },
	{ "/a/*", "/a/.env", true },
	{ "/a/.env*", "/a/.env", true },
	{ "/a/.env*", "/a/.env.local", true },
	{ "/a/.env*", "/a/env", false },
	{ "/a/*.pem", "/a/x.pem", true },
	{ "/a/*.pem", "/a/.pem", true },
	{ "/a/*.pem", "/a/x.pem.txt", false },
	{ "/a/*a*b*c", "/a/xaybzabc", true },
	{ "/a/*a*b*c", "/a/xaybzcb", false },
	{ "/a/?", "/a/b", true },
	{ "/a/?", "/a/bc", false },
	{ "/a/?", "/a/\xc3\xa9", true },
	{ "/a/??", "/a/\xc3\xa9", false },
	{ "/a/??", "/a/\xc3\xc3", true },
	{ "/a/?", "/a/\xe2\x82\xac", true },
	{ "/a/?", "/a/\xf0\x9f\x94\x91", true },
	{ "/a/*\xc3\xa9", "/a/caf\xc3\xa9", true },
	{ "/a/[ab]c", "/a/bc", true },
	{ "/a/[ab]c", "/a/cc", false },
	{ "/a/[!ab]", "/a/c", true },
	{ "/a/[!ab]", "/a/a", false },
	{ "/a/[^ab]", "/a/b", false },
	{ "/a/[!a]", "/a/\xc3\xa9", true },
	{ "/a/[0-9a-f]", "/a/d", true },
	{ "/a/[0-9a-f]", "/a/g", false },
	{ "/a/[]x]", "/a/]", true },
	{ "/a/[!]x]", "/a/]", false },
	{ "/a/[[]id]", "/a/[id]", true },
	{ "/a/[a-]", "/a/-", true },
	{ "/a/[-a]", "/a/-", true },
	{ "/a/[*]", "/a/*", true },
	{ "/a/[*]", "/a/x", false },
	{ "/a/[?]x", "/a/?x", true },
	{ "/a/\\*", "/a/\\x", true },
	{ "/**/.env", "/.env", true },
	{ "/**/.env", "/a/b/c/.env", true },
	{ "/**/.env", "/a/.env/b", false },
	{ "/a/**/b/**/c", "/a/b/c", true },
	{ "/a/**/b/**/c", "/a/x/b/y/z/c", true },
	{ "/a/**/b/**/c", "/a/x/y/c", false },
	{ "/a/**/**/b", "/a/b", true },
	{ "/a/**", "/a", true },
	{ "/a/**", "/a/b/c", true },
	{ "/a/**", "/b", false },
	{ "/a/*/**", "/a", false },
	{ "/a/**/x*/y", "/a/x1/x2/y", true },
	{ "/a/x\ny*", "/a/x\nyz", true },
	{ "/**", "/", true },
};

static void patterns_match_what_they_say(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (matches(patterns[i].pattern, patterns[i].path) != patterns[i].yes)
			CHECK_STR(patterns[i].path, patterns[i].pattern);
	CHECK(ARRAY_SIZE(patterns) > 50);
}

static void what_no_pattern_can_mean_is_refused(void)
{
	static const struct {
		const char *pattern, *why;
	} rows[] = {
		{ "/a/**b", "`**' stands alone between slashes" },
		{ "/a/b**", "`**' stands alone between slashes" },
		{ "/a/***", "`**' stands alone between slashes" },
		{ "/a/[b", "has no `]' in the same name" },
		{ "/a/[b/c]", "has no `]' in the same name" },
		{ "/a/[]", "has no `]' in the same name" },
		{ "/a/[!]", "has no `]' in the same name" },
		{ "/a/[z-a]", "runs backwards" },
		{ "/a/[\xc3\xa9]", "ASCII characters only" },
	};
	char deep[4 * GLOB_PARTS_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pf_error e = PF_ERROR_INIT;

		CHECK_INT(glob_check(rows[i].pattern, &e), <, 0);
		CHECK_INT(e.kind, ==, PF_ERR_POLICY);
		CHECK_HAS(e.msg, rows[i].why);
	}
	for (size_t i = 0; i <= GLOB_PARTS_MAX; i++)
		memcpy(deep + 2 * i, "/*", 3);
	CHECK_INT(glob_check(deep, &(struct pf_error)PF_ERROR_INIT), <, 0);
	deep[2 * (size_t)GLOB_PARTS_MAX] = '\0';
	CHECK_INT(glob_check(deep, &(struct pf_error)PF_ERROR_INIT), ==, 0);
}

static void a_walk_knows_when_nothing_below_can_match(void)
{
	struct glob g;
	glob_states s;

	glob_parse("/w/*/x/[ab]", &g);
	CHECK_INT(glob_literal_parts(&g), ==, 1);
	s = glob_start(&g, 1);
	CHECK(s && !glob_matches(&g, s));
	s = glob_step(&g, s, "any");
	CHECK_INT(glob_step(&g, s, "y"), ==, 0);
	s = glob_step(&g, glob_step(&g, s, "x"), "a");
	CHECK(glob_matches(&g, s));
	CHECK_INT(glob_step(&g, s, "z"), ==, 0);
	glob_parse("/w/**", &g);
	CHECK(glob_matches(&g, glob_start(&g, 1)));
	CHECK(glob_is("/a*") && glob_is("/a?") && glob_is("/[a]") && !glob_is("/a\\b]"));
}

/* Each star of a pattern is tried again at every place of the name: together that must not multiply. */
static void many_stars_are_decided_at_once(void)
{
	char pattern[256] = "/", name[256] = "/";

	for (size_t i = 0; i < 60; i++)
		memcpy(pattern + 1 + 2 * i, "*a", 3);
	memset(name + 1, 'a', 250);
	name[250] = 'b';
	name[251] = '\0';
	CHECK(!matches(pattern, name));
	memcpy(pattern, "/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/b", 41);
	memcpy(name, "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/c", 43);
	CHECK(!matches(pattern, name));
}

int main(void)
{
	RUN(patterns_match_what_they_say);
	RUN(what_no_pattern_can_mean_is_refused);
	RUN(a_walk_knows_when_nothing_below_can_match);
	RUN(many_stars_are_decided_at_once);
	return tap_done();
}
