/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys about credentials: which mode is in force, whether an entry of `credentials.allow' is well-formed, and whether
 * one lies within another. Which kinds there are is known to the catalogue alone, which an operator's files add to: so
 * whether an id exists, and of which class it is, is left to who has loaded it.
 */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "config/catalogue.h"
#include "config/policy_parts.h"

enum credentials_mode policy_credentials(const struct policy *policy)
{
	const struct policy_value *value = &policy->keys[POLICY_CREDENTIALS];

	if (!value->present)
		return CREDENTIALS_UNASKED;
	return (enum credentials_mode)(CREDENTIALS_AUDIT +
				       policy_word_rank(POLICY_CREDENTIALS, value->list.v[0]));
}

static const char *const mode_names[] = {
	[CREDENTIALS_UNASKED] = "",  [CREDENTIALS_AUDIT] = "audit", [CREDENTIALS_DECOY] = "decoy",
	[CREDENTIALS_HIDE] = "hide", [CREDENTIALS_DENY] = "deny",
};

const char *credentials_mode_name(enum credentials_mode mode)
{
	return mode_names[mode];
}

int credentials_mode_find(const char *name)
{
	for (size_t i = CREDENTIALS_AUDIT; i < ARRAY_SIZE(mode_names); i++)
		if (strcmp(mode_names[i], name) == 0)
			return (int)i;
	return -1;
}

int policy_allow_check(const char *entry, struct pf_error *e)
{
	static const struct catalogue none;
	struct credential_allow parsed;

	if (strcmp(entry, "@none") == 0 || policy_name_check(entry))
		return 0;
	return catalogue_allow_read(&none, entry, &parsed, e);
}

enum policy_verdict policy_allow_judge(const char *entry, const struct oci_strings *bound)
{
	enum policy_verdict verdict = POLICY_OUTSIDE;

	for (size_t i = 0; i < bound->n; i++) {
		const char *b = bound->v[i];

		/* a path may lead elsewhere, and a kind's class is the catalogue's to say */
		if (entry[0] == '/' && b[0] == '/' && pf_path_inside(entry, b))
			verdict = POLICY_UNDECIDED;
		if (policy_name_check(entry) && strncmp(b, "class:", 6) == 0)
			verdict = POLICY_UNDECIDED;
	}
	return verdict;
}

/* Every list of that name, wherever in a policy file it stands. */
static int check_kinds(const struct json *node, const struct catalogue *c, struct pf_error *e)
{
	const char *name = policy_keys[POLICY_CREDENTIALS_ALLOW].name;
	struct credential_allow parsed;

	if (node->type == JSON_OBJECT)
		for (const struct json *n = node->child; n; n = n->next)
			STEP(check_kinds(n, c, e));
	if (node->type != JSON_ARRAY || !node->key || strcmp(node->key, name) != 0)
		return 0;
	for (const struct json *n = node->child; n; n = n->next) {
		struct pf_error why = PF_ERROR_INIT;

		if (n->type == JSON_STRING && strcmp(n->text, "@none") != 0 &&
		    catalogue_allow_read(c, n->text, &parsed, &why) < 0)
			return json_fail(e, why.kind, n, "%s", why.msg);
	}
	return 0;
}

int policy_check_kinds(const char *text, size_t len, const char *path, const struct catalogue *c,
		       struct pf_error *e)
{
	const struct policy_file file = { .path = path, .text = text, .len = len };
	auto_json doc = NULL;

	STEP(policy_json_parse(&file, &doc, e));
	return check_kinds(json_root(doc), c, e) < 0 ? pf_wrap(e, "`%.200s'", path) : 0;
}
