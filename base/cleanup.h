/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_BASE_CLEANUP_H
#define PF_BASE_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Ownership by scope. An auto_fd starts as -EBADF (so that fd 0 is a real fd) and is closed at the end of its scope
 * unless pf_take_fd() moved it away. Cleanups keep errno.
 */

static inline void pf_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		(void)close(fd); /* never retried on EINTR: Linux has closed it already */
	errno = saved;
}

static inline void pf_close_ptr(int *fd)
{
	pf_close(*fd);
	*fd = -EBADF;
}

static inline void pf_free_ptr(void *p)
{
	void **pp = p;

	free(*pp);
	*pp = NULL;
}

static inline int pf_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

static inline void *pf_take_ptr(void *p)
{
	void **pp = p, *taken = *pp;

	*pp = NULL;
	return taken;
}

#define auto_fd   __attribute__((cleanup(pf_close_ptr))) int
#define auto_free __attribute__((cleanup(pf_free_ptr)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
