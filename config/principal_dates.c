/* SPDX-License-Identifier: Apache-2.0 */
/* Dates that stand beside a credential. */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "config/principal_parts.h"

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned int days_of(int64_t year, unsigned int month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

int64_t date_of(const struct date *d)
{
	int64_t before = d->year - 1, days;

	if (d->year < 1970 || d->year > 9999 || d->month < 1 || d->month > 12 || d->day < 1 ||
	    d->day > days_of(d->year, d->month) || d->hour > 23 || d->minute > 59 || d->second > 60)
		return 0;
	days = before * 365 + before / 4 - before / 100 + before / 400 - 719162;
	for (unsigned int month = 1; month < d->month; month++)
		days += days_of(d->year, month);
	days += d->day - 1;
	return ((days * 24 + d->hour) * 60 + d->minute) * 60 + d->second;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly @n digits, then @then unless that is 0. */
static bool number(struct span *s, size_t n, const char *then, unsigned int *ret)
{
	*ret = 0;
	if (s->len < n + (then ? 1 : 0))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(s->v[i]))
			return false;
		*ret = *ret * 10 + (unsigned int)(s->v[i] - '0');
	}
	if (then && !strchr(then, s->v[n]))
		return false;
	*s = span_from(*s, n + (then ? 1 : 0));
	return true;
}

/* Seconds, or milliseconds where seconds would be far beyond what anything states. */
static int64_t count(struct span s)
{
	int64_t v = 0;
	size_t i = 0;

	for (; i < s.len && i < 15 && is_digit(s.v[i]); i++)
		v = v * 10 + (s.v[i] - '0');
	if (i < s.len && s.v[i] != '.')
		return 0;
	if (v >= 100000000000)
		v /= 1000;
	return v >= 100000000 && v < 100000000000 ? v : 0;
}

/* "+02:00": what it is ahead of UTC; without one it is taken for UTC */
static int64_t offset(struct span s)
{
	unsigned int hours, minutes;
	int64_t sign;

	while (s.len > 0 && (is_digit(s.v[0]) || s.v[0] == '.'))
		s = span_from(s, 1);
	if (s.len == 0 || (s.v[0] != '+' && s.v[0] != '-'))
		return 0;
	sign = s.v[0] == '+' ? 60 : -60;
	s = span_from(s, 1);
	if (!number(&s, 2, s.len > 2 && s.v[2] == ':' ? ":" : NULL, &hours) ||
	    !number(&s, 2, NULL, &minutes) || hours > 23 || minutes > 59)
		return 0;
	return sign * (hours * 60 + minutes);
}

int64_t principal_date(struct span s)
{
	struct date d = { .year = 0 };
	unsigned int year;
	struct span rest = s;
	int64_t at;

	if (!number(&rest, 4, "-", &year))
		return count(s);
	d.year = year;
	if (!number(&rest, 2, "-", &d.month) || !number(&rest, 2, NULL, &d.day))
		return 0;
	if (rest.len > 0) {
		if (!strchr("Tt ", rest.v[0]))
			return 0;
		rest = span_from(rest, 1);
		if (!number(&rest, 2, ":", &d.hour) || !number(&rest, 2, ":", &d.minute) ||
		    !number(&rest, 2, NULL, &d.second))
			return 0;
	}
	at = date_of(&d);
	return at ? at - offset(rest) : 0;
}

/* Netscape's cookies: domain, flag, path, secure, expiry, name, value, with tabs between. */
static int64_t cookie_date(struct span line)
{
	for (int i = 0; i < 4; i++) {
		size_t tab = span_find(line, 0, "\t");

		if (tab >= line.len)
			return 0;
		line = span_from(line, tab + 1);
	}
	line.len = span_find(line, 0, "\t");
	return count(line);
}

static int64_t latest_cookie(struct span text)
{
	int64_t latest = 0, date;

	for (size_t at = 0; at < text.len;) {
		struct span line = span_line(text, at);

		date = cookie_date(line);
		latest = date > latest ? date : latest;
		at += line.len + 1;
	}
	return latest;
}

static bool has_value(struct span text, const char *name)
{
	struct span value;
	size_t at = 0;

	while (principal_field(text, name, &at, &value))
		if (value.len > 0 && !span_is(value, "null"))
			return true;
	return false;
}

void principal_stated_date(struct span text, struct credential_details *d)
{
	static const char *const names[] = {
		"expiresAt", "expires_at",   "expiresOn",  "expires_on",
		"expires",   "expiration",   "Expiration", "expiry_date",
		"expiry",    "token_expiry", "exp",        "expirationDate",
	};
	/* what gets new tokens for as long as nobody revokes it */
	static const char *const renewals[] = { "refreshToken", "refresh_token", "refresh" };
	int64_t latest = 0;

	for (size_t i = 0; i < ARRAY_SIZE(renewals); i++)
		if (has_value(text, renewals[i])) {
			d->lifetime = CREDENTIAL_LONG;
			d->expires = 0;
			return;
		}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct span value;
		size_t at = 0;

		while (principal_field(text, names[i], &at, &value)) {
			int64_t date = principal_date(value);

			latest = date > latest ? date : latest;
		}
	}
	if (latest == 0)
		latest = latest_cookie(text);
	if (latest > d->expires)
		d->expires = latest;
}
