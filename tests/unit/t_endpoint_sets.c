/* SPDX-License-Identifier: Apache-2.0 */
/* Every line of config/endpoint_sets.tsv, as the grammar and the reader see it. */
#include <config.h>

#include <limits.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "config/endpoint.h"
#include "tests/unit/tap.h"

static void each_set_has_a_source_and_entries(void)
{
	static const char *const names[] = { "@npm",    "@pypi",      "@crates",
					     "@go",     "@debian",    "@github",
					     "@vscode", "@anthropic", "@openai" };
	struct endpoint_set set;
	size_t at = 0, n = 0;

	for (; endpoint_set_each(&at, &set); n++) {
		struct endpoint_member m;
		size_t in = 0;

		CHECK_STR(set.name, n < ARRAY_SIZE(names) ? names[n] : "no more");
		CHECK_INT(set.date_len, ==, 10);
		CHECK(strncmp(set.source, "https://", 8) == 0 && set.source_len > 12);
		CHECK(endpoint_set_next(set.name, &in, &m));
	}
	CHECK_INT(n, ==, ARRAY_SIZE(names));
}

/* What the reader would leave out is found here: each line is read with the grammar alone. */
static void each_line_is_an_entry_in_its_own_spelling(void)
{
	const char *top = getenv("srcdir");
	char path[PATH_MAX], line[1024];
	size_t lines = 0, members = 0;
	struct endpoint_set set;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/config/endpoint_sets.tsv", top ? top : ".");
	f = fopen(path, "re");
	CHECK(f != NULL);
	while (f && fgets(line, sizeof(line), f)) {
		char *p = line, *name = strsep(&p, "\t"), *mark = strsep(&p, "\t");
		char *entry = strsep(&p, "\t"), spelt[ENDPOINT_TEXT_MAX] = "";
		struct pf_error e = PF_ERROR_INIT;
		struct endpoint ep;

		if (line[0] == '#')
			continue;
		CHECK(name[0] == '@' && mark && entry && p && strlen(p) > 3 && !strchr(p, '\t'));
		if (!mark || !entry || strcmp(mark, "source") == 0)
			continue;
		CHECK(strcmp(mark, "public") == 0 || strcmp(mark, "vendor") == 0);
		if (endpoint_parse(entry, strlen(entry), &ep, &e) == 0)
			endpoint_print(&ep, spelt);
		tap_check_str(e.msg, spelt, entry, __FILE__, __LINE__);
		CHECK(ep.kind == ENDPOINT_NAME || ep.kind == ENDPOINT_BELOW);
		lines++;
	}
	if (f)
		fclose(f);
	for (size_t at = 0; endpoint_set_each(&at, &set);) {
		struct endpoint_member m;

		for (size_t in = 0; endpoint_set_next(set.name, &in, &m);)
			members++;
	}
	CHECK_INT(members, ==, lines);
}

static bool is_public(const char *set, const char *name)
{
	struct endpoint_member m;

	for (size_t at = 0; endpoint_set_next(set, &at, &m);)
		if (strcmp(m.endpoint.name, name) == 0)
			return m.public_upload;
	tap_check(false, name, __FILE__, __LINE__);
	return false;
}

static void uploads_are_marked(void)
{
	CHECK(is_public("@npm", "registry.npmjs.org"));
	CHECK(is_public("@github", "api.github.com"));
	CHECK(!is_public("@pypi", "files.pythonhosted.org"));
	CHECK(!is_public("@debian", "deb.debian.org"));
}

static void a_name_is_a_set_or_none(void)
{
	struct endpoint_member m;
	size_t at = 0;

	CHECK(endpoint_set_exists("@npm"));
	CHECK(!endpoint_set_exists("@np"));
	CHECK(!endpoint_set_exists("@npmx"));
	CHECK(!endpoint_set_exists("npm"));
	CHECK(!endpoint_set_exists(""));
	CHECK(!endpoint_set_next("@np", &at, &m));
}

int main(void)
{
	RUN(each_set_has_a_source_and_entries);
	RUN(each_line_is_an_entry_in_its_own_spelling);
	RUN(uploads_are_marked);
	RUN(a_name_is_a_set_or_none);
	return tap_done();
}
