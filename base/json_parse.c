/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text to a bounded tree, through yajl's callbacks.
 *
 * yajl's own tree is not used: it keeps duplicate keys, cuts strings at U+0000, and frees by recursion, so that a small
 * deep file kills the process. Limits are checked here as the text is read, and nothing recurses.
 */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_doc.h"

#define FEW_KEYS       16u   /* up to here comparing all pairs of keys beats sorting them */
#define ARENA_BASE     8192u /* for what a reader adds to a small tree */
#define ARENA_PER_BYTE 5u    /* what nodes and structs of an engine's config.json need, measured */
#define NUMBER_MAX     63u   /* no number that a double or an uint64_t can hold needs more */

/* What the callbacks share while one text is read. */
struct reader {
	struct json_doc *doc;
	struct json_limits limits;
	struct json *open;    /* the array or object being filled; NULL outside */
	struct json **tail;   /* where its next child is hung */
	struct json ***tails; /* the outer containers' tails, by depth */
	unsigned int depth, nodes;
	const char *key; /* of the member whose value comes next */
	struct pf_error *e;
};

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

	(void)snprintf(what, sizeof(what), "%s", said ? (char *)said : "not JSON");
	what[strcspn(what, "\n")] = '\0';
	if (said)
		yajl_free_error(y, said);
	return fail_at(e, text, at < len ? at : len, what);
}

/* The four hex digits of an escape at @p; 0 when there is none, which no surrogate is. */
static unsigned int escape_at(const char *p, const char *end)
{
	unsigned int value = 0;
	int i;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return 0;
	for (i = 2; i < 6; i++) {
		if (!isxdigit((unsigned char)p[i]))
			return 0;
		value = value * 16 +
			(unsigned int)(isdigit((unsigned char)p[i])
					       ? p[i] - '0'
					       : tolower((unsigned char)p[i]) - 'a' + 10);
	}
	return value;
}

static bool is_high_surrogate(unsigned int c)
{
	return c >= 0xd800 && c <= 0xdbff;
}

static bool is_low_surrogate(unsigned int c)
{
	return c >= 0xdc00 && c <= 0xdfff;
}

/*
 * Half of a surrogate pair is no character, and yajl would hand over a "?" in its place. A backslash has no place
 * outside strings, so this needs to know nothing of the text's structure.
 */
static int check_surrogates(const char *text, size_t len, struct pf_error *e)
{
	const char *end = text + len, *p = text;
	unsigned int c;

	while ((p = memchr(p, '\\', (size_t)(end - p)))) {
		c = escape_at(p, end);
		if (is_high_surrogate(c) && is_low_surrogate(escape_at(p + 6, end)))
			p += 10;
		else if (is_high_surrogate(c) || is_low_surrogate(c))
			return fail_at(e, text, (size_t)(p - text), "half of a surrogate pair");
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
	doc->first = ARENA_BASE + len * ARENA_PER_BYTE;
	r.doc = doc;
	r.tails = tails;
	r.tail = &doc->root;
	STEP(run_parser(&r, text, len));
	if (!doc->root)
		return fail_at(e, text, len, "no value");
	*ret_doc = pf_take_ptr(&doc);
	return 0;
}
