/* SPDX-License-Identifier: Apache-2.0 */
/* Lines about what was refused: counted, bounded, and with nothing of the container's in them that could end a line. */
#include <config.h>

#include "runtime/warden/tell.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const whys[TELL_WHY_COUNT_] = { "not-listed", "address" };

void tell_begin(struct tell *t, int fd, int64_t now_ms)
{
	memset(t, 0, sizeof(*t));
	t->fd = fd;
	t->lines = TELL_BURST;
	t->filled_ms = now_ms;
}

static void refill(struct tell *t, int64_t now_ms)
{
	int64_t more = (now_ms - t->filled_ms) * TELL_PER_SECOND / 1000;

	if (more <= 0)
		return;
	t->filled_ms = now_ms;
	t->lines = more > TELL_BURST - (int64_t)t->lines ? TELL_BURST : t->lines + (uint32_t)more;
}

/* Whole or not at all: a line is shorter than what a pipe takes in one piece. */
static bool write_line(struct tell *t, const char *line, size_t len)
{
	if (t->lines == 0)
		return false;
	t->lines--;
	return write(t->fd, line, len) == (ssize_t)len;
}

static void tell_dropped(struct tell *t)
{
	char line[64];
	int n;

	if (t->dropped == 0)
		return;
	n = snprintf(line, sizeof(line), "{\"type\":\"dropped\",\"count\":%u}\n", t->dropped);
	if (write_line(t, line, (size_t)n))
		t->dropped = 0;
}

/* Labels with dots between them; what no host name holds is a character of JSON by its number. */
static size_t put_name(const struct tell_row *r, char *buf, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < r->wire_len && r->wire[i] != 0; i += 1u + r->wire[i]) {
		if (i > 0 && at + 1 < size)
			buf[at++] = '.';
		for (size_t j = 1; j <= r->wire[i] && i + j < r->wire_len && at + 7 < size; j++) {
			uint8_t c = r->wire[i + j];

			if (c > ' ' && c <= '~' && c != '"' && c != '\\' && c != '.')
				buf[at++] = (char)c;
			else
				at += (size_t)snprintf(buf + at, size - at, "\\u%04x", c);
		}
	}
	buf[at] = '\0';
	return at;
}

static void tell_row(struct tell *t, struct tell_row *r, int64_t now_ms)
{
	char name[6 * DNS_WIRE_NAME_MAX + 8], line[TELL_LINE_MAX];
	int n;

	if (r->pending == 0)
		return;
	tell_dropped(t);
	(void)put_name(r, name, sizeof(name));
	n = snprintf(line, sizeof(line),
		     "{\"type\":\"dns.refused\",\"why\":\"%s\",\"name\":\"%s\",\"qtype\":%u,"
		     "\"count\":%u}\n",
		     whys[r->why], name, r->type, r->pending);
	if (n < 0 || (size_t)n >= sizeof(line) || !write_line(t, line, (size_t)n))
		t->dropped += r->pending;
	r->pending = 0;
	r->told_ms = now_ms;
}

static void fold(const struct dns_query *q, struct tell_row *ret)
{
	for (size_t i = 0; i < q->wire_len; i++) {
		uint8_t c = q->wire[i];

		ret->wire[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
	}
	ret->wire_len = q->wire_len;
	ret->type = q->type;
}

static bool is_same(const struct tell_row *a, const struct tell_row *b)
{
	return a->used && a->why == b->why && a->type == b->type && a->wire_len == b->wire_len &&
	       memcmp(a->wire, b->wire, a->wire_len) == 0;
}

/* The row of it, or the one that was not used for the longest time. */
static struct tell_row *find_row(struct tell *t, const struct tell_row *like)
{
	struct tell_row *oldest = &t->rows[0];

	for (int i = 0; i < TELL_ROWS; i++) {
		if (is_same(&t->rows[i], like))
			return &t->rows[i];
		if (t->rows[i].used < oldest->used)
			oldest = &t->rows[i];
	}
	return oldest;
}

void tell_refused(struct tell *t, const struct dns_query *q, enum tell_why why, int64_t now_ms)
{
	struct tell_row like = { .why = (uint8_t)why }, *row;

	if (t->fd < 0)
		return;
	refill(t, now_ms);
	fold(q, &like);
	row = find_row(t, &like);
	if (!is_same(row, &like)) {
		tell_row(t, row, now_ms);
		*row = like;
		row->told_ms = now_ms - TELL_AGAIN_MS;
	}
	row->used = ++t->n_used;
	row->pending++;
	if (now_ms - row->told_ms >= TELL_AGAIN_MS)
		tell_row(t, row, now_ms);
}

int64_t tell_wait_ms(const struct tell *t, int64_t now_ms)
{
	int64_t wait = t->dropped > 0 ? 1000 : -1;

	for (int i = 0; i < TELL_ROWS; i++) {
		int64_t left = t->rows[i].told_ms + TELL_AGAIN_MS - now_ms;

		if (t->rows[i].pending == 0)
			continue;
		if (left < 0)
			left = 0;
		if (wait < 0 || left < wait)
			wait = left;
	}
	return wait;
}

void tell_tick(struct tell *t, int64_t now_ms)
{
	if (t->fd < 0)
		return;
	refill(t, now_ms);
	for (int i = 0; i < TELL_ROWS; i++)
		if (now_ms - t->rows[i].told_ms >= TELL_AGAIN_MS)
			tell_row(t, &t->rows[i], now_ms);
	tell_dropped(t);
}

void tell_end(struct tell *t)
{
	if (t->fd < 0)
		return;
	t->lines = TELL_BURST;
	for (int i = 0; i < TELL_ROWS; i++)
		tell_row(t, &t->rows[i], t->rows[i].told_ms);
	tell_dropped(t);
}
