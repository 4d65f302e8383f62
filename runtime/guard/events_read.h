/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_EVENTS_READ_H
#define PF_GUARD_EVENTS_READ_H

#include "runtime/guard/events_line.h"

/* A record read back, by `pinfold log'. Pure, and the text is hostile: it may be whatever somebody made of the file. */

struct events_check {
	uint64_t lines; /* events; pieces without an end are none */
	uint64_t seq;
	int last;                   /* type of the last line, -1: there is none */
	char chain[SHA256_HEX + 1]; /* of the last line */
};

/**
 * events_verify() - go along the chain
 * Errors:	PF_ERR_POLICY	names the first line that is not what was written, and what is wrong with it
 */
int events_verify(const char *text, size_t len, struct events_check *ret, struct pf_error *e);

/** events_table_head() - the line above the table */
void events_table_head(struct pf_buf *b);
/** events_table_line() - one line (without its newline) for people; what is no event is said to be none */
void events_table_line(const char *text, size_t len, struct pf_buf *b);

#endif
