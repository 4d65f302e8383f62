/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_EGRESS_OBJECT_H
#define PF_RUNTIME_EGRESS_OBJECT_H

#include <linux/bpf.h>
#include <stddef.h>

#include "base/error.h"

/*
 * The object file that a compiler makes of egress.bpf.c: each global function of its section `programs' is a program,
 * and what they load the address of is a map, by its name.
 */

struct object {
	const char *bytes;
	size_t len;
	const void *symbols; /* the rest points into it */
	size_t n_symbols;
	const char *names;
	size_t names_len;
	const void *relocations;
	size_t n_relocations;
	const char *programs;
	size_t programs_len;
	unsigned int programs_section;
};

struct object_program {
	const struct bpf_insn *code;
	size_t n;
	size_t offset; /* in its section */
};

/* @map is what the two instructions at @at load. */
struct object_use {
	size_t at;
	const char *map;
};

/** object_open() - borrow the bytes of an object; PF_ERR_BUG when they are none that we can read */
int object_open(const char *bytes, size_t len, struct object *ret, struct pf_error *e);
/** object_find() - the program called @name */
int object_find(const struct object *o, const char *name, struct object_program *ret,
		struct pf_error *e);
/** object_use() - the use of a map at or behind *@from within @p: 1 and *@from beyond it, 0: none is left */
int object_use(const struct object *o, const struct object_program *p, size_t *from,
	       struct object_use *ret);

#endif
