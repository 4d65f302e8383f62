/* SPDX-License-Identifier: Apache-2.0 */
/* An environment in which each name stands once. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/oci_internal.h"

struct place { /* of one entry in the list */
	const char *text;
	size_t name_len, at;
};

/* By name, and entries of one name by where they stand. */
static int compare(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	size_t n = a->name_len < b->name_len ? a->name_len : b->name_len;
	int by_name = memcmp(a->text, b->text, n);

	if (by_name)
		return by_name;
	if (a->name_len != b->name_len)
		return a->name_len < b->name_len ? -1 : 1;
	return a->at < b->at ? -1 : 1;
}

/* Sorted, not compared each with each: the list may be as long as a config.json can be. */
int oci_env_settle(struct oci_strings *env)
{
	auto_free struct place *places = NULL;
	size_t kept = 0;

	if (env->n < 2)
		return 0;
	places = calloc(env->n, sizeof(*places));
	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < env->n; i++)
		places[i] = (struct place){ env->v[i], strcspn(env->v[i], "="), i };
	qsort(places, env->n, sizeof(*places), compare);
	for (size_t i = 0; i + 1 < env->n; i++)
		if (places[i].name_len == places[i + 1].name_len &&
		    memcmp(places[i].text, places[i + 1].text, places[i].name_len) == 0)
			env->v[places[i].at] = NULL;
	for (size_t i = 0; i < env->n; i++)
		if (env->v[i])
			env->v[kept++] = env->v[i];
	env->v[kept] = NULL;
	env->n = kept;
	return 0;
}
