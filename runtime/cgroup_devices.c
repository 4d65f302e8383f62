/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which devices the container may use: the rules of config.json in their order, then those that every container gets,
 * so that no engine's "deny all" takes /dev/null away. What no rule names is denied, also when there are no rules.
 *
 * v1 cannot say "the last match wins": its devices controller holds one default and a set of exceptions. Rules are
 * reduced to that here; what does not fit ("all of 10:*, but not 10:229") is refused, since the kernel would take the
 * deny without a word and go on allowing.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/devices_bpf.h"

#define POINTER "/linux/resources/devices"

static const struct device_entry defaults[] = {
	{ 'c', true, -1, -1, DEVICE_MKNOD }, /* making a node is no access to the device */
	{ 'b', true, -1, -1, DEVICE_MKNOD }, { 'c', true, 1, 3, DEVICE_RWM }, /* null */
	{ 'c', true, 1, 8, DEVICE_RWM },                                      /* random */
	{ 'c', true, 1, 7, DEVICE_RWM },                                      /* full */
	{ 'c', true, 5, 0, DEVICE_RWM },                                      /* tty */
	{ 'c', true, 1, 5, DEVICE_RWM },                                      /* zero */
	{ 'c', true, 1, 9, DEVICE_RWM },                                      /* urandom */
	{ 'c', true, 136, -1, DEVICE_RWM },                                   /* pts/0 and on */
	{ 'c', true, 5, 2, DEVICE_RWM },                                      /* ptmx */
};

/* ---- compose ---- */

static int add(struct device_rules *rules, const struct device_entry *entry)
{
	if (rules->n == rules->cap) {
		size_t cap = rules->cap ? rules->cap * 2 : 32;
		struct device_entry *v = realloc(rules->v, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		rules->v = v;
		rules->cap = cap;
	}
	rules->v[rules->n++] = *entry;
	return 0;
}

void devices_free(struct device_rules *rules)
{
	free(rules->v);
	*rules = (struct device_rules){ 0 };
}

static int add_rule(struct device_rules *rules, const struct oci_device_rule *r)
{
	struct device_entry entry = { r->type, r->allow, r->major, r->minor, 0 };

	if (r->read)
		entry.access |= DEVICE_READ;
	if (r->write)
		entry.access |= DEVICE_WRITE;
	if (r->mknod)
		entry.access |= DEVICE_MKNOD;
	return add(rules, &entry);
}

/* A node in linux.devices is a name and no leave: what may be opened is for resources.devices to say, as in runc. */
int devices_compose(const struct oci_resources *r, struct device_rules *ret, struct pf_error *e)
{
	auto_devices rules = { 0 };
	int err = 0;

	for (size_t i = 0; i < r->n_devices && err == 0; i++)
		err = add_rule(&rules, &r->devices[i]);
	for (size_t i = 0; i < ARRAY_SIZE(defaults) && err == 0; i++)
		err = add(&rules, &defaults[i]);
	if (err < 0)
		return pf_fail_sys(e, err, POINTER);
	*ret = rules;
	rules = (struct device_rules){ 0 };
	return 0;
}

/* ---- reduce ---- */

static bool covers(int64_t a, int64_t b)
{
	return a < 0 || a == b;
}

/* Every device of @b is one of @a. */
static bool contains(const struct device_entry *a, const struct device_entry *b)
{
	return a->type == b->type && covers(a->major, b->major) && covers(a->minor, b->minor);
}

static bool overlaps(const struct device_entry *a, const struct device_entry *b)
{
	return a->type == b->type && (covers(a->major, b->major) || covers(b->major, a->major)) &&
	       (covers(a->minor, b->minor) || covers(b->minor, a->minor));
}

static const char *number_text(int64_t n, char buf[static 24])
{
	if (n < 0)
		snprintf(buf, 24, "*");
	else
		snprintf(buf, 24, "%" PRId64, n);
	return buf;
}

/* Takes @rule's bits out of the exceptions. */
static int take_out(struct device_rules *exceptions, const struct device_entry *rule,
		    struct pf_error *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < exceptions->n; i++) {
		struct device_entry x = exceptions->v[i];
		char a[24], b[24], c[24], d[24];

		if (overlaps(&x, rule) && (x.access & rule->access) && !contains(rule, &x))
			return pf_fail(
				e, PF_ERR_HOST, 0,
				POINTER
				": cgroup v1 cannot %s `%c %s:%s' inside of `%c %s:%s', which an earlier rule %s: name the devices one by one",
				rule->allow ? "allow" : "deny", rule->type,
				number_text(rule->major, a), number_text(rule->minor, b), x.type,
				number_text(x.major, c), number_text(x.minor, d),
				rule->allow ? "denied" : "allowed");
		if (contains(rule, &x))
			x.access &= ~rule->access;
		if (x.access)
			exceptions->v[kept++] = x;
	}
	exceptions->n = kept;
	return 0;
}

static int put_in(struct device_rules *exceptions, const struct device_entry *rule)
{
	for (size_t i = 0; i < exceptions->n; i++) {
		struct device_entry *x = &exceptions->v[i];

		if (x->type == rule->type && x->major == rule->major && x->minor == rule->minor) {
			x->access |= rule->access;
			return 0;
		}
	}
	return add(exceptions, rule);
}

static int reduce_one(bool default_allow, struct device_rules *exceptions,
		      const struct device_entry *rule, struct pf_error *e)
{
	int ret;

	if (rule->allow == default_allow)
		return take_out(exceptions, rule, e);
	ret = put_in(exceptions, rule);
	return ret < 0 ? pf_fail_sys(e, ret, POINTER) : 0;
}

int devices_reduce(const struct device_rules *rules, bool *ret_default_allow,
		   struct device_rules *ret_exceptions, struct pf_error *e)
{
	auto_devices exceptions = { 0 };
	bool allow = false;

	for (size_t i = 0; i < rules->n; i++) {
		struct device_entry rule = rules->v[i];

		if (rule.type != 'a') {
			STEP(reduce_one(allow, &exceptions, &rule, e));
			continue;
		}
		if (rule.major < 0 && rule.minor < 0 && rule.access == DEVICE_RWM) {
			allow = rule.allow; /* all of all: what was said before does not matter any more */
			exceptions.n = 0;
			continue;
		}
		/* the kernel reads an "a" as all of all, whatever else the line says: less than that is two lines */
		rule.type = 'b';
		STEP(reduce_one(allow, &exceptions, &rule, e));
		rule.type = 'c';
		STEP(reduce_one(allow, &exceptions, &rule, e));
	}
	*ret_default_allow = allow;
	*ret_exceptions = exceptions;
	exceptions = (struct device_rules){ 0 };
	return 0;
}

/* ---- apply ---- */

static int write_default(const struct cgroup_hierarchy *h, int dir, bool allow, struct pf_error *e)
{
	int ret = pf_write_file_at(dir, allow ? "devices.allow" : "devices.deny",
				   allow ? "a *:* rwm" : "a");

	if (ret == -EINVAL)
		return pf_fail_sys(
			e, ret,
			POINTER
			": `%s%s' has sub-groups, left by another container?: remove them or choose another cgroupsPath",
			h->mount, h->path);
	return ret < 0 ? pf_fail_sys(e, ret, POINTER ": set the default of `%s%s'", h->mount,
				     h->path)
		       : 0;
}

static int apply_v1(const struct cgroup_hierarchy *h, const struct device_rules *rules,
		    struct pf_error *e)
{
	auto_devices exceptions = { 0 };
	auto_fd dir = -EBADF, file = -EBADF;
	bool allow = false;

	STEP(devices_reduce(rules, &allow, &exceptions, e));
	STEP(cgroup_dir_open(h, &dir, e));
	STEP(write_default(h, dir, allow, e));
	file = openat(dir, allow ? "devices.deny" : "devices.allow",
		      O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (file < 0)
		return pf_fail_sys(e, errno, POINTER ": open the rules of `%s%s'", h->mount,
				   h->path);
	for (size_t i = 0; i < exceptions.n; i++) {
		const struct device_entry *x = &exceptions.v[i];
		char line[80], major[24], minor[24];

		snprintf(line, sizeof(line), "%c %s:%s %s%s%s", x->type,
			 number_text(x->major, major), number_text(x->minor, minor),
			 x->access & DEVICE_READ ? "r" : "", x->access & DEVICE_WRITE ? "w" : "",
			 x->access & DEVICE_MKNOD ? "m" : "");
		if (write(file, line, strlen(line)) < 0)
			return pf_fail_sys(e, errno, POINTER ": %s `%s' in `%s%s'",
					   allow ? "deny" : "allow", line, h->mount, h->path);
	}
	return 0;
}

static bool is_open(const struct device_rules *rules)
{
	auto_devices exceptions = { 0 };
	struct pf_error ignored;
	bool allow = false;

	return devices_reduce(rules, &allow, &exceptions, &ignored) == 0 && allow &&
	       exceptions.n == 0;
}

static int apply_v2(const struct cgroup_hierarchy *h, const struct device_rules *rules,
		    struct pf_error *e)
{
	auto_program program = { 0 };
	auto_fd dir = -EBADF;
	int ret;

	if (!is_open(rules))
		STEP(devices_bpf_generate(rules, &program, e));
	STEP(cgroup_dir_open(h, &dir, e));
	ret = devices_bpf_attach(dir, program.n ? &program : NULL, e);
	return ret < 0 ? pf_wrap(e, POINTER ": `%s%s'", h->mount, h->path) : 0;
}

int devices_apply(const struct cgroup *cg, const struct oci_resources *r, struct pf_error *e)
{
	const struct cgroup_hierarchy *v1 = cgroup_find_v1(cg, "devices"), *v2 = cgroup_find_v2(cg);
	auto_devices rules = { 0 };
	struct pf_error why;
	int ret;

	/* Without a privileged runtime there is no filter, and the kernel gives it no device that its user may not open. */
	if (!v1 && !v2 && cg->rootless)
		return 0;
	STEP(devices_compose(r, &rules, e));
	if (!v1 && !v2)
		return pf_fail(
			e, PF_ERR_HOST, 0,
			POINTER
			": devices cannot be confined: mount the v1 controller `devices' or cgroup2");
	ret = v1 ? apply_v1(v1, &rules, &why) : apply_v2(v2, &rules, &why);
	if (ret < 0 && cg->rootless && why.kind == PF_ERR_SYS &&
	    (ret == -EPERM || ret == -EACCES)) {
		pf_debug("%s, continuing without a device filter", why.msg);
		return 0;
	}
	if (ret < 0)
		*e = why;
	return ret;
}
