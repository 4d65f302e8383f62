/* SPDX-License-Identifier: Apache-2.0 */
/* What of a message from above answers a question, and what is left of a record. */
#include <config.h>

#include "tests/unit/dns_text.h"
#include "tests/unit/tap.h"

static struct dns_answer answer;

/* No address that begins with 10, and one more name. */
static bool judge_address(const void *arg, const uint8_t *addr)
{
	(void)arg;
	return addr[12] != 10;
}

static bool judge_name(const void *arg, const char *name)
{
	return strcmp(name, arg) == 0;
}

static const struct dns_judge judge = { judge_address, judge_name, "svc.example" };

static enum dns_verdict read_as(uint16_t id, uint16_t type, const char *name)
{
	const struct dns_asked a = { .id = id, .type = type, .name = name };
	uint8_t *copy = text_copy(text_out.len);
	enum dns_verdict v = dns_answer_read(copy, text_out.len, &a, &judge, &answer);

	free(copy);
	return v;
}

static void begin(uint16_t flags, uint16_t n_answers, uint16_t type)
{
	text_begin(9, (uint16_t)(DNS_FLAG_ANSWER | flags), 1, n_answers, 0);
	text_question("A.Example", type);
}

static enum dns_verdict read_a(void)
{
	return read_as(9, DNS_A, "a.example");
}

static void the_answer_of_another_question_is_waited_past(void)
{
	begin(0, 1, DNS_A);
	text_rr("a.example", DNS_A, 60, "\1\2\3\4", 4);
	CHECK_INT(read_a(), ==, DNS_ANSWER_OK);
	CHECK_INT(read_as(8, DNS_A, "a.example"), ==, DNS_ANSWER_NOT_OURS);
	CHECK_INT(read_as(9, DNS_AAAA, "a.example"), ==, DNS_ANSWER_NOT_OURS);
	CHECK_INT(read_as(9, DNS_A, "b.example"), ==, DNS_ANSWER_NOT_OURS);
	text_bytes[2] = 0;
	CHECK_INT(read_a(), ==, DNS_ANSWER_NOT_OURS);
	text_begin(9, DNS_FLAG_ANSWER, 0, 0, 0);
	CHECK_INT(read_a(), ==, DNS_ANSWER_NOT_OURS);
	for (size_t n = 0; n < DNS_HEAD_SIZE; n++) {
		text_out.len = n;
		CHECK_INT(read_a(), ==, DNS_ANSWER_NOT_OURS);
	}
}

static void an_error_is_one(void)
{
	begin(DNS_SERVFAIL, 0, DNS_A);
	CHECK_INT(read_a(), ==, DNS_ANSWER_BAD);
	begin(DNS_REFUSED, 0, DNS_A);
	CHECK_INT(read_a(), ==, DNS_ANSWER_BAD);
	begin(DNS_FORMERR, 0, DNS_A);
	CHECK_INT(read_a(), ==, DNS_ANSWER_NO_EDNS);
	text_begin(9, DNS_FLAG_ANSWER | DNS_FORMERR, 0, 0, 0);
	CHECK_INT(read_a(), ==, DNS_ANSWER_NO_EDNS);
	begin(DNS_FLAG_TRUNCATED, 0, DNS_A);
	CHECK_INT(read_a(), ==, DNS_ANSWER_TRUNCATED);
	begin(DNS_NXDOMAIN, 0, DNS_A);
	CHECK_INT(read_a(), ==, DNS_ANSWER_OK);
	CHECK_INT(answer.rcode, ==, DNS_NXDOMAIN);
}

static void only_what_belongs_to_the_chain_is_kept(void)
{
	begin(0, 7, DNS_A);
	text_rr("c.example", DNS_A, 30, "\1\2\3\4", 4);
	text_cname("b.example", "C.example");
	text_rr("a.example", DNS_A, 30, "\6\6\6\6", 4);
	text_rr("evil.example", DNS_A, 30, "\6\6\6\7", 4);
	text_cname("a.example", "b.example");
	text_rr("c.example", DNS_A, 0x80000001, "\1\2\3\5", 4);
	text_rr("c.example", DNS_AAAA, 30, "0123456789abcdef", 16);
	CHECK_INT(read_a(), ==, DNS_ANSWER_OK);
	CHECK_INT(answer.n_chain, ==, 2);
	CHECK_STR(answer.chain[0].name, "b.example");
	CHECK_STR(answer.chain[1].name, "c.example");
	CHECK_INT(answer.n_records, ==, 2);
	CHECK_INT(answer.records[0].ttl, ==, 30);
	CHECK_INT(answer.records[1].ttl, ==, 0);
	CHECK(memcmp(answer.data, "\1\2\3\4\1\2\3\5", 8) == 0);
}

static void an_alias_that_leads_round_is_no_answer(void)
{
	begin(0, 1, DNS_A);
	text_cname("a.example", "a.example");
	CHECK_INT(read_a(), ==, DNS_ANSWER_BAD);
	begin(0, 3, DNS_A);
	text_cname("a.example", "b.example");
	text_cname("b.example", "c.example");
	text_cname("c.example", "b.example");
	CHECK_INT(read_a(), ==, DNS_ANSWER_BAD);
}

static void a_chain_is_bounded(void)
{
	for (int n = DNS_CHAIN_MAX; n <= DNS_CHAIN_MAX + 1; n++) {
		begin(0, (uint16_t)n, DNS_A);
		for (int i = 0; i < n; i++) {
			char from[16], to[16];

			(void)snprintf(from, sizeof(from), i ? "n%d.example" : "a.example", i);
			(void)snprintf(to, sizeof(to), "n%d.example", i + 1);
			text_cname(from, to);
		}
		CHECK_INT(read_a(), ==, n == DNS_CHAIN_MAX ? DNS_ANSWER_OK : DNS_ANSWER_BAD);
	}
}

static void counts_are_bounded(void)
{
	begin(0, DNS_SCANNED_MAX + 1, DNS_A);
	for (int i = 0; i <= DNS_SCANNED_MAX; i++)
		text_rr("a.example", DNS_A, 60, "\1\2\3\4", 4);
	CHECK_INT(read_a(), ==, DNS_ANSWER_BAD);
	text_bytes[6] = 0;
	text_bytes[7] = 255;
	CHECK_INT(read_a(), ==, DNS_ANSWER_OK);
	CHECK_INT(answer.n_records, ==, DNS_RECORDS_MAX);
	text_bytes[6] = text_bytes[7] = 0xff;
	CHECK_INT(read_a(), ==, DNS_ANSWER_BAD);
}

static void pointers_lead_back_only(void)
{
	/* 12: the question's name, 27: the first record */
	static const char *const owners[] = { "\xc0\x1b", "\xc0\x1d", "\xff\xff", "\1a\xc0\x1b" };

	for (size_t i = 0; i < 4; i++) {
		begin(0, 1, DNS_A);
		CHECK_INT((int)text_out.len, ==, 27);
		dns_put(&text_out, owners[i], strlen(owners[i]));
		dns_put(&text_out, "\0\1\0\1\0\0\0\74\0\4\1\2\3\4", 14);
		CHECK_INT(read_a(), ==, DNS_ANSWER_BAD);
	}
	begin(0, 2, DNS_A);
	dns_put(&text_out, "\xc0\x0c\0\5\0\1\0\0\0\74\0\4\1b\xc0\x0e", 16);
	dns_put(&text_out, "\xc0\x27\0\1\0\1\0\0\0\74\0\4\1\2\3\4", 16);
	CHECK_INT(read_a(), ==, DNS_ANSWER_OK);
	CHECK_STR(answer.chain[0].name, "b.example");
	CHECK_INT(answer.n_records, ==, 1);
}

static void a_cut_answer_is_none(void)
{
	size_t len;

	begin(0, 2, DNS_A);
	text_cname("a.example", "b.example");
	text_rr("b.example", DNS_A, 60, "\1\2\3\4", 4);
	len = text_out.len;
	for (size_t n = 27; n < len; n++) {
		text_out.len = n;
		CHECK_INT(read_a(), ==, DNS_ANSWER_BAD);
	}
}

static void addresses_are_judged(void)
{
	uint8_t addr[16];

	begin(0, 3, DNS_A);
	text_rr("a.example", DNS_A, 60, "\12\0\0\1", 4);
	text_rr("a.example", DNS_A, 60, "\1\2\3\4", 4);
	text_rr("a.example", DNS_A, 60, "\1\2\3\4\5", 5);
	CHECK_INT(read_a(), ==, DNS_ANSWER_OK);
	CHECK_INT(answer.n_records, ==, 1);
	CHECK_INT(answer.n_dropped, ==, 1);
	CHECK(dns_record_address(&answer, 0, addr));
	CHECK(memcmp(addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\1\2\3\4", 16) == 0);
}

/* ---- HTTPS */

static size_t read_https(const char *data, size_t len)
{
	begin(0, 1, DNS_HTTPS);
	text_rr("a.example", DNS_HTTPS, 60, data, len);
	CHECK_INT(read_as(9, DNS_HTTPS, "a.example"), ==, DNS_ANSWER_OK);
	return answer.n_records ? answer.records[0].len : 0;
}

static void ech_and_hints_are_taken_from_https(void)
{
	static const char in[] = "\0\1\0"
				 "\0\0\0\4\0\1\0\5"
				 "\0\1\0\3\2h2"
				 "\0\3\0\2\x01\xbb"
				 "\0\4\0\4\1\2\3\4"
				 "\0\5\0\3ech"
				 "\0\6\0\20"
				 "0123456789abcdef"
				 "\0\7\0\1x";
	static const char want[] = "\0\1\0\0\0\0\2\0\1\0\1\0\3\2h2\0\3\0\2\x01\xbb";

	CHECK_INT((int)read_https(in, sizeof(in) - 1), ==, (int)sizeof(want) - 1);
	CHECK(memcmp(answer.data, want, sizeof(want) - 1) == 0);
	CHECK_INT((int)read_https("\0\1\0\0\0\0\2\0\5\0\5\0\1x", 14), ==, 3);
}

static void https_that_is_malformed_or_not_understood_is_left_out(void)
{
	CHECK_INT((int)read_https("\0\1\0\0\0\0\2\0\11\0\11\0\1x", 14), ==, 0);
	CHECK_INT((int)read_https("\0\1\0\0\0\0\1\0", 8), ==, 0);
	CHECK_INT((int)read_https("\0\1\0\0\0\0\0", 7), ==, 0);
	CHECK_INT((int)read_https("\0\1\0\0\3\0\2\1\2\0\1\0\0", 13), ==, 0);
	CHECK_INT((int)read_https("\0\1\0\0\3\0\11\1\2", 9), ==, 0);
	CHECK_INT((int)read_https("\0\1\0\0", 4), ==, 0);
	CHECK_INT((int)read_https("\0", 1), ==, 0);
	CHECK_INT((int)read_https("\0\1\xc0\x0c", 4), ==, 0);
	CHECK_INT((int)read_https("\0\1", 2), ==, 0);
}

static void https_sends_on_only_to_names_that_the_list_has(void)
{
	CHECK_INT((int)read_https("\0\1\3svc\7example\0", 15), ==, 15);
	CHECK_INT((int)read_https("\0\1\1A\7example\0", 13), ==, 13);
	CHECK_INT((int)read_https("\0\1\3cdn\7example\0", 15), ==, 0);
	CHECK_INT(answer.n_dropped, ==, 1);
	CHECK_INT((int)read_https("\0\1\3c.n\7example\0", 15), ==, 0);
	CHECK_INT((int)read_https("\0\0\3svc\7example\0junk", 19), ==, 15);
}

static void other_types_are_read_to_their_last_byte(void)
{
	begin(0, 3, DNS_SRV);
	text_rr("a.example", DNS_SRV, 60, "\0\1\0\2\1\xbb\1s\xc0\x0e", 10);
	text_rr("a.example", DNS_SRV, 60, "\0\1\0\2\1\xbb\1s\xc0\x0ex", 11);
	text_rr("a.example", DNS_SRV, 60, "\0\1\0\2\1", 5);
	CHECK_INT(read_as(9, DNS_SRV, "a.example"), ==, DNS_ANSWER_OK);
	CHECK_INT(answer.n_records, ==, 1);
	CHECK(memcmp(answer.data, "\0\1\0\2\1\xbb\1s\7example", 17) == 0);
	begin(0, 3, DNS_TXT);
	text_rr("a.example", DNS_TXT, 60, "\3abc\0\1x", 7);
	text_rr("a.example", DNS_TXT, 60, "\3ab", 3);
	text_rr("a.example", DNS_TXT, 60, "", 0);
	CHECK_INT(read_as(9, DNS_TXT, "a.example"), ==, DNS_ANSWER_OK);
	CHECK_INT(answer.n_records, ==, 1);
	begin(0, 1, DNS_CNAME);
	text_cname("a.example", "b.example");
	CHECK_INT(read_as(9, DNS_CNAME, "a.example"), ==, DNS_ANSWER_OK);
	CHECK_INT(answer.n_chain, ==, 0);
	CHECK_INT(answer.n_records, ==, 1);
}

int main(void)
{
	RUN(the_answer_of_another_question_is_waited_past);
	RUN(an_error_is_one);
	RUN(only_what_belongs_to_the_chain_is_kept);
	RUN(an_alias_that_leads_round_is_no_answer);
	RUN(a_chain_is_bounded);
	RUN(counts_are_bounded);
	RUN(pointers_lead_back_only);
	RUN(a_cut_answer_is_none);
	RUN(addresses_are_judged);
	RUN(ech_and_hints_are_taken_from_https);
	RUN(https_that_is_malformed_or_not_understood_is_left_out);
	RUN(https_sends_on_only_to_names_that_the_list_has);
	RUN(other_types_are_read_to_their_last_byte);
	return tap_done();
}
