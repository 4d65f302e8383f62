/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits in the files of cgroup v1. The specification's numbers are v1's own, so what is left is the order: some files
 * refuse a value that does not fit to what another file still holds.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/cgroup_internal.h"

static bool has_file(const struct cgroup_target *t, const char *file)
{
	struct stat st;

	return fstatat(t->dir, file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int write_set(const struct cgroup_target *t, const char *what, const char *file,
		     const struct oci_num *n, struct pf_error *e)
{
	return n->present ? cgroup_limit_number(t, what, file, n->v, e) : 0;
}

/* ---- cpu ---- */

static int set_shares(const struct cgroup_target *t, struct pf_error *e)
{
	int64_t want = t->r->cpu_shares.v, is;

	if (!cgroup_num_set(&t->r->cpu_shares))
		return 0;
	STEP(cgroup_limit_number(t, "cpu/shares", "cpu.shares", want, e));
	/* The kernel cuts to its bounds without a word: a limit that is not what was asked for is an error. */
	if (cgroup_read_number(t->dir, "cpu.shares", &is) == 0 && is != want)
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "/linux/resources/cpu/shares: the %s allowed cpu-shares is %" PRId64
			       ", not %" PRId64,
			       is < want ? "maximum" : "minimum", is, want);
	return 0;
}

/* A period shorter than the old runtime is refused, and may be right beside the new one: it is tried again after that. */
static int set_realtime(const struct cgroup_target *t, struct pf_error *e)
{
	const struct oci_num *period = &t->r->cpu_rt_period, *runtime = &t->r->cpu_rt_runtime;
	char text[32];
	bool set = false;

	if (cgroup_num_set(period) && cgroup_num_set(runtime)) {
		snprintf(text, sizeof(text), "%" PRId64, period->v);
		set = pf_write_file_at(t->dir, "cpu.rt_period_us", text) == 0;
	}
	if (cgroup_num_set(period) && !cgroup_num_set(runtime))
		STEP(cgroup_limit_number(t, "cpu/realtimePeriod", "cpu.rt_period_us", period->v,
					 e));
	if (cgroup_num_set(runtime))
		STEP(cgroup_limit_number(t, "cpu/realtimeRuntime", "cpu.rt_runtime_us", runtime->v,
					 e));
	if (cgroup_num_set(period) && cgroup_num_set(runtime) && !set)
		return cgroup_limit_number(t, "cpu/realtimePeriod", "cpu.rt_period_us", period->v,
					   e);
	return 0;
}

/*
 * quota/period must stay within the parent's share at every moment, and burst within quota. A value that the kernel
 * refuses beside the old quota may be right beside the new one, so it is tried again after that.
 */
static int set_bandwidth(const struct cgroup_target *t, struct pf_error *e)
{
	const struct oci_resources *r = t->r;
	bool quota = cgroup_num_set(&r->cpu_quota), period = cgroup_num_set(&r->cpu_period);
	bool burst = r->cpu_burst.present;
	char text[32];

	if (quota && period) {
		snprintf(text, sizeof(text), "%" PRId64, r->cpu_period.v);
		period = pf_write_file_at(t->dir, "cpu.cfs_period_us", text) < 0;
	}
	if (quota && burst) {
		snprintf(text, sizeof(text), "%" PRId64, r->cpu_burst.v);
		burst = pf_write_file_at(t->dir, "cpu.cfs_burst_us", text) < 0;
	}
	if (quota)
		STEP(cgroup_limit_number(t, "cpu/quota", "cpu.cfs_quota_us",
					 r->cpu_quota.v < 0 ? -1 : r->cpu_quota.v, e));
	if (period)
		STEP(cgroup_limit_number(t, "cpu/period", "cpu.cfs_period_us", r->cpu_period.v, e));
	/* compat: kernel < 5.14 has no burst; a burst of 0 is what it does */
	if (burst && (r->cpu_burst.v != 0 || has_file(t, "cpu.cfs_burst_us")))
		STEP(cgroup_limit_number(t, "cpu/burst", "cpu.cfs_burst_us", r->cpu_burst.v, e));
	return 0;
}

int cgroup_v1_cpu(const struct cgroup_target *t, struct pf_error *e)
{
	const struct oci_num *idle = &t->r->cpu_idle;

	STEP(set_realtime(t, e));
	/* an idle group refuses shares: they are set before it becomes one, or after it ceased to be one */
	if (idle->present && idle->v == 0 && has_file(t, "cpu.idle"))
		STEP(write_set(t, "cpu/idle", "cpu.idle", idle, e));
	STEP(set_shares(t, e));
	STEP(set_bandwidth(t, e));
	if (idle->present && idle->v != 0)
		STEP(write_set(t, "cpu/idle", "cpu.idle", idle, e));
	return 0;
}

int cgroup_v1_cpuset(const struct cgroup_target *t, struct pf_error *e)
{
	const struct oci_resources *r = t->r;

	if (r->cpuset_cpus && *r->cpuset_cpus)
		STEP(cgroup_limit_write(t, "cpu/cpus", "cpuset.cpus", r->cpuset_cpus, e));
	if (r->cpuset_mems && *r->cpuset_mems)
		STEP(cgroup_limit_write(t, "cpu/mems", "cpuset.mems", r->cpuset_mems, e));
	return 0;
}

/* ---- memory ---- */

static int set_limit(const struct cgroup_target *t, int64_t limit, struct pf_error *e)
{
	char text[32];
	int64_t usage = 0;
	int ret;

	snprintf(text, sizeof(text), "%" PRId64, limit);
	ret = pf_write_file_at(t->dir, "memory.limit_in_bytes", text);
	if (ret == -EBUSY && cgroup_read_number(t->dir, "memory.usage_in_bytes", &usage) == 0)
		return pf_fail_sys(e, EBUSY,
				   "/linux/resources/memory/limit: %" PRId64
				   " bytes are in use, which is more than %" PRId64,
				   usage, limit);
	return ret < 0 ? cgroup_limit_fail(t, "memory/limit", "memory.limit_in_bytes", ret, e) : 0;
}

static int set_swap(const struct cgroup_target *t, int64_t swap, struct pf_error *e)
{
	return cgroup_limit_number(t, "memory/swap", "memory.memsw.limit_in_bytes",
				   swap < 0 ? -1 : swap, e);
}

/* memsw may never be below memory: which of the two goes first depends on which way they move. */
static int set_memory_and_swap(const struct cgroup_target *t, struct pf_error *e)
{
	int64_t limit = t->r->mem_limit.v < 0 ? -1 : t->r->mem_limit.v, swap = t->r->mem_swap.v,
		now = 0;
	bool with_limit = cgroup_num_set(&t->r->mem_limit),
	     with_swap = cgroup_num_set(&t->r->mem_swap);

	if (with_limit && limit == -1 && !with_swap && has_file(t, "memory.memsw.limit_in_bytes")) {
		swap = -1; /* memory without a limit has no meaning below a limit for both */
		with_swap = true;
	}
	if (with_limit && with_swap && limit != -1 && swap > 0 && swap < limit)
		return pf_fail(
			e, PF_ERR_CONFIG, 0,
			"/linux/resources/memory/swap: %" PRId64
			" is memory and swap together and must not be below memory/limit %" PRId64,
			swap, limit);
	if (with_limit && with_swap) {
		int ret = cgroup_read_number(t->dir, "memory.limit_in_bytes", &now);

		if (ret < 0)
			return cgroup_limit_fail(t, "memory/limit", "memory.limit_in_bytes", ret,
						 e);
		if (swap < 0 || now < swap) {
			STEP(set_swap(t, swap, e));
			return set_limit(t, limit, e);
		}
	}
	if (with_limit)
		STEP(set_limit(t, limit, e));
	return with_swap ? set_swap(t, swap, e) : 0;
}

/* checkBeforeUpdate: a limit below what is in use would make the kernel kill the container at once. */
int cgroup_v1_memory_check(const struct cgroup_target *t, struct pf_error *e)
{
	int64_t usage = 0;

	if (!t->r->mem_check_before_update || t->r->mem_limit.v <= 0)
		return 0;
	if (cgroup_read_number(t->dir, "memory.usage_in_bytes", &usage) == 0 &&
	    usage > t->r->mem_limit.v)
		return pf_fail_sys(e, EBUSY,
				   "/linux/resources/memory/limit: rejecting %" PRId64
				   ", below the %" PRId64 " bytes in use (checkBeforeUpdate)",
				   t->r->mem_limit.v, usage);
	return 0;
}

int cgroup_v1_memory(const struct cgroup_target *t, struct pf_error *e)
{
	const struct oci_resources *r = t->r;

	STEP(cgroup_v1_memory_check(t, e));
	STEP(set_memory_and_swap(t, e));
	if (cgroup_num_set(&r->mem_reservation))
		STEP(cgroup_limit_number(t, "memory/reservation", "memory.soft_limit_in_bytes",
					 r->mem_reservation.v, e));
	if (r->has_mem_disable_oom_killer && r->mem_disable_oom_killer)
		STEP(cgroup_limit_write(t, "memory/disableOOMKiller", "memory.oom_control", "1",
					e));
	if (!r->mem_swappiness.present || r->mem_swappiness.v == -1)
		return 0;
	if (r->mem_swappiness.v < 0 || r->mem_swappiness.v > 100)
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "/linux/resources/memory/swappiness: %" PRId64
			       " is not within 0 and 100",
			       r->mem_swappiness.v);
	return cgroup_limit_number(t, "memory/swappiness", "memory.swappiness", r->mem_swappiness.v,
				   e);
}

int cgroup_v1_pids(const struct cgroup_target *t, struct pf_error *e)
{
	int64_t limit = cgroup_pids_limit(t->r);

	if (limit < 0)
		return cgroup_limit_write(t, "pids/limit", "pids.max", "max", e);
	return cgroup_limit_number(t, "pids/limit", "pids.max", limit, e);
}

/* ---- block devices ---- */

static int set_throttles(const struct cgroup_target *t, const char *what, const char *file,
			 const struct oci_throttles *list, struct pf_error *e)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct oci_throttle *d = &list->v[i];
		char text[64];

		snprintf(text, sizeof(text), "%u:%u %" PRIu64, d->major, d->minor, d->rate);
		STEP(cgroup_limit_write(t, what, file, text, e));
	}
	return 0;
}

int cgroup_v1_blkio(const struct cgroup_target *t, struct pf_error *e)
{
	const struct oci_resources *r = t->r;
	bool bfq = !has_file(t, "blkio.weight") && has_file(t, "blkio.bfq.weight");

	if (cgroup_num_set(&r->blkio_weight))
		STEP(cgroup_limit_number(t, "blockIO/weight",
					 bfq ? "blkio.bfq.weight" : "blkio.weight",
					 r->blkio_weight.v, e));
	if (cgroup_num_set(&r->blkio_leaf_weight))
		STEP(cgroup_limit_number(t, "blockIO/leafWeight", "blkio.leaf_weight",
					 r->blkio_leaf_weight.v, e));
	STEP(set_throttles(t, "blockIO/weightDevice",
			   bfq ? "blkio.bfq.weight_device" : "blkio.weight_device",
			   &r->blkio_weight_device, e));
	STEP(set_throttles(t, "blockIO/throttleReadBpsDevice", "blkio.throttle.read_bps_device",
			   &r->blkio_read_bps, e));
	STEP(set_throttles(t, "blockIO/throttleWriteBpsDevice", "blkio.throttle.write_bps_device",
			   &r->blkio_write_bps, e));
	STEP(set_throttles(t, "blockIO/throttleReadIOPSDevice", "blkio.throttle.read_iops_device",
			   &r->blkio_read_iops, e));
	return set_throttles(t, "blockIO/throttleWriteIOPSDevice",
			     "blkio.throttle.write_iops_device", &r->blkio_write_iops, e);
}

/* ---- the others ---- */

int cgroup_v1_hugetlb(const struct cgroup_target *t, struct pf_error *e)
{
	return cgroup_hugetlb(t, "limit_in_bytes", e);
}

int cgroup_v1_net_cls(const struct cgroup_target *t, struct pf_error *e)
{
	return cgroup_limit_number(t, "network/classID", "net_cls.classid", t->r->net_class_id.v,
				   e);
}

int cgroup_v1_net_prio(const struct cgroup_target *t, struct pf_error *e)
{
	for (size_t i = 0; i < t->r->net_priorities.n; i++) {
		const struct oci_pair *p = &t->r->net_priorities.v[i];
		char text[64];

		if ((size_t)snprintf(text, sizeof(text), "%s %s", p->key, p->value) >= sizeof(text))
			return pf_fail(e, PF_ERR_CONFIG, ENAMETOOLONG,
				       "/linux/resources/network/priorities: `%.64s'", p->key);
		STEP(cgroup_limit_write(t, "network/priorities", "net_prio.ifpriomap", text, e));
	}
	return 0;
}
