/* SPDX-License-Identifier: Apache-2.0 */
/* What we tell about ourselves is true: the parser of config.json takes what `features' names and what `spec' writes. */
#include <config.h>

#include "base/json.h"
#include "config/oci.h"
#include "runtime/features.h"
#include "runtime/pretty.h"
#include "runtime/spec.h"
#include "tests/unit/tap.h"

/* A bind mount hands nothing to a file system, so there only what is known by name is taken. */
static void add_mount(struct pf_buf *b, const char *option)
{
	const char *type = strcmp(option, "tmpcopyup") == 0 ? "tmpfs" : "bind";

	pf_buf_printf(b,
		      "\"mounts\":[{\"destination\":\"/a\",\"type\":\"%s\",\"source\":\"/b\","
		      "\"options\":[\"%s\"]}]}",
		      type, option);
}

static int parse(const struct pf_buf *b, struct oci_config *config)
{
	struct pf_error e = PF_ERROR_INIT;
	int ret = oci_config_parse(b->data, b->len, config, &e);

	if (ret < 0)
		printf("# %s\n", e.msg);
	return ret;
}

static void every_mount_option_is_taken(void)
{
	for (size_t i = 0; features_mount_options[i]; i++) {
		const char *option = features_mount_options[i];
		struct oci_config config = { 0 };
		auto_buf b = { 0 };

		pf_buf_puts(&b, "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"linux\":{"
				"\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"user\"}],"
				"\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}],"
				"\"gidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}]},");
		add_mount(&b, option);
		printf("# %s\n", option);
		CHECK_INT(parse(&b, &config), ==, 0);
		oci_config_free(&config);
		if (i > 0)
			CHECK_INT(strcmp(features_mount_options[i - 1], option), <, 0);
	}
}

static void features_are_json(void)
{
	struct pf_error e = PF_ERROR_INIT;
	auto_json doc = NULL;
	auto_buf b = { 0 };
	const struct json *linux_;

	features_write(&b);
	CHECK_INT(json_parse(b.data, b.len, NULL, &doc, &e), ==, 0);
	if (!doc)
		return;
	CHECK_STR(json_text(json_root(doc), "ociVersionMin", NULL), "1.0.0");
	CHECK_STR(json_text(json_root(doc), "ociVersionMax", NULL), OCI_VERSION);
	linux_ = json_get(json_root(doc), "linux");
	CHECK(json_get(linux_, "cgroup") != NULL);
	CHECK(json_get(json_get(linux_, "seccomp"), "supportedFlags") != NULL);
	CHECK_INT(json_get(linux_, "capabilities")->count, >=, 41);
}

/* Of every list in `seccomp': whoever writes what is named must not be refused. */
static void check_words(const struct json *seccomp, const char *list, const char *format)
{
	const struct json *names = json_get(seccomp, list);

	for (const struct json *n = names ? names->child : NULL; n; n = n->next) {
		struct oci_config config = { 0 };
		auto_buf b = { 0 };

		pf_buf_puts(
			&b,
			"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"seccomp\":{");
		for (const char *f = format; *f; f++) {
			if (*f == '@')
				pf_buf_puts(&b, n->text);
			else
				pf_buf_add(&b, f, 1);
		}
		pf_buf_puts(&b, "}}}");
		printf("# %s\n", n->text);
		CHECK_INT(parse(&b, &config), ==, 0);
		oci_config_free(&config);
	}
}

static void every_word_of_seccomp_is_taken(void)
{
	struct pf_error e = PF_ERROR_INIT;
	const struct json *seccomp;
	auto_json doc = NULL;
	auto_buf b = { 0 };

	features_write(&b);
	CHECK_INT(json_parse(b.data, b.len, NULL, &doc, &e), ==, 0);
	if (!doc)
		return;
	seccomp = json_get(json_get(json_root(doc), "linux"), "seccomp");
	check_words(seccomp, "actions", "\"defaultAction\":\"@\"");
	check_words(seccomp, "archs",
		    "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"@\"]");
	check_words(seccomp, "knownFlags",
		    "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"@\"]");
	check_words(
		seccomp, "operators",
		"\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
		"\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":1,\"op\":\"@\"}]}]");
}

static void a_new_spec_is_a_valid_config(void)
{
	for (int rootless = 0; rootless < 2; rootless++) {
		struct oci_config config = { 0 };
		auto_buf b = { 0 };

		spec_write(rootless, &b);
		CHECK_INT(parse(&b, &config), ==, 0);
		CHECK_INT(config.linux_.ns[OCI_NS_USER].present, ==, rootless);
		CHECK_INT(config.linux_.uid_maps.n, ==, rootless);
		CHECK_INT(config.n_mounts, ==, 7);
		CHECK(config.process.no_new_privileges);
		oci_config_free(&config);
	}
}

static void strings_are_left_alone(void)
{
	auto_buf b = { 0 };

	pretty_json(&b, "{\"a\":[],\"b\":\"x,{\\\"}[:\",\"c\":[1,2]}", " ");
	CHECK_STR(b.data, "{\n \"a\": [],\n \"b\": \"x,{\\\"}[:\",\n \"c\": [\n  1,\n  2\n ]\n}\n");
}

int main(void)
{
	RUN(every_mount_option_is_taken);
	RUN(features_are_json);
	RUN(every_word_of_seccomp_is_taken);
	RUN(a_new_spec_is_a_valid_config);
	RUN(strings_are_left_alone);
	return tap_done();
}
