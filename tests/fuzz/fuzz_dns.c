/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message as a client sends it and as a resolver above does, chosen by the first byte. A question that is read must be
 * one that we could write, and read the same again; of an answer only what our own reader takes from our own reply may
 * come out; and no name of the other side's making, no hint and no ECH is in that reply.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/warden/dns_parts.h"
#include "runtime/warden/nametab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_name(const char *name)
{
	size_t len = strlen(name);

	require(len <= DNS_NAME_MAX);
	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		require((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
			(c == '.' && i > 0 && name[i - 1] != '.' && i + 1 < len));
	}
}

static bool pass_address(const void *arg, const uint8_t *addr)
{
	static const struct nametab none;

	(void)arg;
	return nametab_judge(&none, false, addr);
}

static bool pass_name(const void *arg, const char *name)
{
	(void)arg;
	check_name(name);
	return name[0] != 'x';
}

static const struct dns_judge judge = { pass_address, pass_name, NULL };

static struct dns_answer answer, again;
static uint8_t reply[DNS_REPLY_MAX];

static void read_question(const uint8_t *data, size_t size)
{
	struct dns_reply refuse = { .rcode = DNS_NXDOMAIN,
				    .why = DNS_EXTENDED_PROHIBITED,
				    .text = "no" };
	struct dns_query q, same;
	uint8_t ours[DNS_QUERY_MAX];
	struct dns_asked a;
	size_t len;
	int rcode = dns_query_read(data, size, &q);

	if (rcode < 0)
		return;
	check_name(q.name);
	require(q.wire_len <= size && q.udp_size >= DNS_UDP_PLAIN && q.udp_size <= DNS_UDP_MAX);
	len = dns_reply_write(&q, &refuse, DNS_UDP_PLAIN, reply);
	require(len >= DNS_HEAD_SIZE && len <= DNS_UDP_PLAIN);
	if (rcode != DNS_NOERROR || q.name[0] == '\0')
		return;
	a = (struct dns_asked){ .id = q.id, .type = q.type, .name = q.name };
	len = dns_query_write(&a, true, ours);
	require(len > 0 && dns_query_read(ours, len, &same) == DNS_NOERROR);
	require(strcmp(same.name, q.name) == 0 && same.type == q.type && !same.is_odd);
}

/* What a client would ask that got this answer. */
static void make_query(const struct dns_asked *a, struct dns_query *q)
{
	uint8_t ours[DNS_QUERY_MAX];
	size_t len = dns_query_write(a, true, ours);

	require(dns_query_read(ours, len, q) == DNS_NOERROR);
}

static void read_answer(const uint8_t *data, size_t size, uint16_t type)
{
	const struct dns_asked a = { .id = 0x3030, .type = type, .name = "a.example" };
	struct dns_reply r = { .why = DNS_EXTENDED_NONE, .answer = &answer };
	struct dns_query q;
	size_t len;

	if (dns_answer_read(data, size, &a, &judge, &answer) != DNS_ANSWER_OK)
		return;
	require(answer.n_chain <= DNS_CHAIN_MAX && answer.n_records <= DNS_RECORDS_MAX);
	for (unsigned int i = 0; i < answer.n_chain; i++)
		check_name(answer.chain[i].name);
	r.rcode = (int)answer.rcode;
	make_query(&a, &q);
	len = dns_reply_write(&q, &r, DNS_REPLY_MAX, reply);
	require(len > 0 && !(dns_get16(reply + 2) & DNS_FLAG_TRUNCATED));
	require(dns_answer_read(reply, len, &a, &judge, &again) == DNS_ANSWER_OK);
	require(again.n_chain == answer.n_chain && again.n_records == answer.n_records &&
		again.n_dropped == 0 && again.data_len == answer.data_len &&
		memcmp(again.data, answer.data, answer.data_len) == 0);
	len = dns_reply_write(&q, &r, DNS_UDP_PLAIN, reply);
	require(len > 0 && len <= DNS_UDP_PLAIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = { DNS_A,   DNS_AAAA, DNS_HTTPS, DNS_MX,
					  DNS_TXT, DNS_SRV,  DNS_CNAME, 255 };
	uint8_t *copy;

	if (size == 0)
		return 0;
	/* in its own block, so that a byte read too much is seen */
	copy = malloc(size > 1 ? size - 1 : 1);
	require(copy);
	memcpy(copy, data + 1, size - 1);
	if (data[0] & 0x80)
		read_question(copy, size - 1);
	else
		read_answer(copy, size - 1, types[data[0] & 7]);
	free(copy);
	return 0;
}
