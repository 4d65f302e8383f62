/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_HOOKS_H
#define PF_RUNTIME_HOOKS_H

#include "base/error.h"
#include "config/oci.h"

/* Hooks that run in the runtime's own namespaces: prestart, createRuntime, poststart, poststop. (createContainer and
 * startContainer run in the init.) */

/** hooks_run() - in order, each with @state_json on stdin; the first that fails or outlives its timeout ends it */
int hooks_run(const struct oci_hooks *hooks, const char *kind, const char *state_json,
	      struct pf_error *e);

#endif
