/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a record. Several commands write to it at once (create, exec, delete), so each takes the lock, reads where
 * the record ends, and writes its lines with one pwrite. Nothing is kept in between: the end of the file is the state.
 *
 * No fsync: it would cost more than a start. What a crash of the host takes is at the end, and a half line is told of.
 */
#include <config.h>

#include "runtime/guard/events.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define TAIL_BYTES (3 * EVENT_LINE_MAX)

static int fail(const struct events *ev, int err, const char *what, struct pf_error *e)
{
	return pf_fail_sys(e, err, "%s the record of events `%s/%s'", what, ev->place->dir,
			   ev->place->name);
}

static size_t max_bytes(const struct events *ev)
{
	return ev->place->max_bytes ? ev->place->max_bytes : EVENTS_MAX_BYTES;
}

static int lock(struct events *ev, struct pf_error *e)
{
	while (flock(ev->fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return fail(ev, errno, "lock", e);
	return 0;
}

static int check_file(const struct events *ev, const struct stat *st, struct pf_error *e)
{
	if (S_ISREG(st->st_mode) && st->st_uid == geteuid() && !(st->st_mode & 0022) &&
	    st->st_nlink <= 1)
		return 0;
	return pf_fail(
		e, PF_ERR_HOST, 0,
		"the record of events `%s/%s' (uid %u, mode %06o, %u names) must be a file of this user alone that nobody else can write: move it away",
		ev->place->dir, ev->place->name, st->st_uid, st->st_mode,
		(unsigned int)st->st_nlink);
}

/* Answer 1: while we waited for the lock another moved the record away, or removed it. */
static int open_locked(struct events *ev, struct pf_error *e)
{
	const struct events_place *p = ev->place;
	struct stat ours, there;

	ev->fd = openat(p->dir_fd, p->name,
			O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	if (ev->fd < 0)
		return fail(ev, errno, "open", e);
	STEP(lock(ev, e));
	if (fstat(ev->fd, &ours) < 0)
		return fail(ev, errno, "stat", e);
	if (fstatat(p->dir_fd, p->name, &there, AT_SYMLINK_NOFOLLOW) < 0 ||
	    there.st_ino != ours.st_ino || there.st_dev != ours.st_dev)
		return 1;
	STEP(check_file(ev, &ours, e));
	ev->size = ours.st_size;
	return 0;
}

static int read_tail(struct events *ev, struct pf_error *e)
{
	off_t from = ev->size > TAIL_BYTES ? ev->size - TAIL_BYTES : 0;
	size_t want = (size_t)(ev->size - from), got = 0;
	auto_free char *tail = malloc(want + 1);

	if (!tail)
		return fail(ev, ENOMEM, "read", e);
	while (got < want) {
		ssize_t n = pread(ev->fd, tail + got, want - got, from + (off_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(ev, n < 0 ? errno : EIO, "read", e);
		got += (size_t)n;
	}
	if (event_end_read(tail, want, from == 0, &ev->end) < 0)
		return pf_fail(
			e, PF_ERR_HOST, EBADMSG,
			"the record of events `%s/%s' does not end with a line of ours: keep it for whoever shall look into it, and move it away",
			ev->place->dir, ev->place->name);
	ev->end_at = from + (off_t)ev->end.full_at;
	return 0;
}

static int move_away(const struct events *ev, struct pf_error *e)
{
	char old[NAME_MAX + 3];
	int dir = ev->place->dir_fd;

	snprintf(old, sizeof(old), "%s.1", ev->place->name);
	if (renameat(dir, ev->place->name, dir, old) < 0)
		return fail(ev, errno, "move away", e);
	return 0;
}

/* After what was there, whole or not, comes a new line. */
static void heal(struct events *ev)
{
	if (ev->end.no_newline)
		pf_buf_puts(&ev->lines, "\n");
	if (ev->end.torn)
		events_add(ev, &(struct event){ .type = EVENT_DROPPED,
						.why = "the line before was cut off" });
}

/* Answer 1: there is another file of the name now. */
static int try_open(struct events *ev, enum events_mode mode, struct pf_error *e)
{
	int ret = open_locked(ev, e);

	if (ret != 0)
		return ret;
	if (ev->size == 0)
		return event_end_read("", 0, true, &ev->end);
	ret = read_tail(ev, e);
	if (mode == EVENTS_BEGIN &&
	    (ret == -EBADMSG || (ret == 0 && (size_t)ev->size > max_bytes(ev) / 2))) {
		STEP(move_away(ev, e));
		return 1;
	}
	return ret;
}

int events_open(const struct events_place *place, enum events_mode mode, struct events *ret,
		struct pf_error *e)
{
	int r;

	*ret = (struct events){ .place = place, .fd = -EBADF };
	while ((r = try_open(ret, mode, e)) == 1)
		pf_close_ptr(&ret->fd);
	if (r < 0) {
		events_close(ret);
		return r;
	}
	heal(ret);
	return 0;
}

/* `start' and `exit' are the frame of a record: they have room of their own behind its bound. */
static bool may_pass_bound(enum event_type type)
{
	return type == EVENT_START || type == EVENT_EXIT;
}

void events_add(struct events *ev, const struct event *event)
{
	struct event_end before = ev->end;
	size_t at = ev->lines.len;

	event_compose(&ev->lines, event, ev->place->id, before.seq + 1, ev->end.chain);
	ev->end.seq++;
	if (ev->lines.failed || may_pass_bound(event->type) ||
	    (size_t)ev->size + ev->lines.len <= max_bytes(ev))
		return;
	ev->lines.len = at;
	ev->end = before;
	ev->lost += event->count > 1 ? event->count : 1;
}

int events_last(const struct events *ev)
{
	return ev->end.type;
}

static int put(const struct events *ev, off_t at, struct pf_error *e)
{
	ssize_t n;

	do
		n = pwrite(ev->fd, ev->lines.data, ev->lines.len, at);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)ev->lines.len)
		return 0;
	(void)fail(ev, n < 0 ? errno : ENOSPC, "write to", e);
	/* Less than all of it is worse than nothing: the next writer would take it for a crash. */
	if (n > 0 && ftruncate(ev->fd, at > ev->size ? at : ev->size) < 0)
		return pf_wrap(e, "a part of a line stays");
	return e->err > 0 ? -e->err : -EIO;
}

/* The record is full, and its last line says so: that line's count is made larger. */
static int count_up(struct events *ev, struct pf_error *e)
{
	event_compose_full(&ev->lines, ev->end.full + ev->lost, ev->place->id, ev->end.seq,
			   ev->end.full_chain);
	if (ev->lines.failed)
		return fail(ev, ENOMEM, "write to", e);
	return put(ev, ev->end_at, e);
}

static int commit(struct events *ev, struct pf_error *e)
{
	if (ev->lost && ev->lines.len == 0 && ev->end.full)
		return count_up(ev, e);
	if (ev->lost)
		event_compose_full(&ev->lines, ev->lost, ev->place->id, ev->end.seq + 1,
				   ev->end.chain);
	if (ev->lines.failed)
		return fail(ev, ENOMEM, "write to", e);
	if (ev->lines.len == 0)
		return 0;
	if ((size_t)ev->size + ev->lines.len > max_bytes(ev) + EVENT_LOST_ROOM)
		return fail(ev, EFBIG, "write to", e);
	return put(ev, ev->size, e);
}

int events_commit(struct events *ev, struct pf_error *e)
{
	int ret = commit(ev, e);

	events_close(ev);
	return ret;
}

void events_close(struct events *ev)
{
	pf_close_ptr(&ev->fd); /* which unlocks */
	pf_buf_free(&ev->lines);
}
