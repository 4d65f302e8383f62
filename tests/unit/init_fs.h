/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_TESTS_UNIT_INIT_FS_H
#define PF_TESTS_UNIT_INIT_FS_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/fs.h"
#include "runtime/init/steps.h"
#include "tests/unit/tap.h"

/*
 * A box for the init's file system steps: each case runs in a child with a mount namespace of its
 * own, on a tmpfs with a root file system and an outside that must stay as it is. The plan is built
 * flat in memory, as the parent would.
 */

#define BOX     "/tmp/.pf-init-fs"
#define ROOTFS  BOX "/rootfs"
#define OUTSIDE BOX "/outside"

static struct box {
	union {
		struct plan plan;
		char bytes[65536];
	} u;
	size_t len;
	struct plan_mount mounts[32];
	struct plan_device devices[16];
	struct plan_link links[8];
	plan_str masked[16], readonly[16];
	struct plan_pair sysctl[8];
	struct plan_cgroup_mount cgroups[4];
	struct init c;
	struct pf_error e;
} box;

static inline plan_str box_str(const char *s)
{
	size_t at = box.len, n = s ? strlen(s) + 1 : 0;

	if (!s)
		return 0;
	memcpy(box.u.bytes + at, s, n);
	box.len += n;
	return (plan_str)at;
}

static inline struct plan_list box_list(const void *items, size_t size, uint32_t n)
{
	size_t at = (box.len + 7) & ~(size_t)7;

	memcpy(box.u.bytes + at, items, size * n);
	box.len = at + size * n;
	return (struct plan_list){ (uint32_t)at, n };
}

/* Append to a list that is still outside the plan; box_close() puts them all in. */
static inline struct plan_mount *box_mount(uint32_t kind, const char *dest)
{
	struct plan_mount *m = &box.mounts[box.u.plan.mounts.n++];

	*m = (struct plan_mount){ .kind = kind };
	m->dest = box_str(dest);
	m->fd = -1;
	return m;
}

static inline struct plan_mount *box_fs(const char *type, const char *dest, const char *data)
{
	struct plan_mount *m = box_mount(PLAN_MOUNT_FS, dest);

	m->fstype = m->source = box_str(type);
	m->data = box_str(data);
	if (strcmp(dest, "/proc") == 0 || strcmp(dest, "/sys") == 0)
		m->flags |= PLAN_MOUNT_STRICT_TARGET;
	return m;
}

static inline struct plan_mount *box_tree(const char *source, const char *dest)
{
	struct plan_mount *m = box_mount(PLAN_MOUNT_TREE, dest);
	struct stat st;

	m->fd = sys_open_tree(AT_FDCWD, source, PF_OPEN_TREE_CLONE | PF_AT_RECURSIVE);
	if (m->fd >= 0 && fstat(m->fd, &st) == 0 && S_ISDIR(st.st_mode))
		m->flags |= PLAN_MOUNT_IS_DIR;
	return m;
}

static inline void box_device(const char *path, uint32_t mode, uint32_t maj, uint32_t min)
{
	struct plan_device *d = &box.devices[box.u.plan.devices.n++];

	*d = (struct plan_device){
		.path = box_str(path), .mode = mode, .major = maj, .minor = min
	};
	d->source = d->path;
}

static inline void box_mask(const char *path)
{
	box.masked[box.u.plan.masked.n++] = box_str(path);
}

static inline void box_readonly(const char *path)
{
	box.readonly[box.u.plan.readonly.n++] = box_str(path);
}

static inline void box_sysctl(const char *key, const char *value)
{
	box.sysctl[box.u.plan.sysctl.n++] = (struct plan_pair){ box_str(key), box_str(value) };
}

static inline void box_close(void)
{
	struct plan *p = &box.u.plan;

	p->mounts = box_list(box.mounts, sizeof(box.mounts[0]), p->mounts.n);
	p->devices = box_list(box.devices, sizeof(box.devices[0]), p->devices.n);
	p->links = box_list(box.links, sizeof(box.links[0]), p->links.n);
	p->masked = box_list(box.masked, sizeof(box.masked[0]), p->masked.n);
	p->readonly = box_list(box.readonly, sizeof(box.readonly[0]), p->readonly.n);
	p->sysctl = box_list(box.sysctl, sizeof(box.sysctl[0]), p->sysctl.n);
	p->cgroup_mounts = box_list(box.cgroups, sizeof(box.cgroups[0]), p->cgroup_mounts.n);
}

static inline void box_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		printf("Bail out! cannot write %s\n", path);
	close(fd);
}

/* A fresh tmpfs with an empty root and an outside that holds one secret. */
static inline int box_open(void)
{
	memset(&box, 0, sizeof(box));
	box.len = sizeof(struct plan);
	box.c = (struct init){ .plan = &box.u.plan, .root_fd = -EBADF, .proc_fd = -EBADF };
	if (unshare(CLONE_NEWNS | CLONE_NEWUTS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	/* Over /tmp, so that nothing of the box is ever a directory that another run can see. */
	if (mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777") < 0 || mkdir(BOX, 0755) < 0)
		return -errno;
	if (mount("tmpfs", BOX, "tmpfs", 0, "mode=755") < 0 || mkdir(ROOTFS, 0755) < 0 ||
	    mkdir(OUTSIDE, 0755) < 0)
		return -errno;
	box_file(OUTSIDE "/secret", "secret");
	box.u.plan.flags = PLAN_CREATE | PLAN_NEW_MNTNS;
	box.u.plan.root_fd = box.u.plan.proc_fd = -1;
	box.u.plan.root_path = box_str(ROOTFS);
	return 0;
}

/*
 * The steps up to and with the one named by @last, in the init's order; 0 or the first error, text
 * in box.e.
 */
enum box_step { BOX_ROOTFS, BOX_MOUNTS, BOX_DEVICES, BOX_PIVOT, BOX_SYSCTL, BOX_MASKS };

static inline int box_run(enum box_step last)
{
	static int (*const steps[])(struct init *, struct pf_error *) = {
		[BOX_ROOTFS] = child_build_rootfs,  [BOX_MOUNTS] = child_mount_all,
		[BOX_DEVICES] = child_make_devices, [BOX_PIVOT] = child_pivot,
		[BOX_SYSCTL] = child_write_sysctls, [BOX_MASKS] = child_mask_paths,
	};
	int ret = 0;

	box_close();
	for (int i = 0; i <= (int)last && ret >= 0; i++)
		ret = steps[i](&box.c, &box.e);
	if (ret < 0)
		printf("# %s\n", box.e.msg);
	return ret;
}

static inline const char *box_read(const char *path)
{
	static char buf[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n < 0 ? "(cannot read)" : buf;
}

static inline long box_mode(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? -errno : (long)(st.st_mode & 07777);
}

/* What is left of the outside: one file with its text, nothing mounted over it. */
static inline bool outside_is_whole(void)
{
	struct stat box_st, out;
	const char *text = box_read(OUTSIDE "/secret");

	return stat(BOX, &box_st) == 0 && stat(OUTSIDE, &out) == 0 && box_st.st_dev == out.st_dev &&
	       out.st_nlink == 2 && strcmp(text, "secret") == 0;
}

/* Run @fn in a child, so that namespaces and roots end with it; the TAP counters come back. */
static inline void in_child(void (*fn)(void))
{
	int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int ret = box_open();

		if (ret < 0)
			printf("# cannot make the box: %s\n", strerror(-ret));
		else
			fn();
		fflush(stdout);
		shared[0] = tap_count;
		shared[1] = tap_failed;
		_exit(ret < 0);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0) {
		tap_count = shared[0];
		tap_failed = shared[1];
	} else {
		CHECK(false && "the child ended well");
	}
	munmap(shared, 4096);
}

#define RUN_BOXED(fn)           \
	do {                    \
		tap_test = #fn; \
		in_child(fn);   \
	} while (0)

#endif
