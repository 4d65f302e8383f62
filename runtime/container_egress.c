/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of create about connections: what the policy says of them, the programs, and their place on the cgroup. */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/container.h"

static bool bounds_listening(const struct policy *policy)
{
	const struct policy_value *listen = &policy->keys[POLICY_LISTEN];

	for (size_t i = 0; i < listen->list.n; i++)
		if (strcmp(listen->list.v[i], "@any") == 0)
			return false;
	return listen->present;
}

int container_decide_egress(struct container *c, struct pf_error *e)
{
	c->egress.wanted = c->policy.keys[POLICY_EGRESS].present || bounds_listening(&c->policy);
	if (!c->egress.wanted)
		return 0;
	return egress_table_make(&c->policy, &c->egress.table, e);
}

/* This host cannot: the policy may say that it need not. Every key that goes without has to be named. */
static int go_without(struct container *c, struct pf_error *e)
{
	const bool egress = c->policy.keys[POLICY_EGRESS].present;
	const bool listen = bounds_listening(&c->policy);

	if (e->kind != PF_ERR_HOST || (egress && !policy_degrades(&c->policy, "egress")) ||
	    (listen && !policy_degrades(&c->policy, "listen")))
		return e->err > 0 ? -e->err : -EINVAL;
	pf_log(PF_LOG_WARNING, "%s; `degrade' allows that, continuing without", e->msg);
	c->egress_missing = true;
	c->egress.wanted = false;
	*e = (struct pf_error)PF_ERROR_INIT;
	return 0;
}

static int open_group(struct container *c, struct pf_error *e)
{
	int ret = c->cgroup2_fd >= 0 ? 0 : cgroup_open_v2(&c->state.cgroup, &c->cgroup2_fd, e);

	if (ret == -ENOENT)
		return pf_fail(
			e, PF_ERR_HOST, 0,
			"egress: the container has no group of its own in cgroup2, where connections are judged: mount "
			"cgroup2 (beside v1: at /sys/fs/cgroup/unified), and do not disable cgroups");
	return ret;
}

static void undo_egress(void *arg)
{
	struct container *c = arg;
	struct pf_error e = PF_ERROR_INIT;

	if (egress_forget(c->state.dir_fd, &e) < 0)
		pf_log(PF_LOG_WARNING, "%s, continuing", e.msg);
}

static int share(struct container *c, struct pf_error *e)
{
	STEP(open_group(c, e));
	STEP(egress_share(c->rt->root_fd, &c->egress.programs, &c->egress.numbers, e));
	STEP(egress_record(c->state.dir_fd, &c->egress.numbers, &c->egress.table, e));
	undo_push(&c->undo, "egress", undo_egress, c);
	return 0;
}

/* While the init mounts. */
int create_share_egress(struct container *c, struct pf_error *e)
{
	if (!c->egress.wanted)
		return 0;
	return share(c, e) < 0 ? go_without(c, e) : 0;
}

/* What the probe tries: an address of documentation, and one where metadata would be. */
void container_unreachable(const struct container *c, uint32_t ret[2])
{
	static const uint32_t tried[2] = { 0xc0000201, 0xa9fea9fe };

	ret[0] = ret[1] = 0;
	for (size_t i = 0; c->egress.wanted && i < ARRAY_SIZE(tried); i++) {
		uint8_t addr[16] = { [10] = 0xff, [11] = 0xff };
		uint32_t v4 = htonl(tried[i]);

		memcpy(addr + 12, &v4, sizeof(v4));
		if (!egress_table_opens(&c->egress.table, addr))
			ret[i] = v4;
	}
}

int container_judge_egress(struct container *c, uint64_t netns_cookie, struct pf_error *e)
{
	if (!c->egress.wanted)
		return 0;
	if (netns_cookie == 0) {
		(void)pf_fail(e, PF_ERR_HOST, 0,
			      "egress: this kernel does not tell network namespaces apart "
			      "(SO_NETNS_COOKIE): Linux 5.14 or newer does");
		return go_without(c, e);
	}
	STEP(egress_attach(&c->egress.programs, c->cgroup2_fd, e));
	return egress_open(&c->egress.programs, &c->egress.numbers, &c->egress.table, c->cgroup2_fd,
			   netns_cookie, e);
}
