/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seal carried out on a small hostile tree: what a confined process cannot open and by which ways it tries, what an
 * exec makes of a path that was changed since create, covers, read-only binds, and the probes.
 *
 * Needs root, in a mount namespace of its own; nothing of it stays.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/seal_world.h"

static int try_read(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
}

static int try_create(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 ? errno : 0;
}

static int try_reopen(const char *path) /* an O_PATH fd is always given, what it opens is judged */
{
	char text[64];
	int fd = open(path, O_PATH | O_CLOEXEC);

	snprintf(text, sizeof(text), "/proc/self/fd/%d", fd);
	return fd < 0 ? 250 : try_read(text);
}

static int try_link(const char *path)
{
	return link(path, "/work/link") < 0 ? errno : 0;
}

static int try_umount(const char *path)
{
	return umount2(path, MNT_DETACH) < 0 ? errno : 0;
}

static int try_list(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0 ? errno : 0;
}

static int leaked = -EBADF;

static int try_below_leaked(const char *name)
{
	return openat(leaked, name, O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
}

/* ---- what a confined process meets */

static void only_what_is_named_can_be_opened(void)
{
	struct builder b = usual();
	struct init c = confined(&b);

	CHECK_INT(inside(&c, try_read, "/allowed/file"), ==, 0);
	CHECK_INT(inside(&c, try_read, "/secret/key"), ==, EACCES);
	CHECK_INT(inside(&c, try_list, "/secret"), ==, EACCES);
	CHECK_INT(inside(&c, try_list, "/"), ==, EACCES);
	CHECK_INT(inside(&c, try_create, "/work/new"), ==, 0);
	CHECK_INT(inside(&c, try_create, "/allowed/new"), ==, EACCES);
	CHECK_INT(inside(&c, try_create, "/new"), ==, EACCES);
}

static void no_other_way_leads_to_it(void)
{
	struct builder b = usual();
	struct init c = confined(&b);

	CHECK_INT(inside(&c, try_read, "/allowed/link"), ==, EACCES);
	CHECK_INT(inside(&c, try_read, "/allowed/../secret/key"), ==, EACCES);
	CHECK_INT(inside(&c, try_read, "/proc/self/root/secret/key"), ==, EACCES);
	CHECK_INT(inside(&c, try_read, "/vol/key"), ==, EACCES);
	CHECK_INT(inside(&c, try_reopen, "/secret/key"), ==, EACCES);
	CHECK_INT(inside(&c, try_reopen, "/allowed/file"), ==, 0);
	CHECK(inside(&c, try_link, "/secret/key") != 0);
	leaked = open("/secret", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(inside(&c, try_below_leaked, "key"), ==, EACCES);
	pf_close_ptr(&leaked);
	CHECK_INT(inside(&c, try_umount, "/vol"), ==, EPERM);
}

static void a_covered_mount_is_empty(void)
{
	struct builder b = usual();
	struct stat st;
	struct init c;

	rule(&b, "/", READ); /* as @image: reaches every mount, so the covers must hold */
	must(mount("/secret/key", "/allowed/file", NULL, MS_BIND, NULL), "bind a file");
	cover(&b, "/vol", true);
	cover(&b, "/allowed/file", false);
	c = confined(&b);
	CHECK_INT(inside(&c, try_list, "/vol"), ==, 0);
	CHECK_INT(inside(&c, try_read, "/vol/key"), ==, ENOENT);
	CHECK_INT(inside(&c, try_read, "/allowed/file"), ==, 0);
	CHECK_INT(stat("/allowed/file", &st), ==, 0);
	CHECK_INT(st.st_size, ==, 0);
	CHECK_INT(try_create("/vol/new"), ==, EROFS);
	CHECK_INT(open("/allowed/file", O_WRONLY | O_CLOEXEC), ==, -1);
	CHECK_INT(errno, ==, EROFS);
	CHECK_INT(inside(&c, try_umount, "/vol"), ==, EPERM);
	/* what the covers were made from is gone again, and was never where a path leads */
	CHECK_INT(try_read("/secret/key"), ==, 0);
	CHECK_INT(try_read("/file"), ==, ENOENT);
}

static int try_connect(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	return connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? errno : 0;
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	must(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), "bind a socket");
	must(listen(fd, 1), "listen");
	return fd;
}

/* Whatever stands there: the cover is an ordinary file, which a reader of a FIFO does not wait for. */
static void a_cover_lies_on_anything_that_is_no_directory(void)
{
	struct builder b = usual();
	auto_fd server = -EBADF;
	struct init c;

	server = listen_at("/allowed/socket");
	must(mkfifo("/allowed/fifo", 0666), "mkfifo");
	CHECK_INT(try_connect("/allowed/socket"), ==, 0);
	cover(&b, "/allowed/socket", false);
	cover(&b, "/allowed/fifo", false);
	c = confined(&b);
	CHECK_INT(inside(&c, try_connect, "/allowed/socket"), ==, ECONNREFUSED);
	CHECK_INT(inside(&c, try_read, "/allowed/fifo"), ==, 0);
	CHECK_INT(unlink("/allowed/socket") < 0 ? errno : 0, ==, EBUSY);
	CHECK_INT(rename("/allowed/fifo", "/allowed/moved") < 0 ? errno : 0, ==, EBUSY);
}

static const char *text_of(const char *path)
{
	static char buf[SEAL_CONTENT_MAX + 2];
	auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void a_fake_file_has_the_text_of_the_seal(void)
{
	struct builder b = usual();
	char longest[SEAL_CONTENT_MAX + 1];
	struct init c;

	memset(longest, 'x', SEAL_CONTENT_MAX);
	longest[SEAL_CONTENT_MAX] = '\0';
	make_file("/allowed/second", "secret");
	fake(&b, "/allowed/file", "token=fake\n");
	fake(&b, "/allowed/second", longest);
	fake(&b, "/secret/key", "");
	cover(&b, "/vol", true);
	c = confined(&b);
	CHECK_INT(inside(&c, try_read, "/allowed/file"), ==, 0);
	CHECK_STR(text_of("/allowed/file"), "token=fake\n");
	CHECK_STR(text_of("/allowed/second"), longest);
	CHECK_STR(text_of("/secret/key"), "");
	CHECK_INT(open("/allowed/file", O_WRONLY | O_CLOEXEC) < 0 ? errno : 0, ==, EROFS);
	CHECK_INT(chmod("/allowed/file", 0666) < 0 ? errno : 0, ==, EROFS);
}

static void a_fake_that_cannot_be_is_refused_before_anything(void)
{
	char big[SEAL_CONTENT_MAX + 2];
	struct builder b = usual();
	struct pf_error e = PF_ERROR_INIT;
	struct init c = fresh();

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	fake(&b, "/allowed/file", big);
	CHECK_INT(confine(&c, &b, &e), <, 0);
	CHECK_INT(e.kind, ==, PF_ERR_BUG);
	b = usual();
	b.fakes[0] = "x";
	cover(&b, "/vol", true);
	e = (struct pf_error)PF_ERROR_INIT;
	CHECK_INT(confine(&c, &b, &e), <, 0);
	CHECK_HAS(e.msg, "does not check");
	CHECK_STR(text_of("/allowed/file"), "ok");
}

static void a_readonly_bind_is_so_with_all_below(void)
{
	struct builder b = usual();

	readonly(&b, "/work");
	confined(&b);
	CHECK_INT(try_create("/work/new"), ==, EROFS);
	CHECK_INT(try_create("/work/in/new"), ==, EROFS);
	CHECK_INT(try_create("/allowed/new"), ==, 0);
}

static int try_rename(const char *path)
{
	return rename(path, "/work/moved") < 0 ? errno : 0;
}

static void what_is_protected_can_be_neither_changed_nor_replaced(void)
{
	struct builder b = { .flags = ALL_FLAGS, .handled = READ | WRITE };
	struct stat st;
	struct init c;

	must(mkdir("/work/repo", 0755), "mkdir");
	must(mkdir("/work/repo/git", 0755), "mkdir");
	must(mkdir("/work/repo/git/hooks", 0755), "mkdir");
	make_file("/work/repo/git/config", "original");
	make_file("/work/repo/git/hooks/pre", "original");
	protect(&b, "/work/repo", true, true);
	protect(&b, "/work/repo/git", true, true);
	protect(&b, "/work/repo/git/config", false, false);
	protect(&b, "/work/repo/git/hooks", true, false);
	rule(&b, "/work", READ | WRITE);
	rule(&b, "/proc", READ);
	c = confined(&b);
	CHECK_INT(c.probes >> (2 * SEAL_PROBE_PROTECT) & 3, ==, SEAL_DENIED);
	CHECK_INT(inside(&c, try_read, "/work/repo/git/config"), ==, 0);
	CHECK_INT(inside(&c, try_create, "/work/repo/git/config"), ==, EROFS);
	CHECK_INT(inside(&c, try_create, "/work/repo/git/hooks/new"), ==, EROFS);
	CHECK_INT(inside(&c, try_create, "/work/repo/git/index"), ==, 0);
	CHECK_INT(inside(&c, try_create, "/work/repo/file"), ==, 0);
	CHECK_INT(inside(&c, try_rename, "/work/repo/git/hooks"), !=, 0);
	CHECK_INT(inside(&c, try_rename, "/work/repo/git/config"), !=, 0);
	CHECK_INT(inside(&c, try_rename, "/work/repo/git"), !=, 0);
	CHECK_INT(inside(&c, try_rename, "/work/repo"), ==, EBUSY);
	CHECK_INT(inside(&c, try_umount, "/work/repo/git/hooks"), ==, EPERM);
	CHECK_INT(unlink("/work/repo/git/config") < 0 ? errno : 0, ==, EBUSY);
	CHECK_INT(chmod("/work/repo/git/hooks/pre", 0777) < 0 ? errno : 0, ==, EROFS);
	CHECK_INT(stat("/work/repo/git/config", &st), ==, 0);
	CHECK_INT(st.st_size, ==, 8);
}

static void an_exec_keeps_its_rules_below_what_was_bound(void)
{
	struct builder b = { .flags = ALL_FLAGS, .handled = READ | WRITE };
	struct init c;

	must(mkdir("/work/repo", 0755), "mkdir");
	make_file("/work/repo/config", "original");
	protect(&b, "/work/repo", true, true);
	protect(&b, "/work/repo/config", false, false);
	rule(&b, "/work/repo", READ | WRITE);
	b.rules[0].id.mnt_id = SEAL_ANY_MOUNT;
	confined(&b);
	c = executed(&b);
	CHECK_INT(inside(&c, try_read, "/work/repo/config"), ==, 0);
	CHECK_INT(inside(&c, try_create, "/work/repo/config"), ==, EROFS);
	CHECK_INT(inside(&c, try_create, "/work/repo/new"), ==, 0);
	CHECK_INT(inside(&c, try_read, "/allowed/file"), ==, EACCES);
}

/* ---- paths that are not what they were */

static void swap_for_link(void)
{
	must(rename("/allowed", "/moved"), "rename");
	must(symlink("/secret", "/allowed"), "symlink");
}

static void create_refuses_a_path_that_was_replaced(void)
{
	struct builder b = usual();
	struct pf_error e = PF_ERROR_INIT;
	struct init c = fresh();

	must(mount("/secret", "/allowed", NULL, MS_BIND, NULL), "bind over");
	CHECK_INT(confine(&c, &b, &e), <, 0);
	CHECK_INT(e.kind, ==, PF_ERR_POLICY);
	CHECK_HAS(e.msg, "`/allowed' was replaced");
	must(umount("/allowed"), "umount");
	swap_for_link();
	e = (struct pf_error)PF_ERROR_INIT;
	CHECK_INT(confine(&c, &b, &e), ==, -ELOOP);
	CHECK_INT(c.ruleset_fd, <, 0);
}

static void create_refuses_a_cover_that_was_replaced(void)
{
	struct builder b = usual();
	struct pf_error e = PF_ERROR_INIT;
	struct init c = fresh();

	cover(&b, "/vol", true);
	must(umount("/vol"), "umount");
	CHECK_INT(confine(&c, &b, &e), <, 0);
	CHECK_HAS(e.msg, "`/vol' was replaced");
	CHECK_INT(try_read("/secret/key"), ==, 0); /* the source of covers is gone */
}

static void covers_need_a_mount_namespace(void)
{
	struct builder b = usual();
	struct pf_error e = PF_ERROR_INIT;
	struct init c = fresh();

	cover(&b, "/vol", true);
	plan.flags &= ~(uint32_t)PLAN_NEW_MNTNS;
	CHECK_INT(confine(&c, &b, &e), <, 0);
	plan.flags |= PLAN_NEW_MNTNS;
	CHECK_HAS(e.msg, "/linux/namespaces");
	CHECK_INT(try_read("/vol/key"), ==, 0);
}

/* As with rshared: what is mounted here would appear at the peer, which may be the host. */
static void a_cover_does_not_leave_through_a_shared_mount(void)
{
	struct builder b = usual();

	must(mount(NULL, "/vol", NULL, MS_SHARED, NULL), "make shared");
	must(mount("/vol", "/secret", NULL, MS_BIND, NULL), "bind the peer");
	cover(&b, "/vol", true);
	confined(&b);
	CHECK_INT(try_read("/vol/key"), ==, ENOENT);
	CHECK_INT(try_read("/secret/key"), ==, 0);
}

static void exec_leaves_out_a_path_that_became_a_link(void)
{
	struct builder b = usual();
	struct init c;

	swap_for_link();
	c = executed(&b);
	CHECK_INT(inside(&c, try_read, "/allowed/key"), ==, EACCES);
	CHECK_INT(inside(&c, try_read, "/secret/key"), ==, EACCES);
	CHECK_INT(inside(&c, try_read, "/moved/file"), ==, EACCES);
	CHECK_INT(inside(&c, try_create, "/work/new"), ==, 0);
}

static void exec_leaves_out_a_path_that_became_another_file(void)
{
	struct builder b = usual();
	struct init c;

	must(rename("/allowed", "/moved"), "rename");
	must(rename("/secret", "/allowed"), "rename");
	c = executed(&b);
	CHECK_INT(inside(&c, try_read, "/allowed/key"), ==, EACCES);
}

static void exec_leaves_out_a_path_under_another_mount(void)
{
	struct builder b = usual();
	struct init c;

	must(mount("/allowed", "/allowed", NULL, MS_BIND, NULL),
	     "bind"); /* the same inode, another mount */
	c = executed(&b);
	CHECK_INT(inside(&c, try_read, "/allowed/file"), ==, EACCES);
	must(umount("/allowed"), "umount");
	c = executed(&b);
	CHECK_INT(inside(&c, try_read, "/allowed/file"), ==, 0);
}

/* ---- nothing is confined by accident, and nothing unconfined by accident */

static void without_a_seal_a_confined_plan_fails(void)
{
	struct pf_error e = PF_ERROR_INIT;
	struct init c = fresh();
	struct builder b = usual();
	auto_fd plain = sys_memfd_create("t", PF_MFD_CLOEXEC);

	CHECK_INT(child_seal_landlock(&c, &e), <, 0);
	CHECK_INT(e.kind, ==, PF_ERR_BUG);
	plan.seal_fd = -EBADF;
	CHECK_INT(child_confine_again(&c, &e), <, 0);
	CHECK_INT(confine_map_seal(&c, plain, &e), <, 0);
	CHECK(c.seal == NULL);
	c = fresh();
	plan.seal_fd = seal_memfd(&b);
	CHECK_INT(confine_map_seal(&c, plan.seal_fd, &e), ==, 0);
	e = (struct pf_error)PF_ERROR_INIT;
	CHECK_INT(child_seal_landlock(&c, &e), <, 0); /* the ruleset was not built */
	CHECK_HAS(e.msg, "not built");
}

/* ---- probes */

static void every_line_is_probed(void)
{
	struct builder b = usual();
	struct init c = confined(&b);
	int64_t want = DENIED(SEAL_PROBE_READ) | DENIED(SEAL_PROBE_WRITE) |
		       DENIED(SEAL_PROBE_USERNS) | DENIED(SEAL_PROBE_PACKET);

	CHECK_INT(c.probes, ==, want);
	b = (struct builder){ .flags = SEAL_LANDLOCK | SEAL_READ, .handled = READ };
	c = confined(&b);
	CHECK_INT(c.probes, ==, DENIED(SEAL_PROBE_READ));
	b.flags |= SEAL_NO_PROBES;
	c = confined(&b);
	CHECK_INT(c.probes, ==, 0);
}

static void a_line_that_gives_way_fails_the_create(void)
{
	struct builder b = { .flags = SEAL_LANDLOCK | SEAL_READ | SEAL_WRITE, .handled = WRITE };
	struct pf_error e = PF_ERROR_INIT;
	struct init c = fresh();

	CHECK_INT(confine(&c, &b, &e), <, 0); /* reading was promised and is not handled */
	CHECK_INT(e.kind, ==, PF_ERR_HOST);
	CHECK_HAS(e.msg, "probe `read'");
	b = (struct builder){ .flags = SEAL_LANDLOCK | SEAL_READ | SEAL_WRITE, .handled = READ };
	e = (struct pf_error)PF_ERROR_INIT;
	CHECK_INT(confine(&c, &b, &e), <, 0);
	CHECK_HAS(e.msg, "probe `write'");
}

static void a_profile_that_kills_counts_as_denied(void)
{
	static const struct sock_filter kill_unshare[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct builder b = usual();
	struct init c;

	oci_code = kill_unshare;
	oci_len = ARRAY_SIZE(kill_unshare);
	c = confined(&b);
	oci_len = 0;
	CHECK_INT(c.probes >> (2 * SEAL_PROBE_USERNS) & 3, ==, SEAL_DENIED);
	CHECK_INT(c.probes >> (2 * SEAL_PROBE_PACKET) & 3, ==, SEAL_DENIED);
	CHECK_INT(c.probes & 3, ==, SEAL_DENIED);
}

int main(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
		return tap_skip_all("needs root and a mount namespace");
	if (sys_landlock_abi() < 1)
		return tap_skip_all("this kernel has no Landlock");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || !mkdtemp(world))
		return 1;
	IN_WORLD(only_what_is_named_can_be_opened);
	IN_WORLD(no_other_way_leads_to_it);
	IN_WORLD(a_covered_mount_is_empty);
	IN_WORLD(a_cover_lies_on_anything_that_is_no_directory);
	IN_WORLD(a_fake_file_has_the_text_of_the_seal);
	IN_WORLD(a_fake_that_cannot_be_is_refused_before_anything);
	IN_WORLD(what_is_protected_can_be_neither_changed_nor_replaced);
	IN_WORLD(an_exec_keeps_its_rules_below_what_was_bound);
	IN_WORLD(a_readonly_bind_is_so_with_all_below);
	IN_WORLD(create_refuses_a_path_that_was_replaced);
	IN_WORLD(create_refuses_a_cover_that_was_replaced);
	IN_WORLD(covers_need_a_mount_namespace);
	IN_WORLD(a_cover_does_not_leave_through_a_shared_mount);
	IN_WORLD(exec_leaves_out_a_path_that_became_a_link);
	IN_WORLD(exec_leaves_out_a_path_that_became_another_file);
	IN_WORLD(exec_leaves_out_a_path_under_another_mount);
	IN_WORLD(without_a_seal_a_confined_plan_fails);
	IN_WORLD(every_line_is_probed);
	IN_WORLD(a_line_that_gives_way_fails_the_create);
	IN_WORLD(a_profile_that_kills_counts_as_denied);
	rmdir(world);
	return tap_done();
}
