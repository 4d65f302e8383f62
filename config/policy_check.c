/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pinfold policy check FILE': what a container would be refused for, found before there is one. A node policy is merged
 * once as it stands and once for each name in `containers', with no workload, so its defaults meet its own limits.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/policy_parts.h"

/* Profiles are other files. An empty one stands for each, so that what is said beside it is still judged. */
static int find_nothing(void *arg, const char *name, struct policy_file *ret, struct pf_error *e)
{
	(void)arg;
	(void)e;
	if (policy_profile_is_builtin(name))
		return -ENOENT;
	*ret = (struct policy_file){ .path = name, .text = "{}", .len = 2 };
	return 0;
}

static int check_node(const struct policy_file *file, const char *container, struct pf_error *e)
{
	struct oci_pair name = { .key = "io.kubernetes.cri.container-name", .value = container };
	const struct oci_config config = { .annotations = { .v = &name, .n = container ? 1 : 0 } };
	const struct policy_input in = { .node = file,
					 .find_profile = find_nothing,
					 .config = &config };
	struct policy policy;

	STEP(policy_merge(&in, &policy, e));
	policy_free(&policy);
	return 0;
}

static int check_containers(const struct policy_file *file, const struct json *containers,
			    struct pf_error *e)
{
	if (!containers || containers->type != JSON_OBJECT)
		return 0;
	/* a pattern matches itself; if one of the same length matches it too, they would quarrel over real names */
	for (const struct json *n = containers->child; n; n = n->next)
		STEP(check_node(file, n->key, e));
	return 0;
}

static int check_profile(struct json_doc *arena, const struct policy_file *file, struct pf_error *e)
{
	const struct policy_finder finder = { .arena = arena, .find = find_nothing };
	struct policy_layer layer, base;

	STEP(policy_profile_read(arena, file->path, file, &layer, e));
	if (!layer.keys[POLICY_PROFILE].present)
		return 0;
	return policy_profile_load(&finder, layer.keys[POLICY_PROFILE].list.v[0], &base, e);
}

static bool is_node_policy(const struct json *root)
{
	for (const struct json *n = root->child; n; n = n->next)
		if (policy_node_is_member(n->key))
			return true;
	return false;
}

int policy_check_file(const char *text, size_t len, const char *path, struct pf_error *e)
{
	const struct policy_file file = { .path = path, .text = text, .len = len };
	auto_json doc = NULL;

	if (policy_json_parse(&file, &doc, e) < 0)
		return pf_wrap(e, "`%.200s'", path);
	if (!is_node_policy(json_root(doc)))
		return check_profile(doc, &file, e);
	STEP(check_node(&file, NULL, e));
	return check_containers(&file, json_get(json_get(json_root(doc), "defaults"), "containers"),
				e);
}
