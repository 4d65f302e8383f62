/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the init gives away before it waits. A created container can wait for its start as long as it likes, and in a
 * shared pid namespace a neighbour that may trace looks at it all that time: so nothing is kept that the steps after start
 * do not need.
 */
#include <linux/capability.h>

#include "base/sys.h"
#include "runtime/init/steps.h"

#define CAP_BIT(cap) (1ull << (cap))

static uint64_t needed(const struct plan *plan)
{
	uint64_t caps = plan->process.caps[1] | plan->process.caps[2]; /* permitted, effective */

	/* ids, groups, the bounding set, the owner of stdio, the working directory */
	caps |= CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETGID) | CAP_BIT(CAP_SETPCAP) |
		CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE);
	/* limits and priorities */
	caps |= CAP_BIT(CAP_SYS_RESOURCE) | CAP_BIT(CAP_SYS_NICE);
	/* a filter without no_new_privs, a private procfs for a label, an I/O class of realtime */
	if ((plan->bpf.n && !(plan->flags & (PLAN_NO_NEW_PRIVS | PLAN_CONFINED))) ||
	    plan->process.apparmor || plan->process.selinux || (plan->flags & PLAN_HAS_IOPRIO))
		caps |= CAP_BIT(CAP_SYS_ADMIN);
	return caps;
}

/* Should:	be the last step before READY.
 * Mustn't:	touch the inheritable or the bounding set: the program's own are set at the end. */
int child_shed_caps(struct init *c, struct pf_error *e)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	uint64_t keep = needed(c->plan);
	int ret;

	ret = sys_capget(&head, data);
	if (ret < 0)
		return pf_fail_sys(e, ret, "read the init's capabilities");
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> (32 * i));
		data[i].effective = data[i].permitted;
	}
	ret = sys_capset(&head, data);
	return ret < 0 ? pf_fail_sys(e, ret, "shed the init's capabilities") : 0;
}
