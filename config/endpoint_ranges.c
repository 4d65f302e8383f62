/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses that are not like others, in one table. Closed are those behind which a host keeps what no workload was given:
 * metadata services hand out credentials to whoever asks from the right machine. A wide prefix, or @any, is written
 * without a thought of them, so they open only to a line that is about nothing else.
 */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "config/endpoint.h"

#define CLOSED         ENDPOINT_REALM_CLOSED
#define LOOPBACK       ENDPOINT_REALM_LOOPBACK
#define PRIVATE        ENDPOINT_REALM_PRIVATE
#define V4(a, b, c, d) .addr = { [10] = 0xff, [11] = 0xff, [12] = a, [13] = b, [14] = c, [15] = d }

/* clang-format off */
static const struct endpoint_range ranges[] = {
	{ CLOSED,   { V4(169, 254, 0, 0), 112 },	"link-local: metadata and credentials of clouds and clusters" },
	{ CLOSED,   { .addr = { 0xfe, 0x80 }, 10 },	"link-local" },
	{ CLOSED,   { .addr = { 0xfd, 0x00, 0x0e, 0xc2 }, 32 }, "metadata of Amazon EC2" },
	{ CLOSED,   { .addr = { 0xfd, 0x20, 0x00, 0xce, [14] = 0x02, [15] = 0x54 }, 128 }, "metadata of Google Cloud" },
	{ CLOSED,   { V4(168, 63, 129, 16), 128 },	"the host agent of Azure" },
	{ CLOSED,   { V4(100, 100, 100, 200), 128 },	"metadata of Alibaba Cloud" },
	{ CLOSED,   { V4(192, 0, 0, 192), 128 },	"metadata of Oracle Cloud" },
	{ CLOSED,   { V4(224, 0, 0, 0), 100 },		"multicast" },
	{ CLOSED,   { .addr = { 0xff }, 8 },		"multicast" },
	{ CLOSED,   { V4(255, 255, 255, 255), 128 },	"broadcast" },
	{ CLOSED,   { V4(0, 0, 0, 0), 104 },		"unspecified: Linux takes 0.0.0.0 for loopback" },
	{ CLOSED,   { .len = 128 },			"unspecified: Linux takes it for loopback" },
	{ LOOPBACK, { V4(127, 0, 0, 0), 104 },		"loopback" },
	{ LOOPBACK, { .addr = { [15] = 1 }, 128 },	"loopback" },
	{ PRIVATE,  { V4(10, 0, 0, 0), 104 },		"private (RFC 1918)" },
	{ PRIVATE,  { V4(172, 16, 0, 0), 108 },		"private (RFC 1918)" },
	{ PRIVATE,  { V4(192, 168, 0, 0), 112 },	"private (RFC 1918)" },
	{ PRIVATE,  { V4(100, 64, 0, 0), 106 },		"behind a carrier's NAT (RFC 6598)" },
	{ PRIVATE,  { .addr = { 0xfc }, 7 },		"private (RFC 4193)" },
};

/* Where an IPv4 address lies in a longer one. */
static const struct {
	struct endpoint_prefix prefix;
	unsigned int at; /* bits in front of it */
} embeddings[] = {
	{ { .addr = { [10] = 0xff, [11] = 0xff }, 96 }, 96 },			/* mapped, RFC 4291 */
	{ { .addr = { 0x00, 0x64, 0xff, 0x9b }, 96 }, 96 },			/* NAT64, RFC 6052 */
	{ { .addr = { 0x20, 0x02 }, 16 }, 16 },					/* 6to4, RFC 3056 */
};
/* clang-format on */

bool endpoint_prefix_covers(const struct endpoint_prefix *outer,
			    const struct endpoint_prefix *inner)
{
	unsigned int bytes = outer->len / 8, bits = outer->len % 8;

	if (outer->len > inner->len || memcmp(outer->addr, inner->addr, bytes) != 0)
		return false;
	return bits == 0 || ((outer->addr[bytes] ^ inner->addr[bytes]) >> (8 - bits)) == 0;
}

bool endpoint_embedded_ipv4(struct endpoint_prefix *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(embeddings); i++) {
		unsigned int at = embeddings[i].at, len = p->len + 96u - at;
		struct endpoint_prefix v4 = { V4(0, 0, 0, 0),
					      .len = len < 128 ? (uint8_t)len : 128 };

		if (!endpoint_prefix_covers(&embeddings[i].prefix, p))
			continue;
		memcpy(v4.addr + 12, p->addr + at / 8, 4);
		*p = v4;
		return true;
	}
	return false;
}

const struct endpoint_range *endpoint_range_at(size_t i)
{
	return i < ARRAY_SIZE(ranges) ? &ranges[i] : NULL;
}

static const struct endpoint_range *find(enum endpoint_realm realm, const struct endpoint_prefix *p,
					 bool touching)
{
	struct endpoint_prefix judged = *p;

	(void)endpoint_embedded_ipv4(&judged);
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		const struct endpoint_range *range = &ranges[i];

		if (range->realm != realm)
			continue;
		if (endpoint_prefix_covers(&range->prefix, &judged) ||
		    (touching && endpoint_prefix_covers(&judged, &range->prefix)))
			return range;
	}
	return NULL;
}

const struct endpoint_range *endpoint_range_around(enum endpoint_realm realm,
						   const struct endpoint_prefix *p)
{
	return find(realm, p, false);
}

const struct endpoint_range *endpoint_range_touching(enum endpoint_realm realm,
						     const struct endpoint_prefix *p)
{
	return find(realm, p, true);
}

const struct endpoint_range *endpoint_closed(const struct endpoint *entry)
{
	if (entry->kind != ENDPOINT_ADDRESS)
		return NULL;
	return endpoint_range_around(ENDPOINT_REALM_CLOSED, &entry->prefix);
}
