/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that says syscall(2). Compiled twice: with glibc for the parent, with musl for the init. */
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The unified syscall numbers, the same on every architecture since Linux 5.0; missing from older libc headers. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

static int ret_of(long r)
{
	return r < 0 ? -errno : (int)r;
}

int sys_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = { (unsigned int)flags, mode, resolve };
	int ret, tries = 0;

	/* EAGAIN: a rename raced with the walk and the kernel could not rule an escape out. Bounded. */
	do
		ret = ret_of(syscall(SYS_openat2, dirfd, path, &how, sizeof(how)));
	while ((ret == -EAGAIN && tries++ < 64) || ret == -EINTR);
	return ret;
}

int sys_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return ret_of(syscall(SYS_open_tree, dirfd, path, flags | PF_OPEN_TREE_CLOEXEC));
}

int sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned int flags)
{
	return ret_of(syscall(SYS_move_mount, from, from_path, to, to_path, flags));
}

int sys_mount_setattr(int dirfd, const char *path, unsigned int flags,
		      const struct pf_mount_attr *attr)
{
	return ret_of(syscall(SYS_mount_setattr, dirfd, path, flags, attr, sizeof(*attr)));
}

int sys_fsopen(const char *fs)
{
	return ret_of(syscall(SYS_fsopen, fs, 1u));
}

int sys_fsconfig(int fd, unsigned int cmd, const char *key, const void *value, int aux)
{
	return ret_of(syscall(SYS_fsconfig, fd, cmd, key, value, aux));
}

int sys_fsmount(int fd, unsigned int attr_flags)
{
	return ret_of(syscall(SYS_fsmount, fd, 1u, attr_flags));
}

int sys_clone3(const struct pf_clone_args *args)
{
	return ret_of(syscall(SYS_clone3, args, sizeof(*args)));
}

int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return ret_of(syscall(SYS_execveat, fd, path, argv, envp, flags));
}

int sys_pidfd_open(pid_t pid)
{
	return ret_of(syscall(SYS_pidfd_open, pid, 0u));
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	return ret_of(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0u));
}

int sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return ret_of(syscall(SYS_close_range, first, last, flags));
}

int sys_memfd_create(const char *name, unsigned int flags)
{
	return ret_of(syscall(SYS_memfd_create, name, flags));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return ret_of(syscall(SYS_pivot_root, new_root, put_old));
}

int sys_seccomp(unsigned int op, unsigned int flags, void *args)
{
	return ret_of(syscall(SYS_seccomp, op, flags, args));
}

int sys_capget(void *header, void *data)
{
	return ret_of(syscall(SYS_capget, header, data));
}

int sys_capset(const void *header, const void *data)
{
	return ret_of(syscall(SYS_capset, header, data));
}

int sys_keyctl_join_session(const char *name)
{
	return ret_of(syscall(SYS_keyctl, 1, name));
}

int sys_ioprio_set(int value)
{
	return ret_of(syscall(SYS_ioprio_set, 1, 0, value));
}

int sys_sched_setattr(const struct pf_sched_attr *attr)
{
	return ret_of(syscall(SYS_sched_setattr, 0, attr, 0u));
}

int sys_landlock_abi(void)
{
	return ret_of(syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, 1u));
}

int sys_landlock_create_ruleset(const struct pf_landlock_ruleset_attr *attr, size_t size)
{
	return ret_of(syscall(SYS_landlock_create_ruleset, attr, size, 0u));
}

int sys_landlock_add_path(int ruleset_fd, uint64_t access, int parent_fd)
{
	struct {
		uint64_t allowed_access;
		int32_t parent_fd;
	} __attribute__((packed)) rule = { access, parent_fd };

	return ret_of(syscall(SYS_landlock_add_rule, ruleset_fd, 1, &rule, 0u));
}

int sys_landlock_restrict_self(int ruleset_fd, unsigned int flags)
{
	return ret_of(syscall(SYS_landlock_restrict_self, ruleset_fd, flags));
}

int sys_bpf(int cmd, void *attr, unsigned int size)
{
	return ret_of(syscall(SYS_bpf, cmd, attr, size));
}

int sys_file_id(int fd, struct pf_file_id *ret)
{
	struct { /* struct statx of linux/stat.h, which cannot stand beside musl's sys/stat.h */
		uint32_t mask, before_ino[7];
		uint64_t ino, before_dev[12];
		uint32_t dev_major, dev_minor;
		uint64_t mnt_id, rest[13];
	} stx;
	const unsigned int ino = 0x100, mnt_id = 0x1000; /* STATX_INO, STATX_MNT_ID */
	int err = ret_of(
		syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, ino | mnt_id, &stx));

	_Static_assert(sizeof(stx) == 256, "the kernel writes a whole struct statx");
	if (err < 0)
		return err;
	if (!(stx.mask & mnt_id))
		return -ENOSYS;
	*ret = (struct pf_file_id){ makedev(stx.dev_major, stx.dev_minor), stx.ino, stx.mnt_id };
	return 0;
}
