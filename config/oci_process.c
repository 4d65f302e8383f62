/* SPDX-License-Identifier: Apache-2.0 */
/* The process object of config.json: user, arguments, capabilities, limits, scheduling. */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "config/oci_internal.h"

#define MAX_UNKNOWN_CAPS 64u
/* (uid_t)-1 means "leave it" to the kernel: such a uid would keep root */
#define ID_MAX 4294967294u

/* compat: glibc 2.36 has no SCHED_FLAG_* and hides SCHED_DEADLINE's value in kernel headers */
#define PF_SCHED_DEADLINE 6

static int read_gids(struct parse *p, const struct json *v, void *dst)
{
	struct oci_user *user = dst;
	const struct json *child;
	uint64_t gid;

	STEP(fields_want(p, v, JSON_ARRAY));
	user->additional_gids = parse_alloc(p, v->count, sizeof(*user->additional_gids));
	if (!user->additional_gids)
		return -ENOMEM;
	for (child = v->child; child; child = child->next) {
		STEP(fields_integer(p, child, 0, ID_MAX, &gid));
		user->additional_gids[child->index] = (uint32_t)gid;
	}
	user->n_additional_gids = v->count;
	return 0;
}

static const struct field user_rows[] = {
	{ "uid", FIELD_INT, AT(struct oci_user, uid), RANGE(0, ID_MAX),
	  .note = "up to 4294967294; 0 if absent" },
	{ "gid", FIELD_INT, AT(struct oci_user, gid), RANGE(0, ID_MAX),
	  .note = "up to 4294967294; 0 if absent" },
	{ "umask", FIELD_INT, AT(struct oci_user, umask), HAS(struct oci_user, has_umask),
	  RANGE(0, 07777) },
	{ "additionalGids", FIELD_CUSTOM, .read = read_gids },
	{ "username", FIELD_IGNORED, .note = "Windows only" },
};

static const struct fields user_fields = { TABLE(user_rows) };

static const struct field console_rows[] = {
	{ "height", FIELD_INT, AT(struct oci_process, console_height), RANGE(0, UINT16_MAX),
	  .note = "with a terminal" },
	{ "width", FIELD_INT, AT(struct oci_process, console_width), RANGE(0, UINT16_MAX),
	  .note = "with a terminal" },
};

static const struct fields console_fields = { TABLE(console_rows) };

/* Bounded, because each new name is compared with all that were kept. */
static int keep_unknown_cap(struct parse *p, const struct json *v)
{
	struct oci_strings *unknown = &p->config->process.unknown_caps;
	const char *name = v->text;
	size_t i;

	for (i = 0; i < unknown->n; i++)
		if (strcmp(unknown->v[i], name) == 0)
			return 0;
	if (!unknown->v)
		unknown->v = parse_alloc(p, MAX_UNKNOWN_CAPS + 1, sizeof(*unknown->v));
	if (!unknown->v)
		return -ENOMEM;
	if (unknown->n == MAX_UNKNOWN_CAPS)
		return parse_fail(p, v, "more than %u unknown capabilities", MAX_UNKNOWN_CAPS);
	memcpy(&unknown->v[unknown->n++], &name, sizeof(name));
	return 0;
}

static int read_caps(struct parse *p, const struct json *v, void *dst)
{
	const struct json *child;
	uint64_t caps = 0;
	int cap;

	STEP(fields_want(p, v, JSON_ARRAY));
	for (child = v->child; child; child = child->next) {
		STEP(fields_want(p, child, JSON_STRING));
		cap = oci_cap_number(child->text);
		if (cap >= 0)
			caps |= 1ull << cap;
		else
			STEP(keep_unknown_cap(p, child));
	}
	memcpy(dst, &caps, sizeof(caps));
	return 0;
}

#define CAP_SET(name, set)                                                                     \
	{                                                                                      \
		name, FIELD_CUSTOM, AT(struct oci_process, caps[set]),                         \
			.read = read_caps, .note = "unknown names are left out with a warning" \
	}

static const struct field caps_rows[] = {
	CAP_SET("bounding", OCI_CAP_BOUNDING),   CAP_SET("permitted", OCI_CAP_PERMITTED),
	CAP_SET("effective", OCI_CAP_EFFECTIVE), CAP_SET("inheritable", OCI_CAP_INHERITABLE),
	CAP_SET("ambient", OCI_CAP_AMBIENT),
};

static const struct fields caps_fields = { TABLE(caps_rows) };

static int check_rlimit(struct parse *p, const struct json *v, void *dst)
{
	struct oci_rlimit *limit = dst;

	limit->resource = oci_rlimit_number(limit->name);
	if (limit->resource < 0)
		return parse_fail(p, json_get(v, "type"), "`%s' is no resource limit of Linux",
				  limit->name);
	if (limit->soft > limit->hard)
		return parse_fail(p, json_get(v, "soft"), "is above the hard limit");
	return 0;
}

static const struct field rlimit_rows[] = {
	{ "type", FIELD_STRING, FIELD_REQUIRED, AT(struct oci_rlimit, name) },
	{ "soft", FIELD_INT, FIELD_REQUIRED, AT(struct oci_rlimit, soft), RANGE(0, UINT64_MAX) },
	{ "hard", FIELD_INT, FIELD_REQUIRED, AT(struct oci_rlimit, hard), RANGE(0, UINT64_MAX) },
};

static const struct fields rlimit_fields = { TABLE(rlimit_rows), .size = sizeof(struct oci_rlimit),
					     .check = check_rlimit };

/* clang-format off */
static const struct word sched_policies[] = { /* sched(7) */
	{ "SCHED_OTHER", SCHED_OTHER }, { "SCHED_FIFO", SCHED_FIFO }, { "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH }, { "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", PF_SCHED_DEADLINE }, { NULL, 0 },
};

static const struct word sched_flags[] = { /* linux/sched.h */
	{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
	{ "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
	{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 }, { NULL, 0 },
};

static const struct word io_classes[] = { /* linux/ioprio.h */
	{ "IOPRIO_CLASS_RT", 1 }, { "IOPRIO_CLASS_BE", 2 }, { "IOPRIO_CLASS_IDLE", 3 }, { NULL, 0 },
};
/* clang-format on */

/* The kernel's answer to a mixture is EINVAL without a word of which, so the mixtures are named here. */
static int check_scheduler(struct parse *p, const struct json *v, void *dst)
{
	const struct oci_scheduler *s = dst;
	bool realtime = s->policy == SCHED_FIFO || s->policy == SCHED_RR;

	if (realtime && s->priority < 1)
		return parse_fail(p, v, "a realtime policy needs a priority of 1 to 99");
	if (!realtime && s->priority != 0)
		return parse_fail(p, v, "`priority' belongs to SCHED_FIFO and SCHED_RR only");
	if (s->nice != 0 && s->policy != SCHED_OTHER && s->policy != SCHED_BATCH)
		return parse_fail(p, v, "`nice' belongs to SCHED_OTHER and SCHED_BATCH only");
	if (s->policy != PF_SCHED_DEADLINE && (s->runtime || s->deadline || s->period))
		return parse_fail(
			p, v, "`runtime', `deadline' and `period' belong to SCHED_DEADLINE only");
	return 0;
}

static const struct field scheduler_rows[] = {
	{ "policy", FIELD_WORD, FIELD_REQUIRED, AT(struct oci_scheduler, policy),
	  .words = sched_policies, .note = "SCHED_ISO is refused: Linux does not have it" },
	{ "nice", FIELD_INT, AT(struct oci_scheduler, nice), RANGE(-20, 19) },
	{ "priority", FIELD_INT, AT(struct oci_scheduler, priority), RANGE(0, 99) },
	{ "flags", FIELD_FLAGS, AT(struct oci_scheduler, flags), .words = sched_flags },
	{ "runtime", FIELD_INT, AT(struct oci_scheduler, runtime), RANGE(0, INT64_MAX) },
	{ "deadline", FIELD_INT, AT(struct oci_scheduler, deadline), RANGE(0, INT64_MAX) },
	{ "period", FIELD_INT, AT(struct oci_scheduler, period), RANGE(0, INT64_MAX) },
};

static const struct fields scheduler_fields = { TABLE(scheduler_rows), .check = check_scheduler };

static const struct field io_rows[] = {
	{ "class", FIELD_WORD, FIELD_REQUIRED, AT(struct oci_process, io_class),
	  .words = io_classes },
	{ "priority", FIELD_INT, AT(struct oci_process, io_priority), RANGE(0, 7) },
};

static const struct fields io_fields = { TABLE(io_rows) };

/* The kernel's cpulist form without its strides; what the numbers mean on this host is the kernel's to say. */
int oci_read_cpu_list(struct parse *p, const struct json *v, void *dst)
{
	const char *s;

	STEP(fields_want(p, v, JSON_STRING));
	for (s = v->text; *s; s++)
		if (!strchr("0123456789,-", *s))
			return parse_fail(p, v, "`%s' is no list of numbers such as `0-3,7'",
					  v->text);
	memcpy(dst, &v->text, sizeof(v->text));
	return 0;
}

/* "7" or "0-3" at *s, which is moved behind it. -EINVAL when it is neither. */
static int read_cpu_range(const char **s, unsigned long *from, unsigned long *to)
{
	char *end;

	if (!isdigit((unsigned char)**s))
		return -EINVAL;
	*from = *to = strtoul(*s, &end, 10);
	if (*end == '-') {
		if (!isdigit((unsigned char)end[1]))
			return -EINVAL;
		*to = strtoul(end + 1, &end, 10);
	}
	*s = end;
	return *from <= *to && *to < OCI_CPU_MAX ? 0 : -EINVAL;
}

int oci_cpu_mask(const char *list, uint64_t mask[OCI_CPU_MAX / 64])
{
	unsigned long cpu, to;

	memset(mask, 0, OCI_CPU_MAX / 8);
	for (;; list++) {
		if (read_cpu_range(&list, &cpu, &to) < 0)
			return -EINVAL;
		for (; cpu <= to; cpu++)
			mask[cpu / 64] |= 1ull << (cpu % 64);
		if (*list != ',')
			return *list ? -EINVAL : 0;
	}
}

/* An empty list is none, as in runc. */
static int read_affinity(struct parse *p, const struct json *v, void *dst)
{
	uint64_t mask[OCI_CPU_MAX / 64];

	STEP(fields_want(p, v, JSON_STRING));
	if (v->count == 0)
		return 0;
	if (oci_cpu_mask(v->text, mask) < 0)
		return parse_fail(p, v, "`%s' is no list of CPUs below %u such as `0-3,7'", v->text,
				  OCI_CPU_MAX);
	memcpy(dst, &v->text, sizeof(v->text));
	return 0;
}

static const struct field affinity_rows[] = {
	{ "initial", FIELD_CUSTOM, AT(struct oci_process, cpu_affinity_initial),
	  .read = read_affinity, .note = "where `exec' runs until it has joined the container" },
	{ "final", FIELD_CUSTOM, AT(struct oci_process, cpu_affinity_final), .read = read_affinity,
	  .note = "all CPUs of the container if absent" },
};

static const struct fields affinity_fields = { TABLE(affinity_rows) };

#define WHOLE .offset = 0 /* the fields lie in struct oci_process itself */

static const struct field process_rows[] = {
	{ "terminal", FIELD_BOOL, AT(struct oci_process, terminal) },
	{ "consoleSize", FIELD_OBJECT, WHOLE, .sub = &console_fields, .note = "with a terminal" },
	{ "user", FIELD_OBJECT, AT(struct oci_process, user), .sub = &user_fields },
	{ "args", FIELD_STRINGS, FIELD_REQUIRED | FIELD_NOT_EMPTY, AT(struct oci_process, args) },
	{ "commandLine", FIELD_IGNORED, .note = "Windows only" },
	{ "env", FIELD_STRINGS, AT(struct oci_process, env),
	  .note = "the last of several with the same name counts" },
	{ "cwd", FIELD_STRING, FIELD_REQUIRED | FIELD_ABSOLUTE, AT(struct oci_process, cwd) },
	{ "capabilities", FIELD_OBJECT, WHOLE, HAS(struct oci_process, has_capabilities),
	  .sub = &caps_fields },
	{ "rlimits", FIELD_ARRAY, AT(struct oci_process, rlimits),
	  COUNT(struct oci_process, n_rlimits), .sub = &rlimit_fields,
	  .note = "the same type twice is refused" },
	{ "noNewPrivileges", FIELD_BOOL, AT(struct oci_process, no_new_privileges) },
	{ "apparmorProfile", FIELD_STRING, AT(struct oci_process, apparmor_profile) },
	{ "selinuxLabel", FIELD_STRING, AT(struct oci_process, selinux_label) },
	{ "oomScoreAdj", FIELD_INT, AT(struct oci_process, oom_score_adj),
	  HAS(struct oci_process, has_oom_score_adj), RANGE(-1000, 1000) },
	{ "scheduler", FIELD_OBJECT, AT(struct oci_process, scheduler),
	  HAS(struct oci_process, scheduler.present), .sub = &scheduler_fields },
	{ "ioPriority", FIELD_OBJECT, WHOLE, HAS(struct oci_process, has_io_priority),
	  .sub = &io_fields },
	{ "execCPUAffinity", FIELD_OBJECT, WHOLE, .sub = &affinity_fields, .note = "for exec" },
};

static int check_process(struct parse *p, const struct json *v, void *dst)
{
	struct oci_process *process = dst;
	const struct json *limits = json_get(v, "rlimits"), *at;
	uint64_t seen = 0;

	if (!process->terminal)
		process->console_height = process->console_width = 0;
	for (at = limits ? limits->child : NULL; at; at = at->next) {
		const struct oci_rlimit *limit = &process->rlimits[at->index];

		if (seen & (1ull << limit->resource))
			return parse_fail(p, at, "`%s' was given before", limit->name);
		seen |= 1ull << limit->resource;
	}
	return oci_env_settle(&process->env);
}

const struct fields oci_process_fields = { TABLE(process_rows), .check = check_process };
