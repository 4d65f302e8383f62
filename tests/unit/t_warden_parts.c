/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the warden beside the DNS: its plan, resolv.conf, and what it tells. */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/warden/plan.h"
#include "runtime/warden/resolvconf.h"
#include "runtime/warden/tell.h"
#include "tests/unit/tap.h"

/* ---- plan */

static void fill_plan(struct warden_plan *p, size_t size)
{
	*p = (struct warden_plan){ .magic = WARDEN_PLAN_MAGIC,
				   .size = (uint32_t)size,
				   .udp = { 4, -1 },
				   .tcp = { -1, -1 },
				   .names_fd = 5,
				   .resolv_fd = -1,
				   .event_fd = -1,
				   .learn_fd = -1,
				   .life_fd = -1,
				   .attempt_ms = 1000,
				   .attempts = 3,
				   .upstream_port = 53 };
}

static void a_plan_is_checked(void)
{
	struct {
		struct warden_plan p;
		char text[8];
	} block = { .text = "abcdefg" };
	static const int32_t bad[] = { -2, 0, 3, -2147483647 };
	struct warden_plan *p = &block.p;
	int32_t *fds = p->udp;

	fill_plan(p, sizeof(block));
	CHECK_INT(warden_plan_check(p, sizeof(block)), ==, 0);
	CHECK_INT(warden_plan_check(p, sizeof(block) - 1), ==, -EINVAL);
	CHECK_INT(warden_plan_check(p, 8), ==, -EINVAL);
	for (size_t i = 0; i < 9; i++)
		for (size_t j = 0; j < ARRAY_SIZE(bad); j++) {
			int32_t was = fds[i];

			fds[i] = bad[j];
			CHECK_INT(warden_plan_check(p, sizeof(block)), ==, -EINVAL);
			fds[i] = was;
		}
	p->resolv_text = sizeof(*p);
	CHECK_INT(warden_plan_check(p, sizeof(block)), ==, 0);
	p->resolv_text = 8;
	CHECK_INT(warden_plan_check(p, sizeof(block)), ==, -EINVAL);
	p->resolv_text = sizeof(block);
	CHECK_INT(warden_plan_check(p, sizeof(block)), ==, -EINVAL);
	p->resolv_text = sizeof(*p);
	block.text[7] = 'x';
	CHECK_INT(warden_plan_check(p, sizeof(block)), ==, -EINVAL);
	fill_plan(p, sizeof(block));
	p->attempts = 0;
	CHECK_INT(warden_plan_check(p, sizeof(block)), ==, -EINVAL);
}

/* ---- resolv.conf */

static void resolvers_are_read_and_what_is_none_is_not(void)
{
	static const char text[] =
		"# nameserver 192.0.2.9\nnameserver 192.0.2.1\n"
		"nameserver\t2001:db8::1 \r\nnameserver fe80::1%eth0\nnameserver\n"
		"nameservers 192.0.2.8\nnameserver x\nsearch a b\nnameserver 192.0.2.2";
	struct resolvconf r;
	char addr[INET6_ADDRSTRLEN];

	resolvconf_parse(text, sizeof(text) - 1, 5353, &r);
	CHECK_INT(r.n, ==, 3);
	CHECK_STR(inet_ntop(AF_INET, &r.servers[0].v4.sin_addr, addr, sizeof(addr)), "192.0.2.1");
	CHECK_STR(inet_ntop(AF_INET6, &r.servers[1].v6.sin6_addr, addr, sizeof(addr)),
		  "2001:db8::1");
	CHECK_STR(inet_ntop(AF_INET, &r.servers[2].v4.sin_addr, addr, sizeof(addr)), "192.0.2.2");
	CHECK_INT(ntohs(r.servers[0].v4.sin_port), ==, 5353);
	resolvconf_parse("", 0, 53, &r);
	CHECK_INT(r.n, ==, 0);
	resolvconf_parse("nameserver 1.1.1.1\nnameserver 1.1.1.1\nnameserver 1.1.1.1\n"
			 "nameserver 1.1.1.1\nnameserver 1.1.1.1\n",
			 95, 53, &r);
	CHECK_INT(r.n, ==, RESOLVCONF_SERVERS);
}

/* ---- lines */

static struct tell tell;
static int sink;
static char told[65536];

static void begin(void)
{
	sink = sys_memfd_create("told", PF_MFD_CLOEXEC);
	tell_begin(&tell, sink, 0);
}

static int end(void)
{
	ssize_t n = pread(sink, told, sizeof(told) - 1, 0);
	int lines = 0;

	told[n > 0 ? n : 0] = '\0';
	for (const char *p = told; *p; p++)
		lines += *p == '\n';
	pf_close(sink);
	return lines;
}

static void refuse(const char *wire, size_t len, int64_t now)
{
	struct dns_query q = { .type = 1, .wire_len = (uint8_t)len };

	memcpy(q.wire, wire, len);
	tell_refused(&tell, &q, TELL_NOT_LISTED, now);
}

static void a_name_is_told_at_once_and_then_counted(void)
{
	begin();
	refuse("\4Evil\7example", 14, 0);
	refuse("\4evil\7exAMple", 14, 10);
	refuse("\4evil\7example", 14, 20);
	CHECK_INT((int)tell_wait_ms(&tell, 20), ==, TELL_AGAIN_MS - 20);
	tell_tick(&tell, 100);
	tell_tick(&tell, TELL_AGAIN_MS);
	CHECK_INT((int)tell_wait_ms(&tell, TELL_AGAIN_MS), ==, -1);
	CHECK_INT(end(), ==, 2);
	CHECK_STR(told,
		  "{\"type\":\"dns.refused\",\"why\":\"not-listed\",\"name\":\"evil.example\","
		  "\"qtype\":1,\"count\":1}\n"
		  "{\"type\":\"dns.refused\",\"why\":\"not-listed\",\"name\":\"evil.example\","
		  "\"qtype\":1,\"count\":2}\n");
}

static void a_name_cannot_end_its_line(void)
{
	begin();
	refuse("\7a\"\n\\.\0\xff\1b", 11, 0);
	CHECK_INT(end(), ==, 1);
	CHECK_HAS(told, "\"name\":\"a\\u0022\\u000a\\u005c\\u002e\\u0000\\u00ff.b\"");
}

static void lines_are_bounded_and_what_is_left_out_is_counted(void)
{
	char name[16];
	long long sum = 0;

	begin();
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "%c%05d", 5, i);
		refuse(name, 7, i / 10);
	}
	tell_end(&tell);
	CHECK_INT(end(), <, 2 * TELL_BURST + 16);
	CHECK_HAS(told, "{\"type\":\"dropped\",\"count\":");
	for (const char *p = told; (p = strstr(p, "\"count\":")); p++)
		sum += atoi(p + 8);
	CHECK_INT(sum, ==, 5000);
}

static void the_longest_of_names_fits(void)
{
	char wire[255];

	memset(wire, 1, sizeof(wire));
	for (size_t i = 0; i < 192; i += 64)
		wire[i] = 63;
	wire[192] = 61;
	wire[254] = '\0';
	begin();
	refuse(wire, sizeof(wire), 0);
	CHECK_INT(end(), ==, 1);
	CHECK_INT((int)strlen(told), >, 250 * 6);
}

static void nobody_need_listen(void)
{
	tell_begin(&tell, -1, 0);
	refuse("\1a", 3, 0);
	CHECK_INT((int)tell_wait_ms(&tell, 0), ==, -1);
	tell_tick(&tell, 9999);
	tell_end(&tell);
}

int main(void)
{
	RUN(a_plan_is_checked);
	RUN(resolvers_are_read_and_what_is_none_is_not);
	RUN(a_name_is_told_at_once_and_then_counted);
	RUN(a_name_cannot_end_its_line);
	RUN(lines_are_bounded_and_what_is_left_out_is_counted);
	RUN(the_longest_of_names_fits);
	RUN(nobody_need_listen);
	return tap_done();
}
