/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_WARDEN_WARDEN_H
#define PF_WARDEN_WARDEN_H

#include "runtime/warden/dns.h"
#include "runtime/warden/nametab.h"
#include "runtime/warden/plan.h"
#include "runtime/warden/resolvconf.h"
#include "runtime/warden/tell.h"

/*
 * pinfold-warden: the resolver of a confined container. A static program without privilege that runs beside it, in its
 * network namespace and outside its cgroup.
 *
 * Theory of operation. One loop over epoll. Nothing allocates: all that there can be of anything is in struct warden, and
 * who comes when it is full is told so (SERVFAIL) or replaces who waited longest (connections).
 *
 *	main.c		the plan, the jail, the loop
 *	plan.c		the plan is sound
 *	jail.c		privileges, given up before the first message
 *	clients.c	messages from the container and to it, over UDP and TCP
 *	answer.c	what is asked is answered at once, or goes up
 *	asks.c		questions that are on their way up, and their deadlines
 *	upstream.c	one conversation with one resolver above
 *	resolvconf.c	which these are
 *	tell.c		what was refused, as lines
 *
 * What a client is told:
 *
 *	a name that the policy does not have		NXDOMAIN, extended error 18, at once: search lists go on
 *	A, AAAA, HTTPS, SVCB, CNAME, MX, SRV, TXT	what the resolvers above say, as far as it may be said
 *	another type of a name that it has		no such records, at once
 *	no resolver, none that answers			SERVFAIL, extended error 22
 *	not IN, not a query, not readable		REFUSED, NOTIMP, FORMERR, at once
 *
 * MX, SRV and TXT go up like addresses. What a question carries out is its name, and that is the same for every type; what
 * comes in, whoever owns an allowed name can send by its server as well. The names that MX and SRV hold must be on the list
 * to be of use. PTR is a name like any other, so it needs an entry, which no list will have: at once NXDOMAIN.
 *
 * A question goes up under a new id from a new socket with a new port, both of getrandom(), and only a datagram from
 * whom it was sent to reaches that socket. The next resolver is asked when one is silent, broken or refuses, each attempt
 * from a socket of its own; so many attempts, then SERVFAIL. Addresses are learned before the answer leaves; where that
 * fails, the answer does not leave.
 */

enum {
	WARDEN_ASKS = 128,   /* questions on their way */
	WARDEN_STREAMS = 16, /* connections of clients */
	WARDEN_BIGS = 4,     /* answers over TCP at a time */
	WARDEN_BIG_SIZE = 16384,
	WARDEN_STREAM_IDLE_MS = 10000,
	WARDEN_FOREIGN_MAX =
		64,        /* datagrams on one socket that are no answer; then it is given up */
	WARDEN_BATCH = 16, /* messages of one descriptor before the next has its turn */
};

/* Where a question came from, and its answer goes. */
struct origin {
	bool is_stream;
	uint16_t index;      /* of the listener or the stream */
	uint32_t generation; /* of the stream */
	union warden_address client;
};

enum ask_state { ASK_FREE, ASK_DATAGRAM, ASK_STREAM };

struct ask {
	enum ask_state state;
	int fd; /* owned; -EBADF: none; of no meaning when free */
	struct origin origin;
	struct dns_query query;
	uint16_t id; /* ours */
	bool no_edns, is_internal;
	bool is_sent;            /* over TCP */
	uint8_t first, attempts; /* the server that was asked first, and how often one was */
	uint16_t foreign, got;
	uint8_t *big; /* borrowed from .bigs; NULL: none */
	int64_t deadline_ms;
};

struct stream {
	int fd; /* owned; -EBADF: free */
	uint32_t generation;
	uint16_t got, pending; /* bytes; questions on their way */
	bool is_ended;         /* the client sends nothing more */
	int64_t used_ms;
	uint8_t in[2 + DNS_QUERY_MAX];
};

struct warden {
	const struct warden_plan *plan;
	struct nametab names;
	struct tell tell;
	struct resolvconf servers, own; /* .own: our listeners, which must not be asked */
	int64_t resolv_seen[4];         /* what .resolv_fd was when it was read */
	uint8_t preferred;              /* the server that answered last */
	int epoll;
	int64_t now_ms;
	uint32_t generation;
	bool has_ended;
	unsigned int n_asks; /* that were ever used: a page of the others is never touched */
	struct ask asks[WARDEN_ASKS];
	struct stream streams[WARDEN_STREAMS];
	uint8_t bigs[WARDEN_BIGS][WARDEN_BIG_SIZE];
	struct dns_answer answer;     /* of whoever has its turn */
	uint8_t message[DNS_UDP_MAX]; /* likewise */
	uint8_t reply[2 + DNS_REPLY_MAX];
};

/* What an event of epoll is about. */
enum source { SOURCE_UDP, SOURCE_TCP, SOURCE_STREAM, SOURCE_ASK, SOURCE_LIFE };

/** warden_watch() - @fd belongs to @source @index from now on. Return: 0 or -errno */
int warden_watch(struct warden *w, int fd, uint32_t events, enum source source, unsigned int index);

/* clients.c */
void clients_begin(struct warden *w);
void clients_datagrams(struct warden *w, unsigned int listener);
void clients_connection(struct warden *w, unsigned int listener);
void clients_stream(struct warden *w, unsigned int stream);
void clients_reply(struct warden *w, const struct origin *o, const struct dns_query *q,
		   const struct dns_reply *r);
/** clients_took() - one more question of @o is on its way; clients_gave() - it is not any more */
void clients_took(struct warden *w, const struct origin *o);
void clients_gave(struct warden *w, const struct origin *o);
int64_t clients_deadline(const struct warden *w);
void clients_expire(struct warden *w);

/* answer.c */
void answer_message(struct warden *w, const struct origin *o, const uint8_t *msg, size_t len);
/** answer_found() - w->answer answers @a: learn, tell, reply */
void answer_found(struct warden *w, const struct ask *a);
void answer_failed(struct warden *w, const struct origin *o, const struct dns_query *q,
		   enum dns_extended why);

/* asks.c */
void asks_begin(struct warden *w);
/** asks_add() - send @q up. false: there is no room */
bool asks_add(struct warden *w, const struct origin *o, const struct dns_query *q,
	      bool is_internal);
void asks_ready(struct warden *w, unsigned int ask);
int64_t asks_deadline(const struct warden *w);
void asks_expire(struct warden *w);

/* upstream.c: positive verdicts are of enum dns_verdict */
enum { UPSTREAM_WAIT = -1 };
/** upstream_ask() - a new socket to @server, and the question on it. Return: 0 or -errno */
int upstream_ask(struct warden *w, struct ask *a, const union warden_address *server, bool stream);
/** upstream_ready() - something came. Return: a verdict or UPSTREAM_WAIT */
int upstream_ready(struct warden *w, struct ask *a);
void upstream_close(struct ask *a);

#endif
