/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables that lead to a credential: a file, a list of them, a directory, a socket, an address. Their values are the
 * image's and the user's words; what they name is looked at through the container's own root like every other name.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/names_parts.h"

enum { KINDS_MAX = 8 };

/* A directory that a whole system or a whole home lies in is not believed to be one credential. */
static bool is_too_much(const struct names_scan *s, const char *path)
{
	if (strrchr(path, '/') == path || (s->in->cwd && pf_path_inside(s->in->cwd, path)) ||
	    (s->in->home && pf_path_inside(s->in->home, path)))
		return true;
	return false;
}

/* Any file will do: it is the variable that says what it is. */
static int take(struct names_scan *s, const struct catalogue_variable *v, const char *path,
		struct pf_error *e)
{
	bool socket =
		v->variable->to == CREDENTIAL_TO_SOCKET || v->variable->to == CREDENTIAL_TO_ADDRESS;
	bool whole = v->variable->to == CREDENTIAL_TO_DIRECTORY && !v->variable->below;
	char real[PATH_MAX];
	struct view_file f;
	struct place place;

	if (names_look(s, path, real, &f) < 0)
		return 0;
	if (S_ISDIR(f.mode) &&
	    (!(whole || v->kind->cover == CREDENTIAL_COVER_DIR) || is_too_much(s, real)))
		return 0;
	if (S_ISSOCK(f.mode) ? !socket : !S_ISREG(f.mode) && !S_ISFIFO(f.mode) && !S_ISDIR(f.mode))
		return 0;
	view_place(s->in->view, real, &f, &place);
	return inventory_add(s->inv, v->kind, FOUND_BY_POINTER, &place, NULL, e);
}

/* `msal_token_cache.*' in the directory that the variable names. */
struct below {
	struct credential_path
		pattern; /* relative to that directory, like the patterns of a home */
	struct names_leaves leaf;
	size_t at; /* where in a path it begins */
};

static int list_below(struct names_scan *s, const struct below *b, const char *dir,
		      unsigned int levels, struct pf_error *e)
{
	struct names_list *l = names_list(s, dir);
	auto_free char *path = malloc(PATH_MAX);
	int err = l && path ? 0 : pf_fail_sys(e, ENOMEM, "look for credentials");

	for (size_t i = 0; err == 0 && i < l->n && names_may(s); i++) {
		if (names_join(path, dir, l->v[i].name) < 0)
			continue;
		if (catalogue_path_matches(&b->pattern, false, b->pattern.place, path + b->at))
			err = names_judge(s, path, &b->leaf, FOUND_BY_POINTER, e);
		else if (levels > 1 && l->v[i].type == DT_DIR)
			err = list_below(s, b, path, levels - 1, e);
	}
	if (l && !l->whole)
		inventory_incomplete(s->inv, "`%s' holds more than %d entries, or cannot be listed",
				     dir, NAMES_LIST_MAX);
	names_list_free(l);
	return err;
}

static unsigned int count_levels(const char *pattern)
{
	unsigned int n = strstr(pattern, "**") ? CATALOGUE_STARS_MAX : 1;

	for (; *pattern; pattern++)
		n += *pattern == '/';
	return n;
}

static int take_below(struct names_scan *s, const struct catalogue_variable *v, const char *dir,
		      struct pf_error *e)
{
	const char *pattern = v->variable->below;
	bool tree = v->kind->cover == CREDENTIAL_COVER_DIR;
	const struct below b = {
		.pattern = { CREDENTIAL_AT_HOME, pattern },
		.leaf = { .v = { { v->kind, tree ? CATALOGUE_TREE : CATALOGUE_FILE } }, .n = 1 },
	};
	char real[PATH_MAX], path[PATH_MAX];
	struct view_file f;

	if (names_look(s, dir, real, &f) < 0 || !S_ISDIR(f.mode))
		return 0;
	if (strchr(pattern, '*')) {
		struct below from = b;

		from.at = strlen(real) + 1;
		return list_below(s, &from, real, count_levels(pattern), e);
	}
	if (names_join(path, real, pattern) < 0 ||
	    (strchr(pattern, '/') && names_resolve(s, path, path) < 0))
		return 0;
	return names_judge(s, path, &b.leaf, FOUND_BY_POINTER, e);
}

/* One path as the value has it, @len bytes; relative to the working directory. */
static int follow(struct names_scan *s, const struct catalogue_variable *v, const char *text,
		  size_t len, struct pf_error *e)
{
	char word[PATH_MAX], path[PATH_MAX];

	if (len == 0 || len >= sizeof(word))
		return 0;
	memcpy(word, text, len);
	word[len] = '\0';
	if (word[0] != '/') {
		memcpy(path, word, len + 1);
		if (!s->in->cwd || names_join(word, s->in->cwd, path) < 0)
			return 0;
	}
	if (pf_path_normalise(word, path, sizeof(path)) < 0 || strcmp(path, "/") == 0)
		return 0;
	if (v->variable->to == CREDENTIAL_TO_DIRECTORY && v->variable->below)
		return take_below(s, v, path, e);
	return take(s, v, path, e);
}

static int follow_list(struct names_scan *s, const struct catalogue_variable *v, const char *value,
		       struct pf_error *e)
{
	for (const char *p = value; *p; p += *p == ':') {
		size_t len = strcspn(p, ":");

		STEP(follow(s, v, p, len, e));
		p += len;
	}
	return 0;
}

/* `unix:///run/x.sock', `unix:path=/run/bus,guid=...;...', `FILE:/tmp/krb5cc'. */
static int follow_address(struct names_scan *s, const struct catalogue_variable *v,
			  const char *value, struct pf_error *e)
{
	static const char *const heads[] = { "unix:path=", "unix://", "unix:", "FILE:",
					     "DIR:",       "file://", "" };

	for (const char *p = value; *p; p += *p == ';') {
		size_t len = strcspn(p, ";");

		for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
			size_t head = strlen(heads[i]);

			if (strncmp(p, heads[i], head) != 0 || p[head] != '/')
				continue;
			STEP(follow(s, v, p + head, strcspn(p + head, ",;"), e));
			break;
		}
		p += len;
	}
	return 0;
}

static int follow_variable(struct names_scan *s, const struct catalogue_variable *v,
			   const char *value, struct pf_error *e)
{
	switch (v->variable->to) {
	case CREDENTIAL_TO_LIST:
		return follow_list(s, v, value, e);
	case CREDENTIAL_TO_ADDRESS:
		return follow_address(s, v, value, e);
	case CREDENTIAL_TO_SOCKET:
		return follow(s, v, value, strcspn(value, ","), e);
	case CREDENTIAL_TO_FILE:
	case CREDENTIAL_TO_DIRECTORY:
		break;
	}
	return follow(s, v, value, strlen(value), e);
}

int names_pointers(struct names_scan *s, struct pf_error *e)
{
	const struct oci_strings *env = s->in->env;

	for (size_t i = 0; env && i < env->n && !s->short_of_it; i++) {
		const char *equals = strchr(env->v[i], '=');
		struct catalogue_variable found[KINDS_MAX];
		char name[CATALOGUE_TEXT_MAX + 1];
		size_t n;

		if (!equals || equals == env->v[i] || equals - env->v[i] > CATALOGUE_TEXT_MAX)
			continue;
		memcpy(name, env->v[i], (size_t)(equals - env->v[i]));
		name[equals - env->v[i]] = '\0';
		n = catalogue_find_variable(s->in->catalogue, name, found, KINDS_MAX);
		for (size_t k = 0; k < n && k < KINDS_MAX; k++)
			if (found[k].variable->role == CREDENTIAL_POINTER)
				STEP(follow_variable(s, &found[k], equals + 1, e));
	}
	return 0;
}
