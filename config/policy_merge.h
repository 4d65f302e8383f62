/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_POLICY_MERGE_H
#define PF_CONFIG_POLICY_MERGE_H

#include "config/policy_parts.h"

/*
 * The three stages of the merge of one container: policy_gather.c lays the sources side by side, policy_judge.c holds a
 * value to its bounds, policy.c chooses the values and makes the policy of them.
 */

enum { POLICY_NODES_MAX = 2 };

/* All that is known before one container of the pod is looked at. */
struct policy_merge_state {
	struct json_doc *arena;
	const struct policy_input *in;
	struct policy_annotations annotations;
	struct policy_finder finder;
};

/* One node policy as this container sees it. */
struct policy_view {
	struct policy_node node;
	struct policy_layer defaults; /* its profiles laid beneath */
	bool lists_profile;           /* limits.profile holds the profile that the workload names */
};

/* One container's merge. */
struct policy_target {
	struct policy_view views[POLICY_NODES_MAX];
	size_t n_views;
	struct policy_layer annotated, named, base;
	const char *profile; /* named by the workload; NULL: none */
	const char *file;    /* where the node's owner would permit more */
};

/* One value of one container, before its bounds. */
struct policy_judging {
	const struct policy_merge_state *m;
	const struct policy_target *t;
	enum policy_key key;
	struct policy_value *value;
	const char *file; /* where a line would permit more; NULL: there is no node policy */
};

/* policy_gather.c */
/** policy_gather() - what the workload says for the container @container, and what each node policy says to it */
int policy_gather(const struct policy_merge_state *m, const char *container,
		  struct policy_target *t, struct pf_error *e);

/** policy_setting_tell() - fill .from, which says where each entry was written */
int policy_setting_tell(struct json_doc *arena, struct policy_setting *s, struct pf_error *e);

/* policy_endpoints.c */
/** policy_judge_closed() - no entry of `egress' is about an address that is closed, unless a node's limit names it */
int policy_judge_closed(const struct policy_judging *j, struct pf_error *e);

/* policy_judge.c */
void policy_set_value(struct policy_value *value, const struct policy_setting *s);
/** policy_judge_by_view() - the bound that one node policy puts on a value */
int policy_judge_by_view(const struct policy_judging *j, const struct policy_view *v,
			 struct pf_error *e);
/** policy_judge_by_named() - the bound that the profile is which the workload named */
int policy_judge_by_named(const struct policy_judging *j, struct pf_error *e);
/**
 * policy_check_named() - the profile that the workload names, as one node policy sees it
 *
 * What it gives must lie within the bounds; and, if the node does not list it, what it does not give must not be
 * something that the node's defaults restrict.
 */
int policy_check_named(const struct policy_merge_state *m, const struct policy_target *t,
		       const struct policy_view *v, struct pf_error *e);

#endif
