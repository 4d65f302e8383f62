/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_INIT_STAGE_H
#define PF_INIT_STAGE_H

#include "runtime/init/init.h"

/**
 * stage_one() - join namespaces, make the new ones, and go on as the process that lives in them
 *
 * Needed where one clone cannot do it: a pid or user namespace by path, a new user namespace (an execve before its maps
 * are written loses every capability), a time namespace with offsets, and every exec. The first process ends here; the
 * second, a child of the same parent by CLONE_PARENT, returns. No program of the host is ever visible inside: what
 * enters a pid namespace is this init already.
 */
int stage_one(struct init *c, struct pf_error *e);

#endif
