/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths in the container's root, and in procfs, as file descriptors. Runs in the init from the
 * moment the root stands.
 *
 * The root is hostile: an image can hold any symlink, and a volume can be changed by another
 * container while we look. So a path is resolved by the kernel in one openat2(2) that cannot leave
 * the root, and what is missing is made one component at a time below a directory fd. No string is
 * ever checked first and used later.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/fs.h"
#include "runtime/init/steps.h"

enum { ROOT_MAX_LINKS = 40 }; /* as the kernel's own limit */

/*
 * One walk that makes what is missing. In hand is the component path[start, end). The path changes
 * when a symlink that leads nowhere yet stands in the way.
 */
struct walk {
	const struct init *c;
	char path[PATH_MAX];
	size_t start, end;
	uint64_t resolve; /* in addition to what root_open() asks for */
	bool is_dir;      /* what the last component shall be */
	unsigned int links;
};

static int open_in_root(const struct init *c, const char *path, int flags, uint64_t resolve)
{
	return sys_openat2(c->root_fd, path, flags | O_CLOEXEC, 0,
			   PF_RESOLVE_IN_ROOT | PF_RESOLVE_NO_MAGICLINKS | resolve);
}

int root_open(const struct init *c, const char *path, int flags)
{
	return open_in_root(c, path, flags, 0);
}

/* Make @name below @dir and open it, itself, whatever it is by then: the caller looks at the fd. */
static int make_one(int dir, const char *name, bool is_dir)
{
	int fd;

	if (is_dir) {
		if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
			return -errno;
	} else {
		fd = openat(dir, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd < 0 && errno != EEXIST)
			return -errno;
		pf_close(fd);
	}
	return sys_openat2(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0,
			   PF_RESOLVE_BENEATH | PF_RESOLVE_NO_MAGICLINKS);
}

static int component(const struct walk *w, char name[static NAME_MAX + 1])
{
	size_t len = w->end - w->start;

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, w->path + w->start, len);
	name[len] = '\0';
	return 0;
}

/*
 * Put the text of the symlink in hand, in @dir, in place of the words that led to it. The new path
 * is again resolved inside the root, so a hostile text gains nothing.
 */
static int splice_link(struct walk *w, int dir)
{
	size_t rest = strlen(w->path + w->end) + 1, keep;
	char text[PATH_MAX], name[NAME_MAX + 1];
	ssize_t len;

	if (w->resolve & PF_RESOLVE_NO_SYMLINKS || ++w->links > ROOT_MAX_LINKS)
		return -ELOOP;
	STEP(component(w, name));
	len = readlinkat(dir, name, text, sizeof(text));
	if (len <= 0)
		return len < 0 ? -errno : -ENOENT;
	keep = text[0] == '/' ? 0 : w->start;
	if (keep + (size_t)len + rest > sizeof(w->path))
		return -ENAMETOOLONG;
	memmove(w->path + keep + len, w->path + w->end, rest);
	memcpy(w->path + keep, text, (size_t)len);
	return 0;
}

static bool must_be_dir(const struct walk *w)
{
	return w->is_dir || w->path[w->end + strspn(w->path + w->end, "/")] != '\0';
}

/* The path up to the component in hand, through every symlink that leads somewhere. */
static int open_so_far(struct walk *w)
{
	int fd, flags = O_PATH | (must_be_dir(w) ? O_DIRECTORY : 0);
	char next = w->path[w->end];

	w->path[w->end] = '\0';
	fd = open_in_root(w->c, w->path, flags, w->resolve);
	w->path[w->end] = next;
	return fd;
}

/* *ret_link: a symlink to nowhere stands in its place, and nothing was made. */
static int make_component(const struct walk *w, int dir, bool *ret_link)
{
	char name[NAME_MAX + 1];
	auto_fd fd = -EBADF;
	struct stat st;

	STEP(component(w, name));
	fd = make_one(dir, name, must_be_dir(w));
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_link = S_ISLNK(st.st_mode);
	if (must_be_dir(w) && !*ret_link && !S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return pf_take_fd(&fd);
}

static bool next_component(struct walk *w)
{
	w->start += strspn(w->path + w->start, "/");
	w->end = w->start + strcspn(w->path + w->start, "/");
	return w->end > w->start;
}

/* Walk w->path from the root, making what is missing; the fd of its end or -errno. */
static int walk_and_make(struct walk *w)
{
	auto_fd dir = -EBADF; /* where the component in hand is; none: the root */

	while (next_component(w)) {
		int parent = dir >= 0 ? dir : w->c->root_fd;
		bool is_link = false;
		auto_fd fd = open_so_far(w);

		if (fd == -ENOENT)
			fd = make_component(w, parent, &is_link);
		if (fd < 0)
			return fd;
		if (is_link)
			STEP(splice_link(w, parent));
		pf_close(dir);
		dir = is_link ? -EBADF : pf_take_fd(&fd);
		w->start = is_link ? 0 : w->end;
	}
	return dir < 0 ? open_in_root(w->c, "/", O_PATH | O_DIRECTORY, 0) : pf_take_fd(&dir);
}

static int walk_init(struct walk *w, const struct init *c, const char *path, size_t len)
{
	if (len >= sizeof(w->path))
		return -ENAMETOOLONG;
	w->c = c;
	memcpy(w->path, path, len);
	w->path[len] = '\0';
	w->start = w->end = 0;
	w->resolve = 0;
	w->is_dir = true;
	w->links = 0;
	return 0;
}

int root_make_parent(const struct init *c, const char *path, const char **ret_name,
		     struct pf_error *e)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	struct walk w;
	int fd;

	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return pf_fail(e, PF_ERR_CONFIG, EINVAL, "`%s' names no file", path);
	fd = walk_init(&w, c, path, (size_t)(name - path));
	if (fd == 0)
		fd = walk_and_make(&w);
	if (fd < 0)
		return pf_fail_sys(e, fd, "make the directories of `%s' in the container's root",
				   path);
	*ret_name = name;
	return fd;
}

int root_make_target(const struct init *c, const char *path, bool is_dir, bool nofollow,
		     int *ret_fd, struct pf_error *e)
{
	int fd = open_in_root(c, path, O_PATH | (nofollow ? O_NOFOLLOW : 0), 0);
	bool missing = fd == -ENOENT;
	struct walk w;

	if (missing) {
		fd = walk_init(&w, c, path, strlen(path));
		w.is_dir = is_dir;
		if (fd == 0)
			fd = walk_and_make(&w);
		if (fd < 0)
			return pf_fail_sys(e, fd, "make the mount point `%s'", path);
	}
	if (fd < 0)
		return pf_fail_sys(e, fd, "open the mount point `%s'", path);
	*ret_fd = fd;
	return missing;
}

int root_make_strict(const struct init *c, const char *path, const char *what, int *ret_fd,
		     struct pf_error *e)
{
	int fd = open_in_root(c, path, O_PATH | O_DIRECTORY | O_NOFOLLOW, PF_RESOLVE_NO_SYMLINKS);
	bool missing = fd == -ENOENT;
	struct walk w;

	if (missing) {
		fd = walk_init(&w, c, path, strlen(path));
		w.resolve = PF_RESOLVE_NO_SYMLINKS;
		if (fd == 0)
			fd = walk_and_make(&w);
	}
	if (fd == -ELOOP || fd == -ENOTDIR)
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "`%s' must be %s ordinary directory, but `%s' in the root file "
			       "system is a symlink, lies behind one, or is no directory",
			       what ? what : path, what ? "mounted on" : "an", path);
	if (fd < 0)
		return pf_fail_sys(e, fd, "make the directory `%s'", path);
	*ret_fd = fd;
	return missing;
}

int proc_open(const struct init *c, const char *path, int flags)
{
	return sys_openat2(c->proc_fd, path, flags | O_CLOEXEC, 0,
			   PF_RESOLVE_BENEATH | PF_RESOLVE_NO_MAGICLINKS | PF_RESOLVE_NO_XDEV);
}
