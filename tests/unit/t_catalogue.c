/* SPDX-License-Identifier: Apache-2.0 */
/* Files of kinds, right and wrong, and the questions that scans ask, over small catalogues made here. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "config/catalogue.h"
#include "tests/unit/tap.h"

#define HEAD(id)                                                                         \
	"{\"id\":\"" id                                                                  \
	"\",\"title\":\"T\",\"class\":\"other\",\"lifetime\":\"long\",\"source\":\"s\"," \
	"\"principal\":{\"is\":\"x\",\"from\":\"unknown\"},"
#define KIND(id, more) HEAD(id) "\"cover\":\"none\"," more "}"
#define FILE_OF(kinds) "{\"kinds\":[" kinds "]}"

static struct pf_error error;

static int build(const char *text, struct catalogue *c)
{
	const struct policy_file file = { "/base.json", text, strlen(text) };

	error = (struct pf_error)PF_ERROR_INIT;
	return catalogue_build(&file, 1, c, &error);
}

static void refused(const char *text, const char *why)
{
	struct catalogue c;
	int err = build(text, &c);

	CHECK_INT(err, <, 0);
	CHECK_INT(error.kind, ==, PF_ERR_POLICY);
	CHECK_HAS(error.msg, "credentials `/base.json': ");
	CHECK_HAS(error.msg, why);
	if (err == 0)
		catalogue_free(&c);
}

static void a_file_is_refused_at_its_json_pointer(void)
{
	refused("[]", "/: expected object, found array");
	refused("{}", "`kinds' must be there");
	refused("{\"kinds\":{}}", "/kinds: expected array, found object");
	refused("{\"kinds\":[],\"version\":1}", "/version: unknown member");
	refused("{\"kinds\":[3]}", "/kinds/0: expected object, found integer");
	refused("{\"kinds\":[", "credentials");
	refused("{\"kinds\":[],\"kinds\":[]}", "/kinds: appears twice");
	refused(FILE_OF(KIND("a", "\"variables\":[\"A_B\"]") "," KIND("a",
								      "\"variables\":[\"B\"]")),
		"/kinds/1/id: `a' is the id of an earlier kind too");
}

static void a_member_is_known_and_of_its_type(void)
{
	refused(FILE_OF(KIND("a", "\"variable\":[\"A\"]")), "/kinds/0/variable: unknown member");
	refused(FILE_OF(KIND("A", "\"variables\":[\"A\"]")), "/kinds/0/id: `A' is no id");
	refused(FILE_OF(KIND("a", "\"variables\":\"A\"")), "/kinds/0/variables: expected array");
	refused(FILE_OF(KIND("a", "\"variables\":[]")), "/kinds/0/variables: is an empty list");
	refused(FILE_OF(KIND("a", "\"variables\":[1]")), "/kinds/0/variables/0: expected string");
	refused(FILE_OF(KIND("a", "\"variables\":[\"\"]")),
		"/kinds/0/variables/0: must not be empty");
	refused(FILE_OF("{\"id\":\"a\",\"class\":\"models\"}"),
		"/kinds/0/class: `models' is none of model, cloud, forge");
	refused(FILE_OF("{\"id\":\"a\",\"cover\":\"files\"}"),
		"`files' is none of none, file, dir");
	refused(FILE_OF("{\"id\":\"a\",\"lifetime\":\"\"}"), "`' is none of long, short, jwt");
	refused(FILE_OF("{\"id\":\"a\",\"title\":\"a|b\"}"), "/kinds/0/title: holds a `|'");
	refused(FILE_OF("{\"id\":\"a\",\"title\":\"a\\u001bb\"}"), "holds a control character");
	refused(FILE_OF("{\"id\":\"a\",\"principal\":{\"is\":\"x\"}}"), "`is' and `from' must be");
	refused(FILE_OF("{\"id\":\"a\",\"principal\":{\"is\":\"x\",\"from\":\"jwt\"}}"), "`field'");
	refused(FILE_OF("{\"id\":\"a\",\"principal\":{\"is\":\"x\",\"from\":\"moon\"}}"), "`moon'");
	refused(FILE_OF("{\"id\":\"a\",\"title\":\"t\"}"), "/kinds/0: `class' must be there");
}

static void a_kind_can_be_found_and_covered_as_it_says(void)
{
	refused(FILE_OF(HEAD("a") "\"cover\":\"none\"}"), "`a' could never be found");
	refused(FILE_OF(HEAD("a") "\"cover\":\"file\",\"variables\":[\"A\"]}"), "write none");
	refused(FILE_OF(KIND("a", "\"except\":[\"/a\"],\"variables\":[\"A\"]")), "without `paths'");
	refused(FILE_OF(KIND("a", "\"inspect\":[\"A\"]")), "`inspect' needs `content'");
}

static void a_path_is_plain(void)
{
#define PATH(p) FILE_OF(KIND("a", "\"paths\":[\"" p "\"]"))
	refused(PATH("etc/x"), "begins with none of `@home/', `/' and `**/'");
	refused(PATH("~/x"), "begins with none of");
	refused(PATH("@home"), "begins with none of");
	refused(PATH("/a/../b"), "holds `.' or `..'");
	refused(PATH("/a/./b"), "holds `.' or `..'");
	refused(PATH("/a//b"), "has an empty component");
	refused(PATH("/a/"), "has an empty component");
	refused(PATH("/"), "has an empty component");
	refused(PATH("/a/b**"), "`**' is a component of its own");
	refused(PATH("/a/?"), "the only patterns");
	refused(PATH("/a/[b]"), "the only patterns");
	refused(PATH("**/*"), "would match everything");
	refused(PATH("@home/*"), "would match everything");
	refused(PATH("**/a/**/b/**/c"), "more than two `**'");
	refused(PATH("/var/run/x"), "write /run");
}

static void a_variable_is_a_name(void)
{
#define VARIABLE(v) FILE_OF(KIND("a", "\"variables\":[\"" v "\"]"))
	refused(VARIABLE("A B"), "is no name of a variable");
	refused(VARIABLE("A=B"), "is no name of a variable");
	refused(VARIABLE("A_*_*"), "one `*' is known, not 2");
	refused(VARIABLE("*"), "would match nearly everything");
	refused(VARIABLE("A_*"), "would match nearly everything");
#define POINTER(p) FILE_OF(KIND("a", "\"pointers\":[" p "]"))
	refused(POINTER("\"A\""), "/kinds/0/pointers/0: expected object");
	refused(POINTER("{\"name\":\"A\"}"), "`name' and `to' must be there");
	refused(POINTER("{\"name\":\"A\",\"to\":\"moon\"}"), "`moon' is none of file, list");
	refused(POINTER("{\"name\":\"A\",\"to\":\"file\",\"below\":\"x\"}"),
		"belongs to a directory");
	refused(POINTER("{\"name\":\"A\",\"to\":\"directory\",\"below\":\"../x\"}"),
		"holds `.' or `..'");
	refused(POINTER("{\"name\":\"A\",\"to\":\"directory\",\"below\":\"/x\"}"), "relative to a");
}

static void a_signature_says_enough(void)
{
#define SIGNATURE(s) FILE_OF(KIND("a", "\"content\":[{" s "}]"))
	refused(SIGNATURE("\"min\":1"), "`prefix' must be there");
	refused(SIGNATURE("\"prefix\":\"ab\""), "at least 3 bytes");
	refused(SIGNATURE("\"prefix\":\" abcdefgh\""), "no blank");
	refused(SIGNATURE("\"prefix\":\"abc\""), "would match nearly everywhere");
	refused(SIGNATURE("\"prefix\":\"abc\",\"alphabet\":\"hex\",\"min\":4,\"max\":9"),
		"everywhere");
	refused(SIGNATURE("\"prefix\":\"abcdefgh\",\"min\":4"), "needs an alphabet");
	refused(SIGNATURE("\"prefix\":\"abcdefgh\",\"alphabet\":\"hex\""), "`max' must be there");
	refused(SIGNATURE("\"prefix\":\"abcdefgh\",\"alphabet\":\"hex\",\"min\":9,\"max\":8"),
		"`max'");
	refused(SIGNATURE("\"prefix\":\"abcdefgh\",\"alphabet\":\"hex\",\"max\":16385"),
		"/kinds/0/content/0/max: 16385 is out of range");
	refused(SIGNATURE("\"prefix\":\"abcdefgh\",\"alphabet\":\"hex\",\"max\":-1"),
		"out of range");
	refused(SIGNATURE("\"prefix\":\"abcdefgh\",\"regex\":\".*\""), "unknown member");
	refused(SIGNATURE("\"prefix\":\"abcdefgh\",\"alphabet\":\"hex\",\"max\":9,\"body\":true"),
		"`body' follows a prefix without an alphabet");
	refused(SIGNATURE("\"prefix\":\"abcdefgh\",\"scoped\":1"), "expected boolean");
}

static void what_is_too_much_is_refused(void)
{
	auto_buf list = { 0 }, kinds = { 0 }, text = { 0 }, big = { 0 };
	struct policy_file files[CATALOGUE_FILES_MAX + 1] = { 0 };
	struct catalogue c;

	pf_buf_puts(&list, "{\"kinds\":[" HEAD("a") "\"variables\":[\"A\"");
	for (size_t i = 0; i < CATALOGUE_LIST_MAX; i++)
		pf_buf_puts(&list, ",\"A\"");
	pf_buf_puts(&list, "]}]}");
	refused(list.data, "65 entries are more than 64");
	pf_buf_puts(&kinds, "{\"kinds\":[{}");
	for (size_t i = 0; i < CATALOGUE_KINDS_MAX; i++)
		pf_buf_puts(&kinds, ",{}");
	pf_buf_puts(&kinds, "]}");
	refused(kinds.data, "1025 kinds are more than 1024");
	pf_buf_puts(&text, "{\"kinds\":[{\"title\":\"");
	for (size_t i = 0; i <= CATALOGUE_TEXT_MAX; i++)
		pf_buf_puts(&text, "x");
	pf_buf_puts(&text, "\"}]}");
	refused(text.data, "is longer than 255 bytes");
	for (size_t i = 0; i <= CATALOGUE_FILE_BYTES; i++)
		pf_buf_puts(&big, " ");
	refused(big.data, "1048576");
	CHECK_INT(catalogue_load(files, CATALOGUE_FILES_MAX + 1, &c, &error), <, 0);
	CHECK_HAS(error.msg, "65 files are more than 64");
}

/* ---- files over files */

static void an_operators_file_adds_kinds_or_replaces_one(void)
{
	static const char one[] = FILE_OF(KIND("zz-own", "\"variables\":[\"ACME_PASS\"]"));
	static const char two[] = FILE_OF(KIND("npm-token", "\"variables\":[\"ONLY_THIS\"]"));
	const struct policy_file files[] = { { "/d/1.json", one, strlen(one) },
					     { "/d/2.json", two, strlen(two) } };
	struct pf_error e = PF_ERROR_INIT;
	struct catalogue_variable v[1];
	struct catalogue c, plain;

	CHECK_INT(catalogue_load(NULL, 0, &plain, &e), ==, 0);
	CHECK_INT(catalogue_load(files, 2, &c, &e), ==, 0);
	CHECK_INT(c.n_kinds, ==, plain.n_kinds + 1);
	CHECK(catalogue_find(&c, "zz-own") != NULL);
	CHECK(catalogue_find(&plain, "zz-own") == NULL);
	CHECK_STR(catalogue_find(&c, "npm-token")->origin, "/d/2.json");
	CHECK_STR(catalogue_find(&c, "npmrc")->origin, "built-in");
	CHECK_INT(catalogue_find_variable(&c, "ONLY_THIS", v, 1), ==, 1);
	/* replaced whole: what the embedded kind knew is gone, and only the name still looks like a secret */
	CHECK_INT(catalogue_find_variable(&c, "NPM_TOKEN", v, 1), ==, 1);
	CHECK_STR(v[0].kind->id, "secret-like-variable");
	catalogue_free(&c);
	catalogue_free(&plain);
}

static void two_files_with_one_id_are_refused(void)
{
	static const char text[] = FILE_OF(KIND("zz-own", "\"variables\":[\"ACME_PASS\"]"));
	const struct policy_file files[] = { { "/d/1.json", text, strlen(text) },
					     { "/d/2.json", text, strlen(text) } };
	struct pf_error e = PF_ERROR_INIT;
	struct catalogue c;

	CHECK_INT(catalogue_load(files, 2, &c, &e), <, 0);
	CHECK_STR(
		e.msg,
		"credentials `/d/2.json': /kinds/0/id: `zz-own' is defined by `/d/1.json' too: keep one");
	CHECK_INT(c.n_docs, ==, 0);
}

/* ---- questions */

static bool matches(enum credential_place at, const char *pattern, bool dir,
		    enum credential_place place, const char *path)
{
	const struct credential_path p = { at, pattern };

	return catalogue_path_matches(&p, dir, place, path);
}

static void patterns_match_as_they_are_written(void)
{
	const enum credential_place home = CREDENTIAL_AT_HOME, root = CREDENTIAL_AT_ROOT,
				    any = CREDENTIAL_AT_ANY;

	CHECK(matches(home, ".a/b", false, home, ".a/b"));
	CHECK(!matches(home, ".a/b", false, home, ".a/b/c"));
	CHECK(!matches(home, ".a/b", false, home, ".a"));
	CHECK(!matches(home, ".a/b", false, home, ".a/bc"));
	CHECK(matches(home, ".a/b", true, home, ".a/b/c/d"));
	CHECK(!matches(home, ".a/b", true, home, ".a/bc/d"));
	CHECK(matches(home, "x/*.key", false, home, "x/a.b.key"));
	CHECK(!matches(home, "x/*.key", false, home, "x/y/a.key"));
	CHECK(matches(home, "a*b*c", false, home, "aXbXbXc"));
	CHECK(!matches(home, "a*b*c", false, home, "aXcXb"));
	CHECK(matches(any, "**/.env", false, root, "/.env"));
	CHECK(matches(any, "**/.env", false, root, "/a/b/.env"));
	CHECK(matches(any, "**/.env", false, home, ".env"));
	CHECK(!matches(any, "**/.env", false, root, "/a/x.env"));
	CHECK(matches(root, "a/**/b/**/c", false, root, "/a/b/c"));
	CHECK(matches(root, "a/**/b/**/c", false, root, "/a/x/b/b/y/c"));
	CHECK(!matches(root, "a/**/b/**/c", false, root, "/a/x/c"));
	CHECK(matches(root, "a/**", false, root, "/a/b/c"));
	/* places */
	CHECK(matches(home, ".x", false, root, "/root/.x"));
	CHECK(matches(home, ".x", false, root, "/home/ann/.x"));
	CHECK(!matches(home, ".x", false, root, "/home/.x"));
	CHECK(!matches(home, ".x", false, root, "/srv/.x"));
	CHECK(!matches(home, ".x", false, any, ".x"));
	CHECK(!matches(root, "etc/x", false, home, "etc/x"));
	CHECK(matches(root, "run/x", false, root, "/var/run/x"));
	CHECK(!matches(root, "run/x", false, root, "/"));
	CHECK(!matches(root, "run/x", false, root, ""));
}

static void an_exact_name_wins_over_patterns_and_the_longest_of_those(void)
{
	struct catalogue_variable v[4] = { 0 };
	struct catalogue c;

	CHECK_INT(
		build(FILE_OF(KIND("a", "\"variables\":[\"*_TOKEN\"]") "," KIND(
			      "b",
			      "\"variables\":[\"ACME_*_TOKEN\",\"ACME_X_TOKEN\"]") "," KIND("c",
											    "\"variables\":[\"ACME_X_TOKEN\"]")),
		      &c),
		==, 0);
	CHECK_INT(catalogue_find_variable(&c, "ACME_X_TOKEN", v, 4), ==, 2);
	CHECK_STR(v[0].kind->id, "b");
	CHECK_STR(v[1].kind->id, "c");
	CHECK_INT(catalogue_find_variable(&c, "ACME_Y_TOKEN", v, 4), ==, 1);
	CHECK_STR(v[0].kind->id, "b");
	CHECK_INT(catalogue_find_variable(&c, "B_TOKEN", v, 4), ==, 1);
	CHECK_STR(v[0].kind->id, "a");
	CHECK_INT(catalogue_find_variable(&c, "_TOKEN", v, 4), ==, 0);
	CHECK_INT(catalogue_find_variable(&c, "", v, 4), ==, 0);
	CHECK_INT(catalogue_find_variable(&c, "ACME_X_TOKEN", v, 0), ==, 2);
	catalogue_free(&c);
}

#define SIGN(id, signature) KIND(id, "\"content\":[{" signature "}]")

/* To the formatter joined literals are one line. */
/* clang-format off */
static const char scan_kinds[] = FILE_OF(
	SIGN("long", "\"prefix\":\"tok-long-\",\"alphabet\":\"hex\",\"min\":4,\"max\":4") ","
	SIGN("short", "\"prefix\":\"tok-\",\"alphabet\":\"base64url\",\"min\":8,\"max\":12") ","
	SIGN("lines", "\"prefix\":\"pass = \",\"alphabet\":\"text\",\"min\":1,\"max\":9,\"scoped\":true") ","
	SIGN("url", "\"prefix\":\"db://\",\"alphabet\":\"userinfo\",\"min\":3,\"max\":64,"
		    "\"contains\":\":\",\"then\":\"@\""));
/* clang-format on */

static void check_scan(const struct catalogue *c, const char *kind, const char *text,
		       const char *want)
{
	struct catalogue_hit v[4];
	auto_buf got = { 0 };
	size_t n =
		catalogue_scan(c, kind ? catalogue_find(c, kind) : NULL, text, strlen(text), v, 4);

	for (size_t i = 0; i < n && i < 4; i++)
		pf_buf_printf(&got, "%s%s@%zu+%zu", i > 0 ? " " : "", v[i].kind->id, v[i].offset,
			      v[i].length);
	tap_check_str(text, got.data ? got.data : "", want, __FILE__, __LINE__);
}

static void a_scan_finds_kind_place_and_length(void)
{
	struct catalogue c;

	CHECK_INT(build(scan_kinds, &c), ==, 0);
	check_scan(&c, NULL, "", "");
	check_scan(&c, NULL, "tok-", "");
	check_scan(&c, NULL, "tok-12345678", "short@0+12");
	check_scan(&c, NULL, "x=tok-12345678 tok-87654321;", "short@2+12 short@15+12");
	check_scan(&c, NULL, "tok-1234567890123", "");
	/* the longest prefix that holds */
	check_scan(&c, NULL, "tok-long-beef", "long@0+13");
	check_scan(&c, NULL, "tok-long-xyz", "short@0+12");
	/* words, and the escapes that only look like one */
	check_scan(&c, NULL, "atok-12345678", "");
	check_scan(&c, NULL, "\\ntok-12345678", "short@2+12");
	check_scan(&c, NULL, "%3Dtok-12345678", "short@3+12");
	/* a blank of the prefix is any number of blanks, but not without end */
	check_scan(&c, NULL, "pass = fake", "");
	check_scan(&c, "lines", "pass = fake", "lines@0+11");
	check_scan(&c, "lines", "pass=fake", "lines@0+9");
	check_scan(&c, "lines", "pass \t =\tfake", "lines@0+13");
	check_scan(&c, "lines", "pass          =fake", "");
	check_scan(&c, "short", "pass = fake", "");
	check_scan(&c, NULL, "db://ann:fake@host/x", "url@0+13");
	check_scan(&c, NULL, "db://host:5432/x@y", "");
	check_scan(&c, NULL, "db://ann@host", "");
	check_scan(&c, NULL, "db://ann:${PASSWORD}@host", "");
	check_scan(&c, NULL, "tok-12345678\xff\xfe db://a:b@", "short@0+12 url@15+8");
	catalogue_free(&c);
}

/* Nothing behind the end is read: the copy has no room for it, and the sanitizers watch. */
static void a_scan_ends_where_the_text_ends(void)
{
	static const char text[] = "pass = fake db://ann:fake@host tok-long-beef tok-12345678";
	struct catalogue c;

	CHECK_INT(build(scan_kinds, &c), ==, 0);
	for (size_t len = 0; len < sizeof(text); len++) {
		auto_free char *copy = malloc(len > 0 ? len : 1);
		struct catalogue_hit v[8];
		size_t n;

		if (!copy)
			break;
		memcpy(copy, text, len);
		n = catalogue_scan(&c, catalogue_find(&c, "lines"), copy, len, v, 8);
		for (size_t i = 0; i < n; i++)
			if (v[i].offset + v[i].length > len)
				CHECK(false);
	}
	CHECK(true);
	catalogue_free(&c);
}

int main(void)
{
	RUN(a_file_is_refused_at_its_json_pointer);
	RUN(a_member_is_known_and_of_its_type);
	RUN(a_kind_can_be_found_and_covered_as_it_says);
	RUN(a_path_is_plain);
	RUN(a_variable_is_a_name);
	RUN(a_signature_says_enough);
	RUN(what_is_too_much_is_refused);
	RUN(an_operators_file_adds_kinds_or_replaces_one);
	RUN(two_files_with_one_id_are_refused);
	RUN(patterns_match_as_they_are_written);
	RUN(an_exact_name_wins_over_patterns_and_the_longest_of_those);
	RUN(a_scan_finds_kind_place_and_length);
	RUN(a_scan_ends_where_the_text_ends);
	return tap_done();
}
