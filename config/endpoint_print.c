/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An endpoint back to text, in its one spelling: what is meant anyway is left out, but a name with a scheme keeps its
 * port, as `tcp://NAME' alone reads like all of them.
 */
#include <config.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "config/endpoint.h"

static const char *const schemes[ENDPOINT_SCHEME_COUNT_] = {
	[ENDPOINT_ANY] = "",       [ENDPOINT_TCP] = "tcp://",   [ENDPOINT_UDP] = "udp://",
	[ENDPOINT_TLS] = "tls://", [ENDPOINT_ICMP] = "icmp://",
};

static const char *const tokens[ENDPOINT_KIND_COUNT_ + 1] = {
	[ENDPOINT_ANYWHERE] = "@any",      [ENDPOINT_NOWHERE] = "@none",
	[ENDPOINT_LOOPBACK] = "@loopback", [ENDPOINT_POD] = "@pod",
	[ENDPOINT_BROKER] = "@broker",     [ENDPOINT_KIND_COUNT_] = "",
};

static bool is_ipv4(const struct endpoint_prefix *p)
{
	static const struct endpoint_prefix mapped = { .addr = { [10] = 0xff, [11] = 0xff },
						       .len = 96 };

	return endpoint_prefix_covers(&mapped, p);
}

void endpoint_print_prefix(const struct endpoint_prefix *p, char *buf, size_t size)
{
	char text[INET6_ADDRSTRLEN] = "", length[8] = "";
	bool v4 = is_ipv4(p);

	(void)inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? p->addr + 12 : p->addr, text, sizeof(text));
	if (p->len < 128)
		(void)snprintf(length, sizeof(length), "/%u", v4 ? p->len - 96u : p->len);
	(void)snprintf(buf, size, v4 ? "%s%s" : "[%s%s]", text, length);
}

/* ":443", or nothing where @ep has no ports or @implied says that they go without saying */
static void print_ports(const struct endpoint *ep, bool implied, char *buf, size_t size)
{
	buf[0] = '\0';
	if (ep->low == 0 || implied)
		return;
	if (ep->low == ENDPOINT_ALL_LOW && ep->high == ENDPOINT_ALL_HIGH)
		(void)snprintf(buf, size, ":*");
	else if (ep->low == ep->high)
		(void)snprintf(buf, size, ":%u", ep->low);
	else
		(void)snprintf(buf, size, ":%u-%u", ep->low, ep->high);
}

static void print_name(const struct endpoint *ep, char *buf)
{
	bool plain = ep->scheme == ENDPOINT_TLS && ep->low == 443 && ep->high == 443;
	/* a scheme that the ports alone give is not written */
	bool given = plain || (ep->scheme == ENDPOINT_TCP && (ep->low > 443 || ep->high < 443));
	char ports[16];

	print_ports(ep, plain, ports, sizeof(ports));
	(void)snprintf(buf, ENDPOINT_TEXT_MAX, "%s%s%s%s", given ? "" : schemes[ep->scheme],
		       ep->kind == ENDPOINT_BELOW ? "*." : "", ep->name, ports);
}

static void print_address(const struct endpoint *ep, char *buf)
{
	char prefix[64], ports[16];

	endpoint_print_prefix(&ep->prefix, prefix, sizeof(prefix));
	print_ports(ep, ep->low == ENDPOINT_ALL_LOW && ep->high == ENDPOINT_ALL_HIGH, ports,
		    sizeof(ports));
	(void)snprintf(buf, ENDPOINT_TEXT_MAX, "%s%s%s", schemes[ep->scheme], prefix, ports);
}

void endpoint_print(const struct endpoint *ep, char *buf)
{
	char ports[16];

	switch (ep->kind) {
	case ENDPOINT_ADDRESS:
		print_address(ep, buf);
		break;
	case ENDPOINT_NAME:
	case ENDPOINT_BELOW:
		print_name(ep, buf);
		break;
	case ENDPOINT_PORTS:
		(void)snprintf(ports, sizeof(ports), ep->low == ep->high ? "%u" : "%u-%u", ep->low,
			       ep->high);
		(void)snprintf(buf, ENDPOINT_TEXT_MAX, "%s%s", schemes[ep->scheme], ports);
		break;
	case ENDPOINT_SET:
		(void)snprintf(buf, ENDPOINT_TEXT_MAX, "%s", ep->name);
		break;
	case ENDPOINT_ANYWHERE:
	case ENDPOINT_NOWHERE:
	case ENDPOINT_LOOPBACK:
	case ENDPOINT_POD:
	case ENDPOINT_BROKER:
	case ENDPOINT_KIND_COUNT_:
		(void)snprintf(buf, ENDPOINT_TEXT_MAX, "%s", tokens[ep->kind]);
		break;
	}
}
