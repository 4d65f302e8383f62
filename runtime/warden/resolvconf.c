/* SPDX-License-Identifier: Apache-2.0 */
/* The resolvers that the engine wrote down for the container. */
#include <config.h>

#include "runtime/warden/resolvconf.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

static bool parse_server(const char *text, uint16_t port, union warden_address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons(port);
		return true;
	}
	if (inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1) {
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons(port);
		return true;
	}
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void parse_line(const char *line, size_t len, uint16_t port, struct resolvconf *ret)
{
	static const char word[] = "nameserver";
	char address[INET6_ADDRSTRLEN];
	size_t n = 0;

	if (len <= sizeof(word) - 1 || memcmp(line, word, sizeof(word) - 1) != 0 ||
	    !is_blank(line[sizeof(word) - 1]) || ret->n == RESOLVCONF_SERVERS)
		return;
	line += sizeof(word) - 1;
	len -= sizeof(word) - 1;
	while (len > 0 && is_blank(*line)) {
		line++;
		len--;
	}
	while (n < len && !is_blank(line[n]))
		n++;
	if (n == 0 || n >= sizeof(address))
		return;
	memcpy(address, line, n);
	address[n] = '\0';
	ret->n += parse_server(address, port, &ret->servers[ret->n]);
}

void resolvconf_parse(const char *text, size_t len, uint16_t port, struct resolvconf *ret)
{
	ret->n = 0;
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		parse_line(text, n, port, ret);
		n += end != NULL;
		text += n;
		len -= n;
	}
}
