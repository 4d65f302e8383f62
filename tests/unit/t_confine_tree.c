/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts that are really there: those of hooks, ties to the host, and what `exec' makes noexec. */
#include <config.h>

#include "tests/unit/confine_box.h"

/* Mount it as a hook does: config.json has no word of it. */
static void hook_bind(struct box *b, const char *where)
{
	size_t n = b->config.n_mounts;

	box_bind(b, where);
	b->config.n_mounts = n;
}

static void a_mount_that_config_json_does_not_know_is_covered(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_tmpfs(b, "/scratch");
	hook_bind(b, "/hooked");
	hook_bind(b, "/scratch/hooked");
	hook_bind(b, "/home/dev/a blank\\");
	hook_bind(b, "/etc/hosts.d");
	box_key(b, POLICY_READ, "@image @mounts /etc/hosts.d");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(!box_mount(b, "/data")->covered);
	CHECK(box_mount(b, "/hooked")->covered && box_mount(b, "/hooked")->is_dir);
	CHECK(!box_mount(b, "/hooked")->destination && !box_mount(b, "/hooked")->engine);
	CHECK_INT(box_mount(b, "/hooked")->id.mnt_id, !=, b->c.root.mnt_id);
	CHECK(box_mount(b, "/scratch/hooked")->covered);
	CHECK(!box_mount(b, "/scratch"));
	CHECK(box_mount(b, "/home/dev/a blank\\")->covered);
	CHECK(!box_mount(b, "/etc/hosts.d")->covered);
	box_close(b);
}

static void a_mount_that_config_json_does_not_know_becomes_read_only(void)
{
	struct box *b = box_open();

	hook_bind(b, "/hooked");
	hook_bind(b, "/work/hooked");
	box_key(b, POLICY_WRITE, "/work");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(box_mount(b, "/hooked")->made_readonly && !box_mount(b, "/hooked")->covered);
	CHECK(!box_mount(b, "/work/hooked")->made_readonly);
	box_close(b);
}

static void what_an_rbind_brings_is_decided_with_it(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	b->mounts[0].recursive = true;
	hook_bind(b, "/data/inner");
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.n_mounts, ==, 1);
	b->mounts[0].recursive = false;
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.n_mounts, ==, 2);
	box_close(b);
}

static void a_mount_over_a_fresh_one_is_not_taken_for_it(void)
{
	struct box *b = box_open();

	box_tmpfs(b, "/scratch");
	box_tmpfs(b, "/cache");
	box_tmpfs(b, "/cache");
	b->config.n_mounts = 3;
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.n_mounts, ==, 0);
	hook_bind(b, "/scratch");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(box_mount(b, "/scratch")->covered);
	CHECK(!box_mount(b, "/cache"));
	box_close(b);
}

/* As the runtime makes a read-only path: a copy of what is there, on it. */
static void bind_on_itself(struct box *b, const char *path)
{
	box_must(mount(box_path(b, path), box_path(b, path), NULL, MS_BIND, NULL) == 0, path);
}

static void a_copy_of_what_is_there_anyway_is_no_mount_from_outside(void)
{
	struct box *b = box_open();
	static char path[] = "/usr/secret";
	static char *masked[] = { path };

	hook_bind(b, "/hooked");
	box_dir(b, "/hooked/sub");
	bind_on_itself(b, "/usr/bin");
	bind_on_itself(b, "/hooked");
	box_tmpfs(b, "/usr/secret");
	b->config.n_mounts = 0;
	b->config.linux_.masked_paths = (struct oci_strings){ masked, 1 };
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.n_mounts, ==, 1);
	CHECK(box_mount(b, "/hooked")->covered);
	box_must(mount(box_path(b, "/work"), box_path(b, "/run"), NULL, MS_BIND, NULL) == 0,
		 "bind");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(box_mount(b, "/run")->covered);
	box_close(b);
}

static void the_runtimes_own_devices_are_not_covered(void)
{
	static const char *const nodes[] = { "/dev/null", "/dev/console", "/dev/other" };
	struct box *b = box_open();

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		box_file(b, nodes[i], "");
		box_must(mount("/dev/null", box_path(b, nodes[i]), NULL, MS_BIND, NULL) == 0,
			 nodes[i]);
	}
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.n_mounts, ==, 1);
	CHECK(box_mount(b, "/dev/other")->covered);
	box_close(b);
}

static void a_mount_with_ties_to_the_host_is_refused(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_must(mount(NULL, box_path(b, "/data"), NULL, MS_SHARED, NULL) == 0, "shared");
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "`/data'");
	CHECK_HAS(b->e.msg, "\"permit\": [\"shared-propagation\"]");
	box_split(b, "shared-propagation", b->permit, &b->policy.permit.n);
	CHECK_INT(box_resolve(b), ==, 0);
	box_close(b);
}

static void a_root_that_is_mounted_over_is_refused(void)
{
	struct box *b = box_open();
	auto_fd root = open(b->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct confine_input in = { .policy = &b->policy, .config = &b->config, .host = &b->host };
	auto_free char *mountinfo = NULL;

	box_must(mount("over", b->root, "tmpfs", 0, "size=1m") == 0, "over");
	mountinfo = box_mountinfo(b);
	in.mountinfo = mountinfo;
	in.root_fd = root;
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(confine_resolve(&in, &b->c, &b->e), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "cannot be judged");
	umount2(b->root, MNT_DETACH);
	box_close(b);
}

static void mountinfo_that_is_not_understood_is_refused(void)
{
	static const char *const bad[] = { "x", "1 2 3 / / rw", "1 2 0:1 / / rw - tmpfs",
					   "1 2 0:1 / mnt rw - tmpfs x rw",
					   "1 2 a / / rw - tmpfs x rw" };
	struct box *b = box_open();
	auto_fd root = open(b->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct confine_input in = { .policy = &b->policy, .config = &b->config, .host = &b->host };

	in.root_fd = root;
	box_key(b, POLICY_READ, "@image");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		in.mountinfo = bad[i];
		CHECK_INT(confine_resolve(&in, &b->c, &b->e), <, 0);
	}
	box_close(b);
}

static bool is_noexec(const struct box *b, const char *path)
{
	for (size_t i = 0; i < b->c.n_noexec; i++)
		if (strcmp(b->c.noexec[i].path, path) == 0)
			return true;
	return false;
}

static void with_exec_writable_mounts_outside_of_it_are_noexec(void)
{
	struct box *b = box_open();

	box_tmpfs(b, "/tmp");
	box_tmpfs(b, "/dev");
	box_file(b, "/dev/null", "");
	box_bind(b, "/work");
	box_bind(b, "/tools");
	box_bind(b, "/data");
	box_dir(b, "/data/bin");
	hook_bind(b, "/work/hooked");
	box_key(b, POLICY_EXEC, "/usr /tools /data/bin");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(is_noexec(b, "/tmp") && is_noexec(b, "/work") && is_noexec(b, "/work/hooked"));
	CHECK(is_noexec(b, "/dev"));
	CHECK(!is_noexec(b, "/tools") && !is_noexec(b, "/data") && !is_noexec(b, "/"));
	/* what `write' does not reach needs nothing */
	box_key(b, POLICY_WRITE, "/tmp /data");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(is_noexec(b, "/tmp") && !is_noexec(b, "/work") && !is_noexec(b, "/dev"));
	box_key(b, POLICY_EXEC, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(is_noexec(b, "/tmp") && is_noexec(b, "/data") && !is_noexec(b, "/"));
	box_close(b);
}

static void without_exec_nothing_becomes_noexec(void)
{
	struct box *b = box_open();

	box_tmpfs(b, "/tmp");
	box_key(b, POLICY_READ, "@image @tmp");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.n_noexec, ==, 0);
	box_close(b);
}

static void the_seal_says_what_becomes_noexec(void)
{
	struct box *b = box_open();
	const struct seal_readonly *r;
	const struct seal *seal;
	struct flat f = { { 0 } };

	box_tmpfs(b, "/tmp");
	box_key(b, POLICY_EXEC, "/usr");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(confine_write_seal(&b->c, &f, &b->e), ==, 0);
	seal = (const void *)f.bytes.data;
	r = (const void *)(f.bytes.data + seal->noexec.off);
	CHECK_INT(seal->noexec.n, ==, 1);
	CHECK_STR(f.bytes.data + r[0].path, "/tmp");
	CHECK_INT(r[0].id.mnt_id, ==, b->c.noexec[0].id.mnt_id);
	flat_free(&f);
	box_close(b);
}

int main(void)
{
	const char *why = box_prepare();

	if (why)
		return tap_skip_all(why);
	RUN(a_mount_that_config_json_does_not_know_is_covered);
	RUN(a_mount_that_config_json_does_not_know_becomes_read_only);
	RUN(what_an_rbind_brings_is_decided_with_it);
	RUN(a_mount_over_a_fresh_one_is_not_taken_for_it);
	RUN(a_copy_of_what_is_there_anyway_is_no_mount_from_outside);
	RUN(the_runtimes_own_devices_are_not_covered);
	RUN(a_mount_with_ties_to_the_host_is_refused);
	RUN(a_root_that_is_mounted_over_is_refused);
	RUN(mountinfo_that_is_not_understood_is_refused);
	RUN(with_exec_writable_mounts_outside_of_it_are_noexec);
	RUN(without_exec_nothing_becomes_noexec);
	RUN(the_seal_says_what_becomes_noexec);
	return tap_done();
}
