/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials in an environment and in arguments. A name tells, or the value does; a value is read where it lies and
 * nothing of it is kept. Variables that only lead to a credential are the business of the scan by names.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/scan.h"

enum { KINDS_MAX = 8, HITS_MAX = 8 };

/* One text that belongs to the process, and where that is. */
struct text {
	const struct catalogue *c;
	struct inventory *inv;
	struct place place;
	const char *v;
	size_t len;
};

static int add(const struct text *t, const struct credential_kind *kind, enum finding_by by,
	       struct pf_error *e)
{
	return inventory_add(t->inv, kind, by, &t->place, NULL, e);
}

/* What the text itself shows. @kind: whose scoped signatures count too; NULL: nobody's. @ret_n: how much was found */
static int add_hits(const struct text *t, const struct credential_kind *kind, size_t *ret_n,
		    struct pf_error *e)
{
	struct catalogue_hit hits[HITS_MAX];
	size_t n = catalogue_scan(t->c, kind, t->v, t->len, hits, HITS_MAX);

	for (size_t i = 0; i < n && i < HITS_MAX; i++)
		STEP(add(t, hits[i].kind, FOUND_BY_CONTENT, e));
	*ret_n += n;
	return 0;
}

/* A variable that holds a credential whatever its value says, one that does if the value shows it, or neither. */
static int judge_variable(const struct text *t, const char *name, struct pf_error *e)
{
	struct catalogue_variable found[KINDS_MAX];
	size_t n = catalogue_find_variable(t->c, name, found, KINDS_MAX), told = 0;
	bool pointer = false;

	for (size_t i = 0; i < n && i < KINDS_MAX; i++) {
		switch (found[i].variable->role) {
		case CREDENTIAL_VALUE:
			STEP(add(t, found[i].kind, FOUND_BY_NAME, e));
			told++;
			break;
		case CREDENTIAL_INSPECT:
			STEP(add_hits(t, found[i].kind, &told, e));
			break;
		case CREDENTIAL_POINTER:
			pointer = true;
			break;
		}
	}
	/* A path is no credential; what it leads to is found there. */
	return told > 0 || pointer ? 0 : add_hits(t, NULL, &told, e);
}

/* A text that no name goes with is known by its place: `args[2]', `env[0]'. */
static int judge_nameless(struct text *t, const char *text, const char *list, size_t i,
			  struct pf_error *e)
{
	char name[32];
	size_t told = 0;

	(void)snprintf(name, sizeof(name), "%s[%zu]", list, i);
	t->place.name = name;
	t->v = text;
	t->len = strlen(text);
	return add_hits(t, NULL, &told, e);
}

int scan_environment(const struct catalogue *c, const struct oci_strings *env, const char *of,
		     struct inventory *inv, struct pf_error *e)
{
	const struct place place = { .type = PLACE_VARIABLE, .of = of };
	struct text t = { .c = c, .inv = inv, .place = place };

	for (size_t i = 0; i < env->n; i++) {
		const char *equals = strchr(env->v[i], '=');
		auto_free char *name = NULL;

		if (!equals) {
			STEP(judge_nameless(&t, env->v[i], "env", i, e));
			continue;
		}
		if (!equals[1]) /* an empty value holds nothing, whatever its name */
			continue;
		name = strndup(env->v[i], (size_t)(equals - env->v[i]));
		if (!name)
			return pf_fail_sys(e, ENOMEM, "look for credentials");
		t.place = place;
		t.place.name = name;
		t.v = equals + 1;
		t.len = strlen(t.v);
		STEP(judge_variable(&t, name, e));
	}
	return 0;
}

int scan_arguments(const struct catalogue *c, const struct oci_strings *args, const char *of,
		   struct inventory *inv, struct pf_error *e)
{
	struct text t = { .c = c, .inv = inv, .place = { .type = PLACE_ARGUMENT, .of = of } };

	for (size_t i = 0; i < args->n; i++)
		STEP(judge_nameless(&t, args->v[i], "args", i, e));
	return 0;
}
