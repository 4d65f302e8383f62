/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_ENDPOINT_H
#define PF_CONFIG_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * The entries of `egress' and `listen': text in, struct out, and back; and whether one lies within another. Pure, and
 * nothing here allocates.
 *
 *	egress	[tcp://|udp://|tls://|icmp://]HOST[:PORT|:LOW-HIGH|:*], or a token alone
 *		HOST	name, *.name (any depth below, not the name itself), IPv4, IPv4/len, [IPv6], [IPv6/len]
 *		token	@any @none @loopback @pod @broker, or a set of endpoint_sets.tsv: @npm ...
 *	listen	[tcp://|udp://]PORT|LOW-HIGH, or @any @none @loopback
 *
 * What is left out means: a name has port 443, and on 443 `tls://', on another port `tcp://'; an address has all ports,
 * tcp and udp; a port to listen on is one of tcp and udp.
 *
 *	endpoint.c		the text of an entry
 *	endpoint_address.c	addresses and lengths
 *	endpoint_name.c		names
 *	endpoint_punycode.c	how a name that is not ASCII would be written (RFC 3492)
 *	endpoint_suffixes.c	names that everybody registers below (suffixes.txt)
 *	endpoint_ranges.c	addresses that are closed, private, loopback
 *	endpoint_print.c	back to text
 *	endpoint_covers.c	is one within another
 *	endpoint_sets.c		what a set holds (endpoint_sets.tsv)
 *
 * policy_endpoints.c is where the policy asks.
 */

enum {
	ENDPOINT_NAME_MAX = 253, /* RFC 1035, without the final dot */
	ENDPOINT_TEXT_MAX = 320, /* any entry as endpoint_print() writes it, with its NUL */
	ENDPOINT_ALL_LOW = 1,
	ENDPOINT_ALL_HIGH = 65535,
};

enum endpoint_scheme {
	ENDPOINT_ANY, /* tcp and udp; it has no spelling: an address without a scheme */
	ENDPOINT_TCP,
	ENDPOINT_UDP,
	ENDPOINT_TLS, /* tcp, and the name in the handshake is the entry's */
	ENDPOINT_ICMP,
	ENDPOINT_SCHEME_COUNT_,
};

enum endpoint_kind {
	ENDPOINT_ADDRESS,  /* .prefix */
	ENDPOINT_NAME,     /* .name */
	ENDPOINT_BELOW,    /* whatever lies below .name: "*.NAME" */
	ENDPOINT_PORTS,    /* of `listen' */
	ENDPOINT_SET,      /* .name is its name, "@npm" */
	ENDPOINT_ANYWHERE, /* @any: all but what is closed */
	ENDPOINT_NOWHERE,  /* @none */
	ENDPOINT_LOOPBACK, /* @loopback: 127.0.0.0/8 and ::1; of `listen': neighbours may come over it, to any port */
	ENDPOINT_POD,    /* @pod: servers of the neighbours that share the network namespace */
	ENDPOINT_BROKER, /* @broker: what the node policy's `broker' names */
	ENDPOINT_KIND_COUNT_,
};

/* IPv4 lies in ::ffff:0:0/96, so that one table, and one key in the kernel, holds both. */
struct endpoint_prefix {
	uint8_t addr[16]; /* network byte order; no bit is set beyond .len */
	uint8_t len;      /* 0..128; IPv4/8 is 104 */
};

struct endpoint {
	enum endpoint_kind kind;
	enum endpoint_scheme scheme;
	uint16_t low, high;               /* ports, both included; 0: it has none (icmp, tokens) */
	struct endpoint_prefix prefix;    /* ADDRESS; already judged by what it embeds */
	char name[ENDPOINT_NAME_MAX + 1]; /* lower case, without the final dot */
};

/**
 * endpoint_parse() - one entry of `egress'
 *
 * Errors:	PF_ERR_POLICY, naming the entry and what to write instead. An entry that looks like a URL may hold a
 *		password or a token: what is printed of it begins behind the last `@' and ends before a path.
 */
int endpoint_parse(const char *text, size_t len, struct endpoint *ret, struct pf_error *e);
/** endpoint_parse_listen() - one entry of `listen'; errors as above */
int endpoint_parse_listen(const char *text, size_t len, struct endpoint *ret, struct pf_error *e);

/** endpoint_print() - the one spelling of @ep, which parses to the same again; @buf has ENDPOINT_TEXT_MAX bytes */
void endpoint_print(const struct endpoint *ep, char *buf);
/** endpoint_print_prefix() - "10.0.0.0/8", "[2001:db8::1]" */
void endpoint_print_prefix(const struct endpoint_prefix *p, char *buf, size_t size);

/**
 * endpoint_covers() - whatever @entry opens, @bound opens too; both of `egress' or both of `listen'
 *
 * A set is what it holds. An address that is closed is covered only by a bound that names it: one that lies in the
 * closed range itself, so neither @any nor a wider prefix. A name never covers an address nor an address a name, as
 * which addresses a name has is for others to say, later.
 */
bool endpoint_covers(const struct endpoint *bound, const struct endpoint *entry);

/* ---- addresses */

/**
 * endpoint_embedded_ipv4() - replace @p by the IPv4 prefix that it embeds, by which it is judged
 *
 * ::ffff:0:0/96 (mapped), 64:ff9b::/96 (NAT64) and 2002::/16 (6to4) are other ways to the same host. Whoever holds an
 * address, of an entry, a packet or an answer, must pass it through here before it is compared. What is longer than the
 * embedded address (a host within a 6to4 site) becomes that address.
 *
 * Return: false: nothing is embedded, or more than that (::/0); @p is unchanged.
 */
bool endpoint_embedded_ipv4(struct endpoint_prefix *p);

/** endpoint_prefix_covers() - all of @inner lies in @outer; the bits alone */
bool endpoint_prefix_covers(const struct endpoint_prefix *outer,
			    const struct endpoint_prefix *inner);

enum endpoint_realm {
	ENDPOINT_REALM_CLOSED,   /* whatever the list says, unless the node's limits name it */
	ENDPOINT_REALM_LOOPBACK, /* this network namespace itself */
	ENDPOINT_REALM_PRIVATE,  /* no answer for a public name may be one of these */
};

struct endpoint_range {
	enum endpoint_realm realm;
	struct endpoint_prefix prefix;
	const char *why; /* "link-local: metadata of clouds" */
};

/** endpoint_range_at() - the table, row by row; NULL: past its end */
const struct endpoint_range *endpoint_range_at(size_t i);
/** endpoint_range_around() - the range of @realm in which all of @p lies, judged by what it embeds; NULL: none */
const struct endpoint_range *endpoint_range_around(enum endpoint_realm realm,
						   const struct endpoint_prefix *p);
/** endpoint_range_touching() - the first range of @realm that has an address in common with @p; NULL: none */
const struct endpoint_range *endpoint_range_touching(enum endpoint_realm realm,
						     const struct endpoint_prefix *p);
/** endpoint_closed() - all that @entry opens is closed, unless a node's limits name it: the range; NULL: it is not */
const struct endpoint_range *endpoint_closed(const struct endpoint *entry);

/* ---- names that everybody registers below */

/** endpoint_suffix_is_public() - names directly below @name belong to whoever registers them: "co.uk", "github.io" */
bool endpoint_suffix_is_public(const char *name);

/* ---- sets */

struct endpoint_set {
	char name[32];      /* "@npm" */
	const char *date;   /* YYYY-MM-DD, when it was written */
	const char *source; /* URL of the vendor's own page, to hold it against */
	int date_len, source_len;
};

struct endpoint_member {
	struct endpoint endpoint;
	bool public_upload; /* whoever has an account there, any account, can get data out through it */
};

/** endpoint_set_each() - walk the sets; *@at begins as 0. false: no more */
bool endpoint_set_each(size_t *at, struct endpoint_set *ret);
/** endpoint_set_next() - walk what the set @name ("@npm") holds; *@at begins as 0. false: no more, or no such set */
bool endpoint_set_next(const char *name, size_t *at, struct endpoint_member *ret);
/** endpoint_set_exists() - @name is one of the sets */
bool endpoint_set_exists(const char *name);

#endif
