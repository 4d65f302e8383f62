/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits: what of linux.resources is asked for, which controller that needs, where that controller is on this host. The
 * files and their words are in cgroup_v1.c and cgroup_v2.c.
 *
 * A limit whose controller is missing is an error, unless it limits nothing ("pids: -1"): an engine that asked for 2048
 * processes must not get a container without a limit.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/cgroup_internal.h"

#define RESOURCES "/linux/resources/"

bool cgroup_num_set(const struct oci_num *n)
{
	return n->present && n->v != 0;
}

/* 0 is the strictest limit, and 1 keeps it: TasksMax= takes no 0, and the first process is never counted against it. */
int64_t cgroup_pids_limit(const struct oci_resources *r)
{
	if (r->pids_limit.v < 0)
		return -1;
	return r->pids_limit.v > 0 ? r->pids_limit.v : 1;
}

/* ---- what is asked for ---- */

struct number_row {
	const char *controller, *what;
	size_t offset; /* of a struct oci_num in struct oci_resources */
	bool zero;     /* 0 is a value, not "not set" */
	bool limits_at_zero;
};

#define ROW(ctl, name, member, ...)                                            \
	{                                                                      \
		ctl, name, offsetof(struct oci_resources, member), __VA_ARGS__ \
	}

static const struct number_row numbers[] = {
	ROW("memory", "memory/limit", mem_limit, false, false),
	ROW("memory", "memory/reservation", mem_reservation, false, false),
	ROW("memory", "memory/swap", mem_swap, false, false),
	ROW("memory", "memory/swappiness", mem_swappiness, true, true),
	ROW("cpu", "cpu/shares", cpu_shares, false, false),
	ROW("cpu", "cpu/quota", cpu_quota, false, false),
	ROW("cpu", "cpu/period", cpu_period, false, false),
	ROW("cpu", "cpu/burst", cpu_burst, true, false),
	ROW("cpu", "cpu/realtimeRuntime", cpu_rt_runtime, false, false),
	ROW("cpu", "cpu/realtimePeriod", cpu_rt_period, false, false),
	ROW("cpu", "cpu/idle", cpu_idle, true, false),
	ROW("pids", "pids/limit", pids_limit, true, true),
	ROW("blkio", "blockIO/weight", blkio_weight, false, false),
	ROW("blkio", "blockIO/leafWeight", blkio_leaf_weight, false, false),
	ROW("net_cls", "network/classID", net_class_id, false, false),
};

/* Lists and texts; what they hold is always a limit. */
static const char *asked_list(const struct oci_resources *r, const char *controller)
{
	const struct {
		const char *controller, *what;
		bool asked;
	} lists[] = {
		{ "cpuset", "cpu/cpus", r->cpuset_cpus && *r->cpuset_cpus },
		{ "cpuset", "cpu/mems", r->cpuset_mems && *r->cpuset_mems },
		{ "memory", "memory/disableOOMKiller",
		  r->has_mem_disable_oom_killer && r->mem_disable_oom_killer },
		{ "blkio", "blockIO/weightDevice", r->blkio_weight_device.n > 0 },
		{ "blkio", "blockIO/throttleReadBpsDevice", r->blkio_read_bps.n > 0 },
		{ "blkio", "blockIO/throttleWriteBpsDevice", r->blkio_write_bps.n > 0 },
		{ "blkio", "blockIO/throttleReadIOPSDevice", r->blkio_read_iops.n > 0 },
		{ "blkio", "blockIO/throttleWriteIOPSDevice", r->blkio_write_iops.n > 0 },
		{ "hugetlb", "hugepageLimits", r->n_hugepages > 0 },
		{ "net_prio", "network/priorities", r->net_priorities.n > 0 },
		{ "rdma", "rdma", r->n_rdma > 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (lists[i].asked && strcmp(lists[i].controller, controller) == 0)
			return lists[i].what;
	return NULL;
}

/* The name of the first thing asked of @controller; *limits: it would be missed if it were left out. */
static const char *asked_of(const struct oci_resources *r, const char *controller, bool *limits)
{
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const struct oci_num *n = (const void *)((const char *)r + numbers[i].offset);

		if (strcmp(numbers[i].controller, controller) != 0 || !n->present ||
		    (n->v == 0 && !numbers[i].zero))
			continue;
		if (!first)
			first = numbers[i].what;
		if (n->v > 0 || (n->v == 0 && numbers[i].limits_at_zero)) {
			*limits = true;
			return numbers[i].what;
		}
	}
	if (asked_list(r, controller)) {
		*limits = true;
		return asked_list(r, controller);
	}
	return first;
}

/* ---- writing, for both versions ---- */

int cgroup_limit_fail(const struct cgroup_target *t, const char *what, const char *file, int err,
		      struct pf_error *e)
{
	if (err == -ENOENT)
		return pf_fail(
			e, PF_ERR_HOST, ENOENT,
			RESOURCES
			"%s: this kernel has no `%s' in `%s%.150s' (not built in, or turned off at boot): leave the limit out",
			what, file, t->h->mount, t->h->path);
	return pf_fail_sys(e, err, RESOURCES "%s: write `%s%.200s/%s'", what, t->h->mount,
			   t->h->path, file);
}

int cgroup_limit_write(const struct cgroup_target *t, const char *what, const char *file,
		       const char *value, struct pf_error *e)
{
	int ret = pf_write_file_at(t->dir, file, value);

	if (ret == -ENOENT)
		return cgroup_limit_fail(t, what, file, ret, e);
	if (ret < 0)
		return pf_fail_sys(e, ret, RESOURCES "%s: write `%.64s' to `%s%.200s/%s'", what,
				   value, t->h->mount, t->h->path, file);
	return 0;
}

int cgroup_limit_number(const struct cgroup_target *t, const char *what, const char *file,
			int64_t value, struct pf_error *e)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return cgroup_limit_write(t, what, file, text, e);
}

/* rdma.max is the same file in both. */
int cgroup_any_rdma(const struct cgroup_target *t, struct pf_error *e)
{
	for (size_t i = 0; i < t->r->n_rdma; i++) {
		const struct oci_rdma *d = &t->r->rdma[i];
		char text[256], handles[48] = "", objects[48] = "";

		if (d->handles.present)
			snprintf(handles, sizeof(handles), " hca_handle=%" PRId64, d->handles.v);
		if (d->objects.present)
			snprintf(objects, sizeof(objects), " hca_object=%" PRId64, d->objects.v);
		if ((size_t)snprintf(text, sizeof(text), "%s%s%s", d->device, handles, objects) >=
		    sizeof(text))
			return pf_fail(e, PF_ERR_CONFIG, ENAMETOOLONG, RESOURCES "rdma: `%.64s'",
				       d->device);
		STEP(cgroup_limit_write(t, "rdma", "rdma.max", text, e));
	}
	return 0;
}

/* The same shape in both; the reservation file (Linux 5.7) counts what mmap promised, not only what was touched. */
int cgroup_hugetlb(const struct cgroup_target *t, const char *file, struct pf_error *e)
{
	for (size_t i = 0; i < t->r->n_hugepages; i++) {
		const struct oci_hugepage *p = &t->r->hugepages[i];
		char name[96], value[32];
		int ret;

		if (strpbrk(p->page_size, "/."))
			return pf_fail(e, PF_ERR_CONFIG, 0,
				       RESOURCES "hugepageLimits: `%.32s' is not a page size",
				       p->page_size);
		snprintf(value, sizeof(value), "%" PRIu64, p->limit);
		snprintf(name, sizeof(name), "hugetlb.%.32s.%s", p->page_size, file);
		STEP(cgroup_limit_write(t, "hugepageLimits", name, value, e));
		snprintf(name, sizeof(name), "hugetlb.%.32s.rsvd.%s", p->page_size, file);
		ret = pf_write_file_at(t->dir, name, value);
		if (ret < 0 && ret != -ENOENT)
			return cgroup_limit_fail(t, "hugepageLimits", name, ret, e);
	}
	return 0;
}

/* ---- where the controller is ---- */

/* What is done with the files of a controller. A check looks at what is there and changes nothing. */
enum pass { PASS_CHECK, PASS_WRITE, PASS_COUNT_ };

struct controller {
	const char *v1, *v2; /* their names; NULL: that version has none */
	cgroup_limit_fn *on_v1[PASS_COUNT_], *on_v2[PASS_COUNT_]; /* NULL: nothing to do */
};

static const struct controller controllers[] = {
	{ "cpu", "cpu", { NULL, cgroup_v1_cpu }, { NULL, cgroup_v2_cpu } },
	{ "cpuset", "cpuset", { NULL, cgroup_v1_cpuset }, { NULL, cgroup_v2_cpuset } },
	{ "memory",
	  "memory",
	  { cgroup_v1_memory_check, cgroup_v1_memory },
	  { cgroup_v2_memory_check, cgroup_v2_memory } },
	{ "pids", "pids", { NULL, cgroup_v1_pids }, { NULL, cgroup_v2_pids } },
	{ "blkio", "io", { NULL, cgroup_v1_blkio }, { NULL, cgroup_v2_io } },
	{ "hugetlb", "hugetlb", { NULL, cgroup_v1_hugetlb }, { NULL, cgroup_v2_hugetlb } },
	{ "net_cls", NULL, { NULL, cgroup_v1_net_cls }, { NULL, NULL } },
	{ "net_prio", NULL, { NULL, cgroup_v1_net_prio }, { NULL, NULL } },
	{ "rdma", "rdma", { NULL, cgroup_any_rdma }, { NULL, cgroup_any_rdma } },
};

static bool v2_has(const struct cgroup_hierarchy *h, int dir, const char *name)
{
	char list[512];

	if (cgroup_read_file(dir, "cgroup.controllers", list, sizeof(list)) < 0)
		return false;
	if (cgroup_list_has(list, name))
		return true;
	/* Beside v1 nothing was enabled at create, and on v2 somebody may have turned it off since. */
	return cgroup_dir_enable(h, name) == 0 &&
	       cgroup_read_file(dir, "cgroup.controllers", list, sizeof(list)) >= 0 &&
	       cgroup_list_has(list, name);
}

static int fail_missing(const struct controller *c, const char *what, bool unified,
			struct pf_error *e)
{
	if (unified && !c->v2)
		return pf_fail(
			e, PF_ERR_HOST, 0,
			RESOURCES
			"%s: needs the controller `%s', which only cgroup v1 has: leave it out on cgroup v2",
			what, c->v1);
	return pf_fail(
		e, PF_ERR_HOST, 0,
		RESOURCES
		"%s: needs the cgroup controller `%s', which is not available to the container: mount it (v1), enable it in cgroup.subtree_control of the groups above (v2), delegate it to the user (rootless), or leave the limit out",
		what, unified ? c->v2 : c->v1);
}

/* systemd turns controllers on for a unit that asks: any that the top of its own tree has. */
static bool systemd_has(const struct cgroup *cg, const struct cgroup_hierarchy *h, const char *name)
{
	struct cgroup_hierarchy top = *h;
	char *user = cg->systemd_user ? strstr(top.path, "/user@") : NULL;
	struct pf_error ignored;
	auto_fd dir = -EBADF;
	char list[512];

	if (cg->manager != CGROUP_MANAGER_SYSTEMD)
		return false;
	top.path[user ? (size_t)(user - top.path) + 1 + strcspn(user + 1, "/") : 0] = '\0';
	return cgroup_dir_open(&top, &dir, &ignored) == 0 &&
	       cgroup_read_file(dir, "cgroup.controllers", list, sizeof(list)) >= 0 &&
	       cgroup_list_has(list, name);
}

static int do_one(const struct cgroup *cg, const struct oci_resources *r,
		  const struct controller *c, enum pass pass, struct pf_error *e)
{
	const struct cgroup_hierarchy *v1 = cgroup_find_v1(cg, c->v1), *v2 = cgroup_find_v2(cg);
	struct cgroup_target t = { .r = r, .h = v1 ? v1 : v2 };
	cgroup_limit_fn *const *use = NULL;
	auto_fd dir = -EBADF;
	bool limits = false;
	const char *what = asked_of(r, c->v1, &limits);

	if (!what)
		return 0;
	if (t.h)
		STEP(cgroup_dir_open(t.h, &dir, e));
	t.dir = dir;
	if (v1)
		use = c->on_v1;
	else if (v2 && c->v2 && v2_has(v2, dir, c->v2))
		use = c->on_v2;
	else if (pass == PASS_CHECK && v2 && c->v2 && systemd_has(cg, v2, c->v2))
		return 0;
	if (!use)
		return limits ? fail_missing(c, what, cgroup_is_unified(cg), e) : 0;
	return use[pass] ? use[pass](&t, e) : 0;
}

static int check_unified(const struct cgroup *cg, const struct oci_resources *r, struct pf_error *e)
{
	if (r->unified.n == 0 || cgroup_find_v2(cg))
		return 0;
	return pf_fail(
		e, PF_ERR_HOST, 0,
		RESOURCES
		"unified: cannot use unified on cgroup v1: the container has no cgroup v2 group");
}

static int apply_unified(const struct cgroup *cg, const struct oci_resources *r, struct pf_error *e)
{
	struct cgroup_target t = { .r = r, .h = cgroup_find_v2(cg) };
	auto_fd dir = -EBADF;

	if (r->unified.n == 0)
		return 0;
	STEP(check_unified(cg, r, e));
	STEP(cgroup_dir_open(t.h, &dir, e));
	t.dir = dir;
	return cgroup_v2_unified(&t, e);
}

int cgroup_limits_check(const struct cgroup *cg, const struct oci_resources *r, struct pf_error *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		STEP(do_one(cg, r, &controllers[i], PASS_CHECK, e));
	return check_unified(cg, r, e);
}

int cgroup_limits_apply(const struct cgroup *cg, const struct oci_resources *r, struct pf_error *e)
{
	if (cgroup_num_set(&r->mem_kernel))
		pf_log(PF_LOG_WARNING, RESOURCES
		       "memory/kernel: kernel memory is no longer limited apart, ignoring");
	if (cgroup_num_set(&r->mem_kernel_tcp))
		pf_log(PF_LOG_WARNING, RESOURCES
		       "memory/kernelTCP: kernel memory is no longer limited apart, ignoring");
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		STEP(do_one(cg, r, &controllers[i], PASS_WRITE, e));
	return apply_unified(cg, r, e);
}
