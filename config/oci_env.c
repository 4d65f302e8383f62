/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in which each name stands once: an environment, paths. */
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
static int settle(struct oci_strings *list, const char *ends_name)
{
	auto_free struct place *places = NULL;
	size_t kept = 0;

	if (list->n < 2)
		return 0;
	places = calloc(list->n, sizeof(*places));
	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < list->n; i++)
		places[i] = (struct place){ list->v[i], strcspn(list->v[i], ends_name), i };
	qsort(places, list->n, sizeof(*places), compare);
	for (size_t i = 0; i + 1 < list->n; i++)
		if (places[i].name_len == places[i + 1].name_len &&
		    memcmp(places[i].text, places[i + 1].text, places[i].name_len) == 0)
			list->v[places[i].at] = NULL;
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i])
			list->v[kept++] = list->v[i];
	list->v[kept] = NULL;
	list->n = kept;
	return 0;
}

int oci_env_settle(struct oci_strings *env)
{
	return settle(env, "=");
}

int oci_paths_settle(struct oci_strings *paths)
{
	return settle(paths, "");
}
