/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_EVENTS_LINE_H
#define PF_GUARD_EVENTS_LINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/io.h"
#include "base/sha256.h"

/*
 * One event as one line of JSON. Pure: text in, text out; events.c has the file.
 *
 *	{"seq":7,"time":"...","id":"c1","type":"exec","code":"PF-E02","pid":4711,...,"chain":"<64 digits>"}
 *
 * `chain' is the SHA-256 over the previous line's chain (64 zeros before the first) and this line up to its own chain. It
 * comes last, so the check works on the bytes as they are and needs no canonical form of JSON. A chain a line, and not a
 * checkpoint now and then, because the writers are commands that live some milliseconds: none would be there to write the
 * checkpoint, and what came after the last one would be covered by nothing.
 *
 * A piece that a crash cut off has no chain. Whoever writes next ends it with a newline and writes `dropped' behind it; the
 * piece's bytes go into the chain like a line's.
 */

enum event_type {
	EVENT_START,
	EVENT_EXEC,
	EVENT_EXIT,
	EVENT_REFUSED,
	EVENT_ENV_DROPPED,
	EVENT_ENV_POISONED,
	EVENT_CREDENTIAL_COVERED,
	EVENT_CREDENTIAL_DROPPED,
	EVENT_CREDENTIAL_REFUSED,
	EVENT_PROBE,
	EVENT_DROPPED,
	EVENT_TYPE_COUNT_
};

struct event_info {
	const char *name,
		*code; /* the code is for programs: it never changes its meaning, and is never used again */
	const char *doc;
};

extern const struct event_info event_infos[EVENT_TYPE_COUNT_];

/** event_type_find() - the type called so, -1 if none */
int event_type_find(const char *name);

/* What is zero or NULL is not written. Never a value of a variable, never a program's arguments. */
struct event {
	enum event_type type;
	pid_t pid, inside; /* on the host, in the container */
	const char *exe;
	bool has_uid;
	uint32_t uid;
	const char *object;      /* what it is about: a variable's name, a path, a probe */
	const char *key, *entry; /* the rule that decided */
	const char *why;
	uint64_t count; /* of how many it tells; 0 and 1: one */
	const char *
		more; /* members that only this type has: `,"tty":true'; composed with event_text() */
};

enum {
	EVENT_LINE_MAX = 8192, /* with its newline; what event_text() bounds stays far below */
	EVENT_TEXT_MAX = 500,
	EVENT_LOST_ROOM =
		64 *
		1024, /* beyond the bound of a record: for `start', `exit' and the last `dropped' */
};

/** event_text() - @s as a JSON string, cut with "..." where it is longer than @max bytes, here or when escaped */
void event_text(struct pf_buf *b, const char *s, size_t max);

/** event_compose() - add the line for @event; @chain is that of the line before, and then this one's */
void event_compose(struct pf_buf *b, const struct event *event, const char *id, uint64_t seq,
		   char chain[SHA256_HEX + 1]);
/** event_compose_full() - `dropped' for a record that is full: of one length whatever @count, so it can be replaced */
void event_compose_full(struct pf_buf *b, uint64_t count, const char *id, uint64_t seq,
			char chain[SHA256_HEX + 1]);

/* One line as it lies in a record, without its newline. */
struct event_line {
	const char *text;
	size_t len;
	uint64_t seq;
	const char *chain; /* the 64 digits in @text; NULL: a piece without an end */
	int type;          /* -1: none of ours */
};

/** event_line_read() - what the frame of a line says; its JSON is not parsed */
void event_line_read(const char *text, size_t len, struct event_line *ret);
/** event_line_chain() - what the line's chain must be after @before */
void event_line_chain(const struct event_line *line, const char *before, char ret[SHA256_HEX + 1]);

extern const char event_chain_start[SHA256_HEX + 1];

/* Where a record ends, for whoever goes on with it. */
struct event_end {
	uint64_t seq; /* of the last line, 0: there is none */
	char chain[SHA256_HEX + 1];
	bool no_newline; /* the last line is whole but for that */
	bool torn;       /* a piece lies behind the last line; .chain covers it */
	int type;        /* of the last line, -1: none */
	uint64_t full;   /* the last line says that the record is full: its count. 0: it does not */
	size_t full_at;  /* where that line begins in @tail */
	char full_chain[SHA256_HEX + 1]; /* of the line before it */
};

/**
 * event_end_read() - @tail: the last bytes of a record, at least three lines' worth unless it is all of it
 * Return: 0, or -EBADMSG: what is there was not written by us
 */
int event_end_read(const char *tail, size_t len, bool is_all, struct event_end *ret);

#endif
