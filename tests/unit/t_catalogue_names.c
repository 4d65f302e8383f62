/* SPDX-License-Identifier: Apache-2.0 */
/* What a walk by names is told: where patterns may begin, which names to look up, and how far a `**' goes. */
#include <config.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "config/catalogue.h"
#include "tests/unit/tap.h"

enum { FOUND_MAX = 64 };

static struct catalogue catalogue;

static bool is_leaf(const struct catalogue_cursor *cur, const char *name, const char *kind)
{
	struct catalogue_leaf v[FOUND_MAX];
	size_t n = catalogue_leaf(cur, name, v, FOUND_MAX);

	for (size_t i = 0; i < n && i < FOUND_MAX; i++)
		if (strcmp(v[i].kind->id, kind) == 0)
			return true;
	return false;
}

/* A mount of /home/me/.config: its place, and a home that nobody said it is. */
static void patterns_begin_in_several_directories(void)
{
	static const char *const way[] = { "home", "me", ".config" };
	struct catalogue_cursor at, next;

	catalogue_begin(&catalogue, &at);
	CHECK_INT(catalogue_leaf(&at, ".netrc", NULL, 0), ==, 0);
	CHECK_INT(catalogue_leaf(&at, "id_rsa", NULL, 0), ==, 0);
	CHECK(!catalogue_must_list(&at));
	catalogue_add(&at, CREDENTIAL_AT_ROOT);
	CHECK(!catalogue_must_list(&at));
	for (size_t i = 0; i < ARRAY_SIZE(way); i++) {
		(void)catalogue_enter(&at, way[i], &next);
		at = next;
		if (i == 1)
			catalogue_add(&at, CREDENTIAL_AT_HOME);
	}
	CHECK(!is_leaf(&at, ".netrc", "netrc"));
	catalogue_add(&at, CREDENTIAL_AT_HOME);
	CHECK(is_leaf(&at, ".netrc", "netrc"));
	CHECK(!is_leaf(&at, "id_rsa", "ssh-key"));
	catalogue_add(&at, CREDENTIAL_AT_ANY);
	CHECK(is_leaf(&at, "id_rsa", "ssh-key"));
	CHECK(catalogue_must_list(&at));
	CHECK(catalogue_enter(&at, "gh", &next));
	CHECK(is_leaf(&next, "hosts.yml", "github-cli"));
	CHECK(!is_leaf(&next, "id_rsa", "ssh-key")); /* any directory is one */
	CHECK(catalogue_enter(&at, ".ssh", &next));
	CHECK(is_leaf(&next, "id_rsa", "ssh-key"));
	CHECK(!is_leaf(&next, "id_rsa.pub", "ssh-key")); /* the exception is of any directory */
}

static void a_star_component_is_followed_so_far(void)
{
	struct catalogue_cursor at, next;
	int depth = 0;

	catalogue_begin(&catalogue, &next);
	catalogue_add(&next, CREDENTIAL_AT_HOME);
	(void)catalogue_enter(&next, ".ssh", &at);
	for (; is_leaf(&at, "id_x", "ssh-key"); depth++) {
		(void)catalogue_enter(&at, "deep", &next);
		at = next;
	}
	CHECK_INT(depth, ==, CATALOGUE_STARS_MAX);
	CHECK(!catalogue_enter(&at, "deep", &next));
}

static void a_name_is_told_once(void)
{
	struct catalogue_names it = { 0 };
	struct catalogue_cursor at;
	auto_buf told = { 0 };
	size_t twice = 0;

	catalogue_begin(&catalogue, &at);
	catalogue_add(&at, CREDENTIAL_AT_ROOT);
	catalogue_add(&at, CREDENTIAL_AT_HOME);
	catalogue_add(&at, CREDENTIAL_AT_ANY);
	pf_buf_puts(&told, "/");
	while (catalogue_next_name(&at, &it)) {
		char word[CATALOGUE_TEXT_MAX + 3];

		(void)snprintf(word, sizeof(word), "/%s/", it.name);
		twice += strstr(told.data, word) != NULL;
		pf_buf_printf(&told, "%s/", it.name);
	}
	CHECK_INT(twice, ==, 0);
	CHECK(strstr(told.data, "/.env/")); /* of any directory, and of several */
	CHECK(strstr(told.data, "/.npmrc/"));
}

static void a_walker_learns_what_to_look_up(void)
{
	struct catalogue_names it = { 0 };
	struct catalogue_cursor root, home, aws;
	bool ssh = false, env = false;
	size_t n = 0;

	catalogue_root(&catalogue, CREDENTIAL_AT_ROOT, &root);
	CHECK(!catalogue_must_list(&root));
	CHECK(!catalogue_enter(&root, "srv", &home));
	CHECK(!catalogue_must_list(&home));
	CHECK(catalogue_enter(&root, "root", &home));
	for (; catalogue_next_name(&home, &it); n++) {
		ssh |= strcmp(it.name, ".ssh") == 0;
		env |= strcmp(it.name, ".env") == 0;
	}
	CHECK_INT(n, >, 50);
	CHECK(ssh);
	CHECK(!env);
	CHECK(catalogue_enter(&home, ".aws", &aws));
	CHECK(!catalogue_must_list(&aws));
	it = (struct catalogue_names){ 0 };
	CHECK(catalogue_next_name(&aws, &it));
	CHECK_STR(it.name, "boto");
	CHECK(catalogue_enter(&home, ".ssh", &aws));
	CHECK(catalogue_must_list(&aws));
}

/* Every pattern without a star is reached by names that the walker was told. */
static void every_plain_pattern_is_told(void)
{
	for (size_t i = 0; i < catalogue.n_entries; i++) {
		const struct credential_path *path = catalogue.entries[i].path;
		struct catalogue_cursor cursors[2];
		size_t at = 0, depth = 0;
		bool told = true;

		if (strchr(path->pattern, '*'))
			continue;
		catalogue_root(&catalogue, path->place, &cursors[0]);
		for (const char *p = path->pattern; told; depth++) {
			struct catalogue_names it = { 0 };
			size_t len = strcspn(p, "/");

			told = false;
			while (!told && catalogue_next_name(&cursors[at], &it))
				told = strlen(it.name) == len && strncmp(it.name, p, len) == 0;
			if (!p[len])
				break;
			told = told && catalogue_enter(&cursors[at], it.name, &cursors[!at]);
			at = !at;
			p += len + 1;
		}
		if (!told)
			tap_check(false, path->pattern, __FILE__, __LINE__);
	}
	CHECK(true);
}

static void names_of_any_directory_are_found(void)
{
	const struct catalogue_entry *v[8];
	bool same_kind = false;
	size_t n;

	CHECK_INT(catalogue_find_any_name(&catalogue, "main.c", v, 8), ==, 0);
	CHECK_INT(catalogue_find_any_name(&catalogue, "", v, 8), ==, 0);
	CHECK_INT(catalogue_find_any_name(&catalogue, "zzz", NULL, 0), ==, 0);
	CHECK_INT(catalogue_find_any_name(&catalogue, "passwords.kdbx", v, 8), ==, 1);
	CHECK_STR(v[0]->kind->id, "keepass");
	n = catalogue_find_any_name(&catalogue, "config", v, 8);
	for (size_t i = 0; i < n && i < 8; i++)
		same_kind |=
			strcmp(v[i]->kind->id, "git-config") == 0 &&
			catalogue_path_matches(v[i]->path, false, CREDENTIAL_AT_ANY,
					       "a/.git/config") &&
			!catalogue_path_matches(v[i]->path, false, CREDENTIAL_AT_ANY, "a/config");
	CHECK(same_kind);
}

int main(void)
{
	struct pf_error e = PF_ERROR_INIT;

	if (catalogue_load(NULL, 0, &catalogue, &e) < 0) {
		printf("not ok 1 - %s\n1..1\n", e.msg);
		return 1;
	}
	RUN(patterns_begin_in_several_directories);
	RUN(a_star_component_is_followed_so_far);
	RUN(a_name_is_told_once);
	RUN(a_walker_learns_what_to_look_up);
	RUN(every_plain_pattern_is_told);
	RUN(names_of_any_directory_are_found);
	catalogue_free(&catalogue);
	return tap_done();
}
