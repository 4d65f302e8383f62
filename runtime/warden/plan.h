/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_WARDEN_PLAN_H
#define PF_WARDEN_PLAN_H

#include <stddef.h>
#include <stdint.h>

/*
 * All that the warden is told, as one block in a sealed memfd on fd 3; the parent writes it with runtime/flat.h. Its
 * arguments, environment and files mean nothing to it. Everything is checked once, before the first message.
 */

#define WARDEN_PLAN_MAGIC 0x31444e5257444650ull /* "PFDWRND1" */

enum {
	WARDEN_PLAN_FD = 3,
	WARDEN_LISTENERS = 2, /* of each kind: one of IPv4, one of IPv6 */
	WARDEN_PLAN_MAX = 1 << 16,
	WARDEN_EXIT_NO_PLAN = 99,
	WARDEN_EXIT_NO_JAIL = 98,
	WARDEN_EXIT_BROKEN = 97, /* a system call failed that never should */
};

struct warden_plan { /* an fd is above WARDEN_PLAN_FD, or -1: there is none */
	uint64_t magic;
	uint32_t size;
	uint32_t resolv_text;          /* offset of a resolv.conf; 0: it is read from .resolv_fd */
	int32_t udp[WARDEN_LISTENERS]; /* bound, not connected */
	int32_t tcp[WARDEN_LISTENERS]; /* listening */
	int32_t names_fd;              /* sealed memfd: nametab.h */
	int32_t resolv_fd;             /* a regular file, read again when it has changed */
	int32_t event_fd;              /* a pipe or a file that lines are appended to */
	int32_t learn_fd;              /* a pipe that struct warden_learned goes to */
	int32_t life_fd;               /* readable or hung up: the end. A pidfd or a pipe */
	uint32_t attempt_ms; /* how long one resolver above has for an answer: 1 to 60000 */
	uint32_t attempts;   /* 1 to 16, all resolvers together */
	uint16_t upstream_port, zero[3]; /* 53, but for tests */
};

/** warden_plan_check() - @p, of @size bytes. Return: 0 or -EINVAL */
int warden_plan_check(const struct warden_plan *p, size_t size);

/* An address that is open from now on, written before the answer leaves. */
struct warden_learned {
	uint8_t addr[16]; /* as it is judged: what embeds an IPv4 address is that */
	uint32_t ttl;     /* seconds */
	uint32_t entry;   /* of the policy, from 1: it has the protocol and the ports */
};

enum { WARDEN_LEARN_MIN = 300, WARDEN_LEARN_MAX = 86400 };

#endif
