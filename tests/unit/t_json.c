/* SPDX-License-Identifier: Apache-2.0 */
/* JSON reader: values, limits, and the texts that two readers could understand differently. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>

#include "base/io.h"
#include "base/json.h"
#include "tests/unit/tap.h"

/* The document's error; "" when it parsed. */
static const char *error_of(const char *text, const struct json_limits *limits)
{
	static struct pf_error e;
	auto_json doc = NULL;

	e = (struct pf_error)PF_ERROR_INIT;
	if (json_parse(text, strlen(text), limits, &doc, &e) == 0)
		return "";
	return e.kind == PF_ERR_CONFIG ? e.msg : "not a config error";
}

static void values_have_their_types(void)
{
	const char *text =
		"{\"n\":null,\"t\":true,\"i\":-5,\"u\":18446744073709551615,\"d\":1e3,"
		"\"big\":18446744073709551616,\"s\":\"a\\u00e9\\/\",\"a\":[1,[],2],\"o\":{}}";
	struct pf_error e = PF_ERROR_INIT;
	const struct json *root;
	auto_json doc = NULL;

	CHECK_INT(json_parse(text, strlen(text), NULL, &doc, &e), ==, 0);
	if (!doc)
		return;
	root = json_root(doc);
	CHECK_INT(root->type, ==, JSON_OBJECT);
	CHECK_INT(root->count, ==, 9);
	CHECK_INT(json_get(root, "n")->type, ==, JSON_NULL);
	CHECK(json_get(root, "t")->boolean);
	CHECK_INT(json_integer(root, "i", 0), ==, -5);
	CHECK_INT(json_get(root, "u")->type, ==, JSON_UINT);
	CHECK(json_get(root, "u")->u == UINT64_MAX);
	CHECK_INT(json_get(root, "d")->type, ==, JSON_DOUBLE);
	CHECK_INT(json_get(root, "big")->type, ==, JSON_DOUBLE);
	CHECK_STR(json_text(root, "s", NULL), "a\xc3\xa9/");
	CHECK_INT(json_get(root, "s")->count, ==, 4);
	CHECK_INT(json_get(root, "a")->count, ==, 3);
	CHECK_INT(json_get(root, "a")->child->next->next->i, ==, 2);
	CHECK_INT(json_get(root, "a")->child->next->next->index, ==, 2);
	CHECK(json_get(root, "absent") == NULL);
	CHECK_STR(json_text(root, "i", "fallback"), "fallback");
	CHECK_INT(json_integer(root, "s", 7), ==, 7);
}

static void integers_keep_their_edges(void)
{
	const char *text = "[9223372036854775807,-9223372036854775808,9223372036854775808,-0,"
			   "-9223372036854775809]";
	struct pf_error e = PF_ERROR_INIT;
	const struct json *v;
	auto_json doc = NULL;

	CHECK_INT(json_parse(text, strlen(text), NULL, &doc, &e), ==, 0);
	if (!doc)
		return;
	v = json_root(doc)->child;
	CHECK(v->type == JSON_INT && v->i == INT64_MAX);
	v = v->next;
	CHECK(v->type == JSON_INT && v->i == INT64_MIN);
	v = v->next;
	CHECK(v->type == JSON_UINT && v->u == (uint64_t)INT64_MAX + 1);
	v = v->next;
	CHECK(v->type == JSON_INT && v->i == 0);
	CHECK_INT(v->next->type, ==, JSON_DOUBLE);
}

static void two_equal_keys_are_refused(void)
{
	char many[2048] = "{", *p = many + 1;
	int i;

	CHECK_STR(error_of("{\"a\":1,\"b\":1,\"a\":2}", NULL), "/a: appears twice");
	CHECK_STR(error_of("{\"x\":[{\"a\":1,\"\\u0061\":2}]}", NULL), "/x/0/a: appears twice");
	CHECK_STR(error_of("{\"a\":{\"b\":1},\"b\":{\"a\":1}}", NULL), "");
	for (i = 0; i < 100; i++)
		p += sprintf(p, "\"key%d\":%d,", i, i);
	strcpy(p, "\"last\":0}");
	CHECK_STR(error_of(many, NULL), "");
	strcpy(p, "\"key42\":0}");
	CHECK_STR(error_of(many, NULL), "/key42: appears twice");
}

static void strings_that_c_would_cut_are_refused(void)
{
	CHECK_STR(error_of("{\"args\":[\"x\\u0000y\"]}", NULL), "/args/0: holds a NUL character");
	CHECK_STR(error_of("{\"m\":{\"a\\u0000\":1}}", NULL),
		  "/m: the name of member 0 holds a NUL character");
}

static void only_utf8_is_read(void)
{
	CHECK_STR(error_of("[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"]", NULL), "");
	CHECK_STR(error_of("[\"\\ud83d\\ude00\"]", NULL), "");
	CHECK(error_of("[\"\xff\"]", NULL)[0] != '\0');
	CHECK(error_of("[\"\xc0\xaf\"]", NULL)[0] != '\0');
	CHECK(error_of("[\"\xe0\x80\xaf\"]", NULL)[0] != '\0');
	CHECK(error_of("[\"\xed\xa0\x80\"]", NULL)[0] != '\0');
	CHECK(error_of("[\"\xf4\x90\x80\x80\"]", NULL)[0] != '\0');
	CHECK_HAS(error_of("[\"\\ud83d\"]", NULL), "half of a surrogate pair");
	CHECK_HAS(error_of("[\"\\ude00\"]", NULL), "half of a surrogate pair");
	CHECK_HAS(error_of("[\"\\ud83d\\ud83d\"]", NULL), "half of a surrogate pair");
	CHECK_HAS(error_of("[\"\\ud83dx\"]", NULL), "half of a surrogate pair");
	CHECK_STR(error_of("[\"\\\\ud83d\"]", NULL), "");
}

static void syntax_errors_have_line_and_column(void)
{
	CHECK_HAS(error_of("{\n  \"a\": nope\n}", NULL), "line 2, column ");
	CHECK_HAS(error_of("", NULL), "line 1, column 1: ");
	CHECK_HAS(error_of("  ", NULL), "line 1, ");
	CHECK_HAS(error_of("{\"a\":1} x", NULL), "line 1, ");
	CHECK_HAS(error_of("{\"a\":1}{}", NULL), "line 1, ");
	CHECK_HAS(error_of("[1,]", NULL), "line 1, ");
	CHECK_HAS(error_of("{\"a\":1,}", NULL), "line 1, ");
	CHECK_HAS(error_of("/* no */ {}", NULL), "line 1, ");
	CHECK_HAS(error_of("{\"a\":", NULL), "line 1, ");
	CHECK_HAS(error_of("[01]", NULL), "line 1, ");
	CHECK_HAS(error_of("[\"\n\"]", NULL), "line 1, ");
	CHECK_HAS(error_of("{a:1}", NULL), "line 1, ");
}

static void limits_hold(void)
{
	const struct json_limits small = { .bytes = 20, .depth = 2, .nodes = 5 };
	char digits[128];

	CHECK_STR(error_of("[[1]]", &small), "");
	CHECK_STR(error_of("[[[]]]", &small), "/0: nested deeper than 2");
	CHECK_STR(error_of("[1,2,3,4]", &small), "");
	CHECK_STR(error_of("[1,2,3,4,5]", &small), "/: the document has more than 5 values");
	CHECK_STR(error_of("[                      ]", &small),
		  "/: 24 bytes of JSON, at most 20 are read");
	memset(digits, '1', sizeof(digits));
	digits[0] = '[';
	strcpy(digits + 101, "]");
	CHECK_STR(error_of(digits, NULL), "/0: a number of 100 characters");
}

static void a_deep_text_is_refused_quickly(void)
{
	size_t len = 2000000;
	struct pf_error e = PF_ERROR_INIT;
	char *text = malloc(len);
	auto_json doc = NULL;

	if (!text)
		return;
	memset(text, '[', len);
	CHECK_INT(json_parse(text, len, NULL, &doc, &e), ==, -EINVAL);
	CHECK_HAS(e.msg, "nested deeper than 64");
	free(text);
}

static void pointers_are_escaped_and_bounded(void)
{
	char text[2048], key[600];

	CHECK_STR(error_of("{\"a/b\":{\"c~d\":[\"\\u0000\"]}}", NULL),
		  "/a~1b/c~0d/0: holds a NUL character");
	CHECK_STR(error_of("{\"a\\n\":[\"\\u0000\"]}", NULL), "/a?/0: holds a NUL character");
	memset(key, 'k', sizeof(key));
	key[sizeof(key) - 1] = '\0';
	snprintf(text, sizeof(text), "{\"%s\":[\"\\u0000\"]}", key);
	CHECK_STR(error_of(text, NULL), ".../0: holds a NUL character");
}

static void the_arena_serves_its_user(void)
{
	struct pf_error e = PF_ERROR_INIT;
	auto_json doc = NULL;
	char *a, *b;
	size_t i, set = 0;

	CHECK_INT(json_parse("{}", 2, NULL, &doc, &e), ==, 0);
	a = json_alloc(doc, 3);
	b = json_alloc(doc, 5000000);
	CHECK(a && b && ((uintptr_t)a & 7) == 0 && ((uintptr_t)b & 7) == 0);
	for (i = 0; b && i < 5000000; i++)
		set += b[i] != 0;
	CHECK_INT(set, ==, 0);
	CHECK(json_alloc(doc, SIZE_MAX - 3) == NULL);
	json_free(NULL);
}

static void what_a_terminal_would_obey_is_escaped(void)
{
	auto_buf b = { 0 };

	pf_buf_json(&b,
		    "a\x1b[1m\x7f\xc2\x9b\xe2\x80\xae\xe2\x81\xa6\xd8\x9c\xc3\xa4\xff\xe2\x80\x99");
	CHECK_STR(b.data,
		  "\"a\\u001b[1m\\u007f\\u009b\\u202e\\u2066\\u061c\xc3\xa4\\ufffd\xe2\x80\x99\"");
	pf_buf_free(&b);
	pf_buf_printable(&b, "a\x1b[1m\x7f\xc2\x9b\xe2\x80\xae\xc3\xa4\xff\xe2\x80\x99\xe2");
	CHECK_STR(b.data, "a\\x1b[1m\\x7f\\xc2\\x9b\\xe2\\x80\\xae\xc3\xa4\\xff\xe2\x80\x99\\xe2");
}

int main(void)
{
	RUN(values_have_their_types);
	RUN(integers_keep_their_edges);
	RUN(two_equal_keys_are_refused);
	RUN(strings_that_c_would_cut_are_refused);
	RUN(only_utf8_is_read);
	RUN(syntax_errors_have_line_and_column);
	RUN(limits_hold);
	RUN(a_deep_text_is_refused_quickly);
	RUN(pointers_are_escaped_and_bounded);
	RUN(the_arena_serves_its_user);
	RUN(what_a_terminal_would_obey_is_escaped);
	return tap_done();
}
