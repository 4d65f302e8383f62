/* SPDX-License-Identifier: Apache-2.0 */
/* Covers: only the outermost stays, rules below one vanish, a fake never undoes an empty cover, the seal has them all. */
#include <config.h>

#include "runtime/guard/confine_impl.h"
#include "tests/unit/confine_box.h"

static int add(struct box *b, const char *path, const char *content)
{
	struct confine_input in = { .policy = &b->policy, .config = &b->config, .host = &b->host };
	struct confine_run run = { .in = &in, .out = &b->c, .root = b->c.root };
	auto_fd root = open(b->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct confine_cover cover = { .why = "hide", .entry = (char[]){ "entry" } };
	struct confine_found found;

	in.root_fd = root;
	b->e = (struct pf_error)PF_ERROR_INIT;
	CHECK_INT(confine_walk(&run, path, LINKS_NONE, &found, &b->e), ==, CONFINE_FOUND);
	cover.path = found.path;
	cover.is_dir = S_ISDIR(found.mode);
	cover.id = found.id;
	cover.content = content ? box_keep(b, content) : NULL;
	return confine_add_cover(&run, &cover, &b->e);
}

static const char *covers(const struct box *b)
{
	static char buf[512];
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < b->c.n_covers; i++)
		len += (size_t)snprintf(buf + len, sizeof(buf) - len, "%s%s%s%s", i ? " " : "",
					b->c.covers[i].path, b->c.covers[i].content ? "=" : "",
					b->c.covers[i].content ? b->c.covers[i].content : "");
	return buf;
}

static struct box *open_with_files(void)
{
	struct box *b = box_open();

	box_dir(b, "/work/a/b");
	box_file(b, "/work/a/b/key", "x");
	box_file(b, "/work/a-b", "x");
	box_file(b, "/work/key", "x");
	return b;
}

static void only_the_outermost_cover_stays(void)
{
	struct box *b = open_with_files();

	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(add(b, "/work/key", NULL), ==, 0);
	CHECK_INT(add(b, "/work/a/b/key", NULL), ==, 0);
	CHECK_INT(add(b, "/work/a-b", NULL), ==, 0);
	CHECK_STR(covers(b), "/work/a/b/key /work/a-b /work/key");
	CHECK_INT(add(b, "/work/a", NULL), ==, 0);
	CHECK_STR(covers(b), "/work/a /work/a-b /work/key");
	CHECK_INT(add(b, "/work/a/b", NULL), ==, 0);
	CHECK_STR(covers(b), "/work/a /work/a-b /work/key");
	CHECK(b->c.covers[0].is_dir && !b->c.covers[1].is_dir);
	CHECK(confine_is_covered(&b->c, "/work/a/b/key"));
	CHECK(confine_is_covered(&b->c, "/work/a"));
	CHECK(!confine_is_covered(&b->c, "/work"));
	box_close(b);
}

static void a_fake_never_undoes_an_empty_cover(void)
{
	struct box *b = open_with_files();

	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(add(b, "/work/key", NULL), ==, 0);
	CHECK_INT(add(b, "/work/key", "fake"), ==, 0);
	CHECK_STR(covers(b), "/work/key");
	CHECK_INT(add(b, "/work/a-b", "fake"), ==, 0);
	CHECK_STR(covers(b), "/work/a-b=fake /work/key");
	CHECK_INT(add(b, "/work/a-b", "other"), ==, 0);
	CHECK_STR(covers(b), "/work/a-b=fake /work/key");
	CHECK_INT(add(b, "/work/a-b", NULL), ==, 0);
	CHECK_STR(covers(b), "/work/a-b /work/key");
	box_close(b);
}

static void what_lies_in_a_covered_mount_needs_no_cover(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_file(b, "/data/key", "x");
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(box_mount(b, "/data")->covered);
	CHECK_INT(add(b, "/data/key", NULL), ==, 0);
	CHECK_STR(covers(b), "");
	box_close(b);
}

static void a_mount_below_a_cover_is_covered_with_it(void)
{
	struct box *b = box_open();

	box_bind(b, "/work/a");
	box_bind(b, "/work/a/in");
	box_key(b, POLICY_READ, "@image /work");
	box_key(b, POLICY_WRITE, "/tmp");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(box_mount(b, "/work/a")->made_readonly);
	CHECK_INT(add(b, "/work/a", NULL), ==, 0);
	CHECK(box_mount(b, "/work/a")->covered && !box_mount(b, "/work/a")->made_readonly);
	CHECK(box_mount(b, "/work/a/in")->covered && !box_mount(b, "/work/a/in")->opened_by);
	box_close(b);
}

static void what_is_protected_below_a_cover_is_left_out(void)
{
	struct box *b = open_with_files();

	box_key(b, POLICY_PROTECT, "/work/a/b /work/key");
	box_key(b, POLICY_WRITE, "/work");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.n_protects, ==, 3); /* and /work/a, which is held in place */
	CHECK_INT(add(b, "/work/a", NULL), ==, 0);
	CHECK_INT(b->c.n_protects, ==, 1);
	CHECK_STR(b->c.protects[0].path, "/work/key");
	CHECK_INT(add(b, "/work/key", "fake"), ==, 0);
	CHECK_INT(b->c.n_protects, ==, 0);
	box_close(b);
}

static void the_root_and_the_fake_of_a_directory_are_refused(void)
{
	struct box *b = open_with_files();

	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(add(b, "/", NULL), ==, -EINVAL);
	CHECK_INT(b->e.kind, ==, PF_ERR_POLICY);
	CHECK_HAS(b->e.msg, "hide: `entry' is the root of the container");
	CHECK_INT(add(b, "/work", "fake"), <, 0);
	CHECK_INT(b->e.kind, ==, PF_ERR_BUG);
	CHECK_INT(b->c.n_covers, ==, 0);
	box_close(b);
}

static bool has_rule(const struct flat *f, const char *path)
{
	const struct seal *seal = (const void *)f->bytes.data;
	const struct seal_rule *r = (const void *)(f->bytes.data + seal->rules.off);

	for (uint32_t i = 0; i < seal->rules.n; i++)
		if (strcmp(f->bytes.data + r[i].path, path) == 0)
			return true;
	return false;
}

static void the_seal_has_covers_and_no_rule_below_them(void)
{
	struct box *b = open_with_files();
	const struct seal_cover *out;
	const struct seal *seal;
	struct flat f = { { 0 } };

	box_bind(b, "/data");
	box_bind_file(b, "/work/token", "/work/token");
	box_key(b, POLICY_READ, "@image /work /work/a/b /work/key");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(add(b, "/work/a", NULL), ==, 0);
	CHECK_INT(add(b, "/work/key", "fake"), ==, 0);
	CHECK_INT(add(b, "/work/token", "token"), ==, 0);
	CHECK_INT(confine_write_seal(&b->c, &f, &b->e), ==, 0);
	seal = (const void *)f.bytes.data;
	out = (const void *)(f.bytes.data + seal->covers.off);
	CHECK_INT(seal->covers.n, ==, 4);
	CHECK_STR(f.bytes.data + out[0].path, "/data");
	CHECK_STR(f.bytes.data + out[1].path, "/work/a");
	CHECK(out[1].is_dir && out[1].content == 0);
	CHECK_STR(f.bytes.data + out[2].path, "/work/key");
	CHECK_STR(f.bytes.data + out[2].content, "fake");
	CHECK_STR(f.bytes.data + out[3].path, "/work/token");
	CHECK_STR(f.bytes.data + out[3].content, "token");
	CHECK(has_rule(&f, "/work") && !has_rule(&f, "/work/a/b") && !has_rule(&f, "/work/key"));
	flat_free(&f);
	box_close(b);
}

static void explain_and_posture_say_what_is_covered_and_why(void)
{
	struct box *b = open_with_files();
	auto_buf text = { 0 }, json = { 0 }, posture = { 0 };

	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(add(b, "/work/a", NULL), ==, 0);
	CHECK_INT(add(b, "/work/key", "fake"), ==, 0);
	confine_explain(&b->policy, &b->c, false, &text);
	confine_explain(&b->policy, &b->c, true, &json);
	confine_posture(&b->policy, &b->c, 0, &posture);
	CHECK_HAS(text.data, "covers:\n  /work/a/: by `entry' of hide\n"
			     "  /work/key: a fake, by `entry' of hide\n");
	CHECK_HAS(json.data, "\"covers\":[{\"path\":\"/work/a\",\"directory\":true,\"fake\":false,"
			     "\"key\":\"hide\",\"entry\":\"entry\"},");
	CHECK_HAS(posture.data, "\"covers\":2,");
	CHECK_HAS(posture.data, "{\"path\":\"/work/key\",\"directory\":false,\"fake\":true,");
	box_close(b);
}

int main(void)
{
	const char *why = box_prepare();

	if (why)
		return tap_skip_all(why);
	RUN(only_the_outermost_cover_stays);
	RUN(a_fake_never_undoes_an_empty_cover);
	RUN(what_lies_in_a_covered_mount_needs_no_cover);
	RUN(a_mount_below_a_cover_is_covered_with_it);
	RUN(what_is_protected_below_a_cover_is_left_out);
	RUN(the_root_and_the_fake_of_a_directory_are_refused);
	RUN(the_seal_has_covers_and_no_rule_below_them);
	RUN(explain_and_posture_say_what_is_covered_and_why);
	return tap_done();
}
