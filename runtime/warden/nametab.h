/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_WARDEN_NAMETAB_H
#define PF_WARDEN_NAMETAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/endpoint.h"

/*
 * Which names a policy has, in one flat block: it lies in a sealed memfd that is mapped shared, so that a hundred thousand
 * names cost a container nothing but the pages that are touched.
 *
 * The block is a hash table of names by open addressing, sorted rows behind it, and the text. It holds no pointers. Its
 * head is checked when it is opened and every offset when it is used, so that opening does not touch the block; whoever
 * reads it needs not trust who wrote it. A name is hashed from its end, so one walk over what is asked gives the hashes
 * of the name and of all that it lies below.
 *
 *	nametab.c		look up; in the warden
 *	nametab_make.c	make; in the parent
 *	nametab_judge.c	addresses of an answer, by config/endpoint_ranges.c
 */

#define NAMETAB_MAGIC 0x31534d414e4650ull /* "PFNAMS1" */

enum {
	NAMETAB_DEPTH = 128, /* more labels than a name has */
	NAMETAB_MAX_BYTES = 64 << 20,
};

struct nametab_list { /* of items that are 4-byte aligned */
	uint32_t at, n;
};

struct nametab_head {
	uint64_t magic;
	uint32_t size;
	uint32_t longest; /* slots that are looked at for one name */
	struct nametab_list
		slots; /* uint32_t: which name, from 1; 0: none. A power of two, or none at all */
	struct nametab_list names;  /* struct nametab_name */
	struct nametab_list rows;   /* struct nametab_row */
	struct nametab_list places; /* struct nametab_place, sorted, none within another */
	struct nametab_list text;   /* bytes */
};

struct nametab_name {
	uint32_t text;            /* in .text; not NUL-terminated */
	uint32_t exact, n_exact;  /* rows of the name itself */
	uint32_t below, n_below;  /* rows of what lies below it */
	uint8_t len, is_internal; /* it and what lies below may have private addresses */
	uint16_t zero;
};

struct nametab_row {
	uint32_t entry;     /* of the policy, from 1 */
	uint16_t low, high; /* ports */
	uint8_t scheme;     /* enum endpoint_scheme */
	uint8_t zero[3];
};

struct nametab_place { /* what an entry opens by its address: an answer may be one of these */
	uint8_t addr[16];
	uint8_t len, zero[3];
};

struct nametab {
	const uint8_t *base; /* borrowed */
	struct nametab_head head;
};

/** nametab_open() - @block, which is aligned to 8 bytes. Return: 0 or -EINVAL */
int nametab_open(const void *block, size_t size, struct nametab *ret);

struct nametab_found {
	struct nametab_list ranges[NAMETAB_DEPTH]; /* of rows */
	unsigned int n;                            /* 0: the policy does not have the name */
	bool is_internal;
};

/** nametab_find() - every row that has @name, which is lower case and without final dot */
void nametab_find(const struct nametab *t, const char *name, struct nametab_found *ret);
/** nametab_row_at() - row @i of the block; NULL: there is none */
const struct nametab_row *nametab_row_at(const struct nametab *t, uint32_t i);
/** nametab_have() - nametab_find() finds something */
bool nametab_have(const struct nametab *t, const char *name);

/** nametab_judge() - an answer for a name may hold @addr (IPv4 mapped) */
bool nametab_judge(const struct nametab *t, bool is_internal, const uint8_t addr[16]);

/* ---- shared by reader and maker */

/** nametab_hash_step() - begins with NAMETAB_HASH_START, one character after the other, the last one first */
#define NAMETAB_HASH_START 0x811c9dc5u
static inline uint32_t nametab_hash_step(uint32_t hash, char c)
{
	return (hash ^ (uint8_t)c) * 0x01000193u;
}

/** nametab_hash_end() - the low bits of what the steps give depend on low bits alone */
static inline uint32_t nametab_hash_end(uint32_t hash)
{
	hash ^= hash >> 15;
	hash *= 0x2c1b3c6du;
	return hash ^ hash >> 13;
}

#endif
