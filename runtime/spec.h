/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_SPEC_H
#define PF_RUNTIME_SPEC_H

#include <stdbool.h>

#include "base/io.h"

/**
 * spec_write() - a config.json to start from: a shell in ./rootfs, few capabilities, no_new_privs
 * @rootless:	with a user namespace that maps the caller to root, and without what an ordinary user cannot have
 */
void spec_write(bool rootless, struct pf_buf *ret);

#endif
