/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of one entry of `egress' or `listen', taken apart from the outside: token, scheme, brackets, port, host. An
 * entry is written by people who are used to URLs, so each way in which it can be mistaken for one is told by its name
 * and with the cure. What is understood has one spelling only (endpoint_print.c), and that is what is kept and compared.
 */
#include <config.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/endpoint_parts.h"

static const char *const schemes[ENDPOINT_SCHEME_COUNT_] = {
	[ENDPOINT_TCP] = "tcp",
	[ENDPOINT_UDP] = "udp",
	[ENDPOINT_TLS] = "tls",
	[ENDPOINT_ICMP] = "icmp",
};

static const struct {
	const char *name;
	enum endpoint_kind kind;
	bool listens; /* `listen' knows it too */
} tokens[] = {
	{ "@any", ENDPOINT_ANYWHERE, true },      { "@none", ENDPOINT_NOWHERE, true },
	{ "@loopback", ENDPOINT_LOOPBACK, true }, { "@pod", ENDPOINT_POD, false },
	{ "@broker", ENDPOINT_BROKER, false },
};

int endpoint_refuse(const struct endpoint_reading *r, struct pf_error *e, const char *fmt, ...)
{
	char why[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return pf_fail(e, PF_ERR_POLICY, 0, "`%s': %s", r->shown, why);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- what may be shown */

/* Where a path or a query begins, at @from or behind it: a slash without the length of a prefix, `?' or `#'. */
static size_t path_start(const char *text, size_t from, size_t len)
{
	for (size_t i = from; i < len; i++) {
		size_t after = i + 1;

		if (text[i] == '?' || text[i] == '#')
			return i;
		while (after < len && is_digit(text[after]))
			after++;
		if (text[i] == '/' && after < len && text[after] != ':' && text[after] != ']')
			return i;
	}
	return len;
}

/*
 * The part of an entry that can hold no password and no token of a URL, with all but printable ASCII escaped. What
 * stands before an `@' is left out; where a path comes before that `@', it is told from neither and all is left out.
 */
static void show(struct endpoint_reading *r, const char *text, size_t len)
{
	const char *scheme = len > 3 ? memmem(text, len, "://", 3) : NULL;
	size_t start = scheme ? (size_t)(scheme - text) + 3 : 0, from = 0, at = 0, end;
	const char *user = memrchr(text + start, '@', len - start);

	if (user && user > text) {
		from = (size_t)(user - text);
		at = (size_t)snprintf(r->shown, sizeof(r->shown), "...");
	}
	end = path_start(text, from > start ? from : start, len);
	if (from > start && path_start(text, start, from) < from)
		end = from;
	for (size_t i = from; i < end; i++) {
		if (at + sizeof("\\x00...") > sizeof(r->shown)) {
			(void)snprintf(r->shown + at, sizeof(r->shown) - at, "...");
			return;
		}
		if (text[i] >= ' ' && text[i] <= '~')
			r->shown[at++] = text[i];
		else
			at += (size_t)snprintf(r->shown + at, sizeof(r->shown) - at, "\\x%02x",
					       (unsigned char)text[i]);
	}
	r->shown[at] = '\0';
}

static int take_text(struct endpoint_reading *r, const char *text, size_t len, struct pf_error *e)
{
	r->host = r->text;
	show(r, text, len);
	if (len == 0)
		return pf_fail(e, PF_ERR_POLICY, 0, "an entry is empty");
	if (len >= sizeof(r->text))
		return endpoint_refuse(r, e, "%zu bytes are more than any endpoint has", len);
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			return endpoint_refuse(r, e, "holds %s: leave it out",
					       text[i] == ' '    ? "a blank"
					       : text[i] == '\0' ? "a NUL"
								 : "a control character");
		r->text[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
	}
	r->text[len] = '\0';
	return 0;
}

/* ---- tokens */

static int read_token(const struct endpoint_reading *r, bool listens, struct endpoint *ret,
		      struct pf_error *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
		if (strcmp(tokens[i].name, r->text) != 0)
			continue;
		if (listens && !tokens[i].listens)
			return endpoint_refuse(r, e, "is not known to `listen'");
		ret->kind = tokens[i].kind;
		return 0;
	}
	if (listens)
		return endpoint_refuse(r, e, "unknown token: @any, @none and @loopback are known");
	if (endpoint_set_exists(r->text)) {
		ret->kind = ENDPOINT_SET;
		(void)snprintf(ret->name, sizeof(ret->name), "%.31s", r->text);
		return 0;
	}
	if (strpbrk(r->text, ":/"))
		return endpoint_refuse(r, e, "a token stands alone: it has no port and no length");
	return endpoint_refuse(
		r, e,
		"unknown token or set: @any, @none, @loopback, @pod, @broker and the sets of docs/egress-sets.md "
		"are known");
}

/* ---- scheme and port */

static int take_scheme(struct endpoint_reading *r, struct pf_error *e)
{
	char *end = strstr(r->text, "://");

	if (!end)
		return 0;
	*end = '\0';
	for (int i = ENDPOINT_TCP; i < ENDPOINT_SCHEME_COUNT_; i++) {
		if (strcmp(schemes[i], r->text) != 0)
			continue;
		r->scheme = (enum endpoint_scheme)i;
		r->has_scheme = true;
		r->host = end + 3;
		return 0;
	}
	return endpoint_refuse(
		r, e,
		"unknown scheme: tcp, udp, tls and icmp are known; HTTPS is meant by a name alone");
}

/* Up to 65535, without a sign, a blank or a leading zero; 0: it is no port. */
static unsigned int port_number(const char *text, size_t len)
{
	unsigned int n = 0;

	if (len == 0 || len > 5 || text[0] == '0')
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i]))
			return 0;
		n = n * 10 + (unsigned int)(text[i] - '0');
	}
	return n <= ENDPOINT_ALL_HIGH ? n : 0;
}

static int read_ports(const struct endpoint_reading *r, const char *text, struct endpoint *ret,
		      struct pf_error *e)
{
	size_t n = strcspn(text, "-");
	const char *second = text[n] ? text + n + 1 : text;
	unsigned int low = port_number(text, n), high = port_number(second, strlen(second));

	if (low == 0 || high == 0)
		return endpoint_refuse(
			r, e, "a port is a number from 1 to 65535, or two of them: LOW-HIGH");
	if (low > high)
		return endpoint_refuse(r, e, "the range is reversed: write `%u-%u'", high, low);
	ret->low = (uint16_t)low;
	ret->high = (uint16_t)high;
	return 0;
}

static void set_all_ports(struct endpoint *ret)
{
	ret->low = ENDPOINT_ALL_LOW;
	ret->high = ENDPOINT_ALL_HIGH;
}

/* ---- host */

static int refuse_path(const struct endpoint_reading *r, struct pf_error *e)
{
	return endpoint_refuse(
		r, e,
		"an endpoint has no path, which no network sees: write the name or address alone");
}

static int split_brackets(struct endpoint_reading *r, struct pf_error *e)
{
	char *end = strchr(r->host, ']');

	if (!end)
		return endpoint_refuse(r, e, "`[' is not closed");
	*end = '\0';
	r->host++;
	r->bracketed = true;
	if (end[1] == '/')
		return endpoint_refuse(
			r, e, "the length stands inside the brackets: write `[ADDRESS/LENGTH]'");
	if (end[1] == ':')
		r->port = end + 2;
	else if (end[1] != '\0')
		return endpoint_refuse(r, e, "only `:PORT' may follow `]'");
	return 0;
}

/* host and port; a slash is kept in the host of an IPv4 prefix only */
static int split(struct endpoint_reading *r, struct pf_error *e)
{
	char *slash = strchr(r->host, '/'), *colon;

	if (strchr(r->host, '@'))
		return endpoint_refuse(
			r, e, "an endpoint has no user: write what stands behind the `@', alone");
	if (r->host[0] == '[')
		return split_brackets(r, e);
	colon = strchr(r->host, ':');
	if (colon && strchr(colon + 1, ':'))
		return endpoint_refuse_bare(r, e);
	if (slash && (!is_digit(slash[1]) || (colon && colon < slash)))
		return refuse_path(r, e);
	if (!colon)
		return 0;
	*colon = '\0';
	r->port = colon + 1;
	return 0;
}

static int read_host(const struct endpoint_reading *r, struct endpoint *ret, struct pf_error *e)
{
	if (r->host[0] == '\0')
		return endpoint_refuse(r, e, "names no host");
	if (r->bracketed) {
		ret->kind = ENDPOINT_ADDRESS;
		return endpoint_read_ipv6(r, &ret->prefix, e);
	}
	if (endpoint_is_numeric(r->host)) {
		ret->kind = ENDPOINT_ADDRESS;
		return endpoint_read_ipv4(r, &ret->prefix, e);
	}
	if (strchr(r->host, '/'))
		return refuse_path(r, e);
	return endpoint_read_name(r, ret, e);
}

/* ---- what is left out */

static int choose_ports(const struct endpoint_reading *r, struct endpoint *ret, struct pf_error *e)
{
	if (r->scheme == ENDPOINT_ICMP)
		return r->port ? endpoint_refuse(r, e, "icmp has no ports: leave the port out") : 0;
	if (r->port && strcmp(r->port, "*") != 0)
		return read_ports(r, r->port, ret, e);
	if (r->port || ret->kind == ENDPOINT_ADDRESS)
		set_all_ports(ret);
	else
		ret->low = ret->high = 443;
	return 0;
}

/*
 * A name on 443 is TLS, whose handshake tells one tenant of a shared address from the other. A range that holds 443 and
 * more would be two entries in one, and which of the two is judged would have to be guessed.
 */
static int choose_scheme(const struct endpoint_reading *r, struct endpoint *ret, struct pf_error *e)
{
	ret->scheme = r->scheme;
	if (ret->kind == ENDPOINT_ADDRESS) {
		if (r->scheme == ENDPOINT_TLS)
			return endpoint_refuse(
				r, e, "tls judges a name, and an address has none: write `tcp://'");
		return 0;
	}
	if (r->has_scheme)
		return 0;
	if (ret->low == 443 && ret->high == 443)
		ret->scheme = ENDPOINT_TLS;
	else if (ret->low <= 443 && ret->high >= 443)
		return endpoint_refuse(
			r, e,
			"the ports hold 443, where TLS is judged by its name, and others, where nothing is: write "
			"`tcp://' in front to judge none, or two entries");
	else
		ret->scheme = ENDPOINT_TCP;
	return 0;
}

int endpoint_parse(const char *text, size_t len, struct endpoint *ret, struct pf_error *e)
{
	struct endpoint_reading r = { .scheme = ENDPOINT_ANY };
	struct endpoint ep = { .scheme = ENDPOINT_ANY };

	STEP(take_text(&r, text, len, e));
	if (r.text[0] == '@') {
		STEP(read_token(&r, false, &ep, e));
		*ret = ep;
		return 0;
	}
	STEP(take_scheme(&r, e));
	if (r.host[0] == '@')
		return endpoint_refuse(
			&r, e, "a token stands alone: leave out what stands in front of it");
	STEP(split(&r, e));
	STEP(read_host(&r, &ep, e));
	STEP(choose_ports(&r, &ep, e));
	STEP(choose_scheme(&r, &ep, e));
	*ret = ep;
	return 0;
}

int endpoint_parse_listen(const char *text, size_t len, struct endpoint *ret, struct pf_error *e)
{
	struct endpoint_reading r = { .scheme = ENDPOINT_ANY };
	struct endpoint ep = { .kind = ENDPOINT_PORTS };

	STEP(take_text(&r, text, len, e));
	if (r.text[0] == '@') {
		STEP(read_token(&r, true, &ep, e));
		*ret = ep;
		return 0;
	}
	STEP(take_scheme(&r, e));
	if (r.scheme == ENDPOINT_TLS || r.scheme == ENDPOINT_ICMP)
		return endpoint_refuse(&r, e, "`listen' knows ports of tcp:// and udp:// only");
	if (strcmp(r.host, "*") == 0)
		return endpoint_refuse(&r, e, "every port is `@any'");
	if (strpbrk(r.host, ":.[/"))
		return endpoint_refuse(
			&r, e, "`listen' names ports: write the port alone, or `@loopback'");
	STEP(read_ports(&r, r.host, &ep, e));
	ep.scheme = r.scheme;
	*ret = ep;
	return 0;
}
