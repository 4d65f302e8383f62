/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles: named sets of values. A file of the node's directories comes first, so that a node can replace a built-in
 * one; a file may lie over one other profile, its base. Built-in profiles hold exactly what this version enforces.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/policy_parts.h"

struct builtin {
	const char *name;
	const char *values[POLICY_KEY_COUNT_]; /* as in an annotation; NULL: absent */
	const char *pending;                   /* what joins them when it is built; NULL: nothing */
};

#define LATER   "egress, listen"
#define DEGRADE "landlock.truncate landlock.ioctl landlock.scope landlock.unix"

/*
 * What joins them is in .pending, and explain says so: a list of addresses alone would take an agent's network away, so
 * `egress' and `listen' come to them with names. `audit' changes nothing that a workload can notice; what it adds
 * is reports.
 */
static const struct builtin builtins[] = {
	{
		.name = "agent",
		.values = {
			[POLICY_READ] = "@image @cwd @home @tmp",
			[POLICY_WRITE] = "@cwd @home @tmp",
			[POLICY_PROTECT] = "@agent-control",
			[POLICY_CREDENTIALS] = "hide",
			[POLICY_CREDENTIALS_ALLOW] = "class:model",
			[POLICY_ENV] = "scrub",
			[POLICY_DEGRADE] = DEGRADE,
		},
		.pending = LATER ", brief",
	},
	{
		.name = "ci",
		.values = {
			[POLICY_READ] = "@image @mounts @home @tmp",
			[POLICY_WRITE] = "@mounts @home @tmp",
			[POLICY_PROTECT] = "@agent-control",
			[POLICY_CREDENTIALS] = "hide",
			[POLICY_CREDENTIALS_ALLOW] = "@none",
			[POLICY_ENV] = "scrub",
			[POLICY_DEGRADE] = DEGRADE,
		},
		.pending = LATER,
	},
	{
		.name = "offline",
		.values = {
			[POLICY_READ] = "@image @cwd @home @tmp",
			[POLICY_WRITE] = "@cwd @home @tmp",
			[POLICY_PROTECT] = "@agent-control",
			[POLICY_CREDENTIALS] = "hide",
			[POLICY_CREDENTIALS_ALLOW] = "@none",
			[POLICY_ENV] = "scrub",
			[POLICY_DEGRADE] = DEGRADE,
		},
		.pending = LATER,
	},
	{ .name = "audit", .values = { [POLICY_CREDENTIALS] = "audit" } },
};

static const struct builtin *find_builtin(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtins); i++)
		if (strcmp(builtins[i].name, name) == 0)
			return &builtins[i];
	return NULL;
}

bool policy_profile_is_builtin(const char *name)
{
	return find_builtin(name) != NULL;
}

const char *policy_profile_pending(const char *name)
{
	const struct builtin *b = find_builtin(name);

	return b ? b->pending : NULL;
}

static int set_builtin(struct json_doc *arena, const struct builtin *b, enum policy_key key,
		       struct policy_layer *ret, struct pf_error *e)
{
	const char *text = b->values[key];
	struct policy_setting *s = &ret->keys[key];

	if (!text || !policy_keys[key].built)
		return 0;
	s->present = true;
	s->origin = POLICY_FROM_BUILTIN;
	s->name = b->name;
	return policy_value_from_text(arena, key, text, &s->list, e);
}

static int load_builtin(struct json_doc *arena, const char *name, struct policy_layer *ret,
			struct pf_error *e)
{
	const struct builtin *b = find_builtin(name);

	memset(ret, 0, sizeof(*ret));
	if (!b)
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"profile `%s' is neither a file of the node's profile directories nor built in",
			name);
	for (int k = 0; k < POLICY_KEY_COUNT_; k++)
		STEP(set_builtin(arena, b, (enum policy_key)k, ret, e));
	return 0;
}

static int read_members(struct json_doc *arena, const char *name, const struct json *root,
			struct policy_layer *ret, struct pf_error *e)
{
	for (const struct json *n = root->child; n; n = n->next) {
		int key = policy_key_find(n->key, strlen(n->key));
		struct policy_setting *s;

		if (key < 0)
			return policy_unknown_key(n, e);
		s = &ret->keys[key];
		STEP(policy_value_from_json(arena, (enum policy_key)key, n, &s->list, e));
		s->present = true;
		s->origin = POLICY_FROM_PROFILE;
		s->name = name;
	}
	return 0;
}

int policy_profile_read(struct json_doc *arena, const char *name, const struct policy_file *file,
			struct policy_layer *ret, struct pf_error *e)
{
	auto_json doc = NULL;

	memset(ret, 0, sizeof(*ret));
	if (policy_json_parse(file, &doc, e) < 0 ||
	    read_members(arena, name, json_root(doc), ret, e) < 0)
		return pf_wrap(e, "profile `%.200s'", file->path);
	return 0;
}

/* The profiles on the way from the one that was asked for to the one being loaded. */
struct chain {
	const struct chain *above;
	const char *name;
	unsigned int depth;
};

static int check_chain(const struct chain *link, struct pf_error *e)
{
	if (link->depth > POLICY_PROFILE_DEPTH)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "profile `%s': more than %d profiles lie over each other",
			       link->name, POLICY_PROFILE_DEPTH);
	for (const struct chain *c = link->above; c; c = c->above)
		if (strcmp(c->name, link->name) == 0)
			return pf_fail(e, PF_ERR_POLICY, 0,
				       "/profile: profile `%s' is its own base (by way of `%s')",
				       link->name, link->above->name);
	return 0;
}

static int load_link(const struct policy_finder *finder, const struct chain *link,
		     struct policy_layer *ret, struct pf_error *e)
{
	struct policy_file file = { 0 };
	struct chain base = { .above = link, .depth = link->depth + 1 };
	struct policy_layer own;
	struct pf_error lookup = PF_ERROR_INIT;
	int err = -ENOENT;

	STEP(check_chain(link, e));
	if (finder->find)
		err = finder->find(finder->arg, link->name, &file, &lookup);
	if (err == -ENOENT)
		return load_builtin(finder->arena, link->name, ret, e);
	if (err < 0) {
		*e = lookup;
		return err;
	}
	STEP(policy_profile_read(finder->arena, link->name, &file, &own, e));
	if (!own.keys[POLICY_PROFILE].present) {
		*ret = own;
		return 0;
	}
	base.name = own.keys[POLICY_PROFILE].list.v[0];
	err = load_link(finder, &base, ret, e);
	if (err <
	    0) /* the outermost file is where to start looking; the innermost says what is wrong */
		return link->above ? err : pf_wrap(e, "profile `%.200s'", file.path);
	return policy_layer_overlay(finder->arena, ret, &own, e);
}

int policy_profile_load(const struct policy_finder *finder, const char *name,
			struct policy_layer *ret, struct pf_error *e)
{
	const struct chain first = { .above = NULL, .name = name, .depth = 1 };
	int err = load_link(finder, &first, ret, e);

	/* the base that a file names is no value of the profile itself */
	memset(&ret->keys[POLICY_PROFILE], 0, sizeof(ret->keys[POLICY_PROFILE]));
	return err;
}
