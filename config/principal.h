/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_PRINCIPAL_H
#define PF_CONFIG_PRINCIPAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/catalogue.h"

/*
 * Whose a credential is and how long it lives, as far as the text around it tells. Pure functions over hostile text:
 * bounded, nothing is opened, and no byte comes out but what the catalogue calls public: a member that it names, a claim,
 * the subject of a certificate, a comment of a public key, a user in a URL, a key's id.
 */

enum { CREDENTIAL_PRINCIPAL_MAX = 160 };

struct credential_details {
	enum credential_lifetime lifetime;
	int64_t expires; /* seconds since 1970; 0: unknown or never */
	size_t principal_len;
	char principal[CREDENTIAL_PRINCIPAL_MAX + 1]; /* printable; "" : unknown */
};

/** credential_details_init() - nothing is known but the kind */
void credential_details_init(const struct credential_kind *kind, struct credential_details *ret);

/** credential_details_of_file() - @text: the beginning of a file of that kind; what is known in @d already stays */
void credential_details_of_file(const struct catalogue *c, const struct credential_kind *kind,
				const char *text, size_t len, struct credential_details *d);

/** credential_details_of_hit() - of what catalogue_scan() found in @text, whatever the file; or in a variable's value */
void credential_details_of_hit(const struct catalogue *c, const struct credential_kind *kind,
			       const char *text, size_t len, const struct catalogue_hit *hit,
			       struct credential_details *d);

/** credential_details_of_public_half() - @text: a certificate or public key that lies beside the credential */
void credential_details_of_public_half(const struct catalogue *c,
				       const struct credential_kind *kind, const char *text,
				       size_t len, struct credential_details *d);

/**
 * credential_principal_is_public() - may this be shown as the principal of a credential of that kind?
 * Not what has control characters, is too long, or is itself what a signature describes; but for the id of a key, where
 * the catalogue says that the value begins with it.
 */
bool credential_principal_is_public(const struct catalogue *c, const struct credential_kind *kind,
				    const char *text, size_t len);

#endif
