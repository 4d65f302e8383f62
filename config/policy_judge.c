/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which bounds a value has: of each node policy its limit, else what its base gives; and the profile that the workload
 * names, where no node policy limits the key. Whether the value lies within one is policy_bound.c's to say.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/policy_merge.h"

static const char *bound_name(const struct policy_merge_state *m, const struct policy_setting *s,
			      struct pf_error *e)
{
	if (s->origin == POLICY_FROM_PROFILE || s->origin == POLICY_FROM_BUILTIN)
		return policy_printf(m->arena, e, "profile `%s'", s->name);
	return s->name;
}

static int judge_by_setting(const struct policy_judging *j, const struct policy_setting *s,
			    bool limit, struct pf_error *e)
{
	struct policy_bound bound = { .entries = s->list, .file = j->file, .limit = limit };

	if (!j->value->present || j->value->list.v == s->list.v)
		return 0; /* it is its own bound */
	bound.name = bound_name(j->m, s, e);
	if (!bound.name)
		return -ENOMEM;
	return policy_bound_add(j->key, j->value, &bound, e);
}

/* A key whose absence is its strictest value, and which the base does not give: nothing lies within that. */
static int judge_by_absence(const struct policy_judging *j, struct pf_error *e)
{
	struct policy_bound bound = { .file = j->file };
	const char *name = policy_keys[j->key].name;

	if (!j->value->present || policy_keys[j->key].type == POLICY_TYPE_WORD)
		return 0; /* words: the default is the strictest that is built */
	STEP(policy_strings_new(j->m->arena, 0, &bound.entries, e));
	if (j->t->profile)
		bound.name = policy_printf(j->m->arena, e,
					   "what the base of this container gives, which has "
					   "no `%s'",
					   name);
	else
		bound.name = policy_printf(j->m->arena, e,
					   "the node's defaults, which have no `%s'", name);
	if (!bound.name)
		return -ENOMEM;
	return policy_bound_add(j->key, j->value, &bound, e);
}

/* It draws a line, which a laxer `degrade' would let a host go without. */
static bool restricts(const struct policy_layer *layer)
{
	for (int k = 0; k < POLICY_KEY_COUNT_; k++) {
		enum policy_key key = (enum policy_key)k;

		if (policy_draws_line(key, &layer->keys[k]) &&
		    (policy_key_is_path(key) || policy_key_has_patterns(key) ||
		     policy_key_is_network(key)))
			return true;
	}
	return false;
}

/* No variable is dropped, no credential taken: as without the key. */
static bool is_laxest(enum policy_key word, const struct policy_setting *s)
{
	return !s->present || policy_word_rank(word, s->list.v[0]) == 0;
}

/* The word that a list makes exceptions from; POLICY_KEY_COUNT_: it is no such list. */
static enum policy_key word_of(enum policy_key list)
{
	if (list == POLICY_ENV_KEEP)
		return POLICY_ENV;
	return list == POLICY_CREDENTIALS_ALLOW ? POLICY_CREDENTIALS : POLICY_KEY_COUNT_;
}

static bool makes_exceptions(enum policy_key list)
{
	return word_of(list) != POLICY_KEY_COUNT_;
}

/* Where the bound of the word is its laxest, a list of exceptions from it has none. */
static bool is_unbounded(const struct policy_judging *j, const struct policy_setting *limit,
			 const struct policy_layer *base)
{
	enum policy_key word = word_of(j->key);

	return is_laxest(word, limit->present ? limit : &base->keys[word]);
}

/* A base that says where a container may go serves nobody outside, unless it says that too. */
static int judge_by_listen_default(const struct policy_judging *j,
				   const struct policy_setting *egress, struct pf_error *e)
{
	struct policy_setting s = { .present = true, .list = *policy_listen_default() };
	const char *by = bound_name(j->m, egress, e);

	if (!by)
		return -ENOMEM;
	s.name = policy_printf(j->m->arena, e, "the default of `listen' beside %s", by);
	return s.name ? judge_by_setting(j, &s, false, e) : -ENOMEM;
}

/*
 * The bound that a base is. What is written is also read, so where `write' has no bound that of `read' holds for it;
 * @guarded: a line is drawn that the absence of a key guards.
 */
static int judge_by_base(const struct policy_judging *j, const struct policy_layer *base,
			 bool guarded, struct pf_error *e)
{
	const struct policy_setting *s = &base->keys[j->key];

	if (j->key == POLICY_WRITE && !s->present)
		s = &base->keys[POLICY_READ];
	if (s->present)
		return judge_by_setting(j, s, false, e);
	if (j->key == POLICY_LISTEN && base->keys[POLICY_EGRESS].present)
		return judge_by_listen_default(j, &base->keys[POLICY_EGRESS], e);
	if (guarded && !policy_key_absent_is_lax(j->key))
		return judge_by_absence(j, e);
	return 0;
}

/* The first node policy gives the key, and so bounds it for both. */
static bool is_given_before(const struct policy_judging *j, const struct policy_view *v)
{
	return v != j->t->views && j->t->views[0].defaults.keys[j->key].present;
}

/* A line is drawn here, and the key is not given before. */
static bool is_guarded(const struct policy_judging *j, const struct policy_view *v)
{
	if (is_given_before(j, v))
		return false;
	return makes_exceptions(j->key) || restricts(&v->defaults) || restricts(&v->node.limits);
}

int policy_judge_by_view(const struct policy_judging *j, const struct policy_view *v,
			 struct pf_error *e)
{
	const struct policy_layer *base = v->lists_profile ? &j->t->named : &v->defaults;
	const struct policy_setting *limit = &v->node.limits.keys[j->key];

	if (makes_exceptions(j->key) &&
	    is_unbounded(j, &v->node.limits.keys[word_of(j->key)], base))
		return 0;
	if (j->key == POLICY_WRITE && !limit->present && !base->keys[POLICY_WRITE].present)
		limit = &v->node.limits.keys[POLICY_READ];
	if (limit->present)
		return judge_by_setting(j, limit, true, e);
	if (v->lists_profile)
		return 0; /* the profile's own bound is added once, for all node policies */
	if (j->key == POLICY_LISTEN && !base->keys[POLICY_LISTEN].present && is_given_before(j, v))
		return 0;
	return judge_by_base(j, base, is_guarded(j, v), e);
}

static bool is_limited(const struct policy_target *t, enum policy_key key)
{
	for (size_t i = 0; i < t->n_views; i++)
		if (t->views[i].node.limits.keys[key].present)
			return true;
	return false;
}

/* What the node policies limit a word to: the first that does. */
static const struct policy_setting *limit_of(const struct policy_target *t, enum policy_key word)
{
	for (size_t i = 0; i < t->n_views; i++)
		if (t->views[i].node.limits.keys[word].present)
			return &t->views[i].node.limits.keys[word];
	return &t->named.keys[word];
}

int policy_judge_by_named(const struct policy_judging *j, struct pf_error *e)
{
	const struct policy_target *t = j->t;

	if (!t->profile || is_limited(t, j->key))
		return 0;
	if (makes_exceptions(j->key) && is_unbounded(j, limit_of(t, word_of(j->key)), &t->named))
		return 0;
	if (j->key == POLICY_WRITE && !t->named.keys[POLICY_WRITE].present &&
	    is_limited(t, POLICY_READ))
		return 0; /* what it implies for reading is bounded by that limit */
	return judge_by_base(j, &t->named, makes_exceptions(j->key) || restricts(&t->named), e);
}

void policy_set_value(struct policy_value *value, const struct policy_setting *s)
{
	value->present = s->present;
	value->list = s->list;
	value->origin = s->origin;
	value->origin_name = s->name;
	value->from = s->from;
}

static int fail_missing(const struct policy_judging *j, const struct policy_setting *restricting,
			struct pf_error *e)
{
	const char *by = bound_name(j->m, restricting, e), *profile = j->t->profile;
	char pointer[160];

	if (!by)
		return -ENOMEM;
	policy_annotation_pointer(j->t->annotated.keys[POLICY_PROFILE].name, pointer,
				  sizeof(pointer));
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"%s: profile `%s' has no `%s', which %.120s restricts: `\"limits\": {\"profile\": [\"%s\"]}' in "
		"`%.120s' would permit it",
		pointer, profile, policy_keys[j->key].name, by, profile, j->file);
}

int policy_check_named(const struct policy_merge_state *m, const struct policy_target *t,
		       const struct policy_view *v, struct pf_error *e)
{
	for (int k = POLICY_PROFILE + 1; k < POLICY_KEY_COUNT_; k++) {
		enum policy_key key = (enum policy_key)k;
		const struct policy_setting *restricting = &v->defaults.keys[key];
		struct policy_value value = { 0 };
		const struct policy_judging j = {
			.m = m,
			.t = t,
			.key = key,
			.value = &value,
			.file = v->node.path,
		};

		if (policy_keys[key].merge == POLICY_MERGE_UNITE)
			continue;
		policy_set_value(&value, &t->named.keys[key]);
		STEP(policy_judge_by_view(&j, v, e));
		if (v->lists_profile || value.present || !policy_key_absent_is_lax(key))
			continue;
		if (policy_keys[key].merge == POLICY_MERGE_ORDERED && is_laxest(key, restricting))
			continue;
		if (restricting->present && !v->node.limits.keys[key].present)
			return fail_missing(&j, restricting, e);
	}
	return 0;
}
