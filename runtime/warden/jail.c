/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the warden gives up before it reads the first message. Every call that its loop makes stands in the list below; a
 * call beside it ends the process, which is seen and recorded by who started it.
 */
#include <config.h>

#include "runtime/warden/jail.h"

#include <errno.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/sys.h"

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

#define X32_BIT 0x40000000u

/* The low half of an argument comes first on both architectures. */
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_ARG(n) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (n))
#define RET_ALLOW    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define RET_KILL     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define AND(k)       BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (k))
#define IF_EQ(k, n)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), (n), 0)
#define UNLESS(k, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 0, (n))
#define ALLOW(nr)    UNLESS(nr, 1), RET_ALLOW

/* clang-format off */
static const struct sock_filter filter[] = {
#ifdef OUR_ARCH
	LOAD(arch),
	IF_EQ(OUR_ARCH, 1),
	RET_KILL,
	LOAD(nr),
#ifdef __x86_64__
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1),
	RET_KILL,
#endif
#ifdef SYS_epoll_wait
	ALLOW(SYS_epoll_wait),
#endif
	ALLOW(SYS_epoll_pwait),
	ALLOW(SYS_epoll_ctl),
	ALLOW(SYS_recvfrom),
	ALLOW(SYS_sendto),
	ALLOW(SYS_write),
	ALLOW(SYS_pread64),
	ALLOW(SYS_close),
	ALLOW(SYS_accept4),
	ALLOW(SYS_bind),
	ALLOW(SYS_connect),
	ALLOW(SYS_getrandom),
	ALLOW(SYS_clock_gettime),
	ALLOW(SYS_fstat),
#ifdef SYS_newfstatat
	ALLOW(SYS_newfstatat),
#endif
	ALLOW(SYS_restart_syscall),
	ALLOW(SYS_exit_group),
	/* sockets of IPv4 and IPv6, datagrams and streams */
	UNLESS(SYS_socket, 8),
	LOAD_ARG(0),
	IF_EQ(AF_INET, 1),
	UNLESS(AF_INET6, 5),
	LOAD_ARG(1),
	AND(0xf),
	IF_EQ(SOCK_DGRAM, 1),
	UNLESS(SOCK_STREAM, 1),
	RET_ALLOW,
#endif
	RET_KILL,
};
/* clang-format on */

/* Everything that this kernel's Landlock can forbid, and no rule that allows any of it; but TCP may be connected. */
static const uint64_t fs_rights[] = { 0,      0x1fff, 0x3fff, 0x7fff, 0x7fff,
				      0xffff, 0xffff, 0xffff, 0xffff, 0x1ffff };

enum { LANDLOCK_BIND_TCP = 1, LANDLOCK_SCOPES = 3 };

static int restrict_paths(void)
{
	struct pf_landlock_ruleset_attr attr = { .handled_access_net = LANDLOCK_BIND_TCP,
						 .scoped = LANDLOCK_SCOPES };
	int abi = sys_landlock_abi(), words = abi < 4 ? 1 : abi < 6 ? 2 : 3;
	auto_fd ruleset = -EBADF;

	if (abi == -ENOSYS || abi == -EOPNOTSUPP)
		return 0;
	if (abi <= 0)
		return -EINVAL;
	attr.handled_access_fs =
		fs_rights[(size_t)abi < ARRAY_SIZE(fs_rights) ? (size_t)abi
							      : ARRAY_SIZE(fs_rights) - 1];
	ruleset = sys_landlock_create_ruleset(&attr, (size_t)words * sizeof(uint64_t));
	if (ruleset < 0)
		return ruleset;
	return sys_landlock_restrict_self(ruleset, 0);
}

static int close_others(int *keep, size_t n)
{
	unsigned int from = 0;

	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && keep[j] < keep[j - 1]; j--) {
			int swapped = keep[j];

			keep[j] = keep[j - 1];
			keep[j - 1] = swapped;
		}
	for (size_t i = 0; i < n; i++) {
		unsigned int fd = (unsigned int)keep[i];

		if (fd > from)
			STEP(sys_close_range(from, fd - 1, 0));
		if (fd >= from)
			from = fd + 1;
	}
	return sys_close_range(from, UINT_MAX, 0);
}

static int set_limits(void)
{
	/* clang-format off */
	static const struct {
		int what;
		rlim_t value;
	} limits[] = {
		{ RLIMIT_CORE, 0 }, { RLIMIT_NPROC, 0 }, { RLIMIT_MEMLOCK, 0 }, { RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_DATA, 8 << 20 }, { RLIMIT_STACK, 1 << 20 }, { RLIMIT_NOFILE, 512 },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit l;

		if (getrlimit(limits[i].what, &l) < 0)
			return -errno;
		if (l.rlim_max > limits[i].value)
			l.rlim_max = limits[i].value;
		l.rlim_cur = l.rlim_max;
		if (setrlimit(limits[i].what, &l) < 0)
			return -errno;
	}
	return 0;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	/* a process without CAP_SETPCAP cannot shrink the bounding set, nor gain from it with no_new_privs */
	for (unsigned long cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	return sys_capset(&header, none);
}

int jail_enter(int *keep, size_t n)
{
	struct sock_fprog program = { ARRAY_SIZE(filter), (struct sock_filter *)(uintptr_t)filter };

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	STEP(close_others(keep, n));
	STEP(set_limits());
	STEP(drop_capabilities());
	STEP(restrict_paths());
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);
}
