/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merge of `egress' and `listen', which this version refuses: the golden files of tests/golden/policy-egress, run as
 * t_policy.c runs its own. The one function that says what is built is here another, for this program alone; what ships has
 * that of config/policy_built.c. Once both keys are built, the files move to tests/golden/policy and this one goes.
 */
#include <config.h>

#include "config/policy_parts.h"

#define GOLDEN       "policy-egress"
#define GOLDEN_LEAST 40
#include "tests/unit/t_policy.c"

bool policy_key_is_built(enum policy_key key)
{
	return key == POLICY_EGRESS || key == POLICY_LISTEN || policy_keys[key].built;
}
