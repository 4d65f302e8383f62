/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What in an environment leads a credential elsewhere. Of a value no more than scheme, host and port is kept, and only
 * where it is plainly a URL; the name says the rest.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/audit_collect.h"

static int compare(const struct audit_redirect *x, const struct audit_redirect *y)
{
	int r = (int)x->rule->what - (int)y->rule->what;

	if (r == 0)
		r = strcmp(x->name, y->name);
	if (r == 0)
		r = strcmp(x->of, y->of);
	return r ? r : strcmp(x->to ? x->to : "", y->to ? y->to : "");
}

/* In their order: processes are met in whichever the kernel lists them. */
static void add(struct audit *a, struct audit_container *c, const struct audit_redirect *r)
{
	struct audit_redirect *more;
	size_t i = c->n_redirects;

	for (size_t k = 0; k < c->n_redirects; k++)
		if (compare(&c->redirects[k], r) == 0)
			return;
	if (c->n_redirects == AUDIT_REDIRECTS_MAX) {
		inventory_incomplete(&c->inventory, "more than %d variables lead elsewhere",
				     AUDIT_REDIRECTS_MAX);
		return;
	}
	more = reallocarray(c->redirects, c->n_redirects + 1, sizeof(*more));
	if (!more) {
		a->failed = true;
		return;
	}
	c->redirects = more;
	for (; i > 0 && compare(&more[i - 1], r) > 0; i--)
		more[i] = more[i - 1];
	more[i] = *r;
	c->n_redirects++;
}

void audit_redirects(struct audit *a, struct audit_container *c, const struct oci_strings *env,
		     const char *of)
{
	for (size_t i = 0; i < env->n; i++) {
		const char *equals = strchr(env->v[i], '=');
		struct audit_redirect r = { .of = of };
		char to[REDIRECT_TARGET_SIZE];
		auto_free char *name = NULL;

		if (!equals)
			continue;
		name = strndup(env->v[i], (size_t)(equals - env->v[i]));
		if (!name) {
			a->failed = true;
			return;
		}
		r.rule = redirect_find(name, equals + 1);
		if (!r.rule)
			continue;
		if (r.rule->what != REDIRECT_TRUST && redirect_target(equals + 1, to))
			r.to = audit_printf(a, "%s", to);
		r.name = audit_printf(a, "%s", name);
		add(a, c, &r);
	}
}
