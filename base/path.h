/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_BASE_PATH_H
#define PF_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * The only place of the parent where a path becomes an fd. A string is resolved once; everything after works on the fd.
 * There is no userland fallback: openat2 (Linux 5.6) is the floor.
 */

/** pf_open_in_root() - a path of the container below @root_fd: IN_ROOT|NO_MAGICLINKS */
int pf_open_in_root(int root_fd, const char *path, int flags, int *ret_fd, struct pf_error *e);
/** pf_open_in_root_nofollow() - the same, and no symlink in any component */
int pf_open_in_root_nofollow(int root_fd, const char *path, int flags, int *ret_fd,
			     struct pf_error *e);
/** pf_open_beneath() - our own files: BENEATH|NO_SYMLINKS|NO_MAGICLINKS|NO_XDEV */
int pf_open_beneath(int dir_fd, const char *path, int flags, int *ret_fd, struct pf_error *e);
/** pf_open_host() - a host path as the caller's own words name it (bundle, mount source); symlinks followed */
int pf_open_host(const char *path, int flags, int *ret_fd, struct pf_error *e);
/** pf_open_trusted() - a policy file: it and every directory above owned by host root and writable by no other */
int pf_open_trusted(const char *path, int *ret_fd, struct pf_error *e);

/** pf_open_proc() - the host's procfs, checked to be one */
int pf_open_proc(int *ret_fd, struct pf_error *e);

/** pf_path_normalise() - absolute path without "//", "." and a trailing "/"; -EINVAL for "..", relative, or too long */
int pf_path_normalise(const char *path, char *buf, size_t size);
/** pf_path_inside() - @path is @dir or lies below it; both normalised */
bool pf_path_inside(const char *path, const char *dir);

/** pf_fd_path() - where the fd's file is as /proc/self/fd tells it; for messages and for the state file */
int pf_fd_path(int fd, char *buf, size_t size);

#endif
