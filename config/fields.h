/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_FIELDS_H
#define PF_CONFIG_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "config/oci.h"

/*
 * An object of config.json is a table: one row a field with its type, its place in the struct, its range and whether it
 * may be absent. One reader walks all tables. docs/compatibility.md is made from the same rows, so it cannot promise
 * what the reader does not do.
 *
 * A key without a row is ignored, as the specification wants. null counts as absent, as with the other runtimes.
 */

struct parse {
	struct json_doc *doc; /* the arena of everything that is read */
	struct oci_config *config;
	struct pf_error *e;
};

enum field_kind {
	FIELD_BOOL,    /* bool */
	FIELD_INT,     /* an integer of .size bytes within min..max */
	FIELD_NUM,     /* struct oci_num within min..max */
	FIELD_STRING,  /* const char * */
	FIELD_WORD,    /* a word of .words, stored as an integer of .size bytes */
	FIELD_FLAGS,   /* a list of such words, or'ed */
	FIELD_STRINGS, /* struct oci_strings */
	FIELD_PAIRS,   /* struct oci_pairs, from an object of strings */
	FIELD_OBJECT,  /* the struct of .sub in place */
	FIELD_ARRAY,   /* a pointer to structs of .sub; their number at .n_offset */
	FIELD_CUSTOM,  /* .read */
	FIELD_IGNORED, /* means nothing here: never looked at */
	FIELD_REFUSED, /* cannot be honoured: an error unless it is empty, zero or false */
	FIELD_KIND_COUNT_,
};

enum field_flags {
	FIELD_REQUIRED = 1,
	FIELD_NOT_EMPTY = 2, /* the string, or the list */
	FIELD_ABSOLUTE = 4,  /* the string, or each of the list, starts with "/" */
	FIELD_OF_LIST = 8,   /* FIELD_CUSTOM: .sub describes the elements of an array ... */
	FIELD_OF_MAP = 16,   /* ... or the values of an object with free keys */
};

struct word { /* a table ends with a NULL name */
	const char *name;
	uint64_t value;
};

struct fields;

struct field {
	const char *name;
	enum field_kind kind;
	unsigned int flags;
	size_t offset, size;
	size_t n_offset; /* FIELD_ARRAY: of a size_t */
	size_t has;      /* 1 + offset of a bool that is set when the field is there; 0: none */
	int64_t min;
	uint64_t max;
	const struct fields *sub;
	const struct word *words;
	int (*read)(struct parse *p, const struct json *v, void *dst);
	const char *
		note; /* for the table of docs/compatibility.md; FIELD_REFUSED: also the reason in the error */
};

struct fields {
	const struct field *rows;
	size_t n;
	size_t size; /* of the struct, for FIELD_ARRAY */
	/* What one row cannot say; runs after all rows were read. */
	int (*check)(struct parse *p, const struct json *object, void *dst);
};

#define AT(s, m)      .offset = offsetof(s, m), .size = sizeof(((s *)NULL)->m)
#define HAS(s, m)     .has = offsetof(s, m) + 1
#define COUNT(s, m)   .n_offset = offsetof(s, m)
#define RANGE(lo, hi) .min = (lo), .max = (hi)
#define TABLE(r)      .rows = (r), .n = ARRAY_SIZE(r)

/** fields_read() - read @object into the struct at @dst by its table */
int fields_read(struct parse *p, const struct json *object, const struct fields *table, void *dst);

/** fields_read_array() - read an array of objects into a new array of structs */
int fields_read_array(struct parse *p, const struct json *array, const struct fields *table,
		      void **ret, size_t *ret_n);

/** fields_read_strings() - read an array of strings; @flags: FIELD_NOT_EMPTY, FIELD_ABSOLUTE */
int fields_read_strings(struct parse *p, const struct json *array, unsigned int flags,
			struct oci_strings *ret);

int fields_read_pairs(struct parse *p, const struct json *object, struct oci_pairs *ret);

/** fields_want() - the node is of @type, else "expected string, found object" */
int fields_want(struct parse *p, const struct json *v, enum json_type type);

/** fields_word() - look @v up in @words */
int fields_word(struct parse *p, const struct json *v, const struct word *words, uint64_t *ret);

/** fields_integer() - the integer @v within @min..@max, as the bits of an int64_t or uint64_t */
int fields_integer(struct parse *p, const struct json *v, int64_t min, uint64_t max, uint64_t *ret);

/** fields_absent() - the member is not there, or null */
bool fields_absent(const struct json *object, const char *key);

/** parse_alloc() - zeroed array from the arena; NULL with p->e filled */
void *parse_alloc(struct parse *p, size_t n, size_t size);

/** parse_fail() - PF_ERR_CONFIG at @node */
#define parse_fail(p, node, ...) json_fail((p)->e, PF_ERR_CONFIG, (node), __VA_ARGS__)

#endif
