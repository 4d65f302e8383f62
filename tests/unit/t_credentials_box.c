/* SPDX-License-Identifier: Apache-2.0 */
/* What a process is left with where credentials are hidden, and what is found of a container's tree. */
#include <config.h>

#include "tests/unit/credentials_box.h"

/* ---- a process */

static void a_variable_is_dropped_wherever_its_name_stands_and_others_keep_their_order(void)
{
	const char *token = scan_github_token(&s);
	char *v[] = { (char *)(uintptr_t) "A=1", joined("GITHUB_TOKEN=", token),
		      (char *)(uintptr_t) "B=2", (char *)(uintptr_t) "GITHUB_TOKEN=",
		      joined("ODD=", token),     joined("", token),
		      (char *)(uintptr_t) "C=3", NULL };
	struct oci_strings env = strings(v), none = { 0 };

	begin("hide", "");
	CHECK_INT(credentials_take_env(&c, arena, &env, &none, "process", &e), ==, 0);
	CHECK_INT(env.n, ==, 3);
	CHECK_STR(env.v[0], "A=1");
	CHECK_STR(env.v[1], "B=2");
	CHECK_STR(env.v[2], "C=3");
	CHECK_STR(env.v[3], NULL);
	CHECK(v[1] != NULL); /* the list of config.json is left as it was */
	CHECK_STR(verdict("github-token", "env[5]"), "dropped");
	CHECK_INT(credentials_refuse(&c, &e), ==, 0);
}

static void a_decoyed_variable_stays_once_for_each_time_and_is_another(void)
{
	const char *token = scan_github_token(&s);
	char *v[] = { joined("GITHUB_TOKEN=", token), (char *)(uintptr_t) "A=1", NULL };
	struct oci_strings env = strings(v), none = { 0 };

	begin("decoy", "");
	/* a second kind of the same name: the variable is written once all the same */
	add("npm-token", PLACE_VARIABLE, "GITHUB_TOKEN");
	CHECK_INT(credentials_take_env(&c, arena, &env, &none, "process", &e), ==, 0);
	CHECK_INT(env.n, ==, 2);
	CHECK_INT(strncmp(env.v[0], "GITHUB_TOKEN=", 13), ==, 0);
	CHECK(!strstr(env.v[0], token));
	CHECK_INT(strlen(env.v[0]), >, 13);
	CHECK_STR(env.v[1], "A=1");
	CHECK_STR(env.v[2], NULL);
}

static void an_allowed_variable_stays_as_it_is(void)
{
	const char *token = scan_github_token(&s);
	char *v[] = { joined("GITHUB_TOKEN=", token), joined("ODD=", token), NULL };
	struct oci_strings env = strings(v), none = { 0 };

	begin("hide", "env:GITHUB_TOKEN");
	CHECK_INT(credentials_take_env(&c, arena, &env, &none, "process", &e), ==, 0);
	CHECK_INT(env.n, ==, 1);
	CHECK_STR(env.v[0], v[0]);
}

static void the_same_variable_of_a_hook_is_one_of_its_own(void)
{
	const char *token = scan_github_token(&s);
	char *v[] = { joined("GITHUB_TOKEN=", token), NULL };
	struct oci_strings env = strings(v), hook = strings(v), none = { 0 };

	begin("hide", "");
	CHECK_INT(credentials_take_env(&c, arena, &env, &none, "process", &e), ==, 0);
	CHECK_INT(credentials_take_env(&c, arena, &hook, &none, "startContainer hook 0", &e), ==,
		  0);
	CHECK_INT(c.inv.n, ==, 2);
	CHECK_INT(env.n + hook.n, ==, 0);
}

static void create_tells_each_taken_name_once_for_the_execs_after_it(void)
{
	const char *token = scan_github_token(&s);
	char *v[] = { joined("GITHUB_TOKEN=", token), joined("ODD=", token), NULL };
	struct oci_strings env = strings(v), hook = strings(v), none = { 0 };
	struct credentials_rules rules;

	begin("hide", "env:ODD");
	CHECK_INT(credentials_take_env(&c, arena, &env, &none, "process", &e), ==, 0);
	CHECK_INT(credentials_take_env(&c, arena, &hook, &none, "startContainer hook 0", &e), ==,
		  0);
	rules = c.rules;
	CHECK_INT(credentials_tell(&c, arena, &rules, &e), ==, 0);
	CHECK_INT(rules.told.n, ==, 1);
	CHECK_STR(rules.told.n ? rules.told.v[0] : NULL, "GITHUB_TOKEN");
}

static void an_exec_goes_by_what_create_recorded_and_audit_asks_it_nothing(void)
{
	const char *token = scan_github_token(&s);
	char *v[] = { joined("GITHUB_TOKEN=", token), joined("ODD=", token), NULL };
	struct oci_strings env = strings(v), none = { 0 };
	struct credentials_rules rules;

	begin("hide", "env:ODD");
	rules = c.rules; /* the entries are the policy's, which outlives both */
	credentials_free(&c);
	CHECK_INT(credentials_resume(&c, &rules, &e), ==, 0);
	CHECK_INT(credentials_take_env(&c, arena, &env, &none, "exec", &e), ==, 0);
	CHECK_INT(env.n, ==, 1);
	CHECK_STR(env.v[0], v[1]);
	credentials_free(&c);
	rules.mode = CREDENTIALS_AUDIT;
	CHECK_INT(credentials_resume(&c, &rules, &e), ==, 0);
	CHECK(!credentials_looks(&c));
}

/* ---- a tree */

static int look(void)
{
	struct credentials_tree tree = { .config = &s.b->config };
	auto_free char *mountinfo = box_mountinfo(s.b);
	auto_fd fd = open(s.b->root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	tree.root_fd = fd;
	tree.mountinfo = mountinfo;
	tree.home = "/root";
	return credentials_look(&c, &tree, &e);
}

static void a_key_at_a_second_mount_and_under_a_hard_link_is_one_credential_at_each(void)
{
	const struct finding *f;

	begin("deny", "");
	box_dir(s.b, "/root/.ssh");
	box_file(s.b, "/root/.ssh/id_rsa", "x");
	box_must(link(box_path(s.b, "/root/.ssh/id_rsa"), box_path(s.b, "/root/.ssh/id_dsa")) == 0,
		 "link");
	box_dir(s.b, "/mnt");
	box_must(mount(box_path(s.b, "/root"), box_path(s.b, "/mnt"), NULL, MS_BIND, NULL) == 0,
		 "bind");
	box_add_mount(s.b, OCI_FS_BIND, "/mnt", "/srv/of-the-host");
	CHECK_INT(look(), <, 0);
	f = found("ssh-key", "/root/.ssh/id_rsa");
	CHECK(f && f == found("ssh-key", "/root/.ssh/id_dsa"));
	CHECK(f && f == found("ssh-key", "/mnt/.ssh/id_rsa"));
	CHECK_INT(f ? f->n_places : 0, ==, 4);
	CHECK_HAS(e.msg, "`deny' refuses 1: ssh-key at /mnt/.ssh/id_dsa");
}

static void an_allowed_path_is_followed_through_its_symlink(void)
{
	begin("deny", "/home/dev/key");
	box_dir(s.b, "/root/.ssh");
	box_file(s.b, "/root/.ssh/id_rsa", "x");
	box_link(s.b, "/root/.ssh/id_rsa", "/home/dev/key");
	CHECK_INT(look(), ==, 0);
	CHECK_STR(by("ssh-key", "/root/.ssh/id_rsa"), "/home/dev/key");
}

static void a_file_of_more_than_a_secret_counts_by_its_lines(void)
{
	char text[256];

	begin("hide", "");
	box_file(s.b, "/root/.npmrc", "registry=https://registry.example/\n");
	snprintf(text, sizeof(text), "a=b\n\n//registry.example/:_authToken=%s\n",
		 scan_github_token(&s));
	box_file(s.b, "/home/dev/.npmrc", text);
	CHECK_INT(look(), <, 0);
	CHECK(!found("npmrc", "/root/.npmrc"));
	CHECK_HAS(e.msg, "npmrc at /home/dev/.npmrc line 3");
}

static void test_processes(void)
{
	RUN(a_variable_is_dropped_wherever_its_name_stands_and_others_keep_their_order);
	RUN(a_decoyed_variable_stays_once_for_each_time_and_is_another);
	RUN(an_allowed_variable_stays_as_it_is);
	RUN(the_same_variable_of_a_hook_is_one_of_its_own);
	RUN(create_tells_each_taken_name_once_for_the_execs_after_it);
	RUN(an_exec_goes_by_what_create_recorded_and_audit_asks_it_nothing);
}

static void in_a_box(void (*test)(void), const char *name)
{
	tap_test = name;
	scan_box_open(&s);
	test();
	s.e = e;
	scan_box_close(&s);
}

static void test_trees(void)
{
	const char *why = box_prepare();

	if (why) {
		SKIP(why);
		return;
	}
	in_a_box(a_key_at_a_second_mount_and_under_a_hard_link_is_one_credential_at_each,
		 "a_key_at_a_second_mount_and_under_a_hard_link_is_one_credential_at_each");
	in_a_box(an_allowed_path_is_followed_through_its_symlink,
		 "an_allowed_path_is_followed_through_its_symlink");
	in_a_box(a_file_of_more_than_a_secret_counts_by_its_lines,
		 "a_file_of_more_than_a_secret_counts_by_its_lines");
}

int main(void)
{
	test_processes();
	test_trees();
	return credentials_done();
}
