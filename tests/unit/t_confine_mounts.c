/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of mounts: opened, covered, read-only; and what lies outside the node's bound. */
#include <config.h>

#include "tests/unit/confine_box.h"

static void a_mount_that_no_entry_names_is_covered(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_bind_file(b, "/run/token", "/run/token");
	box_bind(b, "/work");
	box_tmpfs(b, "/scratch");
	box_key(b, POLICY_READ, "@image @cwd");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(box_mount(b, "/data")->covered && box_mount(b, "/data")->is_dir);
	CHECK(box_mount(b, "/run/token")->covered && !box_mount(b, "/run/token")->is_dir);
	CHECK(!box_mount(b, "/work")->covered);
	CHECK_STR(box_mount(b, "/work")->opened_by, "@cwd");
	box_close(b);
}

static void a_containing_entry_opens_the_mounts_beneath(void)
{
	struct box *b = box_open();

	box_bind(b, "/root/.cache");
	box_bind(b, "/root/.cache/deep");
	box_key(b, POLICY_READ, "@image @home");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(!box_mount(b, "/root/.cache")->covered);
	CHECK(!box_mount(b, "/root/.cache/deep")->covered);
	box_close(b);
}

static void only_the_outermost_mount_gets_a_cover(void)
{
	struct box *b = box_open();
	const struct seal_cover *covers;
	const struct seal *seal;
	struct flat f = { { 0 } };

	box_bind(b, "/data");
	box_bind(b, "/data/inner");
	box_bind(b, "/data-too");
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(box_mount(b, "/data/inner")->covered);
	CHECK_INT(confine_write_seal(&b->c, &f, &b->e), ==, 0);
	seal = (const void *)f.bytes.data;
	covers = (const void *)(f.bytes.data + seal->covers.off);
	CHECK_INT(seal->covers.n, ==, 2);
	CHECK_STR(f.bytes.data + covers[0].path, "/data");
	CHECK_STR(f.bytes.data + covers[1].path, "/data-too");
	CHECK(covers[0].is_dir && covers[0].id.ino != 0);
	CHECK_INT(covers[0].id.mnt_id, ==, box_mount(b, "/data")->id.mnt_id);
	CHECK_INT(covers[0].id.mnt_id, !=, b->c.root.mnt_id);
	flat_free(&f);
	box_close(b);
}

static void an_entry_inside_an_unopened_mount_is_refused_with_image(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_dir(b, "/data/sub");
	box_key(b, POLICY_READ, "@image /data/sub");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "list `/data' instead");
	/* without @image nothing else of the mount can be reached: it needs no cover */
	box_key(b, POLICY_READ, "/usr /data/sub");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(!box_mount(b, "/data")->covered);
	box_close(b);
}

static void a_mount_is_found_through_the_images_symlinks(void)
{
	struct box *b = box_open();

	box_link(b, "/run", "/var/run");
	box_bind_at(b, "/var/run/secrets", "/run/secrets");
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(box_mount(b, "/run/secrets")->covered);
	CHECK_STR(box_mount(b, "/run/secrets")->destination, "/var/run/secrets");
	box_close(b);
}

static void a_second_mount_on_one_place_is_the_one_that_counts(void)
{
	struct box *b = box_open();

	box_bind_file(b, "/etc/hosts", "/etc/hosts");
	box_link(b, "/etc/hosts", "/run/alias");
	box_bind_file(b, "/run/alias", "/etc/hosts");
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.n_mounts, ==, 1);
	CHECK(!box_mount(b, "/etc/hosts")->engine);
	CHECK(box_mount(b, "/etc/hosts")->covered);
	box_close(b);
}

static void a_mount_that_cannot_be_found_is_refused(void)
{
	struct box *b = box_open();

	box_dir(b, "/data");
	box_add_mount(b, OCI_FS_BIND, "/data", "/srv/x");
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "/mounts/0: `/data' is not a mount");
	box_close(b);
}

static void a_mount_below_a_later_one_is_out_of_reach(void)
{
	struct box *b = box_open();

	box_bind(b, "/a/b");
	box_tmpfs(b, "/a");
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.n_mounts, ==, 0);
	box_close(b);
}

static void an_unknown_filesystem_is_treated_as_a_bind(void)
{
	struct box *b = box_open();

	box_tmpfs(b, "/overlay");
	b->mounts[0].kind = OCI_FS_OTHER;
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(box_mount(b, "/overlay")->covered);
	box_close(b);
}

static void exec_of_the_image_covers_too(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_key(b, POLICY_EXEC, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(box_mount(b, "/data")->covered);
	box_close(b);
}

static void what_the_rule_of_the_image_reaches_is_said(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_bind(b, "/secret");
	box_key(b, POLICY_READ, "@image /data");
	box_key(b, POLICY_EXEC, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_HAS(box_notes(b),
		  "exec: `@image' also reaches the mount `/data', which `/data' opens");
	CHECK(!strstr(box_notes(b), "/secret"));
	CHECK(!strstr(box_notes(b), "read: `@image'"));
	box_close(b);
}

static void a_loader_that_cannot_be_executed_is_said(void)
{
	struct box *b = box_open();

	box_dir(b, "/usr/lib64");
	box_link(b, "usr/lib64", "/lib64");
	box_file(b, "/usr/lib64/ld-linux-x86-64.so.2", "");
	box_key(b, POLICY_EXEC, "/usr/bin");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_HAS(box_notes(b),
		  "exec: the loader `/usr/lib64/ld-linux-x86-64.so.2' is not in the list");
	box_key(b, POLICY_EXEC, "/usr/bin /usr/lib64");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(!strstr(box_notes(b), "loader"));
	box_close(b);
}

static void write_alone_covers_nothing_and_makes_read_only(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_bind(b, "/data/inner");
	box_bind(b, "/work");
	box_bind(b, "/mnt");
	box_bind_file(b, "/etc/hosts", "/etc/hosts");
	box_bind(b, "/dev/shm");
	box_dir(b, "/mnt/sub");
	box_key(b, POLICY_WRITE, "/work /mnt/sub");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(!box_mount(b, "/data")->covered);
	CHECK(box_mount(b, "/data")->made_readonly);
	CHECK(!box_mount(b, "/work")->made_readonly);
	CHECK(!box_mount(b, "/mnt")->made_readonly);
	CHECK(box_mount(b, "/etc/hosts")->made_readonly);
	CHECK(!box_mount(b, "/dev/shm")->made_readonly);
	box_close(b);
}

static void writing_the_image_leaves_mounts_read_only(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_key(b, POLICY_READ, "@image @mounts");
	box_key(b, POLICY_WRITE, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(!box_mount(b, "/data")->covered);
	CHECK(box_mount(b, "/data")->made_readonly);
	box_close(b);
}

static void read_alone_makes_nothing_read_only(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_key(b, POLICY_READ, "@image /data");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(!box_mount(b, "/data")->made_readonly);
	box_close(b);
}

static int resolve_within(struct box *b, const char *value, const char *bound)
{
	b->policy.keys[POLICY_READ].n_bounds = 0;
	box_key(b, POLICY_READ, value);
	box_bound(b, POLICY_READ, bound);
	return box_resolve(b);
}

static void bounds_are_compared_after_resolution(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_dir(b, "/data/sub");
	box_dir(b, "/srv/a");
	box_link(b, "/data/sub", "/alias");
	box_link(b, "/srv/a", "/allowed");
	CHECK_INT(resolve_within(b, "@cwd", "/work"), ==, 0);
	CHECK_INT(resolve_within(b, "/work", "@cwd"), ==, 0);
	CHECK_INT(resolve_within(b, "/srv/a", "/allowed"), ==, 0);
	CHECK_INT(resolve_within(b, "/allowed", "/srv"), ==, 0);
	CHECK_INT(resolve_within(b, "/alias", "/data"), ==, 0);
	CHECK_INT(resolve_within(b, "/alias", "/srv /absent /data/sub"), ==, 0);
	CHECK_INT(resolve_within(b, "/alias", "/srv"), ==, -EINVAL);
	CHECK_INT(b->e.kind, ==, PF_ERR_POLICY);
	CHECK_HAS(b->e.msg, "/annotations/io.pinfold.read: `/alias' lies outside limits");
	CHECK_HAS(b->e.msg,
		  "`\"limits\": {\"read\": [\"/srv\", \"/alias\"]}' in `/etc/pinfold/policy.json'");
	CHECK_HAS(b->e.msg, "(`/alias' is `/data/sub' here)");
	CHECK_INT(resolve_within(b, "@none", "/srv"), ==, 0);
	CHECK_INT(resolve_within(b, "/srv", ""), ==, -EINVAL);
	CHECK_INT(resolve_within(b, "/srv-too", "/srv"), ==, -EINVAL);
	box_close(b);
}

static void the_image_as_a_bound_holds_no_mounts(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_bind(b, "/usr/local/secret");
	box_tmpfs(b, "/scratch");
	box_dir(b, "/srv");
	CHECK_INT(resolve_within(b, "@image", "@image"), ==, 0);
	CHECK_INT(resolve_within(b, "/srv", "@image"), ==, 0);
	CHECK_INT(resolve_within(b, "/scratch", "@image"), ==, 0);
	CHECK_INT(resolve_within(b, "/data", "@image"), ==, -EINVAL);
	CHECK_INT(resolve_within(b, "/usr", "@image"), ==, -EINVAL);
	CHECK_INT(resolve_within(b, "/", "@image"), ==, -EINVAL);
	CHECK_INT(resolve_within(b, "/usr", "@image /usr/local/secret"), ==, 0);
	CHECK_INT(resolve_within(b, "@image", "/usr"), ==, -EINVAL);
	CHECK_INT(resolve_within(b, "@image", "/"), ==, 0);
	box_close(b);
}

static void a_mount_of_a_hook_is_not_the_images(void)
{
	struct box *b = box_open();

	box_bind(b, "/hooked");
	b->config.n_mounts = 0;
	CHECK_INT(resolve_within(b, "/hooked", "@image"), ==, -EINVAL);
	box_close(b);
}

static void every_bound_must_hold(void)
{
	struct box *b = box_open();

	box_dir(b, "/srv/a");
	CHECK_INT(resolve_within(b, "/srv/a", "/srv"), ==, 0);
	box_bound(b, POLICY_READ, "/work");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	box_close(b);
}

static void without_its_mounts_the_bundle_is_judged_by_config_json(void)
{
	struct box *b = box_open();

	b->unmounted = true;
	box_add_mount(b, OCI_FS_PROC, "/proc", "proc");
	box_add_mount(b, OCI_FS_TMPFS, "/dev", "tmpfs");
	box_add_mount(b, OCI_FS_BIND, "/data", "/etc");
	box_add_mount(b, OCI_FS_BIND, "/secret", "/etc/hostname");
	box_key(b, POLICY_READ, "@image /data/deep");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	box_key(b, POLICY_READ, "@image /data");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(!box_mount(b, "/data")->covered && box_mount(b, "/data")->is_dir);
	CHECK(box_mount(b, "/secret")->covered);
	CHECK(box_find(b, CONFINE_READ, "/dev/null"));
	CHECK(!box_find(b, CONFINE_READ, "/dev/termination-log"));
	CHECK(box_find(b, CONFINE_READ, "/data")->is_dir);
	box_close(b);
}

int main(void)
{
	const char *why = box_prepare();

	if (why)
		return tap_skip_all(why);
	RUN(a_mount_that_no_entry_names_is_covered);
	RUN(a_containing_entry_opens_the_mounts_beneath);
	RUN(only_the_outermost_mount_gets_a_cover);
	RUN(an_entry_inside_an_unopened_mount_is_refused_with_image);
	RUN(a_mount_is_found_through_the_images_symlinks);
	RUN(a_second_mount_on_one_place_is_the_one_that_counts);
	RUN(a_mount_that_cannot_be_found_is_refused);
	RUN(a_mount_below_a_later_one_is_out_of_reach);
	RUN(an_unknown_filesystem_is_treated_as_a_bind);
	RUN(exec_of_the_image_covers_too);
	RUN(what_the_rule_of_the_image_reaches_is_said);
	RUN(a_loader_that_cannot_be_executed_is_said);
	RUN(write_alone_covers_nothing_and_makes_read_only);
	RUN(writing_the_image_leaves_mounts_read_only);
	RUN(read_alone_makes_nothing_read_only);
	RUN(bounds_are_compared_after_resolution);
	RUN(the_image_as_a_bound_holds_no_mounts);
	RUN(a_mount_of_a_hook_is_not_the_images);
	RUN(every_bound_must_hold);
	RUN(without_its_mounts_the_bundle_is_judged_by_config_json);
	return tap_done();
}
