/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_MASK_H
#define PF_GUARD_MASK_H

#include <stdbool.h>

#include "base/io.h"
#include "config/catalogue.h"

/**
 * mask_text() - @text with each component that holds a credential's signature replaced by the kind's id
 * @kind:	the text belongs to one of these: its scoped signatures count too; NULL: unknown
 * Return:	there was one; @b has the text in any case
 */
bool mask_text(const struct catalogue *c, const struct credential_kind *kind, const char *text,
	       struct pf_buf *b);

#endif
