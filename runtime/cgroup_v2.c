/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits in the files of cgroup v2. What v2 has no word for is refused when it would be missed, and otherwise said in a
 * warning that ends in "ignoring".
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

/* A number, or "max" where it is negative. */
static int write_max(const struct cgroup_target *t, const char *what, const char *file,
		     int64_t value, struct pf_error *e)
{
	return value < 0 ? cgroup_limit_write(t, what, file, "max", e)
			 : cgroup_limit_number(t, what, file, value, e);
}

/* ---- cpu ---- */

static int set_weight(const struct cgroup_target *t, struct pf_error *e)
{
	const struct oci_resources *r = t->r;
	char text[32];

	/* an idle group has no weight, and refuses one */
	if (!cgroup_num_set(&r->cpu_shares) || (r->cpu_idle.present && r->cpu_idle.v != 0))
		return 0;
	snprintf(text, sizeof(text), "%" PRIu64,
		 cgroup_shares_to_weight((uint64_t)r->cpu_shares.v));
	return cgroup_limit_write(t, "cpu/shares", "cpu.weight", text, e);
}

/* cpu.max holds "QUOTA PERIOD"; one number changes the quota alone, so a period alone needs the quota that is there. */
static int set_max(const struct cgroup_target *t, struct pf_error *e)
{
	const struct oci_resources *r = t->r;
	bool quota = cgroup_num_set(&r->cpu_quota), period = cgroup_num_set(&r->cpu_period);
	char text[80], now[64] = "max";
	const char *what = quota ? "cpu/quota" : "cpu/period";

	if (!quota && !period)
		return 0;
	if (quota && r->cpu_quota.v > 0) {
		snprintf(now, sizeof(now), "%" PRId64, r->cpu_quota.v);
	} else if (!quota && cgroup_read_file(t->dir, "cpu.max", now, sizeof(now)) > 0) {
		now[strcspn(now, " ")] = '\0';
	}
	if (period)
		snprintf(text, sizeof(text), "%s %" PRId64, now, r->cpu_period.v);
	else
		snprintf(text, sizeof(text), "%s", now);
	return cgroup_limit_write(t, what, "cpu.max", text, e);
}

static int set_burst_and_max(const struct cgroup_target *t, struct pf_error *e)
{
	const struct oci_num *burst = &t->r->cpu_burst;
	bool todo = burst->present && (burst->v != 0 || has_file(t, "cpu.max.burst"));
	char text[32];

	/* burst may not exceed the quota: shrinking goes first, growing second, and the kernel tells which this is */
	snprintf(text, sizeof(text), "%" PRId64, burst->v);
	if (todo && cgroup_num_set(&t->r->cpu_quota) &&
	    pf_write_file_at(t->dir, "cpu.max.burst", text) == 0)
		todo = false;
	STEP(set_max(t, e));
	return todo ? cgroup_limit_write(t, "cpu/burst", "cpu.max.burst", text, e) : 0;
}

int cgroup_v2_cpu(const struct cgroup_target *t, struct pf_error *e)
{
	const struct oci_resources *r = t->r;

	if (cgroup_num_set(&r->cpu_rt_runtime) || cgroup_num_set(&r->cpu_rt_period))
		return pf_fail(
			e, PF_ERR_HOST, 0,
			"/linux/resources/cpu/realtimeRuntime: cgroup v2 has no realtime limits: leave realtimeRuntime and realtimePeriod out");
	if (r->cpu_idle.present && (r->cpu_idle.v != 0 || has_file(t, "cpu.idle")))
		STEP(cgroup_limit_number(t, "cpu/idle", "cpu.idle", r->cpu_idle.v, e));
	STEP(set_weight(t, e));
	return set_burst_and_max(t, e);
}

int cgroup_v2_cpuset(const struct cgroup_target *t, struct pf_error *e)
{
	return cgroup_v1_cpuset(t, e); /* the files have the same names */
}

/* ---- memory ---- */

int cgroup_v2_memory_check(const struct cgroup_target *t, struct pf_error *e)
{
	int64_t usage = 0, limit = t->r->mem_limit.v;

	if (!t->r->mem_check_before_update || limit <= 0)
		return 0;
	if (cgroup_read_number(t->dir, "memory.current", &usage) == 0 && usage > limit)
		return pf_fail_sys(e, EBUSY,
				   "/linux/resources/memory/limit: rejecting %" PRId64
				   ", below the %" PRId64 " bytes in use (checkBeforeUpdate)",
				   limit, usage);
	return 0;
}

/* The memory limit that a swap number is meant with: the new one, else the one that is there. */
static int64_t limit_for_swap(const struct cgroup_target *t)
{
	int64_t now = 0;

	if (cgroup_num_set(&t->r->mem_limit))
		return t->r->mem_limit.v;
	if (cgroup_read_number(t->dir, "memory.max", &now) < 0)
		return 0;
	return now == INT64_MAX ? -1 : now;
}

static int set_swap(const struct cgroup_target *t, struct pf_error *e)
{
	const struct oci_resources *r = t->r;
	int64_t swap = -1, limit = limit_for_swap(t);
	char text[32] = "max";
	int ret;

	if (!cgroup_num_set(&r->mem_swap) && !(cgroup_num_set(&r->mem_limit) && r->mem_limit.v < 0))
		return 0;
	if (cgroup_num_set(&r->mem_swap) && cgroup_swap_to_v2(r->mem_swap.v, limit, &swap) < 0)
		return pf_fail(
			e, PF_ERR_CONFIG, 0,
			"/linux/resources/memory/swap: %" PRId64
			" is memory and swap together and must not be below memory/limit %" PRId64,
			r->mem_swap.v, limit);
	if (swap >= 0)
		snprintf(text, sizeof(text), "%" PRId64, swap);
	ret = pf_write_file_at(t->dir, "memory.swap.max", text);
	/* a kernel without swap accounting: neither "no limit" nor "no swap" is missed by anyone */
	if (ret == -ENOENT && swap <= 0)
		return 0;
	return ret < 0 ? cgroup_limit_fail(t, "memory/swap", "memory.swap.max", ret, e) : 0;
}

int cgroup_v2_memory(const struct cgroup_target *t, struct pf_error *e)
{
	const struct oci_resources *r = t->r;

	STEP(cgroup_v2_memory_check(t, e));
	STEP(set_swap(t, e));
	if (cgroup_num_set(&r->mem_limit))
		STEP(write_max(t, "memory/limit", "memory.max", r->mem_limit.v, e));
	if (cgroup_num_set(&r->mem_reservation))
		STEP(write_max(t, "memory/reservation", "memory.low", r->mem_reservation.v, e));
	if (r->mem_swappiness.present && r->mem_swappiness.v != -1)
		pf_log(PF_LOG_WARNING,
		       "/linux/resources/memory/swappiness: cgroup v2 has none, ignoring");
	if (r->has_mem_disable_oom_killer && r->mem_disable_oom_killer)
		pf_log(PF_LOG_WARNING,
		       "/linux/resources/memory/disableOOMKiller: cgroup v2 cannot, ignoring");
	return 0;
}

int cgroup_v2_pids(const struct cgroup_target *t, struct pf_error *e)
{
	return write_max(t, "pids/limit", "pids.max", cgroup_pids_limit(t->r), e);
}

/* ---- io ---- */

static int set_io_weight(const struct cgroup_target *t, struct pf_error *e)
{
	const struct oci_resources *r = t->r;
	bool bfq = has_file(t, "io.bfq.weight"); /* takes the specification's numbers as they are */
	const char *file = bfq ? "io.bfq.weight" : "io.weight";
	char text[64];

	if (cgroup_num_set(&r->blkio_weight)) {
		uint64_t w = (uint64_t)r->blkio_weight.v;

		snprintf(text, sizeof(text), "default %" PRIu64,
			 bfq ? w : cgroup_blkio_to_io_weight(w));
		STEP(cgroup_limit_write(t, "blockIO/weight", file, text, e));
	}
	for (size_t i = 0; i < r->blkio_weight_device.n; i++) {
		const struct oci_throttle *d = &r->blkio_weight_device.v[i];

		snprintf(text, sizeof(text), "%u:%u %" PRIu64, d->major, d->minor,
			 bfq ? d->rate : cgroup_blkio_to_io_weight(d->rate));
		STEP(cgroup_limit_write(t, "blockIO/weightDevice", file, text, e));
	}
	return 0;
}

static int set_io_max(const struct cgroup_target *t, const char *what, const char *key,
		      const struct oci_throttles *list, struct pf_error *e)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct oci_throttle *d = &list->v[i];
		char text[96];

		if (d->rate == 0) /* v1 takes a limit away by 0 */
			snprintf(text, sizeof(text), "%u:%u %s=max", d->major, d->minor, key);
		else
			snprintf(text, sizeof(text), "%u:%u %s=%" PRIu64, d->major, d->minor, key,
				 d->rate);
		STEP(cgroup_limit_write(t, what, "io.max", text, e));
	}
	return 0;
}

int cgroup_v2_io(const struct cgroup_target *t, struct pf_error *e)
{
	const struct oci_resources *r = t->r;

	STEP(set_io_weight(t, e));
	if (cgroup_num_set(&r->blkio_leaf_weight))
		pf_log(PF_LOG_WARNING,
		       "/linux/resources/blockIO/leafWeight: cgroup v2 has none, ignoring");
	STEP(set_io_max(t, "blockIO/throttleReadBpsDevice", "rbps", &r->blkio_read_bps, e));
	STEP(set_io_max(t, "blockIO/throttleWriteBpsDevice", "wbps", &r->blkio_write_bps, e));
	STEP(set_io_max(t, "blockIO/throttleReadIOPSDevice", "riops", &r->blkio_read_iops, e));
	return set_io_max(t, "blockIO/throttleWriteIOPSDevice", "wiops", &r->blkio_write_iops, e);
}

int cgroup_v2_hugetlb(const struct cgroup_target *t, struct pf_error *e)
{
	return cgroup_hugetlb(t, "max", e);
}

/* ---- unified: the file names of v2 themselves ---- */

static int set_unified(const struct cgroup_target *t, const struct oci_pair *p, struct pf_error *e)
{
	char what[80], controller[64];
	size_t dot = strcspn(p->key, ".");
	const char *line = p->value;
	int ret = 0;

	snprintf(what, sizeof(what), "unified/%.64s", p->key);
	if (strchr(p->key, '/') || p->key[0] == '.' || p->key[0] == '\0' ||
	    dot >= sizeof(controller))
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "/linux/resources/%s: is not the name of a cgroup file", what);
	snprintf(controller, sizeof(controller), "%.*s", (int)dot, p->key);
	do { /* files such as io.max take one line a write */
		size_t len = strcspn(line, "\n");
		auto_free char *text = strndup(line, len);

		if (!text)
			return pf_fail_sys(e, ENOMEM, "/linux/resources/%s", what);
		ret = pf_write_file_at(t->dir, p->key, text);
		line += len + (line[len] == '\n');
	} while (ret == 0 && *line);
	if (ret == -ENOENT || ret == -EPERM || ret == -EACCES)
		return pf_fail(
			e, PF_ERR_HOST, -ret,
			"/linux/resources/%s: can't be set in `%s%.150s': controller `%s' is not enabled there, or this kernel has no such file",
			what, t->h->mount, t->h->path, controller);
	return ret < 0 ? cgroup_limit_fail(t, what, p->key, ret, e) : 0;
}

int cgroup_v2_unified(const struct cgroup_target *t, struct pf_error *e)
{
	for (size_t i = 0; i < t->r->unified.n; i++)
		STEP(set_unified(t, &t->r->unified.v[i], e));
	return 0;
}
