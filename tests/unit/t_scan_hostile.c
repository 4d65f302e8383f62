/* SPDX-License-Identifier: Apache-2.0 */
/* The scan by names in trees that are large, hostile or odd; and that it knows every pattern of the catalogue. */
#include <config.h>

#include "tests/unit/scan_tree.h"

static void padding_moves_nothing(void)
{
	char name[64];

	begin();
	bind_from("/srv/x", "/work");
	file("/home/me/.netrc");
	file("/home/me/.config/gh/hosts.yml");
	file("/work/.env");
	file("/run/secrets/db");
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "/home/me/%d", i);
		file(name);
		snprintf(name, sizeof(name), "/work/%d", i);
		file(name);
		snprintf(name, sizeof(name), "/home/me/.config/%d", i);
		file(name);
	}
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "/home/u%d/.aws/config", i);
		file(name);
	}
	run("/home/me", "/work");
	CHECK(find("netrc", "/home/me/.netrc"));
	CHECK(find("github-cli", "/home/me/.config/gh/hosts.yml"));
	CHECK(find("dotenv", "/work/.env"));
	CHECK(find("mounted-secret", "/run/secrets/db"));
	CHECK(inv.incomplete != NULL);
	show();
}

static void hostile_trees_are_harmless(void)
{
	char deep[400] = "/work";
	auto_buf json = { 0 };

	begin();
	bind_from("/srv/x", "/work");
	file("/work/a\nb\x1b[2J/.env");
	file("/work/\xff\xfe/.env");
	link_to("..", "/work/up");
	link_to("/", "/work/root");
	link_to("loop", "/work/loop");
	dir("/work/dark");
	file("/work/dark/.env");
	must(chmod(at("/work/dark"), 0) == 0, "chmod");
	for (int i = 0; i < 60; i++)
		strcat(deep, "/.ssh");
	file(strcat(deep, "/id_rsa"));
	must(mkfifo(at("/work/id_rsa"), 0600) == 0, "mkfifo");
	run("/work", "/work");
	show();
	CHECK(find("dotenv", "/work/a\nb\x1b[2J/.env"));
	inventory_json(&inv, &json);
	CHECK(!json.failed && !strchr(json.data, '\n') && !strchr(json.data, '\x1b'));
	must(chmod(at("/work/dark"), 0755) == 0, "chmod");
}

static void the_same_tree_gives_the_same_answer(void)
{
	auto_buf first = { 0 }, second = { 0 };

	begin();
	file("/root/.netrc");
	file("/home/a/.pgpass");
	file("/home/b/.pgpass");
	file("/run/secrets/x");
	run("/root", "/");
	inventory_json(&inv, &first);
	inventory_free(&inv);
	run("/root", "/");
	inventory_json(&inv, &second);
	CHECK_STR(second.data, first.data);
}

/* The walk must know each pattern of the catalogue that the question by path knows. */
static void every_pattern_is_walked_to(void)
{
	char path[512];

	for (size_t i = 0; i < catalogue.n_kinds; i++) {
		const struct credential_kind *k = catalogue.kinds[i];

		for (size_t p = 0; p < k->n_paths; p++) {
			const struct credential_path *cp = &k->paths[p];
			size_t n = (size_t)snprintf(path, sizeof(path), "%s",
						    cp->place == CREDENTIAL_AT_HOME   ? "/home/me/"
						    : cp->place == CREDENTIAL_AT_ROOT ? "/"
										      : "/work/");

			for (const char *c = cp->pattern; *c && n < sizeof(path) - 4; c++) {
				if (c[0] == '*' && c[1] == '*')
					c++;
				path[n++] = *c == '*' ? 'q' : *c;
			}
			path[n] = '\0';
			begin();
			bind_from("/srv/x", "/work");
			file(path);
			run("/home/me", NULL);
			if (!find(k->id, path)) {
				printf("# %s is not found at %s\n", k->id, path);
				show();
			}
			CHECK(find(k->id, path));
		}
	}
}

int main(void)
{
	if (begin_all() < 0)
		return 1;
	RUN(padding_moves_nothing);
	RUN(hostile_trees_are_harmless);
	RUN(the_same_tree_gives_the_same_answer);
	RUN(every_pattern_is_walked_to);
	return end_all();
}
