/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in front of passwords: of a URL, of a line, of docker's base64. A name stands alone in front of `@' where the
 * service takes the token for a name: then it is the secret, so a name counts only with a password behind it, and not if
 * it looks like no name.
 */
#include <config.h>

#include <string.h>

#include "config/principal_parts.h"

enum { NAME_MAX_BYTES = 64, HOST_MAX = 80, LONG_NAME = 20, DECODED_MAX = 512, PASSWORD_MAX = 1024 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Long, of letters and digits, without what makes up an address: a key, not a name. */
static bool looks_secret(struct span name)
{
	size_t digits = 0, letters = 0;

	for (size_t i = 0; i < name.len; i++) {
		digits += is_digit(name.v[i]);
		letters += is_letter(name.v[i]);
		if (name.v[i] == '@' || name.v[i] == '%')
			return false;
	}
	return name.len >= LONG_NAME && digits > 2 && letters > 2;
}

static bool is_name(struct span name)
{
	return name.len > 0 && name.len <= NAME_MAX_BYTES && !looks_secret(name);
}

/* Words that services have for "the other half is the token". */
static bool stands_for_nothing(struct span password)
{
	return password.len == 0 || span_is(password, "x-oauth-basic") || span_is(password, "x") ||
	       span_is(password, "X");
}

static size_t run_until(struct span s, const char *stops, size_t max)
{
	size_t n = 0;

	while (n < s.len && n < max && !strchr(stops, s.v[n]) && (unsigned char)s.v[n] > ' ')
		n++;
	return n;
}

/* NAME@HOST */
static bool add_account(const struct principal_text *t, struct principal_list *l, struct span name,
			struct span host)
{
	char text[NAME_MAX_BYTES + 1 + HOST_MAX];

	memcpy(text, name.v, name.len);
	if (host.len == 0 || host.len > HOST_MAX)
		return principal_list_add(t, l, name);
	text[name.len] = '@';
	memcpy(text + name.len + 1, host.v, host.len);
	return principal_list_add(t, l, (struct span){ text, name.len + 1 + host.len });
}

/* @at: behind the `://' */
static bool add_url(const struct principal_text *t, struct principal_list *l, size_t at)
{
	struct span rest = span_from(t->text, at), name, password, host;

	name = (struct span){ rest.v, run_until(rest, ":@/\"'<>", NAME_MAX_BYTES + 1) };
	if (name.len == rest.len || rest.v[name.len] != ':' || !is_name(name))
		return true;
	rest = span_from(rest, name.len + 1);
	password = (struct span){ rest.v, run_until(rest, "@/\"'<>", PASSWORD_MAX) };
	if (password.len == rest.len || rest.v[password.len] != '@' || stands_for_nothing(password))
		return true;
	rest = span_from(rest, password.len + 1);
	host = (struct span){ rest.v, run_until(rest, "/:?#\"'<>,@", HOST_MAX + 1) };
	return add_account(t, l, name, host);
}

static void add_urls(const struct principal_text *t, struct principal_list *l)
{
	for (size_t at = span_find(t->text, 0, "://"); at < t->text.len;
	     at = span_find(t->text, at + 1, "://"))
		if (!add_url(t, l, at + 3))
			return;
}

/* "auth": "BASE64" of NAME:PASSWORD */
static void add_docker(const struct principal_text *t, struct principal_list *l)
{
	unsigned char text[DECODED_MAX];
	struct span value;
	size_t at = 0;

	while (principal_field(t->text, "auth", &at, &value)) {
		size_t n = principal_base64(value, text, sizeof(text));
		const unsigned char *colon = memchr(text, ':', n);
		struct span name = { (const char *)text, colon ? (size_t)(colon - text) : 0 };

		if (colon && colon + 1 < text + n && is_name(name) &&
		    !principal_list_add(t, l, name))
			return;
	}
}

/* HOST:PORT:DATABASE:NAME:PASSWORD, or NAME:PASSWORD; false: there is no room for more */
static bool add_line(const struct principal_text *t, struct principal_list *l, struct span line)
{
	struct span part[5], rest = line;
	size_t n = 0;

	if (line.len == 0 || line.v[0] == '#' || span_find(line, 0, " ") < line.len ||
	    span_find(line, 0, "//") < line.len || line.v[0] == '"' || line.v[0] == '{')
		return true;
	while (n < 5) {
		part[n] = (struct span){ rest.v, n == 4 ? rest.len : span_find(rest, 0, ":") };
		if (part[n].len == rest.len) {
			n++;
			break;
		}
		rest = span_from(rest, part[n++].len + 1);
	}
	if (n == 5 && part[4].len > 0 && is_name(part[3]))
		return add_account(t, l, part[3], part[0]);
	if (n == 2 && part[1].len > 0 && is_name(part[0]))
		return principal_list_add(t, l, part[0]);
	return true;
}

static void add_lines(const struct principal_text *t, struct principal_list *l)
{
	for (size_t at = 0; at < t->text.len;) {
		struct span line = span_line(t->text, at);

		if (!add_line(t, l, span_trim(line)))
			return;
		at += line.len + 1;
	}
}

void principal_from_userinfo(const struct principal_text *t, struct credential_details *d)
{
	struct principal_list l = { .n = 0 };

	add_urls(t, &l);
	if (l.n == 0)
		add_docker(t, &l);
	if (l.n == 0)
		add_lines(t, &l);
	principal_set(t, d, (struct span){ l.text, l.len });
}

void principal_from_url(const struct principal_text *t, struct credential_details *d)
{
	struct principal_list l = { .n = 0 };
	size_t at = span_find(t->text, 0, "://");

	if (at < t->text.len)
		(void)add_url(t, &l, at + 3);
	principal_set(t, d, (struct span){ l.text, l.len });
}
