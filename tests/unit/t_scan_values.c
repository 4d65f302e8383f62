/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials in an environment and in arguments: by name, by value, never twice, and nothing that is none. */
#include <config.h>

#include <stdlib.h>

#include "base/cleanup.h"
#include "runtime/guard/scan.h"
#include "tests/unit/tap.h"

#define AWS_ID \
	"AKIA" \
	"IOSFODNN7EXAMPLE"
#define GITHUB \
	"ghp_" \
	"0123456789abcdefghijABCDEFGHIJ012345"

static struct catalogue catalogue;
static struct inventory inv;
static struct pf_error error;

static void begin(void)
{
	inventory_free(&inv);
	error = (struct pf_error)PF_ERROR_INIT;
}

static void scan(const char *const *env, size_t n)
{
	const struct oci_strings list = { (char **)(uintptr_t)env, n };

	begin();
	CHECK_INT(scan_environment(&catalogue, &list, "process", &inv, &error), ==, 0);
}

static void scan_args(const char *const *args, size_t n)
{
	const struct oci_strings list = { (char **)(uintptr_t)args, n };

	begin();
	CHECK_INT(scan_arguments(&catalogue, &list, "process", &inv, &error), ==, 0);
}

static const struct finding *find(const char *kind, const char *name)
{
	for (size_t i = 0; i < inv.n; i++)
		for (size_t p = 0; p < inv.v[i].n_places; p++)
			if (strcmp(inv.v[i].kind->id, kind) == 0 &&
			    strcmp(inv.v[i].places[p].name, name) == 0)
				return &inv.v[i];
	return NULL;
}

static void a_variable_is_known_by_its_name(void)
{
	const char *env[] = { "PATH=/bin", "AWS_SECRET_ACCESS_KEY=x", "ACME_TOKEN=y",
			      "TERM=xterm" };

	scan(env, 4);
	CHECK_INT(inv.n, ==, 2);
	CHECK(find("aws-access-key", "AWS_SECRET_ACCESS_KEY"));
	CHECK(find("secret-like-variable", "ACME_TOKEN"));
	CHECK_INT(inv.v[0].by, ==, FOUND_BY_NAME);
	CHECK_STR(inv.v[0].places[0].of, "process");
	CHECK_INT(inv.v[0].places[0].type, ==, PLACE_VARIABLE);
}

static void an_empty_value_is_no_credential(void)
{
	const char *env[] = { "GITHUB_TOKEN=", "=x", "" };

	scan(env, 3);
	CHECK_INT(inv.n, ==, 0);
}

static void a_value_tells_where_the_name_does_not(void)
{
	const char *env[] = { "GREETING=see " GITHUB " there", "NOTE=" AWS_ID, "WORD=ghp_short" };

	scan(env, 3);
	CHECK_INT(inv.n, ==, 2);
	CHECK(find("github-token", "GREETING"));
	CHECK_INT(find("github-token", "GREETING")->by, ==, FOUND_BY_CONTENT);
	CHECK(find("aws-access-key", "NOTE"));
}

static void a_url_counts_only_with_a_password_in_it(void)
{
	const char *env[] = { "DATABASE_URL=postgres://db.example/app",
			      "OTHER_DATABASE_URL=postgres://app:hunter2@db.example/app",
			      "HTTPS_PROXY=http://proxy.example:3128",
			      "http_proxy=http://me:pw@proxy.example:3128" };

	scan(env, 4);
	CHECK_INT(inv.n, ==, 2);
	CHECK(find("database-url", "OTHER_DATABASE_URL"));
	CHECK(find("proxy-url", "http_proxy"));
}

static void a_pointer_is_no_credential_itself(void)
{
	const char *env[] = { "KUBECONFIG=/home/dev/.kube/config",
			      "SSH_AUTH_SOCK=/tmp/ssh-a/agent.1",
			      "PG_PASSWORD_FILE=/run/secrets/pg" };

	scan(env, 3);
	CHECK_INT(inv.n, ==, 0);
}

static void an_entry_without_a_name_is_looked_at_too(void)
{
	const char *env[] = { "A=b", GITHUB };

	scan(env, 2);
	CHECK_INT(inv.n, ==, 1);
	CHECK(find("github-token", "env[1]"));
}

static void an_argument_is_known_by_its_value_alone(void)
{
	const char *args[] = {
		"curl",    "-H", "Authorization: token " GITHUB, "AWS_SECRET_ACCESS_KEY",
		"--token", "x"
	};

	scan_args(args, 6);
	CHECK_INT(inv.n, ==, 1);
	CHECK(find("github-token", "args[2]"));
	CHECK_INT(inv.v[0].places[0].type, ==, PLACE_ARGUMENT);
}

static void hostile_names_and_sizes_are_harmless(void)
{
	enum { SIZE = 1 << 20 };
	auto_free char *large = malloc(SIZE + 1);
	auto_free char *name = malloc(8192);
	auto_buf json = { 0 };
	const char *env[3];

	memset(large, 'A', SIZE);
	memcpy(large, "X=", 2);
	large[SIZE] = '\0';
	memset(name, 'N', 8191);
	memcpy(name + 8000, "_TOKEN=v", 9);
	env[0] = large;
	env[1] = name;
	env[2] = "A\nB\x1b_TOKEN=v";
	scan(env, 3);
	CHECK_INT(inv.n, ==, 2);
	inventory_json(&inv, &json);
	CHECK(!json.failed && !strchr(json.data, '\n') && !strchr(json.data, '\x1b'));
}

static void no_value_is_in_what_is_recorded(void)
{
	const char *env[] = { "GITHUB_TOKEN=" GITHUB, "X=" AWS_ID };
	const char *args[] = { "--key=" AWS_ID };
	const struct oci_strings e = { (char **)(uintptr_t)env, 2 },
				 a = { (char **)(uintptr_t)args, 1 };
	auto_buf json = { 0 };

	begin();
	CHECK_INT(scan_environment(&catalogue, &e, "process", &inv, &error), ==, 0);
	CHECK_INT(scan_arguments(&catalogue, &a, "process", &inv, &error), ==, 0);
	CHECK_INT(inv.n, ==, 3);
	inventory_json(&inv, &json);
	CHECK(!json.failed && !strstr(json.data, "0123456789abc") &&
	      !strstr(json.data, "IOSFODNN"));
}

int main(void)
{
	if (catalogue_load(NULL, 0, &catalogue, &error) < 0) {
		printf("Bail out! %s\n", error.msg);
		return 1;
	}
	RUN(a_variable_is_known_by_its_name);
	RUN(an_empty_value_is_no_credential);
	RUN(a_value_tells_where_the_name_does_not);
	RUN(a_url_counts_only_with_a_password_in_it);
	RUN(a_pointer_is_no_credential_itself);
	RUN(an_entry_without_a_name_is_looked_at_too);
	RUN(an_argument_is_known_by_its_value_alone);
	RUN(hostile_names_and_sizes_are_harmless);
	RUN(no_value_is_in_what_is_recorded);
	inventory_free(&inv);
	catalogue_free(&catalogue);
	return tap_done();
}
