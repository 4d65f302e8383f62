/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_REDIRECTS_H
#define PF_CONFIG_REDIRECTS_H

#include <stdbool.h>

#include "base/io.h"

/*
 * Variables that lead a credential elsewhere: the address of a service to which clients send a token, a proxy that sees
 * what goes through it, and whose certificates are believed, so that one who stands in between can read along. None of
 * them is a credential, and none runs code: each has a right use, and a spec or a repository may set it for a wrong one.
 */

enum redirect_what {
	REDIRECT_CREDENTIALS, /* where a token is sent */
	REDIRECT_TRAFFIC,     /* through whom connections go */
	REDIRECT_TRUST,       /* whose certificates are believed, or that none is asked for */
	REDIRECT_WHAT_COUNT_,
};

struct redirect_rule {
	const char *name; /* with one `*' at its end: the name of a service */
	enum redirect_what what;
	const char *only; /* the value that counts; NULL: any but the empty one */
	const char *why;
};

enum { REDIRECT_TARGET_SIZE = 300 };

/** redirect_find() - NULL: the variable, or this value of it, leads nothing elsewhere */
const struct redirect_rule *redirect_find(const char *name, const char *value);
/** redirect_name() - "credentials", "traffic", "trust" */
const char *redirect_name(enum redirect_what what);

/**
 * redirect_target() - scheme://host:port of a value, and nothing else of it
 *
 * A value may hold a password, or be one. So what is not plainly a URL is not told: false. Userinfo, path and query
 * never are; where an `@' behind the first `/' leaves it open which part is the host, nothing is.
 */
bool redirect_target(const char *value, char ret[REDIRECT_TARGET_SIZE]);

/** redirect_markdown() - the table of docs/audit.md */
void redirect_markdown(struct pf_buf *b);

#endif
