/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations, node policy, narrowing policy and profile, all hostile at once. The input is cut at NUL bytes: node
 * policy, narrowing policy, profile "p", then annotations as pairs of key and value; an empty piece is absent.
 *
 * Beside not crashing, what comes out must hold: what is accepted has no key that is not built, no relative path, and
 * lies within its decided bounds; and a merge of the same bytes gives the same answer.
 */
#include <config.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/policy_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECES_MAX = 64 };

struct pieces {
	char *text; /* owned */
	char *v[PIECES_MAX];
	size_t n;
};

static void cut(const uint8_t *data, size_t size, struct pieces *p)
{
	char *at, *end;

	p->n = 0;
	p->text = malloc(size + 1);
	if (!p->text)
		abort();
	memcpy(p->text, data, size);
	p->text[size] = '\0';
	end = p->text + size;
	for (at = p->text; at <= end && p->n < PIECES_MAX; at += strlen(at) + 1)
		p->v[p->n++] = at;
}

static const char *piece(const struct pieces *p, size_t i)
{
	return i < p->n ? p->v[i] : "";
}

static int find_profile(void *arg, const char *name, struct policy_file *ret, struct pf_error *e)
{
	const struct policy_file *file = arg;

	(void)e;
	if (strcmp(name, "p") != 0 || file->len == 0)
		return -ENOENT;
	*ret = *file;
	return 0;
}

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_value(enum policy_key key, const struct policy_value *value)
{
	require(policy_keys[key].built);
	require(value->origin != POLICY_FROM_NOWHERE && value->origin_name);
	require(policy_keys[key].type == POLICY_TYPE_LIST || value->list.n == 1);
	for (size_t i = 0; i < value->list.n; i++) {
		const char *entry = value->list.v[i];

		if (policy_key_is_path(key))
			require(entry[0] == '/' || entry[0] == '@');
		for (size_t b = 0; b < value->n_bounds; b++) {
			enum policy_verdict verdict =
				policy_judge_entry(key, entry, &value->bounds[b].entries);

			require(verdict != POLICY_OUTSIDE);
			require(verdict == POLICY_INSIDE || value->bounds[b].undecided);
		}
	}
}

static void check_outcome(int err, const struct pf_error *e, struct policy *policy)
{
	if (err < 0) {
		require(e->kind == PF_ERR_POLICY && e->msg[0]);
		return;
	}
	for (int k = 0; k < POLICY_KEY_COUNT_; k++)
		if (policy->keys[k].present)
			check_value((enum policy_key)k, &policy->keys[k]);
	policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oci_pair pairs[PIECES_MAX / 2];
	struct oci_config config = { .annotations = { .v = pairs } };
	struct pieces p;
	struct policy_file node, narrowing, profile;
	struct policy_input in = { .find_profile = find_profile,
				   .arg = &profile,
				   .config = &config };
	struct pf_error e = PF_ERROR_INIT;
	struct policy policy = { 0 };

	cut(data, size, &p);
	node = (struct policy_file){ "/n", piece(&p, 0), strlen(piece(&p, 0)) };
	narrowing = (struct policy_file){ "/m", piece(&p, 1), strlen(piece(&p, 1)) };
	profile = (struct policy_file){ "/p", piece(&p, 2), strlen(piece(&p, 2)) };
	for (size_t i = 3; i + 1 < p.n; i += 2)
		pairs[config.annotations.n++] = (struct oci_pair){ p.v[i], p.v[i + 1] };
	in.node = node.len > 0 ? &node : NULL;
	in.narrowing = in.node && narrowing.len > 0 ? &narrowing : NULL;
	check_outcome(policy_merge(&in, &policy, &e), &e, &policy);
	(void)policy_check_file(node.text, node.len, "/n", &e);
	free(p.text);
	return 0;
}
