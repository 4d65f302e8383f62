/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flat plan, as the init checks it: no block, however forged, may be read out of its bounds, and what passes the
 * check must be safe to follow. The first byte chooses between the two parts.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/init/init.h"

static volatile size_t sink;

/* The head's own words are set, else no guess would ever get past them. */
static void give_head(void *block, size_t size, bool plan)
{
	struct plan *p = block;
	struct seal *s = block;

	if (plan && size >= sizeof(*p)) {
		p->magic = PLAN_MAGIC;
		p->size = (uint32_t)size;
	} else if (!plan && size >= sizeof(*s)) {
		s->magic = SEAL_MAGIC;
		s->size = (uint32_t)size;
	}
}

/* Follow every string of a list, as the steps do without a second thought. */
static void follow(const void *base, struct plan_list list)
{
	const plan_str *s = plan_items(base, list);

	for (uint32_t i = 0; i < list.n; i++)
		sink += strlen(plan_text(base, s[i]));
}

static void follow_plan(const struct plan *p)
{
	const struct plan_mount *m = plan_items(p, p->mounts);

	for (uint32_t i = 0; i < p->mounts.n; i++) {
		sink += strlen(plan_text(p, m[i].dest));
		if (m[i].data)
			sink += strlen(plan_text(p, m[i].data));
	}
	follow(p, p->process.args);
	follow(p, p->process.env);
	follow(p, p->masked);
	follow(p, p->readonly);
}

static void follow_seal(const struct seal *s)
{
	const struct seal_rule *r = plan_items(s, s->rules);
	const struct seal_cover *c = plan_items(s, s->covers);
	const struct seal_protect *p = plan_items(s, s->protects);

	for (uint32_t i = 0; i < s->protects.n; i++)
		sink += strlen(plan_text(s, p[i].path));
	for (uint32_t i = 0; i < s->rules.n; i++)
		sink += strlen(plan_text(s, r[i].path));
	for (uint32_t i = 0; i < s->covers.n; i++) {
		sink += strlen(plan_text(s, c[i].path));
		if (c[i].content)
			sink += strlen(plan_text(s, c[i].content));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *block;

	if (size < 2 || posix_memalign(&block, 4096, size - 1))
		return 0;
	/* exact size, so that the sanitizer sees one byte too many */
	memcpy(block, data + 1, size - 1);
	give_head(block, size - 1, data[0] & 1);
	if (data[0] & 1) {
		if (plan_check(block, size - 1) == 0)
			follow_plan(block);
	} else if (seal_check(block, size - 1) == 0) {
		follow_seal(block);
	}
	free(block);
	return 0;
}
