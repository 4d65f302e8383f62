/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sources of one container's policy, side by side: what its annotations say, the profile that they name, and each
 * node policy with its own profiles laid beneath. Nothing is judged yet.
 */
#include <config.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/policy_merge.h"

static const char *origin_text(struct json_doc *arena, const struct policy_setting *s,
			       struct pf_error *e)
{
	switch (s->origin) {
	case POLICY_FROM_ANNOTATION:
		return policy_printf(arena, e, "annotation %s", s->name);
	case POLICY_FROM_PROFILE:
		return policy_printf(arena, e, "profile %s", s->name);
	case POLICY_FROM_BUILTIN:
		return policy_printf(arena, e, "built-in profile %s", s->name);
	case POLICY_FROM_NODE:
	case POLICY_FROM_NOWHERE:
		break;
	}
	return s->name ? s->name : "default";
}

int policy_setting_tell(struct json_doc *arena, struct policy_setting *s, struct pf_error *e)
{
	const char *text;

	if (s->from.n == s->list.n)
		return 0;
	text = origin_text(arena, s, e);
	if (!text)
		return -ENOMEM;
	STEP(policy_strings_new(arena, s->list.n, &s->from, e));
	for (; s->from.n < s->list.n; s->from.n++)
		s->from.v[s->from.n] = (char *)(uintptr_t)text;
	return 0;
}

/* An entry that two sources give is kept once, as the first one's. */
static int unite(struct json_doc *arena, struct policy_setting *dst,
		 const struct policy_setting *src, struct pf_error *e)
{
	struct policy_setting more = *src, all = *src;

	STEP(policy_setting_tell(arena, dst, e));
	STEP(policy_setting_tell(arena, &more, e));
	STEP(policy_strings_new(arena, dst->list.n + src->list.n, &all.list, e));
	STEP(policy_strings_new(arena, dst->list.n + src->list.n, &all.from, e));
	for (size_t i = 0; i < dst->list.n + more.list.n; i++) {
		const struct policy_setting *s = i < dst->list.n ? dst : &more;
		size_t at = i < dst->list.n ? i : i - dst->list.n;

		if (s == &more && policy_list_holds(&dst->list, more.list.v[at]))
			continue;
		all.list.v[all.list.n++] = s->list.v[at];
		all.from.v[all.from.n++] = s->from.v[at];
	}
	*dst = all;
	return 0;
}

int policy_layer_overlay(struct json_doc *arena, struct policy_layer *dst,
			 const struct policy_layer *src, struct pf_error *e)
{
	for (int k = 0; k < POLICY_KEY_COUNT_; k++) {
		if (!src->keys[k].present)
			continue;
		if (policy_keys[k].merge == POLICY_MERGE_UNITE && dst->keys[k].present)
			STEP(unite(arena, &dst->keys[k], &src->keys[k], e));
		else
			dst->keys[k] = src->keys[k];
	}
	return 0;
}

/* A profile and, over it, what was written beside its name. */
static int overlay_with_profile(const struct policy_merge_state *m, struct policy_layer *dst,
				const struct policy_layer *written, struct pf_error *e)
{
	const struct policy_setting *profile = &written->keys[POLICY_PROFILE];
	struct policy_layer beneath;

	if (profile->present) {
		if (policy_profile_load(&m->finder, profile->list.v[0], &beneath, e) < 0)
			return pf_wrap(e, "%.200s", profile->name);
		STEP(policy_layer_overlay(m->arena, dst, &beneath, e));
	}
	return policy_layer_overlay(m->arena, dst, written, e);
}

static int add_view(const struct policy_merge_state *m, const struct policy_file *file,
		    const char *container, struct policy_target *t, struct pf_error *e)
{
	struct policy_view *v = &t->views[t->n_views];

	if (!file)
		return 0;
	STEP(policy_node_read(m->arena, file, container, &v->node, e));
	STEP(overlay_with_profile(m, &v->defaults, &v->node.defaults, e));
	STEP(overlay_with_profile(m, &v->defaults, &v->node.container, e));
	v->lists_profile = t->profile &&
			   policy_list_holds(&v->node.limits.keys[POLICY_PROFILE].list, t->profile);
	if (t->n_views++ == 0)
		t->file = v->node.path;
	else if (v->node.profiles.n > 0)
		/* else a name that the node's limits.profile trusts could be given another content */
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"node policy `%.200s': /profiles: only `%.200s' may name profile directories",
			file->path, t->file);
	else if (v->node.events_dir)
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"node policy `%.200s': /events: only `%.200s' may say where records of events go",
			file->path, t->file);
	return 0;
}

int policy_gather(const struct policy_merge_state *m, const char *container,
		  struct policy_target *t, struct pf_error *e)
{
	const struct policy_setting *profile = &t->annotated.keys[POLICY_PROFILE];
	char pointer[160];

	memset(t, 0, sizeof(*t));
	policy_annotations_pick(&m->annotations, container, &t->annotated);
	if (profile->present)
		t->profile = profile->list.v[0];
	STEP(add_view(m, m->in->node, container, t, e));
	STEP(add_view(m, m->in->narrowing, container, t, e));
	if (!t->profile) {
		for (size_t i = 0; i < t->n_views; i++)
			STEP(policy_layer_overlay(m->arena, &t->base, &t->views[i].defaults, e));
		return 0;
	}
	if (policy_profile_load(&m->finder, t->profile, &t->named, e) < 0) {
		policy_annotation_pointer(profile->name, pointer, sizeof(pointer));
		return pf_wrap(e, "%s", pointer);
	}
	t->base = t->named;
	return 0;
}
