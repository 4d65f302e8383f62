/* SPDX-License-Identifier: Apache-2.0 */
/* A container's tree from outside: what a bundle would mount, what a process sees, who could read it. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "runtime/guard/inventory.h"
#include "runtime/guard/mountinfo.h"
#include "runtime/guard/view.h"
#include "tests/unit/tap.h"

static char top[64];

static const char *at(const char *path)
{
	static char buf[4][256];
	static unsigned int turn;
	char *p = buf[turn++ % 4];

	snprintf(p, sizeof(buf[0]), "%s/%s", top, path);
	return p;
}

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	printf("Bail out! %s: errno %d\n", what, errno);
	exit(1);
}

static void file(const char *path)
{
	int fd = open(at(path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	must(fd >= 0, path);
	close(fd);
}

static void make_tree(void)
{
	static const char *const dirs[] = { "root",     "root/etc", "root/run", "root/home",
					    "root/var", "secret",   "secret/a", "other" };

	snprintf(top, sizeof(top), "/tmp/pinfold-view.XXXXXX");
	must(mkdtemp(top) != NULL, "mkdtemp");
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		must(mkdir(at(dirs[i]), 0755) == 0, dirs[i]);
	file("root/etc/passwd");
	file("secret/a/key");
	file("other/one");
	must(symlink("../run", at("root/var/run")) == 0, "symlink");
	must(symlink("/etc/passwd", at("secret/link")) == 0, "symlink");
}

static void bundle_view(struct view *v, struct oci_mount *mounts, size_t n)
{
	static struct oci_config config;
	struct pf_error e = PF_ERROR_INIT;

	config = (struct oci_config){ .root_path = "root", .mounts = mounts, .n_mounts = n };
	CHECK_INT(view_of_bundle(&config, top, v, &e), ==, 0);
}

static int sees(const struct view *v, const char *path)
{
	auto_fd fd = -EBADF;

	return view_open(v, path, O_PATH, &fd);
}

static void a_bundle_shows_what_it_would_mount(void)
{
	struct oci_mount mounts[] = {
		{ .kind = OCI_FS_PROC, .destination = "/proc", .type = "proc" },
		{ .kind = OCI_FS_BIND,
		  .destination = "/home",
		  .source = at("secret"),
		  .recursive = true },
		{ .kind = OCI_FS_BIND, .destination = "/var/run/x/y", .source = "other" },
		{ .kind = OCI_FS_BIND, .destination = "/gone", .source = "no-such" },
	};
	struct view v;

	bundle_view(&v, mounts, ARRAY_SIZE(mounts));
	CHECK_INT(sees(&v, "/"), ==, 0);
	CHECK_INT(sees(&v, "/etc/passwd"), ==, 0);
	CHECK_INT(sees(&v, "/home"), ==, 0);
	CHECK_INT(sees(&v, "/home/a/key"), ==, 0);
	CHECK_INT(sees(&v, "/home/link"), ==, 0); /* the link itself */
	CHECK_INT(sees(&v, "/home/link/x"), ==, -ELOOP);
	CHECK_INT(sees(&v, "/home/../etc/passwd"), ==, -ENOENT);
	CHECK_INT(sees(&v, "/run/x/y/one"), ==, 0);
	CHECK_INT(sees(&v, "/var/run/x/y/one"), ==, -ELOOP);
	CHECK_INT(sees(&v, "/gone/x"), ==, -ENOENT);
	CHECK_INT(sees(&v, "/proc/1"), ==, -ENOENT);
	CHECK_STR(view_mount_of(&v, "/run/x/y/one", 0)->path, "/run/x/y");
	CHECK_STR(view_mount_of(&v, "/run/x", 0)->path, "/");
	view_free(&v);
}

static void of_two_mounts_at_one_place_the_last_counts(void)
{
	struct oci_mount mounts[] = {
		{ .kind = OCI_FS_BIND, .destination = "/home/a", .source = "other" },
		{ .kind = OCI_FS_BIND, .destination = "/home", .source = "secret" },
		{ .kind = OCI_FS_BIND, .destination = "/etc", .source = "secret" },
		{ .kind = OCI_FS_BIND, .destination = "/etc", .source = "other" },
	};
	struct view v;

	bundle_view(&v, mounts, ARRAY_SIZE(mounts));
	CHECK_INT(v.n_mounts, ==, 3);
	CHECK_INT(sees(&v, "/home/a/key"), ==, 0);
	CHECK_INT(sees(&v, "/home/a/one"), ==, -ENOENT);
	CHECK_INT(sees(&v, "/etc/one"), ==, 0);
	CHECK_INT(sees(&v, "/etc/a"), ==, -ENOENT);
	view_free(&v);
}

static void a_process_shows_its_own_tree(void)
{
	struct pf_error e = PF_ERROR_INIT;
	struct view_file f;
	auto_fd fd = -EBADF;
	struct place place;
	struct view v;

	CHECK_INT(view_of_process(getpid(), &v, &e), ==, 0);
	CHECK_INT(v.user.uid, ==, geteuid());
	CHECK_STR(v.mounts[0].path, "/");
	CHECK(view_mount_of(&v, "/proc/1", 0)->kernel);
	CHECK_INT(view_open(&v, at("secret/a/key"), O_PATH, &fd), ==, 0);
	CHECK_INT(view_stat(&v, fd, at("secret/a/key"), &f), ==, 0);
	CHECK(f.mount && f.mount->id == f.id.mnt_id);
	view_place(&v, "/x", &f, &place);
	CHECK_INT(place.type, ==, PLACE_FILE);
	CHECK(place.readable);
	view_free(&v);
}

/* Of each line only who is mounted on whom, and where. */
static size_t visible(const char *const *lines, size_t n, char *ret, size_t size)
{
	auto_free struct mountinfo *v = NULL;
	char text[2048];
	size_t len = 0, kept = 0;

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%s rw,relatime - tmpfs tmpfs rw\n", lines[i]);
	CHECK_INT(mountinfo_read(text, &v, &kept), ==, 0);
	ret[0] = '\0';
	for (size_t i = 0; i < kept; i++)
		snprintf(ret + strlen(ret), size - strlen(ret), "%d ", (int)v[i].id);
	return kept;
}

static void what_lies_below_another_mount_is_not_there(void)
{
	static const char *const plain[] = { "1 99 0:1 / /", "2 1 0:1 / /a", "3 2 0:1 / /a/b",
					     "4 1 0:1 / /a-b", "5 1 0:1 / /c/d/e" };
	static const char *const above[] = { "1 99 0:1 / /",     "2 1 0:1 / /a/b",
					     "3 2 0:1 / /a/b/c", "4 1 0:1 / /a",
					     "5 4 0:1 / /a/b",   "6 5 0:1 / /a/b/c",
					     "7 1 0:1 / /a-b/c", "8 1 0:1 / /a/x" };
	static const char *const stacked[] = { "3 2 0:1 / /a", "2 1 0:1 / /a", "1 99 0:1 / /",
					       "4 2 0:1 / /a/b", "5 3 0:1 / /a/c" };
	static const char *const roots[] = { "1 99 0:1 / /", "2 1 0:1 / /a", "3 1 0:1 / /",
					     "4 3 0:1 / /a" };
	static const char *const chroot[] = { "2 1 0:1 / /a", "3 1 0:1 / /b", "4 2 0:1 / /a/b" };
	char ids[64];

	visible(plain, ARRAY_SIZE(plain), ids, sizeof(ids));
	CHECK_STR(ids, "1 2 3 4 5 ");
	visible(above, ARRAY_SIZE(above), ids, sizeof(ids));
	CHECK_STR(ids, "1 4 5 6 7 ");
	visible(stacked, ARRAY_SIZE(stacked), ids, sizeof(ids));
	CHECK_STR(ids, "3 1 5 ");
	visible(roots, ARRAY_SIZE(roots), ids, sizeof(ids));
	CHECK_STR(ids, "3 4 ");
	visible(chroot, ARRAY_SIZE(chroot), ids, sizeof(ids));
	CHECK_STR(ids, "2 3 4 ");
}

static int mount_in_layers(const char *dir)
{
	char below[PATH_MAX];

	snprintf(below, sizeof(below), "%s/x", dir);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	if (mount("a", dir, "tmpfs", 0, NULL) < 0 || mkdir(below, 0700) < 0 ||
	    mount("b", below, "tmpfs", 0, NULL) < 0 || mount("c", dir, "tmpfs", 0, NULL) < 0 ||
	    mkdir(below, 0700) < 0)
		return -1;
	return 0;
}

/* The kernel's own answer, mount by mount: the id that is found where its line says it is. */
static int differences(void)
{
	auto_free char *text = NULL;
	auto_free struct mountinfo *v = NULL;
	struct pf_error e = PF_ERROR_INIT;
	size_t len, n = 0, told = 0;
	int bad = 0;

	if (pf_read_file_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &text, &len, &e) < 0)
		return -1;
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		told++;
	if (mountinfo_read(text, &v, &n) < 0 || n + 2 > told)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct statx stx;

		bad += statx(AT_FDCWD, v[i].path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
			     STATX_MNT_ID, &stx) < 0 ||
		       stx.stx_mnt_id != v[i].id;
	}
	return bad;
}

static void visible_mounts_are_where_the_kernel_finds_them(void)
{
	pid_t pid;
	int status;

	if (geteuid() != 0) {
		CHECK(true); /* mounts need root; the lines above say the same */
		return;
	}
	must(mkdir(at("layers"), 0700) == 0, "mkdir");
	pid = fork();
	if (pid == 0)
		_exit(mount_in_layers(at("layers")) < 0 ? 99 : differences() & 63);
	CHECK_INT(waitpid(pid, &status, 0), ==, pid);
	CHECK_INT(status, ==, 0);
}

static void who_could_read_is_told_by_mode_and_ids(void)
{
	struct view v = { .user = { .uid = 1000, .gid = 100, .groups = { 5 }, .n_groups = 1 } };
	struct view_file f = { .mode = S_IFREG | 0640, .uid = 1000, .gid = 7 };

	CHECK(view_readable(&v, &f));
	f.mode = S_IFREG | 0044; /* the owner's bits alone count for the owner */
	CHECK(!view_readable(&v, &f));
	f = (struct view_file){ .mode = S_IFREG | 0640, .uid = 0, .gid = 5 };
	CHECK(view_readable(&v, &f));
	f.gid = 6;
	CHECK(!view_readable(&v, &f));
	f.mode = S_IFREG | 0604;
	CHECK(view_readable(&v, &f));
	f.mode = S_IFREG | 0600;
	v.user.reads_all = true;
	CHECK(view_readable(&v, &f));
	v.user.uids[0] = (struct view_range){ 1000, 10 };
	v.user.n_uids = 1;
	CHECK(!view_readable(&v, &f));
	f.uid = 1009;
	CHECK(view_readable(&v, &f));
}

static void remove_tree(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", top, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
}

int main(void)
{
	make_tree();
	RUN(a_bundle_shows_what_it_would_mount);
	RUN(of_two_mounts_at_one_place_the_last_counts);
	RUN(a_process_shows_its_own_tree);
	RUN(what_lies_below_another_mount_is_not_there);
	RUN(visible_mounts_are_where_the_kernel_finds_them);
	RUN(who_could_read_is_told_by_mode_and_ids);
	remove_tree();
	return tap_done();
}
