/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node policy: the file of the machine's owner. `limits' is the most that any workload may have, `defaults' what holds
 * where the workload says nothing, also by container name. A member that is spelt but not built refuses, like a key.
 */
#include <config.h>

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "config/policy_parts.h"

/* What a reader of members is given. */
struct reading {
	struct json_doc *arena;
	const char *path;      /* of the file */
	const char *container; /* NULL: it has no name */
	struct policy_node *node;
};

typedef int member_fn(const struct reading *r, const struct json *n, struct pf_error *e);

static int set_value(const struct reading *r, const struct json *n, const char *where,
		     struct policy_layer *layer, struct pf_error *e)
{
	int key = policy_key_find(n->key, strlen(n->key));
	struct policy_setting *s;

	if (key < 0)
		return policy_unknown_key(n, e);
	s = &layer->keys[key];
	STEP(policy_value_from_json(r->arena, (enum policy_key)key, n, &s->list, e));
	s->name = policy_printf(r->arena, e, "%s.%s in `%s'", where, n->key, r->path);
	if (!s->name)
		return -ENOMEM;
	s->present = true;
	s->origin = POLICY_FROM_NODE;
	return 0;
}

static int need_object(const struct json *n, struct pf_error *e)
{
	if (n->type == JSON_OBJECT)
		return 0;
	return json_fail(e, PF_ERR_POLICY, n, "is of type %s, not an object",
			 json_type_name(n->type));
}

/* `profile' alone has another shape here: the names that a workload may give. */
static int read_limit_profile(const struct reading *r, const struct json *n, struct pf_error *e)
{
	struct policy_setting *s = &r->node->limits.keys[POLICY_PROFILE];

	STEP(policy_names_from_json(r->arena, n, policy_name_check, &s->list, e));
	s->name = policy_printf(r->arena, e, "limits.profile in `%s'", r->path);
	if (!s->name)
		return -ENOMEM;
	s->present = true;
	s->origin = POLICY_FROM_NODE;
	return 0;
}

static int read_limits(const struct reading *r, const struct json *n, struct pf_error *e)
{
	STEP(need_object(n, e));
	for (const struct json *m = n->child; m; m = m->next) {
		if (strcmp(m->key, "profile") == 0)
			STEP(read_limit_profile(r, m, e));
		else
			STEP(set_value(r, m, "limits", &r->node->limits, e));
	}
	return 0;
}

static bool is_pattern(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n < 128 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-*") == n;
}

static size_t literal_length(const char *pattern)
{
	size_t n = 0;

	for (; *pattern; pattern++)
		n += *pattern != '*';
	return n;
}

/*
 * Of the patterns that match, the one with the most letters: the order of members in an object means nothing. Two of
 * the same length are refused, as no reading of them would be the obvious one.
 */
static int choose_container(const struct reading *r, const struct json *n, const struct json **ret,
			    struct pf_error *e)
{
	const struct json *best = NULL, *twin = NULL;

	for (const struct json *m = n->child; m; m = m->next) {
		if (!is_pattern(m->key))
			return json_fail(e, PF_ERR_POLICY, m,
					 "`%.80s' is no pattern of a container's name: "
					 "a-z, 0-9, `-' and `*'",
					 m->key);
		if (!r->container || fnmatch(m->key, r->container, 0) != 0)
			continue;
		if (!best || literal_length(m->key) > literal_length(best->key)) {
			best = m;
			twin = NULL;
		} else if (literal_length(m->key) == literal_length(best->key)) {
			twin = m;
		}
	}
	if (twin)
		return json_fail(e, PF_ERR_POLICY, n,
				 "`%s' and `%s' both match the container `%s': name it as a "
				 "member of its own",
				 best->key, twin->key, r->container);
	*ret = best;
	return 0;
}

static int read_container(const struct reading *r, const struct json *n, struct policy_layer *layer,
			  struct pf_error *e)
{
	STEP(need_object(n, e));
	for (const struct json *m = n->child; m; m = m->next)
		STEP(set_value(r, m, "defaults.containers", layer, e));
	return 0;
}

/* Every entry is checked, whichever container this is; one of them holds. */
static int read_containers(const struct reading *r, const struct json *n, struct pf_error *e)
{
	const struct json *chosen = NULL;

	STEP(need_object(n, e));
	STEP(choose_container(r, n, &chosen, e));
	for (const struct json *m = n->child; m; m = m->next) {
		struct policy_layer unused = { 0 };

		STEP(read_container(r, m, m == chosen ? &r->node->container : &unused, e));
	}
	return 0;
}

static int read_defaults(const struct reading *r, const struct json *n, struct pf_error *e)
{
	STEP(need_object(n, e));
	for (const struct json *m = n->child; m; m = m->next) {
		if (strcmp(m->key, "containers") == 0)
			STEP(read_containers(r, m, e));
		else
			STEP(set_value(r, m, "defaults", &r->node->defaults, e));
	}
	return 0;
}

static bool is_directory_name(const char *path)
{
	char buf[PATH_MAX];

	return pf_path_normalise(path, buf, sizeof(buf)) == 0;
}

static int read_profiles(const struct reading *r, const struct json *n, struct pf_error *e)
{
	return policy_names_from_json(r->arena, n, is_directory_name, &r->node->profiles, e);
}

static int read_permit(const struct reading *r, const struct json *n, struct pf_error *e)
{
	r->node->has_permit = true;
	return policy_names_from_json(r->arena, n, policy_permit_check, &r->node->permit, e);
}

static int read_events_dir(const struct reading *r, const struct json *n, struct pf_error *e)
{
	char buf[PATH_MAX];

	if (n->type != JSON_STRING)
		return json_fail(e, PF_ERR_POLICY, n, "is of type %s, not a string",
				 json_type_name(n->type));
	if (pf_path_normalise(n->text, buf, sizeof(buf)) < 0 || buf[1] == '\0')
		return json_fail(e, PF_ERR_POLICY, n,
				 "`%.200s' is no absolute path of a directory without `..'",
				 n->text);
	r->node->events_dir = policy_strdup(r->arena, buf, strlen(buf), e);
	return r->node->events_dir ? 0 : -ENOMEM;
}

static int read_events(const struct reading *r, const struct json *n, struct pf_error *e)
{
	STEP(need_object(n, e));
	for (const struct json *m = n->child; m; m = m->next) {
		if (strcmp(m->key, "dir") != 0)
			return json_fail(e, PF_ERR_POLICY, m, "unknown member: `dir' is known");
		STEP(read_events_dir(r, m, e));
	}
	if (!r->node->events_dir)
		return json_fail(e, PF_ERR_POLICY, n, "has no `dir': where shall records go?");
	return 0;
}

static int refuse_unbuilt(const struct reading *r, const struct json *n, struct pf_error *e)
{
	(void)r;
	return json_fail(
		e, PF_ERR_POLICY, n,
		"not built into this version of pinfold: nothing would come of it; leave it out");
}

static int refuse_misplaced(const struct reading *r, const struct json *n, struct pf_error *e)
{
	(void)r;
	return json_fail(e, PF_ERR_POLICY, n, "`%s' is a member of `defaults'", n->key);
}

static const struct member {
	const char *name;
	member_fn *read;
} members[] = {
	{ "limits", read_limits },           { "defaults", read_defaults },
	{ "profiles", read_profiles },       { "permit", read_permit },
	{ "internal", refuse_unbuilt },      { "resolvers", refuse_unbuilt },
	{ "events", read_events },           { "broker", refuse_unbuilt },
	{ "hooks.trusted", refuse_unbuilt }, { "containers", refuse_misplaced },
};

static const struct member *find_member(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

bool policy_node_is_member(const char *name)
{
	return find_member(name) != NULL;
}

static int read_member(const struct reading *r, const struct json *n, struct pf_error *e)
{
	const struct member *m = find_member(n->key);

	if (m)
		return m->read(r, n, e);
	if (policy_key_find(n->key, strlen(n->key)) >= 0)
		return json_fail(e, PF_ERR_POLICY, n,
				 "a key stands in `limits' or in `defaults' of a node policy");
	return json_fail(
		e, PF_ERR_POLICY, n,
		"unknown member `%.80s': limits, defaults, profiles, permit and events are known",
		n->key);
}

int policy_node_read(struct json_doc *arena, const struct policy_file *file, const char *container,
		     struct policy_node *ret, struct pf_error *e)
{
	const struct reading r = {
		.arena = arena,
		.path = file->path,
		.container = container,
		.node = ret,
	};
	auto_json doc = NULL;

	memset(ret, 0, sizeof(*ret));
	ret->path = policy_strdup(arena, file->path, strlen(file->path), e);
	if (!ret->path)
		return -ENOMEM;
	if (policy_json_parse(file, &doc, e) < 0)
		return pf_wrap(e, "node policy `%.200s'", file->path);
	for (const struct json *n = json_root(doc)->child; n; n = n->next)
		if (read_member(&r, n, e) < 0)
			return pf_wrap(e, "node policy `%.200s'", file->path);
	return 0;
}

int policy_profile_dirs(const struct policy_file *node, struct json_doc **ret_doc,
			struct oci_strings *ret, struct pf_error *e)
{
	struct policy_node parsed;
	auto_json arena = NULL;

	STEP(json_parse("{}", 2, NULL, &arena, e));
	STEP(policy_node_read(arena, node, NULL, &parsed, e));
	*ret = parsed.profiles;
	*ret_doc = pf_take_ptr(&arena);
	return 0;
}

int policy_events_dir(const struct policy_file *node, struct json_doc **ret_doc, const char **ret,
		      struct pf_error *e)
{
	struct policy_node parsed;
	auto_json arena = NULL;

	STEP(json_parse("{}", 2, NULL, &arena, e));
	STEP(policy_node_read(arena, node, NULL, &parsed, e));
	*ret = parsed.events_dir;
	*ret_doc = pf_take_ptr(&arena);
	return 0;
}
