/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to remove first. A score of plain points, so that a reader can add it up again from docs/audit.md, and from the
 * score a severity. Pure: two credentials of the same facts have the same score, on every host.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "runtime/guard/audit.h"

/* What a class is worth to who takes it: the host is all that runs on it, a cloud account more than one repository. */
static const int class_points[CREDENTIAL_CLASS_COUNT_] = {
	[CREDENTIAL_HOST_CONTROL] = 60, [CREDENTIAL_CLOUD] = 50,   [CREDENTIAL_FORGE] = 46,
	[CREDENTIAL_REGISTRY] = 43,     [CREDENTIAL_SSH] = 40,     [CREDENTIAL_VAULT] = 37,
	[CREDENTIAL_DATABASE] = 34,     [CREDENTIAL_CI] = 31,      [CREDENTIAL_MODEL] = 28,
	[CREDENTIAL_TLS] = 25,          [CREDENTIAL_BROWSER] = 22, [CREDENTIAL_SHELL] = 20,
	[CREDENTIAL_OTHER] = 18,
};

enum {
	POINTS_LONG = 15,
	POINTS_LIVE = 10,
	POINTS_DATED = 3,
	POINTS_UNDATED = 8, /* it should say when it ends, and nothing does */
	POINTS_READABLE = 15,
	POINTS_WRITABLE = 5,
	POINTS_NETWORK = 15,
	POINTS_ELSEWHERE = 8,
	POINTS_SHARED = 5,
	POINTS_ALLOWED = -25,
	CRITICAL_FROM = 90,
	HIGH_FROM = 72,
	MEDIUM_FROM = 45,
	FIRST_ONES = 64,
};

static int lifetime_points(const struct audit_facts *f)
{
	switch (f->lifetime) {
	case CREDENTIAL_LONG:
		return POINTS_LONG;
	case CREDENTIAL_LIVE:
		return POINTS_LIVE;
	case CREDENTIAL_SHORT:
		return POINTS_DATED;
	case CREDENTIAL_JWT:
	case CREDENTIAL_CERTIFICATE:
	case CREDENTIAL_STATED:
	case CREDENTIAL_LIFETIME_COUNT_:
		break;
	}
	return f->expires ? POINTS_DATED : POINTS_UNDATED;
}

int audit_score(const struct audit_facts *f)
{
	int score = class_points[f->class] + lifetime_points(f);

	if (!f->exposed || f->expired)
		return 0;
	if (!f->readable && !f->shared)
		return class_points[f->class] / 2;
	score += POINTS_READABLE;
	score += f->writable ? POINTS_WRITABLE : 0;
	/* what reaches the host has the host's network */
	score += f->network || f->reaches_host ? POINTS_NETWORK
		 : f->elsewhere                ? POINTS_ELSEWHERE
					       : 0;
	score += f->shared ? POINTS_SHARED : 0;
	score += f->verdict == VERDICT_ALLOWED ? POINTS_ALLOWED : 0;
	return score;
}

enum audit_severity audit_severity_of(const struct audit_facts *f, int score)
{
	/* whoever holds the host's socket holds the host, network or not */
	if (f->class == CREDENTIAL_HOST_CONTROL && f->exposed && f->readable && !f->expired &&
	    f->verdict != VERDICT_ALLOWED)
		return AUDIT_CRITICAL;
	if (score >= CRITICAL_FROM)
		return AUDIT_CRITICAL;
	if (score >= HIGH_FROM)
		return AUDIT_HIGH;
	return score >= MEDIUM_FROM ? AUDIT_MEDIUM : AUDIT_LOW;
}

/* ---- advice: one line, what to do about it here */

static const char *where_mounted(const struct finding *f, const struct place **ret)
{
	for (size_t i = 0; i < f->n_places; i++) {
		const struct place *p = &f->places[i];

		if (p->mount && strcmp(p->mount, "/") != 0 && !p->covered) {
			*ret = p;
			return p->mount;
		}
	}
	return NULL;
}

static const char *first_variable(const struct finding *f)
{
	for (size_t i = 0; i < f->n_places; i++)
		if (f->places[i].type == PLACE_VARIABLE)
			return f->places[i].name;
	return NULL;
}

static bool has_argument(const struct finding *f)
{
	return f->n_places > 0 && f->places[0].type == PLACE_ARGUMENT;
}

static const char *advise_short(const struct audit_facts *f)
{
	switch (f->class) {
	case CREDENTIAL_CLOUD:
		return "; where it is needed, a workload identity that ends by itself does the same";
	case CREDENTIAL_FORGE:
	case CREDENTIAL_CI:
		return "; where it is needed, take the job's own token or one for a single repository, with an end";
	case CREDENTIAL_REGISTRY:
		return "; where it is needed, a token that only reads, with an end";
	case CREDENTIAL_MODEL:
	case CREDENTIAL_DATABASE:
	case CREDENTIAL_HOST_CONTROL:
	case CREDENTIAL_SSH:
	case CREDENTIAL_TLS:
	case CREDENTIAL_VAULT:
	case CREDENTIAL_BROWSER:
	case CREDENTIAL_SHELL:
	case CREDENTIAL_OTHER:
	case CREDENTIAL_CLASS_COUNT_:
		break;
	}
	return "";
}

static const char *advise_exposed(struct audit *a, const struct audit_entry *entry)
{
	const struct finding *f = entry->finding;
	const struct audit_facts *facts = &entry->facts;
	const char *more = facts->lifetime == CREDENTIAL_LONG ? advise_short(facts) : "";
	const char *mount, *variable = first_variable(f);
	const struct place *p = NULL;

	if (facts->class == CREDENTIAL_HOST_CONTROL)
		return audit_printf(a, "do not mount it: who can talk to it is root on this host");
	if (has_argument(f))
		return audit_printf(
			a,
			"take it off the command line, which every `ps' shows, and make a new one%s",
			more);
	if (variable)
		return audit_printf(a, "drop the variable `%s', or io.pinfold.credentials: hide%s",
				    variable, more);
	mount = where_mounted(f, &p);
	if (mount && strcmp(mount, p->name) == 0)
		return audit_printf(a, "unmount `%s'%s", mount, more);
	if (mount)
		return audit_printf(a, "unmount `%s', or io.pinfold.credentials: hide%s", mount,
				    more);
	if (facts->in_image)
		return audit_printf(
			a,
			"remove it from the image and make a new one: whoever has the image has it%s",
			more);
	return audit_printf(a, "io.pinfold.credentials: hide%s", more);
}

static const char *advise(struct audit *a, const struct audit_entry *entry)
{
	const struct audit_facts *facts = &entry->facts;

	if (!facts->exposed)
		return audit_printf(a, "nothing: the policy keeps it from the workload");
	if (facts->expired)
		return audit_printf(a, "remove it: it has expired, and nothing here needs it");
	if (facts->verdict == VERDICT_ALLOWED)
		return audit_printf(
			a,
			facts->network
				? "allowed by the policy; an egress list would bound where it can go"
				: "nothing: allowed by the policy");
	if (!facts->readable && !facts->shared)
		return audit_printf(
			a,
			"the process's user cannot read it; unmount it all the same, for who becomes root");
	return advise_exposed(a, entry);
}

/* ---- order */

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare(const void *x, const void *y)
{
	const struct audit_entry *a = x, *b = y;
	int r;

	if (a->severity != b->severity)
		return (int)b->severity - (int)a->severity;
	if (a->score != b->score)
		return b->score - a->score;
	if (a->container != b->container)
		return a->container < b->container ? -1 : 1;
	r = compare_text(a->finding->kind->id, b->finding->kind->id);
	if (r == 0 && a->finding->n_places && b->finding->n_places)
		r = compare_text(a->finding->places[0].name, b->finding->places[0].name);
	return r ? r : compare_text(a->fingerprint, b->fingerprint);
}

/* To remove a file once is enough, whoever else sees it. Only the first ones are shown alone, so only these are asked. */
static void mark_again(struct audit *a, size_t i)
{
	for (size_t j = 0; j < i && j < FIRST_ONES && !a->entries[i].again; j++)
		a->entries[i].again = a->entries[j].finding->kind == a->entries[i].finding->kind &&
				      audit_same_file(a->entries[j].finding, a->entries[i].finding);
}

void audit_rank(struct audit *a)
{
	for (size_t i = 0; i < a->n_entries; i++) {
		struct audit_entry *entry = &a->entries[i];

		entry->score = audit_score(&entry->facts);
		entry->severity = audit_severity_of(&entry->facts, entry->score);
		entry->advice = advise(a, entry);
	}
	if (a->n_entries > 0)
		qsort(a->entries, a->n_entries, sizeof(*a->entries), compare);
	for (size_t i = 1; i < a->n_entries; i++)
		mark_again(a, i);
}
