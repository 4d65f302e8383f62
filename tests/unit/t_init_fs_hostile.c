/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The init's file system steps on hostile roots: symlinks where directories belong, a false /dev/null, names exchanged
 * while the init works. Each must be refused or must stay inside the root; the outside stays whole. Root only.
 */
#include <config.h>

#include <linux/magic.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include "tests/unit/init_fs.h"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif

int child_join_cgroup(struct init *c, struct pf_error *e)
{
	(void)e;
	c->joined_cgroup = true;
	return 0;
}

static void refuse_link_at(const char *name, const char *type)
{
	char path[256];

	snprintf(path, sizeof(path), ROOTFS "%s", name);
	CHECK_INT(symlink("../outside", path), ==, 0);
	box_fs(type, name, NULL);
	CHECK_INT(box_run(BOX_MOUNTS), <, 0);
	CHECK_HAS(box.e.msg, "must be mounted on ordinary directory");
	CHECK(outside_is_whole());
}

static void a_symlink_at_proc_is_refused(void)
{
	refuse_link_at("/proc", "proc");
}

static void a_symlink_at_sys_is_refused(void)
{
	refuse_link_at("/sys", "sysfs");
}

static void a_symlink_at_dev_is_refused(void)
{
	refuse_link_at("/dev", "tmpfs");
}

static void a_file_at_proc_is_refused(void)
{
	box_file(ROOTFS "/proc", "");
	box_fs("proc", "/proc", NULL);
	CHECK_INT(box_run(BOX_MOUNTS), <, 0);
	CHECK_HAS(box.e.msg, "must be mounted on ordinary directory");
}

static void a_link_to_nowhere_at_proc_makes_nothing(void)
{
	CHECK_INT(symlink("/made", ROOTFS "/proc"), ==, 0);
	box_fs("proc", "/proc", NULL);
	CHECK_INT(box_run(BOX_MOUNTS), <, 0);
	CHECK_HAS(box.e.msg, "must be mounted on ordinary directory");
	CHECK(access(ROOTFS "/made", F_OK) < 0);
}

static void devices_need_a_real_dev(void)
{
	CHECK_INT(symlink(OUTSIDE, ROOTFS "/dev"), ==, 0);
	box_device("/dev/null", S_IFCHR | 0666, 1, 3);
	CHECK_INT(box_run(BOX_DEVICES), <, 0);
	CHECK_HAS(box.e.msg, "`/dev'");
	CHECK(outside_is_whole());
	CHECK(access(OUTSIDE "/null", F_OK) < 0);
}

static void links_lead_only_inside(void)
{
	CHECK_INT(symlink(OUTSIDE, ROOTFS "/abs"), ==, 0);
	CHECK_INT(symlink("../../../../../.." OUTSIDE, ROOTFS "/rel"), ==, 0);
	box_fs("tmpfs", "/abs", NULL);
	box_fs("tmpfs", "/rel/below", NULL);
	box_fs("tmpfs", "/../../../../../../" OUTSIDE "/dots", NULL);
	box_tree(OUTSIDE "/secret", "/abs/file");
	CHECK_INT(box_run(BOX_MOUNTS), ==, 0);
	CHECK(outside_is_whole());
	CHECK_STR(box_read(ROOTFS OUTSIDE "/file"), "secret");
	CHECK(access(OUTSIDE "/below", F_OK) < 0 && access(OUTSIDE "/dots", F_OK) < 0);
}

static void a_link_into_proc_is_no_mount_point(void)
{
	CHECK_INT(symlink("/proc/self/root", ROOTFS "/magic"), ==, 0);
	CHECK_INT(symlink("/proc/sys", ROOTFS "/sneaky"), ==, 0);
	box_fs("proc", "/proc", NULL);
	box_tree(OUTSIDE "/secret", "/proc/cpuinfo");
	box_fs("tmpfs", "/sneaky", NULL);
	CHECK_INT(box_run(BOX_MOUNTS), <, 0);
	CHECK_HAS(box.e.msg, "inside /proc");
	CHECK_STR(box_read(ROOTFS "/proc/cpuinfo"), "secret");
	box.u.plan.mounts.n = 0;
	box_fs("tmpfs", "/magic/x", NULL);
	box_close();
	CHECK_INT(child_mount_all(&box.c, &box.e), ==, -ELOOP);
	box.u.plan.mounts.n = 0;
	box_fs("tmpfs", "/proc", NULL);
	box_close();
	CHECK_INT(child_mount_all(&box.c, &box.e), <, 0);
	CHECK_HAS(box.e.msg, "not of type proc");
	box.u.plan.mounts.n = 0;
	box_tree(OUTSIDE, "/proc");
	box_close();
	CHECK_INT(child_mount_all(&box.c, &box.e), <, 0);
	CHECK_HAS(box.e.msg, "not of type proc");
}

static void the_root_is_no_mount_point(void)
{
	CHECK_INT(symlink("/", ROOTFS "/self"), ==, 0);
	box_fs("tmpfs", "/self", NULL);
	CHECK_INT(box_run(BOX_MOUNTS), <, 0);
	CHECK_HAS(box.e.msg, "leads to the root");
	box.u.plan.mounts.n = 0;
	box_tree(OUTSIDE, "/");
	box_close();
	CHECK_INT(child_mount_all(&box.c, &box.e), <, 0);
	CHECK_HAS(box.e.msg, "leads to the root");
}

/* CVE-2025-31133: the image's /dev/null must not become what covers a masked file. */
static void a_false_null_covers_nothing(void)
{
	CHECK(mkdir(ROOTFS "/dev", 0755) == 0 && mkdir(ROOTFS "/etc", 0755) == 0);
	CHECK_INT(symlink("/etc/evil", ROOTFS "/dev/null"), ==, 0);
	box_file(ROOTFS "/etc/evil", "evil");
	box_file(ROOTFS "/etc/real", "real");
	CHECK_INT(symlink("real", ROOTFS "/etc/link"), ==, 0);
	box_fs("proc", "/proc", NULL);
	box_mask("/proc/keys");
	box_mask("/etc/link");
	box_mask("/no/such");
	box_mask("/etc/real/below-a-file");
	CHECK_INT(box_run(BOX_PIVOT), ==, 0);
	CHECK_INT(child_mask_paths(&box.c, &box.e), ==, 0);
	CHECK_STR(box_read("/proc/keys"), "");
	CHECK_STR(box_read("/etc/real"), "");
	CHECK_STR(box_read("/etc/evil"), "evil");
}

static void a_false_null_is_no_device(void)
{
	CHECK_INT(mkdir(ROOTFS "/dev", 0755), ==, 0);
	CHECK_INT(symlink(OUTSIDE "/secret", ROOTFS "/dev/null"), ==, 0);
	box_device("/dev/null", S_IFCHR | 0666, 1, 3);
	CHECK_INT(box_run(BOX_DEVICES), <, 0);
	CHECK_HAS(box.e.msg, "device `/dev/null'");
	CHECK(unlink(ROOTFS "/dev/null") == 0);
	CHECK_INT(mknod(ROOTFS "/dev/null", S_IFCHR | 0666, makedev(1, 5)), ==, 0);
	CHECK_INT(child_make_devices(&box.c, &box.e), <, 0);
	box.c.plan = &box.u.plan;
	box.u.plan.flags |= PLAN_IN_USERNS;
	CHECK_INT(child_make_devices(&box.c, &box.e), <, 0);
	CHECK(outside_is_whole());
}

static void the_same_device_is_accepted_and_left_alone(void)
{
	struct stat st;

	CHECK_INT(mkdir(ROOTFS "/dev", 0755), ==, 0);
	CHECK_INT(mknod(ROOTFS "/dev/null", S_IFCHR | 0600, makedev(1, 3)), ==, 0);
	box_file(ROOTFS "/dev/zero", "");
	box_device("/dev/null", S_IFCHR | 0666, 1, 3);
	box_device("/dev/zero", S_IFCHR | 0666, 1, 5);
	box_device("/dev/full", S_IFCHR | 0666, 1, 7);
	box.u.plan.flags |= PLAN_IN_USERNS;
	CHECK_INT(box_run(BOX_DEVICES), ==, 0);
	CHECK(stat(ROOTFS "/dev/null", &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK(stat(ROOTFS "/dev/zero", &st) == 0 && st.st_rdev == makedev(1, 5));
	CHECK(stat(ROOTFS "/dev/full", &st) == 0 && st.st_rdev == makedev(1, 7));
}

static void a_wrong_source_of_a_device_is_refused(void)
{
	box_device("/dev/null", S_IFCHR | 0666, 1, 3);
	box.devices[0].source = box_str("/dev/zero");
	box.u.plan.flags |= PLAN_IN_USERNS;
	CHECK_INT(box_run(BOX_DEVICES), <, 0);
	CHECK_HAS(box.e.msg, "is not device 1:3");
}

static void a_bound_dev_is_left_alone(void)
{
	CHECK_INT(mkdir(BOX "/hostdev", 0755), ==, 0);
	box_file(BOX "/hostdev/ptmx", "host");
	box_tree(BOX "/hostdev", "/dev");
	box_device("/dev/null", S_IFCHR | 0666, 1, 3);
	CHECK_INT(box_run(BOX_DEVICES), ==, 0);
	CHECK_STR(box_read(BOX "/hostdev/ptmx"), "host");
	CHECK(access(BOX "/hostdev/null", F_OK) < 0);
}

/* CVE-2025-52881: what lies at /proc inside cannot redirect a sysctl. */
static void sysctls_ignore_the_containers_proc(void)
{
	CHECK(mkdir(ROOTFS "/proc", 0755) == 0 && mkdir(ROOTFS "/proc/sys", 0755) == 0);
	CHECK_INT(mkdir(ROOTFS "/proc/sys/kernel", 0755), ==, 0);
	box_file(ROOTFS "/proc/sys/kernel/hostname", "fake");
	box_sysctl("kernel/hostname", "pf-sys");
	CHECK_INT(box_run(BOX_SYSCTL), ==, 0);
	CHECK_STR(box_read("/proc/sys/kernel/hostname"), "fake");
	box.u.plan.sysctl.n = 0;
	box_sysctl("../sysrq-trigger", "x");
	box_close();
	CHECK_INT(child_write_sysctls(&box.c, &box.e), ==, -EXDEV);
	box.u.plan.sysctl.n = 0;
	box_sysctl("kernel/no_such_key", "x");
	box_close();
	CHECK_INT(child_write_sysctls(&box.c, &box.e), ==, -ENOENT);
	CHECK_HAS(box.e.msg, "kernel/no_such_key");
}

/* Exchange two names for ever. */
static pid_t exchange(const char *a, const char *b)
{
	pid_t pid = fork();

	while (pid == 0)
		(void)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
	return pid;
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* CVE-2021-30465, CVE-2024-45310: a directory and a symlink out of the root change places all the time. */
static void exchanged_names_never_lead_out(void)
{
	long long end = now_ms() + 1500;
	int tries = 0, whole = 1, inside = 0;
	char dest[64];
	pid_t pid;

	CHECK(mkdir(ROOTFS "/vol", 0755) == 0 && mkdir(ROOTFS "/vol/dir", 0755) == 0);
	CHECK_INT(symlink("../../outside", ROOTFS "/vol/link"), ==, 0);
	CHECK_INT(box_run(BOX_ROOTFS), ==, 0);
	pid = exchange(ROOTFS "/vol/dir", ROOTFS "/vol/link");
	for (; now_ms() < end && whole; tries++) {
		auto_fd target = -EBADF;
		const struct fs_make args = { .type = "tmpfs", .mode = -1 };
		struct pf_error e = PF_ERROR_INIT;

		snprintf(dest, sizeof(dest), "/vol/dir/made%d/x", tries % 50);
		if (root_make_target(&box.c, dest, true, false, &target, &e) >= 0) {
			auto_fd tree = fs_make(&args, &e);

			inside += fs_attach(tree, target) == 0 && umount2(ROOTFS, 0) < 0;
		}
		whole = outside_is_whole();
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	printf("# %d tries, %d mounts\n", tries, inside);
	CHECK_INT(inside, >, 0);
	CHECK(access(ROOTFS "/outside", F_OK) == 0); /* the link was met, and led inside */
	CHECK(whole);
}

/* The same for devices and masks, whose last component is exchanged. */
static void exchanged_devices_never_lead_out(void)
{
	long long end = now_ms() + 700;
	int made = 0;
	struct stat st;
	pid_t pid;

	CHECK_INT(mkdir(ROOTFS "/dev", 0755), ==, 0);
	CHECK_INT(symlink("../../outside/secret", ROOTFS "/dev/null"), ==, 0);
	box_file(ROOTFS "/dev/other", "");
	box_device("/dev/null", S_IFCHR | 0666, 1, 3);
	box.u.plan.flags |= PLAN_IN_USERNS;
	CHECK_INT(box_run(BOX_ROOTFS), ==, 0);
	pid = exchange(ROOTFS "/dev/null", ROOTFS "/dev/other");
	while (now_ms() < end && made < 20)
		made += child_make_devices(&box.c, &box.e) == 0;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK(lstat(OUTSIDE "/secret", &st) == 0 && S_ISREG(st.st_mode));
	CHECK(outside_is_whole());
}

static bool enter_userns(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) {
		SKIP("no user namespaces here");
		return false;
	}
	box_file("/proc/self/setgroups", "deny");
	box_file("/proc/self/uid_map", "0 0 1");
	box_file("/proc/self/gid_map", "0 0 1");
	box.u.plan.flags |= PLAN_IN_USERNS;
	return true;
}

/* Trees that a privileged parent made are attached by an init that owns only its own namespaces. */
static void a_user_namespace_takes_the_parents_trees(void)
{
	box_file(ROOTFS "/mark", "mark");
	box_tree(OUTSIDE, "/vol");
	box.u.plan.root_fd = sys_open_tree(AT_FDCWD, ROOTFS, PF_OPEN_TREE_CLONE | PF_AT_RECURSIVE);
	if (!enter_userns())
		return;
	CHECK_INT(box_run(BOX_MASKS), ==, 0);
	CHECK_STR(box_read("/mark"), "mark");
	CHECK_STR(box_read("/vol/secret"), "secret");
}

/* In a user namespace: no sysfs without its network namespace, so the host's, read-only to the bottom. */
static void sysfs_falls_back_to_a_read_only_bind(void)
{
	struct stat st;
	int fd;

	if (!enter_userns())
		return;
	box_fs("sysfs", "/sys", NULL);
	box_fs("tmpfs", "/dev", "mode=755");
	box_device("/dev/null", S_IFCHR | 0666, 1, 3);
	box_mask("/sys/kernel");
	CHECK_INT(box_run(BOX_MASKS), ==, 0);
	CHECK(statfs("/sys", &(struct statfs){ 0 }) == 0);
	CHECK(access("/sys/class", F_OK) == 0);
	CHECK(stat("/dev/null", &st) == 0 && st.st_rdev == makedev(1, 3));
	fd = open("/sys/fs/cgroup/pids/cgroup.procs", O_WRONLY);
	CHECK(fd < 0 && (errno == EROFS || errno == ENOENT));
	CHECK(open("/sys/kernel/x", O_RDONLY) < 0);
}

int main(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
		return tap_skip_all("needs root and mount namespaces");
	RUN_BOXED(a_symlink_at_proc_is_refused);
	RUN_BOXED(a_symlink_at_sys_is_refused);
	RUN_BOXED(a_symlink_at_dev_is_refused);
	RUN_BOXED(a_file_at_proc_is_refused);
	RUN_BOXED(a_link_to_nowhere_at_proc_makes_nothing);
	RUN_BOXED(devices_need_a_real_dev);
	RUN_BOXED(links_lead_only_inside);
	RUN_BOXED(a_link_into_proc_is_no_mount_point);
	RUN_BOXED(the_root_is_no_mount_point);
	RUN_BOXED(a_false_null_covers_nothing);
	RUN_BOXED(a_false_null_is_no_device);
	RUN_BOXED(the_same_device_is_accepted_and_left_alone);
	RUN_BOXED(a_wrong_source_of_a_device_is_refused);
	RUN_BOXED(a_bound_dev_is_left_alone);
	RUN_BOXED(sysctls_ignore_the_containers_proc);
	RUN_BOXED(exchanged_names_never_lead_out);
	RUN_BOXED(exchanged_devices_never_lead_out);
	RUN_BOXED(a_user_namespace_takes_the_parents_trees);
	RUN_BOXED(sysfs_falls_back_to_a_read_only_bind);
	return tap_done();
}
