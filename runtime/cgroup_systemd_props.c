/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of the container's scope: its own, and those of linux.resources. Pure, but for a look at /proc/devices. */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/cgroup_systemd.h"

#define CPUSET_MAX_BYTES 1024 /* 8192 cpus */

/* ---- the list ---- */

struct unit_property *properties_add(struct unit_properties *p, const char *name, const char *type)
{
	static struct unit_property
		sink; /* what is added after a failure goes nowhere, and .failed tells */
	struct unit_property *new;

	if (p->n == p->cap && !p->failed) {
		size_t cap = p->cap ? p->cap * 2 : 32;
		struct unit_property *v = realloc(p->v, cap * sizeof(*v));

		p->failed = !v;
		if (v) {
			p->v = v;
			p->cap = cap;
		}
	}
	new = p->failed ? &sink : &p->v[p->n++];
	*new = (struct unit_property){ 0 };
	if (cgroup_copy(new->name, sizeof(new->name), name) < 0 ||
	    cgroup_copy(new->type, sizeof(new->type), type) < 0)
		p->failed = true;
	return new;
}

void properties_add_bool(struct unit_properties *p, const char *name, bool value)
{
	properties_add(p, name, "b")->u = value;
}

void properties_add_number(struct unit_properties *p, const char *name, uint64_t value)
{
	properties_add(p, name, "t")->u = value;
}

void properties_add_bytes(struct unit_properties *p, const char *name, const char *type,
			  const void *data, size_t len)
{
	char *copy = malloc(len + 1);
	struct unit_property *new;

	if (!copy || p->failed) {
		p->failed = true;
		free(copy);
		return;
	}
	memcpy(copy, data, len);
	copy[len] = '\0';
	new = properties_add(p, name, type);
	if (p->failed) {
		free(copy);
		return;
	}
	new->data = copy;
	new->len = len;
}

void properties_add_text(struct unit_properties *p, const char *name, const char *value)
{
	properties_add_bytes(p, name, "s", value, strlen(value));
}

void properties_free(struct unit_properties *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].data);
	free(p->v);
	*p = (struct unit_properties){ 0 };
}

/* ---- the scope's own ---- */

void properties_of_scope(const struct cgroup *cg, pid_t pid, struct unit_properties *p)
{
	char text[300];
	uint32_t pids[1] = { (uint32_t)pid };

	snprintf(text, sizeof(text), "pinfold container %s", cg->unit);
	properties_add_text(p, "Description", text);
	properties_add_text(p, "Slice", cg->slice);
	properties_add_bytes(p, "PIDs", "au", pids, sizeof(pids));
	properties_add_bool(
		p, "Delegate",
		true); /* below its group the container's side rules, systemd keeps out */
	properties_add_bool(p, "DefaultDependencies",
			    false); /* shutdown is the engine's business */
	properties_add_bool(p, "MemoryAccounting", true);
	properties_add_bool(p, "CPUAccounting", true);
	properties_add_bool(p, cgroup_is_unified(cg) ? "IOAccounting" : "BlockIOAccounting", true);
	properties_add_bool(p, "TasksAccounting", true);
}

/* ---- resources ---- */

static uint64_t unlimited(int64_t n)
{
	return n < 0 ? UINT64_MAX : (uint64_t)n;
}

static int add_cpuset(struct unit_properties *p, const char *name, const char *list,
		      struct pf_error *e)
{
	uint8_t mask[CPUSET_MAX_BYTES];
	size_t len = 0;

	if (!list || !*list)
		return 0;
	if (cgroup_cpuset_to_mask(list, mask, sizeof(mask), &len) < 0)
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "/linux/resources/cpu: `%.100s' is no list of cpus or nodes", list);
	properties_add_bytes(p, name, "ay", mask, len);
	return 0;
}

static void add_memory(struct unit_properties *p, const struct oci_resources *r, bool unified)
{
	int64_t swap = 0;

	if (cgroup_num_set(&r->mem_limit))
		properties_add_number(p, unified ? "MemoryMax" : "MemoryLimit",
				      unlimited(r->mem_limit.v));
	if (!unified)
		return;
	if (cgroup_num_set(&r->mem_reservation))
		properties_add_number(p, "MemoryLow", unlimited(r->mem_reservation.v));
	if (cgroup_num_set(&r->mem_swap) && cgroup_num_set(&r->mem_limit) &&
	    cgroup_swap_to_v2(r->mem_swap.v, r->mem_limit.v, &swap) == 0)
		properties_add_number(p, "MemorySwapMax", unlimited(swap));
}

static int add_cpu(struct unit_properties *p, const struct oci_resources *r, bool unified,
		   struct pf_error *e)
{
	bool idle = r->cpu_idle.present && r->cpu_idle.v != 0;

	if (cgroup_num_set(&r->cpu_shares) && !unified)
		properties_add_number(p, "CPUShares", (uint64_t)r->cpu_shares.v);
	if (cgroup_num_set(&r->cpu_shares) && unified && !idle)
		properties_add_number(p, "CPUWeight",
				      cgroup_shares_to_weight((uint64_t)r->cpu_shares.v));
	if (idle && unified)
		properties_add_number(p, "CPUWeight", 0); /* systemd's word for cpu.idle */
	if (cgroup_num_set(&r->cpu_period))
		properties_add_number(p, "CPUQuotaPeriodUSec", (uint64_t)r->cpu_period.v);
	if (cgroup_num_set(&r->cpu_quota))
		properties_add_number(
			p, "CPUQuotaPerSecUSec",
			cgroup_quota_to_systemd(r->cpu_quota.v, cgroup_num_set(&r->cpu_period)
									? (uint64_t)r->cpu_period.v
									: 0));
	if (!unified)
		return 0;
	STEP(add_cpuset(p, "AllowedCPUs", r->cpuset_cpus, e));
	return add_cpuset(p, "AllowedMemoryNodes", r->cpuset_mems, e);
}

/* unified: only what systemd has a property for, the files are written in any case. */
static void add_unified(struct unit_properties *p, const struct oci_resources *r)
{
	static const struct {
		const char *file, *property;
	} rows[] = {
		{ "memory.min", "MemoryMin" },          { "memory.low", "MemoryLow" },
		{ "memory.high", "MemoryHigh" },        { "memory.max", "MemoryMax" },
		{ "memory.swap.max", "MemorySwapMax" }, { "pids.max", "TasksMax" },
		{ "cpu.weight", "CPUWeight" },
	};

	for (size_t i = 0; i < r->unified.n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
			const char *value = r->unified.v[i].value;
			char *end;
			unsigned long long n;

			if (strcmp(r->unified.v[i].key, rows[k].file) != 0)
				continue;
			n = strtoull(value, &end, 10);
			if (strcmp(value, "max") == 0)
				properties_add_number(p, rows[k].property, UINT64_MAX);
			else if (end != value && *end == '\0')
				properties_add_number(p, rows[k].property, n);
		}
}

int properties_of_resources(const struct oci_resources *r, bool unified, struct unit_properties *p,
			    struct pf_error *e)
{
	add_memory(p, r, unified);
	STEP(add_cpu(p, r, unified, e));
	if (r->pids_limit.present) /* -1 becomes "infinity", the largest number */
		properties_add_number(p, "TasksMax", (uint64_t)cgroup_pids_limit(r));
	if (cgroup_num_set(&r->blkio_weight) && !unified)
		properties_add_number(p, "BlockIOWeight", (uint64_t)r->blkio_weight.v);
	if (unified)
		add_unified(p, r);
	return 0;
}

/* ---- devices, v1 only: on v2 systemd attaches a program of its own and never takes ours away ---- */

/* "pts" for 136: the name of a driver in /proc/devices, which is how systemd names all minors of a major. */
static bool driver_name(char type, int64_t major, char *buf, size_t size)
{
	FILE *f = fopen("/proc/devices", "re");
	char line[128], name[100];
	bool block = false, found = false;
	long n;

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "Block", 5) == 0)
			block = true;
		if (sscanf(line, "%ld %99s", &n, name) == 2 && block == (type == 'b') && n == major)
			found = (size_t)snprintf(buf, size, "%s-%s", block ? "block" : "char",
						 name) < size;
	}
	if (f)
		(void)fclose(f);
	return found;
}

static bool device_words(const struct device_entry *d, char *path, size_t size)
{
	const char *kind = d->type == 'b' ? "block" : "char";

	if (d->major < 0 && d->minor < 0)
		return (size_t)snprintf(path, size, "%s-*", kind) < size;
	if (d->major >= 0 && d->minor >= 0)
		return (size_t)snprintf(path, size, "/dev/%s/%" PRId64 ":%" PRId64, kind, d->major,
					d->minor) < size;
	return d->major >= 0 && driver_name(d->type, d->major, path, size);
}

static bool add_device(struct pf_buf *list, const struct device_entry *d)
{
	char path[160], access[4];

	if (!device_words(d, path, sizeof(path)))
		return false;
	snprintf(access, sizeof(access), "%s%s%s", d->access & DEVICE_READ ? "r" : "",
		 d->access & DEVICE_WRITE ? "w" : "", d->access & DEVICE_MKNOD ? "m" : "");
	pf_buf_add(list, path, strlen(path) + 1);
	pf_buf_add(list, access, strlen(access) + 1);
	return true;
}

int properties_of_devices(const struct device_rules *rules, struct unit_properties *p,
			  struct pf_error *e)
{
	auto_devices exceptions = { 0 };
	auto_buf list = { 0 };
	bool allow = false;

	STEP(devices_reduce(rules, &allow, &exceptions, e));
	for (size_t i = 0; i < exceptions.n && !allow; i++)
		if (!add_device(&list, &exceptions.v[i])) {
			pf_debug("systemd has no words for device %c %" PRId64 ":%" PRId64,
				 exceptions.v[i].type, exceptions.v[i].major,
				 exceptions.v[i].minor);
			allow = true; /* systemd then keeps out, the files say it all */
		}
	if (list.failed)
		return pf_fail_sys(e, ENOMEM, "device rules for systemd");
	properties_add_text(p, "DevicePolicy", allow ? "auto" : "strict");
	properties_add_bytes(p, "DeviceAllow", "a(ss)", list.data ? list.data : "",
			     allow ? 0 : list.len);
	return 0;
}
