/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_SCAN_PARTS_H
#define PF_GUARD_SCAN_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/guard/scan.h"

/*
 * What the files scan_*.c that look into files share; not for others.
 *
 * Theory of operation. Two processes. The parent has the privilege to open and parses nothing of what a file holds: it
 * walks the tree (scan_walk.c), opens regular files, and hands their descriptors over. The child (scan_child.c) reads and
 * parses, and has nothing else: no capability, no user, no descriptor but the socket and the files, and a dozen system
 * calls (scan_jail.c). It answers with records of one size, in the order in which files were sent: the parent
 * (scan_reader.c) takes a record only if it speaks of the file that is due, and judges the one text in it again.
 *
 * A child that dies or does not come on loses the file it was at, and a new one goes on behind it. So a file that breaks
 * a parser costs itself and a line in `incomplete', whatever else it wanted.
 */

enum {
	SCAN_BATCH = 32, /* files in one message; the kernel takes 253 descriptors */
	SCAN_IN_FLIGHT = 3 * SCAN_BATCH,
	SCAN_KINDS = 4,     /* that the name of a file can tell */
	SCAN_HITS_MAX = 64, /* kinds in one file */
	SCAN_RESTARTS = 3,
	SCAN_CHILD_BYTES = 16 << 20, /* of memory, above what the parent had */
	SCAN_NO_KIND = UINT32_MAX,
};

/* To the child, one for each descriptor of the message. */
struct scan_job {
	uint32_t seq;
	uint32_t n_kinds, kinds[SCAN_KINDS]; /* that its name tells; places in catalogue.kinds */
	uint32_t
		beside; /* not SCAN_NO_KIND: this is the public half of a credential of that kind */
	uint32_t test;  /* test hooks alone: what to try that must not work */
	uint64_t bytes; /* to read at most */
};

enum scan_record_type {
	SCAN_READY = 1, /* the child is confined */
	SCAN_FAILED,    /* it could not be: .text says what, .bytes the errno */
	SCAN_FOUND,     /* something of one kind */
	SCAN_DONE,      /* with that file: .bytes were read */
};

enum {
	SCAN_BY_CONTENT = 1u << 0, /* FOUND: a signature held; else the name alone told */
	SCAN_PARTIAL = 1u << 1,    /* DONE: there was more than the job allowed */
	SCAN_UNREADABLE = 1u << 2, /* DONE: reading failed */
	SCAN_MORE = 1u << 3,       /* DONE: kinds beyond SCAN_HITS_MAX */
};

struct scan_record {
	uint32_t type, seq, flags;
	uint32_t kind; /* place in catalogue.kinds */
	uint32_t line;
	uint32_t lifetime;
	int64_t expires;
	uint64_t bytes;
	uint32_t text_len;
	char text[PRINCIPAL_MAX];
};

/** scan_kind_index() - its place in catalogue.kinds */
uint32_t scan_kind_index(const struct catalogue *c, const struct credential_kind *kind);

/* A build with a sanitizer: its runtime wants terabytes of address space and calls of its own. Never what is installed. */
#if defined(__SANITIZE_ADDRESS__)
#define SCAN_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SCAN_SANITIZED 1
#endif
#endif

/* scan_jail.c: in the child */

/**
 * scan_jail_enter() - give up all but the socket
 * @sock:	becomes descriptor SCAN_SOCKET; every other is closed
 * @memory:	bytes of address space
 * @failed:	on failure what could not be had
 *
 * Mustn't:	return success with a part missing; only Landlock may be absent, where the kernel has none.
 * Return:	0 or -errno
 */
int scan_jail_enter(int sock, uint64_t memory, unsigned int seconds, const char **failed);
enum { SCAN_SOCKET = 3 };

/* scan_child.c */
void scan_child(const struct catalogue *c) __attribute__((noreturn));
/** scan_child_answer() - one record to the parent; ends the process when nobody listens */
void scan_child_answer(const struct scan_record *r);

/* scan_reader.c: in the parent */

struct scan_file {  /* handed over; owned by the reader until its end */
	char *path; /* owned; in the container */
	int fd;     /* owned; readable, a regular file */
	struct view_file file;
	uint32_t n_kinds, kinds[SCAN_KINDS];
	uint32_t beside, test;
	uint64_t bytes;
	size_t finding; /* the walk's own */
};

struct scan_reader;
struct scan_events {
	/* of FOUND and DONE; a negative errno ends the scan */
	int (*record)(void *ctx, const struct scan_file *f, const struct scan_record *r,
		      struct pf_error *e);
	/* its content will stay unknown: why */
	void (*lost)(void *ctx, const struct scan_file *f, const char *why);
	void *ctx;
};

/** scan_reader_open() - no child is made before the first file is sent; @deadline_ms: of CLOCK_MONOTONIC */
int scan_reader_open(const struct catalogue *c, const struct scan_events *events,
		     int64_t deadline_ms, struct scan_reader **ret, struct pf_error *e);
/** scan_reader_add() - takes @f's path and descriptor, whatever comes; answers of earlier files may come in here */
int scan_reader_add(struct scan_reader *r, const struct scan_file *f, struct pf_error *e);
/** scan_reader_flush() - until every file that was added is done or lost */
int scan_reader_flush(struct scan_reader *r, struct pf_error *e);
/** scan_reader_added(), scan_reader_ended() - how many so far: the file with number n is settled when ended > n */
uint64_t scan_reader_added(const struct scan_reader *r);
uint64_t scan_reader_ended(const struct scan_reader *r);
void scan_reader_close(struct scan_reader *r);

static inline void scan_reader_close_ptr(struct scan_reader **r)
{
	scan_reader_close(*r);
}

#define auto_reader __attribute__((cleanup(scan_reader_close_ptr))) struct scan_reader *

int64_t scan_now_ms(void);

/* scan_open.c */

/**
 * scan_open_regular() - for reading, and only if it is a regular file
 * @at:		an O_PATH descriptor of it, judged and left open
 * @proc_fd:	of procfs
 * Return:	0 or -errno: -EINVAL: it is something else, which is not opened
 */
int scan_open_regular(int proc_fd, int at, int *ret_fd);
/** scan_open_directory() - the same of a directory, to list it */
int scan_open_directory(int proc_fd, int at, int *ret_fd);

/* scan_results.c */

struct scan_results { /* what becomes of records */
	const struct catalogue *catalogue;
	const struct view *view;
	struct inventory *inv;
};

/** scan_results_take() - one FOUND record of one file into the inventory */
int scan_results_take(struct scan_results *s, const struct scan_file *f,
		      const struct scan_record *r, struct pf_error *e);
/** scan_results_done() - a DONE record: what was not read of a file makes the inventory incomplete */
void scan_results_done(struct scan_results *s, const struct scan_file *f,
		       const struct scan_record *r);
/** scan_find_directory() - the finding of that kind that a directory above @path is, or NULL */
struct finding *scan_find_directory(const struct inventory *inv, const struct credential_kind *kind,
				    const char *path);

/* scan_walk.c */

/** scan_walk() - every regular file of the view to a child, in an order that names alone decide */
int scan_walk(struct scan_results *s, const struct scan_limits *limits, struct pf_error *e);

#endif
