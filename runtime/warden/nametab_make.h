/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_WARDEN_NAMETAB_MAKE_H
#define PF_WARDEN_NAMETAB_MAKE_H

#include "base/io.h"
#include "config/oci.h"
#include "runtime/warden/nametab.h"

/* The parent's side of the table of names. */

/**
 * nametab_make() - the table of a policy
 * @egress:	its entries as text; their numbers begin at 1. A set is what it holds, under its own number
 * @internal:	suffixes below which, and at which, an answer may be a private address: "cluster.local"
 * @ret:	bytes that nametab_open() opens; the caller's
 *
 * Errors: PF_ERR_POLICY, naming an entry; PF_ERR_CONFIG, naming a suffix that is no name.
 */
int nametab_make(const struct oci_strings *egress, const struct oci_strings *internal,
		 struct pf_buf *ret, struct pf_error *e);

#endif
