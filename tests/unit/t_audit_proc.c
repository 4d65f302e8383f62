/* SPDX-License-Identifier: Apache-2.0 */
/* What the audit reads from procfs, taken apart: interfaces, routes, listeners, where a conmon logs. */
#include <config.h>

#include "runtime/guard/audit_collect.h"
#include "tests/unit/tap.h"

static void interfaces_and_routes_are_read(void)
{
	char dev[] = "Inter-|   Receive                            |  Transmit\n"
		     " face |bytes    packets errs drop fifo frame |bytes\n"
		     "    lo:     100       1    0    0\n"
		     "  eth0:    1000      10    0    0\n"
		     " wg0.1:       0       0\n";
	char v4[] = "Iface\tDestination\tGateway \tFlags\n"
		    "eth0\t0002000A\t00000000\t0001\n";
	char v6[] =
		"fe800000000000000000000000000000 40 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";
	char v4_default[] = "eth0\t00000000\t0102000A\t0003\n";
	struct audit_routes r = { .any = false };

	audit_parse_interfaces(dev, &r);
	CHECK_STR(r.interfaces, "eth0, wg0.1");
	audit_parse_routes(v4, false, &r);
	CHECK(r.any && !r.to_anywhere);
	audit_parse_routes(v6, true, &r);
	CHECK(!r.to_anywhere); /* the unreachable default route of lo leads nowhere */
	audit_parse_routes(v4_default, false, &r);
	CHECK(r.to_anywhere);
}

static void only_who_listens_beyond_loopback_is_a_way_in(void)
{
	char text[AUDIT_ADDRESS_SIZE];

	CHECK(audit_parse_listener(
		"   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000", false, text));
	CHECK_STR(text, "tcp 0.0.0.0:8080");
	CHECK(!audit_parse_listener("   0: 0100007F:1F90 00000000:0000 0A 0:0", false, text));
	CHECK(!audit_parse_listener("   0: 0F02000A:1F90 0F02000A:0035 01 0:0", false, text));
	CHECK(audit_parse_listener(
		" 1: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A",
		true, text));
	CHECK_STR(text, "tcp [::]:80");
	CHECK(!audit_parse_listener(
		" 1: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A",
		true, text));
	CHECK(!audit_parse_listener(
		" 1: 0000000000000000FFFF00000100007F:0050 00000000000000000000000000000000:0000 0A",
		true, text));
	CHECK(!audit_parse_listener("  sl  local_address rem_address   st", false, text));
	CHECK(!audit_parse_listener("", false, text));
	CHECK(!audit_parse_listener(" 0: 00:1 00:0 0A", false, text));
}

static const char *log_path(const char *cmdline, size_t len)
{
	return audit_conmon_option(cmdline, len, "-l", "--log-path");
}

static void a_conmon_says_where_it_logs_and_its_containers_name(void)
{
	static const char one[] =
		"conmon\0-c\0id\0-n\0web\0-l\0k8s-file:/var/x/ctr.log\0--exit-dir\0/x";
	static const char two[] = "conmon\0--log-path=/var/y\0--log-pathx\0/z";
	static const char none[] = "conmon\0-c\0id\0-l";

	CHECK_STR(log_path(one, sizeof(one)), "k8s-file:/var/x/ctr.log");
	CHECK_STR(log_path(two, sizeof(two)), "/var/y");
	CHECK_STR(log_path(none, sizeof(none)), NULL);
	CHECK_STR(audit_conmon_option(one, sizeof(one), "-n", "--name"), "web");
	CHECK_STR(audit_conmon_option(two, sizeof(two), "-n", "--name"), NULL);
}

int main(void)
{
	RUN(interfaces_and_routes_are_read);
	RUN(only_who_listens_beyond_loopback_is_a_way_in);
	RUN(a_conmon_says_where_it_logs_and_its_containers_name);
	return tap_done();
}
