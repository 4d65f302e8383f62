/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reach sets: which containers are one as far as a credential is concerned. What one of them reads, another can be
 * handed: by a namespace that both are in, or by a volume that one writes and the other sees. Union-find over all pairs;
 * pure.
 *
 * The host's user namespace joins nobody: every container without one of its own is in it.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/audit.h"

static const enum audit_link_by by_namespace[AUDIT_NS_COUNT_] = {
	[AUDIT_NS_NET] = AUDIT_LINK_NET,   [AUDIT_NS_PID] = AUDIT_LINK_PID,
	[AUDIT_NS_IPC] = AUDIT_LINK_IPC,   [AUDIT_NS_MNT] = AUDIT_LINK_MNT,
	[AUDIT_NS_USER] = AUDIT_LINK_USER,
};

static size_t find(size_t *parent, size_t i)
{
	while (parent[i] != i) {
		parent[i] = parent[parent[i]];
		i = parent[i];
	}
	return i;
}

/* The smaller index becomes the root, so that sets are in the order of their first member. */
static void join(size_t *parent, size_t a, size_t b)
{
	size_t x = find(parent, a), y = find(parent, b);

	if (x < y)
		parent[y] = x;
	else
		parent[x] = y;
}

static void add_link(struct audit *a, const struct audit_link *link)
{
	struct audit_link *more = reallocarray(a->links, a->n_links + 1, sizeof(*more));

	if (!more) {
		a->failed = true;
		return;
	}
	a->links = more;
	a->links[a->n_links++] = *link;
}

static bool shares_namespace(const struct audit_container *x, const struct audit_container *y,
			     enum audit_ns ns)
{
	if (x->ns[ns].host && y->ns[ns].host)
		return ns != AUDIT_NS_USER;
	return x->ns[ns].ino && x->ns[ns].ino == y->ns[ns].ino;
}

/* The same mount root, or one that lies within the other's. */
static bool overlaps(const struct audit_volume *x, const struct audit_volume *y)
{
	if (x->ino == 0 || y->ino == 0 || x->dev != y->dev)
		return false;
	if (x->ino == y->ino)
		return true;
	return x->root && y->root &&
	       (pf_path_inside(x->root, y->root) || pf_path_inside(y->root, x->root));
}

static const struct audit_volume *shared_volume(const struct audit_container *x,
						const struct audit_container *y)
{
	for (size_t i = 0; i < x->n_volumes; i++)
		for (size_t j = 0; j < y->n_volumes; j++)
			if ((x->volumes[i].writable || y->volumes[j].writable) &&
			    overlaps(&x->volumes[i], &y->volumes[j]))
				return &x->volumes[i];
	return NULL;
}

static void link_pair(struct audit *a, size_t i, size_t j, size_t *parent)
{
	const struct audit_container *x = a->containers[i], *y = a->containers[j];
	const struct audit_volume *volume = shared_volume(x, y);
	struct audit_link link = { .a = i, .b = j };

	for (int ns = 0; ns < AUDIT_NS_COUNT_; ns++) {
		if (!shares_namespace(x, y, (enum audit_ns)ns))
			continue;
		link.by = by_namespace[ns];
		link.what = x->ns[ns].host ? "the host's" : NULL;
		add_link(a, &link);
		join(parent, i, j);
	}
	if (volume) {
		link.by = AUDIT_LINK_VOLUME;
		link.what = volume->path;
		add_link(a, &link);
		join(parent, i, j);
	}
}

static void add_member(struct audit *a, struct audit_set *s, size_t member)
{
	size_t *more = reallocarray(s->members, s->n + 1, sizeof(*more));
	const struct audit_container *c = a->containers[member];

	if (!more) {
		a->failed = true;
		return;
	}
	s->members = more;
	s->members[s->n++] = member;
	for (size_t i = 0; i < c->n_ways; i++) {
		if (!c->ways[i].open)
			continue;
		s->open |= 1u << c->ways[i].kind;
		s->host = s->host || c->ways[i].host;
	}
	if (s->n > 1)
		s->open |= 1u << AUDIT_WAY_NEIGHBOUR;
}

void audit_reach(struct audit *a)
{
	auto_free size_t *parent = calloc(a->n_containers + 1, sizeof(*parent));

	a->sets = calloc(a->n_containers + 1, sizeof(*a->sets));
	if (!parent || !a->sets) {
		a->failed = true;
		return;
	}
	for (size_t i = 0; i < a->n_containers; i++)
		parent[i] = i;
	for (size_t i = 0; i < a->n_containers; i++)
		for (size_t j = i + 1; j < a->n_containers; j++)
			link_pair(a, i, j, parent);
	for (size_t i = 0; i < a->n_containers; i++) {
		size_t root = find(parent, i);

		a->containers[i]->set = root == i ? a->n_sets++ : a->containers[root]->set;
		add_member(a, &a->sets[a->containers[i]->set], i);
	}
}
