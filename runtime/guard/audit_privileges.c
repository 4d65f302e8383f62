/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways out that privilege opens: devices of the host's disks, namespaces that are the host's own, capabilities with
 * which what is told elsewhere is no limit.
 */
#include <config.h>

#include <linux/capability.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "runtime/guard/audit_collect.h"

static const struct wide { /* what a capability opens when it counts in the host's user namespace */
	int cap;
	const char *why;
} wide[] = {
	{ CAP_SYS_ADMIN, "it can mount, and so look at every disk of the host" },
	{ CAP_SYS_MODULE, "it can load code into the kernel" },
	{ CAP_SYS_RAWIO, "it can reach memory and devices directly" },
	{ CAP_DAC_READ_SEARCH,
	  "it can open by handle any file of the file systems it sees, mounted or not" },
	{ CAP_BPF, "it can load programs that read what other processes do" },
	{ CAP_PERFMON, "it can watch other processes" },
};

static void add_capabilities(struct audit *a, struct audit_container *c)
{
	struct audit_way way = { .kind = AUDIT_WAY_CAPABILITY, .open = true, .host = true };

	/* over a user namespace of its own they lead no further than that */
	if (!c->ns[AUDIT_NS_USER].host)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(wide); i++) {
		if (!(c->caps >> wide[i].cap & 1))
			continue;
		way.what = oci_cap_name(wide[i].cap);
		way.why = wide[i].why;
		audit_way_add(a, c, &way);
	}
	if ((c->caps >> CAP_SYS_PTRACE & 1) && c->ns[AUDIT_NS_PID].host) {
		way.what = oci_cap_name(CAP_SYS_PTRACE);
		way.why = "with the host's pid namespace: it can read every process of the host";
		audit_way_add(a, c, &way);
	}
}

static void add_namespaces(struct audit *a, struct audit_container *c)
{
	static const char *const why[AUDIT_NS_COUNT_] = {
		[AUDIT_NS_NET] =
			"the host's own: its loopback services and abstract sockets are in reach",
		[AUDIT_NS_PID] =
			"the host's own: it sees every process, and what their user may read of them",
		[AUDIT_NS_IPC] = "the host's own: its shared memory is in reach",
		[AUDIT_NS_MNT] = "the host's own: its files are in reach",
	};

	for (int ns = 0; ns < AUDIT_NS_COUNT_; ns++) {
		const struct audit_way way = {
			.kind = AUDIT_WAY_NAMESPACE,
			.open = true,
			.host = ns == AUDIT_NS_MNT,
			.what = audit_ns_name((enum audit_ns)ns),
			.why = why[ns],
		};

		if (c->ns[ns].host && why[ns])
			audit_way_add(a, c, &way);
	}
}

static void add_device(struct audit *a, struct audit_container *c, const struct oci_device *d)
{
	const struct audit_way way = {
		.kind = AUDIT_WAY_DEVICE,
		.open = true,
		.host = true,
		.what = audit_printf(a, "%s", d->path),
		.why = audit_printf(a, "a block device (%u:%u): all that lies on it", d->major,
				    d->minor),
	};

	audit_way_add(a, c, &way);
}

/* The last rule that fits decides; what engines add for "privileged" allows all of a type. */
static bool allows_all_disks(const struct oci_resources *r)
{
	bool allowed = false;

	for (size_t i = 0; i < r->n_devices; i++) {
		const struct oci_device_rule *d = &r->devices[i];

		if ((d->type == 'a' || d->type == 'b') && d->major < 0 && d->minor < 0 && d->read)
			allowed = d->allow;
	}
	return allowed;
}

void audit_privileges(struct audit *a, struct audit_container *c, const struct audit_task *task)
{
	const struct oci_linux *l = task->config ? &task->config->linux_ : NULL;
	const struct audit_way disks = {
		.kind = AUDIT_WAY_DEVICE,
		.open = true,
		.host = true,
		.what = "all block devices",
		.why = "its device rules allow them, and it can make the nodes",
	};

	add_namespaces(a, c);
	add_capabilities(a, c);
	for (size_t i = 0; l && i < l->n_devices; i++)
		if (S_ISBLK(l->devices[i].type))
			add_device(a, c, &l->devices[i]);
	if (l && allows_all_disks(&l->resources) && (c->caps >> CAP_MKNOD & 1) &&
	    c->ns[AUDIT_NS_USER].host)
		audit_way_add(a, c, &disks);
}
