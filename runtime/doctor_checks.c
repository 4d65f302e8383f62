/* SPDX-License-Identifier: Apache-2.0 */
/* What `pinfold doctor' looks at. Each check tries the thing itself where that changes nothing, and names the cure. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/sys.h"
#include "config/policy.h"
#include "runtime/cgroup.h"
#include "runtime/doctor_parts.h"
#include "runtime/egress/egress.h"

/* A small number in a file of procfs; @fallback where there is no such file. */
static long read_number(const char *path, long fallback)
{
	auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[32];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return fallback;
	text[n] = '\0';
	return strtol(text, NULL, 10);
}

void doctor_check_kernel(struct doctor *d)
{
	static const char cure[] = "boot Linux 5.12 or later";
	auto_fd root = sys_openat2(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0, PF_RESOLVE_NO_SYMLINKS);
	struct pf_mount_attr none = { 0 };
	struct pf_file_id id;
	struct utsname u;

	if (uname(&u) < 0)
		memset(&u, 0, sizeof(u));
	if (root < 0)
		doctor_add(d, "kernel", DOCTOR_MISSING, cure,
			   "Linux %s has no openat2: no container can start", u.release);
	else if (sys_mount_setattr(root, "", AT_EMPTY_PATH, &none) == -ENOSYS)
		doctor_add(
			d, "kernel", DOCTOR_LIMITED, cure,
			"Linux %s has no mount_setattr: recursive mount options, idmapped mounts and confinement "
			"are refused",
			u.release);
	else if (sys_file_id(root, &id) < 0)
		doctor_add(d, "kernel", DOCTOR_LIMITED, cure,
			   "Linux %s tells no mount ids: confinement is refused", u.release);
	else
		doctor_add(d, "kernel", DOCTOR_OK, NULL, "Linux %s", u.release);
}

/* What each ABI of Landlock brought. A key that needs what is missing refuses, unless `degrade' names it. */
struct abi_step {
	int abi;
	const char *name, *linux_version, *cost;
};

static const struct abi_step abi_steps[] = {
	{ 2, "landlock.refer", "5.19",
	  "moving a file to another directory fails wherever reading or writing is confined" },
	{ 3, "landlock.truncate", "6.2",
	  "files that no `write' entry names can be emptied where they lie on a writable mount" },
	{ 5, "landlock.ioctl", "6.10",
	  "ioctl on devices that the container can open is not confined" },
	{ 6, "landlock.scope", "6.12",
	  "in a shared namespace abstract sockets and signals reach processes outside of the container" },
	{ 7, "landlock logs", "6.15",
	  "denied opens are not logged, so there is no source for events.fs" },
	{ 9, "landlock.unix", NULL,
	  "a unix socket can be connected to by its path wherever it is visible; sockets in mounts that are not "
	  "allowed are covered" },
};

void doctor_check_landlock(struct doctor *d)
{
	if (d->host.landlock_abi == 0) {
		doctor_add(
			d, "landlock", DOCTOR_MISSING,
			d->host.landlock_errno == EOPNOTSUPP
				? "add landlock to the list of the boot parameter lsm="
				: "boot a kernel of 5.13 or later with CONFIG_SECURITY_LANDLOCK=y",
			"not on this kernel (%s): read, write and exec refuse the container",
			pf_errno_text(d->host.landlock_errno));
		return;
	}
	doctor_add(d, "landlock", DOCTOR_OK, NULL, "ABI %d: read, write and exec can be enforced",
		   d->host.landlock_abi);
	for (size_t i = 0; i < ARRAY_SIZE(abi_steps); i++) {
		const struct abi_step *s = &abi_steps[i];
		char cure[64];

		if (s->abi <= d->host.landlock_abi)
			continue;
		if (s->linux_version)
			snprintf(cure, sizeof(cure), "boot Linux %s or later (ABI %d)",
				 s->linux_version, s->abi);
		else
			snprintf(cure, sizeof(cure), "boot a kernel with Landlock ABI %d", s->abi);
		doctor_add(d, s->name, DOCTOR_LIMITED, cure, "%s", s->cost);
	}
}

void doctor_check_seccomp(struct doctor *d)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	if (sys_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0)
		doctor_add(d, "seccomp", DOCTOR_MISSING,
			   "boot a kernel with CONFIG_SECCOMP_FILTER=y",
			   "no filters on this kernel: profiles and confinement are refused");
	else
		doctor_add(d, "seccomp", DOCTOR_OK, NULL,
			   "profiles and the filter of confined containers");
}

void doctor_check_userns(struct doctor *d)
{
	static const char name[] = "user namespaces";
	bool root = d->host.privileged;

	if (access("/proc/self/ns/user", F_OK) < 0)
		doctor_add(d, name, DOCTOR_MISSING, "boot a kernel with CONFIG_USER_NS=y",
			   "not on this kernel: no rootless containers, no uid mappings");
	else if (read_number("/proc/sys/user/max_user_namespaces", 1) == 0)
		doctor_add(d, name, DOCTOR_MISSING, "sysctl user.max_user_namespaces=15000",
			   "none may be made: no rootless containers, no uid mappings");
	else if (read_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
		doctor_add(d, name, root ? DOCTOR_NOTE : DOCTOR_MISSING,
			   "sysctl kernel.unprivileged_userns_clone=1",
			   "only root may make one: no rootless containers");
	else if (read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) != 0)
		doctor_add(
			d, name, root ? DOCTOR_NOTE : DOCTOR_LIMITED,
			"give pinfold an AppArmor profile that allows userns",
			"AppArmor gives no privilege in one that an ordinary user makes: rootless containers fail");
	else
		doctor_add(d, name, DOCTOR_OK, NULL, "rootless containers and uid mappings");
}

/* The init runs from a sealed memfd. Asked for as the runtime does, so a security module's answer is seen too. */
void doctor_check_memfd(struct doctor *d)
{
	auto_fd fd = sys_memfd_create("pinfold-doctor",
				      PF_MFD_CLOEXEC | PF_MFD_ALLOW_SEALING | PF_MFD_EXEC);
	long level = read_number("/proc/sys/vm/memfd_noexec", 0);

	if (fd == -EINVAL) /* compat: kernel < 6.3 */
		fd = sys_memfd_create("pinfold-doctor", PF_MFD_CLOEXEC | PF_MFD_ALLOW_SEALING);
	if (fd >= 0)
		doctor_add(d, "memfd", DOCTOR_OK, NULL,
			   "the init runs from sealed memory (vm.memfd_noexec=%ld)", level);
	else
		doctor_add(
			d, "memfd", DOCTOR_MISSING, "sysctl vm.memfd_noexec=1",
			"no executable memory file (vm.memfd_noexec=%ld, %s): no container can start",
			level, pf_errno_text(-fd));
}

static bool can_write(const struct cgroup_hierarchy *h)
{
	char path[1024];
	char *end;

	/* The nearest directory that is there: the group itself is made at create. */
	snprintf(path, sizeof(path), "%s%s", h->mount, h->path);
	while (access(path, F_OK) < 0 && (end = strrchr(path, '/')) && end != path)
		*end = '\0';
	return access(path, W_OK) == 0;
}

static void add_own_group(struct doctor *d, const struct cgroup_hierarchy *v2)
{
	const char *cost = ": egress is refused";

	if (!v2)
		doctor_add(d, "own cgroup2", DOCTOR_LIMITED,
			   "mount cgroup2 beside the v1 hierarchies, at /sys/fs/cgroup/unified",
			   "no cgroup2, so no group of its own for a container%s", cost);
	else if (!can_write(v2))
		doctor_add(d, "own cgroup2", DOCTOR_LIMITED,
			   "have a group delegated: systemd-run --user --scope -p Delegate=yes",
			   "`%s%s' cannot be written, so no group of its own for a container%s",
			   v2->mount, v2->path, cost);
	else
		doctor_add(d, "own cgroup2", DOCTOR_OK, NULL,
			   "each container gets a group of its own below `%s'", v2->mount);
}

void doctor_check_cgroups(struct doctor *d)
{
	const struct cgroup_hierarchy *v2 = NULL;
	struct oci_config config = { 0 };
	struct pf_error why = PF_ERROR_INIT;
	struct cgroup cg = { 0 };
	size_t v1 = 0;

	/* As root, whoever asks: as an ordinary user what cannot be written would be left out. */
	if (cgroup_plan(&config, "doctor", CGROUP_MANAGER_CGROUPFS, false, &cg, &why) < 0) {
		doctor_add(d, "cgroups", DOCTOR_MISSING, "mount cgroup2 at /sys/fs/cgroup", "%s",
			   why.msg);
		return;
	}
	for (size_t i = 0; i < cg.n; i++) {
		if (cg.h[i].v2)
			v2 = &cg.h[i];
		else
			v1++;
	}
	if (cg.n == 0)
		doctor_add(d, "cgroups", DOCTOR_MISSING, "mount cgroup2 at /sys/fs/cgroup",
			   "none is mounted: no limits can be set");
	else if (v1 > 0)
		doctor_add(d, "cgroups", DOCTOR_OK, NULL, "%s: %zu v1 hierarchies%s",
			   v2 ? "hybrid" : "v1", v1, v2 ? " and cgroup2" : "");
	else
		doctor_add(d, "cgroups", DOCTOR_OK, NULL, "v2");
	add_own_group(d, v2);
}

/* Loads `return 1' as a device program and lets it go again. */
void doctor_check_bpf(struct doctor *d)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;
	auto_fd fd = -EBADF;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)code;
	attr.insn_cnt = ARRAY_SIZE(code);
	attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
	fd = sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd >= 0)
		doctor_add(d, "bpf", DOCTOR_OK, NULL, "programs of cgroups can be loaded");
	else if (fd == -EPERM || fd == -EACCES)
		doctor_add(d, "bpf", DOCTOR_LIMITED,
			   "run as root of the host, or with CAP_BPF and CAP_NET_ADMIN",
			   "no privilege: device rules of cgroup2 are left out");
	else
		doctor_add(d, "bpf", DOCTOR_MISSING, "boot a kernel with CONFIG_CGROUP_BPF=y",
			   "programs of cgroups cannot be loaded (%s)", pf_errno_text(-fd));
}

/* Loads what judges connections, and lets it go again. */
void doctor_check_egress(struct doctor *d)
{
	struct egress_programs g = EGRESS_PROGRAMS_NULL;
	struct pf_error why = PF_ERROR_INIT;

	if (egress_load(&g, &why) == 0) {
		doctor_add(d, "egress", DOCTOR_OK, NULL,
			   "connections of a container can be judged");
		egress_close(&g);
		return;
	}
	doctor_add(d, "egress", why.err == EPERM ? DOCTOR_LIMITED : DOCTOR_MISSING,
		   why.err == EPERM ? "run as root of the host"
				    : "boot Linux 5.14 or newer with CONFIG_CGROUP_BPF=y",
		   "a container with `egress' or `listen' is refused: %s", why.msg);
}

void doctor_check_policy(struct doctor *d)
{
	struct pf_error why = PF_ERROR_INIT;
	auto_fd fd = -EBADF;
	struct stat st;

	/* The same question that decides it at create. */
	if (fstatat(AT_FDCWD, POLICY_NODE_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		doctor_add(
			d, "node policy", DOCTOR_NOTE, NULL,
			"there is no `%s': annotations alone decide, and no annotation means a "
			"plain container; podman before 4.5.1 passes on those of images: write one",
			POLICY_NODE_FILE);
	else if (pf_open_trusted(POLICY_NODE_FILE, &fd, &why) >= 0)
		doctor_add(d, "node policy", DOCTOR_OK, NULL,
			   "`%s' is in force: see `pinfold policy check'", POLICY_NODE_FILE);
	else
		doctor_add(d, "node policy", DOCTOR_MISSING,
			   "make it and the directories above root's, writable by no other",
			   "%s: every container is refused", why.msg);
}
