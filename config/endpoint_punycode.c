/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a name that is not ASCII stands in the DNS: Punycode (RFC 3492), the encoder alone. It serves one message, which
 * tells the form to write instead, so nothing is ever compared with its result; and of IDNA's mapping only what people
 * type is done: capitals, full-width letters, the three other full stops.
 */
#include <config.h>

#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/endpoint_parts.h"

/* RFC 3492, 5 */
enum {
	BASE = 36,
	TMIN = 1,
	TMAX = 26,
	SKEW = 38,
	DAMP = 700,
	INITIAL_BIAS = 72,
	INITIAL_N = 0x80,
};

enum { POINTS_MAX = 64, LABEL_MAX = 63 };

struct label {
	uint32_t point[POINTS_MAX];
	size_t n;
};

struct out {
	char *buf;
	size_t at, size;
	bool full;
};

static void put(struct out *o, char c)
{
	if (o->at + 1 >= o->size)
		o->full = true;
	else
		o->buf[o->at++] = c;
}

/* ---- UTF-8, one code point; 0: it is none (a NUL never comes here) */

static uint32_t next_point(const char **text)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const void *)*text;
	unsigned int more = p[0] < 0x80 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
	uint32_t point = more == 0 ? p[0] : p[0] & (0x3fu >> more);

	if ((p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4)
		return 0;
	for (unsigned int i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (p[i] & 0x3f);
	}
	if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	*text += more + 1;
	return point;
}

static uint32_t fold(uint32_t point)
{
	static const struct {
		uint32_t first, last, add; /* modulo 2^32 */
	} rows[] = {
		{ 0xc0, 0xd6, 0x20 },
		{ 0xd8, 0xde, 0x20 },   /* Latin */
		{ 0x391, 0x3a9, 0x20 }, /* Greek */
		{ 0x400, 0x40f, 0x50 },
		{ 0x410, 0x42f, 0x20 }, /* Cyrillic */
		{ 0xff01, 0xff20, -0xfee0u },
		{ 0xff21, 0xff3a, -0xfec0u }, /* full width */
		{ 0xff3b, 0xff5e, -0xfee0u },
		{ 0x3002, 0x3002, '.' - 0x3002u },
		{ 0xff61, 0xff61, '.' - 0xff61u },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (point >= rows[i].first && point <= rows[i].last)
			return point + rows[i].add;
	return point;
}

/* ---- one label */

static uint32_t adapt(uint32_t delta, uint32_t count, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / count;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static void put_digit(struct out *o, uint32_t digit)
{
	put(o, (char)(digit < 26 ? 'a' + digit : '0' + digit - 26));
}

static void put_delta(struct out *o, uint32_t delta, uint32_t bias)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;

		if (delta < t)
			break;
		put_digit(o, t + (delta - t) % (BASE - t));
		delta = (delta - t) / (BASE - t);
	}
	put_digit(o, delta);
}

static uint32_t least_from(const struct label *l, uint32_t n)
{
	uint32_t least = UINT32_MAX;

	for (size_t i = 0; i < l->n; i++)
		if (l->point[i] >= n && l->point[i] < least)
			least = l->point[i];
	return least;
}

/* A label has at most 64 points of at most 0x10ffff each, so that no delta passes 2^27. */
static void put_encoded(struct out *o, const struct label *l)
{
	uint32_t n = INITIAL_N, bias = INITIAL_BIAS, delta = 0, done = 0, basic;

	for (const char *p = "xn--"; *p; p++)
		put(o, *p);
	for (size_t i = 0; i < l->n; i++) {
		if (l->point[i] < INITIAL_N) {
			put(o, (char)l->point[i]);
			done++;
		}
	}
	basic = done;
	if (basic > 0)
		put(o, '-');
	while (done < l->n) {
		uint32_t m = least_from(l, n);

		delta += (m - n) * (done + 1);
		n = m;
		for (size_t i = 0; i < l->n; i++) {
			if (l->point[i] < n)
				delta++;
			if (l->point[i] != n)
				continue;
			put_delta(o, delta, bias);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
		delta++;
		n++;
	}
}

static void put_label(struct out *o, const struct label *l)
{
	size_t start = o->at;
	bool ascii = true;

	for (size_t i = 0; i < l->n; i++)
		ascii = ascii && l->point[i] < INITIAL_N;
	if (!ascii)
		put_encoded(o, l);
	for (size_t i = 0; ascii && i < l->n; i++)
		put(o, (char)l->point[i]);
	if (o->at - start > LABEL_MAX)
		o->full = true;
}

bool endpoint_to_ascii(const char *name, char *buf, size_t size)
{
	struct out o = { .buf = buf, .size = size };
	struct label l = { .n = 0 };

	while (*name) {
		uint32_t point = next_point(&name);

		if (point == 0)
			return false;
		point = fold(point);
		if (point == '.') {
			put_label(&o, &l);
			put(&o, '.');
			l.n = 0;
		} else if (l.n == POINTS_MAX) {
			return false;
		} else {
			l.point[l.n++] = point;
		}
	}
	put_label(&o, &l);
	buf[o.at] = '\0';
	return !o.full;
}
