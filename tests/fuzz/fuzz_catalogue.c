/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of credential kinds and what is looked for in them, all hostile. The input is cut at NUL bytes: two files of
 * kinds, the second over the first; a text, a path, a variable's name and an entry of `credentials.allow'.
 *
 * What is accepted must be in order and be found by what it says of itself; hits lie in the text, one behind the other;
 * a count does not depend on the room for answers. The embedded catalogue meets the same text, path and name.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "config/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECES = 6, FOUND_MAX = 8 };

struct pieces {
	char *text; /* owned */
	const char *v[PIECES];
};

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void cut(const uint8_t *data, size_t size, struct pieces *p)
{
	char *at, *end;
	size_t n = 0;

	p->text = malloc(size + 1);
	require(p->text);
	memcpy(p->text, data, size);
	p->text[size] = '\0';
	end = p->text + size;
	for (at = p->text; at <= end && n < PIECES; at += strlen(at) + 1)
		p->v[n++] = at;
	while (n < PIECES)
		p->v[n++] = "";
}

static void check_scan(const struct catalogue *c, const struct credential_kind *kind,
		       const char *text)
{
	struct catalogue_hit v[FOUND_MAX];
	size_t len = strlen(text), n = catalogue_scan(c, kind, text, len, v, FOUND_MAX), at = 0;

	require(n == catalogue_scan(c, kind, text, len, NULL, 0));
	for (size_t i = 0; i < n && i < FOUND_MAX; i++) {
		require(v[i].offset >= at && v[i].length > 0);
		at = v[i].offset + v[i].length;
		require(at <= len && v[i].length <= CATALOGUE_TEXT_MAX * 9 + CATALOGUE_VALUE_MAX);
		require(!v[i].signature->scoped || v[i].kind == kind);
	}
}

static size_t count_matches(const struct credential_path *v, size_t n, enum credential_place place,
			    const char *path)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += catalogue_path_matches(&v[i], false, place, path);
	return found;
}

static bool is_excepted(const struct credential_kind *k, enum credential_place place,
			const char *path)
{
	for (size_t i = 0; i < k->n_except; i++)
		if (catalogue_path_matches(&k->except[i], true, place, path))
			return true;
	return false;
}

/* A walk along @path comes to what the patterns say, one by one. */
static void check_walk(const struct catalogue *c, enum credential_place place, const char *path)
{
	struct catalogue_cursor cursors[2];
	struct catalogue_names it = { 0 };
	char *copy = strdup(path), *name = copy, *slash;
	size_t at = 0, want = 0;

	require(copy);
	name += strspn(name, "/");
	catalogue_root(c, place, &cursors[0]);
	while ((slash = strchr(name, '/')) && slash[1]) {
		*slash = '\0';
		(void)catalogue_enter(&cursors[at], name, &cursors[!at]);
		at = !at;
		name = slash + 1;
		require(cursors[at].n <= CATALOGUE_LIVE_MAX);
	}
	name[strcspn(name, "/")] = '\0';
	for (size_t i = 0; i < c->n_kinds; i++) {
		const struct credential_kind *k = c->kinds[i];

		want += count_matches(k->paths, k->n_paths, place, path) > 0 &&
			!is_excepted(k, place, path);
		want += count_matches(k->sockets, k->n_sockets, place, path) > 0;
	}
	/* of /var/run as a directory more than one name is true */
	if (strncmp(path + strspn(path, "/"), "var/run/", 8) != 0)
		require(!*copy || catalogue_leaf(&cursors[at], name, NULL, 0) == want);
	while (catalogue_next_name(&cursors[at], &it))
		require(it.name[0] && !strchr(it.name, '/'));
	free(copy);
}

/* A walk by names never finds what one of trees would not, and has room for as many places as it may have. */
static void check_walk_by_names(const struct catalogue *c, const char *path)
{
	struct catalogue_cursor trees[2], names[2];
	char *copy = strdup(path), *name = copy, *slash;
	size_t at = 0;

	require(copy);
	name += strspn(name, "/");
	catalogue_root(c, CREDENTIAL_AT_HOME, &trees[0]);
	catalogue_begin(c, &names[0]);
	catalogue_add(&names[0], CREDENTIAL_AT_HOME);
	while ((slash = strchr(name, '/')) && slash[1]) {
		*slash = '\0';
		catalogue_add(&names[at], CREDENTIAL_AT_ANY);
		(void)catalogue_enter(&trees[at], name, &trees[!at]);
		(void)catalogue_enter(&names[at], name, &names[!at]);
		at = !at;
		name = slash + 1;
	}
	name[strcspn(name, "/")] = '\0';
	require(catalogue_leaf(&names[at], name, NULL, 0) <=
		catalogue_leaf(&trees[at], name, NULL, 0));
	catalogue_add(&names[at], CREDENTIAL_AT_HOME);
	catalogue_add(&names[at], CREDENTIAL_AT_ROOT);
	require(names[at].n < CATALOGUE_LIVE_MAX + CATALOGUE_HOMES_MAX);
	free(copy);
}

static void check_names(const struct catalogue *c, const char *path, const char *name)
{
	const struct catalogue_entry *entries[FOUND_MAX];
	const struct credential_kind *kinds[FOUND_MAX];
	struct catalogue_variable v[FOUND_MAX];

	for (int place = CREDENTIAL_AT_HOME; place <= CREDENTIAL_AT_ANY; place++) {
		enum credential_place at = (enum credential_place)place;

		require(catalogue_find_path(c, at, path, kinds, FOUND_MAX) <= c->n_kinds);
		require(catalogue_find_socket(c, at, path, kinds, FOUND_MAX) <= c->n_kinds);
		check_walk(c, at, path);
	}
	check_walk_by_names(c, path);
	require(catalogue_find_any_name(c, name, entries, FOUND_MAX) <= c->n_entries);
	require(catalogue_find_variable(c, name, v, FOUND_MAX) ==
		catalogue_find_variable(c, name, NULL, 0));
}

static void check_fakes(const struct credential_kind *k)
{
	struct catalogue_seed seed = { { 1, 2, 3 } };
	struct pf_buf b = { 0 };

	catalogue_fake(k, &seed, &b);
	require(!b.failed && (k->n_decoy == 0 || b.len > 0));
	catalogue_fake_value(k, &seed, &b);
	require(!b.failed && b.len > 0);
	pf_buf_free(&b);
}

/* What a kind says of itself finds it. */
static void check_kind(const struct catalogue *c, const struct credential_kind *k)
{
	require(catalogue_find(c, k->id) == k);
	require(k->title && k->source && k->principal.is);
	check_fakes(k);
	require(k->n_paths + k->n_sockets + k->n_variables + k->n_content > 0);
	for (size_t i = 0; i < k->n_paths; i++)
		require(strchr(k->paths[i].pattern, '*') ||
			catalogue_path_matches(&k->paths[i], false, k->paths[i].place,
					       k->paths[i].pattern));
	for (size_t i = 0; i < k->n_variables; i++)
		require(strchr(k->variables[i].name, '*') ||
			catalogue_find_variable(c, k->variables[i].name, NULL, 0) > 0);
}

static void check_catalogue(const struct catalogue *c, const struct pieces *p)
{
	struct pf_error e = PF_ERROR_INIT;
	struct credential_allow allow;

	for (size_t i = 0; i < c->n_kinds; i++) {
		require(i == 0 || strcmp(c->kinds[i - 1]->id, c->kinds[i]->id) < 0);
		check_kind(c, c->kinds[i]);
		if (i < FOUND_MAX)
			check_scan(c, c->kinds[i], p->v[2]);
	}
	check_scan(c, NULL, p->v[2]);
	check_names(c, p->v[3], p->v[4]);
	if (catalogue_allow_read(c, p->v[5], &allow, &e) < 0)
		require(e.kind == PF_ERR_POLICY && e.msg[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct catalogue builtin;
	struct pf_error e = PF_ERROR_INIT;
	struct policy_file files[2];
	struct catalogue c;
	struct pieces p;

	if (builtin.n_kinds == 0)
		require(catalogue_load(NULL, 0, &builtin, &e) == 0);
	cut(data, size, &p);
	for (size_t i = 0; i < 2; i++)
		files[i] = (struct policy_file){ i ? "/b" : "/a", p.v[i], strlen(p.v[i]) };
	check_catalogue(&builtin, &p);
	if (catalogue_build(files, files[1].len > 0 ? 2 : 1, &c, &e) < 0) {
		require(e.kind == PF_ERR_POLICY && e.msg[0]);
	} else {
		check_catalogue(&c, &p);
		catalogue_free(&c);
	}
	free(p.text);
	return 0;
}
