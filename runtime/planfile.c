/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of a new container: what config.json says, plus the devices, links and defaults that the specification or
 * every other runtime adds. */
#include <config.h>

#include "runtime/planfile.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/planfile_parts.h"

static const struct {
	const char *path;
	uint32_t major, minor;
} default_devices[] = {
	{ "/dev/null", 1, 3 },   { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

static const struct {
	const char *target, *path;
} default_links[] = {
	{ "/proc/self/fd", "/dev/fd" },       { "/proc/self/fd/0", "/dev/stdin" },
	{ "/proc/self/fd/1", "/dev/stdout" }, { "/proc/self/fd/2", "/dev/stderr" },
	{ "pts/ptmx", "/dev/ptmx" },
};

static const struct oci_namespace *ns_of(const struct oci_config *config, enum oci_ns ns)
{
	return &config->linux_.ns[ns];
}

static bool ns_is_new(const struct oci_config *config, enum oci_ns ns)
{
	return ns_of(config, ns)->present && !ns_of(config, ns)->path;
}

bool plan_two_stage(const struct oci_config *config)
{
	for (int ns = 0; ns < OCI_NS_COUNT_; ns++)
		if (config->linux_.ns[ns].path)
			return true;
	return ns_is_new(config, OCI_NS_USER) || ns_is_new(config, OCI_NS_TIME);
}

uint64_t plan_new_flags(const struct oci_config *config)
{
	uint64_t flags = 0;

	for (int ns = 0; ns < OCI_NS_COUNT_; ns++)
		if (ns != OCI_NS_CGROUP && ns != OCI_NS_TIME && ns_is_new(config, (enum oci_ns)ns))
			flags |= oci_namespace_flag((enum oci_ns)ns);
	return flags;
}

/* With the engine's own /dev bound in, what is in it is the engine's business. */
static bool dev_is_ours(const struct oci_config *config)
{
	for (size_t i = 0; i < config->n_mounts; i++)
		if (config->mounts[i].kind == OCI_FS_BIND &&
		    strcmp(config->mounts[i].destination, "/dev") == 0)
			return false;
	return true;
}

static struct plan_list devices(struct flat *f, const struct plan_input *in)
{
	const struct oci_linux *l = &in->config->linux_;
	size_t n = 0, room = ARRAY_SIZE(default_devices) + l->n_devices;
	auto_free struct plan_device *d = calloc(room, sizeof(*d));
	struct plan_list none = { 0, 0 };

	if (!d || !dev_is_ours(in->config)) {
		f->bytes.failed |= !d;
		return none;
	}
	for (size_t i = 0; i < ARRAY_SIZE(default_devices); i++)
		d[n++] = (struct plan_device){ .path = flat_str(f, default_devices[i].path),
					       .mode = S_IFCHR | 0666,
					       .major = default_devices[i].major,
					       .minor = default_devices[i].minor,
					       .source = flat_str(f, default_devices[i].path) };
	for (size_t i = 0; i < l->n_devices; i++) {
		const struct oci_device *o = &l->devices[i];
		size_t k;

		/* A default that config.json lists itself (podman does) takes config.json's mode and owner. */
		for (k = 0; k < ARRAY_SIZE(default_devices); k++)
			if (strcmp(o->path, default_devices[k].path) == 0)
				break;
		if (k == ARRAY_SIZE(default_devices))
			k = n++;
		d[k] = (struct plan_device){ .path = flat_str(f, o->path),
					     .mode = o->type | o->mode,
					     .major = o->major,
					     .minor = o->minor,
					     .uid = o->uid,
					     .gid = o->gid,
					     .source = flat_str(f, o->path) };
	}
	return flat_items(f, d, sizeof(*d), n);
}

static struct plan_list links(struct flat *f, const struct plan_input *in)
{
	struct plan_link l[ARRAY_SIZE(default_links) + 1];
	size_t n = 0;

	if (!dev_is_ours(in->config))
		return (struct plan_list){ 0, 0 };
	for (; n < ARRAY_SIZE(default_links); n++)
		l[n] = (struct plan_link){ flat_str(f, default_links[n].target),
					   flat_str(f, default_links[n].path) };
	if (access("/proc/kcore", F_OK) == 0) {
		l[n] = (struct plan_link){ flat_str(f, "/proc/kcore"), flat_str(f, "/dev/core") };
		n++;
	}
	return flat_items(f, l, sizeof(*l), n);
}

/* "net.ipv4.ip_forward" and "net/ipv4/ip_forward" are one file; after the first separator the other is literal. */
static plan_str sysctl_path(struct flat *f, const char *key)
{
	char path[512];
	size_t i = 0;
	bool dots = strcspn(key, ".") < strcspn(key, "/");

	for (; key[i] && i < sizeof(path) - 1; i++)
		path[i] = !dots ? key[i] : key[i] == '.' ? '/' : key[i] == '/' ? '.' : key[i];
	path[i] = '\0';
	return flat_str(f, path);
}

static struct plan_list sysctls(struct flat *f, const struct oci_pairs *pairs)
{
	auto_free struct plan_pair *p = calloc(pairs->n + 1, sizeof(*p));

	if (!p) {
		f->bytes.failed = true;
		return (struct plan_list){ 0, 0 };
	}
	for (size_t i = 0; i < pairs->n; i++)
		p[i] = (struct plan_pair){ sysctl_path(f, pairs->v[i].key),
					   flat_str(f, pairs->v[i].value) };
	return flat_items(f, p, sizeof(*p), pairs->n);
}

static struct plan_list hooks(struct flat *f, const struct oci_hooks *hooks)
{
	auto_free struct plan_hook *h = calloc(hooks->n + 1, sizeof(*h));

	if (!h) {
		f->bytes.failed = true;
		return (struct plan_list){ 0, 0 };
	}
	for (size_t i = 0; i < hooks->n; i++)
		h[i] = (struct plan_hook){ .path = flat_str(f, hooks->v[i].path),
					   .timeout_s = (uint32_t)hooks->v[i].timeout_s,
					   .args = flat_strs(f, &hooks->v[i].args),
					   .env = flat_strs(f, &hooks->v[i].env) };
	return flat_items(f, h, sizeof(*h), hooks->n);
}

/* Namespaces by path, in no order: stage.c finds one that is possible. */
static struct plan_list joins(struct flat *f, const struct plan_input *in)
{
	struct plan_ns_join j[OCI_NS_COUNT_];
	size_t n = 0;

	for (int ns = 0; ns < OCI_NS_COUNT_; ns++)
		if (in->sources->ns_fds[ns] >= 0)
			j[n++] = (struct plan_ns_join){ in->sources->ns_fds[ns],
							(uint32_t)oci_namespace_flag(
								(enum oci_ns)ns) };
	return flat_items(f, j, sizeof(*j), n);
}

static plan_str time_offsets(struct flat *f, const struct oci_linux *l)
{
	char text[160] = "";
	int n = 0;

	if (l->monotonic.present)
		n = snprintf(text, sizeof(text), "monotonic %lld %u\n",
			     (long long)l->monotonic.secs, l->monotonic.nanosecs);
	if (l->boottime.present)
		snprintf(text + n, sizeof(text) - (size_t)n, "boottime %lld %u\n",
			 (long long)l->boottime.secs, l->boottime.nanosecs);
	return text[0] ? flat_str(f, text) : 0;
}

static uint32_t create_flags(const struct plan_input *in)
{
	const struct oci_config *c = in->config;
	uint32_t flags = PLAN_CREATE | PLAN_NEW_MNTNS;

	if (plan_two_stage(c))
		flags |= PLAN_TWO_STAGE;
	if (in->no_pivot)
		flags |= PLAN_NO_PIVOT;
	if (c->root_readonly)
		flags |= PLAN_ROOT_READONLY;
	if (ns_is_new(c, OCI_NS_USER))
		flags |= PLAN_NEW_USERNS;
	if (ns_of(c, OCI_NS_USER)->path)
		flags |= PLAN_JOINED_USERNS;
	if (ns_of(c, OCI_NS_USER)->present || in->host->in_userns)
		flags |= PLAN_IN_USERNS;
	if (ns_is_new(c, OCI_NS_CGROUP))
		flags |= PLAN_NEW_CGROUPNS;
	if (ns_is_new(c, OCI_NS_TIME))
		flags |= PLAN_HAS_TIMENS;
	if (ns_is_new(c, OCI_NS_PID))
		flags |= PLAN_HAS_PIDNS;
	if (!in->host->privileged)
		flags |= PLAN_ROOTLESS;
	return flags;
}

static void put_names(struct flat *f, const struct plan_input *in, struct plan *p)
{
	char keyring[300];

	p->hostname = flat_str(f, in->config->hostname);
	p->domainname = flat_str(f, in->config->domainname);
	p->timens_offsets = time_offsets(f, &in->config->linux_);
	if (in->no_new_keyring)
		return;
	snprintf(keyring, sizeof(keyring), "_ses.%s", in->id);
	p->keyring = flat_str(f, keyring);
	p->keyring_label = flat_str(f, in->config->process.selinux_label);
}

/* A rule on the root reaches what the host mounts later too. Whoever asked for that by name has a permit by now. */
static bool is_private_tree(const struct plan_input *in)
{
	const uint64_t leaky = MS_SHARED | MS_SLAVE;

	for (size_t i = 0; i < in->config->n_mounts; i++)
		if (in->config->mounts[i].propagation & leaky)
			return false;
	return in->confined && !(in->config->linux_.rootfs_propagation & leaky);
}

static void put_fs(struct flat *f, const struct plan_input *in, struct plan *p)
{
	const struct oci_linux *l = &in->config->linux_;

	p->root_fd = in->sources->root_fd >= 0 ? in->sources->root_fd : -1;
	p->root_path = flat_str(f, in->sources->root_path);
	p->proc_fd = in->sources->proc_fd;
	p->rootfs_propagation = l->rootfs_propagation;
	if (is_private_tree(in))
		p->flags |= PLAN_PRIVATE_TREE;
	p->mounts = planfile_mounts(f, in);
	p->cgroup_mounts = planfile_cgroup_mounts(f, in->cgroup);
	p->devices = devices(f, in);
	p->links = links(f, in);
	p->masked = flat_strs(f, &l->masked_paths);
	p->readonly = flat_strs(f, &l->readonly_paths);
	p->sysctl = sysctls(f, &l->sysctl);
	p->hooks_create_container = hooks(f, &in->config->create_container);
	p->hooks_start_container = hooks(f, &in->config->start_container);
}

int plan_write(const struct plan_input *in, struct flat *f, struct pf_error *e)
{
	struct plan p = { .magic = PLAN_MAGIC };

	flat_begin(f, sizeof(p));
	p.flags = create_flags(in);
	p.clone_flags = plan_new_flags(in->config);
	p.joins = joins(f, in);
	put_names(f, in, &p);
	put_fs(f, in, &p);
	planfile_common(f, in, &p);
	p.size = (uint32_t)flat_size(f);
	return flat_end(f, &p, sizeof(p), e);
}

int plan_write_exec(const struct plan_input *in, struct flat *f, struct pf_error *e)
{
	struct plan_ns_join join = { in->pidfd, (uint32_t)in->join_flags };
	struct plan p = { .magic = PLAN_MAGIC };

	flat_begin(f, sizeof(p));
	p.flags = PLAN_EXEC | PLAN_TWO_STAGE;
	if (in->join_flags & CLONE_NEWUSER)
		p.flags |= PLAN_JOINED_USERNS;
	if (in->no_setgroups)
		p.flags |= PLAN_DENY_SETGROUPS;
	p.root_fd = p.proc_fd = -1;
	if (in->join_flags)
		p.joins = flat_items(f, &join, sizeof(join), 1);
	p.tasks_fds = flat_items(f, in->tasks_fds, sizeof(int), in->n_tasks);
	planfile_common(f, in, &p);
	p.size = (uint32_t)flat_size(f);
	return flat_end(f, &p, sizeof(p), e);
}
