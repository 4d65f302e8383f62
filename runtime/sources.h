/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_SOURCES_H
#define PF_RUNTIME_SOURCES_H

#include <errno.h>
#include <sys/resource.h>

#include "base/error.h"
#include "config/oci.h"
#include "runtime/host.h"

/*
 * Everything of the host that a container is made from, opened once, before anything is made: the root file system, the
 * sources of bind mounts as detached trees with their attributes set, namespaces by path, procfs.
 */

struct source_mount {
	int fd; /* owned: detached tree, or -EBADF: the init binds by path */
	bool is_dir;
	uint64_t dev, ino;
	const char *link; /* copy-symlink: the text of the source, = path; NULL: mounted */
	char *path;       /* owned: absolute source; NULL for what is not a bind */
};

struct sources {
	int root_fd; /* owned: detached tree, or -EBADF */
	int proc_fd; /* owned */
	char root_path[4096];
	struct source_mount *mounts; /* owned: one per config->mounts */
	size_t n_mounts;
	int ns_fds[OCI_NS_COUNT_]; /* owned: namespaces by path, -EBADF: none */
	struct rlimit
		nofile; /* the caller's, which is the program's too; rlim_max 0: was not raised */
};

/* Nothing open yet. fds of 0 would be somebody's stdin. */
#define SOURCES_INIT                                              \
	{                                                         \
		.root_fd = -EBADF, .proc_fd = -EBADF, .ns_fds = { \
			-EBADF,                                   \
			-EBADF,                                   \
			-EBADF,                                   \
			-EBADF,                                   \
			-EBADF,                                   \
			-EBADF,                                   \
			-EBADF,                                   \
			-EBADF                                    \
		}                                                 \
	}

/** sources_open() - relative paths are the bundle's */
int sources_open(const struct oci_config *config, const char *bundle, const struct host *host,
		 struct sources *ret, struct pf_error *e);
void sources_close(struct sources *s);

/** idmap_userns() - a user namespace with these maps, for MOUNT_ATTR_IDMAP */
int idmap_userns(const struct oci_id_maps *uids, const struct oci_id_maps *gids, int *ret_fd,
		 struct pf_error *e);
/** idmap_write() - write uid_map and gid_map of @pid, by newuidmap and newgidmap where the kernel refuses us */
int idmap_write(pid_t pid, const struct oci_id_maps *uids, const struct oci_id_maps *gids,
		bool deny_setgroups, struct pf_error *e);

#endif
