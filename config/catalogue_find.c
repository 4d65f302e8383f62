/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is a name? Variables by the index; paths and sockets by a walk along the tree of patterns. Matching is linear: it
 * only ever goes back to the last star.
 */
#include <config.h>

#include <string.h>

#include "config/catalogue_parts.h"

/* ---- one component, and paths */

static bool match_stars(struct catalogue_part p, struct catalogue_part s)
{
	size_t i = 0, j = 0, star = SIZE_MAX, mark = 0;

	while (j < s.len) {
		if (i < p.len && p.v[i] == '*') {
			star = i++;
			mark = j;
		} else if (i < p.len && p.v[i] == s.v[j]) {
			i++;
			j++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			j = ++mark;
		} else {
			return false;
		}
	}
	while (i < p.len && p.v[i] == '*')
		i++;
	return i == p.len;
}

/* Nearly every name differs from nearly every pattern in its first or its last byte. */
bool catalogue_part_matches(struct catalogue_part p, struct catalogue_part s)
{
	if (p.len == 0 || s.len == 0)
		return p.len == s.len;
	if (p.v[0] != '*' && p.v[0] != s.v[0])
		return false;
	if (p.v[p.len - 1] != '*' && p.v[p.len - 1] != s.v[s.len - 1])
		return false;
	return match_stars(p, s);
}

static bool is_any(const char *p)
{
	return p[0] == '*' && p[1] == '*' && (p[2] == '/' || p[2] == '\0');
}

/* Most paths differ in their first byte. */
static bool may_match(char p, char s)
{
	return p && s && (p == s || p == '*');
}

static bool match_path(const char *p, const char *s, bool dir)
{
	const char *star = NULL, *mark = NULL;

	for (;;) {
		const struct catalogue_part want = catalogue_part(p), have = catalogue_part(s);

		if (*p == '\0' && (*s == '\0' || dir))
			return true;
		if (is_any(p)) {
			star = p = catalogue_next_part(want);
			mark = s;
			if (*p == '\0')
				return true;
		} else if (want.len > 0 && have.len > 0 && catalogue_part_matches(want, have)) {
			p = catalogue_next_part(want);
			s = catalogue_next_part(have);
		} else if (star && *mark) {
			p = star;
			s = mark = catalogue_next_part(catalogue_part(mark));
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

/*
 * The walk that a walker of directories makes, along one path. @inside: what covers a directory that the path lies in, and
 * what excepts one, as catalogue_enter() leaves it
 */
static bool walk(const struct catalogue *c, enum credential_place place, const char *path,
		 struct catalogue_cursor *inside, struct catalogue_answer *answer)
{
	const struct question q = ask(place, path);
	struct catalogue_cursor cursors[2], *at = &cursors[0], *next = &cursors[1], *swap;
	struct catalogue_part part = catalogue_part(q.path);
	const char *rest = catalogue_next_part(part);

	if (!*q.path)
		return false;
	catalogue_root(c, place, at);
	while (*rest) {
		(void)catalogue_enter_part(at, part, next);
		swap = at;
		at = next;
		next = swap;
		part = catalogue_part(rest);
		rest = catalogue_next_part(part);
	}
	catalogue_ask(at, part, answer);
	inside->marked = at->marked;
	if (at->marked) {
		memcpy(inside->inside, at->inside, sizeof(inside->inside));
		memcpy(inside->excepted, at->excepted, sizeof(inside->excepted));
	}
	return answer->used || at->marked;
}

/* The kinds of 64 numbers. */
static size_t put_word(const struct credential_kind **kinds, uint64_t found,
		       const struct credential_kind **ret, size_t had, size_t max)
{
	size_t n = had;

	for (; found; found &= found - 1) {
		if (n < max)
			ret[n] = kinds[__builtin_ctzll(found)];
		n++;
	}
	return n;
}

size_t catalogue_find_path(const struct catalogue *c, enum credential_place place, const char *path,
			   const struct credential_kind **ret, size_t max)
{
	struct catalogue_answer a;
	struct catalogue_cursor in;
	size_t n = 0;

	if (!walk(c, place, path, &in, &a))
		return 0;
	for (size_t i = 0; i < CATALOGUE_KINDS_MAX / 64; i++) {
		uint64_t found = (a.used ? a.path[i] : 0) | (in.marked ? in.inside[i] : 0);
		uint64_t except = (a.used ? a.except[i] : 0) | (in.marked ? in.excepted[i] : 0);

		n = put_word(c->kinds + i * 64, found & ~except, ret, n, max);
	}
	return n;
}

size_t catalogue_find_socket(const struct catalogue *c, enum credential_place place,
			     const char *path, const struct credential_kind **ret, size_t max)
{
	struct catalogue_answer a;
	struct catalogue_cursor in;
	size_t n = 0;

	if (!walk(c, place, path, &in, &a) || !a.used)
		return 0;
	for (size_t i = 0; i < CATALOGUE_KINDS_MAX / 64; i++)
		n = put_word(c->kinds + i * 64, a.socket[i], ret, n, max);
	return n;
}

/* ---- variables */

static const char *variable_name(const struct catalogue *c, const struct catalogue_name *name)
{
	return catalogue_name_found(c, name).variable->name;
}

static size_t first_name(const struct catalogue *c, const char *name)
{
	size_t low = 0, high = c->n_names;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(variable_name(c, &c->names[mid]), name) < 0)
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
		if (strcmp(variable_name(c, &c->names[i]), name) != 0)
			break;
		if (n < max)
			ret[n] = catalogue_name_found(c, &c->names[i]);
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
		const char *pattern;

		if (n > 0 && p->letters < letters)
			break;
		pattern = variable_name(c, p);
		/* the star stands for at least one byte: `TF_TOKEN_' is nobody's */
		if (p->letters >= len ||
		    !catalogue_part_matches((struct catalogue_part){ pattern, strlen(pattern) },
					    (struct catalogue_part){ name, len }))
			continue;
		letters = p->letters;
		if (n < max)
			ret[n] = catalogue_name_found(c, p);
		n++;
	}
	return n;
}
