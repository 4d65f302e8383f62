/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which addresses an answer may hold. Whoever answers for a public name can answer with the address of something that the
 * container can reach and the answerer cannot: a metadata service, a neighbour, a printer. The ranges are those of
 * config/endpoint_ranges.c, which is compiled into the warden too: there is one table.
 */
#include <config.h>

#include <string.h>

#include "runtime/warden/nametab.h"

static const uint8_t *place_at(const struct nametab *t, uint32_t i)
{
	return t->base + t->head.places.at + (size_t)i * sizeof(struct nametab_place);
}

/* The last place that does not begin behind @addr is the only one that can hold it. */
static bool is_in_a_place(const struct nametab *t, const struct endpoint_prefix *addr)
{
	uint32_t from = 0, to = t->head.places.n;
	struct nametab_place place;
	struct endpoint_prefix prefix;

	if (to == 0)
		return false;
	while (from < to) {
		uint32_t mid = from + (to - from) / 2;

		memcpy(&place, place_at(t, mid), sizeof(place));
		if (memcmp(place.addr, addr->addr, sizeof(place.addr)) <= 0)
			from = mid + 1;
		else
			to = mid;
	}
	if (from == 0)
		return false;
	memcpy(&place, place_at(t, from - 1), sizeof(place));
	memcpy(prefix.addr, place.addr, sizeof(prefix.addr));
	prefix.len = place.len;
	return prefix.len <= 128 && endpoint_prefix_covers(&prefix, addr);
}

bool nametab_judge(const struct nametab *t, bool is_internal, const uint8_t addr[16])
{
	struct endpoint_prefix p = { .len = 128 };

	memcpy(p.addr, addr, sizeof(p.addr));
	(void)endpoint_embedded_ipv4(&p);
	if (endpoint_range_around(ENDPOINT_REALM_CLOSED, &p) ||
	    endpoint_range_around(ENDPOINT_REALM_LOOPBACK, &p))
		return false;
	return is_internal || !endpoint_range_around(ENDPOINT_REALM_PRIVATE, &p) ||
	       is_in_a_place(t, &p);
}
