/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The embedded catalogue: it is what the reader accepts, in order, and every kind is found by its own examples and by no
 * near miss. tests/golden/credentials/examples.json has them: `found' true or false, and one of path, socket, variable,
 * text (of an unknown file) and own (of a file that the kind's paths name). In a text `{N}' stands for N bytes of
 * "FAKE", `{N:xyz}' for N bytes of "xyz", so that no example is or looks like a secret.
 *
 * docs/credentials.md has the table of kinds; `t_catalogue_data --print' prints it after a change of the data.
 */
#include <config.h>

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/json.h"
#include "config/catalogue.h"
#include "tests/unit/tap.h"

enum { KINDS_LEAST = 80, FOUND_MAX = 16 };

static struct catalogue catalogue;

static char *read_source(const char *name, size_t *len)
{
	const char *srcdir = getenv("abs_srcdir");
	struct pf_error e = PF_ERROR_INIT;
	char path[PATH_MAX], *text = NULL;

	snprintf(path, sizeof(path), "%s/%s", srcdir ? srcdir : ".", name);
	CHECK_INT(pf_read_file_at(AT_FDCWD, path, 4u << 20, &text, len, &e), ==, 0);
	return text;
}

/* ---- the data */

static void there_are_many_kinds_sorted_by_id(void)
{
	struct policy_file file;
	auto_json doc = NULL;
	struct pf_error e = PF_ERROR_INIT;
	const char *last = "";
	bool sorted = true;

	catalogue_builtin(&file);
	CHECK_INT(json_parse(file.text, file.len, NULL, &doc, &e), ==, 0);
	if (!doc)
		return;
	for (const struct json *n = json_get(json_root(doc), "kinds")->child; n; n = n->next) {
		const char *id = json_text(n, "id", "");

		if (strcmp(last, id) >= 0) {
			sorted = false;
			printf("# `%s' stands behind `%s'\n", id, last);
		}
		last = id;
	}
	CHECK(sorted);
	CHECK_INT(catalogue.n_kinds, >=, KINDS_LEAST);
}

static void every_class_has_a_kind(void)
{
	size_t n[CREDENTIAL_CLASS_COUNT_] = { 0 };

	for (size_t i = 0; i < catalogue.n_kinds; i++)
		n[catalogue.kinds[i]->class]++;
	for (int i = 0; i < CREDENTIAL_CLASS_COUNT_; i++)
		tap_check(n[i] > 0, credential_class_name(i), __FILE__, __LINE__);
}

/* A kind whose file is not covered refuses with the line at fault, so it must know a line when it sees one. */
static void files_that_are_not_covered_have_signatures(void)
{
	for (size_t i = 0; i < catalogue.n_kinds; i++) {
		const struct credential_kind *k = catalogue.kinds[i];

		if (k->cover == CREDENTIAL_COVER_NONE && k->n_paths > 0 && k->n_content == 0)
			tap_check(false, k->id, __FILE__, __LINE__);
	}
	CHECK(true);
}

/* ---- examples */

static void expand(const char *s, struct pf_buf *b)
{
	while (*s) {
		const char *with = "FAKE";
		char *end, own[16];
		size_t n, len;

		if (s[0] != '{' || s[1] < '1' || s[1] > '9') {
			pf_buf_add(b, s++, 1);
			continue;
		}
		n = strtoul(s + 1, &end, 10);
		if (*end == ':') {
			len = strcspn(end + 1, "}");
			snprintf(own, sizeof(own), "%.*s", (int)len, end + 1);
			with = own;
			end += 1 + len;
		}
		for (size_t i = 0; i < n; i++)
			pf_buf_add(b, &with[i % strlen(with)], 1);
		s = end + 1;
	}
}

static enum credential_place place_of(const char **path)
{
	if (strncmp(*path, "@home/", 6) != 0)
		return CREDENTIAL_AT_ROOT;
	*path += 6;
	return CREDENTIAL_AT_HOME;
}

static bool holds(const struct credential_kind *const *v, size_t n, const char *id)
{
	for (size_t i = 0; i < n && i < FOUND_MAX; i++)
		if (strcmp(v[i]->id, id) == 0)
			return true;
	return false;
}

static bool by_path(const char *path, const char *id, bool socket)
{
	const struct credential_kind *v[FOUND_MAX];
	enum credential_place place = place_of(&path);
	size_t n = socket ? catalogue_find_socket(&catalogue, place, path, v, FOUND_MAX)
			  : catalogue_find_path(&catalogue, place, path, v, FOUND_MAX);

	return holds(v, n, id);
}

static bool by_variable(const char *name, const char *id)
{
	struct catalogue_variable v[FOUND_MAX];
	size_t n = catalogue_find_variable(&catalogue, name, v, FOUND_MAX);

	for (size_t i = 0; i < n && i < FOUND_MAX; i++)
		if (strcmp(v[i].kind->id, id) == 0)
			return true;
	return false;
}

/* Long texts are looked through in another way, which must come to the same. */
static void check_in_long_text(const struct credential_kind *kind, const struct pf_buf *text,
			       const struct catalogue_hit *want, size_t n)
{
	static char longer[(64 << 10) + 1];
	struct catalogue_hit v[FOUND_MAX];
	size_t at = 40 << 10, got;
	bool same;

	memset(longer, '\n', sizeof(longer) - 1);
	memcpy(longer + at, text->data, text->len);
	got = catalogue_scan(&catalogue, kind, longer, sizeof(longer) - 1, v, FOUND_MAX);
	same = got == n;
	for (size_t i = 0; same && i < n && i < FOUND_MAX; i++)
		same = v[i].offset == want[i].offset + at && v[i].length == want[i].length &&
		       v[i].signature == want[i].signature;
	if (!same)
		CHECK(!"a long text shows something else");
}

static bool by_text(const char *text, const char *id, bool own)
{
	const struct credential_kind *kind = own ? catalogue_find(&catalogue, id) : NULL;
	struct catalogue_hit v[FOUND_MAX];
	auto_buf b = { 0 };
	size_t n;

	expand(text, &b);
	n = catalogue_scan(&catalogue, kind, b.data, b.len, v, FOUND_MAX);
	check_in_long_text(kind, &b, v, n);
	for (size_t i = 0; i < n && i < FOUND_MAX; i++)
		if (strcmp(v[i].kind->id, id) == 0)
			return true;
	return false;
}

static bool run_example(const struct json *n, const char *id, const char **ret_what)
{
	static const char *const ways[] = { "path", "socket", "variable", "text", "own" };
	const char *value = NULL;
	size_t way = 0;

	for (; way < ARRAY_SIZE(ways) && !value; way++)
		value = json_text(n, ways[way], NULL);
	*ret_what = value ? value : "an example without a way";
	switch (way) {
	case 1:
	case 2:
		return by_path(value, id, way == 2);
	case 3:
		return by_variable(value, id);
	case 4:
	case 5:
		return by_text(value, id, way == 5);
	default:
		return false;
	}
}

static void every_kind_is_found_by_its_examples_and_by_no_near_miss(void)
{
	size_t yes[CATALOGUE_KINDS_MAX] = { 0 }, no[CATALOGUE_KINDS_MAX] = { 0 }, len;
	struct pf_error e = PF_ERROR_INIT;
	auto_free char *text = read_source("tests/golden/credentials/examples.json", &len);
	auto_json doc = NULL;

	CHECK_INT(json_parse(text ? text : "", text ? len : 0, NULL, &doc, &e), ==, 0);
	for (const struct json *n = doc ? json_root(doc)->child : NULL; n; n = n->next) {
		const char *id = json_text(n, "kind", ""), *what;
		const struct json *want = json_get(n, "found");
		bool got = run_example(n, id, &what);
		char line[256];

		snprintf(line, sizeof(line), "%s: `%.*s' is%s found", id,
			 (int)strcspn(what, "\r\n"), what, want && want->boolean ? "" : " not");
		tap_check(want && got == want->boolean, line, __FILE__, __LINE__);
		for (size_t i = 0; i < catalogue.n_kinds; i++)
			if (strcmp(catalogue.kinds[i]->id, id) == 0)
				(got ? yes : no)[i]++;
	}
	for (size_t i = 0; i < catalogue.n_kinds; i++)
		if (yes[i] == 0 || no[i] == 0)
			tap_check(false, catalogue.kinds[i]->id, __FILE__, __LINE__);
}

/* What is loaded was prepared by the build; what is read with an operator's files comes to the same. */
static void as_read_from_json_every_kind_is_found_the_same_way(void)
{
	struct catalogue loaded = catalogue;
	struct pf_error e = PF_ERROR_INIT;
	struct policy_file file;

	catalogue_builtin(&file);
	CHECK_INT(catalogue_build(&file, 1, &catalogue, &e), ==, 0);
	every_kind_is_found_by_its_examples_and_by_no_near_miss();
	catalogue_free(&catalogue);
	catalogue = loaded;
}

/* What official images and everyday shells carry must not count as a credential. */
static void everyday_variables_are_none(void)
{
	static const char *const names[] = {
		"PATH",
		"HOME",
		"HOSTNAME",
		"TERM",
		"LANG",
		"LC_ALL",
		"PWD",
		"SHLVL",
		"USER",
		"GPG_KEY",
		"PYTHON_VERSION",
		"NODE_VERSION",
		"YARN_VERSION",
		"RUSTUP_HOME",
		"JAVA_HOME",
		"GOLANG_VERSION",
		"GOPATH",
		"CUDA_VERSION",
		"NVIDIA_VISIBLE_DEVICES",
		"NVIDIA_DRIVER_CAPABILITIES",
		"PYTHONUNBUFFERED",
		"PIP_NO_CACHE_DIR",
		"TZ",
		"KUBERNETES_SERVICE_HOST",
		"KUBERNETES_PORT",
		"DEBIAN_FRONTEND",
		"container",
		"LD_LIBRARY_PATH",
		"npm_config_cache",
		"CARGO_TARGET_DIR",
		"EDITOR",
		"SSH_TTY",
		"TOKENIZERS_PARALLELISM",
		"XDG_RUNTIME_DIR",
		"PYTHON_SHA256",
		"LS_COLORS",
	};
	struct catalogue_variable v[1];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		tap_check(catalogue_find_variable(&catalogue, names[i], v, 1) == 0, names[i],
			  __FILE__, __LINE__);
}

static void everyday_files_are_none(void)
{
	static const char *const paths[] = {
		"/etc/passwd",
		"/etc/hosts",
		"/etc/resolv.conf",
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/ssl/openssl.cnf",
		"/etc/ssh/ssh_config",
		"/root/.bashrc",
		"/root/.profile",
		"/home/ann/.ssh/known_hosts",
		"/home/ann/.ssh/config",
		"/usr/bin/env",
		"/run/lock",
		"/usr/share/keyrings/debian-archive-keyring.gpg",
		"/home/ann/.config/git/ignore",
		"/etc/apt/trusted.gpg.d/debian.asc",
		"/usr/lib/ssl/openssl.cnf",
		"/tmp/x",
		"/work/Makefile",
	};
	const struct credential_kind *v[1];

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		tap_check(catalogue_find_path(&catalogue, CREDENTIAL_AT_ROOT, paths[i], v, 1) == 0,
			  paths[i], __FILE__, __LINE__);
}

/* ---- what is printed */

static void the_json_is_read_back_as_the_same_catalogue(void)
{
	auto_buf one = { 0 }, two = { 0 };
	struct pf_error e = PF_ERROR_INIT;
	struct catalogue again;
	auto_buf plain = { 0 };
	struct policy_file file = { .path = "again" };

	catalogue_json(&catalogue, -1, &one);
	/* `origin' is told, not read */
	for (const char *p = one.data, *q; p && *p; p = q) {
		static const char origin[] = ",\"origin\":\"built-in\"";

		q = strstr(p, origin);
		pf_buf_add(&plain, p, q ? (size_t)(q - p) : strlen(p));
		q = q ? q + strlen(origin) : p + strlen(p);
	}
	file.text = plain.data;
	file.len = plain.len;
	CHECK_INT(catalogue_build(&file, 1, &again, &e), ==, 0);
	CHECK_STR(e.msg, "");
	catalogue_markdown(&catalogue, &one);
	catalogue_markdown(&again, &two);
	CHECK(two.data && strstr(one.data, two.data) != NULL);
	catalogue_free(&again);
}

static void the_document_is_up_to_date(void)
{
	auto_buf table = { 0 };
	size_t len;
	auto_free char *doc = read_source("docs/credentials.md", &len);

	catalogue_markdown(&catalogue, &table);
	CHECK(doc && strstr(doc, table.data) != NULL);
}

int main(int argc, char **argv)
{
	struct pf_error e = PF_ERROR_INIT;

	if (catalogue_load(NULL, 0, &catalogue, &e) < 0) {
		printf("not ok 1 - %s\n1..1\n", e.msg);
		return 1;
	}
	if (argc > 1 && strcmp(argv[1], "--print") == 0) {
		auto_buf table = { 0 };

		catalogue_markdown(&catalogue, &table);
		fputs(table.data, stdout);
		catalogue_free(&catalogue);
		return 0;
	}
	RUN(there_are_many_kinds_sorted_by_id);
	RUN(every_class_has_a_kind);
	RUN(files_that_are_not_covered_have_signatures);
	RUN(every_kind_is_found_by_its_examples_and_by_no_near_miss);
	RUN(as_read_from_json_every_kind_is_found_the_same_way);
	RUN(everyday_variables_are_none);
	RUN(everyday_files_are_none);
	RUN(the_json_is_read_back_as_the_same_catalogue);
	RUN(the_document_is_up_to_date);
	catalogue_free(&catalogue);
	return tap_done();
}
