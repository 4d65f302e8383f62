/* SPDX-License-Identifier: Apache-2.0 */
/* The clone. Everything between clone3 and execveat runs in the parent's memory while the parent stands still: it calls
 * nothing but system calls and writes nothing but its answer. */
#include <config.h>

#include "runtime/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/blob.h"

/* The child's, while the parent stands still: there is never more than one. */
static char child_stack[64 << 10] __attribute__((aligned(16)));

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ull
#endif

extern const char init_blob[], init_blob_end[];

struct child {
	const struct spawn *s;
	int init_fd;
	char *argv[3], *envp[1];
	int err; /* written by the child, read by the parent: the memory is one */
	const char *failed;
};

static int child_fails(struct child *c, const char *what)
{
	c->err = errno;
	c->failed = what;
	return 1;
}

/* In the child, on a stack of its own, in the parent's memory. */
static int child_main(struct child *c)
{
	const struct spawn *s = c->s;

	if (s->oom_score_adj) {
		int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, s->oom_score_adj, strlen(s->oom_score_adj)) < 0)
			return child_fails(c, "set oom_score_adj");
		(void)close(fd);
	}
	for (size_t i = 0; i < s->n_fds; i++)
		if (s->fds[i] >= 0 && fcntl(s->fds[i], F_SETFD, 0) < 0)
			return child_fails(c, "pass fds to the init");
	if (fcntl(s->plan_fd, F_SETFD, 0) == 0)
		(void)sys_execveat(c->init_fd, "", c->argv, c->envp, AT_EMPTY_PATH);
	return child_fails(c, "execute the init");
}

/*
 * clone3 with a new stack cannot be called through libc's syscall(2): the child would return on a stack that is not its
 * own. So the child's side calls child_main() and exits without returning.
 *
 * Both sides come out of the same instruction with the same registers but for the result and the stack. So what the child
 * needs is in registers that the kernel and a called function keep, and nothing is read from the stack. The parent stands
 * still until the child has executed the init or exited: what child_main() wrote is seen there, hence "memory".
 */
#if defined(__x86_64__)
static long clone3_vfork(const struct pf_clone_args *args, struct child *c)
{
	register struct child *arg __asm__("r12") = c;
	register int (*fn)(struct child *) __asm__("r13") = child_main;
	long ret;

	__asm__ volatile("syscall\n\t" /* clone3(args, size) */
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"             /* the parent, or an error: go on below */
			 "xor %%ebp, %%ebp\n\t"   /* the child: no frame above, unwinding ends */
			 "mov %%r12, %%rdi\n\t"   /* its argument */
			 "call *%%r13\n\t"        /* the new stack is aligned: mmap gave it */
			 "mov %%eax, %%edi\n\t"   /* what it returned ... */
			 "mov %[exit], %%eax\n\t" /* ... is the exit status */
			 "syscall\n"              /* never returns */
			 "1:"
			 : "=a"(ret)
			 : "0"((long)SYS_clone3), "D"(args), "S"(sizeof(*args)), "r"(arg),
			   "r"(fn), [exit] "i"(SYS_exit)
			 : "rcx", "r11", /* syscall overwrites them */ "memory", "cc");
	return ret;
}
#elif defined(__aarch64__)
static long clone3_vfork(const struct pf_clone_args *args, struct child *c)
{
	register long x8 __asm__("x8") = SYS_clone3;
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = (long)sizeof(*args);
	register struct child *arg __asm__("x19") = c;
	register int (*fn)(struct child *) __asm__("x20") = child_main;

	__asm__ volatile("svc #0\n\t"       /* clone3(args, size), its number in x8 */
			 "cbnz x0, 1f\n\t"  /* the parent, or an error: go on below */
			 "mov x29, xzr\n\t" /* the child: no frame above, unwinding ends */
			 "mov x0, x19\n\t"  /* its argument */
			 "blr x20\n\t"      /* returns its exit status in x0 */
			 "mov x8, %[exit]\n\t"
			 "svc #0\n" /* never returns */
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(arg), "r"(fn), [exit] "i"(SYS_exit)
			 : "memory", "cc");
	return x0;
}
#else
#define NO_VFORK_ASSEMBLY
#endif

static long do_clone(struct pf_clone_args *args, struct child *c)
{
#ifdef NO_VFORK_ASSEMBLY
	/* Correct everywhere, only slower: a fork. The answer then comes as an exit status. */
	long pid;

	args->stack = args->stack_size = 0;
	args->flags &= ~(uint64_t)(CLONE_VM | CLONE_VFORK);
	pid = sys_clone3(args);
	if (pid == 0) {
		child_main(c);
		_exit(127);
	}
	return pid;
#else
	return clone3_vfork(args, c);
#endif
}

int spawn_init(const struct spawn *s, pid_t *ret_pid, int *ret_pidfd, struct pf_error *e)
{
	auto_fd init_fd = -EBADF;
	char number[16];
	int pidfd = -EBADF;
	struct child c = { .s = s,
			   .argv = { (char *)(uintptr_t) "pinfold-init", number, NULL },
			   .envp = { NULL } };
	struct pf_clone_args args = { .flags = s->flags | CLONE_VM | CLONE_VFORK | CLONE_PIDFD,
				      .pidfd = (uint64_t)(uintptr_t)&pidfd,
				      .exit_signal = SIGCHLD,
				      .stack = (uint64_t)(uintptr_t)child_stack,
				      .stack_size = sizeof(child_stack) };
	long pid;

	init_fd = blob_memfd("pinfold-init", init_blob, init_blob_end, e);
	if (init_fd < 0)
		return init_fd;
	c.init_fd = init_fd;
	snprintf(number, sizeof(number), "%d", s->plan_fd);
	if (s->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)s->cgroup_fd;
	}
	pid = do_clone(&args, &c);
	if (pid == -EPERM && !(s->flags & CLONE_NEWUSER) && geteuid() != 0)
		return pf_fail(
			e, PF_ERR_CONFIG, EPERM,
			"/linux/namespaces: a caller that is not root needs a user namespace there (`pinfold spec --rootless' writes such a config.json)");
	if (pid < 0)
		return pf_fail_sys(e, (int)pid, "clone the init (flags 0x%llx)",
				   (unsigned long long)s->flags);
	if (c.err) {
		pf_close(pidfd);
		(void)waitpid((pid_t)pid, NULL, 0);
		return pf_fail_sys(e, c.err, "%s", c.failed);
	}
	*ret_pid = (pid_t)pid;
	*ret_pidfd = pidfd;
	return 0;
}
