/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_ENDPOINT_PARTS_H
#define PF_CONFIG_ENDPOINT_PARTS_H

#include "config/endpoint.h"

/* What the files of the grammar share; nobody outside config/endpoint*.c and their tests includes it. */

enum { ENDPOINT_SHOWN_MAX = 100 };

/* An entry while it is read. The text is cut in place: no copy but this one. */
struct endpoint_reading {
	char text[512]; /* lower case */
	char shown
		[ENDPOINT_SHOWN_MAX]; /* the entry for messages: printable, bounded, without what may be secret */
	char *host;                   /* without brackets, port and scheme */
	char *port;                   /* NULL: none was given */
	bool bracketed;               /* the host stood in `[]' */
	bool has_scheme;
	enum endpoint_scheme scheme;
};

/** endpoint_refuse() - "`ENTRY': why" */
int endpoint_refuse(const struct endpoint_reading *r, struct pf_error *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* endpoint_address.c */
/** endpoint_is_numeric() - a host whose last label is a number, as only an IPv4 address has it */
bool endpoint_is_numeric(const char *host);
int endpoint_read_ipv4(const struct endpoint_reading *r, struct endpoint_prefix *ret,
		       struct pf_error *e);
int endpoint_read_ipv6(const struct endpoint_reading *r, struct endpoint_prefix *ret,
		       struct pf_error *e);
/** endpoint_refuse_bare() - more than one `:' and no brackets */
int endpoint_refuse_bare(const struct endpoint_reading *r, struct pf_error *e);

/* endpoint_name.c */
/** endpoint_read_name() - .kind and .name of @ret */
int endpoint_read_name(const struct endpoint_reading *r, struct endpoint *ret, struct pf_error *e);

/* endpoint_punycode.c */
/**
 * endpoint_to_ascii() - @name (UTF-8) as the DNS holds it, for a message: "xn--bcher-kva.example"
 *
 * Capitals of Latin, Greek and Cyrillic, and full-width forms, are folded; the rest of IDNA's mapping is not done.
 * Return: false: it is not UTF-8, or it does not fit.
 */
bool endpoint_to_ascii(const char *name, char *buf, size_t size);

#endif
