/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file of kinds. The reader is strict: an unknown member, a wrong type or an unknown word refuses the whole file, as
 * a kind that is half understood would look like protection. Strings and structs live in the file's own document.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/catalogue_parts.h"

enum { DEPTH_MAX = 8, NODES_MAX = 131072, ID_MAX = 63 };

struct reading {
	struct json_doc *doc;
	struct credential_kind *kind;
};

typedef int member_fn(const struct reading *r, const struct json *n, struct pf_error *e);

/* As a name of a profile is. */
static bool is_id(const char *id)
{
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return id[n] == '\0' && n <= ID_MAX && id[0] != '-';
}

static int read_id(const struct reading *r, const struct json *n, struct pf_error *e)
{
	STEP(catalogue_text(n, &r->kind->id, e));
	if (!is_id(r->kind->id))
		return json_fail(e, PF_ERR_POLICY, n,
				 "`%.80s' is no id: up to 63 of a-z, 0-9 and `-', not `-' first",
				 r->kind->id);
	return 0;
}

static int read_title(const struct reading *r, const struct json *n, struct pf_error *e)
{
	STEP(catalogue_text(n, &r->kind->title, e));
	if (strchr(r->kind->title, '|')) /* it is a cell of a table */
		return json_fail(e, PF_ERR_POLICY, n, "holds a `|'");
	return 0;
}

static int read_source(const struct reading *r, const struct json *n, struct pf_error *e)
{
	return catalogue_text(n, &r->kind->source, e);
}

static int read_class(const struct reading *r, const struct json *n, struct pf_error *e)
{
	int word = 0;

	STEP(catalogue_word(n, credential_classes, CREDENTIAL_CLASS_COUNT_, &word, e));
	r->kind->class = (enum credential_class)word;
	return 0;
}

static int read_cover(const struct reading *r, const struct json *n, struct pf_error *e)
{
	int word = 0;

	STEP(catalogue_word(n, credential_covers, CREDENTIAL_COVER_COUNT_, &word, e));
	r->kind->cover = (enum credential_cover)word;
	return 0;
}

static int read_lifetime(const struct reading *r, const struct json *n, struct pf_error *e)
{
	int word = 0;

	STEP(catalogue_word(n, credential_lifetimes, CREDENTIAL_LIFETIME_COUNT_, &word, e));
	r->kind->lifetime = (enum credential_lifetime)word;
	return 0;
}

/* These say that something can be read, and so they say what. */
static bool needs_field(enum credential_from from)
{
	return from == CREDENTIAL_FROM_FIELD || from == CREDENTIAL_FROM_VARIABLE ||
	       from == CREDENTIAL_FROM_JWT;
}

static int read_principal(const struct reading *r, const struct json *n, struct pf_error *e)
{
	struct credential_principal *p = &r->kind->principal;
	int word = 0;

	STEP(catalogue_want(n, JSON_OBJECT, e));
	for (const struct json *m = n->child; m; m = m->next) {
		if (strcmp(m->key, "is") == 0) {
			STEP(catalogue_text(m, &p->is, e));
		} else if (strcmp(m->key, "from") == 0) {
			STEP(catalogue_word(m, credential_froms, CREDENTIAL_FROM_COUNT_, &word, e));
			p->from = (enum credential_from)word;
		} else if (strcmp(m->key, "field") == 0) {
			STEP(catalogue_text(m, &p->field, e));
		} else {
			return json_fail(e, PF_ERR_POLICY, m,
					 "unknown member: is, from and field are known");
		}
	}
	if (!p->is || !json_get(n, "from"))
		return json_fail(e, PF_ERR_POLICY, n, "`is' and `from' must be there");
	if (needs_field(p->from) != (p->field != NULL))
		return json_fail(e, PF_ERR_POLICY, n, "`field' belongs to field, variable and jwt");
	return 0;
}

static int read_paths(const struct reading *r, const struct json *n, struct pf_error *e)
{
	return catalogue_read_paths(r->doc, n, &r->kind->paths, &r->kind->n_paths, e);
}

static int read_except(const struct reading *r, const struct json *n, struct pf_error *e)
{
	return catalogue_read_paths(r->doc, n, &r->kind->except, &r->kind->n_except, e);
}

static int read_sockets(const struct reading *r, const struct json *n, struct pf_error *e)
{
	return catalogue_read_paths(r->doc, n, &r->kind->sockets, &r->kind->n_sockets, e);
}

static int read_variables(const struct reading *r, const struct json *n, struct pf_error *e)
{
	return catalogue_read_variables(r->doc, n, CREDENTIAL_VALUE, r->kind, e);
}

static int read_inspect(const struct reading *r, const struct json *n, struct pf_error *e)
{
	return catalogue_read_variables(r->doc, n, CREDENTIAL_INSPECT, r->kind, e);
}

static int read_pointers(const struct reading *r, const struct json *n, struct pf_error *e)
{
	return catalogue_read_variables(r->doc, n, CREDENTIAL_POINTER, r->kind, e);
}

static int read_content(const struct reading *r, const struct json *n, struct pf_error *e)
{
	return catalogue_read_signatures(r->doc, n, r->kind, e);
}

static int read_decoy(const struct reading *r, const struct json *n, struct pf_error *e)
{
	return catalogue_read_decoy(r->doc, n, r->kind, e);
}

static const struct member {
	const char *name;
	member_fn *read;
	bool required;
} members[] = {
	{ "id", read_id, true },
	{ "title", read_title, true },
	{ "class", read_class, true },
	{ "cover", read_cover, true },
	{ "lifetime", read_lifetime, true },
	{ "principal", read_principal, true },
	{ "source", read_source, true },
	{ "paths", read_paths, false },
	{ "except", read_except, false },
	{ "sockets", read_sockets, false },
	{ "variables", read_variables, false },
	{ "inspect", read_inspect, false },
	{ "pointers", read_pointers, false },
	{ "content", read_content, false },
	{ "decoy", read_decoy, false },
};

static int read_member(const struct reading *r, const struct json *n, struct pf_error *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (strcmp(members[i].name, n->key) == 0)
			return members[i].read(r, n, e);
	return json_fail(
		e, PF_ERR_POLICY, n,
		"unknown member: id, title, class, cover, lifetime, principal, source, paths, "
		"except, sockets, variables, inspect, pointers, content and decoy are known");
}

static bool has_pointer(const struct credential_kind *k)
{
	for (size_t i = 0; i < k->n_variables; i++)
		if (k->variables[i].role == CREDENTIAL_POINTER)
			return true;
	return false;
}

static bool has_inspect(const struct credential_kind *k)
{
	for (size_t i = 0; i < k->n_variables; i++)
		if (k->variables[i].role == CREDENTIAL_INSPECT)
			return true;
	return false;
}

static int check_decoy(const struct json *n, const struct credential_kind *k, struct pf_error *e)
{
	const struct json *list = json_get(n, "decoy");

	if (list && k->cover != CREDENTIAL_COVER_FILE)
		return json_fail(e, PF_ERR_POLICY, list,
				 "takes the place of a file, and `cover' is %s",
				 credential_covers[k->cover]);
	for (const struct json *c = list ? list->child : NULL; c; c = c->next) {
		size_t len = 0;
		const char *fault = catalogue_decoy_fault(c->text, k->n_content, &len);

		if (fault)
			return json_fail(
				e, PF_ERR_POLICY, c,
				"`%.*s' is none of {token}, {token:N} of a signature that is there, "
				"{user}, {basic}, {openssh} and {ALPHABET:N}",
				(int)len, fault);
	}
	return 0;
}

/* What one member cannot say. */
static int check_kind(const struct json *n, const struct credential_kind *k, struct pf_error *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (members[i].required && !json_get(n, members[i].name))
			return json_fail(e, PF_ERR_POLICY, n, "`%s' must be there",
					 members[i].name);
	if (k->n_paths + k->n_sockets + k->n_variables + k->n_content == 0)
		return json_fail(
			e, PF_ERR_POLICY, n,
			"`%s' could never be found: give paths, sockets, variables, pointers "
			"or content",
			k->id);
	if (k->n_except > 0 && k->n_paths == 0)
		return json_fail(e, PF_ERR_POLICY, n, "`except' without `paths'");
	if (has_inspect(k) && k->n_content == 0)
		return json_fail(e, PF_ERR_POLICY, n,
				 "`inspect' needs `content', by which a value is judged");
	if (k->cover != CREDENTIAL_COVER_NONE && k->n_paths + k->n_sockets == 0 && !has_pointer(k))
		return json_fail(
			e, PF_ERR_POLICY, n,
			"`cover' is %s, but there are no paths, sockets or pointers: write none",
			credential_covers[k->cover]);
	return check_decoy(n, k, e);
}

static int read_kinds(const struct json *list, struct catalogue_file *ret, const char *origin,
		      struct pf_error *e)
{
	STEP(catalogue_want(list, JSON_ARRAY, e));
	if (list->count > CATALOGUE_KINDS_MAX)
		return json_fail(e, PF_ERR_POLICY, list, "%u kinds are more than %d", list->count,
				 CATALOGUE_KINDS_MAX);
	ret->kinds = json_alloc(ret->doc, ((size_t)list->count + 1) * sizeof(*ret->kinds));
	if (!ret->kinds)
		return pf_fail_sys(e, ENOMEM, "read the credentials");
	for (const struct json *n = list->child; n; n = n->next) {
		const struct reading r = { ret->doc, &ret->kinds[n->index] };

		STEP(catalogue_want(n, JSON_OBJECT, e));
		r.kind->origin = origin;
		for (const struct json *m = n->child; m; m = m->next)
			STEP(read_member(&r, m, e));
		STEP(check_kind(n, r.kind, e));
	}
	ret->n = list->count;
	return 0;
}

static int read_root(const struct json *root, struct catalogue_file *ret, const char *origin,
		     struct pf_error *e)
{
	const struct json *kinds = json_get(root, "kinds");

	STEP(catalogue_want(root, JSON_OBJECT, e));
	for (const struct json *m = root->child; m; m = m->next)
		if (m != kinds)
			return json_fail(e, PF_ERR_POLICY, m, "unknown member: `kinds' is known");
	if (!kinds)
		return json_fail(e, PF_ERR_POLICY, root, "`kinds' must be there");
	return read_kinds(kinds, ret, origin, e);
}

static int parse(const struct policy_file *file, const char *origin, struct catalogue_file *ret,
		 struct pf_error *e)
{
	const struct json_limits limits = { .bytes = CATALOGUE_FILE_BYTES,
					    .depth = DEPTH_MAX,
					    .nodes = NODES_MAX };
	char *copy;
	int err = json_parse(file->text, file->len, &limits, &ret->doc, e);

	if (err < 0) {
		if (e->kind == PF_ERR_CONFIG)
			e->kind = PF_ERR_POLICY;
		return err;
	}
	copy = json_alloc(ret->doc, strlen(origin) + 1);
	if (!copy)
		return pf_fail_sys(e, ENOMEM, "read the credentials");
	memcpy(copy, origin, strlen(origin));
	return read_root(json_root(ret->doc), ret, copy, e);
}

int catalogue_read(const struct policy_file *file, const char *origin, struct catalogue_file *ret,
		   struct pf_error *e)
{
	memset(ret, 0, sizeof(*ret));
	if (parse(file, origin, ret, e) == 0)
		return 0;
	json_free(ret->doc);
	ret->doc = NULL;
	return pf_wrap(e, "credentials `%.200s'", file->path);
}
