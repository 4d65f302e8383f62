/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of values that are paths, the name of a program, or a little language of their own. Each says what is known to
 * be harmless; all else fails.
 */
#include <config.h>

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "config/envrules_parts.h"

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* The bytes behind a leading byte of UTF-8; -1: it is none. */
static int bytes_behind(unsigned char c)
{
	if (c < 0x80)
		return 0;
	if (c >= 0xc2 && c < 0xe0)
		return 1;
	if ((c & 0xf0) == 0xe0)
		return 2;
	return c >= 0xf0 && c < 0xf5 ? 3 : -1;
}

bool env_has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		int behind = bytes_behind(c);

		if (c < 0x20 || c == 0x7f || behind < 0 || len - i <= (size_t)behind)
			return true;
		for (; behind > 0; behind--)
			if (((unsigned char)text[++i] & 0xc0) != 0x80)
				return true;
	}
	return false;
}

struct env_word env_next_word(const char *text, const char *after)
{
	const char *at = after ? after : text;

	at += strspn(at, " ");
	return (struct env_word){ *at ? at : NULL, strcspn(at, " ") };
}

bool env_word_is(struct env_word w, const char *text)
{
	return strlen(text) == w.len && memcmp(w.at, text, w.len) == 0;
}

bool env_word_starts(struct env_word w, const char *text)
{
	size_t n = strlen(text);

	return n <= w.len && memcmp(w.at, text, n) == 0;
}

bool env_word_of(struct env_word w, size_t from, const char *set)
{
	for (size_t i = from; i < w.len; i++)
		if (!strchr(set, w.at[i]))
			return false;
	return from <= w.len;
}

/* Neither below a place nor around one: what lies beneath a directory is found by way of it. */
bool env_is_of_image(const struct env_policy *p, const char *path, size_t len)
{
	char text[PATH_MAX], place[PATH_MAX];

	if (len == 0 || len >= sizeof(text) || path[0] != '/' || memchr(path, '$', len))
		return false;
	memcpy(text, path, len);
	text[len] = '\0';
	if (pf_path_normalise(text, place, sizeof(place)) < 0)
		return false;
	for (size_t i = 0; i < p->places.n; i++)
		if (pf_path_inside(place, p->places.v[i]) || pf_path_inside(p->places.v[i], place))
			return false;
	return true;
}

static bool test_path(const struct env_policy *p, const char *value)
{
	return strcmp(value, "/dev/null") == 0 || env_is_of_image(p, value, strlen(value));
}

static bool test_list(const struct env_policy *p, const char *value, char separator)
{
	for (const char *at = value;; at++) {
		const char *end = strchrnul(at, separator);

		if (!env_is_of_image(p, at, (size_t)(end - at)))
			return false;
		if (!*end)
			return true;
		at = end;
	}
}

static bool test_paths(const struct env_policy *p, const char *value)
{
	return test_list(p, value, ':');
}

/* `;;' is Lua's own path; an end of it stands alone. */
static bool test_lua_path(const struct env_policy *p, const char *value)
{
	char list[PATH_MAX];
	size_t n = strlen(value);

	if (n >= sizeof(list))
		return false;
	memcpy(list, value, n + 1);
	if (n >= 2 && strcmp(list + n - 2, ";;") == 0)
		list[n - 2] = '\0';
	return test_list(p, strncmp(list, ";;", 2) == 0 ? list + 2 : list, ';');
}

static bool is_plain_word(const struct env_policy *p, struct env_word w)
{
	const char *slash = memchr(w.at, '/', w.len);
	size_t before = slash ? (size_t)(slash - w.at) : 0;

	if (!env_word_of(w, 0, LETTERS DIGITS "._+=,:/%-") || w.at[0] == '%')
		return false;
	if (!slash)
		return true;
	if (w.at[0] != '-')
		return before == 0 && env_is_of_image(p, w.at, w.len);
	return !memchr(w.at, '.', before) && env_is_of_image(p, slash, w.len - before);
}

/* A program by its name or by a path of the image, with options that no shell would read otherwise. */
static bool test_command(const struct env_policy *p, const char *value)
{
	struct env_word w = env_next_word(value, NULL);

	if (!w.at)
		return true;
	if (w.at[0] == '-' || memchr(w.at, '=', w.len))
		return false; /* an assignment is not a program: it is an environment again */
	for (; w.at; w = env_next_word(value, w.at + w.len))
		if (!is_plain_word(p, w))
			return false;
	return true;
}

static const char *const programs[] = {
	"cat",
	"less",
	"more",
	"most",
	"pspg",
	"bat",
	"batcat",
	"delta",
	"true",
	"false",
	":",
	"echo",
	"vi",
	"vim",
	"vim.tiny",
	"view",
	"nvi",
	"nvim",
	"nano",
	"pico",
	"ed",
	"emacs",
	"joe",
	"micro",
	"hx",
	"code",
	"code-insiders",
	"cursor",
	"sensible-editor",
	"sensible-pager",
	"editor",
	"pager",
	"diff-so-fancy",
};

/* Pagers and editors run other programs on the reader's word, and some on that of an option. */
static bool test_program(const struct env_policy *p, const char *value)
{
	struct env_word w = env_next_word(value, NULL), name = w;
	bool known = !w.at;

	if (w.at && w.at[0] == '/') {
		const char *slash = memrchr(w.at, '/', w.len);

		if (!env_is_of_image(p, w.at, w.len))
			return false;
		name.at = slash + 1;
		name.len = w.len - (size_t)(name.at - w.at);
	}
	for (size_t i = 0; i < ARRAY_SIZE(programs) && !known; i++)
		known = env_word_is(name, programs[i]);
	while (known && w.at) {
		w = env_next_word(value, w.at + w.len);
		if (w.at && !env_word_is(w, "--wait") && !env_word_is(w, "-w") &&
		    !(w.at[0] == '-' && w.len > 1 && env_word_of(w, 1, "FRSXKMNiIJqQe")))
			return false;
	}
	return known;
}

/* +COMMAND is run as if typed, and a key file may name programs. */
static bool test_less(const struct env_policy *p, const char *value)
{
	static const char *const bad[] = { "--le", "--lo", "--LO", "--ta", "--cm" };
	struct env_word w;

	(void)p;
	for (w = env_next_word(value, NULL); w.at; w = env_next_word(value, w.at + w.len)) {
		bool is_long = env_word_starts(w, "--");

		for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
			if (env_word_starts(w, bad[i]))
				return false;
		if (!env_word_of(w, 0,
				 is_long ? LETTERS DIGITS "-=,"
					 : "-abcefghijlmnqrsuwxyzABCDEFGHIJKLMNQRSUVWXYZ" DIGITS))
			return false;
	}
	return true;
}

static bool test_prompt(const struct env_policy *p, const char *value)
{
	(void)p;
	return !strstr(value, "$(") && !strchr(value, '`') && !strstr(value, "@P");
}

/* action:message:category:module:line with commas between; a category with a dot in it is imported. */
static bool test_python_warnings(const struct env_policy *p, const char *value)
{
	(void)p;
	for (const char *at = value; *at; at += strspn(at, ",")) {
		size_t len = strcspn(at, ","), field = 0;

		for (size_t i = 0; i < len; i++) {
			field += at[i] == ':';
			if (field == 2 && at[i] == '.')
				return false;
		}
		at += len;
	}
	return true;
}

/* There is a kind of address that starts a program. */
static bool test_bus(const struct env_policy *p, const char *value)
{
	(void)p;
	for (const char *at = value; *at; at += strspn(at, ";")) {
		if (strncmp(at, "unix:", 5) != 0 && strncmp(at, "tcp:", 4) != 0)
			return false;
		at += strcspn(at, ";");
	}
	return true;
}

static bool test_sanitizer(const struct env_policy *p, const char *value)
{
	(void)p;
	return !strstr(value, "symbolizer") && !strstr(value, "include");
}

static bool test_git_protocol(const struct env_policy *p, const char *value)
{
	(void)p;
	return !strstr(value, "ext");
}

static const char outside[] =
	"a path in it is empty, relative, not of the image, or can be written";
static const char unknown[] = "it holds an option that is not known to be harmless";

/* clang-format off */
static const struct {
	env_test_fn *passes;
	const char *detail;
} tests[ENV_TEST_COUNT_] = {
	[ENV_TEST_NEVER]	   = { NULL, NULL },
	[ENV_TEST_FREE]		   = { NULL, NULL },
	[ENV_TEST_PATH]		   = { test_path, outside },
	[ENV_TEST_PATHS]	   = { test_paths, outside },
	[ENV_TEST_LUA_PATH]	   = { test_lua_path, outside },
	[ENV_TEST_COMMAND]	   = { test_command, "it is no plain name or path of a program of the image" },
	[ENV_TEST_PROGRAM]	   = { test_program, "it is none of the usual programs" },
	[ENV_TEST_LESS]		   = { test_less, unknown },
	[ENV_TEST_PROMPT]	   = { test_prompt, "it runs a command" },
	[ENV_TEST_PYTHON_WARNINGS] = { test_python_warnings, "it imports a module" },
	[ENV_TEST_BUS]		   = { test_bus, "it is no address of a socket" },
	[ENV_TEST_SANITIZER]	   = { test_sanitizer, unknown },
	[ENV_TEST_GIT_PROTOCOL]	   = { test_git_protocol, "it allows the protocol that runs a program" },
	[ENV_TEST_NODE]		   = { env_test_node, unknown },
	[ENV_TEST_JAVA]		   = { env_test_java, unknown },
	[ENV_TEST_JAVA_SHELL]	   = { env_test_java_shell, unknown },
	[ENV_TEST_MAVEN]	   = { env_test_maven, unknown },
	[ENV_TEST_RUBY]		   = { env_test_ruby, unknown },
	[ENV_TEST_GO]		   = { env_test_go, unknown },
	[ENV_TEST_RUST]		   = { env_test_rust, unknown },
	[ENV_TEST_RUST_ENCODED]	   = { env_test_rust_encoded, unknown },
	[ENV_TEST_MAKE]		   = { env_test_make, unknown },
	[ENV_TEST_COMPILER]	   = { env_test_compiler, unknown },
	[ENV_TEST_PYTEST]	   = { env_test_pytest, unknown },
	[ENV_TEST_ERLANG]	   = { env_test_erlang, unknown },
};
/* clang-format on */

bool env_value_passes(const struct env_policy *p, enum env_test test, const char *value,
		      const char **ret_detail)
{
	*ret_detail = tests[test].detail;
	if (!tests[test].passes)
		return test == ENV_TEST_FREE;
	/* the encoded form separates its words with a control character */
	if (test != ENV_TEST_RUST_ENCODED && env_has_control(value, strlen(value)))
		return false;
	return tests[test].passes(p, value);
}
