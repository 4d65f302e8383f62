/* SPDX-License-Identifier: Apache-2.0 */
/* Questions of a container, ours in their stead, and what the container is told. */
#include <config.h>

#include "tests/unit/dns_text.h"
#include "tests/unit/tap.h"

static struct dns_query query;

static int read_text(void)
{
	uint8_t *copy = text_copy(text_out.len);
	int ret = dns_query_read(copy, text_out.len, &query);

	free(copy);
	return ret;
}

static void a_question_is_read_in_lower_case_and_kept_as_it_was_spelled(void)
{
	text_begin(0x1234, DNS_FLAG_RECURSE, 1, 0, 1);
	text_question("WwW.Example_1.COM", DNS_AAAA);
	text_edns(1400, 0x8000);
	CHECK_INT(read_text(), ==, DNS_NOERROR);
	CHECK_STR(query.name, "www.example_1.com");
	CHECK_INT(query.id, ==, 0x1234);
	CHECK_INT(query.type, ==, DNS_AAAA);
	CHECK(query.recursion && query.has_edns && !query.is_odd);
	CHECK_INT(query.udp_size, ==, 1400);
	CHECK_INT(query.wire_len, ==, 19);
	CHECK(memcmp(query.wire, "\3WwW\11Example_1\3COM", 19) == 0);
}

static void a_size_is_kept_within_bounds(void)
{
	text_begin(1, 0, 1, 0, 1);
	text_question("a.example", DNS_A);
	text_edns(100, 0);
	CHECK_INT(read_text(), ==, DNS_NOERROR);
	CHECK_INT(query.udp_size, ==, DNS_UDP_PLAIN);
	text_begin(1, 0, 1, 0, 1);
	text_question("a.example", DNS_A);
	text_edns(65535, 0);
	CHECK_INT(read_text(), ==, DNS_NOERROR);
	CHECK_INT(query.udp_size, ==, DNS_UDP_MAX);
	text_begin(1, 0, 1, 0, 0);
	text_question("a.example", DNS_A);
	CHECK_INT(read_text(), ==, DNS_NOERROR);
	CHECK_INT(query.udp_size, ==, DNS_UDP_PLAIN);
	CHECK(!query.has_edns);
}

static void what_is_no_single_question_is_refused(void)
{
	text_begin(1, 0x2000, 1, 0, 0);
	text_question("a.example", DNS_A);
	CHECK_INT(read_text(), ==, DNS_NOTIMP);
	text_begin(1, 0, 2, 0, 0);
	text_question("a.example", DNS_A);
	text_question("b.example", DNS_A);
	CHECK_INT(read_text(), ==, DNS_FORMERR);
	text_begin(1, 0, 0, 0, 0);
	CHECK_INT(read_text(), ==, DNS_FORMERR);
	text_begin(1, 0, 1, 1, 0);
	text_question("a.example", DNS_A);
	text_rr("a.example", DNS_A, 1, "abcd", 4);
	CHECK_INT(read_text(), ==, DNS_FORMERR);
	text_begin(1, 0, 1, 0, 0);
	text_question("a.example", DNS_A);
	dns_put(&text_out, "x", 1);
	CHECK_INT(read_text(), ==, DNS_FORMERR);
	text_begin(1, 0, 1, 0, 1);
	text_question("a.example", DNS_A);
	text_rr("", DNS_TXT, 0, "\1x", 2);
	CHECK_INT(read_text(), ==, DNS_FORMERR);
	text_begin(1, 0, 1, 0, 1);
	text_question("a.example", DNS_A);
	CHECK_INT(read_text(), ==, DNS_FORMERR);
	text_begin(1, 0, 1, 0, 1);
	text_question("a.example", DNS_A);
	text_edns(1232, 1 << 16);
	CHECK_INT(read_text(), ==, DNS_BADVERS);
}

static void another_class_is_refused(void)
{
	text_begin(1, 0, 1, 0, 0);
	dns_put_name(&text_out, "version.bind");
	dns_put16(&text_out, DNS_TXT);
	dns_put16(&text_out, 3);
	CHECK_INT(read_text(), ==, DNS_REFUSED);
	CHECK(query.wire_len > 0);
}

static void what_cannot_be_answered_is_not(void)
{
	text_begin(1, DNS_FLAG_ANSWER, 1, 0, 0);
	text_question("a.example", DNS_A);
	CHECK_INT(read_text(), <, 0);
	for (size_t n = 0; n < DNS_HEAD_SIZE; n++) {
		text_begin(1, 0, 1, 0, 0);
		text_out.len = n;
		CHECK_INT(read_text(), <, 0);
	}
}

static int read_name(const char *wire, size_t len)
{
	text_begin(1, 0, 1, 0, 0);
	dns_put(&text_out, wire, len);
	dns_put16(&text_out, DNS_A);
	dns_put16(&text_out, DNS_CLASS_IN);
	return read_text();
}

static void a_pointer_in_a_question_is_refused(void)
{
	CHECK_INT(read_name("\1a\xc0\x0c", 4), ==, DNS_FORMERR);
	CHECK_INT(read_name("\xc0\x00", 2), ==, DNS_FORMERR);
	CHECK_INT(read_name("\x41x\0", 3), ==, DNS_FORMERR);
	CHECK_INT(read_name("\x80x\0", 3), ==, DNS_FORMERR);
}

static void a_name_that_no_host_has_is_odd(void)
{
	static const struct {
		const char *wire;
		size_t len;
	} names[] = {
		{ "\3a.b\7example", 13 },  { "\2a\0\7example", 12 },      { "\3a b\7example", 13 },
		{ "\3a\\b\7example", 13 }, { "\2\xc3\xa9\7example", 12 }, { "\1*\7example", 11 },
		{ "\1@\7example", 11 },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK_INT(read_name(names[i].wire, names[i].len), ==, DNS_NOERROR);
		CHECK(query.is_odd);
		CHECK_STR(query.name, "");
		CHECK_INT(query.wire_len, ==, (int)names[i].len);
	}
	CHECK_INT(read_name("", 1), ==, DNS_NOERROR);
	CHECK(!query.is_odd);
	CHECK_STR(query.name, "");
}

static void a_name_has_at_most_253_characters(void)
{
	char wire[400] = { 0 };
	size_t at = 0;

	for (int i = 0; i < 3; i++, at += 64) {
		wire[at] = 63;
		memset(wire + at + 1, 'a', 63);
	}
	wire[at] = 61;
	memset(wire + at + 1, 'b', 62);
	wire[at + 62] = '\0';
	CHECK_INT(read_name(wire, at + 63), ==, DNS_NOERROR);
	CHECK_INT((int)strlen(query.name), ==, DNS_NAME_MAX);
	CHECK_INT(query.wire_len, ==, DNS_WIRE_NAME_MAX);
	wire[at] = 62;
	wire[at + 62] = 'b';
	CHECK_INT(read_name(wire, at + 64), ==, DNS_FORMERR);
}

static void no_prefix_of_a_question_is_one(void)
{
	size_t len;

	text_begin(1, 0, 1, 0, 1);
	text_question("www.example.com", DNS_A);
	text_edns(1232, 0);
	len = text_out.len;
	for (size_t n = DNS_HEAD_SIZE; n < len; n++) {
		text_out.len = n;
		CHECK_INT(read_text(), ==, DNS_FORMERR);
	}
}

static void our_question_holds_the_name_and_nothing_of_the_client(void)
{
	static const uint8_t want[] = "\xab\xcd\1\0\0\1\0\0\0\0\0\1\3www\7example\3com\0\0\1\0\1"
				      "\0\0\x29\x04\xd0\0\0\0\0\0";
	struct dns_asked a = { .id = 0xabcd, .type = DNS_A, .name = "www.example.com" };
	uint8_t buf[DNS_QUERY_MAX];

	CHECK_INT((int)dns_query_write(&a, true, buf), ==, (int)sizeof(want));
	CHECK(memcmp(buf, want, sizeof(want)) == 0);
	CHECK_INT((int)dns_query_write(&a, false, buf), ==, (int)sizeof(want) - 11);
	CHECK_INT(buf[11], ==, 0);
}

/* ---- replies */

static uint8_t reply_bytes[DNS_REPLY_MAX];

static void ask(const char *name, uint16_t type, bool with_edns)
{
	text_begin(7, DNS_FLAG_RECURSE, 1, 0, with_edns);
	text_question(name, type);
	if (with_edns)
		text_edns(1232, 0);
	CHECK_INT(read_text(), ==, DNS_NOERROR);
}

static void a_refused_name_is_told_with_an_extended_error(void)
{
	static const uint8_t want[] = "\0\7\x81\x83\0\1\0\0\0\0\0\1\4eViL\7example\0\0\1\0\1"
				      "\0\0\x29\x04\xd0\0\0\0\0\0\7\0\x0f\0\3\0\x12x";
	struct dns_reply r = { .rcode = DNS_NXDOMAIN, .why = DNS_EXTENDED_PROHIBITED, .text = "x" };

	ask("eViL.example", DNS_A, true);
	CHECK_INT((int)dns_reply_write(&query, &r, 1232, reply_bytes), ==, (int)sizeof(want) - 1);
	CHECK(memcmp(reply_bytes, want, sizeof(want) - 1) == 0);
	ask("eViL.example", DNS_A, false);
	CHECK_INT((int)dns_reply_write(&query, &r, 1232, reply_bytes), ==, 12 + 14 + 4);
}

static void an_rcode_of_edns_is_split(void)
{
	struct dns_reply r = { .rcode = DNS_BADVERS, .why = DNS_EXTENDED_NONE };
	size_t len;

	ask("a.example", DNS_A, true);
	len = dns_reply_write(&query, &r, 512, reply_bytes);
	CHECK_INT(reply_bytes[3] & 15, ==, 0);
	CHECK_INT(reply_bytes[len - 6], ==, 1);
}

static struct dns_answer answer;

static void fill_answer(unsigned int n)
{
	memset(&answer, 0, sizeof(answer));
	answer.type = DNS_AAAA;
	answer.n_chain = 1;
	answer.chain[0].ttl = 100000;
	(void)snprintf(answer.chain[0].name, sizeof(answer.chain[0].name), "b.example");
	for (unsigned int i = 0; i < n; i++)
		answer.records[i] =
			(struct dns_record){ .ttl = 5, .at = (uint16_t)(16 * i), .len = 16 };
	answer.n_records = n;
	answer.data_len = (uint16_t)(16 * n);
}

static void an_answer_is_written_anew(void)
{
	static const uint8_t want[] =
		"\0\7\x81\x80\0\1\0\2\0\0\0\0\1A\7example\0\0\x1c\0\1"
		"\xc0\x0c\0\5\0\1\0\0\x0e\x10\0\x0b\1b\7example\0"
		"\xc0\x27\0\x1c\0\1\0\0\0\5\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	struct dns_reply r = { .why = DNS_EXTENDED_NONE, .answer = &answer };

	ask("A.example", DNS_AAAA, false);
	fill_answer(1);
	CHECK_INT((int)dns_reply_write(&query, &r, 512, reply_bytes), ==, (int)sizeof(want));
	CHECK(memcmp(reply_bytes, want, sizeof(want)) == 0);
}

static void what_does_not_fit_is_cut_and_marked(void)
{
	struct dns_reply r = { .why = DNS_EXTENDED_NONE, .answer = &answer };

	ask("a.example", DNS_AAAA, false);
	fill_answer(DNS_RECORDS_MAX);
	CHECK_INT((int)dns_reply_write(&query, &r, 512, reply_bytes), ==, 12 + 11 + 4);
	CHECK_INT(reply_bytes[2] & 2, ==, 2);
	CHECK_INT(reply_bytes[7], ==, 0);
	CHECK_INT((int)dns_reply_write(&query, &r, 65535, reply_bytes), ==,
		  12 + 15 + 23 + 28 * DNS_RECORDS_MAX);
	CHECK_INT(reply_bytes[2] & 2, ==, 0);
}

int main(void)
{
	RUN(a_question_is_read_in_lower_case_and_kept_as_it_was_spelled);
	RUN(a_size_is_kept_within_bounds);
	RUN(what_is_no_single_question_is_refused);
	RUN(another_class_is_refused);
	RUN(what_cannot_be_answered_is_not);
	RUN(a_pointer_in_a_question_is_refused);
	RUN(a_name_that_no_host_has_is_odd);
	RUN(a_name_has_at_most_253_characters);
	RUN(no_prefix_of_a_question_is_one);
	RUN(our_question_holds_the_name_and_nothing_of_the_client);
	RUN(a_refused_name_is_told_with_an_extended_error);
	RUN(an_rcode_of_edns_is_split);
	RUN(an_answer_is_written_anew);
	RUN(what_does_not_fit_is_cut_and_marked);
	return tap_done();
}
