/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_ENVRULES_PARTS_H
#define PF_CONFIG_ENVRULES_PARTS_H

#include "config/envrules.h"

/*
 * What config/envrules*.c share; nobody else includes it, but for their tests.
 *
 *	envrules.c		the verdict on an entry, and the walk over an environment
 *	envrules_table.c	the rules
 *	envrules_values.c	tests of values that are paths, programs, or small languages
 *	envrules_options.c	tests of values that are the command line of a tool
 *	envrules_build.c	the same of compilers and what runs them
 *	envrules_places.c	which paths are not the image's
 */

/* How a value is judged. ENV_TEST_NEVER lets nothing pass, ENV_TEST_FREE everything. */
enum env_test {
	ENV_TEST_NEVER,
	ENV_TEST_FREE,
	ENV_TEST_PATH,     /* one path */
	ENV_TEST_PATHS,    /* paths with `:' between */
	ENV_TEST_LUA_PATH, /* with `;'; two of them stand for the default */
	ENV_TEST_COMMAND,  /* a program and plain words */
	ENV_TEST_PROGRAM,  /* a well-known pager or editor */
	ENV_TEST_LESS,
	ENV_TEST_PROMPT,
	ENV_TEST_PYTHON_WARNINGS,
	ENV_TEST_BUS, /* addresses of D-Bus */
	ENV_TEST_SANITIZER,
	ENV_TEST_GIT_PROTOCOL,
	ENV_TEST_NODE,
	ENV_TEST_JAVA,       /* read by the JVM itself */
	ENV_TEST_JAVA_SHELL, /* put into a command line by a shell script */
	ENV_TEST_MAVEN,
	ENV_TEST_RUBY,
	ENV_TEST_GO,
	ENV_TEST_RUST,
	ENV_TEST_RUST_ENCODED,
	ENV_TEST_MAKE,
	ENV_TEST_COMPILER,
	ENV_TEST_PYTEST,
	ENV_TEST_ERLANG,
	ENV_TEST_COUNT_
};

struct env_rule {
	const char *name; /* `*' stands for anything */
	enum env_test test;
	const char *why;
};

/** env_rule_find() - the first rule for a name; NULL: no rule */
const struct env_rule *env_rule_find(const char *name, size_t len);
/** env_is_base() - strict lets the name through */
bool env_is_base(const char *name, size_t len);
/** env_name_matches() - a `*' in @pattern stands for anything, also for nothing */
bool env_name_matches(const char *pattern, const char *name, size_t len);

/** env_value_passes() - of an empty value every test but ENV_TEST_NEVER and the path tests is content */
bool env_value_passes(const struct env_policy *p, enum env_test test, const char *value,
		      const char **ret_detail);

/* envrules_values.c, for envrules_options.c */
/** env_is_of_image() - an absolute path of the image that nobody may write */
bool env_is_of_image(const struct env_policy *p, const char *path, size_t len);
/** env_has_control() - a control character, or bytes that are not UTF-8 */
bool env_has_control(const char *text, size_t len);

/* One word of a value. */
struct env_word {
	const char *at;
	size_t len;
};
/** env_next_word() - the word behind @after (NULL: the first) of @text, blanks between; at NULL: no more */
struct env_word env_next_word(const char *text, const char *after);
bool env_word_is(struct env_word w, const char *text);
bool env_word_starts(struct env_word w, const char *text);
/** env_word_of() - the word, from @from on, has only bytes of @set */
bool env_word_of(struct env_word w, size_t from, const char *set);

/* envrules_options.c, for envrules_build.c */
/* An option: how it begins, and of which bytes the rest may be. */
struct env_allowed {
	const char *start;
	const char *rest; /* NULL: nothing follows; then the start is the whole word */
};
bool env_is_allowed(struct env_word w, const struct env_allowed *list, size_t n);
/** env_all_allowed() - every word of @value is on the list */
bool env_all_allowed(const char *value, const struct env_allowed *list, size_t n);
/** env_is_inert() - nothing in it that a shell would expand, or end a command with */
bool env_is_inert(const char *value);

/* envrules_options.c and envrules_build.c */
typedef bool env_test_fn(const struct env_policy *p, const char *value);
env_test_fn env_test_node, env_test_java, env_test_java_shell, env_test_maven, env_test_ruby,
	env_test_go, env_test_rust, env_test_rust_encoded, env_test_make, env_test_compiler,
	env_test_pytest, env_test_erlang;

#endif
