/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_PRINCIPAL_PARTS_H
#define PF_CONFIG_PRINCIPAL_PARTS_H

#include "config/principal.h"

/* What the files principal*.c share; not for others. */

struct principal_text { /* what is looked at, and for what */
	const struct catalogue *catalogue;
	const struct credential_kind *kind;
	const char *v;
	size_t len;
};

/** principal_is_key_id() - the hit is the public id of a key of @kind */
bool principal_is_key_id(const struct credential_kind *kind, const struct catalogue_hit *hit);
/** principal_set() - unless one is known, or this may not be shown */
void principal_set(const struct principal_text *t, struct credential_details *d, const char *text,
		   size_t len);

#endif
