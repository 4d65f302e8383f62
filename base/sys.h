/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_BASE_SYS_H
#define PF_BASE_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Thin wrappers of system calls that libc does not have or spells unhelpfully. Each returns >= 0 or -errno and does
 * exactly one call. This header and sys.c are also compiled into the freestanding init: no other header of ours here.
 *
 * UAPI values newer than Debian 12's headers (6.1) are vendored below, each with its kernel version.
 */

/* openat2(2), Linux 5.6 */
#define PF_RESOLVE_NO_XDEV       0x01
#define PF_RESOLVE_NO_MAGICLINKS 0x02
#define PF_RESOLVE_NO_SYMLINKS   0x04
#define PF_RESOLVE_BENEATH       0x08
#define PF_RESOLVE_IN_ROOT       0x10
int sys_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve);

/* The mount API, Linux 5.2; mount_setattr(2), Linux 5.12 */
#define PF_OPEN_TREE_CLONE         1u
#define PF_OPEN_TREE_CLOEXEC       02000000u
#define PF_AT_RECURSIVE            0x8000u
#define PF_MOVE_MOUNT_F_EMPTY_PATH 0x04u
#define PF_MOVE_MOUNT_T_EMPTY_PATH 0x40u
#define PF_MOUNT_ATTR_RDONLY       0x01ull
#define PF_MOUNT_ATTR_NOSUID       0x02ull
#define PF_MOUNT_ATTR_NODEV        0x04ull
#define PF_MOUNT_ATTR_NOEXEC       0x08ull
#define PF_MOUNT_ATTR__ATIME       0x70ull
#define PF_MOUNT_ATTR_RELATIME     0x00ull
#define PF_MOUNT_ATTR_NOATIME      0x10ull
#define PF_MOUNT_ATTR_STRICTATIME  0x20ull
#define PF_MOUNT_ATTR_NODIRATIME   0x80ull
#define PF_MOUNT_ATTR_IDMAP        0x00100000ull
#define PF_MOUNT_ATTR_NOSYMFOLLOW  0x00200000ull

struct pf_mount_attr { /* struct mount_attr of linux/mount.h */
	uint64_t attr_set, attr_clr, propagation, userns_fd;
};

enum pf_fsconfig {
	PF_FSCONFIG_SET_FLAG = 0,
	PF_FSCONFIG_SET_STRING = 1,
	PF_FSCONFIG_SET_FD = 5,
	PF_FSCONFIG_CMD_CREATE = 6
};

int sys_open_tree(int dirfd, const char *path, unsigned int flags);
int sys_move_mount(int from, const char *from_path, int to, const char *to_path,
		   unsigned int flags);
int sys_mount_setattr(int dirfd, const char *path, unsigned int flags,
		      const struct pf_mount_attr *attr);
int sys_fsopen(const char *fs); /* always FSOPEN_CLOEXEC */
int sys_fsconfig(int fd, unsigned int cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fd, unsigned int attr_flags); /* always FSMOUNT_CLOEXEC */

/* clone3(2), Linux 5.3; CLONE_INTO_CGROUP 5.7 */
struct pf_clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};
int sys_clone3(const struct pf_clone_args *args);

int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags);
int sys_pidfd_open(pid_t pid);                 /* Linux 5.3 */
int sys_pidfd_send_signal(int pidfd, int sig); /* Linux 5.1; -ESRCH: already reaped */
int sys_close_range(unsigned int first, unsigned int last, unsigned int flags); /* Linux 5.9 */
#define PF_CLOSE_RANGE_CLOEXEC 4u
int sys_memfd_create(const char *name, unsigned int flags);
#define PF_MFD_CLOEXEC       1u
#define PF_MFD_ALLOW_SEALING 2u
#define PF_MFD_EXEC          0x10u /* Linux 6.3 */
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_seccomp(unsigned int op, unsigned int flags, void *args);
int sys_capget(void *header, void *data);
int sys_capset(const void *header, const void *data);
int sys_keyctl_join_session(const char *name);
int sys_ioprio_set(int value); /* this process */

struct pf_sched_attr { /* struct sched_attr of linux/sched/types.h */
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};
int sys_sched_setattr(const struct pf_sched_attr *attr);

/* Landlock, Linux 5.13. Rights after ABI 2 are not in Debian 12's header. */
#define PF_LL_FS_EXECUTE          (1ull << 0)
#define PF_LL_FS_WRITE_FILE       (1ull << 1)
#define PF_LL_FS_READ_FILE        (1ull << 2)
#define PF_LL_FS_READ_DIR         (1ull << 3)
#define PF_LL_FS_REMOVE_DIR       (1ull << 4)
#define PF_LL_FS_REMOVE_FILE      (1ull << 5)
#define PF_LL_FS_MAKE_CHAR        (1ull << 6)
#define PF_LL_FS_MAKE_DIR         (1ull << 7)
#define PF_LL_FS_MAKE_REG         (1ull << 8)
#define PF_LL_FS_MAKE_SOCK        (1ull << 9)
#define PF_LL_FS_MAKE_FIFO        (1ull << 10)
#define PF_LL_FS_MAKE_BLOCK       (1ull << 11)
#define PF_LL_FS_MAKE_SYM         (1ull << 12)
#define PF_LL_FS_REFER            (1ull << 13) /* ABI 2, Linux 5.19 */
#define PF_LL_FS_TRUNCATE         (1ull << 14) /* ABI 3, Linux 6.2 */
#define PF_LL_FS_IOCTL_DEV        (1ull << 15) /* ABI 5, Linux 6.10 */
#define PF_LL_FS_RESOLVE_UNIX     (1ull << 16) /* ABI 9 */
#define PF_LL_SCOPE_ABSTRACT_UNIX (1ull << 0)  /* ABI 6, Linux 6.12 */
#define PF_LL_SCOPE_SIGNAL        (1ull << 1)  /* ABI 6 */

struct pf_landlock_ruleset_attr {
	uint64_t handled_access_fs, handled_access_net, scoped;
};

int sys_landlock_abi(void); /* >= 1, or -ENOSYS / -EOPNOTSUPP */
int sys_landlock_create_ruleset(const struct pf_landlock_ruleset_attr *attr, size_t size);
int sys_landlock_add_path(int ruleset_fd, uint64_t access, int parent_fd);
int sys_landlock_restrict_self(int ruleset_fd, unsigned int flags);

int sys_bpf(int cmd, void *attr, unsigned int size);

/* statx(2) of what @fd is open on. musl of Debian 12 has no statx(). mnt_id: Linux 5.8, else -ENOSYS */
struct pf_file_id {
	uint64_t dev, ino, mnt_id; /* dev as makedev() */
};
int sys_file_id(int fd, struct pf_file_id *ret);

#endif
