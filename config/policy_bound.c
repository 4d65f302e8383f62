/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a value within a bound? Text decides only what no file tree could turn round:
 *
 *	inside		an entry that is in the bound word for word; everything, where the bound has "/"; @system
 *	outside		everything, where the bound is empty; "/" and @image, where the bound has neither;
 *			@mounts, where the bound is @image alone (it is what @image leaves out);
 *			a path that lies in none of the bound's paths, where the bound is of paths alone
 *	undecided	the rest: a path below one of the bound's (a symlink may lead out of it), a path or a token under
 *			another token (what it stands for is known at create)
 *
 * Entries of `egress' and `listen' are always decided (policy_endpoints.c). The undecided is compared by runtime/guard with what both sides resolve to. A path that only a symlink brings into a
 * bound of paths is refused: whoever writes it can write where it leads.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "config/envrules.h"
#include "config/policy_parts.h"

bool policy_entry_inside(const char *entry, const char *bound)
{
	if (entry[0] == '@' || bound[0] == '@')
		return strcmp(entry, bound) == 0;
	return pf_path_inside(entry, bound);
}

static enum policy_verdict judge_token(const char *token, const struct oci_strings *bound)
{
	if (strcmp(token, "@image") == 0)
		return POLICY_OUTSIDE;
	if (strcmp(token, "@mounts") == 0 && bound->n == 1 && strcmp(bound->v[0], "@image") == 0)
		return POLICY_OUTSIDE;
	return POLICY_UNDECIDED;
}

static enum policy_verdict judge_path(const char *path, const struct oci_strings *bound)
{
	enum policy_verdict verdict = POLICY_OUTSIDE;

	if (strcmp(path, "/") == 0)
		return POLICY_OUTSIDE;
	for (size_t i = 0; i < bound->n; i++)
		if (bound->v[i][0] == '@' || pf_path_inside(path, bound->v[i]))
			verdict = POLICY_UNDECIDED;
	return verdict;
}

static enum policy_verdict judge_variable(const char *entry, const struct oci_strings *bound)
{
	for (size_t i = 0; i < bound->n; i++)
		if (env_keep_covers(bound->v[i], entry))
			return POLICY_INSIDE;
	return POLICY_OUTSIDE;
}

enum policy_verdict policy_judge_entry(enum policy_key key, const char *entry,
				       const struct oci_strings *bound)
{
	if (policy_list_holds(bound, entry))
		return POLICY_INSIDE;
	if (key == POLICY_ENV_KEEP)
		return judge_variable(entry, bound);
	if (key == POLICY_CREDENTIALS_ALLOW)
		return policy_allow_judge(entry, bound);
	if (policy_key_is_network(key))
		return policy_endpoint_judge(key, entry, bound);
	if (!policy_key_is_path(key))
		return POLICY_OUTSIDE;
	if (strcmp(entry, "@system") == 0 || policy_list_holds(bound, "/"))
		return POLICY_INSIDE;
	if (bound->n == 0)
		return POLICY_OUTSIDE;
	return entry[0] == '@' ? judge_token(entry, bound) : judge_path(entry, bound);
}

/* Words in an order: the bound is the laxest that may be. */
static int judge_word(enum policy_key key, const struct policy_value *value,
		      const struct policy_bound *bound, struct pf_error *e)
{
	const char *word = value->list.v[0];

	if (policy_keys[key].merge != POLICY_MERGE_ORDERED)
		return 0;
	if (policy_word_rank(key, word) >= policy_word_rank(key, bound->entries.v[0]))
		return 0;
	return policy_fail_outside(key, value, bound, word, e);
}

int policy_bound_add(enum policy_key key, struct policy_value *value,
		     const struct policy_bound *bound, struct pf_error *e)
{
	bool undecided = false;

	if (policy_keys[key].type == POLICY_TYPE_WORD)
		return judge_word(key, value, bound, e);
	for (size_t i = 0; i < value->list.n; i++) {
		const char *entry = value->list.v[i];
		enum policy_verdict verdict = policy_judge_entry(key, entry, &bound->entries);

		if (verdict == POLICY_OUTSIDE)
			return policy_fail_outside(key, value, bound, entry, e);
		if (verdict == POLICY_UNDECIDED)
			undecided = true;
	}
	if (value->n_bounds == POLICY_BOUNDS_MAX)
		return pf_fail(e, PF_ERR_BUG, 0, "%s: more than %d bounds", policy_keys[key].name,
			       POLICY_BOUNDS_MAX);
	value->bounds[value->n_bounds] = *bound;
	value->bounds[value->n_bounds++].undecided = undecided;
	return 0;
}

/* Where the entry was written, for the head of a message. */
static void print_place(enum policy_key key, const struct policy_value *value, char *buf,
			size_t size)
{
	const char *name = value->origin_name ? value->origin_name : "";

	switch (value->origin) {
	case POLICY_FROM_ANNOTATION:
		policy_annotation_pointer(name, buf, size);
		break;
	case POLICY_FROM_PROFILE:
	case POLICY_FROM_BUILTIN:
		(void)snprintf(buf, size, "profile `%.63s': /%s", name, policy_keys[key].name);
		break;
	case POLICY_FROM_NODE:
	case POLICY_FROM_NOWHERE:
		(void)snprintf(buf, size, "%.120s", name);
		break;
	}
}

int policy_fail_outside(enum policy_key key, const struct policy_value *value,
			const struct policy_bound *bound, const char *entry, struct pf_error *e)
{
	const char *file = bound->file ? bound->file : POLICY_NODE_FILE;
	char place[160], list[160];

	print_place(key, value, place, sizeof(place));
	if (!bound->limit &&
	    (value->origin == POLICY_FROM_PROFILE || value->origin == POLICY_FROM_BUILTIN))
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"%s: `%.80s' lies outside %.120s: `\"limits\": {\"profile\": [\"%.63s\"]}' in `%.80s' "
			"would permit it",
			place, entry, bound->name, value->origin_name, file);
	if (policy_keys[key].type == POLICY_TYPE_WORD)
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"%s: `%.80s' lies outside %.120s, which is `%.40s': `\"limits\": {\"%s\": \"%.40s\"}' in `%.80s' would permit it",
			place, entry, bound->name, bound->entries.v[0], policy_keys[key].name,
			entry, file);
	policy_list_print(&bound->entries, list, sizeof(list));
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"%s: `%.80s' lies outside %.120s: `\"limits\": {\"%s\": [%s%s\"%.80s\"]}' in `%.80s' would permit "
		"it",
		place, entry, bound->name, policy_keys[key].name, list, list[0] ? ", " : "", entry,
		file);
}
