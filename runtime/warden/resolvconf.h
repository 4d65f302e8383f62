/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_WARDEN_RESOLVCONF_H
#define PF_WARDEN_RESOLVCONF_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { RESOLVCONF_SERVERS = 4, RESOLVCONF_MAX = 8192 /* bytes that are read of one */ };

union warden_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct resolvconf {
	union warden_address servers[RESOLVCONF_SERVERS];
	unsigned int n;
};

/** resolvconf_parse() - the `nameserver' lines of @text that name an address without a zone; the rest is for libc */
void resolvconf_parse(const char *text, size_t len, uint16_t port, struct resolvconf *ret);

static inline socklen_t warden_address_size(const union warden_address *a)
{
	return a->any.sa_family == AF_INET6 ? sizeof(a->v6) : sizeof(a->v4);
}

#endif
