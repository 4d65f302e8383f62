/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An environment from anybody. The input is cut at NUL bytes: the entries of env.keep in one piece, a place that can be
 * written, then the entries of the environment.
 *
 * Beside not crashing: what stays is what was there, in its order; judged again, all of it stays; strict lets nothing
 * through that scrub does not; and the loader's own names never pass unless they are kept.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/envrules_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES_MAX = 256 };

struct pieces {
	char *text; /* owned */
	char *v[ENTRIES_MAX + 1];
	size_t n;
};

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void cut(const uint8_t *data, size_t size, struct pieces *p)
{
	p->n = 0;
	p->text = malloc(size + 1);
	require(p->text);
	memcpy(p->text, data, size);
	p->text[size] = '\0';
	for (char *at = p->text; at <= p->text + size && p->n < ENTRIES_MAX; at += strlen(at) + 1)
		p->v[p->n++] = at;
	p->v[p->n] = NULL;
}

static bool holds(const struct oci_strings *list, const char *entry)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i] == entry)
			return true;
	return false;
}

/* What stays of @env; the report must account for the rest. */
static void apply(const struct env_policy *p, struct json_doc *arena, struct oci_strings *env)
{
	struct env_report report = { 0 };
	struct pf_error e = PF_ERROR_INIT;
	size_t before = env->n;

	require(env_apply(p, arena, NULL, env, &report, &e) == 0);
	require(env->n + report.n == before);
	for (const struct env_drop *d = report.first; d; d = d->next)
		require(d->name[0] && d->why[0]);
	before = env->n;
	require(env_apply(p, arena, NULL, env, &report, &e) == 0 && env->n == before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *scrubbed[ENTRIES_MAX + 1], *strict[ENTRIES_MAX + 1];
	struct env_policy p = { .mode = ENV_SCRUB };
	struct pf_error e = PF_ERROR_INIT;
	struct oci_strings loose, tight;
	struct json_doc *arena = NULL;
	struct pieces in;

	cut(data, size, &in);
	require(json_parse("{}", 2, NULL, &arena, &e) == 0);
	if (in.n > 2) {
		p.keep = (struct oci_strings){ in.v, env_keep_check(in.v[0]) ? 1 : 0 };
		p.places = (struct oci_strings){ in.v + 1, in.v[1][0] == '/' ? 1 : 0 };
		memcpy(scrubbed, in.v + 2, (in.n - 1) * sizeof(*scrubbed));
		memcpy(strict, scrubbed, sizeof(strict));
		loose = (struct oci_strings){ scrubbed, in.n - 2 };
		tight = (struct oci_strings){ strict, in.n - 2 };
		apply(&p, arena, &loose);
		p.mode = ENV_STRICT;
		apply(&p, arena, &tight);
		for (size_t i = 0; i < tight.n; i++)
			require(holds(&loose, tight.v[i]));
		for (size_t i = 0; i < loose.n; i++)
			require(p.keep.n || strncmp(loose.v[i], "LD_PRELOAD=", 11) != 0);
	}
	json_free(arena);
	free(in.text);
	return 0;
}
