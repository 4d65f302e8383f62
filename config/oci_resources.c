/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resources object of config.json. Numbers are only bounded to what the kernel's files can hold; which controllers
 * there are is the host's matter. Names that become file names in a cgroup are checked here, once.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/oci_internal.h"

/* dev_t as mknod(2) and the cgroup files take it; larger numbers would wrap to another device */
#define MAJOR_MAX 4095
#define MINOR_MAX 1048575

/* The name of one file in a directory that is ours: nothing in it may lead elsewhere. */
static bool is_file_name(const char *s)
{
	const char *c;

	if (!*s || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return false;
	for (c = s; *c; c++)
		if (*c == '/' || (unsigned char)*c <= ' ' || *c == 0x7f)
			return false;
	return true;
}

/* A device rule's number; -1 is any, and so is none (check_rule()). */
static int read_rule_number(struct parse *p, const struct json *v, int64_t max, int64_t *ret)
{
	uint64_t value;

	STEP(fields_integer(p, v, -1, (uint64_t)max, &value));
	*ret = (int64_t)value;
	return 0;
}

static int read_rule_major(struct parse *p, const struct json *v, void *dst)
{
	return read_rule_number(p, v, MAJOR_MAX, dst);
}

static int read_rule_minor(struct parse *p, const struct json *v, void *dst)
{
	return read_rule_number(p, v, MINOR_MAX, dst);
}

static int read_rule_type(struct parse *p, const struct json *v, void *dst)
{
	STEP(fields_want(p, v, JSON_STRING));
	if (v->count > 1 || (v->count == 1 && !strchr("abc", v->text[0])))
		return parse_fail(p, v, "`%s' is none of `a', `b' and `c'", v->text);
	*(char *)dst = v->text[0];
	return 0;
}

/* An `a', which runc drops, is no access of its own: to deny it denies all, to allow it adds nothing. */
static int read_rule_access(struct parse *p, const struct json *v, void *dst)
{
	struct oci_device_rule *rule = dst;
	const char *c;

	STEP(fields_want(p, v, JSON_STRING));
	for (c = v->text; *c; c++) {
		if (!strchr("rwma", *c))
			return parse_fail(p, v, "`%s' is not made of `r', `w' and `m'", v->text);
		rule->read = rule->read || *c == 'r';
		rule->write = rule->write || *c == 'w';
		rule->mknod = rule->mknod || *c == 'm';
	}
	return 0;
}

static int check_rule(struct parse *p, const struct json *v, void *dst)
{
	struct oci_device_rule *rule = dst;
	const struct json *access = json_get(v, "access");
	bool any = rule->read || rule->write || rule->mknod;
	bool all = access && access->type == JSON_STRING && strchr(access->text, 'a');

	if (rule->type == '\0')
		rule->type = 'a';
	if (fields_absent(v, "major"))
		rule->major = -1;
	if (fields_absent(v, "minor"))
		rule->minor = -1;
	/* To deny without saying what denies all; to allow without saying what must not allow all. */
	if (!any && rule->allow)
		return parse_fail(p, v, "allows a device, but `access' does not say what");
	if (!any || (all && !rule->allow))
		rule->read = rule->write = rule->mknod = true;
	return 0;
}

#define RULE(m) AT(struct oci_device_rule, m)

static const struct field rule_rows[] = {
	{ "allow", FIELD_BOOL, RULE(allow) },
	{ "type", FIELD_CUSTOM, RULE(type), .read = read_rule_type, .note = "`a' if absent" },
	{ "major", FIELD_CUSTOM, RULE(major), .read = read_rule_major, .note = "any if absent" },
	{ "minor", FIELD_CUSTOM, RULE(minor), .read = read_rule_minor, .note = "any if absent" },
	{ "access", FIELD_CUSTOM, .read = read_rule_access,
	  .note = "needed where the rule allows" },
};

static const struct fields rule_fields = { TABLE(rule_rows), .size = sizeof(struct oci_device_rule),
					   .check = check_rule };

#define RES(m)   AT(struct oci_resources, m)
#define SIGNED   RANGE(INT64_MIN, INT64_MAX)
#define LIMIT    RANGE(-1, INT64_MAX) /* -1: none */
#define UNSIGNED RANGE(0, INT64_MAX)
#define WHOLE    .offset = 0 /* the fields lie in struct oci_resources itself */

static const struct field memory_rows[] = {
	{ "limit", FIELD_NUM, RES(mem_limit), LIMIT },
	{ "reservation", FIELD_NUM, RES(mem_reservation), LIMIT },
	{ "swap", FIELD_NUM, RES(mem_swap), LIMIT, .note = "memory and swap together" },
	{ "kernel", FIELD_NUM, RES(mem_kernel), LIMIT,
	  .note = "cgroup v1, where the kernel has it" },
	{ "kernelTCP", FIELD_NUM, RES(mem_kernel_tcp), LIMIT, .note = "cgroup v1" },
	{ "swappiness", FIELD_NUM, RES(mem_swappiness), RANGE(0, 100), .note = "cgroup v1" },
	{ "disableOOMKiller", FIELD_BOOL, RES(mem_disable_oom_killer),
	  HAS(struct oci_resources, has_mem_disable_oom_killer), .note = "cgroup v1" },
	{ "useHierarchy", FIELD_IGNORED, .note = "memory is always counted by hierarchy" },
	{ "checkBeforeUpdate", FIELD_BOOL, RES(mem_check_before_update) },
};

static int check_memory(struct parse *p, const struct json *v, void *dst)
{
	const struct oci_resources *r = dst;

	if (r->mem_swap.v > 0 && r->mem_limit.v > 0 && r->mem_swap.v < r->mem_limit.v)
		return parse_fail(p, json_get(v, "swap"),
				  "memory and swap together (%" PRId64
				  ") are below memory (%" PRId64 ")",
				  r->mem_swap.v, r->mem_limit.v);
	return 0;
}

static const struct fields memory_fields = { TABLE(memory_rows), .check = check_memory };

static const struct field cpu_rows[] = {
	{ "shares", FIELD_NUM, RES(cpu_shares), UNSIGNED },
	{ "quota", FIELD_NUM, RES(cpu_quota), SIGNED },
	{ "period", FIELD_NUM, RES(cpu_period), UNSIGNED },
	{ "burst", FIELD_NUM, RES(cpu_burst), UNSIGNED },
	{ "realtimeRuntime", FIELD_NUM, RES(cpu_rt_runtime), SIGNED, .note = "cgroup v1" },
	{ "realtimePeriod", FIELD_NUM, RES(cpu_rt_period), UNSIGNED, .note = "cgroup v1" },
	{ "idle", FIELD_NUM, RES(cpu_idle), RANGE(0, 1) },
	{ "cpus", FIELD_CUSTOM, RES(cpuset_cpus), .read = oci_read_cpu_list },
	{ "mems", FIELD_CUSTOM, RES(cpuset_mems), .read = oci_read_cpu_list },
};

static const struct fields cpu_fields = { TABLE(cpu_rows) };

static const struct field pids_rows[] = {
	{ "limit", FIELD_NUM, RES(pids_limit), LIMIT,
	  .note = "-1: no limit; 0 is the strictest, and becomes 1" },
};

static const struct fields pids_fields = { TABLE(pids_rows) };

#define DEVICE_NUMBERS                                                              \
	{ "major", FIELD_INT, FIELD_REQUIRED, AT(struct oci_throttle, major),       \
	  RANGE(0, MAJOR_MAX) },                                                    \
	{                                                                           \
		"minor", FIELD_INT, FIELD_REQUIRED, AT(struct oci_throttle, minor), \
			RANGE(0, MINOR_MAX)                                         \
	}

static const struct field rate_rows[] = {
	DEVICE_NUMBERS,
	{ "rate", FIELD_INT, FIELD_REQUIRED, AT(struct oci_throttle, rate), RANGE(0, UINT64_MAX) },
};

static const struct fields rate_fields = { TABLE(rate_rows), .size = sizeof(struct oci_throttle) };

static const struct field weight_rows[] = {
	DEVICE_NUMBERS,
	{ "weight", FIELD_INT, AT(struct oci_throttle, rate), RANGE(0, 1000) },
	{ "leafWeight", FIELD_INT, AT(struct oci_throttle, leaf_weight), RANGE(0, 1000),
	  .note = "cgroup v1" },
};

static const struct fields weight_fields = { TABLE(weight_rows),
					     .size = sizeof(struct oci_throttle) };

#define THROTTLES(key, m, table)                                                              \
	{                                                                                     \
		key, FIELD_ARRAY, RES(m.v), COUNT(struct oci_resources, m.n), .sub = &(table) \
	}

static const struct field blkio_rows[] = {
	{ "weight", FIELD_NUM, RES(blkio_weight), RANGE(0, 1000) },
	{ "leafWeight", FIELD_NUM, RES(blkio_leaf_weight), RANGE(0, 1000), .note = "cgroup v1" },
	THROTTLES("weightDevice", blkio_weight_device, weight_fields),
	THROTTLES("throttleReadBpsDevice", blkio_read_bps, rate_fields),
	THROTTLES("throttleWriteBpsDevice", blkio_write_bps, rate_fields),
	THROTTLES("throttleReadIOPSDevice", blkio_read_iops, rate_fields),
	THROTTLES("throttleWriteIOPSDevice", blkio_write_iops, rate_fields),
};

static const struct fields blkio_fields = { TABLE(blkio_rows) };

/* It becomes part of a file's name: hugetlb.2MB.max. */
static int read_page_size(struct parse *p, const struct json *v, void *dst)
{
	size_t digits;
	const char *unit;

	STEP(fields_want(p, v, JSON_STRING));
	digits = strspn(v->text, "0123456789");
	unit = v->text + digits;
	if (digits == 0 || digits > 10 || v->text[0] == '0' ||
	    (strcmp(unit, "KB") != 0 && strcmp(unit, "MB") != 0 && strcmp(unit, "GB") != 0))
		return parse_fail(p, v, "`%s' is no page size such as `2MB'", v->text);
	memcpy(dst, &v->text, sizeof(v->text));
	return 0;
}

static const struct field hugepage_rows[] = {
	{ "pageSize", FIELD_CUSTOM, FIELD_REQUIRED, AT(struct oci_hugepage, page_size),
	  .read = read_page_size },
	{ "limit", FIELD_INT, FIELD_REQUIRED, AT(struct oci_hugepage, limit),
	  RANGE(0, UINT64_MAX) },
};

static const struct fields hugepage_fields = { TABLE(hugepage_rows),
					       .size = sizeof(struct oci_hugepage) };

struct priority {
	const char *name;
	uint32_t value;
};

static const struct field priority_rows[] = {
	{ "name", FIELD_STRING, FIELD_REQUIRED | FIELD_NOT_EMPTY, AT(struct priority, name) },
	{ "priority", FIELD_INT, FIELD_REQUIRED, AT(struct priority, value), RANGE(0, UINT32_MAX) },
};

static const struct fields priority_fields = { TABLE(priority_rows),
					       .size = sizeof(struct priority) };

static int read_priorities(struct parse *p, const struct json *v, void *dst)
{
	struct oci_pairs *pairs = dst;
	const struct json *at;
	struct priority one;
	char *text;

	STEP(fields_want(p, v, JSON_ARRAY));
	pairs->v = parse_alloc(p, v->count, sizeof(*pairs->v));
	if (!pairs->v)
		return -ENOMEM;
	for (at = v->child; at; at = at->next) {
		STEP(fields_read(p, at, &priority_fields, &one));
		text = parse_alloc(p, 16, 1);
		if (!text)
			return -ENOMEM;
		if (!is_file_name(one.name))
			return parse_fail(p, at, "`%s' is no name of an interface", one.name);
		snprintf(text, 16, "%" PRIu32, one.value);
		pairs->v[pairs->n++] = (struct oci_pair){ one.name, text };
	}
	return 0;
}

static const struct field network_rows[] = {
	{ "classID", FIELD_NUM, RES(net_class_id), RANGE(0, UINT32_MAX), .note = "cgroup v1" },
	{ "priorities", FIELD_CUSTOM, FIELD_OF_LIST, RES(net_priorities), .sub = &priority_fields,
	  .read = read_priorities, .note = "cgroup v1" },
};

static const struct fields network_fields = { TABLE(network_rows) };

static const struct field rdma_rows[] = {
	{ "hcaHandles", FIELD_NUM, AT(struct oci_rdma, handles), RANGE(0, UINT32_MAX) },
	{ "hcaObjects", FIELD_NUM, AT(struct oci_rdma, objects), RANGE(0, UINT32_MAX) },
};

static const struct fields rdma_fields = { TABLE(rdma_rows), .size = sizeof(struct oci_rdma) };

static int read_rdma(struct parse *p, const struct json *v, void *dst)
{
	struct oci_resources *r = dst;
	const struct json *at;

	STEP(fields_want(p, v, JSON_OBJECT));
	r->rdma = parse_alloc(p, v->count, sizeof(*r->rdma));
	if (!r->rdma)
		return -ENOMEM;
	for (at = v->child; at; at = at->next) {
		if (!is_file_name(at->key))
			return parse_fail(p, at, "`%s' is no name of a device", at->key);
		r->rdma[r->n_rdma].device = at->key;
		STEP(fields_read(p, at, &rdma_fields, &r->rdma[r->n_rdma++]));
	}
	return 0;
}

/* Files that move, stop or kill processes are no limits, and the runtime's own. */
static bool is_control_file(const char *key)
{
	static const char *const names[] = { "cgroup.procs", "cgroup.threads", "cgroup.kill",
					     "cgroup.type", "cgroup.freeze" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], key) == 0)
			return true;
	return false;
}

static int read_unified(struct parse *p, const struct json *v, void *dst)
{
	const struct json *at;

	STEP(fields_read_pairs(p, v, dst));
	for (at = v->child; at; at = at->next) {
		if (!is_file_name(at->key) || !strchr(at->key, '.'))
			return parse_fail(p, at, "`%s' is no file name such as `memory.high'",
					  at->key);
		if (is_control_file(at->key))
			return parse_fail(p, at, "`%s' is no limit", at->key);
	}
	return 0;
}

static const struct field resources_rows[] = {
	{ "devices", FIELD_ARRAY, RES(devices), COUNT(struct oci_resources, n_devices),
	  .sub = &rule_fields },
	{ "memory", FIELD_OBJECT, WHOLE, .sub = &memory_fields },
	{ "cpu", FIELD_OBJECT, WHOLE, .sub = &cpu_fields },
	{ "pids", FIELD_OBJECT, WHOLE, .sub = &pids_fields },
	{ "blockIO", FIELD_OBJECT, WHOLE, .sub = &blkio_fields },
	{ "hugepageLimits", FIELD_ARRAY, RES(hugepages), COUNT(struct oci_resources, n_hugepages),
	  .sub = &hugepage_fields },
	{ "network", FIELD_OBJECT, WHOLE, .sub = &network_fields },
	{ "rdma", FIELD_CUSTOM, FIELD_OF_MAP, WHOLE, .sub = &rdma_fields, .read = read_rdma },
	{ "unified", FIELD_CUSTOM, RES(unified), .read = read_unified, .note = "cgroup v2" },
};

const struct fields oci_resources_fields = { TABLE(resources_rows) };
