/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the policy says of each finding: of a bundle what create would decide, of a container what create recorded in
 * inventory.json. A record says what was true then. A cover that has gone since (a file that was saved anew on the host
 * drops it) is no cover, so what is seen now wins over it.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/json.h"
#include "runtime/guard/audit_collect.h"

static bool in_tree(const struct place *p)
{
	return p->type != PLACE_VARIABLE && p->type != PLACE_ARGUMENT;
}

/* ---- planned */

struct allowance {
	struct credential_allow *allow; /* owned */
	size_t n_allow;
	const char *mode; /* of `credentials'; NULL: absent */
	bool deep;
};

static int read_allow(const struct audit *a, const struct policy *policy, struct allowance *ret,
		      struct pf_error *e)
{
	const struct policy_value *v = &policy->keys[POLICY_CREDENTIALS_ALLOW];

	ret->allow = calloc(v->list.n + 1, sizeof(*ret->allow));
	if (!ret->allow)
		return pf_fail_sys(e, ENOMEM, "audit");
	for (size_t i = 0; v->present && i < v->list.n; i++) {
		STEP(catalogue_allow_read(a->catalogue, v->list.v[i], &ret->allow[i], e));
		ret->n_allow++;
	}
	return 0;
}

static const char *word(const struct policy *policy, enum policy_key key)
{
	const struct policy_value *v = &policy->keys[key];

	return v->present && v->list.n == 1 ? v->list.v[0] : NULL;
}

/* Each of its places, or a rule for one path would allow the others too. */
static bool is_allowed(const struct allowance *given, const struct finding *f)
{
	for (size_t i = 0; i < f->n_places; i++) {
		const struct place *p = &f->places[i];
		const struct credential_found found = {
			.kind = f->kind,
			.variable = p->type == PLACE_VARIABLE ? p->name : NULL,
			.path = in_tree(p) ? p->name : NULL,
		};

		if (!catalogue_allows(given->allow, given->n_allow, &found))
			return false;
	}
	return f->n_places > 0;
}

static enum finding_verdict planned_verdict(const struct allowance *given, const struct finding *f)
{
	bool hide = given->mode && strcmp(given->mode, "hide") == 0;
	bool decoy = given->mode && strcmp(given->mode, "decoy") == 0;

	if (is_allowed(given, f))
		return VERDICT_ALLOWED;
	if (!given->mode || strcmp(given->mode, "audit") == 0)
		return VERDICT_REPORTED;
	/* at create only names are asked, unless the policy says deep */
	if (f->by == FOUND_BY_CONTENT && in_tree(&f->places[0]) && !given->deep)
		return VERDICT_REPORTED;
	if (strcmp(given->mode, "deny") == 0 || f->places[0].type == PLACE_ARGUMENT)
		return VERDICT_REFUSED;
	if (f->places[0].type == PLACE_VARIABLE)
		return decoy ? VERDICT_DECOYED : VERDICT_DROPPED;
	if (f->kind->cover == CREDENTIAL_COVER_NONE)
		return VERDICT_REFUSED;
	return hide ? VERDICT_COVERED : decoy ? VERDICT_DECOYED : VERDICT_REPORTED;
}

void audit_verdicts_planned(struct audit *a, struct audit_container *c, const struct policy *policy)
{
	const char *scan = word(policy, POLICY_CREDENTIALS_SCAN);
	struct allowance given = { .mode = word(policy, POLICY_CREDENTIALS),
				   .deep = scan && strcmp(scan, "deep") == 0 };
	struct pf_error e = PF_ERROR_INIT;

	if (read_allow(a, policy, &given, &e) < 0)
		audit_note(c, audit_printf(a, "policy: create refuses this container: %s", e.msg));
	for (size_t i = 0; i < c->inventory.n; i++)
		c->inventory.v[i].verdict = planned_verdict(&given, &c->inventory.v[i]);
	free(given.allow);
}

/* ---- recorded */

static int verdict_find(const char *name)
{
	for (int i = 0; i < VERDICT_COUNT_; i++)
		if (strcmp(finding_verdict_name((enum finding_verdict)i), name) == 0)
			return i;
	return -1;
}

static int type_find(const char *name)
{
	for (int i = 0; i < PLACE_TYPE_COUNT_; i++)
		if (strcmp(place_type_name((enum place_type)i), name) == 0)
			return i;
	return -1;
}

static struct finding *find(struct inventory *inv, const struct credential_kind *kind,
			    enum place_type type, const char *name)
{
	for (size_t i = 0; i < inv->n; i++)
		for (size_t p = 0; inv->v[i].kind == kind && p < inv->v[i].n_places; p++)
			if (inv->v[i].places[p].type == type &&
			    strcmp(inv->v[i].places[p].name, name) == 0)
				return &inv->v[i];
	return NULL;
}

static bool is_seen(const struct finding *f)
{
	for (size_t i = 0; i < f->n_places; i++)
		if (!f->places[i].covered)
			return true;
	return false;
}

struct record { /* a finding of inventory.json */
	const struct credential_kind *kind;
	const struct json *places;
	const char *allowed_by;
	enum finding_verdict verdict;
};

/* What is kept from the workload cannot be seen through its own eyes: it is told as it was recorded. */
static void add_kept(struct audit *a, struct audit_container *c, const struct record *r)
{
	struct finding *f = NULL;
	struct pf_error e = PF_ERROR_INIT;

	for (const struct json *j = r->places->child; j; j = j->next) {
		int type = type_find(json_text(j, "type", ""));
		const char *of = json_text(j, "of", NULL);
		const struct place place = {
			.type = type < 0 ? PLACE_FILE : (enum place_type)type,
			.name = json_text(j, "name", ""),
			.of = of ? audit_printf(a, "%s", of) : NULL,
			.covered = true,
		};

		if (type >= 0 &&
		    inventory_add(&c->inventory, r->kind, FOUND_BY_NAME, &place, &f, &e) < 0)
			a->failed = true;
	}
	if (f)
		f->verdict = r->verdict;
}

static struct finding *find_record(struct audit_container *c, const struct record *r)
{
	for (const struct json *j = r->places->child; j; j = j->next) {
		int type = type_find(json_text(j, "type", ""));
		struct finding *f = type < 0 ? NULL
					     : find(&c->inventory, r->kind, (enum place_type)type,
						    json_text(j, "name", ""));

		if (f)
			return f;
	}
	return NULL;
}

static void apply(struct audit *a, struct audit_container *c, const struct record *r)
{
	struct finding *f = find_record(c, r);
	bool kept = r->verdict == VERDICT_COVERED || r->verdict == VERDICT_DROPPED ||
		    r->verdict == VERDICT_DECOYED;

	if (!f && kept) {
		add_kept(a, c, r);
		return;
	}
	if (!f)
		return;
	/* a decoy is seen: a variable has its fake, and a file its cover */
	if (kept && is_seen(f) &&
	    !(r->verdict == VERDICT_DECOYED && f->places[0].type == PLACE_VARIABLE)) {
		audit_note(c, audit_printf(a, "%s was %s when it was created, and is seen now",
					   r->kind->id, finding_verdict_name(r->verdict)));
		return;
	}
	f->verdict = r->verdict;
	if (r->allowed_by)
		f->allowed_by = audit_printf(a, "%s", r->allowed_by);
}

static void apply_all(struct audit *a, struct audit_container *c, const struct json *findings)
{
	const struct json *j = findings && findings->type == JSON_ARRAY ? findings->child : NULL;

	for (; j; j = j->next) {
		int verdict = verdict_find(json_text(j, "verdict", ""));
		struct record r = {
			.kind = catalogue_find(a->catalogue, json_text(j, "kind", "")),
			.places = json_get(j, "places"),
			.allowed_by = json_text(j, "allowed_by", NULL),
		};

		if (!r.kind || verdict < 0 || !r.places || r.places->type != JSON_ARRAY)
			continue;
		r.verdict = (enum finding_verdict)verdict;
		apply(a, c, &r);
	}
}

void audit_verdicts_recorded(struct audit *a, struct audit_container *c, int dir_fd)
{
	auto_free char *text = NULL;
	auto_json doc = NULL;
	struct pf_error e = PF_ERROR_INIT;
	size_t len;

	if (faccessat(dir_fd, "inventory.json", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (pf_read_file_at(dir_fd, "inventory.json", JSON_MAX_BYTES, &text, &len, &e) < 0 ||
	    json_parse(text, len, NULL, &doc, &e) < 0) {
		audit_note(c, audit_printf(a, "its recorded verdicts cannot be read: %s", e.msg));
		return;
	}
	apply_all(a, c, json_get(json_root(doc), "findings"));
}
