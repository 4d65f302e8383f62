/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_BASE_JSON_H
#define PF_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * JSON as a bounded tree. The text is hostile: parsing refuses what is larger than the limits, duplicate keys, U+0000
 * in a string, invalid UTF-8, and whatever follows the value. All memory of a document is one arena and goes with it.
 */

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_INT,
	JSON_UINT,
	JSON_DOUBLE,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
	JSON_TYPE_COUNT_
};

#define JSON_MAX_BYTES (4u << 20)
#define JSON_MAX_DEPTH 64u
#define JSON_MAX_NODES 262144u

struct json {
	enum json_type type;
	unsigned int index;        /* position in the parent */
	const char *key;           /* name in the parent object, NULL otherwise */
	const struct json *parent; /* NULL at the root */
	struct json *next;         /* next sibling */
	union {
		bool boolean;
		int64_t i;  /* JSON_INT: every integer that fits int64 */
		uint64_t u; /* JSON_UINT: integers above INT64_MAX */
		double d;
		const char *text;   /* JSON_STRING: NUL-terminated, holds no other NUL */
		struct json *child; /* JSON_ARRAY, JSON_OBJECT: the first */
	};
	unsigned int count; /* children, or bytes of text */
};

struct json_doc; /* the arena */

struct json_limits { /* zero: the defaults above */
	size_t bytes;
	unsigned int depth, nodes;
};

/**
 * json_parse() - parse @len bytes
 * Errors:	PF_ERR_CONFIG with a JSON pointer ("/mounts/3: ...") where there is one, else line and column
 */
int json_parse(const char *text, size_t len, const struct json_limits *limits,
	       struct json_doc **ret_doc, struct pf_error *e);
const struct json *json_root(const struct json_doc *doc);
void json_free(struct json_doc *doc);
/** json_alloc() - zeroed memory that lives as long as the document; NULL when out of memory */
void *json_alloc(struct json_doc *doc, size_t size);

/** json_get() - the member @key of an object, NULL if absent or @object is no object */
const struct json *json_get(const struct json *object, const char *key);

/** json_text() - the text of a string member, or @fallback */
const char *json_text(const struct json *object, const char *key, const char *fallback);
/** json_integer() - an integer member, or @fallback */
int64_t json_integer(const struct json *object, const char *key, int64_t fallback);

const char *json_type_name(enum json_type type); /* "string", "integer", ... */

/** json_fail() - pf_fail() with the node's JSON pointer in front: "/process/user/uid: ..." ("/" at the root) */
int json_fail(struct pf_error *e, enum pf_err_kind kind, const struct json *node, const char *fmt,
	      ...) __attribute__((format(printf, 4, 5)));

static inline void json_free_ptr(struct json_doc **doc)
{
	json_free(*doc);
}

#define auto_json __attribute__((cleanup(json_free_ptr))) struct json_doc *

#endif
