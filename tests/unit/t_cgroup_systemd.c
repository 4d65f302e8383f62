/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of a scope: what annotations may say, and what becomes of limits. No bus is asked. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/cgroup_systemd.h"
#include "tests/unit/tap.h"

static struct pf_error e;

static const struct unit_property *find(const struct unit_properties *p, const char *name)
{
	const struct unit_property *found = NULL;

	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].name, name) == 0)
			found = &p->v[i]; /* the last one is the one that counts */
	return found;
}

static int annotate(struct unit_properties *p, const char *key, const char *value)
{
	struct oci_pair pair = { key, value };
	struct oci_config config = { .annotations = { &pair, 1 } };

	properties_free(p);
	return properties_of_annotations(&config, p, &e);
}

#define P "org.systemd.property."

static void values_are_read(void)
{
	struct unit_properties p = { 0 };

	CHECK_INT(annotate(&p, P "TimeoutStopUSec", "uint64 123456789"), ==, 0);
	CHECK_STR(p.v[0].type, "t");
	CHECK_INT(p.v[0].u, ==, 123456789);
	CHECK_INT(annotate(&p, P "TimeoutStopSec", "7"), ==, 0);
	CHECK_STR(p.v[0].name, "TimeoutStopUSec");
	CHECK_STR(p.v[0].type, "t");
	CHECK_INT(p.v[0].u, ==, 7000000);
	CHECK_INT(annotate(&p, P "RuntimeMaxSec", "1.5"), ==, 0);
	CHECK_INT(p.v[0].u, ==, 1500000);
	CHECK_INT(annotate(&p, P "CollectMode", "'inactive-or-failed'"), ==, 0);
	CHECK_STR(p.v[0].type, "s");
	CHECK_STR(p.v[0].data, "inactive-or-failed");
	CHECK_INT(annotate(&p, P "Description", "\"it\\'s \\\"x\\\"\""), ==, 0);
	CHECK_STR(p.v[0].data, "it's \"x\"");
	CHECK_INT(annotate(&p, P "DefaultDependencies", " true "), ==, 0);
	CHECK_STR(p.v[0].type, "b");
	CHECK_INT(p.v[0].u, ==, 1);
	CHECK_INT(annotate(&p, P "KillSignal", "int32 -3"), ==, 0);
	CHECK_INT(p.v[0].i, ==, -3);
	CHECK_INT(annotate(&p, P "After", "['a.service', \"b.service\"]"), ==, 0);
	CHECK_STR(p.v[0].type, "as");
	CHECK_INT(p.v[0].len, ==, strlen("a.service") + strlen("b.service") + 2);
	CHECK_INT(annotate(&p, P "After", "@as []"), ==, 0);
	CHECK_INT(p.v[0].len, ==, 0);
	CHECK_INT(annotate(&p, "other.key", "no value at all"), ==, 0);
	CHECK_INT(p.n, ==, 0);
	properties_free(&p);
}

static void bad_values_are_refused(void)
{
	static const char *const bad[] = {
		"",           "x",      "'open",    "'a' 'b'",   "truer",    "['a' 'b']",
		"['a'",       "[1]",    "5 5",      "uint64 -1", "byte 256", "int32 3000000000",
		"3000000000", "'a\\n'", "'a\x01'",  "uint64",    "nan",      "inf",
		"handle 3",   "<1>",    "{'a': 1}", "1e999",     "[",        "@as 5",
		"0x",
	};
	struct unit_properties p = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (annotate(&p, P "Description", bad[i]) >= 0)
			CHECK_STR("accepted", bad[i]);
	CHECK_HAS(e.msg, "/annotations/org.systemd.property.Description");
	CHECK_INT(annotate(&p, P "TimeoutStopSec", "-1"), <, 0);
	CHECK_INT(annotate(&p, P "TimeoutStopSec", "'x'"), <, 0);
	CHECK_INT(annotate(&p, P "TimeoutStopSec", "1e300"), <, 0);
	properties_free(&p);
}

static void names_that_do_more_are_refused(void)
{
	static const char *const bad[] = {
		P "ExecStart",
		P "ExecStopPost",
		P "Requires",
		P "Wants",
		P "Conflicts",
		P "OnFailure",
		P "PIDs",
		P "Slice",
		P "Delegate",
		P "DeviceAllow",
		P "DevicePolicy",
		P "CPUWeight",
		P "MemoryMin",
		P "",
		P "timeoutStopUSec",
		P "Kill Mode",
		P "KillMode\n",
		P "../x",
		P "Sec",
		P "USec",
		P
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	struct unit_properties p = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (annotate(&p, bad[i], "true") >= 0)
			CHECK_STR("accepted", bad[i]);
	CHECK_INT(annotate(&p, P "ExecStart", "'/bin/sh'"), <, 0);
	CHECK_HAS(e.msg, "ExecStart");
	CHECK_INT(e.kind, ==, PF_ERR_CONFIG);
	properties_free(&p);
}

static void limits_become_properties(void)
{
	struct oci_resources r = {
		.mem_limit = { true, 1000 },
		.mem_swap = { true, 1500 },
		.mem_reservation = { true, 500 },
		.cpu_shares = { true, 1024 },
		.cpu_quota = { true, 25000 },
		.cpu_period = { true, 50000 },
		.pids_limit = { true, -1 },
		.cpuset_cpus = "1",
	};
	struct unit_properties p = { 0 };

	CHECK_INT(properties_of_resources(&r, true, &p, &e), ==, 0);
	CHECK_INT(find(&p, "MemoryMax")->u, ==, 1000);
	CHECK_INT(find(&p, "MemorySwapMax")->u, ==, 500);
	CHECK_INT(find(&p, "MemoryLow")->u, ==, 500);
	CHECK_INT(find(&p, "CPUWeight")->u, ==, 100);
	CHECK_INT(find(&p, "CPUQuotaPerSecUSec")->u, ==, 500000);
	CHECK_INT(find(&p, "CPUQuotaPeriodUSec")->u, ==, 50000);
	CHECK(find(&p, "TasksMax")->u == UINT64_MAX);
	CHECK_STR(find(&p, "AllowedCPUs")->type, "ay");
	CHECK_INT(find(&p, "AllowedCPUs")->data[0], ==, 2);
	properties_free(&p);

	CHECK_INT(properties_of_resources(&r, false, &p, &e), ==, 0);
	CHECK_INT(find(&p, "MemoryLimit")->u, ==, 1000);
	CHECK_INT(find(&p, "CPUShares")->u, ==, 1024);
	CHECK(find(&p, "CPUWeight") == NULL);
	CHECK(find(&p, "AllowedCPUs") == NULL);
	properties_free(&p);

	r.pids_limit.v = 0;
	CHECK_INT(properties_of_resources(&r, true, &p, &e), ==, 0);
	CHECK_INT(find(&p, "TasksMax")->u, ==, 1);
	properties_free(&p);

	r.cpuset_cpus = "0-x";
	CHECK_INT(properties_of_resources(&r, true, &p, &e), <, 0);
	properties_free(&p);
}

static void unified_keys_become_properties(void)
{
	struct oci_pair keys[] = { { "memory.high", "4096" },
				   { "pids.max", "max" },
				   { "io.max", "8:0 rbps=1" },
				   { "cpu.weight", "x" } };
	struct oci_resources r = { .unified = { keys, 4 } };
	struct unit_properties p = { 0 };

	CHECK_INT(properties_of_resources(&r, true, &p, &e), ==, 0);
	CHECK_INT(p.n, ==, 2);
	CHECK_INT(find(&p, "MemoryHigh")->u, ==, 4096);
	CHECK(find(&p, "TasksMax")->u == UINT64_MAX);
	properties_free(&p);
}

static void devices_become_properties(void)
{
	struct device_entry list[] = { { 'a', false, -1, -1, DEVICE_RWM },
				       { 'c', true, -1, -1, DEVICE_MKNOD },
				       { 'c', true, 1, 3, DEVICE_RWM },
				       { 'c', true, -1, 3, DEVICE_READ } };
	struct device_rules rules = { list, 3, 4 };
	struct unit_properties p = { 0 };

	CHECK_INT(properties_of_devices(&rules, &p, &e), ==, 0);
	CHECK_STR(find(&p, "DevicePolicy")->data, "strict");
	CHECK_STR(find(&p, "DeviceAllow")->data, "char-*");
	CHECK_STR(find(&p, "DeviceAllow")->data + 7, "m");
	CHECK_STR(find(&p, "DeviceAllow")->data + 9, "/dev/char/1:3");
	properties_free(&p);

	rules.n =
		4; /* a minor of every major: systemd has no words, so it must not have half the list */
	CHECK_INT(properties_of_devices(&rules, &p, &e), ==, 0);
	CHECK_STR(find(&p, "DevicePolicy")->data, "auto");
	CHECK_INT(find(&p, "DeviceAllow")->len, ==, 0);
	properties_free(&p);
}

int main(void)
{
	RUN(values_are_read);
	RUN(bad_values_are_refused);
	RUN(names_that_do_more_are_refused);
	RUN(limits_become_properties);
	RUN(unified_keys_become_properties);
	RUN(devices_become_properties);
	return tap_done();
}
