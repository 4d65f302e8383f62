/* SPDX-License-Identifier: Apache-2.0 */
/* `hide' in a hostile tree: what patterns find and never follow, aliases through mounts, and what refuses. */
#include <config.h>

#include "tests/unit/confine_box.h"

static const char *hidden(const struct box *b)
{
	static char buf[1024];
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < b->c.n_covers; i++)
		len += (size_t)snprintf(buf + len, sizeof(buf) - len, "%s%s", i ? " " : "",
					b->c.covers[i].path);
	return buf;
}

/* No other key may have been set: its words are overwritten. */
static void hide(struct box *b, const char *words)
{
	b->n_words = 0;
	box_key(b, POLICY_HIDE, words);
}

static struct box *open_work(void)
{
	struct box *b = box_open();

	box_dir(b, "/work/a/b");
	box_dir(b, "/work/.git");
	box_file(b, "/work/.env", "");
	box_file(b, "/work/a/.env", "");
	box_file(b, "/work/a/b/.env.local", "");
	box_file(b, "/work/a/b/x.pem", "");
	return b;
}

static void patterns_find_what_they_match_and_the_outermost_stays(void)
{
	static const struct {
		const char *hide, *found;
	} rows[] = {
		{ "/work/**/.env*", "/work/.env /work/a/.env /work/a/b/.env.local" },
		{ "/work/*/.env", "/work/a/.env" },
		{ "/work/a/**", "/work/a" },
		{ "/**/*.pem /work/a/b", "/work/a/b" },
		{ "/**/.env /work/a/*", "/work/.env /work/a/.env /work/a/b" },
		{ "/*/[a]/b", "/work/a/b" },
		{ "/none/**/x /work/*.none", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct box *b = open_work();

		hide(b, rows[i].hide);
		CHECK_INT(box_resolve(b), ==, 0);
		CHECK_STR(hidden(b), rows[i].found);
		box_close(b);
	}
}

static void symlinks_to_directories_are_not_walked(void)
{
	struct box *b = open_work();

	box_link(b, ".", "/work/loop");
	box_link(b, "/", "/work/a/root");
	box_link(b, "/work", "/w");
	hide(b, "/w/**/.env");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(hidden(b), "/work/.env /work/a/.env");
	box_close(b);
}

static void what_a_symlink_leads_to_is_hidden_where_it_can_be_trusted(void)
{
	struct box *b = open_work();

	box_bind(b, "/data");
	box_file(b, "/data/real", "");
	box_file(b, "/usr/real", "");
	box_link(b, "/usr/real", "/work/x.key");
	box_link(b, "/usr/real", "/data/planted.key");
	box_link(b, "real", "/data/own.key");
	box_link(b, "nowhere", "/data/dangling.key");
	box_link(b, "self.key", "/data/self.key");
	box_link(b, ".", "/data/here.key");
	hide(b, "/work/*.key");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(hidden(b), "/usr/real");
	hide(b, "/data/*.key");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(hidden(b), "/data/real");
	CHECK_HAS(box_notes(b), "`/data/planted.key' matches");
	hide(b, "/data/planted.key");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "`/data/planted.key' leads through the symlink");
	hide(b, "/work/x.key");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(hidden(b), "/usr/real");
	/* one that the container may write is anybody's */
	box_key(b, POLICY_WRITE, "/work");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "`/work/x.key' leads through the symlink");
	box_close(b);
}

static void odd_names_and_kinds_are_harmless(void)
{
	struct box *b = open_work();

	box_dir(b, "/work/new\nline");
	box_file(b, "/work/new\nline/.env", "");
	box_file(b, "/work/\xff\xfe.env", "");
	box_must(mkfifo(box_path(b, "/work/fifo.env"), 0644) == 0, "mkfifo");
	box_must(mknod(box_path(b, "/work/null.env"), S_IFCHR | 0644, makedev(1, 3)) == 0, "mknod");
	hide(b, "/work/**/*.env");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(hidden(b), "/work/.env /work/a/.env /work/fifo.env /work/new\nline/.env "
			     "/work/null.env /work/\xff\xfe.env");
	box_close(b);
}

static void kernel_file_systems_are_not_walked(void)
{
	struct box *b = open_work();

	box_must(mount("proc", box_path(b, "/proc"), "proc", 0, NULL) == 0, "proc");
	box_add_mount(b, OCI_FS_PROC, "/proc", "proc");
	hide(b, "/**/environ /**/.env");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(hidden(b), "/work/.env /work/a/.env");
	hide(b, "/proc/*/environ");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "a file system of the kernel");
	box_close(b);
}

static void a_tree_that_is_too_deep_is_refused(void)
{
	struct box *b = open_work();
	char path[256] = "/work";

	for (size_t i = 0; i < 66; i++)
		memcpy(path + 5 + 2 * i, "/d", 3);
	box_dir(b, path);
	hide(b, "/work/**/.env");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "`/work/**/.env' cannot be looked for everywhere");
	CHECK_HAS(b->e.msg, "`/work/d/d/d/d");
	/* what is hidden as a whole needs no look into it */
	hide(b, "/work/**/.env /work/d");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(hidden(b), "/work/.env /work/a/.env /work/d");
	box_close(b);
}

static void what_mounts_show_twice_is_hidden_twice(void)
{
	struct box *b = open_work();

	box_bind(b, "/data");
	box_dir(b, "/data/s/in");
	box_file(b, "/data/s/key", "");
	box_dir(b, "/same");
	box_dir(b, "/part");
	box_dir(b, "/inner");
	box_dir(b, "/over");
	box_file(b, "/one", "");
	box_must(mount(box_path(b, "/data"), box_path(b, "/same"), NULL, MS_BIND, NULL) == 0, "a");
	box_must(mount(box_path(b, "/data/s"), box_path(b, "/part"), NULL, MS_BIND, NULL) == 0,
		 "b");
	box_must(mount(box_path(b, "/data/s/in"), box_path(b, "/inner"), NULL, MS_BIND, NULL) == 0,
		 "c");
	box_must(mount(box_path(b, "/data/s/key"), box_path(b, "/one"), NULL, MS_BIND, NULL) == 0,
		 "d");
	box_must(mount(box_path(b, "/data"), box_path(b, "/over"), NULL, MS_BIND, NULL) == 0, "e");
	box_must(mount("t", box_path(b, "/over/s"), "tmpfs", 0, "size=1m") == 0, "f");
	hide(b, "/data/s/key");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(hidden(b), "/data/s/key /one /part/key /same/s/key");
	hide(b, "/data/s");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(hidden(b), "/data/s /inner /one /part /same/s");
	/* the other way round: named by the alias, hidden in the place itself */
	hide(b, "/part/k*");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(hidden(b), "/data/s/key /one /part/key /same/s/key");
	box_close(b);
}

static void a_part_of_the_root_that_is_mounted_elsewhere_is_hidden_there(void)
{
	struct box *b = open_work();

	box_dir(b, "/elsewhere");
	box_must(mount(box_path(b, "/work/a"), box_path(b, "/elsewhere"), NULL, MS_BIND, NULL) == 0,
		 "bind");
	hide(b, "/work/a/b/x.pem");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(hidden(b), "/elsewhere/b/x.pem /work/a/b/x.pem");
	box_close(b);
}

static void deny_wins_over_allow(void)
{
	struct box *b = open_work();

	box_key(b, POLICY_READ, "@image /work/a/.env");
	box_key(b, POLICY_HIDE, "/work/a");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "/annotations/io.pinfold.read: `/work/a/.env'");
	CHECK_HAS(b->e.msg, "covers by `/work/a'");
	box_key(b, POLICY_READ, "@image @cwd");
	b->config.process.cwd = "/work/a/b";
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_HAS(box_notes(b), "@cwd: `/work/a/b' is hidden by `/work/a'; left out");
	box_close(b);
}

static void what_is_not_there_and_what_no_one_can_miss_is_refused(void)
{
	static const struct {
		const char *hide, *why;
	} rows[] = {
		{ "/work/absent", "does not exist in the container" },
		{ "/dev", "which no container can do without" },
		{ "/proc", "which no container can do without" },
		{ "/us* /usr/bin/tool", "covers the program" },
	};
	static char program[] = "/bin/tool", *args[] = { program, NULL };
	struct box *b = open_work();

	box_link(b, "usr/bin", "/bin");
	b->config.process.args = (struct oci_strings){ args, 1 };
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		hide(b, rows[i].hide);
		CHECK_INT(box_resolve(b), ==, -EINVAL);
		CHECK_INT(b->e.kind, ==, PF_ERR_POLICY);
		CHECK_HAS(b->e.msg, rows[i].why);
	}
	hide(b, "/work/absent /work/a/none /work");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(hidden(b), "/work");
	box_close(b);
}

static void hard_links_are_told_of_once(void)
{
	struct box *b = open_work();

	box_must(link(box_path(b, "/work/.env"), box_path(b, "/work/other")) == 0, "link");
	box_must(link(box_path(b, "/work/a/.env"), box_path(b, "/work/third")) == 0, "link");
	hide(b, "/work/**/.env");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_HAS(box_notes(b), "`/work/.env' has 2 names");
	CHECK(!strstr(box_notes(b), "`/work/a/.env' has"));
	CHECK_HAS(box_notes(b), "hide.later");
	box_close(b);
}

int main(void)
{
	const char *why = box_prepare();

	if (why)
		return tap_skip_all(why);
	RUN(patterns_find_what_they_match_and_the_outermost_stays);
	RUN(symlinks_to_directories_are_not_walked);
	RUN(what_a_symlink_leads_to_is_hidden_where_it_can_be_trusted);
	RUN(odd_names_and_kinds_are_harmless);
	RUN(kernel_file_systems_are_not_walked);
	RUN(a_tree_that_is_too_deep_is_refused);
	RUN(what_mounts_show_twice_is_hidden_twice);
	RUN(a_part_of_the_root_that_is_mounted_elsewhere_is_hidden_there);
	RUN(deny_wins_over_allow);
	RUN(what_is_not_there_and_what_no_one_can_miss_is_refused);
	RUN(hard_links_are_told_of_once);
	return tap_done();
}
