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
	# what a hook prints goes nowhere: it leaves a file, which the program shows
	hook=$(jq -cn '{ path: "/bin/sh", args: (["sh", "-c", "/probe \"$@\" >/said", "sh"] + $ARGS.positional) }' --args -- "$@")
	bundle ${opts[@]+"${opts[@]}"} --hook "startContainer=$hook" -- /probe print-file /said
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

# --------------------------------------------------------------------------------------------------------------- state

@test "a state root that others can write to is refused, also with the sticky bit" {
	local mode
	bundle -- /probe exit 0
	for mode in 1777 777 770 775; do
		chmod "$mode" "$PF_ROOT"
		create_fails
		assert_contains "$PF_ROOT" "not writable by others"
		run -1 pf list
	done
	chmod 700 "$PF_ROOT"
}

@test "delete --force clears what a killed create had begun to write, and nothing of another's" {
	mkdir "$PF_ROOT/$ID"
	touch "$PF_ROOT/$ID/config.json" "$PF_ROOT/$ID/.state.json.123" "$PF_ROOT/$ID/.seal.plan.77"
	run -0 pf delete --force "$ID"
	[ ! -e "$PF_ROOT/$ID" ]
	mkdir "$SCRATCH/elsewhere"
	touch "$SCRATCH/elsewhere/state.json"
	ln -s "$SCRATCH/elsewhere" "$PF_ROOT/$ID"
	run -1 pf delete --force "$ID"
	[ -e "$SCRATCH/elsewhere/state.json" ]
	rm "$PF_ROOT/$ID"
}

# ---------------------------------------------------------------------------------------------------- a killed create

@test "a create that is killed before it has written the state takes its init with it" {
	local server tries
	bundle -- /probe forever
	# A listener whose queue is full holds the create just before its last word to the init.
	perl -MSocket -e 'socket(my $l, AF_UNIX, SOCK_STREAM, 0); bind($l, pack_sockaddr_un($ARGV[0])); listen($l, 0);
		socket(my $c, AF_UNIX, SOCK_STREAM, 0); connect($c, pack_sockaddr_un($ARGV[0])); sleep 60' "$SCRATCH/full" 3>&- 4>&- &
	server=$!
	for tries in {1..100}; do [ ! -S "$SCRATCH/full" ] || break; sleep 0.05; done
	"$RUNTIME" --root "$PF_ROOT" create --bundle "$BUNDLE" --pidfd-socket "$SCRATCH/full" "$ID" >/dev/null 2>&1 </dev/null 3>&- 4>&- &
	for tries in {1..100}; do [ ! -e "$PF_ROOT/$ID/state.json" ] || break; sleep 0.05; done
	[ -e "$PF_ROOT/$ID/state.json" ]
	kill -9 $!
	wait $! || true
	kill "$server"
	wait_for_status "$ID" stopped
	run -0 pf delete "$ID"
}

# Runs the runtime with a unix socket as fd 3.
with_socket() {
	python3 -c '
import os, socket, sys
a, b = socket.socketpair()
os.dup2(a.fileno(), 3)
os.set_inheritable(3, True)
os.execvp(sys.argv[1], sys.argv[1:])' timeout 30 "$RUNTIME" --root "$PF_ROOT" "$@" </dev/null
}

@test "a socket handed to a confined container is refused, at start and at exec, unless the node permits it" {
	bundle --annotate "io.pinfold.read=/bin /probe /usr" -- /probe fd-info 3
	run -1 with_socket run --preserve-fds 1 --bundle "$BUNDLE" "$ID"
	assert_contains "$output" "preserved fd 3 is a socket"
	assert_contains "$output" '"permit": ["preserved-sockets"]'
	sleeper --annotate "io.pinfold.read=/bin /probe /usr"
	run -255 with_socket exec --preserve-fds 1 "$ID" /probe fd-info 3
	assert_contains "$output" "preserved fd 3 is a socket"
	pf delete --force "$ID"

	echo '{"permit":["preserved-sockets"]}' >"$SCRATCH/policy.json"
	chmod 644 "$SCRATCH/policy.json"
	PF_GLOBALS=(--policy "$SCRATCH/policy.json")
	bundle --annotate "io.pinfold.read=/bin /probe /usr" -- /probe fd-info 3
	run -0 with_socket "${PF_GLOBALS[@]}" run --preserve-fds 1 --bundle "$BUNDLE" "$ID"
	assert_match socket
	sleeper --annotate "io.pinfold.read=/bin /probe /usr"
	run -0 with_socket exec --preserve-fds 1 "$ID" /probe fd-info 3
	assert_match socket
}
