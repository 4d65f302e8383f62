/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of an entry. There is one spelling of an IPv4 address, four decimal numbers: what inet_aton(3) takes besides
 * (octal, hexadecimal, fewer numbers) is told from a name and refused, since programs disagree about what it means, and a
 * bound that one of them reads otherwise is none.
 */
#include <config.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "config/endpoint_parts.h"

enum { IPV4_BITS = 32, IPV6_BITS = 128, IPV4_AT = 96 };

bool endpoint_is_numeric(const char *host)
{
	size_t end = strcspn(host, "/"), start;

	if (end > 0 && host[end - 1] == '.')
		end--; /* the final dot */
	for (start = end; start > 0 && host[start - 1] != '.'; start--)
		;
	if (end - start >= 2 && host[start] == '0' && host[start + 1] == 'x')
		return strspn(host + start + 2, "0123456789abcdef") >= end - start - 2;
	return end > start && strspn(host + start, "0123456789") >= end - start;
}

/* -1: no length of a prefix */
static int read_length(const char *text, int max)
{
	int n = 0;

	if (text[0] == '\0' || strlen(text) > 3 || (text[0] == '0' && text[1]) ||
	    text[strspn(text, "0123456789")])
		return -1;
	for (; *text; text++)
		n = n * 10 + (*text - '0');
	return n <= max ? n : -1;
}

/* Cut what lies beyond the length; false: nothing did. */
static bool cut_host_bits(struct endpoint_prefix *p)
{
	bool cut = false;

	for (unsigned int bit = p->len; bit < IPV6_BITS; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> (bit % 8));

		cut = cut || (p->addr[bit / 8] & mask);
		p->addr[bit / 8] &= (uint8_t)~mask;
	}
	return cut;
}

/* @at: bits in front of the address that the text does not write; the host is cut at its slash */
static int read_prefix(const struct endpoint_reading *r, const char *length, int at,
		       struct endpoint_prefix *ret, struct pf_error *e)
{
	int len = length ? read_length(length, IPV6_BITS - at) : IPV6_BITS - at;
	struct endpoint_prefix whole = { .len = IPV6_BITS };
	char meant[64], alone[64];

	if (len < 0)
		return endpoint_refuse(r, e, "the length of a prefix is a number from 0 to %d",
				       IPV6_BITS - at);
	memcpy(whole.addr, ret->addr, sizeof(whole.addr));
	ret->len = (uint8_t)(at + len);
	if (!cut_host_bits(ret))
		return 0;
	endpoint_print_prefix(ret, meant, sizeof(meant));
	endpoint_print_prefix(&whole, alone, sizeof(alone));
	return endpoint_refuse(
		r, e, "has bits beyond its length: write `%s' for the network, `%s' for the host",
		meant, alone);
}

/* What old programs would read it as. */
static int refuse_spelling(const struct endpoint_reading *r, const char *host, struct pf_error *e)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr in;
	size_t n = strlen(host);
	char copy[64];

	if (n >= sizeof(copy))
		return endpoint_refuse(r, e, "a name does not end in a number");
	memcpy(copy, host, n + 1);
	if (n > 0 && copy[n - 1] == '.')
		copy[n - 1] = '\0';
	if (inet_aton(copy, &in) && inet_ntop(AF_INET, &in, text, sizeof(text)))
		return endpoint_refuse(
			r, e,
			"an IPv4 address is four decimal numbers without leading zeros: write `%s', if that is meant",
			text);
	return endpoint_refuse(
		r, e, "is neither an IPv4 address nor a name, which does not end in a number");
}

int endpoint_read_ipv4(const struct endpoint_reading *r, struct endpoint_prefix *ret,
		       struct pf_error *e)
{
	char *slash = strchr(r->host, '/');
	struct endpoint_prefix p = { .addr = { [10] = 0xff, [11] = 0xff } };

	if (slash)
		*slash++ = '\0';
	if (inet_pton(AF_INET, r->host, p.addr + IPV4_AT / 8) != 1)
		return refuse_spelling(r, r->host, e);
	STEP(read_prefix(r, slash, IPV4_AT, &p, e));
	*ret = p;
	return 0;
}

int endpoint_read_ipv6(const struct endpoint_reading *r, struct endpoint_prefix *ret,
		       struct pf_error *e)
{
	static const struct endpoint_prefix ipv4 = { .addr = { [10] = 0xff, [11] = 0xff },
						     .len = IPV4_AT };
	char *slash = strchr(r->host, '/');
	struct endpoint_prefix p = { 0 };

	if (strchr(r->host, '%'))
		return endpoint_refuse(
			r, e,
			"a zone names an interface of one host: leave out `%%' and what follows it");
	if (slash)
		*slash++ = '\0';
	if (inet_pton(AF_INET6, r->host, p.addr) != 1)
		return endpoint_refuse(r, e,
				       "between `[' and `]' stands an IPv6 address, all else "
				       "stands without brackets");
	STEP(read_prefix(r, slash, 0, &p, e));
	if (!endpoint_embedded_ipv4(&p) && endpoint_prefix_covers(&p, &ipv4))
		return endpoint_refuse(
			r, e,
			"would hold every IPv4 address too: write `[2000::/3]' for the Internet by IPv6, "
			"`0.0.0.0/0' for IPv4, `@any' for both");
	*ret = p;
	return 0;
}

int endpoint_refuse_bare(const struct endpoint_reading *r, struct pf_error *e)
{
	size_t n = strcspn(r->host, "/");
	const char *length = r->host + n;
	uint8_t addr[16];
	char alone[64];

	/* what follows a slash and is no number may be anything: it is not repeated */
	if (length[strspn(length, "/0123456789")] || strlen(length) > 4)
		length = "";
	if (n < sizeof(alone)) {
		memcpy(alone, r->host, n);
		alone[n] = '\0';
		if (inet_pton(AF_INET6, alone, addr) == 1)
			return endpoint_refuse(
				r, e,
				"an IPv6 address stands in brackets, as a port could be meant: write `[%s%s]'",
				alone, length);
	}
	return endpoint_refuse(
		r, e,
		"has more than one `:': an IPv6 address stands in brackets, `[ADDRESS]:PORT'");
}
