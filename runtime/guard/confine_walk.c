/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path of the container becomes a resolved path with identity. A container's files are not trusted: whoever can
 * plant a symlink on the way of an entry chooses what the entry opens. So symlinks are read here, one at a time, and
 * each is judged by where it lies before it is followed; what is opened in the end has no symlink in its path.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/confine_impl.h"

#define MAX_LINKS 40u /* as the kernel's own walk */

static int identify(int fd, const char *path, struct confine_found *ret, struct pf_error *e)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT,
		  STATX_TYPE | STATX_INO | STATX_NLINK | STATX_MNT_ID, &stx) < 0)
		return pf_fail_sys(e, errno, "stat `%s' in the container", path);
	if (!(stx.stx_mask & STATX_MNT_ID))
		return pf_fail(e, PF_ERR_HOST, ENOSYS,
			       "confinement needs mount ids of statx, Linux 5.8");
	if (path != ret->path)
		snprintf(ret->path, sizeof(ret->path), "%s", path);
	ret->id.dev = makedev(stx.stx_dev_major, stx.stx_dev_minor);
	ret->id.ino = stx.stx_ino;
	ret->id.mnt_id = stx.stx_mnt_id;
	ret->mode = stx.stx_mode;
	ret->nlink = stx.stx_nlink;
	ret->mount_root = stx.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	return CONFINE_FOUND;
}

/* Open without following any symlink. A symlink as the last component is found as itself. */
static int look(const struct confine_run *run, const char *path, struct confine_found *ret,
		int *ret_fd, struct pf_error *e)
{
	struct pf_error why = PF_ERROR_INIT;
	auto_fd fd = -EBADF;
	int err = pf_open_in_root_nofollow(run->in->root_fd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC,
					   &fd, &why);

	if (err == -ENOENT || err == -ENOTDIR || err == -ENAMETOOLONG)
		return CONFINE_ABSENT;
	if (err == -ELOOP)
		return CONFINE_LINK;
	if (err < 0) {
		*e = why;
		return err;
	}
	err = identify(fd, path, ret, e);
	if (err == CONFINE_FOUND && ret_fd)
		*ret_fd = pf_take_fd(&fd);
	return err;
}

static bool is_followed(const struct confine_run *run, const struct confine_found *link,
			enum confine_links links)
{
	if (links == LINKS_ANY)
		return true;
	if (links == LINKS_NONE || link->id.mnt_id != run->root.mnt_id)
		return false;
	if (links == LINKS_OF_ROOT)
		return true;
	for (size_t i = 0; i < run->writable.n; i++)
		if (pf_path_inside(link->path, run->writable.v[i].path))
			return false;
	for (size_t i = 0; i < run->out->n_paths; i++)
		if (run->out->paths[i].key == CONFINE_WRITE &&
		    pf_path_inside(link->path, run->out->paths[i].path))
			return false;
	return true;
}

struct walk {
	char done[PATH_MAX]; /* no symlink in it; "" is the root */
	char todo[PATH_MAX]; /* what is left of the way begins at .at */
	size_t at;
	unsigned int n_links;
};

static void go_up(struct walk *w)
{
	char *slash = strrchr(w->done, '/');

	if (slash)
		*slash = '\0';
}

/* Put a symlink's target in front of what is still to do. */
static int follow(struct walk *w, int link_fd)
{
	char joined[PATH_MAX];
	const char *rest = w->todo + w->at;
	ssize_t n = readlinkat(link_fd, "", joined, sizeof(joined));

	if (n < 0)
		return -errno;
	if (n == 0) /* a filesystem may say so; it must not be taken for an absolute path */
		return -ENOENT;
	if ((size_t)n + 1 + strlen(rest) + 1 > sizeof(joined))
		return -ENAMETOOLONG;
	joined[n] = '/';
	memcpy(joined + n + 1, rest, strlen(rest) + 1);
	if (joined[0] == '/')
		w->done[0] = '\0';
	memcpy(w->todo, joined, sizeof(joined));
	w->at = 0;
	return 0;
}

/* Take the next component; its length, 0 at the end. */
static size_t next_name(struct walk *w, const char **ret_name)
{
	size_t len;

	w->at += strspn(w->todo + w->at, "/");
	*ret_name = w->todo + w->at;
	len = strcspn(*ret_name, "/");
	w->at += len;
	return len;
}

static int enter(const struct confine_run *run, struct walk *w, enum confine_links links,
		 struct confine_found *ret, struct pf_error *e)
{
	size_t parent = (size_t)(strrchr(w->done, '/') - w->done);
	auto_fd fd = -EBADF;
	int answer = look(run, w->done, ret, &fd, e);

	if (answer != CONFINE_FOUND || !S_ISLNK(ret->mode))
		return answer;
	if (!is_followed(run, ret, links))
		return CONFINE_LINK;
	if (++w->n_links > MAX_LINKS)
		return pf_fail(e, PF_ERR_POLICY, ELOOP, "`%s' in the container", ret->path);
	w->done[parent] = '\0';
	answer = follow(w, fd);
	if (answer == -ENAMETOOLONG || answer == -ENOENT)
		return CONFINE_ABSENT;
	return answer < 0 ? pf_fail_sys(e, answer, "read symlink `%s'", ret->path) : CONFINE_FOUND;
}

static int walk_all(const struct confine_run *run, struct walk *w, enum confine_links links,
		    struct confine_found *ret, struct pf_error *e)
{
	const char *name;
	size_t len;

	while ((len = next_name(w, &name))) {
		size_t old = strlen(w->done);
		int answer;

		if (len == 1 && name[0] == '.')
			continue;
		if (len == 2 && name[0] == '.' && name[1] == '.') {
			go_up(w);
			continue;
		}
		if (len > NAME_MAX || old + 1 + len + 1 > sizeof(w->done))
			return CONFINE_ABSENT;
		w->done[old] = '/';
		memcpy(w->done + old + 1, name, len);
		w->done[old + 1 + len] = '\0';
		answer = enter(run, w, links, ret, e);
		if (answer != CONFINE_FOUND)
			return answer;
	}
	return look(run, w->done[0] ? w->done : "/", ret, NULL, e);
}

/* explain --bundle: what a mount will bring is not there yet, so it is believed to exist. */
static bool assume(const struct confine_run *run, const char *path, struct confine_found *ret)
{
	const struct confine_site *site;

	if (!run->in->unmounted)
		return false;
	site = confine_site_of(run, path);
	if (!site)
		return false;
	snprintf(ret->path, sizeof(ret->path), "%s", path);
	memset(&ret->id, 0, sizeof(ret->id));
	ret->mode = strcmp(site->path, path) == 0 ? site->mode : 0;
	ret->nlink = 1;
	ret->mount_root = strcmp(site->path, path) == 0;
	return true;
}

int confine_walk(const struct confine_run *run, const char *path, enum confine_links links,
		 struct confine_found *ret, struct pf_error *e)
{
	struct walk w;
	int answer;

	if (assume(run, path, ret))
		return CONFINE_FOUND;
	answer = look(run, path, ret, NULL, e);
	if (answer == CONFINE_ABSENT || answer < 0 || strlen(path) >= sizeof(w.todo))
		return answer;
	if (answer == CONFINE_FOUND && !S_ISLNK(ret->mode))
		return CONFINE_FOUND;
	memcpy(w.todo, path, strlen(path) + 1);
	w.done[0] = '\0';
	w.at = w.n_links = 0;
	answer = walk_all(run, &w, links, ret, e);
	/* The way changed while it was walked: only something outside the container can do that before it starts. */
	if (answer == CONFINE_FOUND && S_ISLNK(ret->mode))
		return pf_fail(e, PF_ERR_SYS, EAGAIN, "resolve `%s' in the container", path);
	return answer;
}
