/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value of one key: from an annotation's text or from a member of a policy file into a list of checked entries.
 * Annotations are the hostile side (an image may carry them), so they are counted before anything is allocated. What is
 * not understood is refused, never replaced by a default.
 */
#include <config.h>

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "config/envrules.h"
#include "config/policy_globs.h"
#include "config/policy_parts.h"

#define SPACE " \t\r\n\v\f"

/* The parts of Landlock that a kernel may lack, and what is spelt in the surface but needs no leave yet. */
static const char *const degrades[] = {
	"landlock",       "landlock.refer", "landlock.truncate",
	"landlock.ioctl", "landlock.scope", "landlock.unix",
	"egress",         "listen",
};
static const char *const degrades_later[] = {
	"egress.names", "egress.tls", "seccomp", "events.fs", "events.net", "credentials.live",
};
static const char *const path_tokens[] = { "@system", "@image", "@cwd", "@home",
					   "@mounts", "@tmp",   "@none" };
static const char *const other_tokens[] = {
	"@broker",
	"@loopback",
	"@pod",
	"@agent-control",
};

static bool is_among(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

static int no_memory(struct pf_error *e)
{
	return pf_fail(e, PF_ERR_SYS, ENOMEM, "policy");
}

char *policy_strdup(struct json_doc *arena, const char *s, size_t len, struct pf_error *e)
{
	char *copy = json_alloc(arena, len + 1);

	if (!copy) {
		(void)no_memory(e);
		return NULL;
	}
	memcpy(copy, s, len);
	return copy;
}

char *policy_printf(struct json_doc *arena, struct pf_error *e, const char *fmt, ...)
{
	char buf[PATH_MAX + 128];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(buf)) {
		(void)pf_fail(e, PF_ERR_POLICY, ENAMETOOLONG, "policy");
		return NULL;
	}
	return policy_strdup(arena, buf, (size_t)n, e);
}

int policy_strings_new(struct json_doc *arena, size_t n, struct oci_strings *ret,
		       struct pf_error *e)
{
	char **v = json_alloc(arena, (n + 1) * sizeof(*v));

	if (!v) {
		(void)no_memory(e);
		return -ENOMEM;
	}
	ret->v = v;
	ret->n = 0;
	return 0;
}

static int check_token(enum policy_key key, const char *token, struct pf_error *e)
{
	const char *name = policy_keys[key].name;

	if (is_among(token, path_tokens, ARRAY_SIZE(path_tokens)))
		return 0;
	if (is_among(token, other_tokens, ARRAY_SIZE(other_tokens)))
		return pf_fail(e, PF_ERR_POLICY, 0, "`%s' is not known to `%s'", token, name);
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"unknown token `%.80s': @system, @image, @cwd, @home, @mounts and @tmp are known",
		token);
}

static int check_path(enum policy_key key, const char *path, char *buf, struct pf_error *e)
{
	if (path[0] == '~' || path[0] == '$')
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`%.80s' is not absolute: `@home' is the home directory", path);
	if (path[0] != '/')
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`%.80s' is neither an absolute path of the container nor a token",
			       path);
	if (!policy_key_has_patterns(key) && glob_is(path))
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`%.80s': patterns are not known to `%s': name the directory", path,
			       policy_keys[key].name);
	if (strlen(path) >= PATH_MAX)
		return pf_fail(e, PF_ERR_POLICY, 0, "`%.80s...' is longer than a path can be",
			       path);
	if (pf_path_normalise(path, buf, PATH_MAX) < 0)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`%.80s' holds `..': write the path that is meant", path);
	return 0;
}

static int check_degrade(const char *name, struct pf_error *e)
{
	if (is_among(name, degrades, ARRAY_SIZE(degrades)))
		return 0;
	if (is_among(name, degrades_later, ARRAY_SIZE(degrades_later)))
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"`%s' is not built into this version of pinfold: there is nothing to degrade; "
			"leave it out",
			name);
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"unknown name `%.80s': landlock, landlock.refer, landlock.truncate, landlock.ioctl, "
		"landlock.scope, landlock.unix, egress and listen are known",
		name);
}

static int check_variable(const char *name, struct pf_error *e)
{
	if (env_keep_check(name))
		return 0;
	if (strcmp(name, "*") == 0)
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"`*' would keep every variable: that is `env' with the value `keep'");
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"`%.80s' is no name of a variable: a name alone, without `=', or the beginning of one with `*' behind it",
		name);
}

static int check_word(enum policy_key key, const char *word, struct pf_error *e)
{
	if (key == POLICY_PROFILE) {
		if (policy_name_check(word))
			return 0;
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"`%.80s' is no profile name: up to 63 of a-z, 0-9 and `-', not `-' first",
			word);
	}
	if (policy_word_rank(key, word) < 0)
		return pf_fail(e, PF_ERR_POLICY, 0, "unknown value `%.80s': one of %s", word,
			       policy_keys[key].values);
	if (key == POLICY_HIDE_LATER && strcmp(word, "require") == 0)
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"`require' needs a kernel that denies by name (BPF LSM), which this version of pinfold cannot "
			"use: hide the directory, which also covers what comes later, or leave it out");
	if (key == POLICY_MODE && strcmp(word, "enforce") != 0)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`%s' is not built into this version of pinfold: only `enforce' is",
			       word);
	return 0;
}

/* An entry as it is kept: @buf (PATH_MAX) holds it where it had to be rewritten. */
static int check_entry(enum policy_key key, const char *entry, char *buf, const char **ret,
		       struct pf_error *e)
{
	for (const char *p = entry; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return pf_fail(e, PF_ERR_POLICY, 0, "`%.80s' holds a control character",
				       entry);
	*ret = entry;
	if (!*entry)
		return pf_fail(e, PF_ERR_POLICY, 0, "an entry is empty");
	if (policy_keys[key].type == POLICY_TYPE_WORD)
		return check_word(key, entry, e);
	if (key == POLICY_DEGRADE)
		return check_degrade(entry, e);
	if (key == POLICY_ENV_KEEP)
		return check_variable(entry, e);
	if (key == POLICY_CREDENTIALS_ALLOW)
		return policy_allow_check(entry, e);
	if (policy_key_is_network(key)) {
		*ret = buf;
		return policy_endpoint_check(key, entry, buf, e);
	}
	if (policy_key_has_patterns(key) && entry[0] == '@')
		return policy_check_pattern_token(key, entry, e);
	if (strcmp(entry, "@any") == 0) {
		*ret = "/";
		return 0;
	}
	if (entry[0] == '@')
		return check_token(key, entry, e);
	STEP(check_path(key, entry, buf, e));
	*ret = buf;
	return policy_key_has_patterns(key) ? policy_check_pattern(buf, e) : 0;
}

static int add_entry(struct json_doc *arena, enum policy_key key, const char *entry,
		     struct oci_strings *list, struct pf_error *e)
{
	char buf[PATH_MAX];
	const char *kept = entry;
	char *copy;

	STEP(check_entry(key, entry, buf, &kept, e));
	copy = policy_strdup(arena, kept, strlen(kept), e);
	if (!copy)
		return -ENOMEM;
	list->v[list->n++] = copy;
	return 0;
}

/* @none is a word for the empty list, so beside another entry it would be a contradiction. */
static int take_none(enum policy_key key, struct oci_strings *list, struct pf_error *e)
{
	if ((!policy_key_is_path(key) && !policy_key_is_network(key) &&
	     key != POLICY_CREDENTIALS_ALLOW) ||
	    !policy_list_holds(list, "@none"))
		return 0;
	if (list->n > 1)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`@none' stands alone: it says that nothing is allowed");
	list->n = 0;
	list->v[0] = NULL; /* NOLINT(clang-analyzer-core.NullDereference): it holds `@none' */
	return 0;
}

static int require_built(enum policy_key key, struct pf_error *e)
{
	if (policy_keys[key].built)
		return 0;
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"not built into this version of pinfold: nothing would enforce it; leave it out, or use a "
		"version that has it");
}

static int list_from_array(struct json_doc *arena, enum policy_key key, const struct json *array,
			   struct oci_strings *ret, struct pf_error *e)
{
	if (array->count > POLICY_ANNOTATION_ENTRIES)
		return pf_fail(e, PF_ERR_POLICY, 0, "%u entries are more than %d", array->count,
			       POLICY_ANNOTATION_ENTRIES);
	STEP(policy_strings_new(arena, array->count, ret, e));
	for (const struct json *n = array->child; n; n = n->next) {
		if (n->type != JSON_STRING)
			return pf_fail(e, PF_ERR_POLICY, 0, "entry %u is of type %s, not a string",
				       n->index, json_type_name(n->type));
		STEP(add_entry(arena, key, n->text, ret, e));
	}
	return 0;
}

/* Where entries may be URLs, and so hold a password, a text that was not cut into entries is not shown. */
static const char *showable(enum policy_key key, const char *text)
{
	return policy_key_is_network(key) ? "..." : text;
}

static int list_from_json_text(struct json_doc *arena, enum policy_key key, const char *text,
			       struct oci_strings *ret, struct pf_error *e)
{
	const struct json_limits limits = { .bytes = POLICY_ANNOTATION_BYTES, .depth = 2 };
	auto_json doc = NULL;
	int err = json_parse(text, strlen(text), &limits, &doc, e);

	if (err < 0) {
		if (e->kind == PF_ERR_CONFIG)
			e->kind = PF_ERR_POLICY;
		return pf_wrap(e, "`%.60s' starts like a JSON array of strings and is none",
			       showable(key, text));
	}
	return list_from_array(arena, key, json_root(doc), ret, e);
}

static size_t count_words(const char *text)
{
	size_t n = 0;

	for (const char *p = text + strspn(text, SPACE ","); *p; p += strspn(p, SPACE ",")) {
		p += strcspn(p, SPACE ",");
		n++;
	}
	return n;
}

static int list_from_words(struct json_doc *arena, enum policy_key key, const char *text,
			   struct oci_strings *ret, struct pf_error *e)
{
	size_t count = count_words(text);

	if (count > POLICY_ANNOTATION_ENTRIES)
		return pf_fail(e, PF_ERR_POLICY, 0, "%zu entries are more than %d", count,
			       POLICY_ANNOTATION_ENTRIES);
	STEP(policy_strings_new(arena, count, ret, e));
	for (const char *p = text + strspn(text, SPACE ","); *p; p += strspn(p, SPACE ",")) {
		size_t n = strcspn(p, SPACE ",");
		char *word = policy_strdup(arena, p, n, e);

		if (!word)
			return -ENOMEM;
		STEP(add_entry(arena, key, word, ret, e));
		p += n;
	}
	return 0;
}

static int word_from_text(struct json_doc *arena, enum policy_key key, const char *text,
			  struct oci_strings *ret, struct pf_error *e)
{
	size_t n = strlen(text);
	char *word;

	while (n > 0 && strchr(SPACE, text[n - 1]))
		n--;
	if (n == 0)
		return pf_fail(e, PF_ERR_POLICY, 0, "empty value `': one of %s",
			       policy_keys[key].values);
	word = policy_strdup(arena, text, n, e);
	if (!word)
		return -ENOMEM;
	STEP(policy_strings_new(arena, 1, ret, e));
	return add_entry(arena, key, word, ret, e);
}

/* A list as JSON has it; but `[2001:db8::1]' of a key about the network is an address. */
static bool is_json(enum policy_key key, const char *text)
{
	if (*text != '[')
		return false;
	text += 1 + strspn(text + 1, SPACE);
	return !policy_key_is_network(key) || *text == '"' || *text == ']';
}

int policy_value_from_text(struct json_doc *arena, enum policy_key key, const char *text,
			   struct oci_strings *ret, struct pf_error *e)
{
	const char *start = text + strspn(text, SPACE);
	struct oci_strings list = { 0 };

	STEP(require_built(key, e));
	if (strlen(text) > POLICY_ANNOTATION_BYTES)
		return pf_fail(e, PF_ERR_POLICY, 0, "`%.40s...' is longer than %d bytes",
			       showable(key, text), POLICY_ANNOTATION_BYTES);
	if (policy_keys[key].type == POLICY_TYPE_WORD)
		STEP(word_from_text(arena, key, start, &list, e));
	else if (is_json(key, start))
		STEP(list_from_json_text(arena, key, start, &list, e));
	else
		STEP(list_from_words(arena, key, start, &list, e));
	STEP(take_none(key, &list, e));
	*ret = list;
	return 0;
}

/* Put a node's pointer in front of a message that was made without one. */
static int wrap_node(struct pf_error *e, const struct json *node)
{
	const struct pf_error old = *e;
	int err = json_fail(e, old.kind, node, "%s", old.msg);

	e->err = old.err;
	return old.err > 0 ? -old.err : err;
}

static int entry_from_json(struct json_doc *arena, enum policy_key key, const struct json *node,
			   struct oci_strings *list, struct pf_error *e)
{
	if (node->type != JSON_STRING)
		return json_fail(e, PF_ERR_POLICY, node, "is of type %s, not a string",
				 json_type_name(node->type));
	if (add_entry(arena, key, node->text, list, e) < 0)
		return wrap_node(e, node);
	return 0;
}

static int word_from_json(struct json_doc *arena, enum policy_key key, const struct json *node,
			  struct oci_strings *ret, struct pf_error *e)
{
	STEP(policy_strings_new(arena, 1, ret, e));
	return entry_from_json(arena, key, node, ret, e);
}

static int list_from_json(struct json_doc *arena, enum policy_key key, const struct json *node,
			  struct oci_strings *ret, struct pf_error *e)
{
	if (node->type != JSON_ARRAY)
		return json_fail(e, PF_ERR_POLICY, node, "is of type %s, not an array of strings",
				 json_type_name(node->type));
	STEP(policy_strings_new(arena, node->count, ret, e));
	for (const struct json *n = node->child; n; n = n->next)
		STEP(entry_from_json(arena, key, n, ret, e));
	return take_none(key, ret, e) < 0 ? wrap_node(e, node) : 0;
}

int policy_value_from_json(struct json_doc *arena, enum policy_key key, const struct json *node,
			   struct oci_strings *ret, struct pf_error *e)
{
	struct oci_strings list = { 0 };

	if (require_built(key, e) < 0)
		return wrap_node(e, node);
	if (policy_keys[key].type == POLICY_TYPE_WORD)
		STEP(word_from_json(arena, key, node, &list, e));
	else
		STEP(list_from_json(arena, key, node, &list, e));
	*ret = list;
	return 0;
}

int policy_names_from_json(struct json_doc *arena, const struct json *node,
			   bool (*check)(const char *), struct oci_strings *ret, struct pf_error *e)
{
	struct oci_strings list = { 0 };

	if (node->type != JSON_ARRAY)
		return json_fail(e, PF_ERR_POLICY, node, "is of type %s, not an array of strings",
				 json_type_name(node->type));
	STEP(policy_strings_new(arena, node->count, &list, e));
	for (const struct json *n = node->child; n; n = n->next) {
		char *copy;

		if (n->type != JSON_STRING)
			return json_fail(e, PF_ERR_POLICY, n, "is of type %s, not a string",
					 json_type_name(n->type));
		if (!check(n->text))
			return json_fail(e, PF_ERR_POLICY, n, "unknown or malformed name `%.80s'",
					 n->text);
		copy = policy_strdup(arena, n->text, strlen(n->text), e);
		if (!copy)
			return -ENOMEM;
		list.v[list.n++] = copy;
	}
	*ret = list;
	return 0;
}

int policy_unknown_key(const struct json *node, struct pf_error *e)
{
	const char *near = policy_key_suggest(node->key, strlen(node->key));

	if (strncmp(node->key, POLICY_PREFIX, strlen(POLICY_PREFIX)) == 0)
		return json_fail(e, PF_ERR_POLICY, node,
				 "in a file keys stand without `" POLICY_PREFIX "'");
	if (near)
		return json_fail(e, PF_ERR_POLICY, node, "unknown key `%.80s': is `%s' meant?",
				 node->key, near);
	return json_fail(e, PF_ERR_POLICY, node, "unknown key `%.80s'", node->key);
}

int policy_json_parse(const struct policy_file *file, struct json_doc **ret, struct pf_error *e)
{
	const struct json_limits limits = { .bytes = POLICY_FILE_BYTES,
					    .nodes = POLICY_FILE_NODES };
	auto_json doc = NULL;
	int err = json_parse(file->text, file->len, &limits, &doc, e);

	if (err < 0) {
		if (e->kind == PF_ERR_CONFIG)
			e->kind = PF_ERR_POLICY;
		return err;
	}
	if (json_root(doc)->type != JSON_OBJECT)
		return json_fail(e, PF_ERR_POLICY, json_root(doc), "is of type %s, not an object",
				 json_type_name(json_root(doc)->type));
	*ret = pf_take_ptr(&doc);
	return 0;
}
