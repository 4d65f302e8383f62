/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The init's file system steps on ordinary and odd roots: what is inside afterwards. Root only, in
 * namespaces of its own.
 */
#include <config.h>

#include <linux/magic.h>

#include "tests/unit/init_fs.h"

int child_join_cgroup(struct init *c, struct pf_error *e)
{
	(void)e;
	c->joined_cgroup = true;
	return 0;
}

static void default_mounts(void)
{
	box_fs("proc", "/proc", NULL);
	box_fs("tmpfs", "/dev", "mode=755,size=65536k")->attr_set =
		PF_MOUNT_ATTR_NOSUID | PF_MOUNT_ATTR_STRICTATIME;
	box_fs("devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5");
	box_fs("tmpfs", "/dev/shm", "mode=1777,size=65536k");
	box_fs("mqueue", "/dev/mqueue", NULL);
	box_fs("sysfs", "/sys", NULL)->attr_set = PF_MOUNT_ATTR_RDONLY;
}

static void the_default_container_is_built(void)
{
	struct statfs sf;
	struct stat st;

	default_mounts();
	box_device("/dev/null", S_IFCHR | 0666, 1, 3);
	box_device("/dev/deep/er", S_IFCHR | 0640, 1, 5);
	box_device("/dev/fifo", S_IFIFO | 0622, 0, 0);
	box.devices[1].uid = 7;
	box.devices[1].gid = 8;
	box.u.plan.links.n = 1;
	box.links[0] = (struct plan_link){ box_str("/proc/self/fd"), box_str("/dev/fd") };
	box_mask("/proc/keys");
	box_mask("/proc/timer_list");
	box_mask("/sys/firmware");
	box_mask("/proc/no/such/file");
	box_mask("/proc/scsi");
	box_readonly("/proc/sys");
	box_readonly("/proc/bus");
	box_sysctl("kernel/hostname", "pf-box");
	box.u.plan.flags |= PLAN_ROOT_READONLY;
	CHECK_INT(box_run(BOX_MASKS), ==, 0);
	CHECK(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
	CHECK_INT(box_mode("/dev/null"), ==, 0666);
	CHECK_INT(box_mode("/dev/fifo"), ==, 0622);
	CHECK(stat("/dev/deep/er", &st) == 0 && st.st_uid == 7 && st.st_gid == 8);
	CHECK_INT(box_mode("/dev/deep/er"), ==, 0640);
	CHECK_INT(box_mode("/dev/deep"), ==, 0755 | (box_mode("/dev/deep") & 022));
	CHECK(stat("/dev/ptmx", &st) == 0 && S_ISCHR(st.st_mode));
	CHECK(access("/dev/fd/0", F_OK) == 0);
	CHECK_INT(box_mode("/dev"), ==, 0755);
	CHECK_INT(box_mode("/dev/shm"), ==, 01777);
	CHECK_STR(box_read("/proc/keys"), "");
	CHECK_STR(box_read("/proc/timer_list"), "");
	CHECK(statfs("/sys/firmware", &sf) == 0 && sf.f_type == TMPFS_MAGIC);
	CHECK_INT(mkdir("/sys/firmware/x", 0700), ==, -1);
	CHECK(open("/proc/sys/kernel/hostname", O_WRONLY) < 0 && errno == EROFS);
	CHECK_STR(box_read("/proc/sys/kernel/hostname"), "pf-box\n");
	CHECK(mkdir("/new", 0700) < 0 && errno == EROFS);
	CHECK_INT(fs_is(box.c.proc_fd, PROC_SUPER_MAGIC), ==, true);
	CHECK(access(OUTSIDE, F_OK) < 0);
	CHECK(!strstr(box_read("/proc/self/mountinfo"), BOX));
	CHECK(!strstr(box_read("/proc/self/mountinfo"), "shared:"));
	CHECK(fstat(box.c.root_fd, &st) == 0);
}

static void mount_points_are_made_through_links_to_nowhere(void)
{
	CHECK(mkdir(ROOTFS "/var", 0755) == 0 && mkdir(ROOTFS "/etc", 0755) == 0);
	CHECK_INT(symlink("/run", ROOTFS "/var/run"), ==, 0);
	CHECK_INT(symlink("../run/systemd/resolv.conf", ROOTFS "/etc/resolv.conf"), ==, 0);
	CHECK_INT(symlink("loop", ROOTFS "/loop"), ==, 0);
	box_fs("tmpfs", "/var/run/secrets/a", NULL);
	box_tree(OUTSIDE "/secret", "/etc/resolv.conf");
	CHECK_INT(box_run(BOX_MOUNTS), ==, 0);
	CHECK_STR(box_read(ROOTFS "/run/systemd/resolv.conf"), "secret");
	CHECK_INT(box_mode(ROOTFS "/run/secrets/a"), ==, 01777);
	CHECK_INT(box_mode(ROOTFS "/run/systemd"), ==, 0755);
	box.u.plan.mounts.n = 0;
	box_fs("tmpfs", "/loop/x", NULL);
	box_close();
	CHECK_INT(child_mount_all(&box.c, &box.e), ==, -ELOOP);
}

static void a_tmpfs_takes_the_mode_it_covers(void)
{
	CHECK(mkdir(ROOTFS "/t", 0700) == 0 && chmod(ROOTFS "/t", 01741) == 0);
	box_fs("tmpfs", "/t", "size=4096k");
	box_fs("tmpfs", "/given", "mode=0444");
	box_fs("tmpfs", "/made", NULL);
	CHECK_INT(box_run(BOX_PIVOT), ==, 0);
	CHECK_INT(box_mode("/t"), ==, 01741);
	CHECK_INT(box_mode("/given"), ==, 0444);
	CHECK_INT(box_mode("/made"), ==, 01777);
}

static void tmpcopyup_copies_as_it_is(void)
{
	struct stat st;

	CHECK(mkdir(ROOTFS "/t", 0755) == 0 && mkdir(ROOTFS "/t/d", 0700) == 0);
	CHECK(chmod(ROOTFS "/t/d", 02711) == 0);
	box_file(ROOTFS "/t/d/f", "text");
	CHECK(chown(ROOTFS "/t/d/f", 5, 6) == 0 && chmod(ROOTFS "/t/d/f", 04751) == 0);
	CHECK_INT(symlink(OUTSIDE "/secret", ROOTFS "/t/l"), ==, 0);
	CHECK_INT(mkfifo(ROOTFS "/t/p", 0600), ==, 0);
	box_fs("tmpfs", "/t", NULL)->flags |= PLAN_MOUNT_TMPCOPYUP;
	box.mounts[0].attr_set = PF_MOUNT_ATTR_RDONLY;
	CHECK_INT(box_run(BOX_MASKS), ==, 0);
	CHECK_STR(box_read("/t/d/f"), "text");
	CHECK_INT(box_mode("/t/d/f"), ==, 04751);
	CHECK_INT(box_mode("/t/d"), ==, 02711);
	CHECK(stat("/t/d/f", &st) == 0 && st.st_uid == 5 && st.st_gid == 6);
	CHECK(lstat("/t/l", &st) == 0 && S_ISLNK(st.st_mode));
	CHECK(lstat("/t/p", &st) == 0 && S_ISFIFO(st.st_mode));
	CHECK(mkdir("/t/x", 0700) < 0 && errno == EROFS);
}

static void a_read_only_tmpfs_still_gets_its_mount_points(void)
{
	box_fs("tmpfs", "/ro", NULL)->attr_set = PF_MOUNT_ATTR_RDONLY;
	box_fs("tmpfs", "/ro/in/side", NULL);
	box_fs("tmpfs", "/dev", "mode=755")->attr_set = PF_MOUNT_ATTR_RDONLY;
	box_device("/dev/zero", S_IFCHR | 0666, 1, 5);
	CHECK_INT(box_run(BOX_MASKS), ==, 0);
	CHECK(mkdir("/ro/x", 0700) < 0 && errno == EROFS);
	CHECK_INT(mkdir("/ro/in/side/x", 0700), ==, 0);
	CHECK(mkdir("/dev/x", 0700) < 0 && errno == EROFS);
	CHECK_INT(box_mode("/dev/zero"), ==, 0666);
}

static void bad_options_are_named(void)
{
	box_fs("tmpfs", "/t", "size=4096k,nonsense=1");
	CHECK_INT(box_run(BOX_MOUNTS), <, 0);
	CHECK_HAS(box.e.msg, "mount `/t'");
	CHECK_HAS(box.e.msg, "nonsense");
	box.u.plan.mounts.n = 0;
	box_fs("no-such-fs", "/t", NULL);
	box_close();
	CHECK_INT(child_mount_all(&box.c, &box.e), ==, -ENODEV);
	CHECK_HAS(box.e.msg, "not known to this kernel");
}

static void options_with_commas_in_quotes_are_one(void)
{
	CHECK(fs_data_has("context=\"a:b:c1,mode=7\",size=1", "size"));
	CHECK(!fs_data_has("context=\"a:b:c1,mode=7\",size=1", "mode"));
	CHECK(fs_data_has("ro", "ro"));
	CHECK(!fs_data_has("rob", "ro"));
	CHECK(!fs_data_has(NULL, "ro"));
}

/* An overlay's directories are often longer than the 255 bytes that fsconfig(2) takes. */
static void long_options_are_mounted_too(void)
{
	char part[200], data[1024];

	memset(part, 'd', sizeof(part) - 1);
	part[sizeof(part) - 1] = '\0';
	CHECK(chdir(BOX) == 0 && mkdir(part, 0755) == 0 && chdir(part) == 0);
	CHECK(mkdir("a", 0755) == 0 && mkdir("b", 0755) == 0);
	box_file("b/file", "low");
	snprintf(data, sizeof(data), "lowerdir=%s/%s/a:%s/%s/b", BOX, part, BOX, part);
	box_fs("overlay", "/o", data);
	if (box_run(BOX_MOUNTS) == -ENODEV) {
		SKIP("no overlay");
		return;
	}
	CHECK_STR(box_read(ROOTFS "/o/file"), "low");
}

static void binds_are_cut_off_from_the_host(void)
{
	CHECK(mkdir(BOX "/shared", 0755) == 0 && mkdir(BOX "/peer", 0755) == 0);
	CHECK_INT(mount("tmpfs", BOX "/shared", "tmpfs", 0, NULL), ==, 0);
	CHECK_INT(mount(NULL, BOX "/shared", NULL, MS_SHARED, NULL), ==, 0);
	CHECK_INT(mount(BOX "/shared", BOX "/peer", NULL, MS_BIND, NULL), ==, 0);
	CHECK(mkdir(BOX "/shared/a", 0755) == 0 && mkdir(BOX "/shared/b", 0755) == 0);
	box_tree(BOX "/shared", "/private")->first_propagation = MS_PRIVATE;
	box_tree(BOX "/shared", "/slave")->propagation = MS_SLAVE;
	box_tree(BOX "/shared", "/shared")->propagation = MS_SHARED;
	CHECK_INT(box_run(BOX_MOUNTS), ==, 0);
	CHECK_INT(mount("tmpfs", ROOTFS "/private/a", "tmpfs", 0, NULL), ==, 0);
	CHECK_INT(mount("tmpfs", ROOTFS "/slave/a", "tmpfs", 0, NULL), ==, 0);
	box_file(ROOTFS "/private/a/f", "x");
	box_file(ROOTFS "/slave/a/f", "x");
	CHECK(access(BOX "/peer/a/f", F_OK) < 0);
	/*
	 * "/" became slave in this namespace, and with it the peers that stood here; the tree kept
	 * its peer group.
	 */
	CHECK(strstr(box_read("/proc/self/mountinfo"), ROOTFS "/shared rw,relatime shared:"));
}

static void a_bind_by_path_is_compared(void)
{
	struct plan_mount *m = box_mount(PLAN_MOUNT_PATH, "/x");
	struct stat st;

	CHECK_INT(stat(OUTSIDE, &st), ==, 0);
	m->source = box_str(OUTSIDE);
	m->flags = PLAN_MOUNT_IS_DIR | PLAN_MOUNT_RECURSIVE;
	m->dev = st.st_dev;
	m->ino = st.st_ino;
	m->attr_set = PF_MOUNT_ATTR_RDONLY;
	m = box_mount(PLAN_MOUNT_PATH, "/y");
	*m = box.mounts[0];
	m->dest = box_str("/y");
	m->ino++;
	CHECK_INT(box_run(BOX_MOUNTS), ==, -ESTALE);
	CHECK_HAS(box.e.msg, "was exchanged");
	CHECK_STR(box_read(ROOTFS "/x/secret"), "secret");
	CHECK(open(ROOTFS "/x/new", O_CREAT | O_WRONLY, 0600) < 0 && errno == EROFS);
}

static void symlinks_are_copied(void)
{
	box_mount(PLAN_MOUNT_COPY_SYMLINK, "/etc/l")->source = box_str("../usr/l");
	box_mount(PLAN_MOUNT_COPY_SYMLINK, "/etc/l")->source = box_str("../usr/l");
	box_mount(PLAN_MOUNT_COPY_SYMLINK, "/etc/l")->source = box_str("/other");
	CHECK_INT(box_run(BOX_MOUNTS), ==, -EEXIST);
	CHECK_HAS(box.e.msg, "/other");
}

static void without_pivot_nothing_of_the_host_stays(void)
{
	default_mounts();
	box_mask("/proc/keys");
	box.u.plan.flags |= PLAN_NO_PIVOT;
	CHECK_INT(box_run(BOX_MASKS), ==, 0);
	CHECK(access(OUTSIDE, F_OK) < 0);
	CHECK_STR(box_read("/proc/keys"), "");
	CHECK(access("/proc/self/fd", F_OK) == 0);
	CHECK(access("/dev/ptmx", F_OK) == 0);
}

static void the_hosts_root_can_be_the_root(void)
{
	box.u.plan.root_path = box_str("/");
	CHECK_INT(box_run(BOX_MASKS), ==, 0);
	CHECK_STR(box_read(OUTSIDE "/secret"), "secret");
	CHECK_INT(mount("tmpfs", OUTSIDE, "tmpfs", 0, NULL), ==, 0);
}

static void the_parents_tree_is_used(void)
{
	struct stat a, b;

	box_file(ROOTFS "/mark", "mark");
	CHECK_INT(stat(ROOTFS, &a), ==, 0);
	box.u.plan.root_fd = sys_open_tree(AT_FDCWD, ROOTFS, PF_OPEN_TREE_CLONE | PF_AT_RECURSIVE);
	box.u.plan.rootfs_propagation = MS_SHARED | MS_REC;
	CHECK_INT(unshare(CLONE_NEWNS), ==, 0);
	box_fs("proc", "/proc", NULL);
	CHECK_INT(box_run(BOX_MASKS), ==, 0);
	CHECK_STR(box_read("/mark"), "mark");
	CHECK(fstat(box.c.root_fd, &b) == 0 && a.st_ino == b.st_ino);
	CHECK(strstr(box_read("/proc/self/mountinfo"), " / rw,relatime shared:"));
}

static void without_a_mount_namespace_it_is_a_chroot(void)
{
	box.u.plan.flags &= ~(uint32_t)PLAN_NEW_MNTNS;
	box_file(ROOTFS "/mark", "mark");
	CHECK_INT(box_run(BOX_ROOTFS), ==, 0);
	CHECK_INT(child_pivot(&box.c, &box.e), ==, 0);
	CHECK_INT(child_mask_paths(&box.c, &box.e), ==, 0);
	CHECK_STR(box_read("/mark"), "mark");
}

static void cgroup_v1_is_a_directory_of_hierarchies(void)
{
	struct statfs sf;

	if (statfs("/sys/fs/cgroup/pids", &sf) < 0 || sf.f_type != CGROUP_SUPER_MAGIC) {
		SKIP("no v1 hierarchy `pids' at /sys/fs/cgroup");
		return;
	}
	box.u.plan.cgroup_mounts.n = 1;
	box.cgroups[0] = (struct plan_cgroup_mount){ .name = box_str("pids,x"),
						     .options = box_str("pids"),
						     .host_dir = box_str("/sys/fs/cgroup/pids") };
	box.cgroups[0].links.n = 1;
	box.cgroups[0].links.off = box_list(&(plan_str){ box_str("x") }, sizeof(plan_str), 1).off;
	box_mount(PLAN_MOUNT_CGROUP, "/sys/fs/cgroup")->attr_set = PF_MOUNT_ATTR_RDONLY;
	box_mount(PLAN_MOUNT_CGROUP, "/cg");
	CHECK_INT(unshare(CLONE_NEWCGROUP), ==, 0);
	CHECK_INT(box_run(BOX_MOUNTS), ==, 0);
	CHECK(box.c.joined_cgroup);
	CHECK(access(ROOTFS "/sys/fs/cgroup/x/tasks", F_OK) == 0);
	CHECK(mkdir(ROOTFS "/sys/fs/cgroup/pids,x/new", 0700) < 0 && errno == EROFS);
	box.u.plan.flags |= PLAN_NEW_CGROUPNS;
	box.u.plan.mounts.n = 0;
	box_mount(PLAN_MOUNT_CGROUP, "/cg2");
	box.u.plan.cgroup_mounts.n = 1;
	box_close();
	CHECK_INT(child_mount_all(&box.c, &box.e), ==, 0);
	CHECK(statfs(ROOTFS "/cg2/x", &sf) == 0 && sf.f_type == CGROUP_SUPER_MAGIC);
}

static void cgroup_v2_is_one_mount(void)
{
	const char *host = "/sys/fs/cgroup/unified";
	struct statfs sf;

	if (statfs(host, &sf) < 0 || sf.f_type != CGROUP2_SUPER_MAGIC)
		host = "/sys/fs/cgroup";
	if (statfs(host, &sf) < 0 || sf.f_type != CGROUP2_SUPER_MAGIC) {
		SKIP("no cgroup2");
		return;
	}
	box.u.plan.cgroup_mounts.n = 1;
	box.cgroups[0].host_dir = box_str(host);
	box_mount(PLAN_MOUNT_CGROUP, "/bound")->attr_set =
		PF_MOUNT_ATTR_RDONLY | PF_MOUNT_ATTR_NOATIME;
	CHECK_INT(unshare(CLONE_NEWCGROUP), ==, 0);
	CHECK_INT(box_run(BOX_MOUNTS), ==, 0);
	CHECK(statfs(ROOTFS "/bound", &sf) == 0 && sf.f_type == CGROUP2_SUPER_MAGIC);
	CHECK(mkdir(ROOTFS "/bound/pf-none", 0700) < 0 && errno == EROFS);
	box.u.plan.flags |= PLAN_NEW_CGROUPNS;
	box.u.plan.mounts.n = 0;
	box_mount(PLAN_MOUNT_CGROUP, "/new")->attr_set = PF_MOUNT_ATTR_RDONLY;
	box.u.plan.cgroup_mounts.n = 1;
	box_close();
	CHECK_INT(child_mount_all(&box.c, &box.e), ==, 0);
	CHECK(statfs(ROOTFS "/new", &sf) == 0 && sf.f_type == CGROUP2_SUPER_MAGIC);
	CHECK(mkdir(ROOTFS "/new/pf-none", 0700) < 0 && errno == EROFS);
}

int main(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
		return tap_skip_all("needs root and mount namespaces");
	RUN_BOXED(the_default_container_is_built);
	RUN_BOXED(mount_points_are_made_through_links_to_nowhere);
	RUN_BOXED(a_tmpfs_takes_the_mode_it_covers);
	RUN_BOXED(tmpcopyup_copies_as_it_is);
	RUN_BOXED(a_read_only_tmpfs_still_gets_its_mount_points);
	RUN_BOXED(bad_options_are_named);
	RUN(options_with_commas_in_quotes_are_one);
	RUN_BOXED(long_options_are_mounted_too);
	RUN_BOXED(binds_are_cut_off_from_the_host);
	RUN_BOXED(a_bind_by_path_is_compared);
	RUN_BOXED(symlinks_are_copied);
	RUN_BOXED(without_pivot_nothing_of_the_host_stays);
	RUN_BOXED(the_hosts_root_can_be_the_root);
	RUN_BOXED(the_parents_tree_is_used);
	RUN_BOXED(without_a_mount_namespace_it_is_a_chroot);
	RUN_BOXED(cgroup_v1_is_a_directory_of_hierarchies);
	RUN_BOXED(cgroup_v2_is_one_mount);
	return tap_done();
}
