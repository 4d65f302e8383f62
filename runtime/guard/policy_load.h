/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_POLICY_LOAD_H
#define PF_GUARD_POLICY_LOAD_H

#include <stdbool.h>

#include "base/error.h"
#include "config/oci.h"
#include "config/policy.h"

/**
 * policy_load() - find the node policy and the profiles, read them, and merge them with the container's annotations
 * @policy_option:	FILE of --policy, NULL: not given
 * @rootless:		the policy may also be $XDG_CONFIG_HOME/pinfold/policy.json (~/.config where that is unset)
 * @ret:		free with policy_free()
 *
 * Should:	cost one failed open where there is neither a policy file nor an annotation of ours (rootless: two).
 * Errors:	PF_ERR_POLICY	a file that others could have written; whatever policy_merge() refuses
 *		PF_ERR_SYS	a file that exists and cannot be read: the container does not start without it
 */
int policy_load(const struct oci_config *config, const char *policy_option, bool rootless,
		struct policy *ret, struct pf_error *e);

/** policy_load_events_dir() - where this node keeps records of events, "" in @buf: beside the state of each container */
int policy_load_events_dir(const char *policy_option, bool rootless, char *buf, size_t size,
			   struct pf_error *e);

#endif
