/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_EVENTS_H
#define PF_GUARD_EVENTS_H

#include <stdbool.h>

#include "base/error.h"
#include "runtime/guard/events_line.h"

/*
 * The record of a container's events: a file of lines (events_line.h) that commands append to, each for the moment it
 * lives. It lies where no container has a path to: in the state directory, or in the directory that the node policy's
 * `events' names. Only a container with a policy has one.
 *
 *	struct events ev;
 *
 *	STEP(events_open(&place, EVENTS_APPEND, &ev, e));
 *	events_add(&ev, &(struct event){ .type = EVENT_PROBE, .object = "read" });
 *	return events_commit(&ev, e);
 *
 * Between open and commit the record is locked: nothing that can wait for somebody else belongs there.
 */

enum { EVENTS_MAX_BYTES = 16 << 20 };

#define EVENTS_FILE    "events.jsonl"   /* in a state directory */
#define EVENTS_REFUSED "@refused.jsonl" /* in the node's directory; `@' is in no container's id */

/* Where a record is. */
struct events_place {
	int dir_fd;       /* borrowed */
	const char *dir;  /* for messages */
	const char *name; /* of the file */
	const char *id;   /* of the container */
	size_t max_bytes; /* 0: EVENTS_MAX_BYTES */
};

enum events_mode {
	EVENTS_APPEND,
	EVENTS_BEGIN, /* a new container's: what an older one of the name left large or damaged is moved to NAME.1 */
};

struct events {
	const struct events_place *place;
	int fd;       /* owned; locked */
	off_t size;   /* of the record on disk */
	off_t end_at; /* where its last line begins, if that is one to replace */
	struct event_end end;
	struct pf_buf lines; /* composed, not written */
	uint64_t lost;       /* events that found no room */
};

/**
 * events_open() - open and lock the record, made if it is not there
 *
 * A line that a crash cut off is ended and told of by `dropped'.
 * Errors:	PF_ERR_HOST	the file is another's, others can write it, or it is not a record of ours
 *		PF_ERR_SYS	open, lock or read failed
 */
int events_open(const struct events_place *place, enum events_mode mode, struct events *ret,
		struct pf_error *e);

/** events_add() - one more event; where there is no room for it (16 MiB) it is counted */
void events_add(struct events *ev, const struct event *event);

/** events_last() - the type of the last line that lies in the record, -1: it is empty */
int events_last(const struct events *ev);

/**
 * events_commit() - all that was added with one write, then unlock and close
 *
 * All or nothing: what a full disk cut off is taken back. A caller whose protection rests on the record must not go on
 * after a failure.
 */
int events_commit(struct events *ev, struct pf_error *e);

/** events_close() - without writing */
void events_close(struct events *ev);

#endif
