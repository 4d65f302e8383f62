/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of endpoints, by tables: tests/golden/endpoint/parse.tsv and listen.tsv say what an entry comes to, covers.tsv
 * and covers-listen.tsv what lies within what. Whatever is accepted must parse again from its own spelling.
 */
#include <config.h>

#include <limits.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "config/endpoint_parts.h"
#include "tests/unit/tap.h"

typedef int parser(const char *text, size_t len, struct endpoint *ret, struct pf_error *e);

/* "\xNN" and "\\" in place; the length, as a NUL may be among them */
static size_t unescape(char *s)
{
	char *to = s;

	for (char *p = s; *p; p++) {
		if (p[0] == '\\' && p[1] == 'x') {
			char hex[3] = { p[2], p[3], '\0' };

			*to++ = (char)strtoul(hex, NULL, 16);
			p += 3;
			continue;
		}
		if (p[0] == '\\')
			p++;
		*to++ = *p;
	}
	*to = '\0';
	return (size_t)(to - s);
}

/* ---- parse, print, parse again */

static void check_round_trip(parser *parse, const char *text, const struct endpoint *first)
{
	struct pf_error e = PF_ERROR_INIT;
	char again[ENDPOINT_TEXT_MAX];
	struct endpoint second;

	CHECK_INT(parse(text, strlen(text), &second, &e), ==, 0);
	endpoint_print(&second, again);
	CHECK_STR(again, text);
	CHECK(endpoint_covers(first, &second) && endpoint_covers(&second, first));
}

static void check_parse(parser *parse, const char *text, const char *want)
{
	struct pf_error e = PF_ERROR_INIT;
	char got[ENDPOINT_TEXT_MAX];
	char entry[1024];
	struct endpoint ep;
	size_t len;

	(void)snprintf(entry, sizeof(entry), "%s", text);
	len = unescape(entry);
	if (parse(entry, len, &ep, &e) < 0) {
		tap_check_has(text, e.msg, want[0] == '!' ? want + 1 : "(it is accepted)", __FILE__,
			      __LINE__);
		CHECK_INT(e.kind, ==, PF_ERR_POLICY);
		return;
	}
	endpoint_print(&ep, got);
	tap_check_str(text, got, want, __FILE__, __LINE__);
	check_round_trip(parse, got, &ep);
}

/* ---- covers */

static struct endpoint must_parse(parser *parse, const char *text)
{
	struct pf_error e = PF_ERROR_INIT;
	struct endpoint ep = { 0 };

	if (parse(text, strlen(text), &ep, &e) < 0)
		tap_check_str(text, e.msg, "", __FILE__, __LINE__);
	return ep;
}

static void check_covers(parser *parse, const char *bound, const char *entry, const char *want)
{
	struct endpoint b = must_parse(parse, bound), e = must_parse(parse, entry);
	char what[256];

	(void)snprintf(what, sizeof(what), "%s covers %s: %s", bound, entry, want);
	tap_check(endpoint_covers(&b, &e) == (strncmp(want, "yes", 3) == 0), what, __FILE__,
		  __LINE__);
}

/* ---- files */

enum { COLUMNS = 3 };

/* The cells of a line; how many it has, at most COLUMNS. */
static int cut(char *line, const char **cell)
{
	int n = 0;

	for (char *p = line; n < COLUMNS; *p++ = '\0') {
		cell[n++] = p;
		p += strcspn(p, "\t");
		if (*p == '\0')
			break;
	}
	for (int i = n; i < COLUMNS; i++)
		cell[i] = "";
	return n;
}

static void run_file(const char *name, parser *parse, int columns)
{
	char path[PATH_MAX], line[1024];
	const char *top = getenv("srcdir");
	size_t lines = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/golden/endpoint/%s", top ? top : ".", name);
	f = fopen(path, "re");
	CHECK(f != NULL);
	while (f && fgets(line, sizeof(line), f)) {
		const char *cell[COLUMNS];

		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		if (cut(line, cell) < columns)
			tap_check_str("a line has its columns", line, "", __FILE__, __LINE__);
		else if (columns == 2)
			check_parse(parse, cell[0], cell[1]);
		else
			check_covers(parse, cell[0], cell[1], cell[2]);
		lines++;
	}
	CHECK_INT(lines, >, 10);
	if (f)
		fclose(f);
}

static void entries_of_egress(void)
{
	run_file("parse.tsv", endpoint_parse, 2);
}

static void entries_of_listen(void)
{
	run_file("listen.tsv", endpoint_parse_listen, 2);
}

static void bounds_of_egress(void)
{
	run_file("covers.tsv", endpoint_parse, 3);
}

static void bounds_of_listen(void)
{
	run_file("covers-listen.tsv", endpoint_parse_listen, 3);
}

/* ---- what is left to say */

static void check_refusal(const char *entry, const char *want)
{
	struct pf_error e = PF_ERROR_INIT;
	struct endpoint ep;

	CHECK(endpoint_parse(entry, strlen(entry), &ep, &e) < 0);
	CHECK_HAS(e.msg, want);
	CHECK(!strstr(e.msg, "hunter2") && !strstr(e.msg, "ter2"));
}

static void what_may_be_secret_is_not_shown(void)
{
	check_refusal("https://me:hunter2@github.com/x", "`...@github.com': unknown scheme");
	check_refusal("me:hunter2@github.com", "`...@github.com': an endpoint has no user");
	check_refusal("tls://hunter2@github.com:443",
		      "`...@github.com:443': an endpoint has no user");
	check_refusal("https://me:hun/ter2@github.com", "`...': unknown scheme");
	check_refusal("github.com/x?token=hunter2", "`github.com': an endpoint has no path");
	check_refusal("github.com/1hunter2", "`github.com': an endpoint has no path");
	check_refusal("github.com?a=b@hunter2", "`...': ");
	check_refusal("2001:db8::1/hunter2", "write `[2001:db8::1]'");
	check_refusal("2001:db8::1/3hunter2", "write `[2001:db8::1]'");
	check_refusal("1::/2:a00:1.\xd1", "write `[1::]'"); /* of the fuzzer */
	check_refusal("github.com#hunter2", "`github.com': ");
}

static void what_is_shown_is_printable_and_bounded(void)
{
	struct pf_error e = PF_ERROR_INIT;
	struct endpoint ep;
	char text[600];

	CHECK(endpoint_parse("a\nb\x1b[1m\xff", 8, &ep, &e) < 0);
	CHECK_HAS(e.msg, "`a\\x0ab\\x1b[1m\\xff': holds a control character");
	memset(text, 'a', sizeof(text));
	CHECK(endpoint_parse(text, sizeof(text), &ep, &e) < 0);
	CHECK_HAS(e.msg, "aaa...': 600 bytes are more than any endpoint has");
	CHECK_INT(strlen(e.msg), <, 200);
}

static void a_name_has_253_letters(void)
{
	struct pf_error e = PF_ERROR_INIT;
	char text[512] = "", spelt[ENDPOINT_TEXT_MAX];
	struct endpoint ep;

	for (int i = 0; i < 126; i++)
		memcpy(text + 2 * i, "a.", 3);
	memcpy(text + 252, "b.", 3); /* the final dot is not counted */
	CHECK_INT(endpoint_parse(text, strlen(text), &ep, &e), ==, 0);
	CHECK_INT(strlen(ep.name), ==, 253);
	endpoint_print(&ep, spelt);
	CHECK_INT(strlen(spelt), ==, 253);
	memcpy(text + 252, "bb", 3);
	CHECK(endpoint_parse(text, strlen(text), &ep, &e) < 0);
	CHECK_HAS(e.msg, "254 letters are more than a name has, which is 253");
	memcpy(text, "udp://*.", 8);
	memcpy(text + 251, ":10000-20000", 13);
	CHECK_INT(endpoint_parse(text, strlen(text), &ep, &e), ==, 0);
	endpoint_print(&ep, spelt);
	CHECK_STR(spelt, text);
}

static void suffixes_are_known(void)
{
	static const char *const yes[] = { "com",
					   "uk",
					   "co.uk",
					   "github.io",
					   "githubusercontent.com",
					   "s3.amazonaws.com",
					   "ck",
					   "foo.ck",
					   "kawasaki.jp",
					   "x.kawasaki.jp",
					   "compute.amazonaws.com",
					   "xn--p1ai",
					   "xn--55qx5d.cn",
					   "unlisted",
					   "zw",
					   "aaa" };
	static const char *const no[] = {
		"example.com",      "example.co.uk",     "me.github.io",   "amazonaws.com",
		"www.ck",           "x.foo.ck",          "city.kobe.jp",   "x.xn--55qx5d.cn",
		"example.xn--p1ai", "unlisted.unlisted", "kk.kawasaki.zzz"
	};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		tap_check(endpoint_suffix_is_public(yes[i]), yes[i], __FILE__, __LINE__);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		tap_check(!endpoint_suffix_is_public(no[i]), no[i], __FILE__, __LINE__);
}

extern const char suffixes_blob[], suffixes_blob_end[];

/* The search must find each line of the list, which holds only while they are sorted as it compares them. */
static void every_suffix_is_found(void)
{
	char line[512], before[512] = "", *mark;
	size_t n = 0, lost = 0, unsorted = 0;

	for (const char *p = suffixes_blob; p < suffixes_blob_end; p += strlen(line) + 1) {
		(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(p, "\n"), p);
		if (line[0] == '#')
			continue;
		unsorted += strcmp(before, line) >= 0;
		(void)snprintf(before, sizeof(before), "%s", line);
		mark = line[0] == '!' ? line + 1 : line[0] == '*' ? line + 2 : line;
		lost += endpoint_suffix_is_public(mark) == (line[0] == '!');
		n++;
	}
	CHECK_INT(unsorted, ==, 0);
	CHECK_INT(lost, ==, 0);
	CHECK_INT(n, >, 9000);
}

static struct endpoint_prefix prefix(const char *entry)
{
	return must_parse(endpoint_parse, entry).prefix;
}

static const char *why(const struct endpoint_range *range)
{
	return range ? range->why : "";
}

static void ranges_are_told(void)
{
	struct endpoint_prefix p = prefix("168.0.0.0/6");

	CHECK_HAS(why(endpoint_range_touching(ENDPOINT_REALM_CLOSED, &p)), "link-local");
	CHECK(!endpoint_range_around(ENDPOINT_REALM_CLOSED, &p));
	p = prefix("169.254.169.254");
	CHECK_HAS(why(endpoint_range_around(ENDPOINT_REALM_CLOSED, &p)), "metadata");
	p = prefix("[fc00::/7]");
	CHECK_HAS(why(endpoint_range_touching(ENDPOINT_REALM_CLOSED, &p)), "Amazon");
	CHECK_HAS(why(endpoint_range_around(ENDPOINT_REALM_PRIVATE, &p)), "RFC 4193");
	p = prefix("172.31.0.0/16");
	CHECK_HAS(why(endpoint_range_around(ENDPOINT_REALM_PRIVATE, &p)), "RFC 1918");
	p = prefix("172.32.0.0/16");
	CHECK(!endpoint_range_touching(ENDPOINT_REALM_PRIVATE, &p));
	p = prefix("100.127.0.1");
	CHECK_HAS(why(endpoint_range_around(ENDPOINT_REALM_PRIVATE, &p)), "RFC 6598");
	p = prefix("127.3.2.1");
	CHECK_HAS(why(endpoint_range_around(ENDPOINT_REALM_LOOPBACK, &p)), "loopback");
	p = prefix("[::1]");
	CHECK_HAS(why(endpoint_range_around(ENDPOINT_REALM_LOOPBACK, &p)), "loopback");
	p = prefix("8.8.8.8");
	for (int realm = 0; realm <= ENDPOINT_REALM_PRIVATE; realm++)
		CHECK(!endpoint_range_touching((enum endpoint_realm)realm, &p));
}

/* Addresses of packets and answers come without a parser. */
static void an_embedded_address_is_judged(void)
{
	static const uint8_t nat64[16] = {
		0, 0x64, 0xff, 0x9b, [12] = 169, [13] = 254, [14] = 169, [15] = 254
	};
	struct endpoint_prefix p = { .len = 128 };
	char text[64];

	memcpy(p.addr, nat64, sizeof(nat64));
	CHECK_HAS(why(endpoint_range_around(ENDPOINT_REALM_CLOSED, &p)), "metadata");
	CHECK(endpoint_embedded_ipv4(&p));
	endpoint_print_prefix(&p, text, sizeof(text));
	CHECK_STR(text, "169.254.169.254");
	CHECK(endpoint_embedded_ipv4(&p)); /* again: it is itself */
	p = (struct endpoint_prefix){ .len = 0 };
	CHECK(!endpoint_embedded_ipv4(&p));
}

static void every_range_is_in_order(void)
{
	const struct endpoint_range *range;
	size_t n = 0;

	for (; (range = endpoint_range_at(n)); n++) {
		struct endpoint ep = { .kind = ENDPOINT_ADDRESS,
				       .low = ENDPOINT_ALL_LOW,
				       .high = ENDPOINT_ALL_HIGH,
				       .prefix = range->prefix };
		char text[ENDPOINT_TEXT_MAX];
		struct endpoint again;

		/* host bits would be refused */
		endpoint_print(&ep, text);
		again = must_parse(endpoint_parse, text);
		CHECK_INT(memcmp(&again.prefix, &range->prefix, sizeof(range->prefix)), ==, 0);
		CHECK(endpoint_range_around(range->realm, &range->prefix) != NULL);
	}
	CHECK_INT(n, >, 15);
}

static void check_ascii(const char *name, const char *want)
{
	char buf[ENDPOINT_NAME_MAX + 1];

	CHECK(endpoint_to_ascii(name, buf, sizeof(buf)));
	CHECK_STR(buf, want);
}

static void punycode_is_that_of_the_rfc(void)
{
	char buf[16];

	check_ascii("\xc3\xbc", "xn--tda");
	check_ascii("a\xc3\xa4", "xn--a-0fa");
	check_ascii("fa\xc3\x9f.de", "xn--fa-hia.de");
	check_ascii("\xcf\x80", "xn--1xa");
	check_ascii("\xce\xa0", "xn--1xa");
	check_ascii("\xd0\x9c\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2\xd0\xb0", "xn--80adxhks");
	check_ascii("\xf0\x9f\x92\xa9.la", "xn--ls8h.la");
	/* RFC 3492, 7.1 (L): "3<nen>B<gumi><kinpachi><sensei>", in lower case */
	check_ascii("3\xe5\xb9\xb4"
		    "b\xe7\xb5\x84\xe9\x87\x91\xe5\x85\xab\xe5\x85\x88\xe7\x94\x9f",
		    "xn--3b-ww4c5e180e575a65lsy2b");
	CHECK(!endpoint_to_ascii("\xc3\xbc", buf, 4));
}

int main(void)
{
	RUN(entries_of_egress);
	RUN(entries_of_listen);
	RUN(bounds_of_egress);
	RUN(bounds_of_listen);
	RUN(what_may_be_secret_is_not_shown);
	RUN(what_is_shown_is_printable_and_bounded);
	RUN(a_name_has_253_letters);
	RUN(suffixes_are_known);
	RUN(every_suffix_is_found);
	RUN(ranges_are_told);
	RUN(an_embedded_address_is_judged);
	RUN(every_range_is_in_order);
	RUN(punycode_is_that_of_the_rfc);
	return tap_done();
}
