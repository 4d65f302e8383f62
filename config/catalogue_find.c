/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is a name? Variables by the index; paths and sockets by walking the patterns, each of which differs from nearly
 * every path within its first bytes. Matching is linear: it only ever goes back to the last star.
 */
#include <config.h>

#include <string.h>

#include "config/catalogue_parts.h"

/* ---- one component, and paths */

/* @p holds stars that stand for any bytes but `/'. */
static bool match_part(const char *p, size_t pn, const char *s, size_t sn)
{
	size_t i = 0, j = 0, star = SIZE_MAX, mark = 0;

	while (j < sn) {
		if (i < pn && p[i] == '*') {
			star = i++;
			mark = j;
		} else if (i < pn && p[i] == s[j]) {
			i++;
			j++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			j = ++mark;
		} else {
			return false;
		}
	}
	while (i < pn && p[i] == '*')
		i++;
	return i == pn;
}

static size_t part_length(const char *s)
{
	return strcspn(s, "/");
}

/* Behind the component and its slash; the end of the string otherwise. */
static const char *next_part(const char *s)
{
	s += part_length(s);
	return *s == '/' ? s + 1 : s;
}

static bool is_any(const char *p)
{
	return p[0] == '*' && p[1] == '*' && (p[2] == '/' || p[2] == '\0');
}

/* Most components differ in their first byte. */
static bool may_match(char p, char s)
{
	return p && s && (p == s || p == '*');
}

static bool match_path(const char *p, const char *s, bool dir)
{
	const char *star = NULL, *mark = NULL;

	for (;;) {
		if (*p == '\0' && (*s == '\0' || dir))
			return true;
		if (is_any(p)) {
			star = p = next_part(p);
			mark = s;
			if (*p == '\0')
				return true;
		} else if (may_match(*p, *s) && match_part(p, part_length(p), s, part_length(s))) {
			p = next_part(p);
			s = next_part(s);
		} else if (star && *mark) {
			p = star;
			s = mark = next_part(mark);
		} else {
			return false;
		}
	}
}

/* A question as it is compared. */
struct question {
	enum credential_place place;
	const char *path; /* without slashes in front, and /var/run as /run */
	const char *
		home; /* AT_ROOT: the path below the home that it lies in, as its place tells; NULL: in none */
};

static const char *below_home(const char *path)
{
	if (strncmp(path, "root/", 5) == 0)
		return path + 5;
	if (strncmp(path, "home/", 5) != 0)
		return NULL;
	path = strchr(path + 5, '/');
	return path ? path + 1 : NULL;
}

static struct question ask(enum credential_place place, const char *path)
{
	struct question q = { .place = place, .path = path + strspn(path, "/") };

	if (place == CREDENTIAL_AT_ROOT && strncmp(q.path, "var/run/", 8) == 0)
		q.path += 4;
	if (place == CREDENTIAL_AT_ROOT)
		q.home = below_home(q.path);
	return q;
}

static bool matches(const struct credential_path *p, bool dir, const struct question *q)
{
	if (p->place == CREDENTIAL_AT_ANY)
		return match_path(p->pattern, q->path, dir);
	if (p->place == q->place)
		return may_match(p->pattern[0], q->path[0]) && match_path(p->pattern, q->path, dir);
	return p->place == CREDENTIAL_AT_HOME && q->home && may_match(p->pattern[0], q->home[0]) &&
	       match_path(p->pattern, q->home, dir);
}

bool catalogue_path_matches(const struct credential_path *p, bool dir, enum credential_place place,
			    const char *path)
{
	const struct question q = ask(place, path);

	return *q.path && matches(p, dir, &q);
}

static bool any_matches(const struct credential_path *v, size_t n, bool dir,
			const struct question *q)
{
	for (size_t i = 0; i < n; i++)
		if (matches(&v[i], dir, q))
			return true;
	return false;
}

size_t catalogue_find_path(const struct catalogue *c, enum credential_place place, const char *path,
			   const struct credential_kind **ret, size_t max)
{
	const struct question q = ask(place, path);
	size_t n = 0;

	for (size_t i = 0; *q.path && i < c->n_kinds; i++) {
		const struct credential_kind *k = c->kinds[i];

		if (!any_matches(k->paths, k->n_paths, k->cover == CREDENTIAL_COVER_DIR, &q) ||
		    any_matches(k->except, k->n_except, true, &q))
			continue;
		if (n < max)
			ret[n] = k;
		n++;
	}
	return n;
}

size_t catalogue_find_socket(const struct catalogue *c, enum credential_place place,
			     const char *path, const struct credential_kind **ret, size_t max)
{
	const struct question q = ask(place, path);
	size_t n = 0;

	for (size_t i = 0; *q.path && i < c->n_kinds; i++) {
		const struct credential_kind *k = c->kinds[i];

		if (!any_matches(k->sockets, k->n_sockets, false, &q))
			continue;
		if (n < max)
			ret[n] = k;
		n++;
	}
	return n;
}

/* ---- variables */

static size_t first_name(const struct catalogue *c, const char *name)
{
	size_t low = 0, high = c->n_names;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(c->names[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static size_t find_exact(const struct catalogue *c, const char *name,
			 struct catalogue_variable *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = first_name(c, name); i < c->n_names; i++) {
		if (strcmp(c->names[i].name, name) != 0)
			break;
		if (n < max)
			ret[n] = c->names[i].found;
		n++;
	}
	return n;
}

size_t catalogue_find_variable(const struct catalogue *c, const char *name,
			       struct catalogue_variable *ret, size_t max)
{
	size_t n = find_exact(c, name, ret, max), len = strlen(name), letters = 0;

	if (n > 0)
		return n;
	for (size_t i = 0; i < c->n_patterns; i++) {
		const struct catalogue_name *p = &c->patterns[i];

		if (n > 0 && p->letters < letters)
			break;
		/* the star stands for at least one byte: `TF_TOKEN_' is nobody's */
		if (p->letters >= len || !match_part(p->name, strlen(p->name), name, len))
			continue;
		letters = p->letters;
		if (n < max)
			ret[n] = p->found;
		n++;
	}
	return n;
}
