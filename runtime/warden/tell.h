/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_WARDEN_TELL_H
#define PF_WARDEN_TELL_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/warden/dns.h"

/*
 * What the warden has to tell, as lines of JSON to a descriptor:
 *
 *	{"type":"dns.refused","why":"not-listed","name":"x.example","qtype":1,"count":1}
 *	{"type":"dropped","count":17}
 *
 * A name that is asked for again is counted, and told of when some seconds have passed: whoever asks in a loop can neither
 * fill the record nor hide in it. Lines are bounded in number; what is not told of is counted as dropped. Whoever reads gives
 * them their number and time.
 */

enum tell_why {
	TELL_NOT_LISTED, /* the policy does not have the name */
	TELL_ADDRESS,    /* it has, but an answer held an address that no answer may hold */
	TELL_WHY_COUNT_,
};

enum {
	TELL_ROWS = 32,
	TELL_BURST = 64,      /* lines at once */
	TELL_PER_SECOND = 16, /* and from then on */
	TELL_AGAIN_MS = 5000,
	TELL_LINE_MAX = 2048,
};

struct tell_row {
	uint32_t pending; /* times since it was last told of */
	uint32_t used;    /* 0: free */
	int64_t told_ms;
	uint16_t type;
	uint8_t why, wire_len;
	uint8_t wire[DNS_WIRE_NAME_MAX]; /* lower case */
};

struct tell {
	int fd; /* borrowed; -1: nobody wants to know */
	uint32_t lines, dropped;
	uint32_t n_used;
	int64_t filled_ms;
	struct tell_row rows[TELL_ROWS];
};

void tell_begin(struct tell *t, int fd, int64_t now_ms);
void tell_refused(struct tell *t, const struct dns_query *q, enum tell_why why, int64_t now_ms);
/** tell_wait_ms() - how long tell_tick() has nothing to do; negative: for ever */
int64_t tell_wait_ms(const struct tell *t, int64_t now_ms);
void tell_tick(struct tell *t, int64_t now_ms);
/** tell_end() - whatever was counted and not told */
void tell_end(struct tell *t);

#endif
