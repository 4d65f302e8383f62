/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of `credentials.allow': what one means, and whether it allows what was found. */
#include <config.h>

#include <limits.h>
#include <string.h>

#include "base/path.h"
#include "config/catalogue_parts.h"
#include "config/policy_parts.h"

static int read_class(const char *name, struct credential_allow *ret, struct pf_error *e)
{
	int class = credential_class_find(name);

	if (class < 0)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`class:%.40s': no such class (`pinfold credentials' lists them)",
			       name);
	ret->type = CREDENTIAL_ALLOW_CLASS;
	ret->class = (enum credential_class) class;
	return 0;
}

static bool is_variable(const char *name)
{
	if (!*name || (*name >= '0' && *name <= '9'))
		return false;
	for (; *name; name++)
		if (*name != '_' &&
		    !(credential_letters((unsigned char)*name) & (1u << CREDENTIAL_ALNUM)))
			return false;
	return true;
}

static int read_variable(const char *name, struct credential_allow *ret, struct pf_error *e)
{
	if (!is_variable(name))
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"`env:%.80s' is not the name of one variable: letters, digits and `_'",
			name);
	ret->type = CREDENTIAL_ALLOW_VARIABLE;
	ret->text = name;
	return 0;
}

static int read_path(const char *path, struct credential_allow *ret, struct pf_error *e)
{
	char buf[PATH_MAX];

	if (strpbrk(path, "*?["))
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"`%.80s': patterns are not known here: name the file or its directory",
			path);
	if (pf_path_normalise(path, buf, sizeof(buf)) < 0 || strcmp(path, buf) != 0)
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"`%.80s' is not written plainly: no `.', `..', `//' or `/' at the end",
			path);
	if (path[1] == '\0')
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`/' would allow every file: name what is meant");
	ret->type = CREDENTIAL_ALLOW_PATH;
	ret->text = path;
	return 0;
}

int catalogue_allow_read(const struct catalogue *c, const char *entry, struct credential_allow *ret,
			 struct pf_error *e)
{
	struct credential_allow allow = { 0 };

	if (strncmp(entry, "class:", 6) == 0) {
		STEP(read_class(entry + 6, &allow, e));
	} else if (strncmp(entry, "env:", 4) == 0) {
		STEP(read_variable(entry + 4, &allow, e));
	} else if (entry[0] == '/') {
		STEP(read_path(entry, &allow, e));
	} else {
		allow.kind = catalogue_find(c, entry);
		if (!allow.kind)
			return pf_fail(
				e, PF_ERR_POLICY, 0,
				"`%.80s' is neither a kind (`pinfold credentials' lists them) "
				"nor class:NAME, env:NAME or an absolute path",
				entry);
	}
	*ret = allow;
	return 0;
}

static bool allows(const struct credential_allow *a, const struct credential_found *f)
{
	switch (a->type) {
	case CREDENTIAL_ALLOW_KIND:
		return f->kind && f->kind == a->kind;
	case CREDENTIAL_ALLOW_CLASS:
		return f->kind && f->kind->class == a->class;
	case CREDENTIAL_ALLOW_VARIABLE:
		return f->variable && strcmp(f->variable, a->text) == 0;
	case CREDENTIAL_ALLOW_PATH:
		return f->path && pf_path_inside(f->path, a->text);
	}
	return false;
}

bool catalogue_allows(const struct credential_allow *entries, size_t n,
		      const struct credential_found *found)
{
	for (size_t i = 0; i < n; i++)
		if (allows(&entries[i], found))
			return true;
	return false;
}
