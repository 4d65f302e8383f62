/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the entries of `egress' and `listen' to the rows of the tries. In a trie the longest prefix answers alone, so what
 * wider entries open is repeated in each that lies within them; sorted, those around a prefix stand on a stack.
 */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/endpoint.h"
#include "runtime/egress/egress.h"

enum {
	MAX_ROWS = 1 << 18,
	MAX_AROUND = 129, /* lengths of a prefix */
};

struct item { /* a prefix and what one entry says of it; entry 0: it is closed */
	struct endpoint_prefix prefix;
	struct endpoint opens;
	__u32 entry;
};

/* The rows of one group, in the order of the entries that they come from. */
struct run {
	size_t start, n;
};

struct build {
	struct item *items;
	size_t n, cap;
	struct egress_table t;
	size_t cap_places, cap_ports;
	struct run *runs; /* of groups, by what they open */
	size_t runs_mask;
	struct pf_error *e;
};

static int no_memory(struct pf_error *e)
{
	return pf_fail(e, PF_ERR_SYS, ENOMEM, "egress: make the rows of the list");
}

static int grow(void **v, size_t n, size_t *cap, size_t size, struct pf_error *e)
{
	size_t more = *cap ? *cap * 2 : 64;
	void *moved;

	if (n < *cap)
		return 0;
	if (n >= MAX_ROWS)
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"/annotations/io.pinfold.egress: its entries lie within each other so often that "
			"they come to more than %d rows: leave out those that wider ones open",
			MAX_ROWS);
	moved = realloc(*v, more * size);
	if (!moved)
		return no_memory(e);
	*v = moved;
	*cap = more;
	return 0;
}

static int add_item(struct build *b, const struct endpoint_prefix *prefix,
		    const struct endpoint *opens, __u32 entry)
{
	STEP(grow((void **)&b->items, b->n, &b->cap, sizeof(*b->items), b->e));
	b->items[b->n] = (struct item){ .prefix = *prefix, .entry = entry };
	if (opens)
		b->items[b->n].opens = *opens;
	b->n++;
	return 0;
}

static int add_realm(struct build *b, enum endpoint_realm realm, const struct endpoint *opens,
		     __u32 entry)
{
	const struct endpoint_range *r;

	for (size_t i = 0; (r = endpoint_range_at(i)); i++)
		if (r->realm == realm)
			STEP(add_item(b, &r->prefix, opens, entry));
	return 0;
}

static int add_everything(struct build *b, __u32 entry)
{
	const struct endpoint_prefix all = { .len = 0 };
	struct endpoint opens = { .low = ENDPOINT_ALL_LOW, .high = ENDPOINT_ALL_HIGH };

	STEP(add_item(b, &all, &opens, entry));
	opens = (struct endpoint){ .scheme = ENDPOINT_ICMP };
	return add_item(b, &all, &opens, entry);
}

static int fail_unbuilt(const char *entry, const char *why, struct pf_error *e)
{
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"/annotations/io.pinfold.egress: `%.120s': %s, which this version of pinfold does not have: write "
		"addresses",
		entry, why);
}

static int add_entry(struct build *b, const char *text, __u32 entry)
{
	const struct endpoint all = { .low = ENDPOINT_ALL_LOW, .high = ENDPOINT_ALL_HIGH };
	struct endpoint ep;

	STEP(endpoint_parse(text, strlen(text), &ep, b->e));
	switch (ep.kind) {
	case ENDPOINT_ADDRESS:
		return add_item(b, &ep.prefix, &ep, entry);
	case ENDPOINT_ANYWHERE:
		return add_everything(b, entry);
	case ENDPOINT_NOWHERE:
		return 0;
	case ENDPOINT_LOOPBACK:
	case ENDPOINT_POD:
		return add_realm(b, ENDPOINT_REALM_LOOPBACK, &all, entry);
	case ENDPOINT_BROKER:
		return fail_unbuilt(text, "it takes the node policy's `broker'", b->e);
	case ENDPOINT_NAME:
	case ENDPOINT_BELOW:
	case ENDPOINT_SET:
		return fail_unbuilt(text, "a name takes a resolver of its own", b->e);
	case ENDPOINT_PORTS:
	case ENDPOINT_KIND_COUNT_:
		break;
	}
	return pf_fail(b->e, PF_ERR_BUG, 0, "egress entry `%.120s' is of no kind", text);
}

/* ---- ports */

static int add_port(struct build *b, __u16 group, __u8 protocol, __u32 bits, __u16 port,
		    __u32 entry)
{
	struct egress_port_row *row;

	STEP(grow((void **)&b->t.ports, b->t.n_ports, &b->cap_ports, sizeof(*b->t.ports), b->e));
	row = &b->t.ports[b->t.n_ports++];
	*row = (struct egress_port_row){ .key = { .bits = EGRESS_PORT_BITS + bits,
						  .group = group,
						  .protocol = protocol,
						  .port = htons(port) },
					 .entry = entry };
	return 0;
}

/* The fewest prefixes that make up the range: each time the widest that begins at its low end and does not pass its
 * high one. */
static int add_range(struct build *b, __u16 group, __u8 protocol, const struct endpoint *ep,
		     __u32 entry)
{
	__u32 low = ep->low, high = ep->high;

	if (low <= ENDPOINT_ALL_LOW && high == ENDPOINT_ALL_HIGH)
		return add_port(b, group, protocol, 0, 0, entry);
	while (low <= high) {
		__u32 bits = 16, size = 1;

		while (bits > 0 && (low & size) == 0 && low + 2 * size - 1 <= high) {
			size *= 2;
			bits--;
		}
		STEP(add_port(b, group, protocol, bits, (__u16)low, entry));
		low += size;
	}
	return 0;
}

static int add_ports(struct build *b, __u16 group, const struct endpoint *ep, __u32 entry)
{
	if (ep->scheme == ENDPOINT_ICMP) {
		STEP(add_port(b, group, IPPROTO_ICMP, 0, 0, entry));
		return add_port(b, group, IPPROTO_ICMPV6, 0, 0, entry);
	}
	if (ep->scheme == ENDPOINT_ANY || ep->scheme == ENDPOINT_TCP)
		STEP(add_range(b, group, IPPROTO_TCP, ep, entry));
	if (ep->scheme == ENDPOINT_ANY || ep->scheme == ENDPOINT_UDP)
		STEP(add_range(b, group, IPPROTO_UDP, ep, entry));
	return 0;
}

/* ---- places */

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = memcmp(x->prefix.addr, y->prefix.addr, sizeof(x->prefix.addr));

	if (order)
		return order;
	return (x->prefix.len > y->prefix.len) - (x->prefix.len < y->prefix.len);
}

static bool same_prefix(const struct item *x, const struct item *y)
{
	return compare_items(x, y) == 0;
}

/* One prefix of the sorted items: all that begin at @first and are before @end; what opens it lies on a stack. */
struct around {
	size_t first[MAX_AROUND + 1], end[MAX_AROUND + 1];
	size_t n;
};

/* What is closed hides what lies around it: only entries about nothing wider open a part of it. */
static size_t bottom(const struct build *b, const struct around *s)
{
	for (size_t i = s->n; i-- > 0;)
		for (size_t k = s->first[i]; k < s->end[i]; k++)
			if (b->items[k].entry == 0)
				return i;
	return 0;
}

static int add_place(struct build *b, const struct endpoint_prefix *prefix, __u16 group)
{
	struct egress_place_row *row;

	STEP(grow((void **)&b->t.places, b->t.n_places, &b->cap_places, sizeof(*b->t.places),
		  b->e));
	row = &b->t.places[b->t.n_places++];
	*row = (struct egress_place_row){ .key = { .bits = EGRESS_PLACE_BITS + prefix->len },
					  .group = group };
	memcpy(row->key.addr, prefix->addr, sizeof(row->key.addr));
	return 0;
}

/* The ports of all that lies on the stack; how many rows that came to is in b->t. */
static int add_group(struct build *b, const struct around *s, __u16 group)
{
	for (size_t i = bottom(b, s); i < s->n; i++)
		for (size_t k = s->first[i]; k < s->end[i]; k++)
			if (b->items[k].entry)
				STEP(add_ports(b, group, &b->items[k].opens, b->items[k].entry));
	return 0;
}

static __u64 run_hash(const struct egress_table *t, struct run r)
{
	__u64 hash = 0xcbf29ce484222325;

	for (size_t i = r.start; i < r.start + r.n; i++) {
		const struct egress_port *k = &t->ports[i].key;

		hash = (hash ^ k->port) * 0x100000001b3;
		hash = (hash ^ k->bits) * 0x100000001b3;
		hash = (hash ^ k->protocol) * 0x100000001b3;
	}
	return hash;
}

static bool same_ports(const struct egress_table *t, struct run a, struct run b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		struct egress_port x = t->ports[a.start + i].key, y = t->ports[b.start + i].key;

		x.group = y.group = 0;
		if (memcmp(&x, &y, sizeof(x)) != 0)
			return false;
	}
	return true;
}

/* Many prefixes open the same ports: they share a group. @r: the rows of the newest, which go if so. */
static __u16 share_group(struct build *b, struct run r, __u16 group)
{
	size_t at;

	if (r.n == 0)
		return EGRESS_CLOSED;
	for (at = run_hash(&b->t, r) & b->runs_mask; b->runs[at].n; at = (at + 1) & b->runs_mask) {
		if (!same_ports(&b->t, b->runs[at], r))
			continue;
		b->t.n_ports = r.start;
		return b->t.ports[b->runs[at].start].key.group;
	}
	b->runs[at] = r;
	return group;
}

/* Room for a run of each item, twice: so the search always ends. */
static int make_runs(struct build *b)
{
	size_t size = 16;

	while (size < 2 * b->n)
		size *= 2;
	b->runs = calloc(size, sizeof(*b->runs));
	b->runs_mask = size - 1;
	return b->runs ? 0 : no_memory(b->e);
}

static int fail_many(struct pf_error *e)
{
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"/annotations/io.pinfold.egress: its entries open more than %d different sets of ports",
		EGRESS_LISTENED - 1);
}

static int make_places(struct build *b)
{
	struct around s = { .n = 0 };
	__u16 group = EGRESS_CLOSED + 1;

	STEP(make_runs(b));
	if (b->n > 0)
		qsort(b->items, b->n, sizeof(*b->items), compare_items);
	for (size_t i = 0, end; i < b->n; i = end) {
		const struct endpoint_prefix *prefix = &b->items[i].prefix;
		size_t start = b->t.n_ports;
		__u16 shared;

		for (end = i + 1; end < b->n && same_prefix(&b->items[i], &b->items[end]);)
			end++;
		while (s.n && !endpoint_prefix_covers(&b->items[s.first[s.n - 1]].prefix, prefix))
			s.n--;
		s.first[s.n] = i;
		s.end[s.n++] = end;
		STEP(add_group(b, &s, group));
		shared = share_group(b, (struct run){ start, b->t.n_ports - start }, group);
		if (shared == group && ++group == EGRESS_LISTENED)
			return fail_many(b->e);
		STEP(add_place(b, prefix, shared));
	}
	return 0;
}

bool egress_table_opens(const struct egress_table *t, const __u8 addr[16])
{
	const struct egress_place_row *best = NULL;

	for (size_t i = 0; i < t->n_places; i++) {
		const struct egress_place *key = &t->places[i].key;
		struct endpoint_prefix row = { .len = (uint8_t)(key->bits - EGRESS_PLACE_BITS) };
		struct endpoint_prefix one = { .len = 128 };

		memcpy(row.addr, key->addr, sizeof(row.addr));
		memcpy(one.addr, addr, sizeof(one.addr));
		if (endpoint_prefix_covers(&row, &one) && (!best || key->bits > best->key.bits))
			best = &t->places[i];
	}
	return best && best->group != EGRESS_CLOSED;
}

/* ---- the two keys */

static int make_egress(struct build *b, const struct policy_value *egress)
{
	if (!egress->present)
		return add_everything(b, 1);
	STEP(add_realm(b, ENDPOINT_REALM_CLOSED, NULL, 0));
	for (size_t i = 0; i < egress->list.n; i++)
		STEP(add_entry(b, egress->list.v[i], (__u32)i + 1));
	return 0;
}

static int make_listen(struct build *b, const struct policy_value *listen)
{
	if (!listen->present)
		b->t.flags = EGRESS_LISTEN_LOOPBACK;
	for (size_t i = 0; i < listen->list.n; i++) {
		const char *text = listen->list.v[i];
		struct endpoint ep;

		STEP(endpoint_parse_listen(text, strlen(text), &ep, b->e));
		if (ep.kind == ENDPOINT_PORTS)
			STEP(add_ports(b, EGRESS_LISTENED, &ep, (__u32)i + 1));
		else if (ep.kind == ENDPOINT_ANYWHERE)
			b->t.flags |= EGRESS_LISTEN_ANY;
		else if (ep.kind == ENDPOINT_LOOPBACK)
			b->t.flags |= EGRESS_LISTEN_LOOPBACK;
	}
	return 0;
}

static int compare_ports(const void *a, const void *b)
{
	const struct egress_port_row *x = a, *y = b;

	return memcmp(&x->key, &y->key, sizeof(x->key));
}

/* Two entries may open one port. */
static void drop_doubles(struct egress_table *t)
{
	size_t n = 0;

	if (t->n_ports > 0)
		qsort(t->ports, t->n_ports, sizeof(*t->ports), compare_ports);
	for (size_t i = 0; i < t->n_ports; i++)
		if (n == 0 || compare_ports(&t->ports[n - 1], &t->ports[i]) != 0)
			t->ports[n++] = t->ports[i];
	t->n_ports = n;
}

int egress_table_make(const struct policy *policy, struct egress_table *ret, struct pf_error *e)
{
	struct build b = { .e = e };
	int err = make_egress(&b, &policy->keys[POLICY_EGRESS]);

	if (err == 0)
		err = make_places(&b);
	if (err == 0)
		err = make_listen(&b, &policy->keys[POLICY_LISTEN]);
	free(b.items);
	free(b.runs);
	if (err < 0) {
		egress_table_free(&b.t);
		return err;
	}
	drop_doubles(&b.t);
	*ret = b.t;
	return 0;
}
