/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ways over a network: what leads out of a container's network namespace, and what listens in it. Read from the
 * procfs of one of its processes; nothing is connected, and no namespace is entered.
 */
#include <config.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "runtime/guard/audit_collect.h"

enum { NET_MAX_BYTES = 4 << 20, LISTENERS_MAX = 32 };

void audit_parse_interfaces(char *text, struct audit_routes *ret)
{
	char *save = NULL;
	size_t n = 0;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *colon = strrchr(line, ':');
		char *name = line + strspn(line, " ");

		/* the two lines of the head have bars and no colon */
		if (!colon || strchr(line, '|'))
			continue;
		*colon = '\0';
		if (strcmp(name, "lo") == 0)
			continue;
		n += (size_t)snprintf(ret->interfaces + n, sizeof(ret->interfaces) - n, "%s%s",
				      n ? ", " : "", name);
		if (n >= sizeof(ret->interfaces))
			return;
	}
}

/* v4: NAME DESTINATION ...; v6: DESTINATION PREFIX ... NAME. All numbers in hexadecimal. */
void audit_parse_routes(char *text, bool v6, struct audit_routes *ret)
{
	char *save = NULL, name[32], to[40];
	unsigned int prefix;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (v6) {
			if (sscanf(line, "%39s %x %*s %*s %*s %*s %*s %*s %*s %31s", to, &prefix,
				   name) != 3)
				continue;
		} else if (sscanf(line, "%31s %39s", name, to) != 2 ||
			   strcmp(to, "Destination") == 0) {
			continue;
		}
		if (strcmp(name, "lo") == 0)
			continue;
		ret->any = true;
		if (strspn(to, "0") == strlen(to) && (!v6 || prefix == 0))
			ret->to_anywhere = true;
	}
}

static bool is_loopback6(const struct in6_addr *a)
{
	return IN6_IS_ADDR_LOOPBACK(a) || (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == 127);
}

/* The address stands there as words of this machine's byte order. */
static bool parse_address(const char *hex, bool v6, char *ret, size_t size)
{
	struct in6_addr six;
	uint32_t words[4];
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < (v6 ? 4u : 1u); i++) {
		char word[9] = "";

		if (strnlen(hex + i * 8, 8) < 8)
			return false;
		memcpy(word, hex + i * 8, 8);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	if (!v6) {
		snprintf(ret, size, "%s", inet_ntop(AF_INET, words, text, sizeof(text)));
		return (ntohl(words[0]) >> 24) != 127;
	}
	memcpy(&six, words, sizeof(six));
	snprintf(ret, size, "[%s]", inet_ntop(AF_INET6, &six, text, sizeof(text)));
	return !is_loopback6(&six);
}

bool audit_parse_listener(const char *line, bool v6, char ret[AUDIT_ADDRESS_SIZE])
{
	char local[48], state[8], address[56], *colon;

	if (sscanf(line, "%*s %47s %*s %7s", local, state) != 2 || strcmp(state, "0A") != 0)
		return false;
	colon = strchr(local, ':');
	if (!colon || (size_t)(colon - local) != (v6 ? 32u : 8u))
		return false;
	*colon = '\0';
	if (!parse_address(local, v6, address, sizeof(address)))
		return false;
	snprintf(ret, AUDIT_ADDRESS_SIZE, "tcp %s:%lu", address, strtoul(colon + 1, NULL, 16));
	return true;
}

static void add_listeners(struct audit *a, struct audit_container *c, int proc_fd, bool v6)
{
	struct audit_way way = { .kind = AUDIT_WAY_INBOUND, .open = true };
	char *save = NULL, address[AUDIT_ADDRESS_SIZE];
	auto_free char *text = NULL;
	size_t n = 0;

	if (audit_read_proc(proc_fd, c->pid, v6 ? "net/tcp6" : "net/tcp", NET_MAX_BYTES, &text,
			    NULL) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!audit_parse_listener(line, v6, address))
			continue;
		if (++n > LISTENERS_MAX)
			return;
		way.what = audit_printf(a, "%s", address);
		way.why = "it listens, and not on loopback alone";
		audit_way_add(a, c, &way);
	}
}

static bool read_routes(struct audit_container *c, int proc_fd, struct audit_routes *ret)
{
	auto_free char *dev = NULL, *v4 = NULL, *v6 = NULL;

	*ret = (struct audit_routes){ .any = false };
	if (audit_read_proc(proc_fd, c->pid, "net/dev", NET_MAX_BYTES, &dev, NULL) < 0 ||
	    audit_read_proc(proc_fd, c->pid, "net/route", NET_MAX_BYTES, &v4, NULL) < 0)
		return false;
	audit_parse_interfaces(dev, ret);
	audit_parse_routes(v4, false, ret);
	/* a kernel without IPv6 has no such file */
	if (audit_read_proc(proc_fd, c->pid, "net/ipv6_route", NET_MAX_BYTES, &v6, NULL) == 0)
		audit_parse_routes(v6, true, ret);
	return true;
}

static void add_closed(struct audit *a, struct audit_container *c, const char *why)
{
	const struct audit_way way = { .kind = AUDIT_WAY_EGRESS, .what = "none", .why = why };

	audit_way_add(a, c, &way);
}

/* @where leads out: bounded by the lists that are in force, else open. */
static void add_network(struct audit *a, struct audit_container *c, const struct audit_lists *lists,
			const char *where)
{
	struct audit_way way = { .kind = AUDIT_WAY_EGRESS, .open = true, .what = "open" };

	if (lists && lists->egress.present) {
		audit_ways_egress(a, c, &lists->egress, where);
		return;
	}
	way.why = audit_printf(a, "%s; no egress list is in force", where);
	audit_way_add(a, c, &way);
}

/* Where no process tells: what config.json asks for. */
static void planned(struct audit *a, struct audit_container *c, const struct audit_task *task)
{
	const struct oci_config *config = task->config;
	const struct oci_namespace *net = config ? &config->linux_.ns[OCI_NS_NETWORK] : NULL;
	const struct audit_way unknown = {
		.kind = AUDIT_WAY_EGRESS,
		.open = true,
		.what = "open",
		.why = "unknown: there is neither a process nor a config.json to ask",
	};

	if (!net) {
		audit_way_add(a, c, &unknown);
		return;
	}
	if (net->present && !net->path &&
	    config->prestart.n + config->create_runtime.n + config->create_container.n == 0) {
		add_closed(a, c, "a new network namespace, only loopback in it");
		return;
	}
	add_network(a, c, task->lists,
		    !net->present ? "the host's own network"
		    : net->path   ? audit_printf(a, "the network namespace `%s'", net->path)
				  : "a new network namespace that hooks may connect");
	if (task->lists && audit_lists_bound_listen(task->lists))
		audit_ways_listen(a, c, &task->lists->listen);
}

/* Return: something leads out of it, or in. */
static bool egress(struct audit *a, struct audit_container *c, const struct audit_task *task)
{
	struct audit_way way = { .kind = AUDIT_WAY_EGRESS, .open = true, .what = "open" };
	struct audit_routes routes;

	if (c->ns[AUDIT_NS_NET].host) {
		add_network(a, c, task->lists, "the host's own network");
		return true;
	}
	if (!read_routes(c, task->host->proc_fd, &routes)) {
		way.why = "its network cannot be read, so nothing says that it is closed";
		audit_way_add(a, c, &way);
		return true;
	}
	if (!routes.interfaces[0]) {
		add_closed(a, c, "only loopback in its network namespace");
		return false;
	}
	if (routes.any)
		add_network(a, c, task->lists,
			    audit_printf(a, "%s: %s", routes.interfaces,
					 routes.to_anywhere ? "a route to anywhere"
							    : "routes to its own networks"));
	else
		add_closed(a, c, audit_printf(a, "%s: no route leads out", routes.interfaces));
	return true;
}

void audit_network(struct audit *a, struct audit_container *c, const struct audit_task *task)
{
	const struct audit_way host = {
		.kind = AUDIT_WAY_INBOUND,
		.open = true,
		.what = "the host's ports",
		.why = "it can listen on any, and reaches what listens on loopback",
	};
	bool connected;

	if (c->pid == 0) {
		planned(a, c, task);
		return;
	}
	connected = egress(a, c, task);
	if (task->lists && audit_lists_bound_listen(task->lists)) {
		if (connected)
			audit_ways_listen(a, c, &task->lists->listen);
	} else if (c->ns[AUDIT_NS_NET].host) {
		audit_way_add(a, c, &host);
	} else {
		add_listeners(a, c, task->host->proc_fd, false);
		add_listeners(a, c, task->host->proc_fd, true);
	}
}
