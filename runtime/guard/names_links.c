/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symlinks, one hop at a time. A volume that Kubernetes projects shows each of its files through two; a program follows
 * any. What is covered for one must not be chosen by somebody who could not break it anyway: a link is believed where it
 * leads within its own mount, or to data from outside, never from a volume into the image.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/guard/names_parts.h"

enum { HOPS_MAX = 8 };

int names_join(char buf[PATH_MAX], const char *dir, const char *name)
{
	size_t a = strlen(dir), b = strlen(name);

	if (a + b + 2 > PATH_MAX)
		return -ENAMETOOLONG;
	memmove(buf, dir, a);
	buf[a] = '/';
	memcpy(buf + a + 1, name, b + 1);
	return 0;
}

/* `..' is taken by its letters: no component before it is a symlink when that matters. */
static int tidy(char path[PATH_MAX])
{
	char *out = path, *p = path;

	while (*p) {
		size_t n;

		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.') {
			while (out > path && *--out != '/')
				;
		} else if (n > 0 && !(n == 1 && p[0] == '.')) {
			*out++ = '/';
			memmove(out, p, n);
			out += n;
		}
		p += n;
	}
	*out = '\0';
	return out == path ? -ENOENT : 0;
}

/* The first component of @path that is a symlink: its end, and its text. 0: there is none. */
static int first_link(struct names_scan *s, char path[PATH_MAX], char target[PATH_MAX])
{
	for (char *end = path; *end;) {
		auto_fd fd = -EBADF;
		char kept;
		ssize_t n;
		int err;

		end += 1 + strcspn(end + 1, "/");
		kept = *end;
		*end = '\0';
		err = names_may(s) ? view_open(s->in->view, path, O_PATH, &fd) : -E2BIG;
		n = err < 0 ? -1 : readlinkat(fd, "", target, PATH_MAX - 1);
		*end = kept;
		if (err < 0)
			return err;
		if (n >= 0) {
			target[n] = '\0';
			return (int)(end - path);
		}
	}
	return 0;
}

/* The symlink that ends at @end is replaced by what it says. */
static int follow_link(char path[PATH_MAX], size_t end, const char *target)
{
	char old[PATH_MAX];
	char *slash;

	memcpy(old, path, strlen(path) + 1);
	path[end] = '\0';
	slash = strrchr(path, '/');
	*slash = '\0';
	if (target[0] == '/')
		path[0] = '\0';
	if (names_join(path, path, target) < 0 ||
	    (old[end] && names_join(path, path, old + end + 1) < 0))
		return -ENAMETOOLONG;
	return tidy(path);
}

static const struct view_mount *mount_of(struct names_scan *s, const char *path)
{
	struct view_file f;

	return names_stat(s, path, &f) == 0 ? f.mount : NULL;
}

int names_resolve(struct names_scan *s, const char *path, char ret[PATH_MAX])
{
	const struct view_mount *from = mount_of(s, path), *to;
	char target[PATH_MAX];

	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(ret, path, strlen(path) + 1);
	for (int hops = 0; hops <= HOPS_MAX; hops++) {
		int end = first_link(s, ret, target);

		if (end < 0)
			return end;
		if (end > 0) {
			STEP(follow_link(ret, (size_t)end, target));
			continue;
		}
		to = mount_of(s, ret);
		return to && (to == from || to->outside) ? 0 : -EXDEV;
	}
	return -ELOOP;
}

int names_resolve_path(const struct view *v, const char *path, char ret[PATH_MAX])
{
	const struct scan_names in = { .view = v };
	struct inventory inv = { .n = 0 };
	struct names_scan s = { .in = &in, .inv = &inv, .limit = UINT64_MAX };
	int err = names_resolve(&s, path, ret);

	inventory_free(&inv);
	return err;
}
