/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of `egress' and `listen' as rows: looked up here as the kernel's tries do it, longest prefix first. */
#include <config.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/egress/egress.h"
#include "tests/unit/tap.h"

static struct policy policy;
static struct egress_table t;
static struct pf_error e;
static char *entries[4200];

static int make(const char *egress, const char *listen)
{
	const char *texts[] = { egress, listen };
	const enum policy_key keys[] = { POLICY_EGRESS, POLICY_LISTEN };
	static char copy[2][65536];
	size_t n = 0;

	egress_table_free(&t);
	memset(&policy, 0, sizeof(policy));
	for (int i = 0; i < 2; i++) {
		struct policy_value *v = &policy.keys[keys[i]];

		if (!texts[i])
			continue;
		v->present = true;
		v->list.v = &entries[n];
		snprintf(copy[i], sizeof(copy[i]), "%s", texts[i]);
		for (char *at = strtok(copy[i], " "); at; at = strtok(NULL, " ")) {
			entries[n++] = at;
			v->list.n++;
		}
	}
	return egress_table_make(&policy, &t, &e);
}

static bool bits_equal(const void *a, const void *b, unsigned int bits)
{
	const unsigned char *x = a, *y = b;

	for (unsigned int i = 0; i < bits; i++)
		if ((x[i / 8] ^ y[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

static __u32 port_entry(__u32 group, int protocol, int port)
{
	struct egress_port want = { .group = (__u16)group,
				    .protocol = (__u8)protocol,
				    .port = htons((uint16_t)port) };
	const struct egress_port_row *best = NULL;

	for (size_t i = 0; i < t.n_ports; i++)
		if (bits_equal(&t.ports[i].key.policy, &want.policy, t.ports[i].key.bits) &&
		    (!best || t.ports[i].key.bits > best->key.bits))
			best = &t.ports[i];
	return best ? best->entry : 0;
}

/* The entry that opens it; 0: closed. */
static __u32 find(const char *address, int protocol, int port)
{
	struct egress_place want = { .addr = { [10] = 0xff, [11] = 0xff } };
	const struct egress_place_row *best = NULL;

	if (inet_pton(AF_INET, address, want.addr + 12) != 1)
		(void)inet_pton(AF_INET6, address, want.addr);
	for (size_t i = 0; i < t.n_places; i++)
		if (bits_equal(&t.places[i].key.policy, &want.policy, t.places[i].key.bits) &&
		    (!best || t.places[i].key.bits > best->key.bits))
			best = &t.places[i];
	return best && best->group != EGRESS_CLOSED ? port_entry(best->group, protocol, port) : 0;
}

static void nothing_is_open_that_is_not_listed(void)
{
	CHECK_INT(make("", NULL), ==, 0);
	CHECK_INT(find("192.0.2.1", IPPROTO_TCP, 443), ==, 0);
	CHECK_INT(find("127.0.0.1", IPPROTO_TCP, 443), ==, 0);
	CHECK_INT(find("2001:db8::1", IPPROTO_UDP, 53), ==, 0);
	CHECK_INT(t.flags, ==, EGRESS_LISTEN_LOOPBACK);
}

static void an_address_opens_its_protocols_and_ports(void)
{
	CHECK_INT(
		make("192.0.2.1:443 tcp://192.0.2.2 udp://[2001:db8::1]:53 icmp://192.0.2.3", NULL),
		==, 0);
	CHECK_INT(find("192.0.2.1", IPPROTO_TCP, 443), ==, 1);
	CHECK_INT(find("192.0.2.1", IPPROTO_UDP, 443), ==, 1);
	CHECK_INT(find("192.0.2.1", IPPROTO_TCP, 442), ==, 0);
	CHECK_INT(find("192.0.2.1", IPPROTO_ICMP, 0), ==, 0);
	CHECK_INT(find("192.0.2.2", IPPROTO_TCP, 65535), ==, 2);
	CHECK_INT(find("192.0.2.2", IPPROTO_UDP, 65535), ==, 0);
	CHECK_INT(find("2001:db8::1", IPPROTO_UDP, 53), ==, 3);
	CHECK_INT(find("2001:db8::1", IPPROTO_TCP, 53), ==, 0);
	CHECK_INT(find("192.0.2.3", IPPROTO_ICMP, 0), ==, 4);
	CHECK_INT(find("192.0.2.3", IPPROTO_TCP, 80), ==, 0);
}

static void a_range_of_ports_is_exact(void)
{
	size_t wrong = 0;

	CHECK_INT(make("tcp://192.0.2.1:1000-1999 tcp://192.0.2.2:1-65534 tcp://192.0.2.3:65535",
		       NULL),
		  ==, 0);
	for (int port = 0; port < 65536; port++) {
		wrong += (find("192.0.2.1", IPPROTO_TCP, port) != 0) !=
			 (port >= 1000 && port <= 1999);
		wrong +=
			(find("192.0.2.2", IPPROTO_TCP, port) != 0) != (port >= 1 && port <= 65534);
		wrong += (find("192.0.2.3", IPPROTO_TCP, port) != 0) != (port == 65535);
	}
	CHECK_INT(wrong, ==, 0);
}

static void a_narrower_entry_adds_to_a_wider_one(void)
{
	CHECK_INT(
		make("tcp://10.0.0.0/8:443 tcp://10.1.0.0/16:80 tcp://10.1.2.3:22 tcp://10.1.2.3:443",
		     NULL),
		==, 0);
	CHECK_INT(find("10.9.9.9", IPPROTO_TCP, 443), ==, 1);
	CHECK_INT(find("10.9.9.9", IPPROTO_TCP, 80), ==, 0);
	CHECK_INT(find("10.1.9.9", IPPROTO_TCP, 443), ==, 1);
	CHECK_INT(find("10.1.9.9", IPPROTO_TCP, 80), ==, 2);
	CHECK_INT(find("10.1.2.3", IPPROTO_TCP, 22), ==, 3);
	CHECK(find("10.1.2.3", IPPROTO_TCP, 443) != 0);
	CHECK(find("10.1.2.3", IPPROTO_TCP, 80) != 0);
	CHECK_INT(find("10.1.2.4", IPPROTO_TCP, 22), ==, 0);
}

static void what_is_closed_stays_so_below_what_is_wider(void)
{
	CHECK_INT(make("@any", NULL), ==, 0);
	CHECK_INT(find("192.0.2.1", IPPROTO_TCP, 1), ==, 1);
	CHECK_INT(find("2001:db8::1", IPPROTO_UDP, 1), ==, 1);
	CHECK_INT(find("192.0.2.1", IPPROTO_ICMP, 0), ==, 1);
	CHECK_INT(find("169.254.169.254", IPPROTO_TCP, 80), ==, 0);
	CHECK_INT(find("fd00:ec2::254", IPPROTO_TCP, 80), ==, 0);
	CHECK_INT(find("fe80::1", IPPROTO_TCP, 80), ==, 0);
	CHECK_INT(find("0.0.0.0", IPPROTO_TCP, 80), ==, 0);
	CHECK_INT(find("::", IPPROTO_TCP, 80), ==, 0);
	CHECK_INT(find("224.0.0.251", IPPROTO_UDP, 5353), ==, 0);
	CHECK_INT(make("0.0.0.0/0 169.254.0.0/16:1", NULL), ==, 0);
	CHECK_INT(find("169.254.169.254", IPPROTO_TCP, 80), ==, 0);
	CHECK_INT(make("@any tcp://169.254.169.254:80", NULL), ==, 0);
	CHECK_INT(find("169.254.169.254", IPPROTO_TCP, 80), ==, 2);
	CHECK_INT(find("169.254.169.254", IPPROTO_TCP, 81), ==, 0);
	CHECK_INT(find("169.254.169.253", IPPROTO_TCP, 80), ==, 0);
}

static void loopback_is_opened_by_its_tokens(void)
{
	CHECK_INT(make("@loopback", NULL), ==, 0);
	CHECK_INT(find("127.0.0.53", IPPROTO_UDP, 53), ==, 1);
	CHECK_INT(find("::1", IPPROTO_TCP, 5432), ==, 1);
	CHECK_INT(find("192.0.2.1", IPPROTO_TCP, 5432), ==, 0);
	CHECK_INT(make("192.0.2.1 @pod", NULL), ==, 0);
	CHECK_INT(find("127.0.0.1", IPPROTO_TCP, 5432), ==, 2);
	CHECK_INT(make("tcp://127.0.0.1:5432", NULL), ==, 0);
	CHECK_INT(find("127.0.0.1", IPPROTO_TCP, 5432), ==, 1);
	CHECK_INT(find("127.0.0.1", IPPROTO_TCP, 5433), ==, 0);
}

static void listen_has_rows_of_its_own(void)
{
	CHECK_INT(make(NULL, "8080 udp://5353"), ==, 0);
	CHECK_INT(t.flags, ==, 0);
	CHECK_INT(port_entry(EGRESS_LISTENED, IPPROTO_TCP, 8080), ==, 1);
	CHECK_INT(port_entry(EGRESS_LISTENED, IPPROTO_UDP, 8080), ==, 1);
	CHECK_INT(port_entry(EGRESS_LISTENED, IPPROTO_UDP, 5353), ==, 2);
	CHECK_INT(port_entry(EGRESS_LISTENED, IPPROTO_TCP, 5353), ==, 0);
	/* without `egress' all is open, metadata too, as without a policy */
	CHECK_INT(find("169.254.169.254", IPPROTO_TCP, 80), ==, 1);
	CHECK_INT(make(NULL, "@any @loopback"), ==, 0);
	CHECK_INT(t.flags, ==, EGRESS_LISTEN_ANY | EGRESS_LISTEN_LOOPBACK);
	CHECK_INT(make("192.0.2.1", ""), ==, 0);
	CHECK_INT(t.flags, ==, 0);
}

static void what_takes_a_resolver_is_refused_by_name(void)
{
	const char *const unbuilt[] = { "example.com", "*.example.com", "@npm", "@broker" };

	for (size_t i = 0; i < ARRAY_SIZE(unbuilt); i++) {
		e = (struct pf_error)PF_ERROR_INIT;
		CHECK(make(unbuilt[i], NULL) < 0);
		CHECK_INT(e.kind, ==, PF_ERR_POLICY);
		CHECK_HAS(e.msg, "io.pinfold.egress");
	}
}

/* As many as an annotation may hold, all with the same ports: one group. */
static void many_addresses_share_their_ports(void)
{
	static char text[65536];
	size_t at = 0;

	for (int i = 0; i < 4000; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "10.%d.%d.1 ", i / 250,
				       i % 250);
	CHECK_INT(make(text, NULL), ==, 0);
	CHECK(t.n_places > 4000 && t.n_places < 4020);
	CHECK_INT(t.n_ports, ==, 2);
	CHECK(find("10.15.249.1", IPPROTO_TCP, 1) != 0);
	CHECK_INT(find("10.15.249.2", IPPROTO_TCP, 1), ==, 0);
}

/* A number of a group has 16 bits, and the last is that of `listen': what does not fit is refused, not counted again. */
static void more_sets_of_ports_than_numbers_are_refused(void)
{
	enum { N = 66000 };
	auto_free char *text = malloc(N * 32), **list = calloc(N, sizeof(*list));
	char *at = text;

	egress_table_free(&t);
	memset(&policy, 0, sizeof(policy));
	for (int i = 0; text && list && i < N; i++) {
		list[i] = at;
		at += sprintf(at, "tcp://10.%d.%d.%d:%d", i >> 16, i >> 8 & 255, i & 255,
			      i % 65535 + 1) +
		      1;
	}
	policy.keys[POLICY_EGRESS] = (struct policy_value){ .present = true, .list = { list, N } };
	e = (struct pf_error)PF_ERROR_INIT;
	CHECK(text && list && egress_table_make(&policy, &t, &e) < 0);
	CHECK_HAS(e.msg, "different sets of ports");
}

int main(void)
{
	RUN(nothing_is_open_that_is_not_listed);
	RUN(an_address_opens_its_protocols_and_ports);
	RUN(a_range_of_ports_is_exact);
	RUN(a_narrower_entry_adds_to_a_wider_one);
	RUN(what_is_closed_stays_so_below_what_is_wider);
	RUN(loopback_is_opened_by_its_tokens);
	RUN(listen_has_rows_of_its_own);
	RUN(what_takes_a_resolver_is_refused_by_name);
	RUN(many_addresses_share_their_ports);
	RUN(more_sets_of_ports_than_numbers_are_refused);
	egress_table_free(&t);
	return tap_done();
}
