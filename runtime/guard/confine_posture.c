/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The posture of a container: what is active, at which ABI, by which mechanism, what the probes found, what was taken
 * and what was left out by whose leave. Kept as JSON beside the state, for `posture ID' and for other programs.
 */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/confine_impl.h"
#include "runtime/guard/credentials.h"
#include "runtime/guard/env_report.h"

static const char *const probe_names[SEAL_PROBE_COUNT_] = {
	[SEAL_PROBE_READ] = "read",
	[SEAL_PROBE_WRITE] = "write",
	[SEAL_PROBE_USERNS] = "user namespace",
	[SEAL_PROBE_PACKET] = "packet socket",
	[SEAL_PROBE_COVER] = "cover",
	[SEAL_PROBE_PROTECT] = "protect",
	[SEAL_PROBE_CONNECT] = "connect",
};

static const char *const result_names[] = {
	[SEAL_NOT_PROBED] = "not probed",
	[SEAL_DENIED] = "denied",
	[SEAL_ALLOWED] = "allowed",
};

static void put_mechanisms(const struct policy *policy, const struct confinement *c,
			   struct pf_buf *b)
{
	const char *confined = policy->confined ? "true" : "false";
	size_t covers = c->n_covers, readonly = 0;

	for (size_t i = 0; i < c->n_mounts; i++) {
		covers += c->mounts[i].covered;
		readonly += c->mounts[i].made_readonly;
	}
	pf_buf_printf(b,
		      "{\"no_new_privs\":%s,\"landlock\":%s,\"seccomp\":%s,\"covers\":%zu,"
		      "\"readonly_mounts\":%zu,\"noexec_mounts\":%zu}",
		      confined, c->abi ? "true" : "false", confined, covers, readonly, c->n_noexec);
}

static void put_keys(const struct policy *policy, const struct confinement *c, struct pf_buf *b)
{
	for (size_t k = 0; k < CONFINE_KEY_COUNT_; k++) {
		enum confine_key key = (enum confine_key)k;
		const struct policy_value *value = confine_value(policy, key);

		pf_buf_printf(b, "%s\"%s\":", k ? "," : "", confine_key_name(key));
		if (!(c->keys & CONFINE_BIT(key))) {
			pf_buf_puts(b, "null");
			continue;
		}
		pf_buf_puts(b, "{\"entries\":");
		confine_json_strings(b, value->list.v, value->list.n);
		pf_buf_puts(b, ",\"from\":");
		pf_buf_json(b, value->origin_name ? value->origin_name : "");
		pf_buf_puts(b, ",\"rules\":");
		confine_json_paths(b, c, key);
		pf_buf_puts(b, "}");
	}
}

static void put_probes(int64_t probes, struct pf_buf *b)
{
	for (size_t i = 0; i < SEAL_PROBE_COUNT_; i++) {
		uint64_t result = (uint64_t)probes >> (2 * i) & 3;

		pf_buf_printf(b, "%s\"%s\":\"%s\"", i ? "," : "", probe_names[i],
			      result < ARRAY_SIZE(result_names) ? result_names[result] : "unknown");
	}
}

static void put_taken(uint64_t caps, struct pf_buf *b)
{
	const char *comma = "";

	for (int cap = 0; cap < 64; cap++) {
		const char *name = caps & (1ull << cap) ? oci_cap_name(cap) : NULL;

		if (!name)
			continue;
		pf_buf_printf(b, "%s\"%s\"", comma, name);
		comma = ",";
	}
}

/* What the node lets a confined container keep, and which protection is void for it. */
static void put_permitted(const struct policy *policy, struct pf_buf *b)
{
	for (size_t i = 0; i < policy->permit.n; i++) {
		const char *word = policy->permit.v[i], *voids = NULL;
		const char *cap = strncmp(word, "cap:", 4) == 0 ? word + 4 : NULL;

		for (const struct confine_void_cap *v = confine_void_caps; cap && v->what; v++)
			if (strcmp(oci_cap_name(v->cap) + strlen("CAP_"), cap) == 0)
				voids = v->what;
		pf_buf_puts(b, i ? ",{\"name\":" : "{\"name\":");
		pf_buf_json(b, word);
		if (voids) {
			pf_buf_puts(b, ",\"voids\":");
			pf_buf_json(b, voids);
		}
		pf_buf_puts(b, "}");
	}
}

static void put_credentials(const struct policy *policy, const struct confinement *c,
			    struct pf_buf *b)
{
	auto_buf text = { 0 };

	if (!policy->keys[POLICY_CREDENTIALS].present || !c->credentials) {
		pf_buf_puts(b, "null");
		return;
	}
	credentials_summary(c->credentials, &text);
	pf_buf_puts(b, "{\"summary\":");
	pf_buf_json(b, text.failed ? "" : text.data);
	pf_buf_puts(b, ",");
	credentials_json(c->credentials, b);
	pf_buf_puts(b, "}");
}

static void put_environment(const struct policy *policy, const struct confinement *c,
			    struct pf_buf *b)
{
	const struct policy_value *env = &policy->keys[POLICY_ENV];

	if (!env->present) {
		pf_buf_puts(b, "null");
		return;
	}
	pf_buf_puts(b, "{\"mode\":");
	pf_buf_json(b, env->list.v[0]);
	pf_buf_puts(b, ",\"dropped\":");
	if (c->env)
		env_report_json(c->env, b);
	else
		pf_buf_puts(b, "[]");
	pf_buf_printf(b, ",\"count\":%zu}", c->env ? c->env->n : 0);
}

void confine_posture(const struct policy *policy, const struct confinement *c, int64_t probes,
		     struct pf_buf *b)
{
	pf_buf_printf(b, "{\"abi\":%d,\"profile\":", c->abi);
	if (policy->profile)
		pf_buf_json(b, policy->profile);
	else
		pf_buf_puts(b, "null");
	pf_buf_puts(b, ",\"mechanisms\":");
	put_mechanisms(policy, c, b);
	pf_buf_puts(b, ",\"landlock\":");
	confine_json_landlock(b, c);
	pf_buf_puts(b, ",\"keys\":{");
	put_keys(policy, c, b);
	pf_buf_puts(b, "},\"hide\":");
	confine_json_hide(policy, b);
	pf_buf_puts(b, ",\"protect\":");
	confine_json_protect(policy, c, b);
	pf_buf_puts(b, ",\"environment\":");
	put_environment(policy, c, b);
	pf_buf_puts(b, ",\"credentials\":");
	put_credentials(policy, c, b);
	pf_buf_puts(b, ",\"network\":");
	confine_json_network(policy, c, b);
	pf_buf_puts(b, ",\"mounts\":");
	confine_json_mounts(b, c);
	pf_buf_puts(b, ",\"covers\":");
	confine_json_covers(b, c);
	pf_buf_puts(b, ",\"noexec\":");
	confine_json_noexec(b, c);
	pf_buf_puts(b, ",\"probes\":{");
	put_probes(probes, b);
	pf_buf_puts(b, "},\"capabilities_taken\":[");
	put_taken(c->caps_taken, b);
	pf_buf_puts(b, "],\"permitted\":[");
	put_permitted(policy, b);
	pf_buf_puts(b, "],\"degraded\":");
	confine_json_degraded(b, c);
	pf_buf_puts(b, ",\"notes\":");
	confine_json_notes(b, c);
	pf_buf_puts(b, ",\"events\":{\"fs\":\"none\",\"net\":\"none\"");
	if (policy->events_dir) { /* else the record lies beside this posture */
		pf_buf_puts(b, ",\"record\":");
		pf_buf_json(b, policy->events_dir);
	}
	pf_buf_puts(b, "}}\n");
}
