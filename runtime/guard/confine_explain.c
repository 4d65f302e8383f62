/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The effective policy, printed: where each key came from, what each entry opens, what became of each mount. The text
 * is for people, the JSON for programs; both say the same.
 */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/confine_impl.h"
#include "runtime/guard/credentials.h"
#include "runtime/guard/env_report.h"

static void put_origin(const struct policy_value *value, struct pf_buf *b)
{
	const char *name = value->origin_name ? value->origin_name : "";

	switch (value->origin) {
	case POLICY_FROM_ANNOTATION:
		pf_buf_puts(b, "annotation ");
		break;
	case POLICY_FROM_PROFILE:
		pf_buf_puts(b, "profile ");
		break;
	case POLICY_FROM_BUILTIN:
		pf_buf_puts(b, "built-in profile ");
		break;
	case POLICY_FROM_NODE:
		break;
	case POLICY_FROM_NOWHERE:
		pf_buf_puts(b, "default");
		break;
	}
	pf_buf_printable(b, name);
}

static void put_list(const struct oci_strings *list, struct pf_buf *b)
{
	for (size_t i = 0; i < list->n; i++) {
		pf_buf_puts(b, i ? " " : "");
		pf_buf_printable(b, list->v[i]);
	}
	if (list->n == 0)
		pf_buf_puts(b, "nothing");
}

static void put_path(const struct confine_path *p, struct pf_buf *b)
{
	pf_buf_puts(b, "    ");
	if (p->is_image) {
		pf_buf_puts(b, "/ without the mounts in it");
	} else {
		pf_buf_printable(b, p->path);
		if (p->is_dir && strcmp(p->path, "/") != 0)
			pf_buf_puts(b, "/");
	}
	pf_buf_puts(b, "\n");
}

/* One entry and what it opened. Entries of a key follow one another in paths[], @system last. */
static void put_entry(const struct confinement *c, enum confine_key key, const char *entry,
		      struct pf_buf *b)
{
	size_t n = 0;

	pf_buf_puts(b, "  ");
	pf_buf_printable(b, entry);
	pf_buf_puts(b, "\n");
	for (size_t i = 0; i < c->n_paths; i++) {
		if (c->paths[i].key != key || strcmp(c->paths[i].entry, entry) != 0)
			continue;
		put_path(&c->paths[i], b);
		n++;
	}
	if (n == 0)
		pf_buf_puts(b, "    nothing\n");
}

static const char *absent_key(const struct confinement *c, enum confine_key key)
{
	if (key == CONFINE_EXEC && (c->keys & CONFINE_BIT(CONFINE_READ)))
		return "whatever may be read";
	return "not confined";
}

static void put_head(const char *name, const struct policy_value *value, struct pf_buf *b)
{
	pf_buf_printf(b, "%s: from ", name);
	put_origin(value, b);
	pf_buf_puts(b, "\n");
	for (size_t i = 0; i < value->n_bounds; i++) {
		pf_buf_puts(b, "  within ");
		pf_buf_printable(b, value->bounds[i].name ? value->bounds[i].name : "its bound");
		pf_buf_puts(b, ": ");
		put_list(&value->bounds[i].entries, b);
		pf_buf_puts(b, "\n");
	}
}

static void put_env(const struct policy *policy, const struct confinement *c, struct pf_buf *b)
{
	const struct policy_value *env = &policy->keys[POLICY_ENV];
	const struct policy_value *keep = &policy->keys[POLICY_ENV_KEEP];

	if (env->present) {
		put_head("env", env, b);
		pf_buf_printf(b, "  %s\n", env->list.v[0]);
	} else {
		pf_buf_puts(b, "env: kept as it is\n");
	}
	if (c->env)
		env_report_lines(c->env, b);
	if (!keep->present)
		return;
	put_head("env.keep", keep, b);
	pf_buf_puts(b, "  ");
	put_list(&keep->list, b);
	pf_buf_puts(b, "\n");
}

static void put_network(const struct policy *policy, const struct confinement *c,
			enum policy_key key, const char *absent, struct pf_buf *b)
{
	const struct policy_value *value = &policy->keys[key];

	if (!value->present) {
		pf_buf_printf(b, "%s: %s\n", policy_keys[key].name, absent);
		return;
	}
	put_head(policy_keys[key].name, value, b);
	for (size_t i = 0; i < value->list.n; i++) {
		pf_buf_puts(b, "  ");
		pf_buf_printable(b, value->list.v[i]);
		pf_buf_puts(b, "\n");
	}
	if (value->list.n == 0)
		pf_buf_puts(b, "  nothing\n");
	pf_buf_printf(b, "  mechanism: %s\n", confine_network_mechanism(c));
}

static void put_credentials(const struct policy *policy, const struct confinement *c,
			    struct pf_buf *b)
{
	const struct policy_value *mode = &policy->keys[POLICY_CREDENTIALS];
	const struct policy_value *allow = &policy->keys[POLICY_CREDENTIALS_ALLOW];
	const struct policy_value *scan = &policy->keys[POLICY_CREDENTIALS_SCAN];

	if (mode->present) {
		put_head("credentials", mode, b);
		pf_buf_puts(b, "  ");
		if (c->credentials)
			credentials_summary(c->credentials, b);
		else
			pf_buf_puts(b, mode->list.v[0]);
		pf_buf_puts(b, "\n");
		if (c->credentials)
			credentials_lines(c->credentials, b);
	} else {
		pf_buf_puts(b, "credentials: not looked for\n");
	}
	for (const struct policy_value *v = allow; v; v = v == allow ? scan : NULL) {
		if (!v->present)
			continue;
		put_head(v == allow ? "credentials.allow" : "credentials.scan", v, b);
		pf_buf_puts(b, "  ");
		put_list(&v->list, b);
		pf_buf_puts(b, "\n");
	}
}

static void put_key(const struct policy *policy, const struct confinement *c, enum confine_key key,
		    struct pf_buf *b)
{
	const struct policy_value *value = confine_value(policy, key);
	bool system = false;

	if (!(c->keys & CONFINE_BIT(key))) {
		pf_buf_printf(b, "%s: %s\n", confine_key_name(key), absent_key(c, key));
		return;
	}
	put_head(confine_key_name(key), value, b);
	for (size_t i = 0; i < value->list.n; i++)
		put_entry(c, key, value->list.v[i], b);
	for (size_t i = 0; i < c->n_paths; i++)
		system |= c->paths[i].key == key && c->paths[i].system;
	if (system)
		put_entry(c, key, "@system", b);
}

static const char *mount_state(const struct confinement *c, const struct confine_mount *m)
{
	if (m->covered)
		return "covered";
	if (m->made_readonly)
		return m->opened_by ? "read-only, opened by " : "read-only";
	if (m->opened_by)
		return "opened by ";
	return c->keys & CONFINE_BIT(CONFINE_READ) ? "not opened" : "open";
}

static void put_covers(const struct confinement *c, struct pf_buf *b)
{
	if (c->n_covers > 0)
		pf_buf_puts(b, "covers:\n");
	for (size_t i = 0; i < c->n_covers; i++) {
		const struct confine_cover *cover = &c->covers[i];

		pf_buf_puts(b, "  ");
		pf_buf_printable(b, cover->shown ? cover->shown : cover->path);
		pf_buf_printf(b, "%s: %s`", cover->is_dir ? "/" : "",
			      cover->content ? "a fake, by " : "by ");
		pf_buf_printable(b, cover->entry);
		pf_buf_printf(b, "' of %s\n", cover->why);
	}
}

static void put_mounts(const struct confinement *c, struct pf_buf *b)
{
	pf_buf_puts(b, c->n_mounts ? "mounts:\n" : "mounts: none\n");
	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct confine_mount *m = &c->mounts[i];

		pf_buf_puts(b, "  ");
		pf_buf_printable(b, m->path);
		pf_buf_printf(b, ": %s", mount_state(c, m));
		if (!m->covered && m->opened_by)
			pf_buf_printable(b, m->opened_by);
		pf_buf_puts(b, m->destination ? "\n" : " (not in config.json)\n");
	}
	put_covers(c, b);
	for (size_t i = 0; i < c->n_noexec; i++) {
		pf_buf_puts(b, i ? " " : "noexec: ");
		pf_buf_printable(b, c->noexec[i].path);
	}
	pf_buf_puts(b, c->n_noexec ? "\n" : "");
}

static void put_bits(const struct confine_right *names, uint64_t bits, struct pf_buf *b)
{
	for (; names->name; names++)
		if (bits & names->bit)
			pf_buf_printf(b, " %s", names->name);
}

/* A built-in profile promises less today than its name will hold: that is said where its name is. */
static const char *pending(const struct policy *policy)
{
	bool from_file = false;

	for (size_t k = 0; k < POLICY_KEY_COUNT_; k++) {
		const struct policy_value *value = &policy->keys[k];

		if (value->present && value->origin == POLICY_FROM_BUILTIN && value->origin_name)
			return policy_profile_pending(value->origin_name);
		from_file |= value->present && value->origin == POLICY_FROM_PROFILE;
	}
	/* Only `audit' gives no value at all today. */
	return policy->profile && !from_file ? policy_profile_pending(policy->profile) : NULL;
}

static void explain_text(const struct policy *policy, const struct confinement *c, struct pf_buf *b)
{
	pf_buf_puts(b, "profile: ");
	pf_buf_printable(b, policy->profile ? policy->profile : "none");
	pf_buf_puts(b, "\n");
	if (pending(policy))
		pf_buf_printf(b, "  not enforced yet: %s\n", pending(policy));
	for (size_t k = 0; k < CONFINE_KEY_COUNT_; k++)
		put_key(policy, c, (enum confine_key)k, b);
	confine_tell_hide(policy, c, b);
	confine_tell_protect(policy, c, b);
	put_env(policy, c, b);
	put_credentials(policy, c, b);
	put_network(policy, c, POLICY_EGRESS, "all that the network leads to", b);
	put_network(policy, c, POLICY_LISTEN, "whoever reaches the network", b);
	put_mounts(c, b);
	if (c->abi) {
		pf_buf_printf(b, "landlock: ABI %d\n  rights:", c->abi);
		put_bits(confine_rights, c->handled_fs, b);
		pf_buf_puts(b, "\n");
	} else {
		pf_buf_puts(b, "landlock: none\n");
	}
	if (c->scoped) {
		pf_buf_puts(b, "  scopes:");
		put_bits(confine_scopes, c->scoped, b);
		pf_buf_puts(b, "\n");
	}
	for (size_t i = 0; i < c->n_degraded; i++)
		pf_buf_printf(b, "degraded: %s\n", c->degraded[i]);
	for (size_t i = 0; i < c->n_notes; i++) {
		pf_buf_puts(b, "note: ");
		pf_buf_printable(b, c->notes[i].text);
		pf_buf_puts(b, "\n");
	}
}

/* The object of a key, its end still open; false: null, as it is not in force. */
static bool explain_json_value(const char *name, const struct policy_value *value, bool in_force,
			       struct pf_buf *b)
{
	static const char *const origins[] = {
		[POLICY_FROM_NOWHERE] = "default",       [POLICY_FROM_BUILTIN] = "built-in profile",
		[POLICY_FROM_NODE] = "node policy",      [POLICY_FROM_PROFILE] = "profile",
		[POLICY_FROM_ANNOTATION] = "annotation",
	};

	pf_buf_printf(b, "\"%s\":", name);
	if (!in_force) {
		pf_buf_puts(b, "null");
		return false;
	}
	pf_buf_printf(b, "{\"origin\":\"%s\",\"from\":", origins[value->origin]);
	pf_buf_json(b, value->origin_name ? value->origin_name : "");
	pf_buf_puts(b, ",\"entries\":");
	confine_json_strings(b, value->list.v, value->list.n);
	pf_buf_puts(b, ",\"bounds\":[");
	for (size_t i = 0; i < value->n_bounds; i++) {
		pf_buf_puts(b, i ? ",{\"name\":" : "{\"name\":");
		pf_buf_json(b, value->bounds[i].name ? value->bounds[i].name : "");
		pf_buf_puts(b, ",\"entries\":");
		confine_json_strings(b, value->bounds[i].entries.v, value->bounds[i].entries.n);
		pf_buf_puts(b, "}");
	}
	pf_buf_puts(b, "]");
	return true;
}

static void explain_json_key(const struct policy *policy, const struct confinement *c,
			     enum confine_key key, struct pf_buf *b)
{
	if (!explain_json_value(confine_key_name(key), confine_value(policy, key),
				c->keys & CONFINE_BIT(key), b))
		return;
	pf_buf_puts(b, ",\"paths\":");
	confine_json_paths(b, c, key);
	pf_buf_puts(b, "}");
}

static void explain_json_env(const struct policy *policy, const struct confinement *c,
			     struct pf_buf *b)
{
	const struct policy_value *env = &policy->keys[POLICY_ENV];
	const struct policy_value *keep = &policy->keys[POLICY_ENV_KEEP];

	if (explain_json_value("env", env, env->present, b)) {
		pf_buf_puts(b, ",\"dropped\":");
		if (c->env)
			env_report_json(c->env, b);
		else
			pf_buf_puts(b, "[]");
		pf_buf_puts(b, "}");
	}
	pf_buf_puts(b, ",");
	if (explain_json_value("env.keep", keep, keep->present, b))
		pf_buf_puts(b, "}");
}

static void explain_json_credentials(const struct policy *policy, const struct confinement *c,
				     struct pf_buf *b)
{
	const struct policy_value *mode = &policy->keys[POLICY_CREDENTIALS];
	const struct policy_value *allow = &policy->keys[POLICY_CREDENTIALS_ALLOW];
	const struct policy_value *scan = &policy->keys[POLICY_CREDENTIALS_SCAN];

	if (explain_json_value("credentials", mode, mode->present, b)) {
		pf_buf_puts(b, ",");
		if (c->credentials)
			credentials_json(c->credentials, b);
		else
			pf_buf_puts(b, "\"inventory\":null");
		pf_buf_puts(b, "}");
	}
	pf_buf_puts(b, ",");
	if (explain_json_value("credentials.allow", allow, allow->present, b))
		pf_buf_puts(b, "}");
	pf_buf_puts(b, ",");
	if (explain_json_value("credentials.scan", scan, scan->present, b))
		pf_buf_puts(b, "}");
}

static void explain_json_network(const struct policy *policy, struct pf_buf *b)
{
	const struct policy_value *egress = &policy->keys[POLICY_EGRESS];
	const struct policy_value *listen = &policy->keys[POLICY_LISTEN];

	pf_buf_puts(b, ",");
	if (explain_json_value("egress", egress, egress->present, b))
		pf_buf_puts(b, "}");
	pf_buf_puts(b, ",");
	if (explain_json_value("listen", listen, listen->present, b))
		pf_buf_puts(b, "}");
}

static void explain_json(const struct policy *policy, const struct confinement *c, struct pf_buf *b)
{
	pf_buf_puts(b, "{\"profile\":");
	if (policy->profile)
		pf_buf_json(b, policy->profile);
	else
		pf_buf_puts(b, "null");
	pf_buf_puts(b, ",\"not_enforced_yet\":");
	pf_buf_json(b, pending(policy) ? pending(policy) : "");
	pf_buf_puts(b, ",\"keys\":{");
	for (size_t k = 0; k < CONFINE_KEY_COUNT_; k++) {
		pf_buf_puts(b, k ? "," : "");
		explain_json_key(policy, c, (enum confine_key)k, b);
	}
	pf_buf_puts(b, ",\"hide\":");
	confine_json_hide(policy, b);
	pf_buf_puts(b, ",\"protect\":");
	confine_json_protect(policy, c, b);
	pf_buf_puts(b, ",");
	explain_json_env(policy, c, b);
	pf_buf_puts(b, ",");
	explain_json_credentials(policy, c, b);
	explain_json_network(policy, b);
	pf_buf_puts(b, "},\"mounts\":");
	confine_json_mounts(b, c);
	pf_buf_puts(b, ",\"covers\":");
	confine_json_covers(b, c);
	pf_buf_puts(b, ",\"noexec\":");
	confine_json_noexec(b, c);
	pf_buf_puts(b, ",\"landlock\":");
	confine_json_landlock(b, c);
	pf_buf_puts(b, ",\"degraded\":");
	confine_json_degraded(b, c);
	pf_buf_puts(b, ",\"notes\":");
	confine_json_notes(b, c);
	pf_buf_puts(b, "}\n");
}

void confine_explain(const struct policy *policy, const struct confinement *c, bool json,
		     struct pf_buf *b)
{
	if (json)
		explain_json(policy, c, b);
	else
		explain_text(policy, c, b);
}
