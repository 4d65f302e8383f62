/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text to a bounded tree, through yajl's callbacks.
 *
 * yajl's own tree is not used: it keeps duplicate keys, cuts strings at U+0000, and frees by recursion, so that a small
 * deep file kills the process. Here every node lives in one arena, and limits are checked as the text is read. Neither
 * parsing nor freeing recurses.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/cleanup.h"
#include "base/json.h"

#define ARENA_ALIGN 8u
#define ARENA_FIRST 16384u
#define ARENA_MAX (1u << 20)
#define FEW_KEYS 16u	 /* up to here comparing all pairs of keys beats sorting them */
#define NUMBER_MAX 63u	 /* no number that a double or an uint64_t can hold needs more */
#define POINTER_MAX 256u /* of the message's 496 bytes */

struct chunk {
	struct chunk *older;
	size_t used, size;
	_Alignas(ARENA_ALIGN) unsigned char data[];
};

struct json_doc {
	struct chunk *chunks; /* newest first */
	struct json *root;
};

/* What the callbacks share while one text is read. */
struct reader {
	struct json_doc *doc;
	struct json_limits limits;
	struct json *open;  /* the array or object being filled; NULL outside */
	struct json **tail; /* where its next child is hung */
	struct json ***tails; /* the outer containers' tails, by depth */
	unsigned int depth, nodes;
	const char *key; /* of the member whose value comes next */
	struct pf_error *e;
};

void *json_alloc(struct json_doc *doc, size_t size)
{
	struct chunk *c = doc->chunks;
	size_t want = c ? c->size * 2 : ARENA_FIRST;
	void *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (!c || c->size - c->used < size) {
		if (want > ARENA_MAX)
			want = ARENA_MAX;
		if (want < size)
			want = size;
		c = calloc(1, sizeof(*c) + want);
		if (!c)
			return NULL;
		c->older = doc->chunks;
		c->size = want;
		doc->chunks = c;
	}
	p = c->data + c->used;
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
		free(c);
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
		[JSON_NULL] = "null",	  [JSON_BOOL] = "boolean",  [JSON_INT] = "integer",
		[JSON_UINT] = "integer",  [JSON_DOUBLE] = "number", [JSON_STRING] = "string",
		[JSON_ARRAY] = "array",	  [JSON_OBJECT] = "object",
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
		snprintf(number, sizeof(number), "%u", node->index);
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

/* Overlong forms, surrogates and values past U+10FFFF are refused too: RFC 3629. */
static size_t utf8_length(const unsigned char *s, size_t len)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n, i;

	if (s[0] < 0x80)
		return 1;
	n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || n > len)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* NULL when @s may become a C string, else what is wrong with it. */
static const char *text_fault(const unsigned char *s, size_t len)
{
	size_t i = 0, n;

	while (i < len) {
		if (s[i] == 0)
			return "holds a NUL character";
		n = s[i] < 0x80 ? 1 : utf8_length(s + i, len - i);
		if (n == 0)
			return "is not valid UTF-8";
		i += n;
	}
	return NULL;
}

static int no_memory(struct pf_error *e)
{
	return pf_fail_sys(e, ENOMEM, "read JSON");
}

/* Errors of the callbacks lie in r->e; 0 makes yajl stop. */
static struct json *add_node(struct reader *r, enum json_type type)
{
	struct json *node;

	if (++r->nodes > r->limits.nodes) {
		json_fail(r->e, PF_ERR_CONFIG, r->open, "the document has more than %u values",
			  r->limits.nodes);
		return NULL;
	}
	node = json_alloc(r->doc, sizeof(*node));
	if (!node) {
		no_memory(r->e);
		return NULL;
	}
	node->type = type;
	node->parent = r->open;
	node->key = r->key;
	r->key = NULL;
	if (r->open)
		node->index = r->open->count++;
	*r->tail = node;
	r->tail = &node->next;
	return node;
}

static char *copy_text(struct reader *r, const unsigned char *s, size_t len)
{
	char *copy = json_alloc(r->doc, len + 1);

	if (!copy)
		no_memory(r->e);
	else if (len > 0)
		memcpy(copy, s, len);
	return copy;
}

static int on_null(void *ctx)
{
	return add_node(ctx, JSON_NULL) != NULL;
}

static int on_boolean(void *ctx, int value)
{
	struct json *node = add_node(ctx, JSON_BOOL);

	if (node)
		node->boolean = value;
	return node != NULL;
}

/* Fractions and exponents make a double even when the value is whole: "1e3" is no integer for other runtimes either. */
static int on_number(void *ctx, const char *s, size_t len)
{
	struct reader *r = ctx;
	struct json *node = add_node(r, JSON_DOUBLE);
	char text[NUMBER_MAX + 1];

	if (!node)
		return 0;
	if (len > NUMBER_MAX) {
		json_fail(r->e, PF_ERR_CONFIG, node, "a number of %zu characters", len);
		return 0;
	}
	memcpy(text, s, len);
	text[len] = '\0';
	if (strpbrk(text, ".eE")) {
		node->d = strtod(text, NULL);
		return 1;
	}
	errno = 0;
	node->i = strtoll(text, NULL, 10);
	node->type = JSON_INT;
	if (errno == ERANGE && text[0] != '-') {
		errno = 0;
		node->u = strtoull(text, NULL, 10);
		node->type = JSON_UINT;
	}
	if (errno == ERANGE) {
		node->d = strtod(text, NULL);
		node->type = JSON_DOUBLE;
	}
	return 1;
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *r = ctx;
	struct json *node = add_node(r, JSON_STRING);
	const char *fault = text_fault(s, len);

	if (!node)
		return 0;
	node->text = "";
	if (fault) {
		json_fail(r->e, PF_ERR_CONFIG, node, "%s", fault);
		return 0;
	}
	node->text = copy_text(r, s, len);
	node->count = (unsigned int)len;
	return node->text != NULL;
}

static int on_key(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *r = ctx;
	const char *fault = text_fault(s, len);

	if (fault) {
		json_fail(r->e, PF_ERR_CONFIG, r->open, "the name of member %u %s", r->open->count,
			  fault);
		return 0;
	}
	r->key = copy_text(r, s, len);
	return r->key != NULL;
}

static int open_container(struct reader *r, enum json_type type)
{
	struct json *node;

	if (r->depth >= r->limits.depth) {
		json_fail(r->e, PF_ERR_CONFIG, r->open, "nested deeper than %u", r->limits.depth);
		return 0;
	}
	node = add_node(r, type);
	if (!node)
		return 0;
	r->tails[r->depth++] = r->tail;
	r->open = node;
	r->tail = &node->child;
	return 1;
}

static int close_container(struct reader *r)
{
	const struct json *parent = r->open->parent;

	r->tail = r->tails[--r->depth];
	/* Nodes are const to their readers only; they all came from add_node(). */
	r->open = (struct json *)(uintptr_t)parent;
	return 1;
}

static int on_start_array(void *ctx)
{
	return open_container(ctx, JSON_ARRAY);
}

static int on_end_array(void *ctx)
{
	return close_container(ctx);
}

static int on_start_map(void *ctx)
{
	return open_container(ctx, JSON_OBJECT);
}

static const struct json *twin_among_few(const struct json *object)
{
	const struct json *a, *b;

	for (a = object->child; a; a = a->next)
		for (b = a->next; b; b = b->next)
			if (a->key[0] == b->key[0] && strcmp(a->key, b->key) == 0)
				return b;
	return NULL;
}

static int compare_keys(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

static int twin_among_many(struct reader *r, const struct json **ret)
{
	auto_free const struct json **sorted = calloc(r->open->count, sizeof(*sorted));
	const struct json *child;
	unsigned int i = 0;

	*ret = NULL;
	if (!sorted)
		return no_memory(r->e);
	for (child = r->open->child; child; child = child->next)
		sorted[i++] = child;
	qsort(sorted, i, sizeof(*sorted), compare_keys);
	for (i = 1; i < r->open->count && !*ret; i++)
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
			*ret = sorted[i];
	return 0;
}

/* Readers differ in which of two equal keys they take, so a file with both means two things. */
static int on_end_map(void *ctx)
{
	struct reader *r = ctx;
	const struct json *twin;

	if (r->open->count <= FEW_KEYS)
		twin = twin_among_few(r->open);
	else if (twin_among_many(r, &twin) < 0)
		return 0;
	if (twin) {
		json_fail(r->e, PF_ERR_CONFIG, twin, "appears twice");
		return 0;
	}
	return close_container(r);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end_map,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

static int fail_at(struct pf_error *e, const char *text, size_t at, const char *what)
{
	size_t line = 1, column = 1, i;

	for (i = 0; i < at; i++) {
		column++;
		if (text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	return pf_fail(e, PF_ERR_CONFIG, 0, "line %zu, column %zu: %s", line, column, what);
}

static int syntax_error(struct pf_error *e, yajl_handle y, const char *text, size_t len)
{
	unsigned char *said = yajl_get_error(y, 0, NULL, 0);
	size_t at = yajl_get_bytes_consumed(y);
	char what[128];

	snprintf(what, sizeof(what), "%s", said ? (char *)said : "not JSON");
	what[strcspn(what, "\n")] = '\0';
	if (said)
		yajl_free_error(y, said);
	return fail_at(e, text, at < len ? at : len, what);
}

/*
 * Half of a surrogate pair is no character, and yajl would hand over a "?" in its place. A backslash has no place
 * outside strings, so this needs to know nothing of the text's structure.
 */
static int check_surrogates(const char *text, size_t len, struct pf_error *e)
{
	const char *end = text + len, *p = text;
	unsigned int high, low;
	int n;

	while ((p = memchr(p, '\\', (size_t)(end - p)))) {
		high = low = 0;
		if (end - p >= 6 && p[1] == 'u') {
			char escape[13] = "";

			memcpy(escape, p, end - p >= 12 ? 12 : 6);
			n = sscanf(escape, "\\u%4x\\u%4x", &high, &low);
			if (n >= 1 && high >= 0xd800 && high <= 0xdfff &&
			    (high >= 0xdc00 || low < 0xdc00 || low > 0xdfff))
				return fail_at(e, text, (size_t)(p - text),
					       "half of a surrogate pair");
			p += high >= 0xd800 && high <= 0xdfff ? 10 : 0;
		}
		p += end - p >= 2 ? 2 : 1;
	}
	return 0;
}

static int run_parser(struct reader *r, const char *text, size_t len)
{
	yajl_handle y = yajl_alloc(&callbacks, NULL, r);
	yajl_status status;
	int ret = 0;

	if (!y)
		return no_memory(r->e);
	status = yajl_parse(y, (const unsigned char *)text, len);
	if (status == yajl_status_ok)
		status = yajl_complete_parse(y);
	if (status == yajl_status_client_canceled)
		ret = r->e->err > 0 ? -r->e->err : -EINVAL;
	else if (status != yajl_status_ok)
		ret = syntax_error(r->e, y, text, len);
	yajl_free(y);
	return ret;
}

static struct json_limits fill_limits(const struct json_limits *given)
{
	struct json_limits l = { 0 };

	if (given)
		l = *given;
	if (!l.bytes)
		l.bytes = JSON_MAX_BYTES;
	if (!l.depth)
		l.depth = JSON_MAX_DEPTH;
	if (!l.nodes)
		l.nodes = JSON_MAX_NODES;
	return l;
}

int json_parse(const char *text, size_t len, const struct json_limits *limits,
	       struct json_doc **ret_doc, struct pf_error *e)
{
	struct reader r = { .limits = fill_limits(limits), .e = e };
	auto_free struct json ***tails = NULL;
	auto_json doc = NULL;

	if (len > r.limits.bytes)
		return pf_fail(e, PF_ERR_CONFIG, 0, "/: %zu bytes of JSON, at most %zu are read",
			       len, r.limits.bytes);
	STEP(check_surrogates(text, len, e));
	doc = calloc(1, sizeof(*doc));
	tails = calloc(r.limits.depth, sizeof(*tails));
	if (!doc || !tails)
		return no_memory(e);
	r.doc = doc;
	r.tails = tails;
	r.tail = &doc->root;
	STEP(run_parser(&r, text, len));
	if (!doc->root)
		return fail_at(e, text, len, "no value");
	*ret_doc = pf_take_ptr(&doc);
	return 0;
}
