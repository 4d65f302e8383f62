/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of a kind that are lists: paths, variables, pointers, signatures. An operator wrote them, and a slip must
 * not make a pattern that matches nothing or everything: what could not be meant is refused at its JSON pointer.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/catalogue_parts.h"

enum { PREFIX_MIN = 3, WHOLE_MIN = 8 };

int catalogue_want(const struct json *n, enum json_type type, struct pf_error *e)
{
	if (n->type == type)
		return 0;
	return json_fail(e, PF_ERR_POLICY, n, "expected %s, found %s", json_type_name(type),
			 json_type_name(n->type));
}

int catalogue_text(const struct json *n, const char **ret, struct pf_error *e)
{
	STEP(catalogue_want(n, JSON_STRING, e));
	if (n->count == 0)
		return json_fail(e, PF_ERR_POLICY, n, "must not be empty");
	if (n->count > CATALOGUE_TEXT_MAX)
		return json_fail(e, PF_ERR_POLICY, n, "`%.40s...' is longer than %d bytes", n->text,
				 CATALOGUE_TEXT_MAX);
	for (const char *p = n->text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return json_fail(e, PF_ERR_POLICY, n, "holds a control character");
	*ret = n->text;
	return 0;
}

int catalogue_word(const struct json *n, const char *const *words, size_t count, int *ret,
		   struct pf_error *e)
{
	char known[200] = "";
	size_t at = 0;

	STEP(catalogue_want(n, JSON_STRING, e));
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], n->text) == 0) {
			*ret = (int)i;
			return 0;
		}
		if (at + strlen(words[i]) + 3 < sizeof(known))
			at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s",
					       i > 0 ? ", " : "", words[i]);
	}
	return json_fail(e, PF_ERR_POLICY, n, "`%.40s' is none of %s", n->text, known);
}

static int check_list(const struct json *n, struct pf_error *e)
{
	STEP(catalogue_want(n, JSON_ARRAY, e));
	if (n->count == 0)
		return json_fail(e, PF_ERR_POLICY, n, "is an empty list: leave it out");
	if (n->count > CATALOGUE_LIST_MAX)
		return json_fail(e, PF_ERR_POLICY, n, "%u entries are more than %d", n->count,
				 CATALOGUE_LIST_MAX);
	return 0;
}

/* Zeroed; NULL with the error filled. */
static void *list_new(struct json_doc *doc, size_t n, size_t size, struct pf_error *e)
{
	void *mem = json_alloc(doc, n * size);

	if (!mem)
		pf_fail_sys(e, ENOMEM, "read the credentials");
	return mem;
}

/* ---- paths */

/* No component may be empty, `.' or `..'; two stars stand alone in one. */
static int check_components(const struct json *n, const char *pattern, struct pf_error *e)
{
	unsigned int stars = 0;

	for (const char *p = pattern;; p++) {
		size_t len = strcspn(p, "/");
		const char *two = strstr(p, "**");

		if (len == 0)
			return json_fail(e, PF_ERR_POLICY, n, "`%s' has an empty component",
					 n->text);
		if ((len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
			return json_fail(e, PF_ERR_POLICY, n, "`%s' holds `.' or `..'", n->text);
		if (two && two < p + len && len != 2)
			return json_fail(e, PF_ERR_POLICY, n,
					 "`%s': `**' is a component of its own", n->text);
		stars += two && two < p + len;
		p += len;
		if (!*p)
			break;
	}
	if (stars > 2)
		return json_fail(e, PF_ERR_POLICY, n, "`%s': more than two `**'", n->text);
	if (pattern[strspn(pattern, "*/")] == '\0')
		return json_fail(e, PF_ERR_POLICY, n, "`%s' would match everything", n->text);
	return 0;
}

static int read_path(const struct json *n, struct credential_path *ret, struct pf_error *e)
{
	const char *text;

	STEP(catalogue_text(n, &text, e));
	if (strpbrk(text, "?[\\"))
		return json_fail(e, PF_ERR_POLICY, n,
				 "`%s': `*' and `**' are the only patterns; there is no escape",
				 text);
	if (strncmp(text, "@home/", 6) == 0) {
		*ret = (struct credential_path){ CREDENTIAL_AT_HOME, text + 6 };
	} else if (text[0] == '/') {
		*ret = (struct credential_path){ CREDENTIAL_AT_ROOT, text + 1 };
		if (strncmp(text, "/var/run/", 9) == 0)
			return json_fail(e, PF_ERR_POLICY, n, "`%s': write /run, which it is",
					 text);
	} else if (strncmp(text, "**/", 3) == 0) {
		*ret = (struct credential_path){ CREDENTIAL_AT_ANY, text };
	} else {
		return json_fail(e, PF_ERR_POLICY, n,
				 "`%s' begins with none of `@home/', `/' and `**/'", text);
	}
	return check_components(n, ret->pattern, e);
}

int catalogue_read_paths(struct json_doc *doc, const struct json *n,
			 const struct credential_path **ret, size_t *ret_n, struct pf_error *e)
{
	struct credential_path *v;

	STEP(check_list(n, e));
	v = list_new(doc, n->count, sizeof(*v), e);
	if (!v)
		return -ENOMEM;
	for (const struct json *c = n->child; c; c = c->next)
		STEP(read_path(c, &v[c->index], e));
	*ret = v;
	*ret_n = n->count;
	return 0;
}

/* ---- variables */

static bool is_name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static int read_name(const struct json *n, const char **ret, struct pf_error *e)
{
	unsigned int stars = 0, letters = 0;
	const char *text;

	STEP(catalogue_text(n, &text, e));
	for (const char *p = text; *p; p++) {
		if (*p != '*' && !is_name_byte(*p))
			return json_fail(e, PF_ERR_POLICY, n, "`%s' is no name of a variable",
					 text);
		stars += *p == '*';
		letters += *p != '*';
	}
	if (stars > 1)
		return json_fail(e, PF_ERR_POLICY, n, "`%s': one `*' is known, not %u", text,
				 stars);
	if (stars && letters < PREFIX_MIN)
		return json_fail(e, PF_ERR_POLICY, n, "`%s' would match nearly everything", text);
	*ret = text;
	return 0;
}

static int read_target(const struct json *n, struct credential_variable *v, struct pf_error *e)
{
	int word = 0;

	STEP(catalogue_word(n, credential_targets, ARRAY_SIZE(credential_targets), &word, e));
	v->to = (enum credential_target)word;
	return 0;
}

static int read_below(const struct json *n, struct credential_variable *v, struct pf_error *e)
{
	STEP(catalogue_text(n, &v->below, e));
	if (v->below[0] == '/' || strpbrk(v->below, "?[\\"))
		return json_fail(e, PF_ERR_POLICY, n, "`%s' is no pattern relative to a directory",
				 v->below);
	return check_components(n, v->below, e);
}

static int read_pointer(const struct json *n, struct credential_variable *v, struct pf_error *e)
{
	STEP(catalogue_want(n, JSON_OBJECT, e));
	for (const struct json *m = n->child; m; m = m->next) {
		if (strcmp(m->key, "name") == 0)
			STEP(read_name(m, &v->name, e));
		else if (strcmp(m->key, "to") == 0)
			STEP(read_target(m, v, e));
		else if (strcmp(m->key, "below") == 0)
			STEP(read_below(m, v, e));
		else
			return json_fail(e, PF_ERR_POLICY, m,
					 "unknown member: name, to and below are known");
	}
	if (!v->name || !json_get(n, "to"))
		return json_fail(e, PF_ERR_POLICY, n, "`name' and `to' must be there");
	if (v->below && v->to != CREDENTIAL_TO_DIRECTORY)
		return json_fail(e, PF_ERR_POLICY, n, "`below' belongs to a directory");
	return 0;
}

int catalogue_read_variables(struct json_doc *doc, const struct json *n, enum credential_role role,
			     struct credential_kind *kind, struct pf_error *e)
{
	size_t had = kind->n_variables;
	struct credential_variable *v;

	STEP(check_list(n, e));
	v = list_new(doc, had + n->count, sizeof(*v), e);
	if (!v)
		return -ENOMEM;
	if (had > 0)
		memcpy(v, kind->variables, had * sizeof(*v));
	for (const struct json *c = n->child; c; c = c->next) {
		struct credential_variable *to = &v[had + c->index];

		to->role = role;
		if (role == CREDENTIAL_POINTER)
			STEP(read_pointer(c, to, e));
		else
			STEP(read_name(c, &to->name, e));
	}
	kind->variables = v;
	kind->n_variables = had + n->count;
	return 0;
}

/* ---- signatures */

static int read_length(const struct json *n, unsigned int *ret, struct pf_error *e)
{
	STEP(catalogue_want(n, JSON_INT, e));
	if (n->i < 0 || n->i > CATALOGUE_VALUE_MAX)
		return json_fail(e, PF_ERR_POLICY, n, "%lld is out of range: 0 to %d is allowed",
				 (long long)n->i, CATALOGUE_VALUE_MAX);
	*ret = (unsigned int)n->i;
	return 0;
}

static int read_bool(const struct json *n, bool *ret, struct pf_error *e)
{
	STEP(catalogue_want(n, JSON_BOOL, e));
	*ret = n->boolean;
	return 0;
}

static int read_signature_member(const struct json *m, struct credential_signature *s,
				 struct pf_error *e)
{
	int word = 0;

	if (strcmp(m->key, "prefix") == 0)
		return catalogue_text(m, &s->prefix, e);
	if (strcmp(m->key, "contains") == 0)
		return catalogue_text(m, &s->contains, e);
	if (strcmp(m->key, "then") == 0)
		return catalogue_text(m, &s->then, e);
	if (strcmp(m->key, "min") == 0)
		return read_length(m, &s->min, e);
	if (strcmp(m->key, "max") == 0)
		return read_length(m, &s->max, e);
	if (strcmp(m->key, "scoped") == 0)
		return read_bool(m, &s->scoped, e);
	if (strcmp(m->key, "inside") == 0)
		return read_bool(m, &s->inside, e);
	if (strcmp(m->key, "body") == 0)
		return read_bool(m, &s->body, e);
	if (strcmp(m->key, "alphabet") != 0)
		return json_fail(
			e, PF_ERR_POLICY, m,
			"unknown member: prefix, alphabet, min, max, contains, then, scoped, "
			"inside and body are known");
	STEP(catalogue_word(m, credential_alphabets, CREDENTIAL_ALPHABET_COUNT_, &word, e));
	s->alphabet = (enum credential_alphabet)word;
	return 0;
}

static int check_signature(const struct json *n, const struct credential_signature *s,
			   struct pf_error *e)
{
	bool none = s->alphabet == CREDENTIAL_ALPHABET_NONE;

	if (!s->prefix)
		return json_fail(e, PF_ERR_POLICY, n, "`prefix' must be there");
	if (strlen(s->prefix) < PREFIX_MIN || s->prefix[0] == ' ')
		return json_fail(e, PF_ERR_POLICY, n,
				 "a prefix has at least %d bytes, the first of them no blank",
				 PREFIX_MIN);
	if (none && (s->min > 0 || s->max > 0 || s->contains || s->then))
		return json_fail(e, PF_ERR_POLICY, n, "what follows the prefix needs an alphabet");
	if (!none && s->body)
		return json_fail(e, PF_ERR_POLICY, n,
				 "`body' follows a prefix without an alphabet");
	if (!none && (s->max == 0 || s->min > s->max))
		return json_fail(e, PF_ERR_POLICY, n,
				 "`max' must be there, and be no less than `min'");
	if (!s->scoped && strlen(s->prefix) + s->min < WHOLE_MIN)
		return json_fail(e, PF_ERR_POLICY, n,
				 "would match nearly everywhere: prefix and `min' give %zu bytes, "
				 "%d are the least",
				 strlen(s->prefix) + s->min, WHOLE_MIN);
	return 0;
}

int catalogue_read_signatures(struct json_doc *doc, const struct json *n,
			      struct credential_kind *kind, struct pf_error *e)
{
	struct credential_signature *v;

	STEP(check_list(n, e));
	v = list_new(doc, n->count, sizeof(*v), e);
	if (!v)
		return -ENOMEM;
	for (const struct json *c = n->child; c; c = c->next) {
		STEP(catalogue_want(c, JSON_OBJECT, e));
		for (const struct json *m = c->child; m; m = m->next)
			STEP(read_signature_member(m, &v[c->index], e));
		STEP(check_signature(c, &v[c->index], e));
	}
	kind->content = v;
	kind->n_content = n->count;
	return 0;
}

/* ---- decoys */

/* As catalogue_text(), but a line may be empty. */
static int read_line(const struct json *n, const char **ret, struct pf_error *e)
{
	if (n->type != JSON_STRING || n->count > 0)
		return catalogue_text(n, ret, e);
	*ret = n->text;
	return 0;
}

int catalogue_read_decoy(struct json_doc *doc, const struct json *n, struct credential_kind *kind,
			 struct pf_error *e)
{
	const char **v;

	STEP(check_list(n, e));
	v = list_new(doc, n->count, sizeof(*v), e);
	if (!v)
		return -ENOMEM;
	for (const struct json *c = n->child; c; c = c->next)
		STEP(read_line(c, &v[c->index], e));
	kind->decoy = v;
	kind->n_decoy = n->count;
	return 0;
}
