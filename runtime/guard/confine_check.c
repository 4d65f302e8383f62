/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a confined container must not have: capabilities, namespaces, mounts and devices that lead around what
 * Landlock and the filter can see. Judged from config.json alone, before anything is made. A node may permit each by
 * name; then it is kept, and posture says what it voids.
 */
#include <config.h>

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/guard/confine_impl.h"

/* Capabilities newer than some headers; the numbers are the kernel's. */
#define NUMBER_OF_PERFMON            38 /* Linux 5.8 */
#define NUMBER_OF_BPF                39 /* Linux 5.8 */
#define NUMBER_OF_CHECKPOINT_RESTORE 40 /* Linux 5.9 */

const struct confine_void_cap confine_void_caps[] = {
	{ CAP_SYS_ADMIN, "mounts, namespaces and the filter" },
	{ CAP_NET_ADMIN, "the network's rules" },
	{ CAP_NET_RAW, "the network's rules: packets below them" },
	{ NUMBER_OF_BPF, "every hook of the kernel" },
	{ NUMBER_OF_PERFMON, "the memory and environment of other processes" },
	{ CAP_SYS_MODULE, "the kernel itself" },
	{ CAP_SYS_RAWIO, "the host's memory and disks" },
	{ CAP_SYS_BOOT, "the host" },
	{ CAP_SYS_TIME, "the host's clock" },
	{ CAP_DAC_READ_SEARCH, "files by handle, around every path" },
	{ CAP_MAC_ADMIN, "the security modules" },
	{ CAP_MAC_OVERRIDE, "the security modules" },
	{ CAP_SYSLOG, "the kernel's addresses and log" },
	{ CAP_AUDIT_CONTROL, "the records" },
	{ CAP_AUDIT_READ, "the records of the host" },
	{ NUMBER_OF_CHECKPOINT_RESTORE, "the ids and files of other processes" },
	{ CAP_SYS_PTRACE, "the processes that share the pid namespace" },
	{ -1, NULL },
};

static int fail_permit(struct pf_error *e, const char *pointer, const char *why, const char *cure,
		       const char *permit)
{
	return pf_fail(e, PF_ERR_POLICY, 0,
		       "%s: %s, and a confined container must not have that: %s, or let the node "
		       "policy say \"permit\": [\"%s\"]",
		       pointer, why, cure, permit);
}

static bool permits_cap(const struct policy *policy, const char *name)
{
	char word[64];

	snprintf(word, sizeof(word), "cap:%s", name + strlen("CAP_"));
	return policy_permits(policy, word);
}

static int check_cap(const struct policy *policy, int cap, const char *what, struct pf_error *e)
{
	const char *name = oci_cap_name(cap);
	char why[160], permit[64];

	if (permits_cap(policy, name))
		return 0;
	snprintf(why, sizeof(why), "%s would void %s", name, what);
	snprintf(permit, sizeof(permit), "cap:%s", name + strlen("CAP_"));
	return fail_permit(e, "/process/capabilities", why, "drop it", permit);
}

static int check_caps(const struct policy *policy, const struct oci_config *config,
		      uint64_t caps[OCI_CAP_SET_COUNT_], uint64_t *ret_taken, struct pf_error *e)
{
	const uint64_t raw = 1ull << CAP_NET_RAW;
	uint64_t all = 0;

	for (int set = 0; set < OCI_CAP_SET_COUNT_; set++)
		all |= caps[set];
	*ret_taken = 0;
	for (const struct confine_void_cap *c = confine_void_caps; c->what; c++) {
		if (!(all & (1ull << c->cap)) || c->cap == CAP_NET_RAW)
			continue;
		if (c->cap == CAP_SYS_PTRACE && !confine_shares(config, OCI_NS_PID))
			continue;
		STEP(check_cap(policy, c->cap, c->what, e));
	}
	/* In every engine's default set, so nobody asked for it: taken, not refused. */
	if (!(all & raw) || permits_cap(policy, "CAP_NET_RAW"))
		return 0;
	*ret_taken = raw;
	for (int set = 0; set < OCI_CAP_SET_COUNT_; set++)
		caps[set] &= ~raw;
	return 0;
}

/* A path that says in so many words: the host's. Other paths are a pod's or another container's. */
static bool is_host_path(const char *path)
{
	return path &&
	       (strncmp(path, "/proc/1/ns/", 11) == 0 || strncmp(path, "/proc/self/ns/", 14) == 0 ||
		strncmp(path, "/proc/thread-self/ns/", 21) == 0);
}

static int check_namespaces(const struct policy *policy, const struct oci_config *config,
			    struct pf_error *e)
{
	static const struct {
		enum oci_ns ns;
		const char *permit, *why;
	} shared[] = {
		{ OCI_NS_PID, "host-pid", "the host's processes are in reach" },
		{ OCI_NS_IPC, "host-ipc",
		  "the host's System V IPC and message queues are in reach" },
		{ OCI_NS_NETWORK, "host-net",
		  "the host's network and abstract sockets are in reach" },
	};
	const struct oci_namespace *ns = config->linux_.ns;

	for (size_t i = 0; i < ARRAY_SIZE(shared); i++) {
		const struct oci_namespace *n = &ns[shared[i].ns];
		char cure[80];

		if ((n->present && !is_host_path(n->path)) ||
		    policy_permits(policy, shared[i].permit))
			continue;
		snprintf(cure, sizeof(cure), "give it its own %s namespace",
			 oci_namespace_name(shared[i].ns));
		STEP(fail_permit(e, "/linux/namespaces", shared[i].why, cure, shared[i].permit));
	}
	if ((!ns[OCI_NS_MOUNT].present || ns[OCI_NS_MOUNT].path) &&
	    !policy_permits(policy, "mount-ns"))
		return fail_permit(e, "/linux/namespaces", "its mounts are not its own",
				   "give it a new mount namespace", "mount-ns");
	if (ns[OCI_NS_USER].path && !policy_permits(policy, "user-ns-path"))
		return fail_permit(e, "/linux/namespaces",
				   "a user namespace by path gives others power over it",
				   "give it a new user namespace or none", "user-ns-path");
	return 0;
}

/* Are the cgroups writable through this mount? A recursive bind of what lies above them brings them along. */
static bool has_writable_cgroups(const struct oci_mount *mount)
{
	static const char cgroups[] = "/sys/fs/cgroup";
	bool readonly = (mount->attr_set | mount->rec_attr_set) & PF_MOUNT_ATTR_RDONLY;
	char source[PATH_MAX];

	if (mount->kind == OCI_FS_CGROUP)
		return !readonly;
	if (mount->kind != OCI_FS_BIND || !mount->source ||
	    pf_path_normalise(mount->source, source, sizeof(source)) < 0)
		return false;
	if (pf_path_inside(source, cgroups))
		return !readonly;
	return mount->recursive && pf_path_inside(cgroups, source) &&
	       !(mount->rec_attr_set & PF_MOUNT_ATTR_RDONLY);
}

static int check_mounts(const struct policy *policy, const struct oci_config *config,
			struct pf_error *e)
{
	const uint64_t leaky = MS_SHARED | MS_SLAVE;

	for (size_t i = 0; i < config->n_mounts; i++) {
		const struct oci_mount *m = &config->mounts[i];
		char pointer[64];

		snprintf(pointer, sizeof(pointer), "/mounts/%zu", i);
		if ((m->propagation & leaky) && !policy_permits(policy, "shared-propagation"))
			return fail_permit(e, pointer,
					   "its propagation lets mounts of the host appear later",
					   "use rprivate", "shared-propagation");
		if (has_writable_cgroups(m) && !policy_permits(policy, "rw-cgroup"))
			return fail_permit(e, pointer, "cgroups are writable there",
					   "mount it read-only (with rro for a bind)", "rw-cgroup");
	}
	if ((config->linux_.rootfs_propagation & leaky) &&
	    !policy_permits(policy, "shared-propagation"))
		return fail_permit(e, "/linux/rootfsPropagation",
				   "its propagation lets mounts of the host appear later",
				   "use private", "shared-propagation");
	return 0;
}

static bool lists_path(const struct oci_strings *list, const char *path)
{
	char normal[PATH_MAX];

	for (size_t i = 0; i < list->n; i++)
		if (pf_path_normalise(list->v[i], normal, sizeof(normal)) == 0 &&
		    pf_path_inside(path, normal))
			return true;
	return false;
}

/* Engines drop the masks of /proc for a privileged container. Without a user namespace a writable /proc/sys is the
 * host: core_pattern runs a program of the container as root outside. */
static bool has_open_proc(const struct oci_config *config)
{
	const struct oci_linux *l = &config->linux_;

	if (l->ns[OCI_NS_USER].present || lists_path(&l->readonly_paths, "/proc/sys") ||
	    lists_path(&l->masked_paths, "/proc/sys"))
		return false;
	for (size_t i = 0; i < config->n_mounts; i++)
		if (config->mounts[i].kind == OCI_FS_PROC)
			return !(config->mounts[i].attr_set & PF_MOUNT_ATTR_RDONLY);
	return false;
}

static int check_devices(const struct policy *policy, const struct oci_config *config,
			 struct pf_error *e)
{
	const struct oci_linux *l = &config->linux_;
	bool blocks = policy_permits(policy, "block-devices");
	bool privileged = policy_permits(policy, "privileged");
	char pointer[64];

	for (size_t i = 0; i < l->n_devices && !blocks; i++) {
		snprintf(pointer, sizeof(pointer), "/linux/devices/%zu", i);
		if (S_ISBLK(l->devices[i].type))
			return fail_permit(e, pointer, "it is a block device",
					   "mount what is on it instead", "block-devices");
	}
	for (size_t i = 0; i < l->resources.n_devices; i++) {
		const struct oci_device_rule *r = &l->resources.devices[i];

		snprintf(pointer, sizeof(pointer), "/linux/resources/devices/%zu", i);
		if (!r->allow || !(r->read || r->write))
			continue;
		if (r->type == 'a' && !privileged)
			return fail_permit(e, pointer, "every device is allowed",
					   "run it without --privileged", "privileged");
		if (r->type == 'b' && !blocks)
			return fail_permit(e, pointer, "a block device is allowed", "allow none",
					   "block-devices");
	}
	if (!privileged && has_open_proc(config))
		return fail_permit(e, "/linux/readonlyPaths", "/proc/sys is writable",
				   "list \"/proc/sys\" there", "privileged");
	return 0;
}

int confine_check_config(const struct policy *policy, const struct oci_config *config,
			 uint64_t caps[OCI_CAP_SET_COUNT_], uint64_t *ret_taken, struct pf_error *e)
{
	uint64_t taken = 0;

	if (policy->confined) {
		STEP(check_namespaces(policy, config, e));
		STEP(check_mounts(policy, config, e));
		STEP(check_devices(policy, config, e));
		STEP(check_caps(policy, config, caps, &taken, e));
	}
	*ret_taken = taken;
	return 0;
}
