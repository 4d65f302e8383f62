/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_INIT_FS_H
#define PF_INIT_FS_H

#include "runtime/init/init.h"

/*
 * What the file system steps of the init share with each other, and with no one else but
 * proc_get(). Every tree is attached by fd, every target is an O_PATH fd that root.c resolved
 * inside the container's root.
 */

/*
 * The bits fsmount(2) takes; the rest of a mount's attributes has no meaning for a new file system.
 */
#define FS_ATTRS                                                                  \
	(PF_MOUNT_ATTR_RDONLY | PF_MOUNT_ATTR_NOSUID | PF_MOUNT_ATTR_NODEV |      \
	 PF_MOUNT_ATTR_NOEXEC | PF_MOUNT_ATTR__ATIME | PF_MOUNT_ATTR_NODIRATIME | \
	 PF_MOUNT_ATTR_NOSYMFOLLOW)

/* root.c */
/**
 * root_make_strict() - @path as a real directory behind no symlink; 0: it was there, 1: it was made
 * @what: what is mounted on it, NULL: nothing
 */
int root_make_strict(const struct init *c, const char *path, const char *what, int *ret_fd,
		     struct pf_error *e);

/* fsopen.c */
/** fs_make() - a detached mount of a new file system; the fd or -errno with e */
struct fs_make {
	const char *type, *source, *data; /* source, data: may be NULL */
	uint64_t attrs;                   /* FS_ATTRS */
	int mode;      /* for tmpfs without mode= in .data; -1: the file system's own */
	bool readonly; /* the superblock too, not only the mount */
};
int fs_make(const struct fs_make *args, struct pf_error *e);
/** fs_data_has() - one of the comma-separated options is @key or begins with "@key=" */
bool fs_data_has(const char *data, const char *key);
/** fs_data_fits() - every option is short enough for fsconfig(2): 255 bytes */
bool fs_data_fits(const char *data);
/** fs_clone() - a detached private copy of what @fd is open on; the fd or -errno */
int fs_clone(int fd, bool recursive);
/** fs_clone_path() - the same by a path of the host, while the old root is there */
int fs_clone_path(const char *path, bool recursive, long magic);
int fs_set_attrs(int tree_fd, uint64_t set, uint64_t clr, bool recursive);
int fs_set_propagation(int tree_fd, uint64_t propagation, bool recursive);
/** fs_attach() - the tree on the target, both by fd; 0 or -errno */
int fs_attach(int tree_fd, int target_fd);
/** fs_is() - @fd lies on a file system of that magic */
bool fs_is(int fd, long magic);

/* copyup.c */
/** copy_up() - copy what is below @from into @to, links as links, never leaving either */
int copy_up(int from, int to, struct pf_error *e);

/* cgroup_mount.c */
int mount_cgroup(struct init *c, const struct plan_mount *m, int target, struct pf_error *e);

/* mount.c */
/** mount_set_propagation() - the words of the mount's own options: to cut ties first, to be shared last */
int mount_set_propagation(int tree, const struct plan_mount *m, struct pf_error *e);
/** mount_readonly_later() - an attached tmpfs: takes @tree until mount_seal_readonly() */
int mount_readonly_later(struct init *c, int *tree, struct pf_error *e);
/** mount_seal_readonly() - make read-only what stayed writable until all mount points were made */
int mount_seal_readonly(struct init *c, struct pf_error *e);

/* masks.c */
/** masks_prepare() - take the host's /dev/null, while its path can still be reached */
int masks_prepare(const struct init *c, struct pf_error *e);

/* nopivot.c */
/** root_move() - the weaker way than pivot_root(2): move the root over "/" and chroot into it */
int root_move(const struct init *c, struct pf_error *e);

/* sysctl.c */
/** proc_get() - see that c->proc_fd is open on a procfs of our own; idempotent */
int proc_get(struct init *c, struct pf_error *e);

#endif
