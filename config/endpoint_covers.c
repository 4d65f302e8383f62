/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is one endpoint within another: of the same network, by its scheme, its ports and its place. What is not certain from
 * the text is not within: which addresses a name has changes, and @pod and @broker stand for what only a host knows.
 * tests/golden/endpoint/covers.tsv has the pairs.
 */
#include <config.h>

#include <string.h>

#include "config/endpoint.h"

/* tls is tcp with a question more. */
static bool covers_scheme(enum endpoint_scheme bound, enum endpoint_scheme entry)
{
	if (bound == ENDPOINT_ANY)
		return entry != ENDPOINT_ICMP;
	return bound == entry || (bound == ENDPOINT_TCP && entry == ENDPOINT_TLS);
}

static bool is_below(const char *name, const char *parent)
{
	size_t n = strlen(name), p = strlen(parent);

	return n > p && name[n - p - 1] == '.' && strcmp(name + n - p, parent) == 0;
}

static bool covers_name(const struct endpoint *bound, const struct endpoint *entry)
{
	bool same = strcmp(bound->name, entry->name) == 0;

	if (entry->kind != ENDPOINT_NAME && entry->kind != ENDPOINT_BELOW)
		return false;
	if (bound->kind == ENDPOINT_NAME)
		return same && entry->kind == ENDPOINT_NAME;
	return is_below(entry->name, bound->name) || (same && entry->kind == ENDPOINT_BELOW);
}

static bool covers_address(const struct endpoint *bound, const struct endpoint *entry)
{
	return entry->kind == ENDPOINT_ADDRESS &&
	       endpoint_prefix_covers(&bound->prefix, &entry->prefix) &&
	       (endpoint_closed(bound) || !endpoint_closed(entry));
}

static bool covers_place(const struct endpoint *bound, const struct endpoint *entry)
{
	return bound->kind == ENDPOINT_ADDRESS ? covers_address(bound, entry)
					       : covers_name(bound, entry);
}

static bool covers_traffic(const struct endpoint *bound, const struct endpoint *entry)
{
	return covers_scheme(bound->scheme, entry->scheme) && bound->low <= entry->low &&
	       entry->high <= bound->high;
}

/* Every member of the set @entry lies in @bound. */
static bool covers_members(const struct endpoint *bound, const struct endpoint *entry)
{
	struct endpoint_member m;
	size_t at = 0, n = 0;

	for (; endpoint_set_next(entry->name, &at, &m); n++)
		if (!endpoint_covers(bound, &m.endpoint))
			return false;
	return n > 0;
}

static bool member_covers(const struct endpoint *bound, const struct endpoint *entry)
{
	struct endpoint_member m;

	for (size_t at = 0; endpoint_set_next(bound->name, &at, &m);)
		if (endpoint_covers(&m.endpoint, entry))
			return true;
	return false;
}

/* Not @loopback: that opens every port to the neighbours in the network namespace. */
static bool covers_ports(const struct endpoint *bound, const struct endpoint *entry)
{
	return entry->kind == ENDPOINT_PORTS && covers_traffic(bound, entry);
}

static bool covers_loopback(const struct endpoint *entry)
{
	if (entry->kind == ENDPOINT_LOOPBACK)
		return true;
	return entry->kind == ENDPOINT_ADDRESS &&
	       endpoint_range_around(ENDPOINT_REALM_LOOPBACK, &entry->prefix);
}

bool endpoint_covers(const struct endpoint *bound, const struct endpoint *entry)
{
	if (entry->kind == ENDPOINT_NOWHERE)
		return true;
	if (entry->kind == ENDPOINT_SET && bound->kind == ENDPOINT_SET &&
	    strcmp(bound->name, entry->name) == 0)
		return true;
	if (entry->kind == ENDPOINT_SET)
		return covers_members(bound, entry);
	switch (bound->kind) {
	case ENDPOINT_ADDRESS:
	case ENDPOINT_NAME:
	case ENDPOINT_BELOW:
		return covers_place(bound, entry) && covers_traffic(bound, entry);
	case ENDPOINT_PORTS:
		return covers_ports(bound, entry);
	case ENDPOINT_SET:
		return member_covers(bound, entry);
	case ENDPOINT_ANYWHERE:
		return !endpoint_closed(entry);
	case ENDPOINT_LOOPBACK:
		return covers_loopback(entry);
	case ENDPOINT_POD:
	case ENDPOINT_BROKER:
		return entry->kind == bound->kind;
	case ENDPOINT_NOWHERE:
	case ENDPOINT_KIND_COUNT_:
		return false;
	}
	return false;
}
