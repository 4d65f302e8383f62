/* SPDX-License-Identifier: Apache-2.0 */
/* What a confined container must not have: each is refused by name, and each can be permitted by that name. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/guard/confine.h"
#include "tests/unit/tap.h"

struct fixture {
	struct policy policy;
	char *permit[2];
	struct oci_config config;
	struct oci_mount mounts[2];
	struct oci_device device;
	struct oci_device_rule rule;
	char *readonly[2];
	uint64_t caps[OCI_CAP_SET_COUNT_], taken;
	struct pf_error e;
};

static char proc_sys[] = "/proc/sys";

/* What podman, docker and containerd ask for by default, as far as it matters here. */
static struct fixture sound(void)
{
	struct fixture f = { .policy.confined = true };

	for (int ns = 0; ns < OCI_NS_COUNT_; ns++)
		f.config.linux_.ns[ns].present = ns != OCI_NS_USER && ns != OCI_NS_TIME;
	f.mounts[0] = (struct oci_mount){ .kind = OCI_FS_PROC, .destination = "/proc" };
	f.mounts[1] = (struct oci_mount){
		.kind = OCI_FS_CGROUP,
		.destination = "/sys/fs/cgroup",
		.attr_set = PF_MOUNT_ATTR_RDONLY,
	};
	f.device = (struct oci_device){ .type = S_IFCHR, .path = "/dev/fuse" };
	/* engines let every block device be made, not opened */
	f.rule = (struct oci_device_rule){
		.allow = true, .type = 'b', .major = -1, .minor = -1, .mknod = true
	};
	f.readonly[0] = proc_sys;
	f.caps[OCI_CAP_BOUNDING] = f.caps[OCI_CAP_EFFECTIVE] =
		0xa80425fb; /* docker's, NET_RAW among them */
	return f;
}

static int check(struct fixture *f)
{
	f->config.mounts = f->mounts;
	f->config.n_mounts = ARRAY_SIZE(f->mounts);
	f->config.linux_.devices = &f->device;
	f->config.linux_.n_devices = 1;
	f->config.linux_.resources.devices = &f->rule;
	f->config.linux_.resources.n_devices = 1;
	f->config.linux_.readonly_paths.v = f->readonly;
	f->config.linux_.readonly_paths.n = f->readonly[0] ? 1 : 0;
	f->policy.permit.v = f->permit;
	f->policy.permit.n = f->permit[0] ? 1 : 0;
	f->e = (struct pf_error)PF_ERROR_INIT;
	return confine_check_config(&f->policy, &f->config, f->caps, &f->taken, &f->e);
}

static void refused_unless_permitted(struct fixture *f, const char *pointer, const char *permit)
{
	char word[64], line[96];

	snprintf(word, sizeof(word), "%s", permit);
	snprintf(line, sizeof(line), "\"permit\": [\"%s\"]", permit);
	CHECK_INT(check(f), ==, -EINVAL);
	CHECK_INT(f->e.kind, ==, PF_ERR_POLICY);
	CHECK_INT(strncmp(f->e.msg, pointer, strlen(pointer)), ==, 0);
	CHECK_HAS(f->e.msg, line);
	printf("# %s\n", f->e.msg);
	f->permit[0] = word;
	CHECK_INT(check(f), ==, 0);
	f->permit[0] = NULL;
	f->policy.confined = false;
	CHECK_INT(check(f), ==, 0);
}

static void a_default_container_passes_without_net_raw(void)
{
	struct fixture f = sound();
	char word[] = "cap:NET_RAW";

	CHECK_INT(check(&f), ==, 0);
	CHECK_INT(f.taken, ==, 1 << 13);
	CHECK_INT(f.caps[OCI_CAP_BOUNDING], ==, 0xa80405fb);
	CHECK_INT(f.caps[OCI_CAP_EFFECTIVE], ==, 0xa80405fb);
	f = sound();
	f.permit[0] = word;
	CHECK_INT(check(&f), ==, 0);
	CHECK_INT(f.taken, ==, 0);
	CHECK_INT(f.caps[OCI_CAP_BOUNDING], ==, 0xa80425fb);
	f = sound();
	f.policy.confined = false;
	CHECK_INT(check(&f), ==, 0);
	CHECK_INT(f.caps[OCI_CAP_BOUNDING], ==, 0xa80425fb);
}

static void capabilities_that_void_a_protection(void)
{
	static const char *const names[] = {
		"SYS_ADMIN",     "NET_ADMIN",    "BPF",
		"PERFMON",       "SYS_MODULE",   "SYS_RAWIO",
		"SYS_BOOT",      "SYS_TIME",     "DAC_READ_SEARCH",
		"MAC_ADMIN",     "MAC_OVERRIDE", "SYSLOG",
		"AUDIT_CONTROL", "AUDIT_READ",   "CHECKPOINT_RESTORE",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct fixture f = sound();
		char cap[48], permit[48];

		snprintf(cap, sizeof(cap), "CAP_%s", names[i]);
		snprintf(permit, sizeof(permit), "cap:%s", names[i]);
		f.caps[i % OCI_CAP_SET_COUNT_] |= 1ull << oci_cap_number(cap);
		refused_unless_permitted(&f, "/process/capabilities: CAP_", permit);
	}
}

static void ptrace_where_the_pid_namespace_is_shared(void)
{
	struct fixture f = sound();

	f.caps[OCI_CAP_BOUNDING] |= 1ull << oci_cap_number("CAP_SYS_PTRACE");
	CHECK_INT(check(&f), ==, 0);
	f.config.linux_.ns[OCI_NS_PID].path = "/proc/4242/ns/pid";
	refused_unless_permitted(&f, "/process/capabilities", "cap:SYS_PTRACE");
}

static void namespaces_of_the_host(void)
{
	static const struct {
		enum oci_ns ns;
		const char *permit;
	} rows[] = {
		{ OCI_NS_PID, "host-pid" },
		{ OCI_NS_IPC, "host-ipc" },
		{ OCI_NS_NETWORK, "host-net" },
		{ OCI_NS_MOUNT, "mount-ns" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f = sound();

		f.config.linux_.ns[rows[i].ns].present = false;
		refused_unless_permitted(&f, "/linux/namespaces", rows[i].permit);
		f = sound();
		f.config.linux_.ns[rows[i].ns].path = "/proc/1/ns/x";
		refused_unless_permitted(&f, "/linux/namespaces", rows[i].permit);
	}
}

static void a_pods_namespaces_pass(void)
{
	struct fixture f = sound();

	f.config.linux_.ns[OCI_NS_NETWORK].path = "/run/netns/pod";
	f.config.linux_.ns[OCI_NS_IPC].path = "/proc/77/ns/ipc";
	f.config.linux_.ns[OCI_NS_PID].path = "/proc/77/ns/pid";
	CHECK_INT(check(&f), ==, 0);
}

static void mount_and_user_namespaces_by_path(void)
{
	struct fixture f = sound();

	f.config.linux_.ns[OCI_NS_MOUNT].path = "/proc/77/ns/mnt";
	refused_unless_permitted(&f, "/linux/namespaces", "mount-ns");
	f = sound();
	f.config.linux_.ns[OCI_NS_USER] = (struct oci_namespace){ true, "/proc/77/ns/user" };
	refused_unless_permitted(&f, "/linux/namespaces", "user-ns-path");
}

static void propagation_that_lets_mounts_in(void)
{
	struct fixture f = sound();

	f.mounts[0].propagation = MS_SLAVE;
	refused_unless_permitted(&f, "/mounts/0", "shared-propagation");
	f = sound();
	f.mounts[1].propagation = MS_SHARED;
	refused_unless_permitted(&f, "/mounts/1", "shared-propagation");
	f = sound();
	f.config.linux_.rootfs_propagation = MS_SHARED | MS_REC;
	refused_unless_permitted(&f, "/linux/rootfsPropagation", "shared-propagation");
	f = sound();
	f.mounts[0].propagation = MS_PRIVATE;
	f.config.linux_.rootfs_propagation = MS_PRIVATE | MS_REC;
	CHECK_INT(check(&f), ==, 0);
}

static void writable_cgroups(void)
{
	struct fixture f = sound();
	struct oci_mount bind = { .kind = OCI_FS_BIND, .destination = "/x", .recursive = true };

	f.mounts[1].attr_set = 0;
	refused_unless_permitted(&f, "/mounts/1", "rw-cgroup");
	f = sound();
	f.mounts[1] = bind;
	f.mounts[1].source = "/sys/fs/cgroup/unified";
	refused_unless_permitted(&f, "/mounts/1", "rw-cgroup");
	f = sound();
	f.mounts[1] = bind;
	f.mounts[1].source = "/sys";
	f.mounts[1].attr_set =
		PF_MOUNT_ATTR_RDONLY; /* not recursive: /sys/fs/cgroup stays writable */
	refused_unless_permitted(&f, "/mounts/1", "rw-cgroup");
	f.policy.confined = true;
	f.mounts[1].rec_attr_set = PF_MOUNT_ATTR_RDONLY;
	CHECK_INT(check(&f), ==, 0);
}

static void devices(void)
{
	struct fixture f = sound();

	f.device.type = S_IFBLK;
	refused_unless_permitted(&f, "/linux/devices/0", "block-devices");
	f = sound();
	f.rule.read = true;
	refused_unless_permitted(&f, "/linux/resources/devices/0", "block-devices");
	f = sound();
	f.rule.type = 'a';
	f.rule.read = f.rule.write = true;
	refused_unless_permitted(&f, "/linux/resources/devices/0", "privileged");
	f.policy.confined = true;
	f.rule.allow = false;
	CHECK_INT(check(&f), ==, 0);
}

static void an_unmasked_proc(void)
{
	struct fixture f = sound();

	f.readonly[0] = NULL;
	refused_unless_permitted(&f, "/linux/readonlyPaths", "privileged");
	f.policy.confined = true;
	f.config.linux_.ns[OCI_NS_USER].present = true;
	CHECK_INT(check(&f), ==, 0);
}

int main(void)
{
	RUN(a_default_container_passes_without_net_raw);
	RUN(capabilities_that_void_a_protection);
	RUN(ptrace_where_the_pid_namespace_is_shared);
	RUN(namespaces_of_the_host);
	RUN(a_pods_namespaces_pass);
	RUN(mount_and_user_namespaces_by_path);
	RUN(propagation_that_lets_mounts_in);
	RUN(writable_cgroups);
	RUN(devices);
	RUN(an_unmasked_proc);
	return tap_done();
}
