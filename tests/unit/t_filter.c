/* SPDX-License-Identifier: Apache-2.0 */
/* The filter of confined containers: the very table that is loaded, asked call by call, then loaded for real. */
#include <config.h>

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/init/filter.h"
#include "runtime/init/steps.h"
#include "tests/unit/bpf_eval.h"
#include "tests/unit/tap.h"

#define ALLOW    SECCOMP_RET_ALLOW
#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))
#define HIGH     (1ull << 32)

#ifdef __x86_64__
#define OUR_ARCH AUDIT_ARCH_X86_64
#else
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

static uint32_t ask(uint32_t arch, long nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct seccomp_data data = { .nr = (int)nr, .arch = arch, .args = { a0, a1, a2 } };

	return bpf_run(own_filter, own_filter_len, &data);
}

#define ASK(nr, a0, a1, a2) ask(OUR_ARCH, nr, a0, a1, a2)

static void foreign_architectures_have_no_system_calls(void)
{
	static const uint32_t foreign[] = { AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_RISCV64,
					    0 };

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		for (int nr = -1; nr < 700; nr++)
			if (ask(foreign[i], nr, 0, 0, 0) != ERRNO(ENOSYS)) {
				CHECK_INT(ask(foreign[i], nr, 0, 0, 0), ==, ERRNO(ENOSYS));
				return;
			}
	CHECK(true);
#ifdef __x86_64__
	CHECK_INT(ASK(0x40000000, 0, 0, 0), ==, ERRNO(ENOSYS));
	CHECK_INT(ASK(0x40000000 | SYS_socket, AF_INET, 0, 0), ==, ERRNO(ENOSYS));
	CHECK_INT(ASK(-1, 0, 0, 0), ==, ERRNO(ENOSYS));
#endif
}

static void a_sender_cannot_choose_the_route(void)
{
	CHECK_INT(ASK(SYS_setsockopt, 3, 0 /* SOL_IP */, 4 /* IP_OPTIONS */), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_setsockopt, 3, HIGH, HIGH | 4), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_setsockopt, 3, 41 /* SOL_IPV6 */, 57 /* IPV6_RTHDR */), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_setsockopt, 3, 0, 57), ==, ALLOW);
	CHECK_INT(ASK(SYS_setsockopt, 3, 41, 4), ==, ALLOW);
	CHECK_INT(ASK(SYS_setsockopt, 3, 0, 1), ==, ALLOW);
	CHECK_INT(ASK(SYS_setsockopt, 3, SOL_SOCKET, SO_REUSEADDR), ==, ALLOW);
	CHECK_INT(ASK(SYS_setsockopt, 3, 6 /* SOL_TCP */, 4), ==, ALLOW);
	CHECK_INT(ASK(SYS_getsockopt, 3, 0, 4), ==, ALLOW);
}

static void calls_without_judgeable_arguments_are_enosys(void)
{
	static const long calls[] = {
		SYS_clone3,          SYS_io_uring_setup,
		SYS_io_uring_enter,  SYS_io_uring_register,
		SYS_userfaultfd,     SYS_bpf,
		SYS_perf_event_open, SYS_open_by_handle_at,
		SYS_keyctl,          SYS_add_key,
		SYS_request_key,
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		CHECK_INT(ASK(calls[i], 0, 0, 0), ==, ERRNO(ENOSYS));
}

static void everything_else_passes(void)
{
	static const long calls[] = { SYS_read,        SYS_openat,
				      SYS_execve,      SYS_memfd_create,
				      SYS_socketpair,  SYS_connect,
				      SYS_ptrace,      SYS_landlock_create_ruleset,
				      SYS_seccomp,     SYS_name_to_handle_at,
				      462 /* mseal */, 700 };

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		CHECK_INT(ASK(calls[i], 0x10000000, 0x5412, 99), ==, ALLOW);
}

static void no_way_into_a_user_namespace(void)
{
	CHECK_INT(ASK(SYS_clone, CLONE_NEWUSER | 17, 0, 0), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_clone, HIGH | CLONE_NEWUSER | CLONE_NEWNS, 0, 0), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, 0), ==, ALLOW);
	CHECK_INT(ASK(SYS_unshare, CLONE_NEWUSER, 0, 0), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNET, 0, 0), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_unshare, CLONE_NEWNET, CLONE_NEWUSER, 0), ==, ALLOW);
	CHECK_INT(ASK(SYS_setns, 3, CLONE_NEWUSER, 0), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_setns, 3, CLONE_NEWUSER | CLONE_NEWNS, 0), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_setns, 3, 0, 0), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_setns, 3, HIGH, 0), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_setns, CLONE_NEWUSER, CLONE_NEWNET, 0), ==, ALLOW);
}

static void nothing_is_typed_into_a_terminal(void)
{
	CHECK_INT(ASK(SYS_ioctl, 0, 0x5412, 0), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_ioctl, 0, 0x541c, 0), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_ioctl, 0, HIGH | 0x5412, 0), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_ioctl, 0, ~0ull << 32 | 0x541c, 0), ==, ERRNO(EPERM));
	CHECK_INT(ASK(SYS_ioctl, 0x5412, TCGETS, 0x5412), ==, ALLOW);
}

static void only_known_socket_families_exist(void)
{
	for (unsigned int family = 0; family < 64; family++) {
		uint32_t want = ERRNO(EAFNOSUPPORT);

		if (family == AF_UNIX || family == AF_INET || family == AF_INET6 ||
		    family == AF_NETLINK)
			want = ALLOW;
		if (ASK(SYS_socket, family, SOCK_STREAM, 0) != want)
			printf("# family %u\n", family);
		CHECK_INT(ASK(SYS_socket, family, SOCK_STREAM | SOCK_CLOEXEC, 0), ==, want);
		CHECK_INT(ASK(SYS_socket, HIGH | family, SOCK_STREAM, 0), ==, want);
	}
	for (unsigned int proto = 1; proto < 32; proto++)
		CHECK_INT(ASK(SYS_socket, AF_NETLINK, SOCK_RAW, proto), ==, ERRNO(EAFNOSUPPORT));
	CHECK_INT(ASK(SYS_socket, AF_NETLINK, SOCK_RAW, HIGH), ==, ALLOW);
	CHECK_INT(ASK(SYS_socket, AF_UNIX, SOCK_SEQPACKET, 0), ==, ALLOW);
}

static void only_known_protocols_exist(void)
{
	static const unsigned int families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		unsigned int allowed = 0, other = 0;

		for (unsigned int proto = 0; proto < 1024; proto++) {
			uint32_t got = ASK(SYS_socket, families[i], SOCK_STREAM, HIGH | proto);

			allowed += got == ALLOW;
			other += got != ALLOW && got != ERRNO(EPROTONOSUPPORT);
		}
		CHECK_INT(allowed, ==, 5);
		CHECK_INT(other, ==, 0);
		CHECK_INT(ASK(SYS_socket, families[i], SOCK_STREAM, 0), ==, ALLOW);
		CHECK_INT(ASK(SYS_socket, families[i], SOCK_STREAM, 6), ==, ALLOW);
		CHECK_INT(ASK(SYS_socket, families[i], SOCK_DGRAM, 17), ==, ALLOW);
		CHECK_INT(ASK(SYS_socket, families[i], SOCK_DGRAM, 1), ==, ALLOW);
		CHECK_INT(ASK(SYS_socket, families[i], SOCK_RAW, 58), ==, ALLOW);
		CHECK_INT(ASK(SYS_socket, families[i], SOCK_STREAM, 262), ==,
			  ERRNO(EPROTONOSUPPORT));
	}
}

/* The type picks a family or a protocol that the other arguments do not show. */
static void socket_types_are_no_way_around(void)
{
	CHECK_INT(ASK(SYS_socket, AF_INET, SOCK_PACKET, 0), ==, ERRNO(EAFNOSUPPORT));
	CHECK_INT(ASK(SYS_socket, AF_INET, SOCK_PACKET | SOCK_NONBLOCK, 6), ==,
		  ERRNO(EAFNOSUPPORT));
	CHECK_INT(ASK(SYS_socket, AF_INET, HIGH | SOCK_PACKET, 0), ==, ERRNO(EAFNOSUPPORT));
	CHECK_INT(ASK(SYS_socket, AF_INET, SOCK_SEQPACKET, 0), ==, ERRNO(EPROTONOSUPPORT));
	CHECK_INT(ASK(SYS_socket, AF_INET6, SOCK_DCCP | SOCK_CLOEXEC, 0), ==,
		  ERRNO(EPROTONOSUPPORT));
}

static void memfds_must_not_be_executable_where_exec_is_in_force(void)
{
	struct seccomp_data data = { .nr = SYS_memfd_create, .arch = OUR_ARCH };

	CHECK_INT(bpf_run(exec_filter, exec_filter_len, &data), ==, ERRNO(EACCES));
	data.args[1] = 0x10 | MFD_CLOEXEC; /* MFD_EXEC */
	CHECK_INT(bpf_run(exec_filter, exec_filter_len, &data), ==, ERRNO(EACCES));
	data.args[1] = HIGH << 3;
	CHECK_INT(bpf_run(exec_filter, exec_filter_len, &data), ==, ERRNO(EACCES));
	data.args[1] = 8 | MFD_CLOEXEC;
	CHECK_INT(bpf_run(exec_filter, exec_filter_len, &data), ==, ALLOW);
	data.nr = SYS_read;
	data.args[1] = 0;
	CHECK_INT(bpf_run(exec_filter, exec_filter_len, &data), ==, ALLOW);
}

/* Each bit of the status: one thing that is not as it should be. */
static int loaded(uint32_t flags)
{
	struct seal seal = { .flags = flags };
	struct init c = { .seal = &seal };
	struct pf_error e = PF_ERROR_INIT;
	int bad = 0, status = 0;
	pid_t pid;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || child_load_own_filter(&c, &e) < 0)
		return 1;
	bad |= unshare(CLONE_NEWUSER) == 0 || errno != EPERM ? 2 : 0;
	bad |= socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EAFNOSUPPORT ? 4 : 0;
	bad |= socket(AF_VSOCK, SOCK_STREAM, 0) >= 0 || errno != EAFNOSUPPORT ? 8 : 0;
	bad |= socket(AF_INET, SOCK_STREAM, 0) < 0 ? 16 : 0;
	bad |= syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS ? 32 : 0;
	pid = fork(); /* libc goes on without clone3 */
	if (pid == 0)
		_exit(0);
	bad |= pid < 0 || waitpid(pid, &status, 0) != pid || status != 0 ? 64 : 0;
	if (flags & SEAL_EXEC)
		bad |= memfd_create("t", 0) >= 0 || errno != EACCES ? 128 : 0;
	else
		bad |= memfd_create("t", 0) < 0 ? 128 : 0;
	return bad;
}

static void the_kernel_takes_it(void)
{
	static const uint32_t flags[] = { SEAL_FILTER, SEAL_FILTER | SEAL_EXEC };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		int status = -1;
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid == 0)
			_exit(loaded(flags[i]));
		CHECK_INT(waitpid(pid, &status, 0), ==, pid);
		CHECK(WIFEXITED(status));
		CHECK_INT(WEXITSTATUS(status), ==, 0);
	}
}

int main(void)
{
	if (own_filter_len == 0)
		return tap_skip_all("there is no filter for this architecture");
	RUN(foreign_architectures_have_no_system_calls);
	RUN(a_sender_cannot_choose_the_route);
	RUN(calls_without_judgeable_arguments_are_enosys);
	RUN(everything_else_passes);
	RUN(no_way_into_a_user_namespace);
	RUN(nothing_is_typed_into_a_terminal);
	RUN(only_known_socket_families_exist);
	RUN(only_known_protocols_exist);
	RUN(socket_types_are_no_way_around);
	RUN(memfds_must_not_be_executable_where_exec_is_in_force);
	RUN(the_kernel_takes_it);
	return tap_done();
}
