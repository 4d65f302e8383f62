/* SPDX-License-Identifier: Apache-2.0 */
/* What each token opens, which symlinks are believed, and what an untrustworthy image cannot make of them. */
#include <config.h>

#include "tests/unit/confine_box.h"

static void image_is_one_rule_on_the_root(void)
{
	struct box *b = box_open();

	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_READ), "@image");
	CHECK(box_find(b, CONFINE_READ, "/")->is_dir);
	CHECK(!box_find(b, CONFINE_WRITE, "/dev/null"));
	box_close(b);
}

static void none_and_the_empty_list_open_nothing(void)
{
	struct box *b = box_open();

	box_key(b, POLICY_READ, "@none");
	box_key(b, POLICY_WRITE, "");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_READ), "");
	CHECK_STR(box_opened(b, CONFINE_WRITE), "");
	CHECK(box_find(b, CONFINE_READ, "/proc") && box_find(b, CONFINE_READ, "/proc")->system);
	CHECK(b->c.handled_fs & PF_LL_FS_WRITE_FILE);
	box_close(b);
}

static void an_unknown_token_is_refused(void)
{
	struct box *b = box_open();

	box_key(b, POLICY_READ, "@imag");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_INT(b->e.kind, ==, PF_ERR_POLICY);
	CHECK_HAS(b->e.msg, "/annotations/io.pinfold.read: `@imag' is not a token");
	box_close(b);
}

static void cwd_is_the_working_directory(void)
{
	struct box *b = box_open();

	box_key(b, POLICY_WRITE, "@cwd");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_WRITE), "/work");
	box_close(b);
}

static void a_working_directory_that_is_the_systems_opens_nothing(void)
{
	static const char *const cwds[] = {
		"/",       "/usr",         "/etc",  "/etc/ssl", "/var",     "/proc/self",
		"/sys",    "/dev/shm",     "/boot", "/run/x",   "/var/run", "/var/run/x",
		"//etc//", "/work/../etc", "work",  "/absent",  "",
	};

	for (size_t i = 0; i < ARRAY_SIZE(cwds); i++) {
		struct box *b = box_open();

		box_dir(b, "/etc/ssl");
		box_dir(b, "/run/x");
		b->config.process.cwd = cwds[i];
		box_key(b, POLICY_READ, "@cwd");
		CHECK_INT(box_resolve(b), ==, 0);
		CHECK_STR(box_opened(b, CONFINE_READ), "");
		CHECK_HAS(box_notes(b), "@cwd");
		box_close(b);
	}
}

static void a_working_directory_behind_a_symlink_opens_nothing(void)
{
	struct box *b = box_open();

	box_link(b, "/etc", "/w1");
	box_link(b, "/root", "/home/link");
	box_dir(b, "/root/x");
	b->config.process.cwd = "/home/link/x";
	box_key(b, POLICY_READ, "@cwd");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_READ), "");
	CHECK_HAS(box_notes(b), "`/home/link/x' leads through the symlink `/home/link'");
	b->config.process.cwd = "/w1";
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_READ), "");
	box_close(b);
}

static void home_comes_from_the_environment_first(void)
{
	struct box *b = box_open();

	box_env(b, "HOME=/home/dev");
	box_key(b, POLICY_READ, "@home");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_READ), "/home/dev");
	box_close(b);
}

static void home_comes_from_passwd_by_uid(void)
{
	struct box *b = box_open();

	box_key(b, POLICY_READ, "@home");
	b->config.process.user.uid = 1000;
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_READ), "/home/dev");
	b->config.process.user.uid = 0;
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_READ), "/root");
	b->config.process.user.uid = 1234;
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_READ), "");
	CHECK_HAS(box_notes(b), "no line of the process's uid");
	box_close(b);
}

static void a_hostile_passwd_gives_no_home(void)
{
	static const char *const texts[] = {
		"x:x:1000\n",
		"x:x:1000:1000:y\n",
		"x:x:0x3e8:0::/work:\nx:x: 1000:0::/work:\nx:x:+1000:0::/work:\nx:x:-1:0::/work:\n",
		"x:x:99999999999999999999999:0::/work:\nx:x:4294968296:0::/work:\n",
		"#x:x:1000:0::/work:\n:x:1000:0::/work:\n",
		"x:x:1000:0::/etc:\n",
		"x:x:1000:0::relative:\n",
		"x:x:1000:0::/work/../etc:\n",
		"x:x:1000:0:::\n",
		":::::::::::::::\n\n\n::",
		"",
	};
	struct box *b = box_open();

	b->config.process.user.uid = 1000;
	box_key(b, POLICY_READ, "@home");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		box_file(b, "/etc/passwd", texts[i]);
		CHECK_INT(box_resolve(b), ==, 0);
		CHECK_STR(box_opened(b, CONFINE_READ), "");
		CHECK_HAS(box_notes(b), "@home");
	}
	box_close(b);
}

static void a_passwd_that_is_no_file_is_not_read(void)
{
	struct box *b = box_open();

	box_key(b, POLICY_READ, "@home");
	unlink(box_path(b, "/etc/passwd"));
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_HAS(box_notes(b), "not a regular file");
	box_must(mkfifo(box_path(b, "/etc/passwd"), 0644) == 0, "mkfifo");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_HAS(box_notes(b), "not a regular file");
	unlink(box_path(b, "/etc/passwd"));
	box_link(b, "/etc/hosts", "/etc/passwd");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_HAS(box_notes(b), "not a regular file");
	unlink(box_path(b, "/etc/passwd"));
	box_file(b, "/etc/passwd", "root:x:0:0::/root:\n");
	box_must(truncate(box_path(b, "/etc/passwd"), 2 << 20) == 0, "truncate");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_HAS(box_notes(b), "larger than 1 MiB");
	CHECK_STR(box_opened(b, CONFINE_READ), "");
	box_close(b);
}

static void tmp_is_the_temporary_directories_that_exist(void)
{
	struct box *b = box_open();

	box_key(b, POLICY_WRITE, "@tmp");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_WRITE), "/tmp /var/tmp");
	rmdir(box_path(b, "/var/tmp"));
	box_link(b, "/etc", "/var/tmp");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_WRITE), "/tmp");
	CHECK_HAS(box_notes(b), "`/var/tmp' leads through the symlink `/var/tmp'");
	box_close(b);
}

static void the_runtime_directory_counts_only_where_no_mount_is(void)
{
	struct box *b = box_open();

	b->config.process.user.uid = 1000;
	box_env(b, "XDG_RUNTIME_DIR=/run/user/1000");
	box_dir(b, "/run/user/1000");
	box_key(b, POLICY_READ, "@tmp");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_READ), "/tmp /var/tmp /run/user/1000");
	box_bind_file(b, "/run/user/1000/bus", "/run/user/1000/bus");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_READ), "/tmp /var/tmp");
	CHECK_HAS(box_notes(b), "`/run/user/1000' is a place of the system");
	box_close(b);
	b = box_open();
	box_env(b, "XDG_RUNTIME_DIR=/run/user/1000");
	box_dir(b, "/run/user/1000");
	box_key(b, POLICY_READ, "@tmp");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_READ), "/tmp /var/tmp");
	box_close(b);
}

static void mounts_are_those_that_are_not_the_engines(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_bind_file(b, "/etc/hosts", "/etc/hosts");
	box_bind(b, "/dev/shm");
	box_bind(b, "/etc/hostname");
	box_tmpfs(b, "/scratch");
	box_key(b, POLICY_READ, "@mounts");
	CHECK_INT(box_resolve(b), ==, 0);
	/* a directory on /etc/hostname is not what an engine puts there */
	CHECK_STR(box_opened(b, CONFINE_READ), "/data /etc/hostname");
	CHECK(box_mount(b, "/etc/hosts")->engine);
	CHECK(box_mount(b, "/dev/shm")->engine);
	CHECK(!box_mount(b, "/etc/hostname")->engine);
	CHECK(!box_mount(b, "/scratch"));
	box_close(b);
}

static void system_is_left_out_where_something_else_stands(void)
{
	struct box *b = box_open();

	box_dir(b, "/dev/full");
	box_must(mknod(box_path(b, "/dev/null"), S_IFCHR | 0666, makedev(1, 3)) == 0, "mknod");
	box_file(b, "/dev/zero", "");
	box_link(b, "/root", "/etc/localtime");
	box_key(b, POLICY_READ, "");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(box_find(b, CONFINE_READ, "/dev/null"));
	CHECK(!box_find(b, CONFINE_READ, "/dev/zero"));
	CHECK(!box_find(b, CONFINE_READ, "/dev/full"));
	CHECK(!box_find(b, CONFINE_READ, "/etc/localtime"));
	CHECK(!box_find(b, CONFINE_READ, "/root"));
	CHECK(box_find(b, CONFINE_READ, "/etc/hosts"));
	box_close(b);
}

static void system_is_not_a_way_into_a_mount_of_the_user(void)
{
	struct box *b = box_open();

	box_bind(b, "/etc");
	box_must(mknod(box_path(b, "/etc/hosts"), S_IFREG | 0644, 0) == 0, "mknod");
	box_bind(b, "/dev/shm");
	box_bind(b, "/dev/shm/secret");
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(!box_find(b, CONFINE_READ, "/etc/hosts"));
	CHECK(box_mount(b, "/etc")->covered);
	CHECK(box_mount(b, "/dev/shm/secret")->covered);
	CHECK(!box_mount(b, "/dev/shm")->covered);
	box_close(b);
}

static void devices_of_config_json_are_part_of_system(void)
{
	struct oci_device devices[] = {
		{ .type = S_IFCHR, .path = "/dev/fuse" },
		{ .type = S_IFCHR, .path = "/dev/absent" },
	};
	struct box *b = box_open();

	box_must(mknod(box_path(b, "/dev/fuse"), S_IFCHR | 0666, makedev(10, 229)) == 0, "mknod");
	b->config.linux_.devices = devices;
	b->config.linux_.n_devices = ARRAY_SIZE(devices);
	box_key(b, POLICY_WRITE, "");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK(box_find(b, CONFINE_WRITE, "/dev/fuse"));
	CHECK_INT(box_find(b, CONFINE_WRITE, "/dev/fuse")->rights, ==, PF_LL_FS_IOCTL_DEV);
	CHECK(!box_find(b, CONFINE_WRITE, "/dev/absent"));
	box_close(b);
}

static void a_literal_path_that_does_not_exist_is_refused(void)
{
	struct box *b = box_open();

	box_key(b, POLICY_READ, "/usr /absent/x");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "`/absent/x' does not exist in the container");
	box_key(b, POLICY_READ, "/usr/bin/tool/x");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	box_close(b);
}

static void symlinks_of_the_root_are_followed(void)
{
	struct box *b = box_open();

	box_link(b, "usr/bin", "/bin");
	box_link(b, "../../../../../bin/tool", "/var/lib/tool");
	box_key(b, POLICY_READ, "/bin /var/lib/tool");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_READ), "/usr/bin /usr/bin/tool");
	CHECK(!box_find(b, CONFINE_READ, "/usr/bin/tool")->is_dir);
	box_close(b);
}

static void a_symlink_loop_is_refused(void)
{
	struct box *b = box_open();

	box_link(b, "/b", "/a");
	box_link(b, "/a", "/b");
	box_key(b, POLICY_READ, "/a");
	CHECK_INT(box_resolve(b), ==, -ELOOP);
	box_close(b);
}

static void symlinks_in_a_mount_are_not_believed(void)
{
	struct box *b = box_open();

	box_bind(b, "/data");
	box_link(b, "/etc", "/data/link");
	box_key(b, POLICY_READ, "/data/link");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "`/data/link' leads through the symlink `/data/link'");
	box_close(b);
}

static void symlinks_in_a_write_entry_are_not_believed(void)
{
	struct box *b = box_open();

	box_link(b, "/etc", "/work/link");
	box_key(b, POLICY_WRITE, "/work");
	box_key(b, POLICY_READ, "/work/link");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "leads through the symlink `/work/link'");
	box_key(b, POLICY_READ, "/usr");
	box_key(b, POLICY_WRITE, "/work/link /work");
	CHECK_INT(box_resolve(b), ==, -EINVAL);
	CHECK_HAS(b->e.msg, "/annotations/io.pinfold.write");
	box_close(b);
}

static void a_write_entry_may_itself_be_a_symlink(void)
{
	struct box *b = box_open();

	box_link(b, "work", "/w");
	box_key(b, POLICY_WRITE, "/w");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(box_opened(b, CONFINE_WRITE), "/work");
	box_close(b);
}

int main(void)
{
	const char *why = box_prepare();

	if (why)
		return tap_skip_all(why);
	RUN(image_is_one_rule_on_the_root);
	RUN(none_and_the_empty_list_open_nothing);
	RUN(an_unknown_token_is_refused);
	RUN(cwd_is_the_working_directory);
	RUN(a_working_directory_that_is_the_systems_opens_nothing);
	RUN(a_working_directory_behind_a_symlink_opens_nothing);
	RUN(home_comes_from_the_environment_first);
	RUN(home_comes_from_passwd_by_uid);
	RUN(a_hostile_passwd_gives_no_home);
	RUN(a_passwd_that_is_no_file_is_not_read);
	RUN(tmp_is_the_temporary_directories_that_exist);
	RUN(the_runtime_directory_counts_only_where_no_mount_is);
	RUN(mounts_are_those_that_are_not_the_engines);
	RUN(system_is_left_out_where_something_else_stands);
	RUN(system_is_not_a_way_into_a_mount_of_the_user);
	RUN(devices_of_config_json_are_part_of_system);
	RUN(a_literal_path_that_does_not_exist_is_refused);
	RUN(symlinks_of_the_root_are_followed);
	RUN(a_symlink_loop_is_refused);
	RUN(symlinks_in_a_mount_are_not_believed);
	RUN(symlinks_in_a_write_entry_are_not_believed);
	RUN(a_write_entry_may_itself_be_a_symlink);
	return tap_done();
}
