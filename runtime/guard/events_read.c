/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records read back: is the chain whole, and what do the lines say to people. The chain is judged on the bytes; only the
 * table parses JSON, so no parser's leniency can make a changed line pass.
 */
#include <config.h>

#include "runtime/guard/events_read.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"

static int fail(uint64_t number, struct pf_error *e, const char *what)
{
	return pf_fail(e, PF_ERR_POLICY, EBADMSG, "line %llu %s", (unsigned long long)number, what);
}

/* @piece: the line before it has no end */
static int verify_line(const struct event_line *line, bool piece, uint64_t number,
		       struct events_check *c, struct pf_error *e)
{
	char want[SHA256_HEX + 1];

	event_line_chain(line, c->chain, want);
	if (line->chain && line->seq != c->seq + 1)
		return pf_fail(
			e, PF_ERR_POLICY, EBADMSG,
			"line %llu has seq %llu where %llu is due: lines were removed, put in or moved",
			(unsigned long long)number, (unsigned long long)line->seq,
			(unsigned long long)c->seq + 1);
	if (line->chain && memcmp(line->chain, want, SHA256_HEX) != 0)
		return fail(
			number, e,
			"breaks the chain: it, or what stood before it, is not what was written");
	if (piece && line->type != EVENT_DROPPED)
		return fail(number - 1, e, "has no chain: it is not what was written");
	memcpy(c->chain, want, sizeof(c->chain));
	if (!line->chain)
		return 0;
	c->seq = line->seq;
	c->last = line->type;
	c->lines++;
	return 0;
}

int events_verify(const char *text, size_t len, struct events_check *ret, struct pf_error *e)
{
	uint64_t number = 0;
	bool piece = false;

	*ret = (struct events_check){ .last = -1 };
	memcpy(ret->chain, event_chain_start, sizeof(ret->chain));
	for (size_t at = 0; at < len; number++) {
		const char *nl = memchr(text + at, '\n', len - at);
		size_t n = nl ? (size_t)(nl - text) - at : len - at;
		struct event_line line;

		event_line_read(text + at, n, &line);
		STEP(verify_line(&line, piece, number + 1, ret, e));
		piece = !line.chain;
		at += n + 1;
	}
	if (piece)
		return fail(number, e,
			    "is cut off: the host crashed, or somebody cut the end away");
	return 0;
}

void events_table_head(struct pf_buf *b)
{
	pf_buf_printf(b, "%5s  %-24s  %-18s  %8s  %s\n", "SEQ", "TIME", "TYPE", "PID", "EVENT");
}

static void put_rule(const struct json *rule, struct pf_buf *b)
{
	if (!rule || rule->type != JSON_OBJECT)
		return;
	pf_buf_puts(b, " (");
	pf_buf_printable(b, json_text(rule, "key", "?"));
	if (json_get(rule, "entry")) {
		pf_buf_puts(b, " ");
		pf_buf_printable(b, json_text(rule, "entry", "?"));
	}
	pf_buf_puts(b, ")");
}

static void put_keys(const struct json *keys, struct pf_buf *b)
{
	const char *comma = " ";

	if (!keys || keys->type != JSON_ARRAY)
		return;
	pf_buf_puts(b, " keys");
	for (const struct json *k = keys->child; k; k = k->next) {
		pf_buf_puts(b, comma);
		pf_buf_printable(b, json_text(k, "key", "?"));
		comma = ",";
	}
}

/* One member as "name value", where it is there. */
static void put_member(const struct json *root, const char *name, struct pf_buf *b)
{
	const struct json *m = json_get(root, name);

	if (!m)
		return;
	pf_buf_printf(b, " %s ", name);
	if (m->type == JSON_STRING)
		pf_buf_printable(b, m->text);
	else if (m->type == JSON_BOOL)
		pf_buf_puts(b, m->boolean ? "yes" : "no");
	else if (m->type == JSON_INT)
		pf_buf_printf(b, "%lld", (long long)m->i);
	else
		pf_buf_puts(b, "unknown");
}

static void put_what(const struct json *root, struct pf_buf *b)
{
	const char *object = json_text(root, "object", NULL), *why = json_text(root, "why", NULL);
	static const char *const members[] = { "profile", "exe", "uid", "tty", "kind", "status" };

	if (object) {
		pf_buf_puts(b, " ");
		pf_buf_printable(b, object);
	}
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		put_member(root, members[i], b);
	put_keys(json_get(root, "keys"), b);
	if (why) {
		pf_buf_puts(b, object ? ": " : " ");
		pf_buf_printable(b, why);
	}
	put_rule(json_get(root, "rule"), b);
	put_member(root, "count", b);
}

/* "2026-11-24T14:03:22.118203417Z" with milliseconds, which are enough to look at; padded, as it may be anything. */
static void put_column(struct pf_buf *b, const char *text, size_t width)
{
	auto_buf cell = { 0 };

	pf_buf_printable(&cell, text);
	pf_buf_printf(b, "  %-*s", (int)width, cell.failed || !cell.data ? "" : cell.data);
}

static void put_time(struct pf_buf *b, const char *time)
{
	char text[sizeof("2026-11-24T14:03:22.118Z")];

	if (strlen(time) != sizeof("2026-11-24T14:03:22.118203417Z") - 1) {
		put_column(b, time, sizeof(text) - 1);
		return;
	}
	memcpy(text, time, sizeof(text) - 2);
	text[sizeof(text) - 2] = 'Z';
	text[sizeof(text) - 1] = '\0';
	put_column(b, text, sizeof(text) - 1);
}

void events_table_line(const char *text, size_t len, struct pf_buf *b)
{
	const struct json_limits limits = { .bytes = EVENT_LINE_MAX, .depth = 8, .nodes = 512 };
	struct pf_error ignored = PF_ERROR_INIT;
	const struct json *root;
	auto_json doc = NULL;
	int64_t pid;

	if (json_parse(text, len, &limits, &doc, &ignored) < 0 ||
	    json_root(doc)->type != JSON_OBJECT) {
		pf_buf_printf(b, "%5s  (%zu bytes that are no event)\n", "?", len);
		return;
	}
	root = json_root(doc);
	pid = json_integer(root, "pid", 0);
	pf_buf_printf(b, "%5lld", (long long)json_integer(root, "seq", 0));
	put_time(b, json_text(root, "time", "?"));
	put_column(b, json_text(root, "type", "?"), 18);
	if (pid > 0)
		pf_buf_printf(b, "  %8lld ", (long long)pid);
	else
		pf_buf_printf(b, "  %8s ", "-");
	put_what(root, b);
	pf_buf_puts(b, "\n");
}
