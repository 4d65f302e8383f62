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

	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_INO | STATX_MNT_ID,
		  &stx) < 0)
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
	char todo[2 * PATH_MAX];
	unsigned int n_links;
};

static void go_up(struct walk *w)
{
	char *slash = strrchr(w->done, '/');

	if (slash)
		*slash = '\0';
}

/* Put a symlink's target in front of what is still to do. */
static int prepend_target(struct walk *w, int link_fd, const char *rest)
{
	char target[PATH_MAX], joined[sizeof(w->todo)];
	ssize_t n = readlinkat(link_fd, "", target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (target[0] == '/')
		w->done[0] = '\0';
	if (snprintf(joined, sizeof(joined), "%s/%s", target, rest) >= (int)sizeof(joined))
		return -ENAMETOOLONG;
	memcpy(w->todo, joined, strlen(joined) + 1);
	return 0;
}

/* One component of the way. */
static int advance(const struct confine_run *run, struct walk *w, enum confine_links links,
		   struct confine_found *ret, struct pf_error *e)
{
	char name[NAME_MAX + 1], rest[sizeof(w->todo)];
	const char *start = w->todo + strspn(w->todo, "/");
	size_t len = strcspn(start, "/"), old = strlen(w->done);
	auto_fd fd = -EBADF;
	int answer;

	if (len > NAME_MAX || old + len + 2 > sizeof(w->done))
		return CONFINE_ABSENT;
	memcpy(name, start, len);
	name[len] = '\0';
	memcpy(rest, start + len, strlen(start + len) + 1);
	memcpy(w->todo, rest, strlen(rest) + 1);
	if (len == 0 || strcmp(name, ".") == 0)
		return CONFINE_FOUND;
	if (strcmp(name, "..") == 0) {
		go_up(w);
		return CONFINE_FOUND;
	}
	snprintf(w->done + old, sizeof(w->done) - old, "/%s", name);
	answer = look(run, w->done, ret, &fd, e);
	if (answer != CONFINE_FOUND || !S_ISLNK(ret->mode))
		return answer;
	if (!is_followed(run, ret, links))
		return CONFINE_LINK;
	if (++w->n_links > MAX_LINKS)
		return pf_fail(e, PF_ERR_POLICY, ELOOP, "`%s' in the container", ret->path);
	w->done[old] = '\0';
	answer = prepend_target(w, fd, rest);
	return answer == -ENAMETOOLONG ? CONFINE_ABSENT :
	       answer < 0	       ? pf_fail_sys(e, answer, "read symlink `%s'", ret->path) :
					 CONFINE_FOUND;
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
	ret->mount_root = strcmp(site->path, path) == 0;
	return true;
}

int confine_walk(const struct confine_run *run, const char *path, enum confine_links links,
		 struct confine_found *ret, struct pf_error *e)
{
	struct walk w = { .n_links = 0 };
	int answer;

	if (assume(run, path, ret))
		return CONFINE_FOUND;
	answer = look(run, path, ret, NULL, e);
	if (answer == CONFINE_FOUND && !S_ISLNK(ret->mode))
		return CONFINE_FOUND;
	if (answer == CONFINE_ABSENT || answer < 0)
		return answer;
	if (strlen(path) >= sizeof(w.todo))
		return CONFINE_ABSENT;
	memcpy(w.todo, path, strlen(path) + 1);
	while (w.todo[strspn(w.todo, "/")]) {
		answer = advance(run, &w, links, ret, e);
		if (answer != CONFINE_FOUND)
			return answer;
	}
	answer = look(run, w.done[0] ? w.done : "/", ret, NULL, e);
	/* The way changed while it was walked: only something outside the container can do that before it starts. */
	if (answer == CONFINE_LINK || (answer == CONFINE_FOUND && S_ISLNK(ret->mode)))
		return pf_fail(e, PF_ERR_SYS, EAGAIN, "resolve `%s' in the container", path);
	return answer;
}
