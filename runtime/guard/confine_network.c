/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy says of connections, as explain and posture tell it. What it comes to is runtime/egress's to say. */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/confine_impl.h"

static const struct {
	enum policy_key key;
	const char *lost;
} keys[] = {
	{ POLICY_EGRESS, "connections go wherever the network leads" },
	{ POLICY_LISTEN, "whoever reaches the network reaches its servers" },
};

int confine_take_network(struct confine_run *run, struct pf_error *e)
{
	const struct confine_input *in = run->in;

	memcpy(run->out->unreachable, in->unreachable, sizeof(in->unreachable));
	run->out->no_network = in->no_network;
	for (size_t i = 0; in->no_network && i < ARRAY_SIZE(keys); i++)
		if (in->policy->keys[keys[i].key].present)
			STEP(confine_use_degrade(run, policy_keys[keys[i].key].name, keys[i].lost,
						 e));
	return 0;
}

const char *confine_network_mechanism(const struct confinement *c)
{
	return c->no_network ? "none" : "bpf";
}

void confine_json_network(const struct policy *policy, const struct confinement *c,
			  struct pf_buf *b)
{
	if (!policy->keys[POLICY_EGRESS].present && !policy->keys[POLICY_LISTEN].present) {
		pf_buf_puts(b, "null");
		return;
	}
	pf_buf_printf(b, "{\"mechanism\":\"%s\"", confine_network_mechanism(c));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct policy_value *value = &policy->keys[keys[i].key];

		pf_buf_printf(b, ",\"%s\":", policy_keys[keys[i].key].name);
		if (!value->present) {
			pf_buf_puts(b, "null");
			continue;
		}
		pf_buf_puts(b, "{\"entries\":");
		confine_json_strings(b, value->list.v, value->list.n);
		pf_buf_puts(b, ",\"from\":");
		pf_buf_json(b, value->origin_name ? value->origin_name : "");
		pf_buf_puts(b, "}");
	}
	pf_buf_puts(b, "}");
}
