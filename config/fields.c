/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one reader of all objects of config.json: looks up each member in the object's table and stores it by kind.
 *
 * Recursion is by table, not by text: a table contains its sub-tables, so the depth is known at compile time.
 */
#include <config.h>

#include "config/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"

void *parse_alloc(struct parse *p, size_t n, size_t size)
{
	void *mem = NULL;

	if (n <= SIZE_MAX / size)
		mem = json_alloc(p->doc, n * size);
	if (!mem)
		pf_fail_sys(p->e, ENOMEM, "read config.json");
	return mem;
}

bool fields_absent(const struct json *object, const char *key)
{
	const struct json *v = json_get(object, key);

	return !v || v->type == JSON_NULL;
}

int fields_want(struct parse *p, const struct json *v, enum json_type type)
{
	if (v->type == type)
		return 0;
	return parse_fail(p, v, "expected %s, found %s", json_type_name(type),
			  json_type_name(v->type));
}

int fields_integer(struct parse *p, const struct json *v, int64_t min, uint64_t max, uint64_t *ret)
{
	if (v->type == JSON_UINT && v->u <= max) {
		*ret = v->u;
		return 0;
	}
	if (v->type == JSON_UINT)
		return parse_fail(
			p, v, "%" PRIu64 " is out of range: %" PRId64 " to %" PRIu64 " is allowed",
			v->u, min, max);
	STEP(fields_want(p, v, JSON_INT));
	if (v->i < min || (v->i > 0 && (uint64_t)v->i > max))
		return parse_fail(
			p, v, "%" PRId64 " is out of range: %" PRId64 " to %" PRIu64 " is allowed",
			v->i, min, max);
	*ret = (uint64_t)v->i;
	return 0;
}

static int store_integer(struct parse *p, const struct field *f, uint64_t value, void *dst)
{
	uint32_t v32 = (uint32_t)value;
	uint16_t v16 = (uint16_t)value;

	switch (f->size) {
	case sizeof(value):
		memcpy(dst, &value, sizeof(value));
		return 0;
	case sizeof(v32):
		memcpy(dst, &v32, sizeof(v32));
		return 0;
	case sizeof(v16):
		memcpy(dst, &v16, sizeof(v16));
		return 0;
	default:
		return pf_fail(p->e, PF_ERR_BUG, 0, "no integer has %zu bytes (field `%s')",
			       f->size, f->name);
	}
}

int fields_word(struct parse *p, const struct json *v, const struct word *words, uint64_t *ret)
{
	const struct word *w;

	STEP(fields_want(p, v, JSON_STRING));
	for (w = words; w->name; w++) {
		if (strcmp(w->name, v->text) == 0) {
			*ret = w->value;
			return 0;
		}
	}
	return parse_fail(p, v, "`%s' is not known here", v->text);
}

static int check_text(struct parse *p, const struct json *v, unsigned int flags)
{
	STEP(fields_want(p, v, JSON_STRING));
	if ((flags & FIELD_NOT_EMPTY) && v->count == 0)
		return parse_fail(p, v, "must not be empty");
	if ((flags & FIELD_ABSOLUTE) && v->text[0] != '/')
		return parse_fail(p, v, "`%s' is not an absolute path", v->text);
	return 0;
}

int fields_read_strings(struct parse *p, const struct json *array, unsigned int flags,
			struct oci_strings *ret)
{
	const struct json *child;
	const char **v;

	STEP(fields_want(p, array, JSON_ARRAY));
	if ((flags & FIELD_NOT_EMPTY) && array->count == 0)
		return parse_fail(p, array, "must not be empty");
	v = parse_alloc(p, (size_t)array->count + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (child = array->child; child; child = child->next) {
		STEP(check_text(p, child, flags & FIELD_ABSOLUTE));
		v[child->index] = child->text;
	}
	/* char ** because execve() wants it so; the texts belong to the arena and stay as they are. */
	memcpy(&ret->v, &v, sizeof(ret->v));
	ret->n = array->count;
	return 0;
}

int fields_read_pairs(struct parse *p, const struct json *object, struct oci_pairs *ret)
{
	const struct json *child;
	struct oci_pair *v;

	STEP(fields_want(p, object, JSON_OBJECT));
	v = parse_alloc(p, object->count, sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (child = object->child; child; child = child->next) {
		STEP(fields_want(p, child, JSON_STRING));
		if (child->key[0] == '\0')
			return parse_fail(p, child, "a key must not be empty");
		v[child->index] = (struct oci_pair){ child->key, child->text };
	}
	ret->v = v;
	ret->n = object->count;
	return 0;
}

int fields_read_array(struct parse *p, const struct json *array, const struct fields *table,
		      void **ret, size_t *ret_n)
{
	const struct json *child;
	unsigned char *v;

	STEP(fields_want(p, array, JSON_ARRAY));
	v = parse_alloc(p, array->count, table->size);
	if (!v)
		return -ENOMEM;
	for (child = array->child; child; child = child->next)
		STEP(fields_read(p, child, table, v + child->index * table->size));
	*ret = v;
	*ret_n = array->count;
	return 0;
}

/* What asks for nothing may stay: engines write empty objects for features that they do not use. */
static bool asks_for_nothing(const struct json *v)
{
	switch (v->type) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return !v->boolean;
	case JSON_INT:
		return v->i == 0;
	case JSON_STRING:
	case JSON_ARRAY:
	case JSON_OBJECT:
		return v->count == 0;
	case JSON_UINT:
	case JSON_DOUBLE:
	case JSON_TYPE_COUNT_:
		break;
	}
	return false;
}

static int read_bool(struct parse *p, const struct json *v, bool *dst)
{
	STEP(fields_want(p, v, JSON_BOOL));
	*dst = v->boolean;
	return 0;
}

static int read_string(struct parse *p, const struct field *f, const struct json *v, void *dst)
{
	STEP(check_text(p, v, f->flags));
	memcpy(dst, &v->text, sizeof(v->text));
	return 0;
}

static int read_integer(struct parse *p, const struct field *f, const struct json *v, void *dst)
{
	uint64_t value = 0;

	STEP(fields_integer(p, v, f->min, f->max, &value));
	return store_integer(p, f, value, dst);
}

static int read_num(struct parse *p, const struct field *f, const struct json *v,
		    struct oci_num *dst)
{
	uint64_t value = 0;

	STEP(fields_integer(p, v, f->min, f->max, &value));
	dst->present = true;
	dst->v = (int64_t)value;
	return 0;
}

static int read_word(struct parse *p, const struct field *f, const struct json *v, void *dst)
{
	uint64_t value = 0;

	STEP(fields_word(p, v, f->words, &value));
	return store_integer(p, f, value, dst);
}

static int read_flags(struct parse *p, const struct field *f, const struct json *v, void *dst)
{
	const struct json *child;
	uint64_t value = 0, one = 0;

	STEP(fields_want(p, v, JSON_ARRAY));
	for (child = v->child; child; child = child->next) {
		STEP(fields_word(p, child, f->words, &one));
		value |= one;
	}
	return store_integer(p, f, value, dst);
}

static int read_array(struct parse *p, const struct field *f, const struct json *v, void *object)
{
	void *elements;
	size_t n;

	STEP(fields_read_array(p, v, f->sub, &elements, &n));
	if ((f->flags & FIELD_NOT_EMPTY) && n == 0)
		return parse_fail(p, v, "must not be empty");
	memcpy((char *)object + f->offset, &elements, sizeof(elements));
	memcpy((char *)object + f->n_offset, &n, sizeof(n));
	return 0;
}

static int read_field(struct parse *p, const struct field *f, const struct json *v, void *object)
{
	void *dst = (char *)object + f->offset;

	switch (f->kind) {
	case FIELD_BOOL:
		return read_bool(p, v, dst);
	case FIELD_INT:
		return read_integer(p, f, v, dst);
	case FIELD_NUM:
		return read_num(p, f, v, dst);
	case FIELD_STRING:
		return read_string(p, f, v, dst);
	case FIELD_WORD:
		return read_word(p, f, v, dst);
	case FIELD_FLAGS:
		return read_flags(p, f, v, dst);
	case FIELD_STRINGS:
		return fields_read_strings(p, v, f->flags, dst);
	case FIELD_PAIRS:
		return fields_read_pairs(p, v, dst);
	case FIELD_OBJECT:
		return fields_read(p, v, f->sub, dst);
	case FIELD_ARRAY:
		return read_array(p, f, v, object);
	case FIELD_CUSTOM:
		return f->read(p, v, dst);
	case FIELD_IGNORED:
		return 0;
	case FIELD_REFUSED:
		if (asks_for_nothing(v))
			return 0;
		return parse_fail(p, v, "not supported: %s", f->note);
	case FIELD_KIND_COUNT_:
		break;
	}
	return pf_fail(p->e, PF_ERR_BUG, 0, "field `%s' has no kind", f->name);
}

static int find_row(const struct fields *table, const char *key)
{
	size_t i;

	for (i = 0; i < table->n; i++)
		if (strcmp(table->rows[i].name, key) == 0)
			return (int)i;
	return -1;
}

static int check_required(struct parse *p, const struct json *object, const struct fields *table,
			  uint64_t seen)
{
	size_t i;

	for (i = 0; i < table->n; i++) {
		const struct json missing = { .key = table->rows[i].name, .parent = object };

		if ((table->rows[i].flags & FIELD_REQUIRED) && !(seen & (1ull << i)))
			return parse_fail(p, &missing, "is missing");
	}
	return 0;
}

int fields_read(struct parse *p, const struct json *object, const struct fields *table, void *dst)
{
	const struct json *child;
	uint64_t seen = 0;
	int i;

	STEP(fields_want(p, object, JSON_OBJECT));
	if (table->n > 64)
		return pf_fail(p->e, PF_ERR_BUG, 0, "a table of %zu fields", table->n);
	for (child = object->child; child; child = child->next) {
		const struct field *f;

		i = find_row(table, child->key);
		if (i < 0 || child->type == JSON_NULL)
			continue;
		f = &table->rows[i];
		seen |= 1ull << i;
		STEP(read_field(p, f, child, dst));
		if (f->has)
			*((bool *)dst + f->has - 1) = true;
	}
	STEP(check_required(p, object, table, seen));
	return table->check ? table->check(p, object, dst) : 0;
}
