/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue's patterns as a tree of components. They are sorted so that patterns which share directories are
 * neighbours; a cursor is a few ranges of them. A walk so asks for each name once, whichever patterns it belongs to.
 *
 * Not the catalogue's own cursor: a mount is looked at as what it is here, as what it was where it comes from and as a
 * home, all in one walk.
 */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/names_parts.h"

void names_index_make(const struct catalogue_entry *v, size_t n, struct names_index *ret)
{
	size_t at = 0;

	*ret = (struct names_index){ .v = v, .n = n };
	for (size_t place = 0; place < ARRAY_SIZE(ret->first); place++) {
		while (at < n && (size_t)v[at].path->place < place)
			at++;
		ret->first[place] = (uint32_t)at;
	}
}

/* ---- the cursor */

static void push(struct names_cursor *c, struct names_range r)
{
	if (c->n == NAMES_RANGES_MAX)
		c->overflow = true;
	else
		c->r[c->n++] = r;
}

void names_cursor_add(const struct names_index *x, enum credential_place place, size_t base,
		      struct names_cursor *c)
{
	const struct names_range r = { .first = x->first[place],
				       .end = x->first[place + 1],
				       /* in any directory: here, as `**' stands for none too */
				       .at = place == CREDENTIAL_AT_ANY ? 3 : 0,
				       .base = (uint16_t)base,
				       .left = NAMES_STARS_DEPTH };

	if (r.first < r.end)
		push(c, r);
}

static const char *rest(const struct names_index *x, uint32_t i, const struct names_range *r)
{
	return x->v[i].path->pattern + r->at;
}

static bool is_stars(const char *p)
{
	return p[0] == '*' && p[1] == '*' && (p[2] == '/' || p[2] == '\0');
}

/* @name is one component; @p goes on behind its own. */
static bool part_matches(const char *p, size_t len, const char *name)
{
	size_t i = 0, j = 0, star = SIZE_MAX, mark = 0;

	while (name[j]) {
		if (i < len && p[i] == '*') {
			star = i++;
			mark = j;
		} else if (i < len && p[i] == name[j]) {
			i++;
			j++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			j = ++mark;
		} else {
			return false;
		}
	}
	while (i < len && p[i] == '*')
		i++;
	return i == len;
}

/* The end of the run of patterns that go on with the component at @i. */
static uint32_t run_end(const struct names_index *x, const struct names_range *r, uint32_t i,
			size_t len)
{
	const char *p = rest(x, i, r);
	uint32_t end = i + 1;

	while (end < r->end && strncmp(rest(x, end, r), p, len) == 0 &&
	       (rest(x, end, r)[len] == '/' || rest(x, end, r)[len] == '\0'))
		end++;
	return end;
}

struct entering {
	const struct names_index *x;
	const char *name;
	struct names_cursor *next;
	struct names_leaves *leaves;
};

static void add_leaf(const struct entering *in, uint32_t i, const struct names_range *r)
{
	if (in->x->v[i].except)
		return;
	if (in->leaves->n == NAMES_LEAVES_MAX)
		in->next->overflow = true;
	else
		in->leaves->v[in->leaves->n++] = (struct names_leaf){ &in->x->v[i], r->base };
}

/* Those of a run whose component has matched: some end here, the others go on. */
static void take_run(const struct entering *in, struct names_range run, size_t len)
{
	while (run.first < run.end && rest(in->x, run.first, &run)[len] == '\0')
		add_leaf(in, run.first++, &run);
	run.at += (uint16_t)(len + 1);
	if (run.first < run.end)
		push(in->next, run);
}

/* Two stars stand for this component and stay, or for none, and what follows them is asked. */
static void enter_stars(const struct entering *in, const struct names_range *r, uint32_t i)
{
	struct names_range one = *r;
	const char *p = rest(in->x, i, r);
	size_t len;

	one.first = i;
	one.end = i + 1;
	if (one.left > 0) {
		one.left--;
		push(in->next, one);
	}
	if (p[2] == '\0') {
		add_leaf(in, i, r);
		return;
	}
	one.at += 3;
	len = strcspn(p + 3, "/");
	if (part_matches(p + 3, len, in->name))
		take_run(in, one, len);
}

static void enter_range(const struct entering *in, const struct names_range *r)
{
	uint32_t end;

	for (uint32_t i = r->first; i < r->end; i = end) {
		const char *p = rest(in->x, i, r);
		size_t len;

		end = i + 1;
		if (p[0] != '*' && p[0] != in->name[0])
			continue;
		if (is_stars(p)) {
			enter_stars(in, r, i);
			continue;
		}
		len = strcspn(p, "/");
		end = run_end(in->x, r, i, len);
		if (part_matches(p, len, in->name)) {
			struct names_range run = *r;

			run.first = i;
			run.end = end;
			take_run(in, run, len);
		}
	}
}

void names_cursor_enter(const struct names_index *x, const struct names_cursor *c, const char *name,
			struct names_cursor *next, struct names_leaves *leaves)
{
	const struct entering in = { x, name, next, leaves };

	next->n = 0;
	next->overflow = c->overflow;
	for (size_t i = 0; i < c->n; i++)
		enter_range(&in, &c->r[i]);
}

static bool has_star(const char *p)
{
	return memchr(p, '*', strcspn(p, "/")) != NULL;
}

bool names_cursor_has_stars(const struct names_index *x, const struct names_cursor *c)
{
	for (size_t i = 0; i < c->n; i++)
		for (uint32_t k = c->r[i].first; k < c->r[i].end; k++)
			if (has_star(rest(x, k, &c->r[i])))
				return true;
	return false;
}

static bool all_excepted(const struct names_index *x, uint32_t first, uint32_t end)
{
	while (first < end && x->v[first].except)
		first++;
	return first == end;
}

bool names_cursor_name(const struct names_index *x, const struct names_cursor *c,
		       struct names_iter *it, char ret[NAME_MAX + 1])
{
	for (; it->range < c->n; it->range++, it->at = 0) {
		const struct names_range *r = &c->r[it->range];

		while (r->first + it->at < r->end) {
			uint32_t i = r->first + it->at;
			const char *p = rest(x, i, r);
			size_t len = strcspn(p, "/");

			it->at = run_end(x, r, i, len) - r->first;
			if (has_star(p) || len > NAME_MAX || all_excepted(x, i, r->first + it->at))
				continue;
			memcpy(ret, p, len);
			ret[len] = '\0';
			return true;
		}
	}
	return false;
}
