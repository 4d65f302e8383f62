/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of paths: all patterns sorted by component, and a tree over them, so that a walker compares a name with the
 * few components that may stand there and never a path with a pattern. Made once, when a catalogue is read.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/catalogue_parts.h"

static int no_memory(struct pf_error *e)
{
	return pf_fail_sys(e, ENOMEM, "read the credentials");
}

/* ---- entries, sorted */

/* The order of components: none, literal, `**', with stars. */
enum rank { RANK_END, RANK_LITERAL, RANK_ANY, RANK_STAR };

static bool is_any(struct catalogue_part p)
{
	return p.len == 2 && p.v[0] == '*' && p.v[1] == '*';
}

static enum rank rank_of(struct catalogue_part p)
{
	if (p.len == 0)
		return RANK_END;
	if (is_any(p))
		return RANK_ANY;
	return memchr(p.v, '*', p.len) ? RANK_STAR : RANK_LITERAL;
}

int catalogue_part_compare(struct catalogue_part a, struct catalogue_part b)
{
	int order = memcmp(a.v, b.v, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_parts(struct catalogue_part a, struct catalogue_part b)
{
	enum rank x = rank_of(a), y = rank_of(b);

	return x != y ? (x > y) - (x < y) : catalogue_part_compare(a, b);
}

static int compare_patterns(const char *p, const char *q)
{
	while (*p || *q) {
		struct catalogue_part a = catalogue_part(p), b = catalogue_part(q);
		int order = compare_parts(a, b);

		if (order != 0)
			return order;
		p = catalogue_next_part(a);
		q = catalogue_next_part(b);
	}
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	const struct catalogue_entry *x = a, *y = b;
	int order;

	if (x->path->place != y->path->place)
		return x->path->place < y->path->place ? -1 : 1;
	order = compare_patterns(x->path->pattern, y->path->pattern);
	if (order != 0)
		return order;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return (int)x->except - (int)y->except;
}

static size_t add_entries(struct catalogue_entry *v, const struct credential_path *paths, size_t n,
			  const struct catalogue_entry *like)
{
	for (size_t i = 0; i < n; i++) {
		v[i] = *like;
		v[i].path = &paths[i];
	}
	return n;
}

static size_t add_kind(struct catalogue_entry *v, const struct credential_kind *k, size_t number)
{
	struct catalogue_entry like;
	size_t n;

	memset(&like, 0, sizeof(like));
	like.kind = k;
	like.number = (uint16_t)number;
	like.type = k->cover == CREDENTIAL_COVER_DIR ? CATALOGUE_TREE : CATALOGUE_FILE;
	n = add_entries(v, k->paths, k->n_paths, &like);
	like.except = true;
	n += add_entries(v + n, k->except, k->n_except, &like);
	like.except = false;
	like.type = CATALOGUE_SOCKET;
	return n + add_entries(v + n, k->sockets, k->n_sockets, &like);
}

static int index_entries(struct catalogue *c, struct pf_error *e)
{
	struct catalogue_entry *v;
	size_t n = 0;

	for (size_t i = 0; i < c->n_kinds; i++)
		n += c->kinds[i]->n_paths + c->kinds[i]->n_except + c->kinds[i]->n_sockets;
	if (n > UINT16_MAX)
		return pf_fail(e, PF_ERR_POLICY, 0, "credentials: more than %d paths", UINT16_MAX);
	v = json_alloc(c->docs[0], (n + 1) * sizeof(*v));
	if (!v)
		return no_memory(e);
	n = 0;
	for (size_t i = 0; i < c->n_kinds; i++)
		n += add_kind(v + n, c->kinds[i], i);
	qsort(v, n, sizeof(*v), compare_entries);
	c->entries = v;
	c->n_entries = n;
	return 0;
}

/* ---- the tree */

static size_t count_parts(const char *p)
{
	size_t n = 1;

	for (; *p; p++)
		n += *p == '/';
	return n;
}

static int too_many(struct pf_error *e)
{
	return pf_fail(e, PF_ERR_POLICY, 0, "credentials: paths of more than %d components in all",
		       UINT16_MAX - CATALOGUE_LIVE_MAX);
}

/* Room for as many nodes as there are components. */
static int alloc_nodes(struct catalogue *c, struct catalogue_node **ret, struct pf_error *e)
{
	size_t n = CREDENTIAL_AT_ANY + 1;

	for (size_t i = 0; i < c->n_entries; i++)
		n += count_parts(c->entries[i].path->pattern);
	if (n > UINT16_MAX - CATALOGUE_LIVE_MAX)
		return too_many(e);
	*ret = json_alloc(c->docs[0], n * sizeof(**ret));
	return *ret ? 0 : no_memory(e);
}

static struct catalogue_part part_at(const struct catalogue *c, size_t entry, size_t at)
{
	return catalogue_part(c->entries[entry].path->pattern + at);
}

/* The nodes below @n, at the end of what is there. */
static size_t expand(const struct catalogue *c, struct catalogue_node *nodes,
		     struct catalogue_node *n, size_t count)
{
	size_t i = (size_t)n->first + n->own;

	n->child = (uint16_t)count;
	while (i < n->end) {
		const struct catalogue_part part = part_at(c, i, n->at);
		struct catalogue_node *child = &nodes[count++];
		bool literal = rank_of(part) == RANK_LITERAL;

		child->len = (uint16_t)part.len;
		child->at = (uint16_t)(n->at + part.len + 1);
		child->any = is_any(part);
		child->place = n->place;
		child->first = (uint16_t)i;
		for (; i < c->n_entries && i < n->end; i++) {
			const struct catalogue_part next = part_at(c, i, n->at);

			if (catalogue_part_compare(part, next) != 0)
				break;
			child->own += next.v[next.len] == '\0';
		}
		child->end = (uint16_t)i;
		n->n_literal += literal;
		n->n_star += !literal;
	}
	return count;
}

/* Breadth first, so that children stand together. */
static int index_nodes(struct catalogue *c, struct pf_error *e)
{
	struct catalogue_node *nodes = NULL;
	size_t count = CREDENTIAL_AT_ANY + 1, at = 0;

	STEP(alloc_nodes(c, &nodes, e));
	for (size_t place = 0; place <= CREDENTIAL_AT_ANY; place++) {
		nodes[place].place = place != CREDENTIAL_AT_ANY;
		nodes[place].first = (uint16_t)at;
		while (at < c->n_entries && c->entries[at].path->place == place)
			at++;
		nodes[place].end = (uint16_t)at;
	}
	for (size_t i = 0; i < count; i++)
		count = expand(c, nodes, &nodes[i], count);
	c->nodes = nodes;
	c->n_nodes = count;
	return 0;
}

/*
 * How many nodes can be possible at once? Of those without a star there is one a place, as a path has one component at
 * each depth. So whatever else is a directory, with a star or below a `**', is counted as if all of them fitted one path;
 * a cursor then has room for any path, and no walk can run out of it.
 */
static size_t count_live(const struct catalogue *c, const struct catalogue_node *n, bool star,
			 bool any)
{
	bool directory = n->n_literal + n->n_star > 0 || n->any;
	bool counts = directory && (any || n->any || star);
	size_t live = counts ? 1 : 0;

	for (size_t i = 0; i < (size_t)n->n_literal + n->n_star; i++)
		live += count_live(c, &c->nodes[n->child + i], i >= n->n_literal, any || n->any);
	return live;
}

static int check_live(const struct catalogue *c, struct pf_error *e)
{
	enum { MOST = CATALOGUE_LIVE_MAX - 2 }; /* without the places of HOME and ROOT */
	size_t live = 0;

	for (size_t place = 0; place <= CREDENTIAL_AT_ANY; place++)
		live += count_live(c, &c->nodes[place], false, false);
	if (live <= MOST)
		return 0;
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"credentials: %zu directories in patterns have a `*' or lie below a `**', and "
		"%d are the most: name some of them",
		live, MOST);
}

/* ---- last components of patterns of any directory */

static int compare_lasts(const void *a, const void *b)
{
	const struct catalogue_last *x = a, *y = b;
	const struct catalogue_part p = { x->name, x->len }, q = { y->name, y->len };
	int order = compare_parts(p, q);

	return order != 0 ? order : (int)x->entry - (int)y->entry;
}

static int index_lasts(struct catalogue *c, struct pf_error *e)
{
	const struct catalogue_node *any = &c->nodes[CREDENTIAL_AT_ANY];
	struct catalogue_last *v;
	size_t n = 0;

	v = json_alloc(c->docs[0], ((size_t)(any->end - any->first) + 1) * sizeof(*v));
	if (!v)
		return no_memory(e);
	for (size_t i = any->first; i < any->end; i++) {
		const char *pattern = c->entries[i].path->pattern;

		if (c->entries[i].except)
			continue;
		v[n].name = strrchr(pattern, '/') + 1;
		v[n].len = (uint16_t)strlen(v[n].name);
		v[n++].entry = (uint16_t)i;
	}
	qsort(v, n, sizeof(*v), compare_lasts);
	c->lasts = v;
	c->n_lasts = n;
	while (c->n_literal_lasts < n &&
	       !memchr(v[c->n_literal_lasts].name, '*', v[c->n_literal_lasts].len))
		c->n_literal_lasts++;
	return 0;
}

int catalogue_index_paths(struct catalogue *c, struct pf_error *e)
{
	STEP(index_entries(c, e));
	STEP(index_nodes(c, e));
	STEP(check_live(c, e));
	return index_lasts(c, e);
}
