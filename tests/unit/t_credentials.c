/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a credential by mode, place and allow list, and how a refusal reads. */
#include <config.h>

#include "tests/unit/credentials_box.h"

/* ---- verdicts */

static void add_one_of_each(void)
{
	add("github-token", PLACE_VARIABLE, "GITHUB_TOKEN");
	add_by("github-token", FOUND_BY_CONTENT, PLACE_ARGUMENT, "args[1]");
	add("ssh-key", PLACE_FILE, "/root/.ssh/id_rsa");
	add("docker-socket", PLACE_SOCKET, "/run/docker.sock");
	add("kubernetes-service-account", PLACE_DIRECTORY, "/run/secrets/sa");
	add("npmrc", PLACE_FILE, "/root/.npmrc");
	add_by("github-token", FOUND_BY_CONTENT, PLACE_FILE, "/srv/notes");
}

static void the_mode_and_the_place_decide(void)
{
	static const struct {
		const char *mode, *variable, *argument, *file, *socket, *dir, *mixed, *content;
	} rows[] = {
		{ "audit", "reported", "reported", "reported", "reported", "reported", "reported",
		  "reported" },
		{ "decoy", "decoyed", "refused", "decoyed", "covered", "covered", "refused",
		  "refused" },
		{ "hide", "dropped", "refused", "covered", "covered", "covered", "refused",
		  "refused" },
		{ "deny", "refused", "refused", "refused", "refused", "refused", "refused",
		  "refused" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(rows[i].mode, "");
		add_one_of_each();
		credentials_decide(&c);
		CHECK_STR(verdict("github-token", "GITHUB_TOKEN"), rows[i].variable);
		CHECK_STR(verdict("github-token", "args[1]"), rows[i].argument);
		CHECK_STR(verdict("ssh-key", "/root/.ssh/id_rsa"), rows[i].file);
		CHECK_STR(verdict("docker-socket", "/run/docker.sock"), rows[i].socket);
		CHECK_STR(verdict("kubernetes-service-account", "/run/secrets/sa"), rows[i].dir);
		CHECK_STR(verdict("npmrc", "/root/.npmrc"), rows[i].mixed);
		CHECK_STR(verdict("github-token", "/srv/notes"), rows[i].content);
		CHECK_INT(credentials_refuse(&c, &e) < 0, ==, i > 0);
		CHECK_INT(c.refused, ==, i > 0);
	}
}

static void without_the_key_nothing_is_loaded_or_taken(void)
{
	char *v[] = { (char *)(uintptr_t)scan_github_token(&s) };
	struct oci_strings env = { v, 1 }, none = { 0 };

	credentials_free(&c);
	policy = (struct policy){ .any = true };
	CHECK_INT(credentials_begin(&c, &policy, &e), ==, 0);
	CHECK(!credentials_looks(&c) && !c.loaded);
	CHECK_INT(credentials_take_env(&c, arena, &env, &none, "process", &e), ==, 0);
	CHECK_INT(env.n, ==, 1);
	CHECK_INT(c.inv.n, ==, 0);
}

static void it_is_allowed_by_kind_class_path_or_variable(void)
{
	static const struct {
		const char *allow;
		bool variable, argument, ssh, notes;
	} rows[] = {
		{ "github-token", true, true, false, true },
		{ "class:forge", true, true, false, true },
		{ "class:ssh", false, false, true, false },
		{ "/root/.ssh/id_rsa", false, false, true, false },
		{ "/root", false, false, true, false },
		{ "/root/.ssh/id", false, false, false, false },
		{ "/srv/notes", false, false, false, true },
		{ "env:GITHUB_TOKEN", true, false, false, false },
		{ "env:GITHUB", false, false, false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin("hide", rows[i].allow);
		add_one_of_each();
		credentials_decide(&c);
		printf("# %s\n", rows[i].allow);
		CHECK_STR(by("github-token", "GITHUB_TOKEN"),
			  rows[i].variable ? rows[i].allow : NULL);
		CHECK_STR(by("github-token", "args[1]"), rows[i].argument ? rows[i].allow : NULL);
		CHECK_STR(by("ssh-key", "/root/.ssh/id_rsa"), rows[i].ssh ? rows[i].allow : NULL);
		CHECK_STR(by("github-token", "/srv/notes"), rows[i].notes ? rows[i].allow : NULL);
		CHECK_STR(by("npmrc", "/root/.npmrc"),
			  strcmp(rows[i].allow, "/root") == 0 ? "/root" : NULL);
	}
}

static void an_entry_that_names_nothing_refuses(void)
{
	static const char *const bad[] = { "github-tokens", "class:forges", "env:1", "/",
					   "/root/*.pem" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_INT(begin_ret("hide", bad[i]), <, 0);
		CHECK_HAS(e.msg, "credentials.allow: ");
		CHECK_HAS(e.msg, bad[i]);
	}
}

/* .config/gh/hosts.yml may be two kinds at once: who allows one means the file. What content showed is no guess. */
static void of_two_kinds_of_one_name_either_allows_unless_content_told(void)
{
	begin("hide", "github-cli");
	add("github-cli", PLACE_FILE, "/root/hosts.yml");
	add("mounted-secret", PLACE_FILE, "/root/hosts.yml");
	add_by("aws-access-key", FOUND_BY_CONTENT, PLACE_FILE, "/root/hosts.yml");
	add("mounted-secret", PLACE_FILE, "/root/other.yml");
	credentials_decide(&c);
	CHECK_STR(verdict("github-cli", "/root/hosts.yml"), "allowed");
	CHECK_STR(verdict("mounted-secret", "/root/hosts.yml"), "allowed");
	CHECK_STR(by("mounted-secret", "/root/hosts.yml"), "github-cli");
	CHECK_STR(verdict("aws-access-key", "/root/hosts.yml"), "refused");
	CHECK_STR(verdict("mounted-secret", "/root/other.yml"), "covered");
}

static void what_content_showed_allows_no_namesake(void)
{
	begin("hide", "aws-access-key");
	add_by("aws-access-key", FOUND_BY_CONTENT, PLACE_FILE, "/root/hosts.yml");
	add("github-cli", PLACE_FILE, "/root/hosts.yml");
	credentials_decide(&c);
	CHECK_STR(verdict("aws-access-key", "/root/hosts.yml"), "allowed");
	CHECK_STR(verdict("github-cli", "/root/hosts.yml"), "covered");
}

static void what_is_covered_at_each_of_its_places_is_covered(void)
{
	struct finding *f;

	begin("deny", "");
	f = add("ssh-key", PLACE_FILE, "/root/.ssh/id_rsa");
	f->places[0].covered = true;
	credentials_decide(&c);
	CHECK_STR(verdict("ssh-key", "/root/.ssh/id_rsa"), "covered");
	CHECK_INT(credentials_refuse(&c, &e), ==, 0);
}

static void one_open_place_of_two_is_one_too_many(void)
{
	struct place place = { .type = PLACE_FILE, .name = "/mnt/id_rsa" };
	struct finding *f;

	begin("deny", "");
	f = add("ssh-key", PLACE_FILE, "/root/.ssh/id_rsa");
	f->places[0].covered = true;
	place.id = f->places[0].id;
	CHECK_INT(inventory_add(&c.inv, f->kind, FOUND_BY_NAME, &place, NULL, &e), ==, 0);
	CHECK_INT(c.inv.n, ==, 1);
	CHECK_INT(c.inv.v[0].n_places, ==, 2);
	credentials_decide(&c);
	CHECK_STR(verdict("ssh-key", "/mnt/id_rsa"), "refused");
}

/* ---- how a refusal reads */

static void a_refusal_names_kind_place_and_line_and_the_value_that_allows_it(void)
{
	struct finding *f;

	begin("hide", "class:model");
	f = add("npmrc", PLACE_FILE, "/root/.npmrc");
	f->places[0].line = 3;
	add("npmrc", PLACE_FILE, "/srv/.npmrc");
	credentials_decide(&c);
	CHECK_INT(credentials_refuse(&c, &e), <, 0);
	CHECK_INT(e.kind, ==, PF_ERR_POLICY);
	CHECK_STR(e.msg,
		  "credentials: `hide' refuses 2: npmrc at /root/.npmrc line 3; npmrc at "
		  "/srv/.npmrc: take the line out, as the file cannot be covered, or allow it: "
		  "io.pinfold.credentials.allow=class:model npmrc");
}

static void a_refused_argument_is_told_how_else_to_pass_it(void)
{
	const char *token = scan_github_token(&s);
	char *v[] = { (char *)(uintptr_t) "tool", joined("--token=", token), NULL };
	struct oci_strings args = strings(v), env = { 0 };

	begin("hide", "");
	CHECK_INT(credentials_take_env(&c, arena, &env, &args, "exec", &e), ==, 0);
	CHECK_INT(credentials_refuse(&c, &e), <, 0);
	CHECK_HAS(e.msg, "github-token in argument args[1] of the exec: pass it another way");
	CHECK_HAS(e.msg, "io.pinfold.credentials.allow=github-token");
	CHECK(!scan_text_leaks(e.msg, token));
}

static void many_are_counted_and_the_message_ends_with_its_cure(void)
{
	char name[64];

	begin("deny", "env:SOMETHING_THAT_IS_MEANT_TO_BE_THERE class:model");
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "/home/somebody/%d/.ssh/id_ed25519", i);
		add("ssh-key", PLACE_FILE, name);
	}
	add("kubernetes-service-account", PLACE_DIRECTORY, "/run/secrets/sa");
	add("docker-socket", PLACE_SOCKET, "/run/docker.sock");
	credentials_decide(&c);
	CHECK_INT(credentials_refuse(&c, &e), <, 0);
	CHECK_HAS(e.msg, "`deny' refuses 42: ssh-key at /home/somebody/0/.ssh/id_ed25519");
	CHECK_HAS(e.msg, "more (explain --bundle lists them)");
	CHECK_INT(strlen(e.msg), <, sizeof(e.msg) - 48); /* the command's own words come before */
	CHECK_HAS(e.msg, "allow=env:SOMETHING_THAT_IS_MEANT_TO_BE_THERE class:model ssh-key "
			 "kubernetes-service-account docker-socket");
}

static void a_cure_too_long_for_the_message_is_told_in_words(void)
{
	static const char *const kinds[] = { "ssh-key",           "npmrc",
					     "docker-config",     "kubernetes-service-account",
					     "aws-access-key",    "github-token",
					     "anthropic-api-key", "vault-token",
					     "terraform-login",   "systemd-credentials",
					     "tls-private-key",   "postgres-password" };
	char name[64];

	begin("hide", "");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(name, sizeof(name), "/home/somebody/with/a/long/name/%zu", i);
		add_by(kinds[i], FOUND_BY_CONTENT, PLACE_FILE, name);
	}
	credentials_decide(&c);
	CHECK_INT(credentials_refuse(&c, &e), <, 0);
	CHECK_HAS(e.msg, "or allow the kinds in io.pinfold.credentials.allow");
	CHECK_INT(strlen(e.msg), <, sizeof(e.msg) - 48);
}

static void a_place_too_long_for_the_message_is_cut_and_its_kind_told(void)
{
	char name[600] = "/";

	memset(name + 1, 'd', sizeof(name) - 2);
	name[sizeof(name) - 1] = '\0';
	begin("deny", "");
	add("ssh-key", PLACE_FILE, name);
	add("npmrc", PLACE_FILE, "/root/.npmrc");
	credentials_decide(&c);
	CHECK_INT(credentials_refuse(&c, &e), <, 0);
	CHECK_HAS(e.msg, "refuses 2: ssh-key at /dddd");
	CHECK_HAS(e.msg, "allow=ssh-key npmrc");
	CHECK_INT(strlen(e.msg), <, sizeof(e.msg) - 48);
}

static void the_summary_counts_by_verdict_and_names_what_allowed(void)
{
	auto_buf b = { 0 };

	begin("hide", "class:forge");
	add_one_of_each();
	credentials_decide(&c);
	credentials_summary(&c, &b);
	CHECK_STR(b.data, "hide: 1 refused, 3 covered, 3 allowed (class:forge)");
}

static void test_verdicts(void)
{
	RUN(without_the_key_nothing_is_loaded_or_taken);
	RUN(the_mode_and_the_place_decide);
	RUN(it_is_allowed_by_kind_class_path_or_variable);
	RUN(an_entry_that_names_nothing_refuses);
	RUN(of_two_kinds_of_one_name_either_allows_unless_content_told);
	RUN(what_content_showed_allows_no_namesake);
	RUN(what_is_covered_at_each_of_its_places_is_covered);
	RUN(one_open_place_of_two_is_one_too_many);
	RUN(the_summary_counts_by_verdict_and_names_what_allowed);
}

static void test_refusals(void)
{
	RUN(a_refusal_names_kind_place_and_line_and_the_value_that_allows_it);
	RUN(a_refused_argument_is_told_how_else_to_pass_it);
	RUN(many_are_counted_and_the_message_ends_with_its_cure);
	RUN(a_cure_too_long_for_the_message_is_told_in_words);
	RUN(a_place_too_long_for_the_message_is_cut_and_its_kind_told);
}

int main(void)
{
	test_verdicts();
	test_refusals();
	return credentials_done();
}
