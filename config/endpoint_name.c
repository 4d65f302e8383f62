/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of an entry: letters, digits and hyphens, as hosts have them (RFC 1123). `_' stands in names of services and of
 * keys (_dmarc, _http._tcp), which nothing connects to, so it is refused. What is not ASCII has many spellings that look
 * alike; only its form in the DNS is taken.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "config/endpoint_parts.h"

enum { LABEL_MAX = 63 };

static int refuse_not_ascii(const struct endpoint_reading *r, const char *host, struct pf_error *e)
{
	char ascii[ENDPOINT_NAME_MAX + 1];

	if (!endpoint_to_ascii(host, ascii, sizeof(ascii)))
		return endpoint_refuse(
			r, e, "is not ASCII, and no name: write it as the DNS holds it (xn--...)");
	return endpoint_refuse(
		r, e, "is not ASCII: write it as the DNS holds it, `%.200s', if that is meant",
		ascii);
}

static int refuse_letter(const struct endpoint_reading *r, char c, struct pf_error *e)
{
	if (c == '*')
		return endpoint_refuse(
			r, e, "`*' stands alone in front: `*.NAME' is whatever lies below NAME");
	if (c == '_')
		return endpoint_refuse(
			r, e,
			"`_' stands in names of services and keys, not of hosts: name the host that answers");
	if (c == '%')
		return endpoint_refuse(r, e, "`%%' stands in no name: write the letter itself");
	return endpoint_refuse(r, e, "`%c' stands in no name of a host", c);
}

static int check_label(const struct endpoint_reading *r, const char *label, size_t n,
		       struct pf_error *e)
{
	static const char ldh[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t good = strspn(label, ldh);

	if (n == 0)
		return endpoint_refuse(r, e, "has an empty label: two dots, or one in front");
	if (good < n)
		return refuse_letter(r, label[good], e);
	if (n > LABEL_MAX)
		return endpoint_refuse(r, e, "has a label of %zu letters: the DNS has at most %d",
				       n, LABEL_MAX);
	if (label[0] == '-' || label[n - 1] == '-')
		return endpoint_refuse(r, e, "a label neither begins nor ends with `-'");
	return 0;
}

static int check_labels(const struct endpoint_reading *r, const char *name, struct pf_error *e)
{
	for (const char *at = name;; at++) {
		size_t n = strcspn(at, ".");

		STEP(check_label(r, at, n, e));
		at += n;
		if (*at == '\0')
			break;
	}
	if (endpoint_is_numeric(name))
		return endpoint_refuse(r, e, "a name does not end in a number");
	return 0;
}

static bool ends_in_label(const char *name, const char *label)
{
	size_t n = strlen(name), l = strlen(label);

	return n >= l && strcmp(name + n - l, label) == 0 && (n == l || name[n - l - 1] == '.');
}

/* What would be asked of the DNS, and is answered within this host: an entry that could never open anything. */
static int check_use(const struct endpoint_reading *r, const struct endpoint *ep,
		     struct pf_error *e)
{
	if (ends_in_label(ep->name, "localhost"))
		return endpoint_refuse(
			r, e, "is this host itself: write `127.0.0.1:PORT', or `@loopback'");
	if (ep->kind == ENDPOINT_BELOW && endpoint_suffix_is_public(ep->name))
		return endpoint_refuse(
			r, e,
			"`%.120s' is a public suffix: whoever registers a name below it would be reached; write one "
			"label more",
			ep->name);
	return 0;
}

int endpoint_read_name(const struct endpoint_reading *r, struct endpoint *ret, struct pf_error *e)
{
	char *host = r->host;
	size_t n;

	if (strcmp(host, "*") == 0)
		return endpoint_refuse(r, e, "everywhere is `@any'");
	for (const char *p = host; *p; p++)
		if ((unsigned char)*p >= 0x80)
			return refuse_not_ascii(r, host, e);
	ret->kind = ENDPOINT_NAME;
	if (strncmp(host, "*.", 2) == 0) {
		ret->kind = ENDPOINT_BELOW;
		host += 2;
	}
	n = strlen(host);
	if (n > 1 && host[n - 1] == '.')
		host[--n] = '\0';
	STEP(check_labels(r, host, e));
	/* the star stands for a letter and a dot at least */
	if (n + (ret->kind == ENDPOINT_BELOW ? 2 : 0) > ENDPOINT_NAME_MAX)
		return endpoint_refuse(r, e, "%zu letters are more than a name has, which is %d", n,
				       ENDPOINT_NAME_MAX);
	memcpy(ret->name, host, n + 1);
	return check_use(r, ret, e);
}
