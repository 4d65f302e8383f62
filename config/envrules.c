/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict on each entry of an environment, and what is told of those that go. A report holds names and reasons,
 * never a value: it goes to the log and to records that others read.
 */
#include <config.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/envrules_parts.h"

static const char *const modes[] = {
	[ENV_KEEP] = "keep",
	[ENV_SCRUB] = "scrub",
	[ENV_STRICT] = "strict",
};

const char *env_mode_name(enum env_mode mode)
{
	return modes[mode];
}

int env_mode_find(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strcmp(modes[i], word) == 0)
			return (int)i;
	return -1;
}

enum { NAME_MAX_BYTES = 255 };

/* Some names hold more than letters: an exported function of bash is called BASH_FUNC_name%%. */
bool env_keep_check(const char *entry)
{
	size_t n = strlen(entry), letters = strcspn(entry, "*");

	if (letters == 0 || n > NAME_MAX_BYTES || entry[0] == '@')
		return false;
	for (size_t i = 0; i < letters; i++)
		if (entry[i] <= 0x20 || entry[i] >= 0x7f || strchr("=,", entry[i]))
			return false;
	return letters == n || letters + 1 == n;
}

bool env_keep_covers(const char *bound, const char *entry)
{
	size_t n = strlen(bound);

	if (n > 0 && bound[n - 1] == '*')
		return strncmp(bound, entry, n - 1) == 0;
	return strcmp(bound, entry) == 0;
}

static bool is_kept(const struct env_policy *p, const char *name, size_t len)
{
	for (size_t i = 0; i < p->keep.n; i++)
		if (env_name_matches(p->keep.v[i], name, len))
			return true;
	return false;
}

struct verdict {
	bool drop, nameless;
	const char *why, *detail;
};

#define STAYS                 \
	(struct verdict)      \
	{                     \
		.drop = false \
	}

static struct verdict drop(const char *why, const char *detail)
{
	return (struct verdict){ .drop = true, .why = why, .detail = detail };
}

static struct verdict drop_nameless(const char *why)
{
	return (struct verdict){ .drop = true, .nameless = true, .why = why };
}

/* What the rules say, without a word of env.keep. */
static struct verdict judge_by_rule(const struct env_policy *p, const char *entry, size_t len)
{
	const struct env_rule *rule = env_rule_find(entry, len);
	const char *value = entry + len + 1, *detail = NULL;

	/* What shells of before 2014 take for an exported function, whatever it is called. */
	if (strncmp(value, "() {", 4) == 0)
		return drop("an exported function of old shells", NULL);
	if (!rule || env_value_passes(p, rule->test, value, &detail))
		return STAYS;
	return drop(rule->why, detail);
}

static struct verdict judge(const struct env_policy *p, const char *entry)
{
	size_t len = strcspn(entry, "=");
	bool kept;

	if (!entry[len])
		return drop_nameless("it has no `='");
	if (len == 0)
		return drop_nameless("its name is empty");
	if (env_has_control(entry, len))
		return drop_nameless("its name holds control characters or is not UTF-8");
	kept = is_kept(p, entry, len);
	if (p->mode == ENV_STRICT && !kept && !env_is_base(entry, len))
		return drop("not on the list of `strict'", NULL);
	if (p->mode == ENV_SCRUB && kept)
		return STAYS;
	return judge_by_rule(p, entry, len);
}

/* A name goes to terminals and logs, so it is told only where it is plain. */
static bool is_plain(const char *entry, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)entry[i] >= 0x80)
			return false;
	return true;
}

static char *name_of(struct json_doc *arena, const char *entry, size_t index, bool nameless)
{
	size_t len = strcspn(entry, "="), shown = len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES;
	char *name;

	nameless = nameless || !is_plain(entry, shown);
	name = json_alloc(arena, nameless ? 32 : shown + 1);
	if (name && nameless)
		(void)snprintf(name, 32, "entry %zu", index);
	else if (name)
		memcpy(name, entry, shown);
	return name;
}

static int report_drop(struct json_doc *arena, const struct env_drop *drop,
		       struct env_report *report, struct pf_error *e)
{
	struct env_drop *d = json_alloc(arena, sizeof(*d));

	if (!d || !drop->name)
		return pf_fail(e, PF_ERR_SYS, ENOMEM, "scrub the environment");
	*d = *drop;
	if (report->last)
		report->last->next = d;
	else
		report->first = d;
	report->last = d;
	report->n++;
	return 0;
}

int env_apply(const struct env_policy *p, struct json_doc *arena, const char *whose,
	      struct oci_strings *env, struct env_report *report, struct pf_error *e)
{
	size_t kept = 0;

	report->mode = p->mode;
	if (p->mode == ENV_KEEP)
		return 0;
	for (size_t i = 0; i < env->n; i++) {
		struct verdict v = judge(p, env->v[i]);
		struct env_drop d = { .why = v.why, .detail = v.detail, .whose = whose };

		if (!v.drop) {
			env->v[kept++] = env->v[i];
			continue;
		}
		d.name = name_of(arena, env->v[i], i, v.nameless);
		STEP(report_drop(arena, &d, report, e));
	}
	env->n = kept;
	if (env->v)
		env->v[kept] = NULL;
	return 0;
}

int env_tell(struct env_policy *p, struct json_doc *arena, const struct env_report *report,
	     struct pf_error *e)
{
	p->told.v = json_alloc(arena, (ENV_TOLD_MAX + 1) * sizeof(*p->told.v));
	p->told.n = 0;
	if (!p->told.v)
		return pf_fail(e, PF_ERR_SYS, ENOMEM, "scrub the environment");
	for (const struct env_drop *d = report->first; d && p->told.n < ENV_TOLD_MAX; d = d->next)
		p->told.v[p->told.n++] = (char *)(uintptr_t)d->name;
	return 0;
}
