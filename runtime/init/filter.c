/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a confined container is refused by system call. Landlock and the capabilities stop what a path or a privilege
 * decides; here goes what they do not see: other socket families, a user namespace and the kernel surface behind it,
 * calls that reach files or sockets past Landlock and past this filter (io_uring), and typing into a terminal.
 *
 * The errno is chosen for the program's own fallback: ENOSYS where libc and runtimes have one (clone3: its flags are
 * in memory and cannot be judged; EPERM there would end every thread creation), EAFNOSUPPORT and EPROTONOSUPPORT where a
 * kernel without the feature would say so, EPERM elsewhere.
 */
#include "runtime/init/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "runtime/init/steps.h"

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

#define X32_BIT 0x40000000u

/* Values of the kernel's interface; libc's headers lack some, or hide them. */
#define NEWUSER           0x10000000u
#define FAMILY_UNIX       1u
#define FAMILY_INET       2u
#define FAMILY_INET6      10u
#define FAMILY_NETLINK    16u
#define TYPE_MASK         0xfu /* the rest of the argument is SOCK_CLOEXEC and SOCK_NONBLOCK */
#define TYPE_RAW          3u   /* STREAM 1, DGRAM 2 */
#define TYPE_PACKET       10u
#define PROTO_ICMP        1u
#define PROTO_TCP         6u
#define PROTO_UDP         17u
#define PROTO_ICMPV6      58u
#define LEVEL_IP          0u
#define LEVEL_IPV6        41u
#define OPTION_IP_OPTIONS 4u
#define OPTION_IPV6_RTHDR 57u
#define IOCTL_STI         0x5412u
#define IOCTL_LINUX       0x541cu
#define MEMFD_NOEXEC_SEAL 8u /* Linux 6.3 */

/* Both architectures are little endian: the low half of an argument comes first. The kernel takes families, types,
 * protocols and ioctl commands as 32-bit numbers, so the high half must not decide. */
#define LOAD_NR   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define LOAD_ARCH BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch))
#define LOAD_ARG(n) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (n))

#define RET_ALLOW      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define RET_ERRNO(err) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (err))

/* Skip n instructions unless the condition holds. */
#define UNLESS_EQ(k, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 0, (n))
/* Skip n instructions if it holds. */
#define IF_EQ(k, n)        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), (n), 0)
#define IF_BITS(k, n)      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (k), (n), 0)
#define UNLESS_ABOVE(k, n) BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (k), 0, (n))
#define UNLESS_BITS(k, n)  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (k), 0, (n))

/* Needs the number in the accumulator and leaves it there. */
#define REFUSE(nr, err) UNLESS_EQ(nr, 1), RET_ERRNO(err)

/* A call whose flags must not hold a user namespace. */
#define REFUSE_NEWUSER(nr, arg) \
	UNLESS_EQ(nr, 4), LOAD_ARG(arg), UNLESS_BITS(NEWUSER, 1), RET_ERRNO(EPERM), RET_ALLOW

#ifdef OUR_ARCH

const struct sock_filter own_filter[] = {
	/* Foreign architectures: their numbers mean other calls. */
	LOAD_ARCH,
	IF_EQ(OUR_ARCH, 1),
	RET_ERRNO(ENOSYS),
	LOAD_NR,
#ifdef __x86_64__
	UNLESS_ABOVE(X32_BIT - 1, 1),
	RET_ERRNO(ENOSYS),
#endif

	REFUSE(SYS_clone3, ENOSYS),
	REFUSE(SYS_io_uring_setup, ENOSYS),
	REFUSE(SYS_io_uring_enter, ENOSYS),
	REFUSE(SYS_io_uring_register, ENOSYS),
	REFUSE(SYS_userfaultfd, ENOSYS),
	REFUSE(SYS_bpf, ENOSYS),
	REFUSE(SYS_perf_event_open, ENOSYS),
	REFUSE(SYS_open_by_handle_at, ENOSYS),
	REFUSE(SYS_keyctl, ENOSYS),
	REFUSE(SYS_add_key, ENOSYS),
	REFUSE(SYS_request_key, ENOSYS),

	REFUSE_NEWUSER(SYS_clone, 0),
	REFUSE_NEWUSER(SYS_unshare, 0),

	/* Type 0 means whatever the fd is, so it may be a user namespace. */
	UNLESS_EQ(SYS_setns, 5),
	LOAD_ARG(1),
	IF_EQ(0, 1),
	UNLESS_BITS(NEWUSER, 1),
	RET_ERRNO(EPERM),
	RET_ALLOW,

	/* Terminals outlive the container: nothing may be typed into one. */
	UNLESS_EQ(SYS_ioctl, 5),
	LOAD_ARG(1),
	IF_EQ(IOCTL_STI, 1),
	UNLESS_EQ(IOCTL_LINUX, 1),
	RET_ERRNO(EPERM),
	RET_ALLOW,

	/* A route of the sender's own leads a packet past the address that was judged. The packet is dropped where addresses
	 * are judged, but a connect would wait for it: so it is said here. */
	UNLESS_EQ(SYS_setsockopt, 10),
	LOAD_ARG(1),
	UNLESS_EQ(LEVEL_IP, 3),
	LOAD_ARG(2),
	IF_EQ(OPTION_IP_OPTIONS, 4),
	RET_ALLOW,
	UNLESS_EQ(LEVEL_IPV6, 3),
	LOAD_ARG(2),
	UNLESS_EQ(OPTION_IPV6_RTHDR, 1),
	RET_ERRNO(EPERM),
	RET_ALLOW,

	IF_EQ(SYS_socket, 1),
	RET_ALLOW,
	LOAD_ARG(0),
	UNLESS_EQ(FAMILY_UNIX, 1),
	RET_ALLOW,
	UNLESS_EQ(FAMILY_NETLINK, 4),
	LOAD_ARG(2),
	UNLESS_EQ(0, 1), /* NETLINK_ROUTE */
	RET_ALLOW,
	RET_ERRNO(EAFNOSUPPORT),
	IF_EQ(FAMILY_INET, 2),
	IF_EQ(FAMILY_INET6, 1),
	RET_ERRNO(EAFNOSUPPORT),
	/* The type chooses too: SOCK_PACKET is the old name of the packet family, and with protocol 0 SEQPACKET is SCTP. */
	LOAD_ARG(1),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TYPE_MASK),
	UNLESS_EQ(TYPE_PACKET, 1),
	RET_ERRNO(EAFNOSUPPORT),
	UNLESS_ABOVE(TYPE_RAW, 1),
	RET_ERRNO(EPROTONOSUPPORT),
	/* So no MPTCP (Go and others fall back to TCP), UDP-Lite, SMC, whose connects are judged elsewhere or nowhere. */
	LOAD_ARG(2),
	IF_EQ(0, 5),
	IF_EQ(PROTO_TCP, 4),
	IF_EQ(PROTO_UDP, 3),
	IF_EQ(PROTO_ICMP, 2),
	IF_EQ(PROTO_ICMPV6, 1),
	RET_ERRNO(EPROTONOSUPPORT),
	RET_ALLOW,
};
const unsigned int own_filter_len = sizeof(own_filter) / sizeof(own_filter[0]);

/* Runs behind own_filter, which has refused the foreign architectures; EACCES is what vm.memfd_noexec=2 says. */
const struct sock_filter exec_filter[] = {
	LOAD_NR,           UNLESS_EQ(SYS_memfd_create, 3),
	LOAD_ARG(1),       IF_BITS(MEMFD_NOEXEC_SEAL, 1),
	RET_ERRNO(EACCES), RET_ALLOW,
};
const unsigned int exec_filter_len = sizeof(exec_filter) / sizeof(exec_filter[0]);

#else

const struct sock_filter own_filter[] = { RET_ALLOW };
const unsigned int own_filter_len = 0;
const struct sock_filter exec_filter[] = { RET_ALLOW };
const unsigned int exec_filter_len = 0;

#endif

static int load_filter(const struct sock_filter *code, unsigned int n, struct pf_error *e)
{
	struct sock_fprog prog = { .len = (unsigned short)n,
				   .filter = (struct sock_filter *)(uintptr_t)code };
	/* The CPU's guard against speculative store bypass is the OCI profile's and the host's choice, not this one's. */
	int ret = sys_seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &prog);

	return ret < 0 ? pf_fail_sys(e, ret, "load the filter of confined containers") : 0;
}

/*
 * Should:	run after no_new_privs, which lets it load without CAP_SYS_ADMIN, and before the OCI profile, which may
 *		forbid seccomp(2). Where both refuse a call the OCI profile's errno is the one that is seen.
 * Mustn't:	be skipped for an exec or a hook: they would be the way around it.
 */
int child_load_own_filter(struct init *c, struct pf_error *e)
{
	if (!c->seal || !(c->seal->flags & SEAL_FILTER))
		return 0;
	if (own_filter_len == 0)
		return pf_fail(e, PF_ERR_HOST, 0,
			       "there is no filter of confined containers for this architecture");
	STEP(load_filter(own_filter, own_filter_len, e));
	if (c->seal->flags & SEAL_EXEC)
		return load_filter(exec_filter, exec_filter_len, e);
	return 0;
}
