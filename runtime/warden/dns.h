/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_WARDEN_DNS_H
#define PF_WARDEN_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Messages of the DNS (RFC 1035), as the resolver of a confined container reads and writes them. Pure: bytes in, structs
 * out, and back. Nothing allocates, nothing is global.
 *
 * Theory of operation. The container is hostile, and so is whoever answers. Therefore no byte is handed on. A question is
 * read into a name and a type; what goes upstream is written anew from these two, so that a name that the policy does not
 * allow, an option, a cookie, the spelling of a name or what stands behind the message cannot carry anything out. An answer
 * is read into the few records that answer the question, and the reply is written anew from these.
 *
 *	dns_name.c	names: read, write
 *	dns_query.c	the container's question; ours to the resolver above
 *	dns_answer.c	the answer from above: what of it answers the question
 *	dns_data.c	what a record holds, by its type; HTTPS and SVCB lose what would hide a name or open an address
 *	dns_reply.c	our answer to the container
 *
 * Not libc's ns_*() functions: musl's read a name without escaping it, so that a label that holds a dot looks like two
 * labels, and glibc's escape it; what a fuzzer learns of one is not true of the other. What we need of them is forty
 * lines that accept less.
 *
 * A name here is text, lower case, without the final dot; "" is the root. Labels hold letters, digits, `-' and `_', as the
 * names of an entry do. Whatever else a label may hold on the wire makes a name `odd': it is compared with nothing, sent
 * nowhere and allowed never, but it can be answered, since the question is echoed as it came.
 */

enum {
	DNS_NAME_MAX = 253,      /* as text */
	DNS_WIRE_NAME_MAX = 255, /* with its lengths */
	DNS_HEAD_SIZE = 12,
	DNS_UDP_PLAIN = 512,   /* what a client takes that says nothing else */
	DNS_UDP_MAX = 4096,    /* what we send however much a client takes */
	DNS_UDP_OURS = 1232,   /* what we take: no fragments, which are easier to forge */
	DNS_CHAIN_MAX = 16,    /* CNAMEs of one answer */
	DNS_RECORDS_MAX = 64,  /* records behind them; more are left out */
	DNS_DATA_MAX = 4096,   /* bytes of these records */
	DNS_SCANNED_MAX = 256, /* records of a message that are looked at */
	DNS_QUERY_MAX = 512,   /* a question of ours, or of a client over TCP */
	DNS_REPLY_MAX = 12288, /* the largest that the bounds above can come to, and more */
	DNS_TTL_MAX = 3600, /* for the client, in seconds: what it holds on to is not asked again */
};

enum dns_rcode {
	DNS_NOERROR,
	DNS_FORMERR,
	DNS_SERVFAIL,
	DNS_NXDOMAIN,
	DNS_NOTIMP,
	DNS_REFUSED,
	DNS_BADVERS = 16, /* of EDNS */
};

/* RFC 8914: why, for people */
enum dns_extended {
	DNS_EXTENDED_OTHER = 0,
	DNS_EXTENDED_NOT_READY = 14,
	DNS_EXTENDED_BLOCKED = 15,
	DNS_EXTENDED_PROHIBITED = 18,
	DNS_EXTENDED_NO_UPSTREAM = 22,
	DNS_EXTENDED_NONE = -1,
};

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_OPT = 41,
	DNS_SVCB = 64,
	DNS_HTTPS = 65,
};

enum { DNS_CLASS_IN = 1 };

/* ---- the container's question */

struct dns_query {
	uint16_t id, type, class;
	uint16_t udp_size; /* 512 to DNS_UDP_MAX */
	bool recursion;    /* RD, echoed */
	bool has_edns;
	bool is_odd;
	uint8_t wire_len;                /* 0: no question could be read; none is echoed */
	uint8_t wire[DNS_WIRE_NAME_MAX]; /* the name as the client spelled it */
	char name[DNS_NAME_MAX + 1];     /* "" when odd */
};

/**
 * dns_query_read() - a client's message
 *
 * Exactly one question in class IN, no answers, at most one OPT and nothing else behind it, no pointer in its name.
 * DO is of no use, since no signature is handed on, and is not kept; nor is any option.
 *
 * Return: DNS_NOERROR, or the rcode to answer with (.id is set and, if the question could be read, .wire); negative:
 * nothing that an answer could be sent to.
 */
int dns_query_read(const uint8_t *msg, size_t len, struct dns_query *ret);

/** dns_type_is_known() - a type whose records are handed on; others exist for no name */
bool dns_type_is_known(uint16_t type);

/* ---- our question */

struct dns_asked {
	uint16_t id, type;
	const char *name; /* not odd, not "" */
};

/** dns_query_write() - @a as a message of its own; @buf has DNS_QUERY_MAX bytes. Return: its length */
size_t dns_query_write(const struct dns_asked *a, bool with_edns, uint8_t *buf);

/* ---- the answer from above */

/* Whom the reader asks about what it finds. */
struct dns_judge {
	/* @addr: 16 bytes, IPv4 as ::ffff:a.b.c.d */
	bool (*address)(const void *arg, const uint8_t *addr);
	bool (*name)(const void *arg, const char *name);
	const void *arg;
};

struct dns_link {
	char name[DNS_NAME_MAX + 1];
	uint32_t ttl;
};

struct dns_record {
	uint32_t ttl;
	uint16_t at, len; /* in .data */
};

struct dns_answer {
	enum dns_rcode rcode; /* NOERROR or NXDOMAIN */
	uint16_t type;        /* of all records */
	unsigned int n_chain, n_records;
	unsigned int
		n_dropped; /* addresses, and aliases to names, that the judge did not let pass */
	struct dns_link chain[DNS_CHAIN_MAX]; /* what the asked name is an alias of, and so on */
	struct dns_record records[DNS_RECORDS_MAX];
	uint16_t data_len;
	uint8_t data[DNS_DATA_MAX];
};

enum dns_verdict {
	DNS_ANSWER_OK,
	DNS_ANSWER_NOT_OURS,  /* of another question: wait on */
	DNS_ANSWER_TRUNCATED, /* ask again over TCP */
	DNS_ANSWER_NO_EDNS,   /* it does not know EDNS: ask again without */
	DNS_ANSWER_BAD,       /* malformed, a loop, or an error: ask somebody else */
};

/**
 * dns_answer_read() - what of a message from above answers the question @a
 *
 * Its id and its question must be ours. From the asked name CNAMEs are followed in whatever order they stand; records of
 * the asked type that belong to the last name are kept if the judge lets them pass. Everything else is not looked at.
 */
enum dns_verdict dns_answer_read(const uint8_t *msg, size_t len, const struct dns_asked *a,
				 const struct dns_judge *judge, struct dns_answer *ret);

/** dns_record_address() - the address that a record of an A or AAAA answer holds; false: of another type */
bool dns_record_address(const struct dns_answer *a, unsigned int i, uint8_t addr[16]);

/* ---- our answer */

struct dns_reply {
	int rcode;
	enum dns_extended why;           /* told to clients that speak EDNS */
	const char *text;                /* beside it; NULL: none */
	const struct dns_answer *answer; /* NULL: none */
};

/**
 * dns_reply_write() - the answer to @q
 * @limit:	the most that the client takes; when it is more, the answer is cut to the question and marked so
 * @buf:	has DNS_REPLY_MAX bytes
 *
 * Return: its length.
 */
size_t dns_reply_write(const struct dns_query *q, const struct dns_reply *r, size_t limit,
		       uint8_t *buf);

#endif
