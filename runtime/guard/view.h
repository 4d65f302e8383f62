/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_VIEW_H
#define PF_GUARD_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"
#include "config/oci.h"
#include "runtime/init/seal.h"

/*
 * A container's tree of files, seen from outside: of a container that is being made or runs through a descriptor of its
 * root with every mount in place; of a bundle the root file system and, one by one, what config.json would mount on it.
 * Scans ask it by paths of the container and get descriptors; no symlink is ever followed, nothing is written, nothing
 * but regular files is opened for reading.
 */

struct view_mount {
	char *path; /* in the container; owned; "/" is the root file system */
	char *source; /* what it shows: a bundle's: the path on the host; else its root in its file system; owned; NULL */
	char *fs;    /* owned; NULL: unknown */
	uint64_t id; /* of statx; 0 in a bundle */
	dev_t dev;
	bool writable;
	bool outside; /* it brings data from outside the container */
	bool kernel;  /* proc, sysfs, cgroup and the like: no files of anybody's */
	bool cover;   /* one of our own covers */
	int fd; /* owned: O_PATH of what a bundle would mount there; -EBADF: reached through the root */
	bool recursive,
		empty; /* of a bundle: with the mounts below the source; a fresh file system */
};

struct view_range {
	uint32_t first, n;
};

/* Whom the process runs as, in ids of the host. */
struct view_user {
	uid_t uid;
	gid_t gid;
	gid_t groups[32];
	size_t n_groups;
	bool reads_all;            /* CAP_DAC_OVERRIDE or CAP_DAC_READ_SEARCH */
	struct view_range uids[8]; /* ... over files of these owners; n_uids 0: of anybody */
	size_t n_uids;
};

struct view {
	int root_fd;               /* owned */
	struct view_mount *mounts; /* owned; by path, ascending: the first is "/" */
	size_t n_mounts;
	struct view_user user; /* for .readable of a place */
};

/** view_of_root() - @root_fd is dup'ed; @mountinfo: as the process in it reads /proc/self/mountinfo */
int view_of_root(int root_fd, const char *mountinfo, struct view *ret, struct pf_error *e);
/** view_of_process() - through /proc/PID/root; the user is the process's own */
int view_of_process(pid_t pid, struct view *ret, struct pf_error *e);
/**
 * view_of_bundle() - before anything is mounted
 * A source that does not exist or is not a file or directory is left out; fresh file systems are there as empty places.
 */
int view_of_bundle(const struct oci_config *config, const char *bundle, struct view *ret,
		   struct pf_error *e);
void view_free(struct view *v);

/** view_set_user() - from config.json's process: user, capabilities and id maps */
void view_set_user(struct view *v, const struct oci_config *config);

/**
 * view_open() - a path of the container, no symlink in any component, below whichever mount it lies in
 * With O_PATH a symlink as the last component is opened as itself.
 * Return:	0, or -errno as openat2: -ENOENT, -ELOOP for a symlink on the way; never an error of its own
 */
int view_open(const struct view *v, const char *path, int flags, int *ret_fd);
/** view_mount_of() - the mount that @path lies in: by @mnt_id where that is known (not 0), else by the path */
const struct view_mount *view_mount_of(const struct view *v, const char *path, uint64_t mnt_id);

struct view_file { /* what a scan wants to know of one name */
	struct seal_id id;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	unsigned int nlink;
	uint64_t size;
	const struct view_mount *mount;
	bool mount_root;
};
/** view_stat() - of an O_PATH descriptor that view_open() gave for @path; 0 or -errno */
int view_stat(const struct view *v, int fd, const char *path, struct view_file *ret);
/** view_readable() - by mode and ids alone; what Landlock or a cover says is not asked */
bool view_readable(const struct view *v, const struct view_file *f);

struct place;
/** view_place() - the members of a place that a file decides; .name is @path, borrowed */
void view_place(const struct view *v, const char *path, const struct view_file *f,
		struct place *ret);

#endif
