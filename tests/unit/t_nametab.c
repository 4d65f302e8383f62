/* SPDX-License-Identifier: Apache-2.0 */
/* The table of names: made from entries, looked up, and judged as if somebody else had written it. */
#include <config.h>

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "runtime/warden/nametab_make.h"
#include "tests/unit/tap.h"

static struct pf_buf block;
static struct nametab table;

static int make_table(const char *const *egress, size_t n, const char *const *internal,
		      size_t n_internal)
{
	const struct oci_strings a = { (char **)(uintptr_t)egress, n },
				 b = { (char **)(uintptr_t)internal, n_internal };
	struct pf_error e = PF_ERROR_INIT;
	int err;

	pf_buf_free(&block);
	block = (struct pf_buf){ 0 };
	err = nametab_make(&a, &b, &block, &e);
	if (err < 0)
		printf("# %s\n", e.msg);
	return err < 0 ? err : nametab_open(block.data, block.len, &table);
}

/* "1 3": entries that have it */
static const char *entries_of(const char *name)
{
	static char text[256];
	struct nametab_found found;
	size_t at = 0;

	nametab_find(&table, name, &found);
	text[0] = '\0';
	for (unsigned int i = 0; i < found.n; i++)
		for (uint32_t j = 0; j < found.ranges[i].n; j++) {
			const struct nametab_row *row =
				nametab_row_at(&table, found.ranges[i].at + j);

			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u", at ? " " : "",
					       row ? row->entry : 0);
		}
	return text;
}

static bool is_internal(const char *name)
{
	struct nametab_found found;

	nametab_find(&table, name, &found);
	return found.is_internal;
}

static const char *const some[] = { "api.example", "*.api.example", "tcp://api.example:22",
				    "10.1.0.0/16", "192.0.2.1",     "*.deep.b.api.example",
				    "@none" };
static const char *const suffixes[] = { "cluster.local", "Corp.Example.", ".lan" };

static void make_some(void)
{
	CHECK_INT(make_table(some, ARRAY_SIZE(some), suffixes, ARRAY_SIZE(suffixes)), ==, 0);
}

static void names_are_found_with_all_their_entries(void)
{
	const struct nametab_row *row;
	struct nametab_found found;

	make_some();
	CHECK_STR(entries_of("api.example"), "1 3");
	CHECK_STR(entries_of("x.api.example"), "2");
	CHECK_STR(entries_of("x.deep.b.api.example"), "2 6");
	CHECK_STR(entries_of("deep.b.api.example"), "2");
	CHECK_STR(entries_of("xapi.example"), "");
	CHECK_STR(entries_of("example"), "");
	CHECK_STR(entries_of("api.example.com"), "");
	CHECK_STR(entries_of(""), "");
	CHECK_STR(entries_of("10.1.0.0"), "");
	CHECK(nametab_have(&table, "api.example") && !nametab_have(&table, "cluster.local"));
	nametab_find(&table, "api.example", &found);
	row = nametab_row_at(&table, found.ranges[0].at + 1);
	CHECK(row && row->scheme == ENDPOINT_TCP && row->low == 22 && row->high == 22);
}

static void suffixes_are_internal_with_what_lies_below(void)
{
	make_some();
	CHECK(is_internal("cluster.local") && is_internal("a.b.cluster.local"));
	CHECK(is_internal("x.corp.example") && is_internal("printer.lan"));
	CHECK(!is_internal("local") && !is_internal("xcluster.local"));
	CHECK(!is_internal("api.example"));
}

static bool passes(const char *name, const char *address)
{
	uint8_t addr[16] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET, address, addr + 12) != 1 && inet_pton(AF_INET6, address, addr) != 1)
		abort();
	return nametab_judge(&table, is_internal(name), addr);
}

static void addresses_are_judged_by_name_and_range(void)
{
	static const char *const never[] = { "127.0.0.1",
					     "::1",
					     "169.254.169.254",
					     "fe80::1",
					     "0.0.0.0",
					     "::",
					     "224.0.0.1",
					     "255.255.255.255",
					     "fd00:ec2::254",
					     "::ffff:127.0.0.1",
					     "64:ff9b::a9fe:a9fe",
					     "2002:7f00:1::" };
	static const char *const private[] = { "10.0.0.1",    "172.16.0.1", "192.168.1.1",
					       "100.64.0.1",  "fd12::1",    "64:ff9b::a00:1",
					       "2002:a00:1::" };
	static const char *const public[] = { "192.0.2.7", "2001:db8::1", "10.1.2.3",
					      "64:ff9b::a01:203" };

	make_some();
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		CHECK(!passes("api.example", never[i]) && !passes("a.cluster.local", never[i]));
	for (size_t i = 0; i < ARRAY_SIZE(private); i++)
		CHECK(!passes("api.example", private[i]) && passes("a.cluster.local", private[i]));
	for (size_t i = 0; i < ARRAY_SIZE(public); i++)
		CHECK(passes("api.example", public[i]) && passes("a.cluster.local", public[i]));
}

static void a_set_is_what_it_holds(void)
{
	static const char *const sets[] = { "@npm" };

	CHECK_INT(make_table(sets, 1, NULL, 0), ==, 0);
	CHECK_STR(entries_of("registry.npmjs.org"), "1");
}

static void nothing_is_a_table_too(void)
{
	CHECK_INT(make_table(NULL, 0, NULL, 0), ==, 0);
	CHECK_STR(entries_of("a.example"), "");
	CHECK(passes("a.example", "192.0.2.1") && !passes("a.example", "10.0.0.1"));
}

static void bad_entries_are_refused(void)
{
	static const char *const bad[] = { "*" }, *const good[] = { "a.example" },
				 *const address[] = { "10.0.0.0/8" };

	CHECK_INT(make_table(bad, 1, NULL, 0), <, 0);
	CHECK_INT(make_table(good, 1, bad, 1), <, 0);
	CHECK_INT(make_table(good, 1, address, 1), <, 0);
}

enum { MANY = 20000 };

static void many_names_are_found(void)
{
	static char *many[MANY];
	int found = 0, wrong = 0;

	for (int i = 0; i < MANY; i++)
		if (asprintf(&many[i], "%sn%d.z%d.example", i % 2 ? "*." : "", i, i % 100) < 0)
			abort();
	CHECK_INT(make_table((const char *const *)(uintptr_t)many, MANY, NULL, 0), ==, 0);
	printf("# %zu bytes, %u slots for one name at most\n", block.len, table.head.longest);
	for (int i = 0; i < MANY; i++) {
		char name[64], want[16];

		(void)snprintf(want, sizeof(want), "%d", i + 1);
		(void)snprintf(name, sizeof(name), "%sn%d.z%d.example", i % 2 ? "x." : "", i,
			       i % 100);
		found += strcmp(entries_of(name), want) == 0;
		(void)snprintf(name, sizeof(name), "%sn%d.z%d.example", i % 2 ? "" : "x.", i,
			       i % 100);
		wrong += nametab_have(&table, name);
		free(many[i]);
	}
	CHECK_INT(found, ==, MANY);
	CHECK_INT(wrong, ==, 0);
	CHECK_INT(table.head.longest, <, 64);
}

/* Every word of the block, one after the other, as the worst of values: nothing is read outside it. */
static void a_forged_table_is_refused_or_harmless(void)
{
	static const uint32_t worst[] = { 0, 1, 3, 0x7fffffff, 0xfffffffc, 0xffffffff };
	uint32_t *forged;
	int opened = 0;

	make_some();
	forged = malloc(block.len);
	for (size_t i = 0; forged && i < block.len / 4; i++)
		for (size_t j = 0; j < ARRAY_SIZE(worst); j++) {
			memcpy(forged, block.data, block.len);
			forged[i] = worst[j];
			if (nametab_open(forged, block.len, &table) < 0)
				continue;
			opened++;
			(void)entries_of("x.deep.b.api.example");
			(void)entries_of("api.example");
			(void)passes("a.cluster.local", "10.0.0.1");
			(void)passes("api.example", "10.1.0.1");
		}
	free(forged);
	CHECK(opened > 0);
	for (size_t n = 0; n < block.len; n++)
		if (nametab_open(block.data, n, &table) == 0)
			CHECK(false);
}

int main(void)
{
	RUN(names_are_found_with_all_their_entries);
	RUN(suffixes_are_internal_with_what_lies_below);
	RUN(addresses_are_judged_by_name_and_range);
	RUN(a_set_is_what_it_holds);
	RUN(nothing_is_a_table_too);
	RUN(bad_entries_are_refused);
	RUN(many_names_are_found);
	RUN(a_forged_table_is_refused_or_harmless);
	pf_buf_free(&block);
	return tap_done();
}
