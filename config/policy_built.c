/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which keys this version enforces. It is a file of its own because what is not built refuses the container, and the merge of
 * such a key shall be tested all the same: tests/unit/t_policy_egress.c is linked with a function of this name, so that the
 * linker never takes this one from the library. The program has no other.
 */
#include <config.h>

#include "config/policy_parts.h"

bool policy_key_is_built(enum policy_key key)
{
	return policy_keys[key].built;
}
