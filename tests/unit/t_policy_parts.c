/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the policy that golden files cannot show: sizes, operators of keys not yet built, the lint of a file. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "config/policy_parts.h"
#include "tests/unit/tap.h"

static struct json_doc *new_arena(void)
{
	struct pf_error e = PF_ERROR_INIT;
	struct json_doc *doc = NULL;

	if (json_parse("{}", 2, NULL, &doc, &e) < 0)
		abort();
	return doc;
}

/* The message of merging one annotation, "" if it is accepted. */
static void merge_one(const char *key, const char *value, struct pf_error *e)
{
	struct oci_pair pair = { .key = key, .value = value };
	const struct oci_config config = { .annotations = { .v = &pair, .n = 1 } };
	const struct policy_input in = { .config = &config };
	struct policy policy = { 0 };

	*e = (struct pf_error)PF_ERROR_INIT;
	if (policy_merge(&in, &policy, e) == 0)
		policy_free(&policy);
}

static void every_key_has_a_row(void)
{
	for (int k = 0; k < POLICY_KEY_COUNT_; k++) {
		CHECK(policy_keys[k].name && policy_keys[k].values && policy_keys[k].doc);
		CHECK_INT(policy_key_find(policy_keys[k].name, strlen(policy_keys[k].name)), ==, k);
		if (policy_keys[k].merge == POLICY_MERGE_ORDERED)
			CHECK_INT(policy_keys[k].type, ==, POLICY_TYPE_WORD);
	}
	CHECK_INT(policy_key_find("rea", 3), ==, -1);
	CHECK_INT(policy_key_find("", 0), ==, -1);
	CHECK_INT(policy_key_find("read", 3), ==, -1);
}

static void a_near_name_is_suggested(void)
{
	CHECK_STR(policy_key_suggest("raed", 4), "read");
	CHECK_STR(policy_key_suggest("egres", 5), "egress");
	CHECK_STR(policy_key_suggest("credential.allow", 16), "credentials.allow");
	CHECK_STR(policy_key_suggest("x", 1), NULL);
	CHECK_STR(policy_key_suggest("completely-else", 15), NULL);
	CHECK_STR(policy_key_suggest("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 44), NULL);
}

static void a_path_is_inside_another(void)
{
	CHECK(policy_entry_inside("/a", "/a"));
	CHECK(policy_entry_inside("/a/b", "/a"));
	CHECK(policy_entry_inside("/a/b", "/"));
	CHECK(policy_entry_inside("/", "/"));
	CHECK(!policy_entry_inside("/ab", "/a"));
	CHECK(!policy_entry_inside("/a", "/a/b"));
	CHECK(!policy_entry_inside("/", "/a"));
	CHECK(policy_entry_inside("@cwd", "@cwd"));
	CHECK(!policy_entry_inside("@cwd", "/"));
	CHECK(!policy_entry_inside("/a", "@cwd"));
}

static void check_verdict(const char *entry, const char *bound, enum policy_verdict want)
{
	struct pf_error e = PF_ERROR_INIT;
	auto_json arena = new_arena();
	struct oci_strings list;

	CHECK_INT(policy_value_from_text(arena, POLICY_READ, bound, &list, &e), ==, 0);
	CHECK_INT(policy_judge_entry(POLICY_READ, entry, &list), ==, want);
}

static void text_decides_only_what_is_certain(void)
{
	check_verdict("/a", "/a", POLICY_INSIDE);
	check_verdict("/a/b", "/a", POLICY_UNDECIDED); /* "b" may be a symlink */
	check_verdict("/b", "/a", POLICY_OUTSIDE);
	check_verdict("/b", "/a @cwd", POLICY_UNDECIDED);
	check_verdict("/b", "@image", POLICY_UNDECIDED);
	check_verdict("/", "/a @image @mounts", POLICY_OUTSIDE);
	check_verdict("@image", "@mounts /a", POLICY_OUTSIDE);
	check_verdict("@image", "/", POLICY_INSIDE);
	check_verdict("@cwd", "@image", POLICY_UNDECIDED);
	check_verdict("@cwd", "", POLICY_OUTSIDE);
	check_verdict("@system", "", POLICY_INSIDE);
	check_verdict("@mounts", "@image", POLICY_OUTSIDE);
	check_verdict("@mounts", "@image @cwd", POLICY_UNDECIDED);
}

static void an_ordered_word_may_be_stricter_only(void)
{
	struct pf_error e = PF_ERROR_INIT;
	char observe[] = "observe", enforce[] = "enforce";
	char *lax[] = { observe, NULL }, *strict[] = { enforce, NULL };
	struct policy_value value = {
		.present = true,
		.list = { lax, 1 },
		.origin = POLICY_FROM_ANNOTATION,
		.origin_name = "io.pinfold.mode",
	};
	struct policy_bound bound = { .entries = { strict, 1 },
				      .name = "limits.mode",
				      .limit = true };

	CHECK_INT(policy_bound_add(POLICY_MODE, &value, &bound, &e), ==, -EINVAL);
	CHECK_HAS(e.msg, "/annotations/io.pinfold.mode: `observe' lies outside limits.mode");
	value.list.v = strict;
	bound.entries.v = lax;
	CHECK_INT(policy_bound_add(POLICY_MODE, &value, &bound, &e), ==, 0);
	CHECK_INT(policy_word_rank(POLICY_CREDENTIALS, "deny"), >,
		  policy_word_rank(POLICY_CREDENTIALS, "decoy"));
	CHECK_INT(policy_word_rank(POLICY_ENV, "kee"), ==, -1);
}

static void hide_and_protect_are_united(void)
{
	char a[] = "/a", b[] = "/b";
	char *first[] = { a, NULL }, *second[] = { b, NULL };
	struct policy_layer dst = { 0 }, src = { 0 };
	struct pf_error e = PF_ERROR_INIT;
	auto_json arena = new_arena();

	dst.keys[POLICY_HIDE] = dst.keys[POLICY_READ] =
		(struct policy_setting){ .present = true, .list = { first, 1 } };
	src.keys[POLICY_HIDE] = src.keys[POLICY_READ] = src.keys[POLICY_PROTECT] =
		(struct policy_setting){ .present = true, .list = { second, 1 } };
	CHECK_INT(policy_layer_overlay(arena, &dst, &src, &e), ==, 0);
	CHECK_INT(dst.keys[POLICY_HIDE].list.n, ==, 2);
	CHECK_STR(dst.keys[POLICY_HIDE].list.v[0], "/a");
	CHECK_STR(dst.keys[POLICY_HIDE].list.v[1], "/b");
	CHECK_INT(dst.keys[POLICY_PROTECT].list.n, ==, 1);
	CHECK_INT(dst.keys[POLICY_READ].list.n, ==, 1);
	CHECK_STR(dst.keys[POLICY_READ].list.v[0], "/b");
}

static void annotations_are_bounded(void)
{
	auto_free char *text = malloc(POLICY_ANNOTATION_BYTES + 2);
	auto_buf json = { 0 };
	struct pf_error e;

	memset(text, ' ', POLICY_ANNOTATION_BYTES + 1);
	text[POLICY_ANNOTATION_BYTES + 1] = '\0';
	merge_one("io.pinfold.read", text, &e);
	CHECK_HAS(e.msg, "/annotations/io.pinfold.read: ");
	CHECK_HAS(e.msg, "longer than 65536 bytes");
	text[POLICY_ANNOTATION_BYTES] = '\0';
	merge_one("io.pinfold.read", text, &e);
	CHECK_STR(e.msg, "");
	for (int i = 0; i < 4097; i++)
		memcpy(text + 2 * i, "/ ", 3);
	merge_one("io.pinfold.read", text, &e);
	CHECK_STR(e.msg, "/annotations/io.pinfold.read: 4097 entries are more than 4096");
	text[2 * 4096] = '\0';
	merge_one("io.pinfold.read", text, &e);
	CHECK_STR(e.msg, "");
	for (int i = 0; i < 4097; i++)
		pf_buf_puts(&json, i == 0 ? "[\"/\"" : ",\"/\"");
	pf_buf_puts(&json, "]");
	merge_one("io.pinfold.read", json.data, &e);
	CHECK_STR(e.msg, "/annotations/io.pinfold.read: 4097 entries are more than 4096");
}

static void a_path_is_as_long_as_a_path_can_be(void)
{
	char text[5000];
	struct pf_error e;

	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[4095] = '\0';
	merge_one("io.pinfold.read", text, &e);
	CHECK_STR(e.msg, "");
	text[4095] = 'a';
	text[4096] = '\0';
	merge_one("io.pinfold.read", text, &e);
	CHECK_HAS(e.msg, "longer than a path can be");
}

static void many_annotations_are_refused(void)
{
	static char keys[300][64];
	struct oci_pair pairs[300];
	const struct oci_config config = { .annotations = { .v = pairs, .n = 300 } };
	const struct policy_input in = { .config = &config };
	struct pf_error e = PF_ERROR_INIT;
	struct policy policy;

	for (int i = 0; i < 300; i++) {
		snprintf(keys[i], sizeof(keys[i]), "io.pinfold.read/c%d", i);
		pairs[i] = (struct oci_pair){ .key = keys[i], .value = "/" };
	}
	CHECK_INT(policy_merge(&in, &policy, &e), ==, -EINVAL);
	CHECK_HAS(e.msg, "300 keys of pinfold are more than 256");
}

static void names_are_checked_whole(void)
{
	CHECK(policy_name_check("a"));
	CHECK(policy_name_check("web-agent-2"));
	CHECK(!policy_name_check(""));
	CHECK(!policy_name_check("-a"));
	CHECK(!policy_name_check("a.b"));
	CHECK(!policy_name_check("a/b"));
	CHECK(policy_name_check("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
	CHECK(!policy_name_check(
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
	CHECK(policy_permit_check("host-net"));
	CHECK(policy_permit_check("cap:SYS_ADMIN"));
	CHECK(!policy_permit_check("cap:CAP_SYS_ADMIN"));
	CHECK(!policy_permit_check("cap:"));
	CHECK(!policy_permit_check("host"));
}

static void a_long_list_is_cut_with_dots(void)
{
	char a[] = "@image", b[] = "/some/long/path", c[] = "/x", buf[32];
	char *v[] = { a, b, c, NULL };
	const struct oci_strings list = { v, 3 };
	char all[64];

	policy_list_print(&list, all, sizeof(all));
	CHECK_STR(all, "\"@image\", \"/some/long/path\", \"/x\"");
	policy_list_print(&list, buf, sizeof(buf));
	CHECK_STR(buf, "\"@image\", ...");
	policy_list_print(&(const struct oci_strings){ v, 0 }, buf, sizeof(buf));
	CHECK_STR(buf, "");
}

static void permits_and_degrades_are_exact(void)
{
	char net[] = "host-net", part[] = "landlock.unix";
	char *permit[] = { net, NULL }, *degrade[] = { part, NULL };
	struct policy policy = { .permit = { permit, 1 } };

	policy.keys[POLICY_DEGRADE].list = (struct oci_strings){ degrade, 1 };
	CHECK(policy_permits(&policy, "host-net"));
	CHECK(!policy_permits(&policy, "host"));
	CHECK(policy_degrades(&policy, "landlock.unix"));
	CHECK(!policy_degrades(&policy, "landlock"));
	CHECK(!policy_degrades(&(const struct policy){ 0 }, "landlock"));
}

static void built_in_profiles_say_what_is_pending(void)
{
	CHECK_HAS(policy_profile_pending("agent"), "egress");
	CHECK_STR(policy_profile_pending("audit"), NULL);
	CHECK_STR(policy_profile_pending("nobody"), NULL);
}

static void check_lint(const char *text, const char *want)
{
	struct pf_error e = PF_ERROR_INIT;

	if (policy_check_file(text, strlen(text), "/f.json", &e) == 0)
		CHECK_STR(want, "");
	else
		CHECK_STR(e.msg, want);
}

static void a_file_is_linted(void)
{
	check_lint("{}", "");
	check_lint("{\"profile\": \"agent\", \"write\": []}", "");
	check_lint("{\"profile\": \"other-file\"}", "");
	check_lint(
		"{\"limits\": {\"profile\": [\"agent\"]}, \"defaults\": {\"profile\": \"mine\"}}",
		"");
	check_lint(
		"{\"defaults\": {\"containers\": {\"*\": {\"read\": []}, \"debugger-*\": {\"read\": [\"/\"]}}}}",
		"");
	check_lint("[]", "`/f.json': /: is of type array, not an object");
	check_lint("{\"raed\": []}",
		   "profile `/f.json': /raed: unknown key `raed': is `read' meant?");
	check_lint("{\"defaults\": {\"raed\": []}}",
		   "node policy `/f.json': /defaults/raed: unknown key `raed': is `read' meant?");
	check_lint("{\"limits\": {\"read\": [\"/a\"]}, \"defaults\": {\"read\": [\"/b\"]}}",
		   "defaults.read in `/f.json': `/b' lies outside limits.read in `/f.json': "
		   "`\"limits\": {\"read\": [\"/a\", \"/b\"]}' in `/f.json' would permit it");
	check_lint(
		"{\"limits\": {\"read\": [\"/a\"]}, \"defaults\": {\"containers\": {\"x\": {\"read\": [\"/b\"]}}}}",
		"defaults.containers.read in `/f.json': `/b' lies outside limits.read in `/f.json': "
		"`\"limits\": {\"read\": [\"/a\", \"/b\"]}' in `/f.json' would permit it");
}

static void profile_directories_are_read(void)
{
	static const char text[] = "{\"profiles\": [\"/srv/p\", \"/opt/q\"]}";
	const struct policy_file file = { .path = "/f.json",
					  .text = text,
					  .len = sizeof(text) - 1 };
	struct pf_error e = PF_ERROR_INIT;
	struct oci_strings dirs = { 0 };
	auto_json doc = NULL;

	CHECK_INT(policy_profile_dirs(&file, &doc, &dirs, &e), ==, 0);
	CHECK_INT(dirs.n, ==, 2);
	CHECK_STR(dirs.n == 2 ? dirs.v[1] : NULL, "/opt/q");
}

int main(void)
{
	RUN(every_key_has_a_row);
	RUN(a_near_name_is_suggested);
	RUN(a_path_is_inside_another);
	RUN(text_decides_only_what_is_certain);
	RUN(an_ordered_word_may_be_stricter_only);
	RUN(hide_and_protect_are_united);
	RUN(annotations_are_bounded);
	RUN(a_path_is_as_long_as_a_path_can_be);
	RUN(many_annotations_are_refused);
	RUN(names_are_checked_whole);
	RUN(a_long_list_is_cut_with_dots);
	RUN(permits_and_degrades_are_exact);
	RUN(built_in_profiles_say_what_is_pending);
	RUN(a_file_is_linted);
	RUN(profile_directories_are_read);
	return tap_done();
}
