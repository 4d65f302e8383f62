/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the child that reads files gives up before it reads the first: user, capabilities, descriptors, the file system,
 * the network, and all system calls but those that reading, answering and a heap need. A parser that a hostile file took
 * over could then compute and lie in its answers, and no more.
 *
 * Everything here runs in the child and fails closed. Landlock alone may be absent, where the kernel has none: no system
 * call that it would judge is left.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/guard/scan_parts.h"

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

#define X32_BIT 0x40000000u
#define NOBODY  65534u

/* The low half of an argument comes first on both architectures. */
#define LOAD_NR   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define LOAD_ARCH BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch))
#define LOAD_ARG(n) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (n))
#define RET_ALLOW         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define RET_KILL          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define IF_EQ(k, n)       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), (n), 0)
#define UNLESS_EQ(k, n)   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 0, (n))
#define UNLESS_BITS(k, n) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (k), 0, (n))
/* Each needs the number in the accumulator and leaves it there. */
#define ALLOW(nr) UNLESS_EQ(nr, 1), RET_ALLOW
/* Only on the one socket. */
#define ALLOW_ON_SOCKET(nr) \
	UNLESS_EQ(nr, 4), LOAD_ARG(0), UNLESS_EQ(SCAN_SOCKET, 1), RET_ALLOW, RET_KILL
/* Never executable: with execve gone that is the last way to bring code. */
#define ALLOW_DATA(nr) UNLESS_EQ(nr, 4), LOAD_ARG(2), UNLESS_BITS(PROT_EXEC, 1), RET_KILL, RET_ALLOW

/* clang-format off */
static const struct sock_filter filter[] = {
#ifdef OUR_ARCH
	LOAD_ARCH,
	IF_EQ(OUR_ARCH, 1),
	RET_KILL,
	LOAD_NR,
#ifdef __x86_64__
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1),
	RET_KILL,
#endif
	ALLOW(SYS_pread64),
	ALLOW(SYS_lseek),
	ALLOW(SYS_close),
	ALLOW_ON_SOCKET(SYS_recvmsg),
	ALLOW_ON_SOCKET(SYS_sendto),
	ALLOW(SYS_brk),
	ALLOW_DATA(SYS_mmap),
	ALLOW(SYS_munmap),
	ALLOW(SYS_mremap),
	ALLOW(SYS_rt_sigreturn),
	ALLOW(SYS_restart_syscall),
	ALLOW(SYS_clock_gettime),
	ALLOW(SYS_exit_group),
#ifdef SCAN_SANITIZED
	/* what the sanitizers' own runtime calls, to manage its memory and to report; never in what is installed */
	ALLOW(SYS_madvise), ALLOW(SYS_mprotect), ALLOW(SYS_futex), ALLOW(SYS_getpid), ALLOW(SYS_gettid),
	ALLOW(SYS_sched_yield), ALLOW(SYS_sigaltstack), ALLOW(SYS_rt_sigprocmask), ALLOW(SYS_rt_sigaction),
	ALLOW(SYS_write), ALLOW(SYS_getrandom), ALLOW(SYS_prlimit64), ALLOW(SYS_sysinfo),
#endif
#endif
	RET_KILL,
};
/* clang-format on */

/* Everything that this kernel's Landlock can forbid, and no rule that allows any of it. */
static const uint64_t fs_rights[] = { 0,      0x1fff, 0x3fff, 0x7fff, 0x7fff,
				      0xffff, 0xffff, 0xffff, 0xffff, 0x1ffff };

static int make_ruleset(void)
{
	struct pf_landlock_ruleset_attr attr = { .handled_access_net = 3, .scoped = 3 };
	int abi = sys_landlock_abi();

	if (abi <= 0)
		return abi == -ENOSYS || abi == -EOPNOTSUPP ? -ENOSYS : -EINVAL;
	attr.handled_access_fs =
		fs_rights[(size_t)abi < ARRAY_SIZE(fs_rights) ? (size_t)abi
							      : ARRAY_SIZE(fs_rights) - 1];
	return sys_landlock_create_ruleset(&attr, (abi < 4   ? 1
						   : abi < 6 ? 2
							     : 3) *
							  sizeof(uint64_t));
}

static int restrict_paths(void)
{
	auto_fd ruleset = make_ruleset();

	if (ruleset == -ENOSYS)
		return 0;
	if (ruleset < 0)
		return ruleset;
	return sys_landlock_restrict_self(ruleset, 0);
}

static int keep_only(int sock)
{
	if (sock != SCAN_SOCKET && dup3(sock, SCAN_SOCKET, O_CLOEXEC) < 0)
		return -errno;
#ifdef SCAN_SANITIZED
	/* a report wants stderr */
	if (sys_close_range(0, 1, 0) < 0)
		return -errno;
#else
	if (sys_close_range(0, SCAN_SOCKET - 1, 0) < 0)
		return -errno;
#endif
	return sys_close_range(SCAN_SOCKET + 1, UINT_MAX, 0);
}

static int set_limit(__rlimit_resource_t what, rlim_t value)
{
	struct rlimit limit;

	if (getrlimit(what, &limit) < 0)
		return -errno;
	if (limit.rlim_max < value)
		value = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max = value;
	return setrlimit(what, &limit) < 0 ? -errno : 0;
}

static int limit_resources(uint64_t memory, unsigned int seconds)
{
	STEP(set_limit(RLIMIT_CORE, 0));
	STEP(set_limit(RLIMIT_FSIZE, 0));
	STEP(set_limit(RLIMIT_NOFILE, SCAN_SOCKET + 1 + SCAN_BATCH));
	STEP(set_limit(RLIMIT_CPU, seconds));
#ifdef SCAN_SANITIZED
	(void)memory; /* their shadow alone is terabytes of address space */
	return 0;
#else
	return set_limit(RLIMIT_AS, memory);
#endif
}

/*
 * Nobody's ids, where there is a nobody: a user namespace of one id has none (EINVAL), and one that denies setgroups(2)
 * keeps its groups (EPERM). What an id could reach is out of reach anyway.
 */
static int drop_user(void)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return -errno;
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 && errno != EINVAL)
		return -errno;
	return setresuid(NOBODY, NOBODY, NOBODY) < 0 && errno != EINVAL ? -errno : 0;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	const struct __user_cap_data_struct none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	return sys_capset(&head, none); /* the ambient ones go with the inheritable */
}

static int no_new_privileges(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	/* last: a change of ids takes it back */
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : 0;
}

static int load_filter(void)
{
	const struct sock_fprog prog = { .len = ARRAY_SIZE(filter),
					 .filter = (struct sock_filter *)(uintptr_t)filter };

	if (ARRAY_SIZE(filter) == 1)
		return -ENOTSUP; /* another architecture */
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, (void *)(uintptr_t)&prog);
}

static int failing(int ret, const char *what, const char **failed)
{
	if (ret < 0)
		*failed = what;
	return ret;
}

int scan_jail_enter(int sock, uint64_t memory, unsigned int seconds, const char **failed)
{
	STEP(failing(keep_only(sock), "close the other descriptors", failed));
	STEP(failing(limit_resources(memory, seconds), "set limits", failed));
	STEP(failing(drop_user(), "become nobody", failed));
	STEP(failing(drop_capabilities(), "drop all capabilities", failed));
	STEP(failing(no_new_privileges(), "set no_new_privs", failed));
	STEP(failing(restrict_paths(), "enter a Landlock domain without rules", failed));
	STEP(failing(load_filter(), "load its seccomp filter", failed));
	return 0;
}
