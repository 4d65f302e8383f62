/* SPDX-License-Identifier: Apache-2.0 */
/* What no process of a confined container may hold, at create or at any later exec, as one mask. */
#include <config.h>

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "runtime/guard/confine_impl.h"

uint64_t confine_void_mask(const struct policy *policy, const struct oci_config *config)
{
	uint64_t mask = 0;
	char word[64];

	for (const struct confine_void_cap *c = confine_void_caps; c->what; c++) {
		if (c->cap == CAP_SYS_PTRACE && !confine_shares(config, OCI_NS_PID))
			continue;
		snprintf(word, sizeof(word), "cap:%s", oci_cap_name(c->cap) + strlen("CAP_"));
		if (!policy_permits(policy, word))
			mask |= 1ull << c->cap;
	}
	return mask;
}
