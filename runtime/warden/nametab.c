/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of the table of names. Each offset is checked where it is used. */
#include <config.h>

#include "runtime/warden/nametab.h"

#include <errno.h>
#include <string.h>

static bool is_within(const struct nametab_head *h, struct nametab_list list, size_t item)
{
	return list.n == 0 || (list.at >= sizeof(*h) && list.at % 4 == 0 && list.at <= h->size &&
			       list.n <= (h->size - list.at) / item);
}

int nametab_open(const void *block, size_t size, struct nametab *ret)
{
	struct nametab_head h;

	if (size < sizeof(h) || size > NAMETAB_MAX_BYTES)
		return -EINVAL;
	memcpy(&h, block, sizeof(h));
	if (h.magic != NAMETAB_MAGIC || h.size != size || (h.slots.n & (h.slots.n - 1)) != 0 ||
	    h.longest > h.slots.n)
		return -EINVAL;
	if (!is_within(&h, h.slots, sizeof(uint32_t)) ||
	    !is_within(&h, h.names, sizeof(struct nametab_name)) ||
	    !is_within(&h, h.rows, sizeof(struct nametab_row)) ||
	    !is_within(&h, h.places, sizeof(struct nametab_place)) || !is_within(&h, h.text, 1))
		return -EINVAL;
	ret->base = block;
	ret->head = h;
	return 0;
}

static const void *item_at(const struct nametab *t, struct nametab_list list, size_t size,
			   uint32_t i)
{
	return i < list.n ? t->base + list.at + i * size : NULL;
}

const struct nametab_row *nametab_row_at(const struct nametab *t, uint32_t i)
{
	return item_at(t, t->head.rows, sizeof(struct nametab_row), i);
}

static bool is_named(const struct nametab *t, const struct nametab_name *n, const char *name,
		     size_t len)
{
	const struct nametab_list *text = &t->head.text;

	return n->len == len && n->text <= text->n && len <= text->n - n->text &&
	       memcmp(t->base + text->at + n->text, name, len) == 0;
}

static const struct nametab_name *find_one(const struct nametab *t, const char *name, size_t len,
					   uint32_t hash)
{
	uint32_t mask = t->head.slots.n - 1;

	for (uint32_t i = 0; i < t->head.longest; i++) {
		const uint32_t *slot =
			item_at(t, t->head.slots, sizeof(uint32_t), (hash + i) & mask);
		const struct nametab_name *n;

		if (!slot || *slot == 0)
			return NULL;
		n = item_at(t, t->head.names, sizeof(*n), *slot - 1);
		if (n && is_named(t, n, name, len))
			return n;
	}
	return NULL;
}

static void add_range(const struct nametab *t, uint32_t first, uint32_t n,
		      struct nametab_found *ret)
{
	if (n == 0 || first > t->head.rows.n || n > t->head.rows.n - first ||
	    ret->n == NAMETAB_DEPTH)
		return;
	ret->ranges[ret->n++] = (struct nametab_list){ first, n };
}

void nametab_find(const struct nametab *t, const char *name, struct nametab_found *ret)
{
	size_t len = strlen(name);
	uint32_t hash = NAMETAB_HASH_START;

	ret->n = 0;
	ret->is_internal = false;
	for (size_t i = len; i > 0; i--) {
		const struct nametab_name *n;

		hash = nametab_hash_step(hash, name[i - 1]);
		if (i > 1 && name[i - 2] != '.')
			continue;
		n = find_one(t, name + i - 1, len - i + 1, nametab_hash_end(hash));
		if (!n)
			continue;
		ret->is_internal |= n->is_internal != 0;
		if (i > 1)
			add_range(t, n->below, n->n_below, ret);
		else
			add_range(t, n->exact, n->n_exact, ret);
	}
}

bool nametab_have(const struct nametab *t, const char *name)
{
	struct nametab_found found;

	nametab_find(t, name, &found);
	return found.n > 0;
}
