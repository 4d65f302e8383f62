/* SPDX-License-Identifier: Apache-2.0 */
/* Where a record lies: beside the state, or in the node's directory, which must be such that nobody else writes to it. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/events_tell.h"

static int check_dir(int fd, const char *dir, bool rootless, struct pf_error *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return pf_fail_sys(e, errno, "stat the directory of events `%s'", dir);
	if (!S_ISDIR(st.st_mode))
		return pf_fail(e, PF_ERR_POLICY, ENOTDIR, "the directory of events `%s'", dir);
	if (rootless && st.st_uid != geteuid())
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "the directory of events `%s' is owned by uid %u, not by you", dir,
			       st.st_uid);
	/* A sticky bit would let others make a file before we do. */
	if (st.st_mode & 0022)
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"the directory of events `%s' (mode %04o) can be written by others: chmod go-w it",
			dir, st.st_mode & 07777);
	return 0;
}

/* Whoever makes the directory decides who may read it, so it is not made here. */
static int open_dir(const char *dir, bool rootless, int *ret, struct pf_error *e)
{
	auto_fd fd = -EBADF;
	int err;

	if (rootless)
		err = pf_open_host(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, &fd, e);
	else
		err = pf_open_trusted(dir, &fd, e);
	if (err == -ENOENT)
		return pf_fail(
			e, PF_ERR_HOST, ENOENT,
			"the directory of events `%.200s', which the node policy names (install -d -m 0700 makes it)",
			dir);
	if (err < 0)
		return pf_wrap(e, "the directory of events");
	STEP(check_dir(fd, dir, rootless, e));
	*ret = pf_take_fd(&fd);
	return 0;
}

int events_home_node(const char *dir, bool rootless, const char *id, struct events_home *ret,
		     struct pf_error *e)
{
	*ret = (struct events_home){ .dir_fd = -EBADF };
	snprintf(ret->dir, sizeof(ret->dir), "%s", dir);
	if (id)
		snprintf(ret->name, sizeof(ret->name), "%s.jsonl", id);
	else
		snprintf(ret->name, sizeof(ret->name), "%s", EVENTS_REFUSED);
	STEP(open_dir(dir, rootless, &ret->dir_fd, e));
	ret->place = (struct events_place){
		.dir_fd = ret->dir_fd, .dir = ret->dir, .name = ret->name, .id = id
	};
	return 0;
}

int events_home_state(const struct state *s, struct events_home *ret, struct pf_error *e)
{
	if (s->events[0])
		return events_home_node(s->events, s->rootless, s->id, ret, e);
	*ret = (struct events_home){ .dir_fd = -EBADF };
	snprintf(ret->dir, sizeof(ret->dir), "the state directory of `%s'", s->id);
	snprintf(ret->name, sizeof(ret->name), "%s", EVENTS_FILE);
	ret->place = (struct events_place){
		.dir_fd = s->dir_fd, .dir = ret->dir, .name = ret->name, .id = s->id
	};
	return 0;
}

void events_home_close(struct events_home *home)
{
	pf_close_ptr(&home->dir_fd);
}
