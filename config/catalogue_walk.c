/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk of directories beside the tree of patterns. A pattern with a star and one without may both fit a name, and a
 * `**' fits any number of them, so a cursor holds every node that the names so far lead to, each once. That there are
 * never more than it has room for was seen to when the catalogue was read (catalogue_paths.c).
 *
 * A walk by names may not follow a `**' for ever. Each node of its cursor has a number of directories left; where none is,
 * the node is kept for what its patterns except.
 */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "config/catalogue_parts.h"

/* Of a cursor below AT_ROOT. */
enum spot {
	SPOT_PLAIN,
	SPOT_TOP,   /* `/' */
	SPOT_HOMES, /* `/home' */
	SPOT_VAR,   /* `/var' */
};

static bool is_name(struct catalogue_part part, const char *name)
{
	return strlen(name) == part.len && memcmp(name, part.v, part.len) == 0;
}

static void set_bit(uint64_t *bits, size_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

/* ---- the set of nodes */

/* For whoever lists all there is. */
enum { LEFT_ALWAYS = UINT8_MAX };

static const struct catalogue_node *live_node(const struct catalogue_cursor *cur, size_t i)
{
	return &cur->c->nodes[cur->live[i].node];
}

/* Where one node is reached by two ways, what the longer one allows. */
static void set_live(struct catalogue_cursor *cur, size_t node, uint8_t left)
{
	size_t i = 0;

	while (i < cur->n && cur->live[i].node != node)
		i++;
	if (i == ARRAY_SIZE(cur->live))
		return; /* see check_live() in catalogue_paths.c */
	if (i == cur->n)
		cur->live[cur->n++] = (struct catalogue_live){ .node = (uint16_t)node };
	if (cur->live[i].left < left)
		cur->live[i].left = left;
}

/* What ends at a directory holds for all below it, if it is an exception or covers the whole. */
static void mark(struct catalogue_cursor *cur, const struct catalogue_node *n)
{
	for (size_t i = n->first; i < (size_t)n->first + n->own; i++) {
		const struct catalogue_entry *entry = &cur->c->entries[i];

		if (!entry->except && entry->type != CATALOGUE_TREE)
			continue;
		if (!cur->marked) {
			memset(cur->inside, 0, sizeof(cur->inside));
			memset(cur->excepted, 0, sizeof(cur->excepted));
			cur->marked = true;
		}
		set_bit(entry->except ? cur->excepted : cur->inside, entry->number);
	}
}

/* The `**' among the children, which stands for no component as well; NULL: there is none */
static const struct catalogue_node *any_child(const struct catalogue *c,
					      const struct catalogue_node *n)
{
	const struct catalogue_node *child = &c->nodes[n->child + n->n_literal];

	return n->n_star > 0 && child->any ? child : NULL;
}

static void add_node(struct catalogue_cursor *cur, const struct catalogue_node *n, uint8_t left)
{
	for (; n; n = any_child(cur->c, n)) {
		mark(cur, n);
		if (n->n_literal + n->n_star > 0 || n->any)
			set_live(cur, (size_t)(n - cur->c->nodes), left);
	}
}

void catalogue_root(const struct catalogue *c, enum credential_place place,
		    struct catalogue_cursor *ret)
{
	ret->c = c;
	ret->n = 0;
	ret->marked = false;
	ret->spot = place == CREDENTIAL_AT_ROOT ? SPOT_TOP : SPOT_PLAIN;
	if (place != CREDENTIAL_AT_ANY)
		add_node(ret, &c->nodes[place], LEFT_ALWAYS);
	add_node(ret, &c->nodes[CREDENTIAL_AT_ANY], LEFT_ALWAYS);
}

void catalogue_begin(const struct catalogue *c, struct catalogue_cursor *ret)
{
	ret->c = c;
	ret->n = 0;
	ret->marked = false;
	ret->spot = SPOT_PLAIN;
	add_node(ret, &c->nodes[CREDENTIAL_AT_ANY], 0);
}

void catalogue_add(struct catalogue_cursor *cur, enum credential_place place)
{
	add_node(cur, &cur->c->nodes[place], place == CREDENTIAL_AT_ANY ? 1 : CATALOGUE_STARS_MAX);
}

/* ---- one component */

static const struct catalogue_node *literal_child(const struct catalogue *c,
						  const struct catalogue_node *n,
						  struct catalogue_part name)
{
	size_t low = n->child, high = low + n->n_literal;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct catalogue_node *child = &c->nodes[mid];
		int order = catalogue_part_compare(catalogue_node_name(c, child), name);

		if (order == 0)
			return child;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* The children of @n that @name fits, one after the other; @at begins as 0. A `**' is no child here. */
static const struct catalogue_node *next_child(const struct catalogue *c,
					       const struct catalogue_node *n,
					       struct catalogue_part name, size_t *at)
{
	const struct catalogue_node *child;

	if (*at == 0) {
		*at = 1;
		child = literal_child(c, n, name);
		if (child)
			return child;
	}
	for (; *at <= n->n_star; (*at)++) {
		child = &c->nodes[n->child + n->n_literal + *at - 1];
		if (!child->any && name.len > 0 &&
		    catalogue_part_matches(catalogue_node_name(c, child), name)) {
			(*at)++;
			return child;
		}
	}
	return NULL;
}

static void step_into(const struct catalogue_cursor *cur, struct catalogue_part name,
		      struct catalogue_cursor *ret)
{
	for (size_t i = 0; i < cur->n; i++) {
		const struct catalogue_node *n = live_node(cur, i), *child;
		uint8_t left = cur->live[i].left;
		size_t at = 0;

		if (n->any)
			add_node(ret, n, left > 0 && left < LEFT_ALWAYS ? left - 1 : left);
		while ((child = next_child(cur->c, n, name, &at)))
			add_node(ret, child, left);
	}
}

/* Its names are worth a look. Those of any directory are only where catalogue_add() says that they are looked for. */
static bool is_wanted(const struct catalogue_cursor *cur, size_t i)
{
	uint8_t left = cur->live[i].left;

	return left == LEFT_ALWAYS ? live_node(cur, i)->place : left > 0;
}

static bool goes_on(const struct catalogue_cursor *cur)
{
	for (size_t i = 0; i < cur->n; i++)
		if (is_wanted(cur, i))
			return true;
	return cur->spot != SPOT_PLAIN;
}

/* @name in the directory @spot, both below AT_ROOT */
static enum spot next_spot(enum spot spot, struct catalogue_part name)
{
	if (spot != SPOT_TOP)
		return SPOT_PLAIN;
	if (is_name(name, "home"))
		return SPOT_HOMES;
	return is_name(name, "var") ? SPOT_VAR : SPOT_PLAIN;
}

bool catalogue_enter_part(const struct catalogue_cursor *cur, struct catalogue_part name,
			  struct catalogue_cursor *ret)
{
	struct catalogue_cursor top;
	enum spot spot = (enum spot)cur->spot;

	if (spot == SPOT_VAR && is_name(name, "run")) {
		catalogue_root(cur->c, CREDENTIAL_AT_ROOT, &top);
		return catalogue_enter_part(&top, name, ret);
	}
	ret->c = cur->c;
	ret->n = 0;
	ret->spot = (uint8_t)next_spot(spot, name);
	ret->marked = cur->marked;
	if (cur->marked) {
		memcpy(ret->inside, cur->inside, sizeof(ret->inside));
		memcpy(ret->excepted, cur->excepted, sizeof(ret->excepted));
	}
	step_into(cur, name, ret);
	if (spot == SPOT_HOMES || (spot == SPOT_TOP && is_name(name, "root")))
		add_node(ret, &cur->c->nodes[CREDENTIAL_AT_HOME], LEFT_ALWAYS);
	return goes_on(ret);
}

bool catalogue_enter(const struct catalogue_cursor *cur, const char *name,
		     struct catalogue_cursor *ret)
{
	return catalogue_enter_part(cur, (struct catalogue_part){ name, strlen(name) }, ret);
}

/* ---- what a name is */

static void take(const struct catalogue *c, const struct catalogue_node *n, uint8_t left,
		 struct catalogue_answer *a)
{
	for (; n; n = any_child(c, n)) {
		if (n->own > 0 && !a->used) {
			memset(a, 0, sizeof(*a));
			a->used = true;
		}
		for (size_t i = n->first; i < (size_t)n->first + n->own; i++) {
			const struct catalogue_entry *entry = &c->entries[i];

			if (entry->except)
				set_bit(a->except, entry->number);
			else if (left == 0)
				continue;
			else if (entry->type == CATALOGUE_SOCKET)
				set_bit(a->socket, entry->number);
			else
				set_bit(a->path, entry->number);
		}
	}
}

void catalogue_ask(const struct catalogue_cursor *cur, struct catalogue_part name,
		   struct catalogue_answer *ret)
{
	ret->used = false;
	for (size_t i = 0; i < cur->n; i++) {
		const struct catalogue_node *n = live_node(cur, i), *child;
		uint8_t left = cur->live[i].left;
		size_t at = 0;

		if (n->any)
			take(cur->c, n, left, ret);
		while ((child = next_child(cur->c, n, name, &at)))
			take(cur->c, child, left, ret);
	}
}

static size_t put(const struct catalogue_leaf *leaf, struct catalogue_leaf *ret, size_t n,
		  size_t max)
{
	if (n < max)
		ret[n] = *leaf;
	return n + 1;
}

/* The kinds of 64 numbers. */
static size_t put_word(const struct catalogue *c, size_t word, const uint64_t found[2],
		       struct catalogue_leaf *ret, size_t had, size_t max)
{
	size_t n = had;

	for (uint64_t left = found[0] | found[1]; left; left &= left - 1) {
		unsigned int bit = (unsigned int)__builtin_ctzll(left);
		struct catalogue_leaf leaf = { .kind = c->kinds[word * 64 + bit] };

		leaf.type =
			leaf.kind->cover == CREDENTIAL_COVER_DIR ? CATALOGUE_TREE : CATALOGUE_FILE;
		if (found[0] >> bit & 1)
			n = put(&leaf, ret, n, max);
		leaf.type = CATALOGUE_SOCKET;
		if (found[1] >> bit & 1)
			n = put(&leaf, ret, n, max);
	}
	return n;
}

size_t catalogue_leaf(const struct catalogue_cursor *cur, const char *name,
		      struct catalogue_leaf *ret, size_t max)
{
	struct catalogue_answer a;
	size_t n = 0;

	catalogue_ask(cur, (struct catalogue_part){ name, strlen(name) }, &a);
	for (size_t i = 0; a.used && i < CATALOGUE_KINDS_MAX / 64; i++) {
		uint64_t except = a.except[i] | (cur->marked ? cur->excepted[i] : 0);
		const uint64_t found[2] = { a.path[i] & ~except, a.socket[i] };

		n = put_word(cur->c, i, found, ret, n, max);
	}
	return n;
}

/* ---- names to look up */

static bool was_told(const struct catalogue_cursor *cur, size_t before, struct catalogue_part name)
{
	for (size_t i = 0; i < before; i++)
		if (is_wanted(cur, i) && literal_child(cur->c, live_node(cur, i), name))
			return true;
	return false;
}

bool catalogue_next_name(const struct catalogue_cursor *cur, struct catalogue_names *it)
{
	for (; it->live < cur->n; it->live++, it->child = 0) {
		const struct catalogue_node *n = live_node(cur, it->live);

		while (is_wanted(cur, it->live) && it->child < n->n_literal) {
			const struct catalogue_part name =
				catalogue_node_name(cur->c, &cur->c->nodes[n->child + it->child++]);

			if (was_told(cur, it->live, name))
				continue;
			memcpy(it->name, name.v, name.len);
			it->name[name.len] = '\0';
			return true;
		}
	}
	return false;
}

bool catalogue_must_list(const struct catalogue_cursor *cur)
{
	for (size_t i = 0; i < cur->n; i++) {
		const struct catalogue_node *n = live_node(cur, i);

		if (is_wanted(cur, i) && (n->any || n->n_star > 0))
			return true;
	}
	return false;
}

/* ---- names of any directory */

static size_t first_last(const struct catalogue *c, struct catalogue_part name)
{
	size_t low = 0, high = c->n_literal_lasts;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct catalogue_part part = { c->lasts[mid].name, c->lasts[mid].len };

		if (catalogue_part_compare(part, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t catalogue_find_any_name(const struct catalogue *c, const char *name,
			       const struct catalogue_entry **ret, size_t max)
{
	const struct catalogue_part part = { name, strlen(name) };
	size_t n = 0, i = first_last(c, part);

	for (; i < c->n_lasts && part.len > 0; i++) {
		const struct catalogue_last *last = &c->lasts[i];

		if (!catalogue_part_matches((struct catalogue_part){ last->name, last->len },
					    part)) {
			if (i < c->n_literal_lasts)
				i = c->n_literal_lasts - 1; /* on to those with a star */
			continue;
		}
		if (n < max)
			ret[n] = &c->entries[last->entry];
		n++;
	}
	return n;
}
