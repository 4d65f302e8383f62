/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of what was found, by mode, and how a refusal reads: everything at once, and the line that allows it. */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/credentials.h"

bool finding_is_file(const struct finding *f)
{
	return f->n_places > 0 && f->places[0].type != PLACE_VARIABLE &&
	       f->places[0].type != PLACE_ARGUMENT;
}

static bool allows(const struct credentials *c, size_t i, const struct finding *f,
		   const struct place *p)
{
	struct credential_found found = { .kind = f->kind };
	struct credential_allow resolved = c->allow[i];

	if (p->type == PLACE_VARIABLE)
		found.variable = p->name;
	else if (p->type != PLACE_ARGUMENT)
		found.path = p->name;
	if (catalogue_allows(&c->allow[i], 1, &found))
		return true;
	if (resolved.type != CREDENTIAL_ALLOW_PATH || !c->resolved[i])
		return false;
	resolved.text = c->resolved[i];
	return catalogue_allows(&resolved, 1, &found);
}

static const char *allowed_by(const struct credentials *c, const struct finding *f)
{
	for (size_t i = 0; i < c->rules.allow.n; i++)
		for (size_t p = 0; p < f->n_places; p++)
			if (allows(c, i, f, &f->places[p]))
				return c->rules.allow.v[i];
	return NULL;
}

static bool all_covered(const struct finding *f)
{
	for (size_t i = 0; i < f->n_places; i++)
		if (!f->places[i].covered)
			return false;
	return true;
}

/* Nothing of it may be in the container, and this is what can be done about it. */
static enum finding_verdict strictest(const struct credentials *c, const struct finding *f)
{
	bool decoy = c->rules.mode == CREDENTIALS_DECOY;

	if (c->rules.mode == CREDENTIALS_DENY || f->places[0].type == PLACE_ARGUMENT)
		return VERDICT_REFUSED;
	if (f->places[0].type == PLACE_VARIABLE)
		return decoy ? VERDICT_DECOYED : VERDICT_DROPPED;
	/* what only its content told lies in a file that is for something else */
	if (f->kind->cover == CREDENTIAL_COVER_NONE || f->by == FOUND_BY_CONTENT)
		return VERDICT_REFUSED;
	return decoy && f->places[0].type == PLACE_FILE ? VERDICT_DECOYED : VERDICT_COVERED;
}

static void decide(const struct credentials *c, struct finding *f)
{
	f->allowed_by = allowed_by(c, f);
	if (f->allowed_by)
		f->verdict = VERDICT_ALLOWED;
	else if (finding_is_file(f) && all_covered(f))
		f->verdict = VERDICT_COVERED;
	else if (c->rules.mode == CREDENTIALS_AUDIT)
		f->verdict = VERDICT_REPORTED;
	else
		f->verdict = strictest(c, f);
}

static bool shares_place(const struct finding *a, const struct finding *b)
{
	for (size_t i = 0; i < a->n_places; i++)
		for (size_t k = 0; k < b->n_places; k++)
			if (a->places[i].type == b->places[k].type &&
			    strcmp(a->places[i].name, b->places[k].name) == 0)
				return true;
	return false;
}

/* A name may be that of two kinds: whoever allows one of them has this very place in mind. What content showed is sure. */
static void allow_namesakes(struct credentials *c)
{
	for (size_t i = 0; i < c->inv.n; i++) {
		struct finding *f = &c->inv.v[i];

		if (f->verdict == VERDICT_ALLOWED || f->by == FOUND_BY_CONTENT)
			continue;
		for (size_t k = 0; k < c->inv.n; k++)
			if (c->inv.v[k].verdict == VERDICT_ALLOWED &&
			    c->inv.v[k].by != FOUND_BY_CONTENT && shares_place(f, &c->inv.v[k])) {
				f->verdict = VERDICT_ALLOWED;
				f->allowed_by = c->inv.v[k].allowed_by;
				break;
			}
	}
}

void credentials_decide(struct credentials *c)
{
	for (size_t i = 0; i < c->inv.n; i++)
		decide(c, &c->inv.v[i]);
	allow_namesakes(c);
}

/* ---- the refusal */

/*
 * A message is cut at its end, and there stands what a person is to copy: half of an allow list would be another one. So
 * the list of places takes what the cure leaves of the room that is there for both.
 */
enum { ROOM_FOR_BOTH = 260, ROOM_FOR_CURE = 150 };

/* At most @len bytes, and no part of a character. */
static size_t whole(const char *text, size_t len)
{
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void list_refused(const struct credentials *c, size_t room, struct pf_buf *b, size_t *ret_n)
{
	size_t n = 0, left = 0;

	for (size_t i = 0; i < c->inv.n; i++) {
		const struct finding *f = &c->inv.v[i];
		auto_buf one = { 0 };

		if (f->verdict != VERDICT_REFUSED)
			continue;
		n++;
		pf_buf_printf(&one, "%s%s ", b->len ? "; " : "", f->kind->id);
		credentials_place_text(&f->places[0], &one);
		if (b->len == 0 && !one.failed && one.len > room)
			pf_buf_printf(b, "%.*s...", (int)whole(one.data, room - 3), one.data);
		else if (one.failed || b->len + one.len > room)
			left++;
		else
			pf_buf_add(b, one.data, one.len);
	}
	if (left > 0)
		pf_buf_printf(b, "; and %zu more (explain --bundle lists them)", left);
	*ret_n = n;
}

/* The value that would let it start: what is allowed already, and each refused kind once. */
static void put_cure(const struct credentials *c, struct pf_buf *b)
{
	for (size_t i = 0; i < c->rules.allow.n; i++)
		pf_buf_printf(b, "%s%s", b->len ? " " : "", c->rules.allow.v[i]);
	for (size_t i = 0; i < c->inv.n; i++) {
		const struct finding *f = &c->inv.v[i];
		bool named = false;

		if (f->verdict != VERDICT_REFUSED)
			continue;
		for (size_t k = 0; k < i; k++)
			named |= c->inv.v[k].verdict == VERDICT_REFUSED &&
				 c->inv.v[k].kind == f->kind;
		if (!named)
			pf_buf_printf(b, "%s%s", b->len ? " " : "", f->kind->id);
	}
}

static bool has_uncoverable(const struct credentials *c)
{
	for (size_t i = 0; i < c->inv.n; i++)
		if (c->inv.v[i].verdict == VERDICT_REFUSED && finding_is_file(&c->inv.v[i]))
			return true;
	return false;
}

static const char *what_else(const struct credentials *c)
{
	if (c->rules.mode == CREDENTIALS_DENY)
		return "take it out";
	return has_uncoverable(c) ? "take the line out, as the file cannot be covered"
				  : "pass it another way, as an argument cannot be dropped";
}

int credentials_refuse(struct credentials *c, struct pf_error *e)
{
	auto_buf list = { 0 }, cure = { 0 };
	bool fits;
	size_t n = 0;

	put_cure(c, &cure);
	fits = !cure.failed && cure.len <= ROOM_FOR_CURE;
	list_refused(c, ROOM_FOR_BOTH - (fits ? cure.len : 0), &list, &n);
	if (n == 0)
		return 0;
	c->refused = true;
	return pf_fail(e, PF_ERR_POLICY, 0, "credentials: `%s' refuses %zu: %s: %s, or allow %s%s",
		       credentials_mode_name(c->rules.mode), n, list.failed ? "" : list.data,
		       what_else(c),
		       fits ? "it: io.pinfold.credentials.allow="
			    : "the kinds in io.pinfold.credentials.allow",
		       fits ? cure.data : "");
}
