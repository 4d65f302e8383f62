/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_MOUNTINFO_H
#define PF_GUARD_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One line of /proc/PID/mountinfo; proc(5) has its form. The strings lie in the line. */
struct mountinfo {
	uint64_t id, parent;
	dev_t dev;
	const char *root, *path, *fs, *source; /* source may be "" */
	bool readonly, noexec, propagates;
	bool barren; /* a tmpfs whose root took the only inode, as what masks a directory: nothing can be in it */
};

/** mountinfo_parse() - take @line apart, which is changed; false: it is not understood */
bool mountinfo_parse(char *line, struct mountinfo *ret);
/**
 * mountinfo_read() - all lines of @text, which is changed, without those that no path leads to: what lies below another
 * mount. That is told by who is mounted on whom, so it holds for the moment in which the text was read.
 * @ret:	free with free(); the strings lie in @text
 *
 * Return: 0, -ENOMEM, or -EINVAL: a line is not understood.
 */
int mountinfo_read(char *text, struct mountinfo **ret, size_t *ret_n);
/** mountinfo_is_kernels() - files of that file system are the kernel's own words, and nobody's data */
bool mountinfo_is_kernels(const char *fs);

#endif
