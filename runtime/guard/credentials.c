/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules about credentials as they are loaded, and what they make of a process: a variable that holds a credential is
 * dropped, or gets a fake value; an argument cannot be dropped without changing what the program does, so it refuses.
 */
#include <config.h>

#include "runtime/guard/credentials.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "config/envrules.h"
#include "runtime/guard/catalogue_load.h"
#include "runtime/guard/scan.h"

enum { HOOK_NAME = 48 };

static int no_memory(struct pf_error *e)
{
	return pf_fail_sys(e, ENOMEM, "judge the credentials of a container");
}

bool credentials_looks(const struct credentials *c)
{
	return c->rules.mode != CREDENTIALS_UNASKED;
}

static bool holds(const struct oci_strings *list, const char *entry)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], entry) == 0)
			return true;
	return false;
}

/* The text of the policy could not say whether a kind is within a class: a catalogue was needed. */
static bool is_within(const struct credential_allow *a, const char *entry,
		      const struct oci_strings *bound)
{
	char class[64];

	if (a->type != CREDENTIAL_ALLOW_KIND || holds(bound, entry))
		return true;
	(void)snprintf(class, sizeof(class), "class:%s", credential_class_name(a->kind->class));
	return holds(bound, class);
}

static int check_bounds(const struct credentials *c, size_t i, struct pf_error *e)
{
	const char *entry = c->rules.allow.v[i];

	for (size_t b = 0; c->value && b < c->value->n_bounds; b++)
		if (!is_within(&c->allow[i], entry, &c->value->bounds[b].entries))
			return policy_fail_outside(POLICY_CREDENTIALS_ALLOW, c->value,
						   &c->value->bounds[b], entry, e);
	return 0;
}

static int read_allow(struct credentials *c, struct pf_error *e)
{
	const struct oci_strings *list = &c->rules.allow;

	c->allow = calloc(list->n + 1, sizeof(*c->allow));
	c->resolved = calloc(list->n + 1, sizeof(*c->resolved));
	if (!c->allow || !c->resolved)
		return no_memory(e);
	for (size_t i = 0; i < list->n; i++) {
		if (catalogue_allow_read(&c->catalogue, list->v[i], &c->allow[i], e) < 0)
			return pf_wrap(e, "credentials.allow%s%s",
				       c->value && c->value->origin_name ? " of " : "",
				       c->value && c->value->origin_name ? c->value->origin_name
									 : "");
		STEP(check_bounds(c, i, e));
	}
	return 0;
}

static int load(struct credentials *c, struct pf_error *e)
{
	STEP(catalogue_load_host(&c->catalogue, e));
	c->loaded = true;
	if (c->rules.mode == CREDENTIALS_DECOY &&
	    getrandom(&c->seed, sizeof(c->seed), 0) != (ssize_t)sizeof(c->seed))
		return pf_fail_sys(e, errno, "draw random numbers for decoys");
	return read_allow(c, e);
}

int credentials_begin(struct credentials *c, const struct policy *policy, struct pf_error *e)
{
	const struct policy_value *scan = &policy->keys[POLICY_CREDENTIALS_SCAN];

	c->view.root_fd = -EBADF;
	c->rules.mode = policy_credentials(policy);
	if (!credentials_looks(c))
		return 0;
	c->value = &policy->keys[POLICY_CREDENTIALS_ALLOW];
	c->rules.allow = c->value->list;
	c->deep = scan->present && strcmp(scan->list.v[0], "deep") == 0;
	return load(c, e);
}

int credentials_resume(struct credentials *c, const struct credentials_rules *rules,
		       struct pf_error *e)
{
	c->view.root_fd = -EBADF;
	if (rules->mode <= CREDENTIALS_AUDIT)
		return 0;
	c->rules = *rules;
	return load(c, e);
}

void credentials_free(struct credentials *c)
{
	inventory_free(&c->inv);
	if (c->view.root_fd >= 0)
		view_free(&c->view);
	for (size_t i = 0; c->resolved && i < c->rules.allow.n; i++)
		free(c->resolved[i]);
	free(c->resolved);
	free(c->allow);
	if (c->loaded)
		catalogue_free(&c->catalogue);
	*c = (struct credentials){ .view = { .root_fd = -EBADF } };
}

/* ---- a process */

static bool is_at(const struct place *p, const char *name, const char *of)
{
	return p->type == PLACE_VARIABLE && strcmp(p->name, name) == 0 && strcmp(p->of, of) == 0;
}

/* What becomes of a variable: the strictest verdict of all that it was found to be. */
static const struct finding *verdict_of(const struct credentials *c, const char *name,
					const char *of)
{
	const struct finding *ret = NULL;

	for (size_t i = 0; i < c->inv.n; i++) {
		const struct finding *f = &c->inv.v[i];

		for (size_t p = 0; p < f->n_places; p++)
			if (is_at(&f->places[p], name, of) && (!ret || f->verdict > ret->verdict))
				ret = f;
	}
	return ret;
}

/* "NAME=fake"; the arena's. */
static char *fake(struct credentials *c, const struct credential_kind *kind, const char *name,
		  struct json_doc *arena)
{
	auto_buf b = { 0 };
	char *ret;

	pf_buf_puts(&b, name);
	pf_buf_puts(&b, "=");
	catalogue_fake_value(kind, &c->seed, &b);
	ret = b.failed ? NULL : json_alloc(arena, b.len + 1);
	if (ret)
		memcpy(ret, b.data, b.len + 1);
	return ret;
}

static int name_of(const char *entry, size_t i, char **ret)
{
	size_t len = strcspn(entry, "=");

	if (entry[len])
		*ret = strndup(entry, len);
	else if (asprintf(ret, "env[%zu]", i) < 0)
		*ret = NULL;
	return *ret ? 0 : -ENOMEM;
}

/* The list is the arena's or the caller's own words: a new one takes its place. */
static int carry_out(struct credentials *c, struct json_doc *arena, struct oci_strings *env,
		     const char *of, struct pf_error *e)
{
	char **v = json_alloc(arena, (env->n + 1) * sizeof(*v));
	size_t n = 0;

	if (!v)
		return no_memory(e);
	for (size_t i = 0; i < env->n; i++) {
		auto_free char *name = NULL;
		const struct finding *f;

		if (name_of(env->v[i], i, &name) < 0)
			return no_memory(e);
		f = verdict_of(c, name, of);
		if (f && f->verdict == VERDICT_DROPPED)
			continue;
		v[n] = f && f->verdict == VERDICT_DECOYED ? fake(c, f->kind, name, arena)
							  : env->v[i];
		if (!v[n++])
			return no_memory(e);
	}
	v[n] = NULL;
	*env = (struct oci_strings){ v, n };
	return 0;
}

int credentials_take_env(struct credentials *c, struct json_doc *arena, struct oci_strings *env,
			 const struct oci_strings *args, const char *of, struct pf_error *e)
{
	if (!credentials_looks(c))
		return 0;
	STEP(scan_environment(&c->catalogue, env, of, &c->inv, e));
	STEP(scan_arguments(&c->catalogue, args, of, &c->inv, e));
	STEP(inventory_mask(&c->inv, &c->catalogue, e));
	credentials_decide(c);
	return c->inv.n ? carry_out(c, arena, env, of, e) : 0;
}

static bool is_taken(const struct finding *f)
{
	return f->verdict == VERDICT_DROPPED || f->verdict == VERDICT_DECOYED;
}

int credentials_tell(const struct credentials *c, struct json_doc *arena,
		     struct credentials_rules *rules, struct pf_error *e)
{
	size_t n = 0;
	char **v;

	if (c->inv.n == 0)
		return 0;
	v = json_alloc(arena, (c->inv.n_places + 1) * sizeof(*v));
	for (size_t i = 0; v && i < c->inv.n; i++) {
		const struct finding *f = &c->inv.v[i];

		for (size_t p = 0; is_taken(f) && p < f->n_places; p++) {
			const char *name = f->places[p].name;
			struct oci_strings before = { v, n };

			if (n >= ENV_TOLD_MAX || f->places[p].shown ||
			    f->places[p].type != PLACE_VARIABLE || holds(&before, name))
				continue;
			v[n] = json_alloc(arena, strlen(name) + 1);
			if (!v[n])
				return no_memory(e);
			memcpy(v[n], name, strlen(name) + 1);
			n++;
		}
	}
	rules->told = (struct oci_strings){ v, n };
	return v ? 0 : no_memory(e);
}

int credentials_take_config(struct credentials *c, struct oci_config *config,
			    struct json_doc *arena, struct pf_error *e)
{
	struct oci_process *p = &config->process;

	if (!credentials_looks(c))
		return 0;
	STEP(credentials_take_env(c, arena, &p->env, &p->args, "process", e));
	for (size_t i = 0; i < config->start_container.n; i++) {
		struct oci_hook *hook = &config->start_container.v[i];
		char *of = json_alloc(arena, HOOK_NAME);

		if (!of)
			return no_memory(e);
		(void)snprintf(of, HOOK_NAME, "startContainer hook %zu", i);
		STEP(credentials_take_env(c, arena, &hook->env, &hook->args, of, e));
	}
	/* `deny' waits for the tree, so that its refusal names everything at once */
	return c->tells || c->rules.mode == CREDENTIALS_DENY ? 0 : credentials_refuse(c, e);
}
