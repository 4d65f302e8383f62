/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merge: node policy, profile and annotations into what one container may do. Pure; the rule it carries out is
 *
 *	base	the profile that the workload names, else the node's defaults
 *	bound	of a key: limits[key] where the node gives one, else the base's value
 *	value	the annotation's, else the base's, else (the node limits a key that nobody gives) the limit itself
 *
 * and a value outside a bound refuses the container: nothing is clipped. Where a second node policy only narrows, the
 * bounds of both hold.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/policy_merge.h"

/* A limit that is less than what holds without the key. */
static bool narrows(enum policy_key key, const struct policy_setting *limit)
{
	if (!policy_draws_line(key, limit) || !policy_key_absent_is_lax(key))
		return false;
	return policy_keys[key].type == POLICY_TYPE_LIST ||
	       policy_word_rank(key, limit->list.v[0]) > 0;
}

/* No node policy has a limit of `listen' that leaves the default out. */
static bool may_serve_loopback(const struct policy_target *t)
{
	for (size_t i = 0; i < t->n_views; i++) {
		const struct policy_setting *limit = &t->views[i].node.limits.keys[POLICY_LISTEN];

		if (limit->present &&
		    policy_judge_entry(POLICY_LISTEN, policy_listen_default()->v[0],
				       &limit->list) == POLICY_OUTSIDE)
			return false;
	}
	return true;
}

/* Where `egress' is given and `listen' is not, that has its default, or the limit that leaves the default out. */
static void choose_listen(const struct policy_target *t, const struct policy_value *egress,
			  struct policy_value *listen)
{
	if (!egress->present || listen->present || !may_serve_loopback(t))
		return;
	*listen = *egress;
	listen->list = *policy_listen_default();
	listen->n_bounds = 0;
}

/* Where the node limits a key that nobody gives, the limit is the value: absence would be more than the limit. */
static void choose_value(const struct policy_target *t, enum policy_key key, struct policy *ret)
{
	struct policy_value *value = &ret->keys[key];

	policy_set_value(value, t->annotated.keys[key].present ? &t->annotated.keys[key]
							       : &t->base.keys[key]);
	if (key == POLICY_LISTEN)
		choose_listen(t, &ret->keys[POLICY_EGRESS], value);
	for (size_t i = 0; i < t->n_views && !value->present; i++)
		if (narrows(key, &t->views[i].node.limits.keys[key]))
			policy_set_value(value, &t->views[i].node.limits.keys[key]);
}

static int merge_key(const struct policy_merge_state *m, const struct policy_target *t,
		     enum policy_key key, struct policy *ret, struct pf_error *e)
{
	struct policy_value *value = &ret->keys[key];
	struct policy_judging j = { .m = m, .t = t, .key = key, .value = value };

	choose_value(t, key, ret);
	for (size_t i = 0; i < t->n_views; i++) {
		j.file = t->views[i].node.path;
		STEP(policy_judge_by_view(&j, &t->views[i], e));
	}
	j.file = t->file;
	STEP(policy_judge_by_named(&j, e));
	return key == POLICY_EGRESS ? policy_judge_closed(&j, e) : 0;
}

/*
 * Keys that are united over the sources have no bound, as more of them is stricter: what a node says, in `limits' or in
 * `defaults', holds for every workload, whichever profile that names.
 */
static int merge_united(const struct policy_merge_state *m, const struct policy_target *t,
			struct policy *ret, struct pf_error *e)
{
	struct policy_layer all = { 0 };

	for (size_t i = 0; i < t->n_views; i++) {
		STEP(policy_layer_overlay(m->arena, &all, &t->views[i].node.limits, e));
		STEP(policy_layer_overlay(m->arena, &all, &t->views[i].defaults, e));
	}
	if (t->profile)
		STEP(policy_layer_overlay(m->arena, &all, &t->named, e));
	STEP(policy_layer_overlay(m->arena, &all, &t->annotated, e));
	for (int k = 0; k < POLICY_KEY_COUNT_; k++) {
		if (policy_keys[k].merge != POLICY_MERGE_UNITE)
			continue;
		STEP(policy_setting_tell(m->arena, &all.keys[k], e));
		policy_set_value(&ret->keys[k], &all.keys[k]);
	}
	return 0;
}

static int merge_keys(const struct policy_merge_state *m, const struct policy_target *t,
		      struct policy *ret, struct pf_error *e)
{
	for (int k = POLICY_PROFILE + 1; k < POLICY_KEY_COUNT_; k++)
		if (policy_keys[k].merge != POLICY_MERGE_UNITE)
			STEP(merge_key(m, t, (enum policy_key)k, ret, e));
	return merge_united(m, t, ret, e);
}

/* The narrowing policy may take permits away; what it asks beyond the node's is refused, not dropped. */
static int merge_permit(const struct policy_target *t, struct policy *ret, struct pf_error *e)
{
	const struct oci_strings *first, *second;

	if (t->n_views == 0)
		return 0;
	first = &t->views[0].node.permit;
	ret->permit = *first;
	if (t->n_views < 2 || !t->views[1].node.has_permit)
		return 0;
	second = &t->views[1].node.permit;
	for (size_t i = 0; i < second->n; i++)
		if (!policy_list_holds(first, second->v[i]))
			return pf_fail(
				e, PF_ERR_POLICY, 0,
				"node policy `%.120s': /permit/%zu: `%s' is not in `permit' of `%.120s', which "
				"it can only narrow",
				t->views[1].node.path, i, second->v[i], t->file);
	ret->permit = *second;
	return 0;
}

static void set_profile(const struct policy_target *t, struct policy *ret)
{
	const struct policy_setting *s = &t->annotated.keys[POLICY_PROFILE];

	if (!s->present)
		s = &t->base.keys[POLICY_PROFILE];
	if (!s->present)
		return;
	policy_set_value(&ret->keys[POLICY_PROFILE], s);
	ret->profile = s->list.v[0];
}

/* `@any' is what holds without the key. */
static bool serves_some(const struct policy_value *listen)
{
	return listen->present && !policy_list_holds(&listen->list, "@any");
}

static void summarise(struct policy *ret)
{
	for (int k = 0; k < POLICY_KEY_COUNT_; k++)
		ret->any = ret->any || ret->keys[k].present;
	ret->confined = ret->keys[POLICY_READ].present || ret->keys[POLICY_WRITE].present ||
			ret->keys[POLICY_EXEC].present || ret->keys[POLICY_HIDE].list.n > 0 ||
			ret->keys[POLICY_PROTECT].list.n > 0 || ret->keys[POLICY_EGRESS].present ||
			serves_some(&ret->keys[POLICY_LISTEN]) ||
			policy_credentials(ret) == CREDENTIALS_DECOY ||
			policy_credentials(ret) == CREDENTIALS_HIDE;
}

static int merge_container(const struct policy_merge_state *m, const char *container,
			   struct policy *ret, struct pf_error *e)
{
	struct policy_target t;

	memset(ret, 0, sizeof(*ret));
	STEP(policy_gather(m, container, &t, e));
	for (size_t i = 0; i < t.n_views && t.profile; i++)
		STEP(policy_check_named(m, &t, &t.views[i], e));
	set_profile(&t, ret);
	STEP(merge_keys(m, &t, ret, e));
	STEP(merge_permit(&t, ret, e));
	ret->node_policy = t.n_views > 0;
	ret->events_dir = t.n_views > 0 ? t.views[0].node.events_dir : NULL;
	summarise(ret);
	return 0;
}

static int set_words(const struct policy_merge_state *m, struct policy *policy, enum policy_key key,
		     const char *text, struct pf_error *e)
{
	struct policy_value *value = &policy->keys[key];

	memset(value, 0, sizeof(*value));
	value->present = true;
	value->origin = POLICY_FROM_BUILTIN;
	value->origin_name = "pause container";
	return policy_value_from_text(m->arena, key, text, &value->list, e);
}

/*
 * The pause container of a pod: its keys were made for other root filesystems, so none of their paths would be found in
 * this one: no `hide' either. It reads its own image and writes nothing. An image that carries the mark to get this
 * policy gains nothing by it: all that it opens is the image.
 */
static int make_pause(const struct policy_merge_state *m, struct policy *policy, struct pf_error *e)
{
	if (!policy->confined)
		return 0;
	memset(&policy->keys[POLICY_HIDE], 0, sizeof(policy->keys[POLICY_HIDE]));
	memset(&policy->keys[POLICY_PROTECT], 0, sizeof(policy->keys[POLICY_PROTECT]));
	STEP(set_words(m, policy, POLICY_READ, "@image", e));
	STEP(set_words(m, policy, POLICY_WRITE, "", e));
	STEP(set_words(m, policy, POLICY_CREDENTIALS, "hide", e));
	STEP(set_words(m, policy, POLICY_CREDENTIALS_ALLOW, "@none", e));
	if (policy->keys[POLICY_EGRESS].present)
		STEP(set_words(m, policy, POLICY_EGRESS, "@none", e));
	if (policy->keys[POLICY_LISTEN].present)
		STEP(set_words(m, policy, POLICY_LISTEN, "@none", e));
	if (policy->keys[POLICY_EXEC].present)
		STEP(set_words(m, policy, POLICY_EXEC, "@image", e));
	return 0;
}

/* Merge for every container that the pod's keys name, so that what would refuse one of them refuses the pod. */
static int merge_pause(const struct policy_merge_state *m, struct policy *ret, struct pf_error *e)
{
	STEP(merge_container(m, NULL, ret, e));
	for (size_t i = 0; i < m->annotations.n; i++) {
		struct policy one;

		if (!m->annotations.v[i].container)
			continue;
		STEP(merge_container(m, m->annotations.v[i].container, &one, e));
		if (one.confined && !ret->confined)
			*ret = one;
	}
	return make_pause(m, ret, e);
}

int policy_merge(const struct policy_input *in, struct policy *ret, struct pf_error *e)
{
	struct policy_merge_state m = { .in = in };
	auto_json arena = NULL;
	struct policy policy;

	if (!in->node && !in->narrowing && !policy_annotations_any(in->config)) {
		memset(ret, 0, sizeof(*ret));
		return 0;
	}
	STEP(json_parse("{}", 2, NULL, &arena, e));
	m.arena = arena;
	m.finder =
		(struct policy_finder){ .arena = arena, .find = in->find_profile, .arg = in->arg };
	STEP(policy_annotations_read(arena, in->config, &m.annotations, e));
	if (m.annotations.sandbox)
		STEP(merge_pause(&m, &policy, e));
	else
		STEP(merge_container(&m, m.annotations.container, &policy, e));
	policy.doc = pf_take_ptr(&arena);
	*ret = policy;
	return 0;
}

void policy_free(struct policy *policy)
{
	json_free(policy->doc);
	memset(policy, 0, sizeof(*policy));
}

bool policy_permits(const struct policy *policy, const char *name)
{
	return policy_list_holds(&policy->permit, name);
}

bool policy_degrades(const struct policy *policy, const char *name)
{
	return policy_list_holds(&policy->keys[POLICY_DEGRADE].list, name);
}
