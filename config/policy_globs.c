/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of paths. A pattern of n parts is an automaton of n + 1 places; a walk carries the set of places it stands at
 * as bits of one word, so that `**' costs nothing but a bit and no pattern makes the walk try anything twice.
 */
#include <config.h>

#include "config/policy_globs.h"

#include <string.h>

#include "base/cleanup.h"
#include "config/policy_parts.h"

bool glob_is(const char *path)
{
	return strpbrk(path, "*?[") != NULL;
}

/* The length of "[...]" at @p, of which @len bytes are left; 0: it has no end. A `]' that stands first is a member. */
static size_t class_len(const char *p, size_t len)
{
	size_t i = 1;

	if (i < len && (p[i] == '!' || p[i] == '^'))
		i++;
	for (size_t first = i; i < len; i++)
		if (p[i] == ']' && i > first)
			return i + 1;
	return 0;
}

static int check_class(const char *path, const char *p, size_t n, struct pf_error *e)
{
	for (size_t i = 1; i + 1 < n; i++) {
		if ((unsigned char)p[i] >= 0x80)
			return pf_fail(e, PF_ERR_POLICY, 0,
				       "`%.80s': `%.*s' may hold ASCII characters only: `?' is any "
				       "one character",
				       path, (int)n, p);
		/* a minus at either end is itself */
		if (p[i] == '-' && i > 1 && i + 2 < n && p[i - 1] != '!' && p[i - 1] != '^' &&
		    p[i - 1] > p[i + 1])
			return pf_fail(e, PF_ERR_POLICY, 0,
				       "`%.80s': in `%.*s' a range runs backwards", path, (int)n,
				       p);
	}
	return 0;
}

static int check_part(const char *path, const char *part, size_t len, struct pf_error *e)
{
	for (size_t i = 0; i < len; i++) {
		size_t n;

		if (len > 2 && part[i] == '*' && i + 1 < len && part[i + 1] == '*')
			return pf_fail(e, PF_ERR_POLICY, 0,
				       "`%.80s': `**' stands alone between slashes, for any number "
				       "of directories; within a name write `*'",
				       path);
		if (part[i] != '[')
			continue;
		n = class_len(part + i, len - i);
		if (n == 0)
			return pf_fail(
				e, PF_ERR_POLICY, 0,
				"`%.80s': `[' has no `]' in the same name: `[[]' is the bracket itself",
				path);
		STEP(check_class(path, part + i, n, e));
		i += n - 1;
	}
	return 0;
}

int glob_check(const char *path, struct pf_error *e)
{
	size_t parts = 0;

	for (const char *p = path + strspn(path, "/"); *p; p += strspn(p, "/")) {
		size_t len = strcspn(p, "/");

		if (++parts > GLOB_PARTS_MAX)
			return pf_fail(e, PF_ERR_POLICY, 0,
				       "`%.80s': a pattern has at most %d components", path,
				       GLOB_PARTS_MAX);
		STEP(check_part(path, p, len, e));
		p += len;
	}
	return 0;
}

void glob_parse(const char *text, struct glob *ret)
{
	ret->n = 0;
	for (const char *p = text + strspn(text, "/"); *p && ret->n < GLOB_PARTS_MAX;
	     p += strspn(p, "/")) {
		ret->part[ret->n] = p;
		ret->len[ret->n] = strcspn(p, "/");
		p += ret->len[ret->n++];
	}
}

static bool is_any_depth(const struct glob *g, size_t i)
{
	return g->len[i] == 2 && memcmp(g->part[i], "**", 2) == 0;
}

size_t glob_literal_parts(const struct glob *g)
{
	size_t n = 0;

	for (; n < g->n; n++)
		for (size_t i = 0; i < g->len[n]; i++)
			if (strchr("*?[", g->part[n][i]))
				return n;
	return n;
}

/* `**' may stand for no component at all. */
static glob_states close_over(const struct glob *g, glob_states states)
{
	for (size_t i = 0; i < g->n; i++)
		if ((states >> i & 1) && is_any_depth(g, i))
			states |= 1ull << (i + 1);
	return states;
}

glob_states glob_start(const struct glob *g, size_t n_parts)
{
	return close_over(g, 1ull << n_parts);
}

/* Bytes of the character at @s: of a broken one, one. */
static size_t char_len(const char *s)
{
	unsigned char c = (unsigned char)s[0];
	size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

	for (size_t i = 1; i < n; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 1;
	return n;
}

static bool is_in_class(const char *p, size_t n, char c)
{
	size_t i = 1;
	bool not = p[i] == '!' || p[i] == '^', found = false;

	for (i += not ; i + 1 < n; i++) {
		if (i + 3 < n && p[i + 1] == '-') {
			found |= p[i] <= c && c <= p[i + 2];
			i += 2;
		} else {
			found |= p[i] == c;
		}
	}
	return found != not ;
}

/* What one place of the pattern that is no star takes of @s: its bytes, 0: it does not match. */
static size_t take_one(const char *p, size_t len, const char *s, size_t *ret_pattern)
{
	size_t n = *p == '[' ? class_len(p, len) : 0;

	*ret_pattern = n ? n : 1;
	if (!*s)
		return 0;
	if (*p == '?')
		return char_len(s);
	if (!n)
		return *p == *s;
	return is_in_class(p, n, *s) ? char_len(s) : 0;
}

/* Of stars only the last one has to be tried again: what lies before it has matched as early as it could. */
static bool part_matches(const char *p, size_t len, const char *name)
{
	const char *star_name = NULL;
	size_t at = 0, star = 0;

	for (;;) {
		size_t used, taken;

		if (at < len && p[at] == '*') {
			star = ++at;
			star_name = name;
			continue;
		}
		if (at == len && !*name)
			return true;
		taken = at < len ? take_one(p + at, len - at, name, &used) : 0;
		if (taken) {
			at += used;
			name += taken;
			continue;
		}
		if (!star_name || !*star_name)
			return false;
		/* by characters, so that what follows the star never begins in the middle of one */
		star_name += char_len(star_name);
		name = star_name;
		at = star;
	}
}

glob_states glob_step(const struct glob *g, glob_states states, const char *name)
{
	glob_states next = 0;

	for (size_t i = 0; i < g->n; i++) {
		if (!(states >> i & 1))
			continue;
		if (is_any_depth(g, i))
			next |= 1ull << i;
		else if (part_matches(g->part[i], g->len[i], name))
			next |= 1ull << (i + 1);
	}
	return close_over(g, next);
}

bool glob_matches(const struct glob *g, glob_states states)
{
	return states >> g->n & 1;
}

bool glob_matches_path(const struct glob *g, const char *path)
{
	glob_states states = glob_start(g, 0);
	char name[256];

	for (const char *p = path + strspn(path, "/"); *p; p += strspn(p, "/")) {
		size_t len = strcspn(p, "/");

		if (len >= sizeof(name))
			return false;
		memcpy(name, p, len);
		name[len] = '\0';
		states = glob_step(g, states, name);
		p += len;
	}
	return glob_matches(g, states);
}

int policy_check_pattern(const char *path, struct pf_error *e)
{
	struct glob g;

	if (glob_is(path))
		STEP(glob_check(path, e));
	glob_parse(path, &g);
	if (glob_matches_path(&g, "/"))
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`%.80s' is the root of the container: name what is in it", path);
	return 0;
}

int policy_check_pattern_token(enum policy_key key, const char *token, struct pf_error *e)
{
	bool protect = key == POLICY_PROTECT;

	if (protect && strcmp(token, "@agent-control") == 0)
		return 0;
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"`%.80s' is not known to `%s', which takes absolute paths and patterns of them%s",
		token, policy_keys[key].name, protect ? ", and `@agent-control'" : "");
}
