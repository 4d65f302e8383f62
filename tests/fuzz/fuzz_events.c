/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record of events that is whatever somebody made of it: its end is read by who goes on with it, its chain is checked, its
 * lines are printed.
 *
 * Beside not crashing: what is written behind an end that was accepted is chained to it, so that a record that was whole
 * before is whole afterwards; a table prints nothing that a terminal obeys; a cut text is JSON.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "runtime/guard/events_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

/* As events.c does it. */
static void go_on(const char *text, size_t size, const struct event_end *end)
{
	struct events_check check;
	struct pf_error e = PF_ERROR_INIT;
	struct event_end now = *end;
	auto_buf b = { 0 };
	/* what a crash cut off is no line */
	const char *nl = size > 0 && end->torn ? memrchr(text, '\n', size) : NULL;
	size_t kept = !end->torn ? size : nl ? (size_t)(nl - text) + 1 : 0;
	bool whole = events_verify(text, kept, &check, &e) == 0;

	if (whole && !end->torn)
		require(check.seq == end->seq && strcmp(check.chain, end->chain) == 0);
	pf_buf_add(&b, text, size);
	pf_buf_puts(&b, end->no_newline ? "\n" : "");
	event_compose(&b, &(struct event){ .type = EVENT_DROPPED, .why = text }, "c1", ++now.seq,
		      now.chain);
	if (!whole)
		return;
	require(events_verify(b.data, b.len, &check, &e) == 0);
	require(check.seq == end->seq + 1 && check.last == EVENT_DROPPED);
}

static void print(const char *text, size_t size)
{
	auto_buf b = { 0 };

	for (size_t at = 0; at < size;) {
		const char *nl = memchr(text + at, '\n', size - at);
		size_t n = nl ? (size_t)(nl - text) - at : size - at;
		size_t before = b.len;

		events_table_line(text + at, n, &b);
		require(!b.failed && b.data[b.len - 1] == '\n');
		for (size_t i = before; i + 1 < b.len; i++)
			require((unsigned char)b.data[i] >= 0x20 && b.data[i] != 0x7f);
		at += n + 1;
	}
}

static void cut(const char *text)
{
	struct pf_error e = PF_ERROR_INIT;
	struct json_doc *doc = NULL;
	auto_buf b = { 0 };

	pf_buf_puts(&b, "{\"x\":");
	event_text(&b, text, strlen(text) % 64);
	pf_buf_puts(&b, "}");
	require(json_parse(b.data, b.len, NULL, &doc, &e) == 0);
	json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = malloc(size + 1);
	struct event_end end;

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (event_end_read(text, size, true, &end) == 0)
		go_on(text, size, &end);
	(void)event_end_read(text, size, false, &end);
	print(text, size);
	cut(text);
	return 0;
}
