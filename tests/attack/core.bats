#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The life of a container under attack: what is executed with which privilege, what outlives a killed runtime, whose
# state is believed.

load ../bats/helpers

# --------------------------------------------------------------------------------------------------------------- hooks

# in_hook [OPTION...] -- SUBCOMMAND...: what the probe says when it is the startContainer hook
in_hook() {
	local opts=() hook

	while [ "$1" != -- ]; do
		opts+=("$1")
		shift
	done
	shift
	hook=$(jq -cn '{ path: "/probe", args: (["probe"] + $ARGS.positional) }' --args -- "$@")
	bundle ${opts[@]+"${opts[@]}"} --hook "startContainer=$hook" -- /probe exit 0
	run -0 pf run --bundle "$BUNDLE" "$ID"
}

@test "a startContainer hook, which is a file of the image, has no capability that the program lacks" {
	local program
	in_hook --cap NET_RAW -- caps
	[ -n "$output" ]
	program=$output
	probe --cap NET_RAW -- caps
	assert_output "$program"
}

@test "a startContainer hook is under the seccomp profile and no_new_privs of the program" {
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["close_range","swapon"],"action":"SCMP_ACT_ERRNO"}]}' >"$SCRATCH/seccomp"
	in_hook --seccomp "$SCRATCH/seccomp" -- seccomp
	assert_output 2
	in_hook --nnp --seccomp "$SCRATCH/seccomp" -- seccomp
	assert_output 2
	in_hook --nnp --seccomp "$SCRATCH/seccomp" -- nnp
	assert_output 1
}
