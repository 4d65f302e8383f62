/* SPDX-License-Identifier: Apache-2.0 */
/* kill, pause, resume, update. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/cli.h"
#include "runtime/container.h"

static const struct cli_option no_options[] = { { NULL, 0, CLI_FLAG, NULL, NULL, NULL } };

int cmd_kill(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	bool all = false;
	const struct cli_option options[] = {
		{ "all", 'a', CLI_FLAG, &all, NULL, "every process in the container's cgroup" },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};
	const char *name;
	int ret = cli_parse(cli, options, e), sig;

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	name = cli->argc > 1 ? cli->argv[1] : "TERM";
	/* 0 is no signal of config.json's, but asks whether the container runs */
	sig = strcmp(name, "0") == 0 ? 0 : oci_signal_number(name);
	if (sig < 0)
		return pf_fail(e, PF_ERR_CONFIG, 0, "unknown signal \"%s\"", name);
	STEP(runtime_open_root(rt, false, e));
	return container_kill(rt, cli->argv[0], sig, all, e);
}

int cmd_pause(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	int ret = cli_parse(cli, no_options, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	STEP(runtime_open_root(rt, false, e));
	return container_pause(rt, cli->argv[0], true, e);
}

int cmd_resume(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	int ret = cli_parse(cli, no_options, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	STEP(runtime_open_root(rt, false, e));
	return container_pause(rt, cli->argv[0], false, e);
}

/* The flags of update, as the JSON that they abbreviate: one parser checks both. */
struct update_flags {
	const char *resources;
	const char *cpu_period, *cpu_quota, *cpu_burst, *cpu_share, *cpu_rt_period, *cpu_rt_runtime,
		*cpu_idle;
	const char *cpuset_cpus, *cpuset_mems, *memory, *memory_reservation, *memory_swap,
		*pids_limit;
	const char *blkio_weight;
};

/* "512m" -> bytes, as the other runtimes take it. */
static int put_bytes(struct pf_buf *b, const char *key, const char *value, bool *first,
		     struct pf_error *e)
{
	static const char units[] = "bkmgt";
	char *end;
	long long v;
	const char *unit;

	if (!value)
		return 0;
	errno = 0;
	v = strtoll(value, &end, 10);
	unit = *end ? strchr(units, *end | 0x20) : units;
	if (end == value || errno || !unit || (*end && end[1] && (end[1] | 0x20) != 'b'))
		return pf_fail(e, PF_ERR_CONFIG, 0, "update: `%s' is not a size in bytes", value);
	for (const char *u = units; u < unit; u++)
		if (__builtin_mul_overflow(v, 1024ll, &v))
			return pf_fail(e, PF_ERR_CONFIG, 0, "update: `%s' is out of range", value);
	pf_buf_printf(b, "%s\"%s\":%lld", *first ? "" : ",", key, v);
	*first = false;
	return 0;
}

static int put_number(struct pf_buf *b, const char *key, const char *value, bool *first,
		      struct pf_error *e)
{
	char *end;
	long long v;

	if (!value)
		return 0;
	errno = 0;
	v = strtoll(value, &end, 10);
	if (end == value || *end || errno)
		return pf_fail(e, PF_ERR_CONFIG, 0, "update: `%s' is not a number", value);
	pf_buf_printf(b, "%s\"%s\":%lld", *first ? "" : ",", key, v);
	*first = false;
	return 0;
}

static void put_string(struct pf_buf *b, const char *key, const char *value, bool *first)
{
	if (!value)
		return;
	pf_buf_printf(b, "%s\"%s\":", *first ? "" : ",", key);
	pf_buf_json(b, value);
	*first = false;
}

static int flags_json(const struct update_flags *f, struct pf_buf *b, struct pf_error *e)
{
	bool first = true;

	pf_buf_puts(b, "{\"cpu\":{");
	STEP(put_number(b, "shares", f->cpu_share, &first, e));
	STEP(put_number(b, "quota", f->cpu_quota, &first, e));
	STEP(put_number(b, "period", f->cpu_period, &first, e));
	STEP(put_number(b, "burst", f->cpu_burst, &first, e));
	STEP(put_number(b, "realtimeRuntime", f->cpu_rt_runtime, &first, e));
	STEP(put_number(b, "realtimePeriod", f->cpu_rt_period, &first, e));
	STEP(put_number(b, "idle", f->cpu_idle, &first, e));
	put_string(b, "cpus", f->cpuset_cpus, &first);
	put_string(b, "mems", f->cpuset_mems, &first);
	first = true;
	pf_buf_puts(b, "},\"memory\":{");
	STEP(put_bytes(b, "limit", f->memory, &first, e));
	STEP(put_bytes(b, "reservation", f->memory_reservation, &first, e));
	STEP(put_bytes(b, "swap", f->memory_swap, &first, e));
	pf_buf_puts(b, "}");
	first = true;
	if (f->pids_limit) {
		pf_buf_puts(b, ",\"pids\":{");
		STEP(put_number(b, "limit", f->pids_limit, &first, e));
		pf_buf_puts(b, "}");
	}
	first = true;
	if (f->blkio_weight) {
		pf_buf_puts(b, ",\"blockIO\":{");
		STEP(put_number(b, "weight", f->blkio_weight, &first, e));
		pf_buf_puts(b, "}");
	}
	pf_buf_puts(b, "}");
	return b->failed ? pf_fail_sys(e, ENOMEM, "update") : 0;
}

static int read_resources(const struct update_flags *f, struct oci_config *c, struct pf_error *e)
{
	auto_buf b = { 0 };
	auto_free char *text = NULL;
	size_t len;

	if (!f->resources) {
		STEP(flags_json(f, &b, e));
		return oci_resources_parse(b.data, b.len, c, e);
	}
	if (strcmp(f->resources, "-") == 0)
		STEP(pf_read_all(STDIN_FILENO, JSON_MAX_BYTES, &text, &len, e));
	else
		STEP(pf_read_file_at(AT_FDCWD, f->resources, JSON_MAX_BYTES, &text, &len, e));
	return oci_resources_parse(text, len, c, e);
}

static int parse_update(struct cli *cli, struct update_flags *f, struct pf_error *e)
{
	const struct cli_option options[] = {
		{ "resources", 'r', CLI_TEXT, &f->resources, "FILE",
		  "the resources object as JSON; - is stdin" },
		{ "cpu-period", 0, CLI_TEXT, &f->cpu_period, "US", "CFS period" },
		{ "cpu-quota", 0, CLI_TEXT, &f->cpu_quota, "US", "CFS quota in a period" },
		{ "cpu-burst", 0, CLI_TEXT, &f->cpu_burst, "US", "CFS burst" },
		{ "cpu-share", 0, CLI_TEXT, &f->cpu_share, "N", "CPU shares" },
		{ "cpu-rt-period", 0, CLI_TEXT, &f->cpu_rt_period, "US", "realtime period" },
		{ "cpu-rt-runtime", 0, CLI_TEXT, &f->cpu_rt_runtime, "US", "realtime in a period" },
		{ "cpu-idle", 0, CLI_TEXT, &f->cpu_idle, "0|1", "SCHED_IDLE for the group" },
		{ "cpuset-cpus", 0, CLI_TEXT, &f->cpuset_cpus, "LIST", "CPUs" },
		{ "cpuset-mems", 0, CLI_TEXT, &f->cpuset_mems, "LIST", "memory nodes" },
		{ "memory", 0, CLI_TEXT, &f->memory, "BYTES", "memory limit" },
		{ "memory-reservation", 0, CLI_TEXT, &f->memory_reservation, "BYTES",
		  "soft limit" },
		{ "memory-swap", 0, CLI_TEXT, &f->memory_swap, "BYTES",
		  "memory and swap together; -1: no limit" },
		{ "pids-limit", 0, CLI_TEXT, &f->pids_limit, "N", "number of processes" },
		{ "blkio-weight", 0, CLI_TEXT, &f->blkio_weight, "N", "I/O weight" },
		{ "kernel-memory", 0, CLI_TEXT, NULL, "BYTES",
		  NULL }, /* gone from the kernel; runc ignores it too */
		{ "kernel-memory-tcp", 0, CLI_TEXT, NULL, "BYTES", NULL },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};

	return cli_parse(cli, options, e);
}

int cmd_update(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	struct update_flags f = { 0 };
	struct oci_config c = { 0 };
	struct state s;
	int ret = parse_update(cli, &f, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	STEP(runtime_open_root(rt, false, e));
	STEP(state_load(rt->root_fd, cli->argv[0], &s, e));
	ret = read_resources(&f, &c, e);
	if (ret == 0 && state_status(&s) == STATUS_STOPPED)
		ret = pf_fail(e, PF_ERR_SYS, 0, "container not running");
	if (ret == 0)
		ret = cgroup_apply(&s.cgroup, &c, &c.linux_.resources, e);
	oci_config_free(&c);
	state_free(&s);
	return ret;
}
