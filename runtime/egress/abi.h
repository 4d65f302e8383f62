/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_EGRESS_ABI_H
#define PF_RUNTIME_EGRESS_ABI_H

#include <linux/types.h>

/*
 * What the programs in egress.bpf.c and their loader agree on: the maps, their keys and their values. Included by both,
 * so it holds nothing but plain types. An address is 16 bytes in network order, IPv4 as ::ffff:a.b.c.d.
 */

enum egress_map {
	EGRESS_SETTINGS, /* storage of the cgroup: struct egress_settings. All zero: nothing is open */
	EGRESS_PLACES, /* trie: struct egress_place -> __u32, a group of ports */
	EGRESS_PORTS, /* trie: struct egress_port -> __u32, the number of the entry that opens it, from 1 */
	EGRESS_SOCKETS, /* storage of sockets: struct egress_socket; who has one was made in a container */
	EGRESS_PEERS, /* least recently used: struct egress_peer -> __u8; outsiders that a UDP server may answer */
	EGRESS_MAP_COUNT_,
};

/* Names by which egress.bpf.c calls them, in the order above. */
#define EGRESS_MAP_NAMES                                          \
	{                                                         \
		"settings", "places", "ports", "sockets", "peers" \
	}

enum {
	EGRESS_LISTEN_LOOPBACK =
		1 << 0, /* a neighbour in the same network namespace may connect over loopback */
	EGRESS_LISTEN_ANY = 1 << 1,
};

struct egress_settings {
	__u64 netns_cookie; /* of the container's network namespace: sockets of another one are not made */
	__u32 policy; /* whose rows in the tries and sockets are this container's; 0: nobody's */
	__u32 flags;
};

/*
 * The longest prefix that holds an address says which group of ports is open there. So a group has to hold what all the
 * wider entries open too; in group 0 the address is closed, whatever a wider entry says.
 */
struct egress_place {
	__u32 bits; /* EGRESS_PLACE_BITS and 0 to 128 */
	__u32 policy;
	__u8 addr[16];
};

/* A range of ports is a few prefixes. */
struct egress_port {
	__u32 bits; /* EGRESS_PORT_BITS and 0 to 16 */
	__u32 policy;
	__u16 group; /* as is the next: compared byte by byte, so each in one order */
	__u8 protocol, zero;
	__be16 port;
	__u16 zero2;
};

enum { EGRESS_PLACE_BITS = 32, EGRESS_PORT_BITS = 64 };
enum { EGRESS_CLOSED = 0, EGRESS_LISTENED = 0xffff /* the ports that outsiders may connect to */ };

struct egress_socket {
	__u32 policy;
	__u32 zero;
};

struct egress_peer {
	__u32 policy;
	__u8 addr[16];
	__be16 port, own_port;
};

#endif
