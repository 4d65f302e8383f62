/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of `credentials.allow': what each means, what it allows, and what is no entry. */
#include <config.h>

#include <errno.h>

#include "base/cleanup.h"
#include "config/catalogue.h"
#include "tests/unit/tap.h"

static struct catalogue catalogue;

static void refused(const char *entry, const char *why)
{
	struct pf_error e = PF_ERROR_INIT;
	struct credential_allow a = { .text = "untouched" };

	CHECK_INT(catalogue_allow_read(&catalogue, entry, &a, &e), <, 0);
	CHECK_INT(e.kind, ==, PF_ERR_POLICY);
	CHECK_HAS(e.msg, why);
	CHECK_STR(a.text, "untouched");
}

static void what_is_no_entry_is_refused(void)
{
	refused("", "is neither a kind");
	refused("npm", "`npm' is neither a kind (`pinfold credentials' lists them)");
	refused("NPM-TOKEN", "is neither a kind");
	refused("npm-token ", "is neither a kind");
	refused("@home/.npmrc", "is neither a kind");
	refused("class:", "no such class");
	refused("class:models", "`class:models': no such class");
	refused("class:Model", "no such class");
	refused("env:", "is not the name of one variable");
	refused("env:1A", "is not the name of one variable");
	refused("env:A=B", "is not the name of one variable");
	refused("env:A_*", "is not the name of one variable");
	refused("/", "`/' would allow every file");
	refused("/a/../b", "is not written plainly");
	refused("/a/", "is not written plainly");
	refused("/a/*", "patterns are not known here");
}

static bool allows(const char *entry, const char *kind, const char *variable, const char *path)
{
	const struct credential_found found = { catalogue_find(&catalogue, kind), variable, path };
	struct pf_error e = PF_ERROR_INIT;
	struct credential_allow a;

	CHECK_INT(catalogue_allow_read(&catalogue, entry, &a, &e), ==, 0);
	return catalogue_allows(&a, 1, &found);
}

static void an_entry_allows_what_it_names_and_nothing_else(void)
{
	CHECK(allows("npm-token", "npm-token", "NPM_TOKEN", NULL));
	CHECK(!allows("npm-token", "npmrc", NULL, "/root/.npmrc"));
	CHECK(allows("class:model", "anthropic-api-key", "ANTHROPIC_API_KEY", NULL));
	CHECK(!allows("class:model", "github-token", "GITHUB_TOKEN", NULL));
	CHECK(!allows("class:forge", "anthropic-api-key", "ANTHROPIC_API_KEY", NULL));
	CHECK(allows("env:NPM_TOKEN", "npm-token", "NPM_TOKEN", NULL));
	CHECK(!allows("env:NPM_TOKEN", "npm-token", "NPM_TOKEN2", NULL));
	CHECK(!allows("env:NPM_TOKEN", "npm-token", NULL, "/NPM_TOKEN"));
	CHECK(allows("/work/.npmrc", "npmrc", NULL, "/work/.npmrc"));
	CHECK(allows("/work", "npmrc", NULL, "/work/a/.npmrc"));
	CHECK(!allows("/work", "npmrc", NULL, "/workshop/.npmrc"));
	CHECK(!allows("/work/.npmrc", "npm-token", "NPM_TOKEN", NULL));
	/* a kind that is not known is allowed by no class */
	CHECK(!allows("class:other", "no-such-kind", "X", NULL));
}

static void no_entry_allows_nothing(void)
{
	const struct credential_found found = { catalogue_find(&catalogue, "npmrc"), NULL, "/x" };

	CHECK(!catalogue_allows(NULL, 0, &found));
}

int main(void)
{
	struct pf_error e = PF_ERROR_INIT;

	if (catalogue_load(NULL, 0, &catalogue, &e) < 0) {
		printf("not ok 1 - %s\n1..1\n", e.msg);
		return 1;
	}
	RUN(what_is_no_entry_is_refused);
	RUN(an_entry_allows_what_it_names_and_nothing_else);
	RUN(no_entry_allows_nothing);
	catalogue_free(&catalogue);
	return tap_done();
}
