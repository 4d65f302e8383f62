/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_CATALOGUE_LOAD_H
#define PF_GUARD_CATALOGUE_LOAD_H

#include "base/error.h"
#include "config/catalogue.h"

/**
 * catalogue_load_host() - the embedded kinds with those of this host's /etc/pinfold/credentials.d over them
 * @ret:	free with catalogue_free()
 *
 * Should:	cost one failed stat where there is no such directory.
 * Errors:	PF_ERR_POLICY	a file or directory that others could have written; whatever catalogue_load() refuses
 *		PF_ERR_SYS	one that exists and cannot be read
 */
int catalogue_load_host(struct catalogue *ret, struct pf_error *e);

#endif
