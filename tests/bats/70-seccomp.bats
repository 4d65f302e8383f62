#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The OCI filter: actions, arguments, architectures, flags, and how it goes together with privileges.

# shellcheck disable=SC2034,SC2154
load helpers

# filter DEFAULT [NAMES ACTION [MORE]]...: a profile
filter() {
	local default=$1 rules='[]'

	shift
	while [ $# -gt 0 ]; do
		rules=$(jq -c --arg n "$1" --arg a "$2" --argjson m "${3:-{\}}" '. + [ { names: ($n | split(" ")), action: $a } + $m ]' <<<"$rules")
		shift $(($# < 3 ? $# : 3))
	done
	jq -n --arg d "$default" --argjson r "$rules" '{ defaultAction: $d, architectures: [ "SCMP_ARCH_X86_64" ], syscalls: $r }' >"$SCRATCH/seccomp.json"
}

@test "a filter is in force, and exec has it too" {
	filter SCMP_ACT_ALLOW "mkdir mkdirat" SCMP_ACT_ERRNO
	sleeper --seccomp "$SCRATCH/seccomp.json"
	in_box each seccomp -- mkdir /work/x
	assert_output "2
EPERM"
}

@test "errnoRet is the errno that comes back" {
	filter SCMP_ACT_ALLOW "mkdir mkdirat" SCMP_ACT_ERRNO '{"errnoRet":95}'
	probe --seccomp "$SCRATCH/seccomp.json" -- mkdir /work/x
	assert_output EOPNOTSUPP
}

@test "arguments are compared" {
	# prctl(PR_SET_NAME = 15) is refused, other prctl are not
	filter SCMP_ACT_ALLOW "personality" SCMP_ACT_ERRNO '{"errnoRet":1,"args":[{"index":0,"value":4294967295,"op":"SCMP_CMP_NE"}]}'
	probe --seccomp "$SCRATCH/seccomp.json" -- each personality -- syscall 135 8
	assert_output "0x0
EPERM"
}

@test "a masked comparison holds" {
	filter SCMP_ACT_ALLOW "personality" SCMP_ACT_ERRNO '{"errnoRet":13,"args":[{"index":0,"value":8,"valueTwo":8,"op":"SCMP_CMP_MASKED_EQ"}]}'
	probe --seccomp "$SCRATCH/seccomp.json" -- each syscall 135 24 -- syscall 135 16
	assert_output "EACCES
ok"
}

@test "KILL_PROCESS kills" {
	filter SCMP_ACT_ALLOW "personality" SCMP_ACT_KILL_PROCESS
	probe --seccomp "$SCRATCH/seccomp.json" -- syscall 135 0
	assert_output SIGSYS
}

@test "TRAP raises SIGSYS" {
	filter SCMP_ACT_ALLOW "personality" SCMP_ACT_TRAP
	probe --seccomp "$SCRATCH/seccomp.json" -- syscall 135 0
	assert_output SIGSYS
}

@test "the default action applies to what no rule names" {
	! is_runc || skip "runc's own init needs more calls than these"
	# everything that the probe and the runtime need is allowed; personality is not
	jq -n '{ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 95, architectures: [ "SCMP_ARCH_X86_64" ], syscalls: [ { action: "SCMP_ACT_ALLOW", names:
		[ "execve","execveat","exit","exit_group","write","writev","read","close","brk","mmap","munmap","mprotect","arch_prctl","set_tid_address",
		"ioctl","fork","clone","vfork","wait4","waitid","rt_sigaction","rt_sigprocmask","rt_sigreturn","setuid","setgid","setgroups","capset","capget",
		"prctl","open","openat","openat2","fstat","newfstatat","stat","lstat","getpid","getppid","futex","close_range","chdir","fchdir","getcwd","tgkill",
		"gettid","sched_yield","epoll_ctl","epoll_pwait","nanosleep","getrandom","rt_sigtimedwait","sigaltstack","fcntl","getdents64","poll","ppoll",
		"restart_syscall","setresuid","setresgid","getuid","getgid","geteuid","getegid","faccessat2","faccessat","rseq","set_robust_list","madvise",
		"prlimit64","seccomp","sendmsg","sendto","recvmsg","recvfrom","umask","setsid","socket","connect" ] } ] }' >"$SCRATCH/seccomp.json"
	probe --seccomp "$SCRATCH/seccomp.json" -- syscall 135 0
	assert_output EOPNOTSUPP
}

@test "a profile with a name that libseccomp does not know still loads" {
	filter SCMP_ACT_ALLOW "nonesuch_call mkdir mkdirat" SCMP_ACT_ERRNO
	probe --seccomp "$SCRATCH/seccomp.json" -- mkdir /work/x
	assert_output EPERM
}

@test "the filter is loaded without no_new_privs, and for a user that is not root" {
	filter SCMP_ACT_ALLOW "mkdir mkdirat" SCMP_ACT_ERRNO
	probe --seccomp "$SCRATCH/seccomp.json" --user 1000:1000 -- each nnp -- seccomp -- mkdir /work/x
	assert_output "0
2
EPERM"
}

@test "with no_new_privs a profile may forbid seccomp, setuid and capset themselves" {
	filter SCMP_ACT_ALLOW "seccomp setuid setresuid setgroups setgid setresgid capset prctl" SCMP_ACT_ERRNO
	probe --seccomp "$SCRATCH/seccomp.json" --user 1000:1000 --nnp -- ids
	assert_match '^1000 1000 1000 1000 '
}

@test "unknown actions, operators, architectures and flags are refused" {
	filter SCMP_ACT_NONESUCH
	bundle --seccomp "$SCRATCH/seccomp.json" -- /probe exit 0
	create_fails
	assert_contains SCMP_ACT_NONESUCH
	filter SCMP_ACT_ALLOW "mkdir" SCMP_ACT_ERRNO '{"args":[{"index":0,"value":1,"op":"SCMP_CMP_NONESUCH"}]}'
	bundle --seccomp "$SCRATCH/seccomp.json" -- /probe exit 0
	create_fails
	assert_contains SCMP_CMP_NONESUCH
	is_runc || {
		filter SCMP_ACT_ALLOW
		bundle --seccomp "$SCRATCH/seccomp.json" --jq '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_NONESUCH"]' -- /probe exit 0
		create_fails
		assert_contains SECCOMP_FILTER_FLAG_NONESUCH
		bundle --seccomp "$SCRATCH/seccomp.json" --jq '.linux.seccomp.architectures = ["SCMP_ARCH_NONESUCH"]' -- /probe exit 0
		create_fails
		assert_contains SCMP_ARCH_NONESUCH
	}
}

@test "a second run with the same profile gives the same answers, one with another profile its own" {
	filter SCMP_ACT_ALLOW "mkdir mkdirat" SCMP_ACT_ERRNO
	probe --seccomp "$SCRATCH/seccomp.json" -- mkdir /work/x
	assert_output EPERM
	probe --seccomp "$SCRATCH/seccomp.json" -- mkdir /work/x
	assert_output EPERM
	filter SCMP_ACT_ALLOW "rmdir" SCMP_ACT_ERRNO
	probe --seccomp "$SCRATCH/seccomp.json" -- mkdir /work/x
	assert_output ok
}

@test "a cached filter that was changed on the disk is not used" {
	pinfold_only
	filter SCMP_ACT_ALLOW "mkdir mkdirat" SCMP_ACT_ERRNO
	probe --seccomp "$SCRATCH/seccomp.json" -- mkdir /work/x
	assert_output EPERM
	local f
	while read -r f; do
		head -c "$(stat -c %s "$f")" /dev/zero >"$f"
	done < <(find "$PF_ROOT" -type f -path '*seccomp*')
	bundle --seccomp "$SCRATCH/seccomp.json" -- /probe mkdir /work/y
	run pf run --bundle "$BUNDLE" "$ID"
	[ "$output" = EPERM ] || [ "$status" -ne 0 ] || fail "$output"
	[ ! -e "$BUNDLE/rootfs/work/y" ]
}

@test "NOTIFY without a listener path is refused" {
	filter SCMP_ACT_ALLOW "mkdir mkdirat" SCMP_ACT_NOTIFY
	bundle --seccomp "$SCRATCH/seccomp.json" -- /probe exit 0
	create_fails
}
