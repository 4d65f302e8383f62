/* SPDX-License-Identifier: Apache-2.0 */
/* What this host and this process can do. Facts are asked of the kernel by trying, never read from a version. */
#include <config.h>

#include "runtime/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/sys.h"

static int forced_abi = -1;

void host_force_landlock_abi(int abi)
{
	forced_abi = abi;
}

static bool identity_map(void)
{
	auto_fd fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	unsigned int in, out, n;
	char text[128];
	ssize_t len;

	if (fd < 0)
		return true; /* a kernel without user namespaces */
	len = read(fd, text, sizeof(text) - 1);
	if (len <= 0)
		return false;
	text[len] = '\0';
	return sscanf(text, "%u %u %u", &in, &out, &n) == 3 && in == 0 && out == 0 &&
	       n == UINT32_MAX;
}

/* True in the namespace of a user without newgidmap: `unshare -r', podman where /etc/subgid does not name the user. */
static bool setgroups_denied(void)
{
	auto_fd fd = open("/proc/self/setgroups", O_RDONLY | O_CLOEXEC);
	char text[8];

	return fd >= 0 && read(fd, text, sizeof(text)) >= 4 && memcmp(text, "deny", 4) == 0;
}

/* Root of a user namespace that kept the mount namespace of its parent may clone no mount: `unshare -r' without -m. */
static bool may_clone_mounts(void)
{
	auto_fd fd = sys_open_tree(AT_FDCWD, "/", PF_OPEN_TREE_CLONE);

	return fd >= 0;
}

static int probe_caps(struct host *h, struct pf_error *e)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	int cap;

	if (syscall(SYS_capget, &head, data) < 0)
		return pf_fail_sys(e, errno, "read this process's capabilities");
	h->cap_permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	for (cap = 0; cap < 64; cap++) {
		int r = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (r < 0)
			break;
		if (r > 0)
			h->cap_bounding |= 1ull << cap;
	}
	h->last_cap = cap - 1;
	return 0;
}

int host_probe(struct host *h, struct pf_error *e)
{
	int abi = sys_landlock_abi();

	*h = (struct host){ .euid = geteuid() };
	h->in_userns = !identity_map();
	STEP(probe_caps(h, e));
	h->has_userns_root = h->euid == 0 && (h->cap_permitted & (1ull << CAP_SYS_ADMIN));
	h->privileged = h->has_userns_root && !h->in_userns;
	if (h->in_userns) {
		h->has_userns_root = h->has_userns_root && may_clone_mounts();
		h->no_setgroups = setgroups_denied();
	}
	if (abi < 0)
		h->landlock_errno = -abi;
	else
		h->landlock_abi = abi;
	if (forced_abi >= 0 && forced_abi < h->landlock_abi) {
		h->landlock_abi = forced_abi;
		h->landlock_errno = forced_abi == 0 ? EOPNOTSUPP : 0;
	}
	return 0;
}
