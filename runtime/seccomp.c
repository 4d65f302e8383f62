/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp as a BPF program. libseccomp translates the rules, as a binary tree because the kernel walks the program
 * once for every system call number when it is loaded; the ENOSYS stub goes in front (seccomp_stub.c); the result is
 * kept by content (seccomp_cache.c), because translating costs as much as all the rest of a container's start.
 *
 * The rules are read as runc reads them: a rule equal to the default is no rule, unknown system calls are skipped, and
 * conditions on one argument twice are alternatives.
 */
#include <config.h>

#include <ctype.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/sys.h"
#include "runtime/seccomp_parts.h"

/* libseccomp's work grows with the square of the rules; no program of more rules would fit the kernel's limit. */
#define MAX_RULES 16384u
#define MAX_ERRNO 4095u
#define MAX_ARGS  6u

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif
#define PF_MFD_NOEXEC_SEAL 8u /* Linux 6.3 */

struct action_name {
	const char *name;
	uint32_t action;
	bool takes_errno;
};

/* clang-format off */
static const struct action_name actions[] = {
	{ "SCMP_ACT_ALLOW",        SCMP_ACT_ALLOW,        false },
	{ "SCMP_ACT_ERRNO",        SCMP_ACT_ERRNO(0),     true },
	{ "SCMP_ACT_KILL",         SCMP_ACT_KILL_THREAD,  false },
	{ "SCMP_ACT_KILL_THREAD",  SCMP_ACT_KILL_THREAD,  false },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, false },
	{ "SCMP_ACT_LOG",          SCMP_ACT_LOG,          false },
	{ "SCMP_ACT_TRACE",        SCMP_ACT_TRACE(0),     true },
	{ "SCMP_ACT_TRAP",         SCMP_ACT_TRAP,         false },
};
/* clang-format on */

struct flag_name {
	const char *name;
	unsigned int flag;
};

static const struct flag_name flag_names[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	/* Only means something with a listener, and the kernel refuses it without one. */
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0 },
};

struct errno_value {
	bool present;
	uint32_t value;
};

/* @where is the JSON pointer of the object that holds the action. */
static int parse_action(const char *name, const struct errno_value *err, const char *where,
			uint32_t *ret, struct pf_error *e)
{
	const struct action_name *a = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (!strcmp(actions[i].name, name))
			a = &actions[i];
	if (!strcmp(name, "SCMP_ACT_NOTIFY"))
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "%s: action `%s' is not supported: take it out of the profile",
			       where, name);
	if (!a)
		return pf_fail(e, PF_ERR_CONFIG, 0, "%s: unknown action `%s'", where, name);
	if (err->present && !a->takes_errno)
		return pf_fail(e, PF_ERR_CONFIG, 0, "%s: action `%s' takes no errno", where, name);
	if (err->present && err->value > MAX_ERRNO)
		return pf_fail(e, PF_ERR_CONFIG, 0, "%s: errno `%u' is above %u", where, err->value,
			       MAX_ERRNO);
	*ret = a->action;
	if (a->takes_errno)
		*ret |= err->present ? err->value : EPERM;
	return 0;
}

static int parse_flags(const struct oci_seccomp *profile, unsigned int *ret, struct pf_error *e)
{
	unsigned int flags = 0;

	for (size_t i = 0; i < profile->flags.n; i++) {
		const struct flag_name *f = NULL;

		for (size_t k = 0; k < ARRAY_SIZE(flag_names); k++)
			if (!strcmp(flag_names[k].name, profile->flags.v[i]))
				f = &flag_names[k];
		if (!f)
			return pf_fail(e, PF_ERR_CONFIG, 0,
				       "/linux/seccomp/flags/%zu: unknown flag `%s'", i,
				       profile->flags.v[i]);
		flags |= f->flag;
	}
	/* As runc: who does not mention flags does not want the cost of the speculation barrier; "none" is a choice. */
	if (!profile->has_flags)
		flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	*ret = flags;
	return 0;
}

uint32_t seccomp_arch_of(const char *name)
{
	static const char prefix[] = "SCMP_ARCH_";
	char lower[32];
	size_t i = 0;

	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return 0;
	for (name += strlen(prefix); name[i] && i < sizeof(lower) - 1; i++)
		lower[i] = (char)tolower((unsigned char)name[i]);
	lower[i] = '\0';
	return name[i] ? 0 : seccomp_arch_resolve_name(lower);
}

static int add_architectures(scmp_filter_ctx ctx, const struct oci_seccomp *profile,
			     struct pf_error *e)
{
	for (size_t i = 0; i < profile->architectures.n; i++) {
		const char *name = profile->architectures.v[i];
		uint32_t arch = seccomp_arch_of(name);
		int ret;

		if (arch == 0)
			return pf_fail(
				e, PF_ERR_CONFIG, 0,
				"/linux/seccomp/architectures/%zu: unknown architecture `%s'", i,
				name);
		ret = seccomp_arch_add(ctx, arch);
		if (ret < 0 && ret != -EEXIST)
			return pf_fail(
				e, PF_ERR_CONFIG, -ret,
				"/linux/seccomp/architectures/%zu: add `%s' to a filter of this machine",
				i, name);
	}
	return 0;
}

struct rule {
	int number;
	uint32_t action;
	struct scmp_arg_cmp args[MAX_ARGS];
	unsigned int n_args;
	bool alternatives; /* an argument is compared twice: each condition is a rule of its own */
};

static int parse_args(const struct oci_seccomp_syscall *s, size_t index, struct rule *rule,
		      struct pf_error *e)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < s->n_args; i++) {
		if (s->args[i].index >= MAX_ARGS)
			return pf_fail(
				e, PF_ERR_CONFIG, 0,
				"/linux/seccomp/syscalls/%zu/args/%zu/index: `%u' is above %u",
				index, i, s->args[i].index, MAX_ARGS - 1);
		if (seen & (1u << s->args[i].index))
			rule->alternatives = true;
		seen |= 1u << s->args[i].index;
	}
	return 0;
}

static struct scmp_arg_cmp condition(const struct oci_seccomp_arg *a)
{
	return (struct scmp_arg_cmp){
		.arg = a->index,
		.op = (enum scmp_compare)a->op,
		.datum_a = a->value,
		.datum_b = a->value_two,
	};
}

/* A rule that is there already, with this or another action, changes nothing: the first wins. */
static int add_rule(scmp_filter_ctx ctx, const struct rule *rule, const struct scmp_arg_cmp *args,
		    unsigned int n)
{
	int ret = seccomp_rule_add_array(ctx, rule->action, rule->number, n, args);

	return ret == -EEXIST ? 0 : ret;
}

static int add_one(scmp_filter_ctx ctx, const struct oci_seccomp_syscall *s, struct rule *rule)
{
	if (!rule->alternatives) {
		for (size_t i = 0; i < s->n_args; i++)
			rule->args[i] = condition(&s->args[i]);
		return add_rule(ctx, rule, rule->args, (unsigned int)s->n_args);
	}
	for (size_t i = 0; i < s->n_args; i++) {
		struct scmp_arg_cmp one = condition(&s->args[i]);

		STEP(add_rule(ctx, rule, &one, 1));
	}
	return 0;
}

static int add_syscall(scmp_filter_ctx ctx, const struct oci_seccomp *profile, size_t index,
		       uint32_t default_action, struct pf_error *e)
{
	const struct oci_seccomp_syscall *s = &profile->syscalls[index];
	struct errno_value err = { s->has_errno, s->errno_ret };
	struct rule rule = { 0 };
	char where[64];
	int ret;

	snprintf(where, sizeof(where), "/linux/seccomp/syscalls/%zu", index);
	STEP(parse_action(s->action, &err, where, &rule.action, e));
	STEP(parse_args(s, index, &rule, e));
	if (rule.action == default_action)
		return 0; /* libseccomp refuses it, and it says nothing */
	for (size_t i = 0; i < s->names.n; i++) {
		rule.number = seccomp_syscall_resolve_name(s->names.v[i]);
		if (rule.number == __NR_SCMP_ERROR)
			continue; /* newer than libseccomp: the specification says skip */
		ret = add_one(ctx, s, &rule);
		if (ret < 0)
			return pf_fail(e, ret == -ENOMEM ? PF_ERR_SYS : PF_ERR_CONFIG, -ret,
				       "%s: add the rule for `%s'", where, s->names.v[i]);
	}
	return 0;
}

static int check_rule_count(const struct oci_seccomp *profile, struct pf_error *e)
{
	size_t n = 0;

	for (size_t i = 0; i < profile->n_syscalls; i++) {
		size_t names = profile->syscalls[i].names.n, args = profile->syscalls[i].n_args;

		n += names > MAX_RULES || args > MAX_RULES ? MAX_RULES + 1
							   : names * (args ? args : 1);
		if (n > MAX_RULES)
			return pf_fail(e, PF_ERR_CONFIG, 0,
				       "/linux/seccomp/syscalls/%zu: more than %u rules", i,
				       MAX_RULES);
	}
	return 0;
}

static int set_attributes(scmp_filter_ctx ctx, struct pf_error *e)
{
	int ret = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);

	if (ret == 0)
		ret = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return ret < 0 ? pf_fail_sys(e, ret, "seccomp: prepare libseccomp") : 0;
}

static int export_program(scmp_filter_ctx ctx, char **ret_code, size_t *ret_size,
			  struct pf_error *e)
{
	auto_fd fd = sys_memfd_create("pinfold-seccomp", PF_MFD_CLOEXEC | PF_MFD_NOEXEC_SEAL);
	int ret;

	if (fd == -EINVAL) /* compat: kernel < 6.3 */
		fd = sys_memfd_create("pinfold-seccomp", PF_MFD_CLOEXEC);
	if (fd < 0)
		return pf_fail_sys(e, fd, "seccomp: memfd_create");
	ret = seccomp_export_bpf(ctx, fd);
	if (ret < 0)
		return pf_fail_sys(e, ret, "seccomp: export the program");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return pf_fail_sys(e, errno, "seccomp: rewind the program");
	return pf_read_all(fd, 16u << 20, ret_code, ret_size, e);
}

static int translate(const struct oci_seccomp *profile, scmp_filter_ctx ctx,
		     uint32_t default_action, struct pf_buf *code, struct pf_error *e)
{
	auto_free char *bytes = NULL;
	size_t size = 0;

	STEP(set_attributes(ctx, e));
	STEP(add_architectures(ctx, profile, e));
	for (size_t i = 0; i < profile->n_syscalls; i++)
		STEP(add_syscall(ctx, profile, i, default_action, e));
	STEP(export_program(ctx, &bytes, &size, e));
	pf_buf_add(code, bytes, size);
	return 0;
}

static int compile(const struct oci_seccomp *profile, struct seccomp_program *ret,
		   struct pf_error *e)
{
	struct errno_value err = { profile->has_default_errno, profile->default_errno };
	auto_buf code = { 0 };
	scmp_filter_ctx ctx;
	uint32_t action;
	int r;

	STEP(parse_action(profile->default_action, &err, "/linux/seccomp/defaultAction", &action,
			  e));
	STEP(check_rule_count(profile, e));
	STEP(seccomp_stub(profile, &code, e));
	ctx = seccomp_init(action);
	if (!ctx)
		return pf_fail(e, PF_ERR_HOST, 0, "seccomp: libseccomp cannot start a filter");
	r = translate(profile, ctx, action, &code, e);
	seccomp_release(ctx);
	if (r < 0)
		return r;
	if (code.failed)
		return pf_fail_sys(e, ENOMEM, "seccomp");
	ret->n = code.len / sizeof(struct sock_filter);
	if (ret->n > SECCOMP_MAX_INSNS)
		return pf_fail(
			e, PF_ERR_CONFIG, 0,
			"/linux/seccomp: the profile needs %zu instructions, the kernel takes %u",
			ret->n, SECCOMP_MAX_INSNS);
	ret->code = pf_take_ptr(&code.data);
	code = (struct pf_buf){ 0 };
	return 0;
}

int seccomp_compile(const struct oci_seccomp *profile, int cache_fd, struct seccomp_program *ret,
		    struct pf_error *e)
{
	struct seccomp_program p = { 0 };
	auto_buf key = { 0 };
	int stored;

	STEP(parse_flags(profile, &p.flags, e));
	if (cache_fd >= 0)
		seccomp_cache_key(profile, &key);
	if (cache_fd >= 0 && !key.failed && seccomp_cache_load(cache_fd, &key, &p)) {
		*ret = p;
		return 0;
	}
	STEP(compile(profile, &p, e));
	if (cache_fd >= 0 && !key.failed) {
		stored = seccomp_cache_store(cache_fd, &key, &p);
		if (stored < 0)
			pf_debug("seccomp cache: %s, continuing without", pf_errno_text(-stored));
	}
	*ret = p;
	return 0;
}

void seccomp_program_free(struct seccomp_program *p)
{
	free(p->code);
	*p = (struct seccomp_program){ 0 };
}
