/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys about the network, `egress' and `listen': is an entry well-formed, does it lie within a bound, and what holds
 * where a policy says the one and not the other. The grammar itself is in endpoint.h; text decides all of it, so nothing
 * is left to runtime/guard to compare.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "config/endpoint.h"
#include "config/policy_merge.h"

static int read_entry(enum policy_key key, const char *entry, struct endpoint *ret,
		      struct pf_error *e)
{
	return key == POLICY_LISTEN ? endpoint_parse_listen(entry, strlen(entry), ret, e)
				    : endpoint_parse(entry, strlen(entry), ret, e);
}

int policy_endpoint_check(enum policy_key key, const char *entry, char *buf, struct pf_error *e)
{
	struct endpoint ep;

	STEP(read_entry(key, entry, &ep, e));
	endpoint_print(&ep, buf);
	return 0;
}

/* ---- within a bound */

static bool is_within_one(enum policy_key key, const struct endpoint *entry,
			  const struct oci_strings *bound)
{
	struct pf_error ignored = PF_ERROR_INIT;
	struct endpoint b;

	for (size_t i = 0; i < bound->n; i++)
		if (read_entry(key, bound->v[i], &b, &ignored) == 0 && endpoint_covers(&b, entry))
			return true;
	return false;
}

/* What is tcp and udp may be bounded by two lines, one for each. */
static bool is_within(enum policy_key key, const struct endpoint *entry,
		      const struct oci_strings *bound)
{
	struct endpoint half = *entry;

	if (is_within_one(key, entry, bound))
		return true;
	if (entry->scheme != ENDPOINT_ANY ||
	    (entry->kind != ENDPOINT_ADDRESS && entry->kind != ENDPOINT_PORTS))
		return false;
	half.scheme = ENDPOINT_TCP;
	if (!is_within_one(key, &half, bound))
		return false;
	half.scheme = ENDPOINT_UDP;
	return is_within_one(key, &half, bound);
}

/* Each name of a set may lie within another line. */
static bool is_set_within(const struct endpoint *entry, const struct oci_strings *bound)
{
	struct endpoint_member m;
	size_t n = 0;

	for (size_t at = 0; endpoint_set_next(entry->name, &at, &m); n++)
		if (!is_within(POLICY_EGRESS, &m.endpoint, bound))
			return false;
	return n > 0;
}

enum policy_verdict policy_endpoint_judge(enum policy_key key, const char *entry,
					  const struct oci_strings *bound)
{
	struct pf_error ignored = PF_ERROR_INIT;
	struct endpoint ep;
	bool inside;

	if (read_entry(key, entry, &ep, &ignored) < 0)
		return POLICY_OUTSIDE;
	inside = ep.kind == ENDPOINT_SET ? is_set_within(&ep, bound) : is_within(key, &ep, bound);
	return inside ? POLICY_INSIDE : POLICY_OUTSIDE;
}

/* ---- what is closed whatever a list says */

static bool is_limited_to(const struct policy_target *t, const char *entry)
{
	for (size_t i = 0; i < t->n_views; i++) {
		const struct policy_setting *limit = &t->views[i].node.limits.keys[POLICY_EGRESS];

		if (limit->present &&
		    policy_endpoint_judge(POLICY_EGRESS, entry, &limit->list) == POLICY_INSIDE)
			return true;
	}
	return false;
}

static int fail_closed(const struct policy_judging *j, const char *entry, const char *why,
		       struct pf_error *e)
{
	struct policy_bound bound = { .file = j->file, .limit = true };

	STEP(policy_strings_new(j->m->arena, 0, &bound.entries, e));
	if (j->t->n_views > 0)
		bound.entries = j->t->views[0].node.limits.keys[POLICY_EGRESS].list;
	bound.name = policy_printf(j->m->arena, e,
				   "what is open without a limit that names it (%s)", why);
	return bound.name ? policy_fail_outside(j->key, j->value, &bound, entry, e) : -ENOMEM;
}

int policy_judge_closed(const struct policy_judging *j, struct pf_error *e)
{
	struct pf_error ignored = PF_ERROR_INIT;

	for (size_t i = 0; i < j->value->list.n; i++) {
		const char *entry = j->value->list.v[i];
		const struct endpoint_range *range;
		struct endpoint ep;

		if (read_entry(POLICY_EGRESS, entry, &ep, &ignored) < 0)
			continue;
		range = endpoint_closed(&ep);
		if (range && !is_limited_to(j->t, entry))
			return fail_closed(j, entry, range->why, e);
	}
	return 0;
}

/* ---- who says where it may go, and not who may come */

const struct oci_strings *policy_listen_default(void)
{
	static char loopback[] = "@loopback";
	static char *list[] = { loopback, NULL };
	static const struct oci_strings ret = { list, 1 };

	return &ret;
}

bool policy_draws_line(enum policy_key key, const struct policy_setting *s)
{
	return s->present && !(policy_key_is_network(key) && policy_list_holds(&s->list, "@any"));
}
