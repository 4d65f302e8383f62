/* SPDX-License-Identifier: Apache-2.0 */
/* Fakes of credentials: each looks like its kind to the catalogue itself and to a reader of its format, and none is twice. */
#include <config.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/json.h"
#include "config/catalogue.h"
#include "tests/unit/tap.h"

enum { DECOYS_LEAST = 25, FOUND_MAX = 16 };

static struct catalogue catalogue;

static bool is_found(const struct credential_kind *k, const struct pf_buf *b)
{
	struct catalogue_hit v[FOUND_MAX];
	size_t n = catalogue_scan(&catalogue, k, b->data ? b->data : "", b->len, v, FOUND_MAX);

	for (size_t i = 0; i < n && i < FOUND_MAX; i++)
		if (v[i].kind == k)
			return true;
	return false;
}

typedef void fake_fn(const struct credential_kind *k, struct catalogue_seed *seed,
		     struct pf_buf *ret);

/* @tokens: it must be found by content; @bytes: it must not be empty, and so differ from the next */
static void check_fake(fake_fn *fake, const struct credential_kind *k, bool tokens, bool bytes)
{
	struct catalogue_seed seed = { { 1, 2, 3, 4 } };
	auto_buf one = { 0 }, two = { 0 };

	fake(k, &seed, &one);
	fake(k, &seed, &two);
	if (one.failed || two.failed || (tokens && !is_found(k, &one)) ||
	    (tokens && !is_found(k, &two)) || (bytes && one.len == 0) ||
	    (bytes && two.len == one.len && memcmp(one.data, two.data, one.len) == 0)) {
		tap_check(false, k->id, __FILE__, __LINE__);
		printf("# {%s}\n", one.data ? one.data : "");
	}
}

/* The first line of such a file is all that is known of it. */
static bool is_plain(const struct credential_kind *k)
{
	return k->n_decoy == 0 && k->n_content > 0 &&
	       k->content[0].alphabet == CREDENTIAL_ALPHABET_NONE && !k->content[0].body;
}

static void every_file_has_a_fake_that_is_found(void)
{
	size_t decoys = 0;

	for (size_t i = 0; i < catalogue.n_kinds; i++) {
		const struct credential_kind *k = catalogue.kinds[i];

		if (k->cover != CREDENTIAL_COVER_FILE)
			continue;
		decoys += k->n_decoy > 0;
		check_fake(catalogue_fake, k, k->n_content > 0,
			   k->n_decoy + k->n_content > 0 && !is_plain(k));
	}
	CHECK_INT(decoys, >=, DECOYS_LEAST);
}

static bool has_value(const struct credential_kind *k)
{
	for (size_t i = 0; i < k->n_content; i++)
		if (k->content[i].alphabet != CREDENTIAL_ALPHABET_NONE && !k->content[i].inside &&
		    !strpbrk(k->content[i].prefix, " \""))
			return true;
	return false;
}

static void every_variable_has_a_fake_that_is_found(void)
{
	for (size_t i = 0; i < catalogue.n_kinds; i++)
		if (catalogue.kinds[i]->n_variables > 0)
			check_fake(catalogue_fake_value, catalogue.kinds[i],
				   has_value(catalogue.kinds[i]), true);
	CHECK(true);
}

static void fakes_in_json_are_json(void)
{
	struct catalogue_seed seed = { { 9 } };
	size_t n = 0;

	for (size_t i = 0; i < catalogue.n_kinds; i++) {
		const struct credential_kind *k = catalogue.kinds[i];
		struct pf_error e = PF_ERROR_INIT;
		auto_json doc = NULL;
		auto_buf b = { 0 };

		if (k->n_decoy == 0 ||
		    (strcmp(k->decoy[0], "{") != 0 && strncmp(k->decoy[0], "{\"", 2) != 0))
			continue;
		catalogue_fake(k, &seed, &b);
		if (json_parse(b.data, b.len, NULL, &doc, &e) < 0) {
			tap_check(false, k->id, __FILE__, __LINE__);
			printf("# %s\n", e.msg);
		}
		n++;
	}
	CHECK_INT(n, >=, 15);
}

static void fake(const char *id, struct pf_buf *b)
{
	struct catalogue_seed seed = { { 5, 6, 7, 8 } };

	catalogue_fake(catalogue_find(&catalogue, id), &seed, b);
}

static size_t line_length(const char *text, size_t line)
{
	for (; line > 0; line--)
		text += strcspn(text, "\n") + 1;
	return strcspn(text, "\n");
}

static void keys_are_in_armour(void)
{
	auto_buf ssh = { 0 }, tls = { 0 };

	fake("ssh-key", &ssh);
	CHECK_HAS(ssh.data,
		  "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUA");
	CHECK_HAS(ssh.data, "\n-----END OPENSSH PRIVATE KEY-----\n");
	CHECK_INT(line_length(ssh.data, 1), ==, 70);
	CHECK_INT(line_length(ssh.data, 2), ==, 70);
	fake("tls-private-key", &tls);
	CHECK_HAS(tls.data, "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI");
	CHECK_INT(line_length(tls.data, 1), ==, 64);
}

static void a_kind_of_which_nothing_is_known_has_an_empty_file(void)
{
	auto_buf b = { 0 };

	fake("keepass", &b);
	CHECK_INT(b.len, ==, 0);
	CHECK(!b.failed);
}

/* ---- templates of an operator */

#define KIND(cover, more)                                                                        \
	"{\"kinds\":[{\"id\":\"a\",\"title\":\"T\",\"class\":\"other\",\"lifetime\":\"long\","   \
	"\"source\":\"s\",\"principal\":{\"is\":\"x\",\"from\":\"unknown\"},\"paths\":[\"/a\"]," \
	"\"cover\":\"" cover "\"," more "}]}"
#define TOKENS                                                                                     \
	"\"content\":[{\"prefix\":\"acme_\",\"alphabet\":\"hex\",\"min\":6,\"max\":6},"            \
	"{\"prefix\":\"db://\",\"alphabet\":\"userinfo\",\"min\":3,\"max\":64,\"contains\":\":\"," \
	"\"then\":\"@\"}],"

static int build(const char *text, struct catalogue *c, struct pf_error *e)
{
	const struct policy_file file = { "/base.json", text, strlen(text) };

	return catalogue_build(&file, 1, c, e);
}

static void refused(const char *text, const char *why)
{
	struct pf_error e = PF_ERROR_INIT;
	struct catalogue c;
	int err = build(text, &c, &e);

	CHECK_INT(err, <, 0);
	CHECK_HAS(e.msg, why);
	if (err == 0)
		catalogue_free(&c);
}

static void a_template_says_what_can_be_made(void)
{
	refused(KIND("none", "\"decoy\":[\"x\"]"),
		"takes the place of a file, and `cover' is none");
	refused(KIND("file", "\"decoy\":[]"), "is an empty list");
	refused(KIND("file", "\"decoy\":[1]"), "/kinds/0/decoy/0: expected string");
	refused(KIND("file", "\"decoy\":[\"a\\tb\"]"), "control character");
	refused(KIND("file", "\"decoy\":[\"x\",\"a {moon} b\"]"),
		"/kinds/0/decoy/1: `{moon}' is none");
	refused(KIND("file", "\"decoy\":[\"{hex}\"]"), "`{hex}' is none");
	refused(KIND("file", "\"decoy\":[\"{hex:0}\"]"), "`{hex:0}' is none");
	refused(KIND("file", "\"decoy\":[\"{hex:4097}\"]"), "`{hex:4097}' is none");
	refused(KIND("file", "\"decoy\":[\"{hex:99999999999999999999}\"]"), "is none");
	refused(KIND("file", "\"decoy\":[\"{user:3}\"]"), "`{user:3}' is none");
	refused(KIND("file", "\"decoy\":[\"{token}\"]"), "`{token}' is none");
	refused(KIND("file", TOKENS "\"decoy\":[\"{token:3}\"]"), "`{token:3}' is none");
}

static void a_template_is_filled_in(void)
{
	static const char template[] = KIND(
		"file", TOKENS
		"\"decoy\":[\"{token}\",\"\",\"{\\\"a\\\": {}, {A} {\",\"{token:2}|{digits:7}\"]");
	struct catalogue_seed seed = { { 0 } };
	struct pf_error e = PF_ERROR_INIT;
	auto_buf b = { 0 }, value = { 0 };
	struct catalogue c;

	CHECK_INT(build(template, &c, &e), ==, 0);
	CHECK_STR(e.msg, "");
	catalogue_fake(c.kinds[0], &seed, &b);
	CHECK_INT(line_length(b.data, 0), ==, 11);
	CHECK_INT(strspn(b.data + 5, "0123456789abcdef"), ==, 6);
	CHECK_HAS(b.data, "\n\n{\"a\": {}, {A} {\ndb://");
	CHECK_HAS(b.data, "@localhost|");
	CHECK_INT(line_length(b.data, 3), ==, 5 + 24 + 10 + 1 + 7);
	catalogue_fake_value(c.kinds[0], &seed, &value);
	CHECK_INT(value.len, ==, 11);
	catalogue_free(&c);
}

int main(int argc, char **argv)
{
	struct pf_error e = PF_ERROR_INIT;

	if (catalogue_load(NULL, 0, &catalogue, &e) < 0) {
		printf("not ok 1 - %s\n1..1\n", e.msg);
		return 1;
	}
	if (argc > 2 && strcmp(argv[1], "--print") == 0 && catalogue_find(&catalogue, argv[2])) {
		auto_buf b = { 0 };

		fake(argv[2], &b);
		fputs(b.data ? b.data : "", stdout);
		catalogue_free(&catalogue);
		return 0;
	}
	RUN(every_file_has_a_fake_that_is_found);
	RUN(every_variable_has_a_fake_that_is_found);
	RUN(fakes_in_json_are_json);
	RUN(keys_are_in_armour);
	RUN(a_kind_of_which_nothing_is_known_has_an_empty_file);
	RUN(a_template_says_what_can_be_made);
	RUN(a_template_is_filled_in);
	catalogue_free(&catalogue);
	return tap_done();
}
