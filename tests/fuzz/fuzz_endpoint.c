/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two entries, with a NUL between, as `egress' and as `listen' has them. What is accepted must print to what parses to the
 * same again, cover itself, and be covered by @any unless it is closed; covering must be transitive through the second; and
 * a refusal must print nothing but ASCII.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/endpoint_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int parser(const char *text, size_t len, struct endpoint *ret, struct pf_error *e);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static bool is_same(const struct endpoint *a, const struct endpoint *b)
{
	return a->kind == b->kind && a->scheme == b->scheme && a->low == b->low &&
	       a->high == b->high && a->prefix.len == b->prefix.len &&
	       memcmp(a->prefix.addr, b->prefix.addr, sizeof(a->prefix.addr)) == 0 &&
	       strcmp(a->name, b->name) == 0;
}

static bool read_one(parser *parse, const char *text, size_t len, struct endpoint *ret)
{
	struct pf_error e = PF_ERROR_INIT;

	if (parse(text, len, ret, &e) == 0)
		return true;
	require(e.kind == PF_ERR_POLICY && e.msg[0]);
	for (const char *p = e.msg; *p; p++)
		require(*p >= ' ' && *p <= '~');
	return false;
}

static void check_one(parser *parse, const struct endpoint *ep)
{
	struct endpoint again, any;
	char text[ENDPOINT_TEXT_MAX], text_again[ENDPOINT_TEXT_MAX];

	endpoint_print(ep, text);
	require(read_one(parse, text, strlen(text), &again) && is_same(ep, &again));
	endpoint_print(&again, text_again);
	require(strcmp(text, text_again) == 0);
	require(endpoint_covers(ep, ep));
	require(read_one(parse, "@any", 4, &any));
	require(endpoint_covers(&any, ep) == !endpoint_closed(ep));
}

/* What covers a bound covers what the bound covers. */
static void check_two(const struct endpoint *a, const struct endpoint *b)
{
	struct endpoint wide = *a;

	if (!endpoint_covers(a, b))
		return;
	if (a->kind == ENDPOINT_NAME || a->kind == ENDPOINT_BELOW || a->kind == ENDPOINT_PORTS) {
		wide.low = ENDPOINT_ALL_LOW;
		wide.high = ENDPOINT_ALL_HIGH;
		if (a->scheme == ENDPOINT_TLS)
			wide.scheme = ENDPOINT_TCP;
		if (a->scheme == ENDPOINT_ICMP)
			return;
		require(endpoint_covers(&wide, a) && endpoint_covers(&wide, b));
	}
	if (endpoint_covers(b, a) && a->kind != ENDPOINT_SET && b->kind != ENDPOINT_SET &&
	    a->kind != ENDPOINT_PORTS && b->kind != ENDPOINT_PORTS)
		require(is_same(a, b));
}

static void run(parser *parse, const char *first, size_t n, const char *second, size_t m)
{
	struct endpoint a, b;

	if (!read_one(parse, first, n, &a))
		return;
	check_one(parse, &a);
	if (!read_one(parse, second, m, &b))
		return;
	check_one(parse, &b);
	check_two(&a, &b);
	check_two(&b, &a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
	size_t n = nul ? (size_t)(nul - data) : size, m = nul ? size - n - 1 : 0;
	char *first = malloc(n + 1), *second = malloc(m + 1);
	char ascii[ENDPOINT_NAME_MAX + 1];

	if (!first || !second)
		abort();
	/* each in its own block, so that a byte read too much is seen; the second has NULs in it, if the input has */
	if (n > 0)
		memcpy(first, data, n);
	first[n] = '\0';
	if (m > 0)
		memcpy(second, data + n + 1, m);
	second[m] = '\0';
	run(endpoint_parse, first, n, second, m);
	run(endpoint_parse_listen, first, n, second, m);
	(void)endpoint_to_ascii(first, ascii, sizeof(ascii));
	free(first);
	free(second);
	return 0;
}
