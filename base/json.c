/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree that json_parse.c builds: its arena, its readers' helpers, and errors that name a place in it. All nodes of a
 * document lie in one arena and go with it, so that freeing needs neither recursion nor a visit to each node.
 */
#include <config.h>

#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/json_doc.h"

#define ARENA_ALIGN 8u
#define ARENA_PAGE  4096u
#define ARENA_MAX   (1u << 20)
#define POINTER_MAX 256u /* of the message's 496 bytes */

struct chunk {
	struct chunk *older;
	size_t used, size; /* of the whole mapping, this header included */
	_Alignas(ARENA_ALIGN) unsigned char data[];
};

/*
 * Straight from the kernel and populated at once: an arena is written from end to end, and a page fault for each page
 * of it costs more than all the parsing.
 */
static struct chunk *new_chunk(struct json_doc *doc, size_t need)
{
	size_t size = doc->chunks ? doc->chunks->size * 2 : doc->first;
	struct chunk *c;

	if (size > ARENA_MAX)
		size = ARENA_MAX;
	if (size < need + sizeof(*c))
		size = need + sizeof(*c);
	size = (size + ARENA_PAGE - 1) & ~(size_t)(ARENA_PAGE - 1);
	c = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1,
		 0);
	if (c == MAP_FAILED)
		return NULL;
	c->older = doc->chunks;
	c->used = sizeof(*c);
	c->size = size;
	doc->chunks = c;
	return c;
}

void *json_alloc(struct json_doc *doc, size_t size)
{
	struct chunk *c = doc->chunks;
	void *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (!c || c->size - c->used < size)
		c = new_chunk(doc, size);
	if (!c)
		return NULL;
	p = (unsigned char *)c + c->used;
	c->used += size;
	return p;
}

void json_free(struct json_doc *doc)
{
	struct chunk *c, *older;

	if (!doc)
		return;
	for (c = doc->chunks; c; c = older) {
		older = c->older;
		(void)munmap(c, c->size);
	}
	free(doc);
}

const struct json *json_root(const struct json_doc *doc)
{
	return doc->root;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",    [JSON_BOOL] = "boolean",  [JSON_INT] = "integer",
		[JSON_UINT] = "integer", [JSON_DOUBLE] = "number", [JSON_STRING] = "string",
		[JSON_ARRAY] = "array",  [JSON_OBJECT] = "object",
	};

	_Static_assert(ARRAY_SIZE(names) == JSON_TYPE_COUNT_, "one name a type");
	return (unsigned int)type < JSON_TYPE_COUNT_ ? names[type] : "unknown";
}

const struct json *json_get(const struct json *object, const char *key)
{
	const struct json *child;

	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (child = object->child; child; child = child->next)
		if (strcmp(child->key, key) == 0)
			return child;
	return NULL;
}

const char *json_text(const struct json *object, const char *key, const char *fallback)
{
	const struct json *v = json_get(object, key);

	return v && v->type == JSON_STRING ? v->text : fallback;
}

int64_t json_integer(const struct json *object, const char *key, int64_t fallback)
{
	const struct json *v = json_get(object, key);

	return v && v->type == JSON_INT ? v->i : fallback;
}

/* Put the escaped (RFC 6901) component in front of @at; NULL when it does not fit between @buf and @at. */
static char *pointer_prepend(const char *buf, char *at, const struct json *node)
{
	char number[16];
	const char *s = node->key;
	size_t i;

	if (!s) {
		(void)snprintf(number, sizeof(number), "%u", node->index);
		s = number;
	}
	for (i = strlen(s); i > 0; i--) {
		char c = s[i - 1];

		if (at - buf < 3)
			return NULL;
		*--at = c == '~' ? '0' : c == '/' ? '1' : c;
		if (c == '~' || c == '/')
			*--at = '~';
	}
	*--at = '/';
	return at;
}

/* From the leaf up, so that a pointer too long for the buffer loses its beginning and keeps the part that tells. */
static const char *pointer_of(const struct json *node, char *buf, size_t size)
{
	char *at = buf + size - 1, *next;

	*at = '\0';
	if (!node || !node->parent) {
		*--at = '/';
		return at;
	}
	for (; node->parent; node = node->parent) {
		next = pointer_prepend(buf + 3, at, node);
		if (!next) {
			at -= 3;
			memcpy(at, "...", 3);
			return at;
		}
		at = next;
	}
	return at;
}

int json_fail(struct pf_error *e, enum pf_err_kind kind, const struct json *node, const char *fmt,
	      ...)
{
	char text[sizeof(e->msg)], buf[POINTER_MAX];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	return pf_fail(e, kind, 0, "%s: %s", pointer_of(node, buf, sizeof(buf)), text);
}
