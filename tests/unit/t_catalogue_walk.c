/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk of directories beside the tree of patterns: it says of every path what each kind's own patterns say when they
 * are matched one by one. Paths are the golden examples, those that the patterns themselves are made of, and random ones.
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

enum { RANDOM_PATHS = 10000, FOUND_MAX = 64, WALK_DEPTH = 32 };

static struct catalogue catalogue;

/* ---- what the walk must say */

static bool any_of(const struct credential_path *v, size_t n, bool dir, enum credential_place place,
		   const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (catalogue_path_matches(&v[i], dir, place, path))
			return true;
	return false;
}

static bool is_excepted(const struct credential_kind *k, enum credential_place place,
			const char *path)
{
	return any_of(k->except, k->n_except, true, place, path);
}

/* @whole: what lies in a directory that is covered counts */
static void expect(const struct catalogue *c, enum credential_place place, const char *path,
		   bool whole, struct pf_buf *b)
{
	for (size_t i = 0; i < c->n_kinds; i++) {
		const struct credential_kind *k = c->kinds[i];
		bool dir = k->cover == CREDENTIAL_COVER_DIR;

		if (any_of(k->paths, k->n_paths, whole && dir, place, path) &&
		    !is_excepted(k, place, path))
			pf_buf_printf(b, "%s %s\n", k->id, dir ? "tree" : "file");
		if (any_of(k->sockets, k->n_sockets, false, place, path))
			pf_buf_printf(b, "%s socket\n", k->id);
	}
}

/* ---- what it says */

static void walk(const struct catalogue *c, enum credential_place place, const char *path,
		 struct pf_buf *b)
{
	static const char *const types[] = { "file", "tree", "socket" };
	struct catalogue_cursor cursors[WALK_DEPTH];
	struct catalogue_leaf leaves[FOUND_MAX];
	auto_free char *copy = strdup(path);
	char *name = copy, *slash;
	size_t depth = 0, n;

	catalogue_root(c, place, &cursors[0]);
	while (name && (slash = strchr(name, '/')) && depth + 1 < WALK_DEPTH) {
		*slash = '\0';
		if (slash[1] == '\0') /* a slash at the end says nothing */
			break;
		(void)catalogue_enter(&cursors[depth], name, &cursors[depth + 1]);
		depth++;
		name = slash + 1;
	}
	n = catalogue_leaf(&cursors[depth], name ? name : "", leaves, FOUND_MAX);
	for (size_t i = 0; i < n && i < FOUND_MAX; i++)
		pf_buf_printf(b, "%s %s\n", leaves[i].kind->id, types[leaves[i].type]);
}

static void find(const struct catalogue *c, enum credential_place place, const char *path,
		 struct pf_buf *b)
{
	const struct credential_kind *paths[FOUND_MAX], *sockets[FOUND_MAX];
	size_t n = catalogue_find_path(c, place, path, paths, FOUND_MAX), at = 0;
	size_t m = catalogue_find_socket(c, place, path, sockets, FOUND_MAX);

	for (size_t i = 0; i < n; i++) {
		bool dir = paths[i]->cover == CREDENTIAL_COVER_DIR;

		while (at < m && strcmp(sockets[at]->id, paths[i]->id) < 0)
			pf_buf_printf(b, "%s socket\n", sockets[at++]->id);
		pf_buf_printf(b, "%s %s\n", paths[i]->id, dir ? "tree" : "file");
	}
	while (at < m)
		pf_buf_printf(b, "%s socket\n", sockets[at++]->id);
}

static bool same(const struct pf_buf *got, const struct pf_buf *want)
{
	const char *g = got->data ? got->data : "", *w = want->data ? want->data : "";

	return strcmp(g, w) == 0;
}

/* @ret_hit: is it something? */
static bool agrees(const struct catalogue *c, enum credential_place place, const char *path,
		   bool *ret_hit)
{
	auto_buf want = { 0 }, whole = { 0 }, walked = { 0 }, found = { 0 };
	bool ok;

	expect(c, place, path, false, &want);
	expect(c, place, path, true, &whole);
	walk(c, place, path, &walked);
	find(c, place, path, &found);
	ok = same(&walked, &want) && same(&found, &whole);
	if (!ok)
		printf("# place %d `%s': walked {%s}, want {%s}; found {%s}, want {%s}\n", place,
		       path, walked.data ? walked.data : "", want.data ? want.data : "",
		       found.data ? found.data : "", whole.data ? whole.data : "");
	*ret_hit = whole.len > 0;
	return ok;
}

/* ---- paths */

static char *read_source(const char *name, size_t *len)
{
	const char *srcdir = getenv("abs_srcdir");
	struct pf_error e = PF_ERROR_INIT;
	char path[PATH_MAX], *text = NULL;

	snprintf(path, sizeof(path), "%s/%s", srcdir ? srcdir : ".", name);
	CHECK_INT(pf_read_file_at(AT_FDCWD, path, 4u << 20, &text, len, &e), ==, 0);
	return text;
}

static void examples_are_walked_to(void)
{
	struct pf_error e = PF_ERROR_INIT;
	size_t len, bad = 0, n = 0;
	auto_free char *text = read_source("tests/golden/credentials/examples.json", &len);
	auto_json doc = NULL;
	bool hit;

	CHECK_INT(json_parse(text ? text : "", text ? len : 0, NULL, &doc, &e), ==, 0);
	for (const struct json *x = doc ? json_root(doc)->child : NULL; x; x = x->next) {
		const char *path = json_text(x, "path", json_text(x, "socket", NULL));

		if (!path)
			continue;
		n++;
		if (strncmp(path, "@home/", 6) == 0)
			bad += !agrees(&catalogue, CREDENTIAL_AT_HOME, path + 6, &hit);
		else
			bad += !agrees(&catalogue, CREDENTIAL_AT_ROOT, path + strspn(path, "/"),
				       &hit);
	}
	CHECK_INT(bad, ==, 0);
	CHECK_INT(n, >, 200);
}

/* The same numbers in every run, so that a failure can be had again. */
static uint32_t pick(uint32_t below)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % below;
}

static void add_component(struct pf_buf *b, const char *pattern)
{
	static const char *const odd[] = { "x",    "home", "root",  "var",    "run",
					   ".env", "*",    "a.pub", ".ssh",   "user",
					   "keys", "1000", "id_x",  "x.sock", "config" };
	size_t len = strcspn(pattern, "/");

	if (pick(8) == 0) {
		pf_buf_puts(b, odd[pick(ARRAY_SIZE(odd))]);
		return;
	}
	if (len == 2 && strncmp(pattern, "**", 2) == 0) {
		for (uint32_t n = pick(3); n > 0; n--)
			pf_buf_puts(b, pick(2) ? "x/" : "b/");
		pf_buf_puts(b, odd[pick(ARRAY_SIZE(odd))]);
		return;
	}
	for (size_t i = 0; i < len; i++)
		if (pattern[i] != '*')
			pf_buf_add(b, &pattern[i], 1);
		else if (pick(4))
			pf_buf_puts(b, pick(2) ? "z" : "0.a");
}

/* A path that a pattern could mean, with some of it changed, left out or put behind. */
static void random_path(const struct catalogue *c, struct pf_buf *b)
{
	const char *p = c->entries[pick((uint32_t)c->n_entries)].path->pattern;

	if (pick(4) == 0)
		pf_buf_puts(b, pick(2) ? "home/ann/" : pick(2) ? "root/" : "var/run/");
	for (;;) {
		if (pick(16))
			add_component(b, p);
		else
			pf_buf_puts(b, "y");
		p += strcspn(p, "/");
		if (*p == '\0' || pick(24) == 0)
			break;
		pf_buf_puts(b, "/");
		p++;
	}
	if (pick(4) == 0)
		pf_buf_puts(b, pick(2) ? "/below" : "/id_rsa");
}

static void random_paths_are_walked_to(const struct catalogue *c)
{
	size_t bad = 0, hits = 0;

	for (size_t i = 0; i < RANDOM_PATHS && bad < 10; i++) {
		auto_buf b = { 0 };
		bool hit = false;

		random_path(c, &b);
		bad += !agrees(c, (enum credential_place)pick(CREDENTIAL_AT_ANY + 1),
			       b.data ? b.data : "", &hit);
		hits += hit;
	}
	CHECK_INT(bad, ==, 0);
	CHECK_INT(hits, >, RANDOM_PATHS / 10);
}

static void random_paths_of_the_embedded_catalogue_are_walked_to(void)
{
	random_paths_are_walked_to(&catalogue);
}

#define HEAD(id)                                                                         \
	"{\"id\":\"" id                                                                  \
	"\",\"title\":\"T\",\"class\":\"other\",\"lifetime\":\"long\",\"source\":\"s\"," \
	"\"principal\":{\"is\":\"x\",\"from\":\"unknown\"},"
#define KIND(id, cover, more) HEAD(id) "\"cover\":\"" cover "\"," more "}"
#define FILE_OF(kinds)        "{\"kinds\":[" kinds "]}"

static int build(const char *text, struct catalogue *c, struct pf_error *e)
{
	const struct policy_file file = { "/base.json", text, strlen(text) };

	return catalogue_build(&file, 1, c, e);
}

/* To the formatter joined literals are one line. */
/* clang-format off */
static const char star_kinds[] = FILE_OF(
	KIND("a", "file", "\"paths\":[\"/x/**/x/**/x\",\"/x/*/x\",\"/x/x/x\",\"/b/**\",\"/b/**/**\"],"
			  "\"except\":[\"**/x/b\",\"/x/0.a\"]") ","
	KIND("b", "dir", "\"paths\":[\"@home/**/x/b\",\"**/x/*b*/z\",\"/x/**/b\",\"@home/b\"],"
			 "\"except\":[\"@home/x/**/b\",\"/home/*/b/x\"]") ","
	KIND("c", "none", "\"paths\":[\"@home/x*\",\"@home/*x\",\"@home/x*/b\",\"@home/*x/b\",\"/var/*/x\"],"
			  "\"sockets\":[\"**/x/x/x\",\"@home/x\",\"/x/**\"]"));
/* clang-format on */

static void stars_that_overlap_are_all_followed(void)
{
	struct pf_error e = PF_ERROR_INIT;
	struct catalogue c;

	CHECK_INT(build(star_kinds, &c, &e), ==, 0);
	CHECK_STR(e.msg, "");
	random_paths_are_walked_to(&c);
	catalogue_free(&c);
}

/* ---- walks by names */

/* As a home's: patterns of any directory are looked for in each. */
static size_t count_by_names(const struct catalogue *c, const char *path, size_t *ret_depth)
{
	struct catalogue_cursor cursors[2];
	auto_free char *copy = strdup(path);
	char *name = copy, *slash;
	size_t at = 0;

	*ret_depth = 1;
	catalogue_begin(c, &cursors[0]);
	catalogue_add(&cursors[0], CREDENTIAL_AT_HOME);
	catalogue_add(&cursors[0], CREDENTIAL_AT_ANY);
	while (name && (slash = strchr(name, '/')) && slash[1]) {
		*slash = '\0';
		(void)catalogue_enter(&cursors[at], name, &cursors[!at]);
		at = !at;
		catalogue_add(&cursors[at], CREDENTIAL_AT_ANY);
		(*ret_depth)++;
		name = slash + 1;
	}
	if (name)
		name[strcspn(name, "/")] = '\0';
	return catalogue_leaf(&cursors[at], name ? name : "", NULL, 0);
}

static size_t count_by_listing(const struct catalogue *c, const char *path)
{
	auto_buf b = { 0 };
	size_t n = 0;

	walk(c, CREDENTIAL_AT_HOME, path, &b);
	for (size_t i = 0; i < b.len; i++)
		n += b.data[i] == '\n';
	return n;
}

static void walks_by_names_say_the_same(const struct catalogue *c)
{
	size_t bad = 0, hits = 0, far = 0;

	for (size_t i = 0; i < RANDOM_PATHS && bad < 10; i++) {
		auto_buf b = { 0 };
		size_t depth, want, got;

		random_path(c, &b);
		want = count_by_listing(c, b.data ? b.data : "");
		got = count_by_names(c, b.data ? b.data : "", &depth);
		bad += depth <= CATALOGUE_STARS_MAX ? got != want : got > want;
		hits += got > 0;
		far += got < want;
	}
	CHECK_INT(bad, ==, 0);
	CHECK_INT(hits, >, RANDOM_PATHS / 20);
	printf("# of %d random paths %zu lay too deep\n", RANDOM_PATHS, far);
}

static void a_walk_by_names_says_what_one_of_trees_does(void)
{
	struct pf_error e = PF_ERROR_INIT;
	struct catalogue c;

	walks_by_names_say_the_same(&catalogue);
	CHECK_INT(build(star_kinds, &c, &e), ==, 0);
	walks_by_names_say_the_same(&c);
	catalogue_free(&c);
}

/* ---- the order, the bound */

static bool lies_in(const struct catalogue_entry *entry, const struct catalogue_entry *like,
		    size_t dir)
{
	return entry->path->place == like->path->place &&
	       strncmp(entry->path->pattern, like->path->pattern, dir) == 0;
}

static void patterns_that_share_a_directory_stand_together(void)
{
	const struct catalogue_entry *v = catalogue.entries;
	size_t strangers = 0;

	CHECK_INT(catalogue.n_entries, >, 400);
	for (size_t i = 0; i < catalogue.n_entries; i++) {
		const char *slash = strrchr(v[i].path->pattern, '/');
		size_t dir = slash ? (size_t)(slash + 1 - v[i].path->pattern) : 0;
		size_t last = catalogue.n_entries - 1;

		while (!lies_in(&v[last], &v[i], dir))
			last--;
		for (size_t j = i; j < last; j++)
			strangers += !lies_in(&v[j], &v[i], dir);
	}
	CHECK_INT(strangers, ==, 0);
}

static void more_stars_than_a_cursor_has_room_for_are_refused(void)
{
	auto_buf b = { 0 };
	struct pf_error e = PF_ERROR_INIT;
	struct catalogue c;

	for (int most = CATALOGUE_LIVE_MAX - 3; most <= CATALOGUE_LIVE_MAX - 2; most++) {
		pf_buf_free(&b);
		b = (struct pf_buf){ 0 };
		pf_buf_puts(&b, "{\"kinds\":[");
		for (int i = 0; i <= most; i++)
			pf_buf_printf(&b, "%s" KIND("k%d", "none", "\"paths\":[\"@home/%d*/x\"]"),
				      i > 0 ? "," : "", i, i);
		pf_buf_puts(&b, "]}");
		if (most == CATALOGUE_LIVE_MAX - 3) {
			CHECK_INT(build(b.data, &c, &e), ==, 0);
			catalogue_free(&c);
		} else {
			CHECK_INT(build(b.data, &c, &e), <, 0);
			CHECK_INT(e.kind, ==, PF_ERR_POLICY);
			CHECK_HAS(e.msg, "127 directories in patterns have a `*'");
		}
	}
}

int main(void)
{
	struct pf_error e = PF_ERROR_INIT;

	if (catalogue_load(NULL, 0, &catalogue, &e) < 0) {
		printf("not ok 1 - %s\n1..1\n", e.msg);
		return 1;
	}
	RUN(examples_are_walked_to);
	RUN(random_paths_of_the_embedded_catalogue_are_walked_to);
	RUN(stars_that_overlap_are_all_followed);
	RUN(a_walk_by_names_says_what_one_of_trees_does);
	RUN(patterns_that_share_a_directory_stand_together);
	RUN(more_stars_than_a_cursor_has_room_for_are_refused);
	catalogue_free(&catalogue);
	return tap_done();
}
