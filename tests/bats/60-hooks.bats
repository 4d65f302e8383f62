#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Hooks: the six kinds, their order, where they run, what they read, and what their failure does.

# shellcheck disable=SC2034,SC2154
load helpers

local_setup() {
	cat >"$SCRATCH/hook.sh" <<-'EOS'
		#!/bin/sh
		# hook.sh NAME LOG: one line of what this hook sees
		state=$(cat)
		printf '%s %s\n' "$1" "$(echo "$state" | jq -r '"\(.status) \(.id) \(.pid > 0) \(.bundle)"')" >>"$2"
	EOS
	chmod 755 "$SCRATCH/hook.sh"
}

hook() {
	jq -nc --arg p "$SCRATCH/hook.sh" --arg n "$1" --arg l "$SCRATCH/log" \
		'{ path: $p, args: [ "hook.sh", $n, $l ], env: [ "PATH=/usr/local/bin:/usr/bin:/bin" ] }'
}

# shell_hook SCRIPT [MORE-JSON]
shell_hook() {
	jq -nc --arg s "$1" --argjson more "${2-{\}}" '{ path: "/bin/sh", args: [ "sh", "-c", $s ], env: [ "PATH=/usr/bin:/bin" ] } + $more'
}

@test "prestart, createRuntime, poststart and poststop run in their order, with the state on stdin" {
	require_tool jq
	bundle --hook "prestart=$(hook prestart)" --hook "createRuntime=$(hook createRuntime)" --hook "poststart=$(hook poststart)" \
		--hook "poststop=$(hook poststop)" -- /probe forever
	create_box
	pf start "$ID"
	pf delete --force "$ID"
	run -0 cut -d' ' -f1 "$SCRATCH/log"
	assert_output "prestart
createRuntime
poststart
poststop"
	run -0 cat "$SCRATCH/log"
	assert_match "prestart creat[a-z]+ $ID true $BUNDLE"
	is_runc || assert_match "poststart running $ID true $BUNDLE" # Debian's runc says created
	assert_match "poststop stopped $ID false $BUNDLE"
}

@test "several hooks of a kind run in the order of config.json" {
	bundle --hook "createRuntime=$(hook first)" --hook "createRuntime=$(hook second)" --hook "createRuntime=$(hook third)" -- /probe exit 0
	run -0 pf run --bundle "$BUNDLE" "$ID"
	run -0 cut -d' ' -f1 "$SCRATCH/log"
	assert_output "first
second
third"
}

@test "createContainer hooks run in the container's mount namespace before the root is changed" {
	bundle --hook "createContainer=$(shell_hook 'readlink /proc/self/ns/mnt >'"$SCRATCH"'/ns; ls '"$BUNDLE"'/config.json >>'"$SCRATCH"'/ns')" -- /probe ns mnt
	run -0 pf run --bundle "$BUNDLE" "$ID"
	[ "$(head -1 "$SCRATCH/ns")" = "$output" ]
	[ "$(tail -1 "$SCRATCH/ns")" = "$BUNDLE/config.json" ]
}

@test "createRuntime hooks run in the runtime's namespaces, when those of the container exist" {
	local script="readlink /proc/self/ns/mnt >$SCRATCH/ns; jq -r .pid | xargs -I{} readlink /proc/{}/ns/net >>$SCRATCH/ns"
	bundle --hook "createRuntime=$(shell_hook "$script")" -- /probe ns net
	run -0 pf run --bundle "$BUNDLE" "$ID"
	[ "$(sed -n 1p "$SCRATCH/ns")" = "$(readlink /proc/self/ns/mnt)" ]
	[ "$(sed -n 2p "$SCRATCH/ns")" = "$output" ]
}

@test "startContainer hooks run inside the container, at start and not before" {
	bundle --hook 'startContainer={"path":"/probe","args":["probe","append","/work/mark","hook"]}' -- /probe print-file /work/mark
	create_box
	[ ! -e "$BUNDLE/rootfs/work/mark" ]
	pf start "$ID"
	wait_for_status "$ID" stopped
	grep -qx hook "$SCRATCH/out"
}

@test "a hook's environment is what config.json says and nothing of the caller's" {
	export PF_CALLERS_OWN=leaked
	bundle --hook "createRuntime=$(shell_hook "env >$SCRATCH/env" '{"env":["ONLY=this"]}')" -- /probe exit 0
	run -0 pf run --bundle "$BUNDLE" "$ID"
	run -0 cat "$SCRATCH/env"
	refute_output PF_CALLERS_OWN
	assert_contains ONLY=this
}

@test "a hook inherits no descriptor of the runtime" {
	bundle --hook "createRuntime=$(shell_hook "ls /proc/self/fd >$SCRATCH/fds")" -- /probe exit 0
	run -0 pf run --bundle "$BUNDLE" "$ID"
	# 3 is the directory that ls reads
	[ "$(tr '\n' ' ' <"$SCRATCH/fds")" = "0 1 2 3 " ] || fail "$(cat "$SCRATCH/fds")"
}

@test "a failing hook before start fails the create, with its words, and leaves nothing" {
	local kind
	for kind in prestart createRuntime createContainer; do
		bundle --hook "$kind=$(shell_hook 'echo the reason >&2; exit 3')" -- /probe exit 0
		create_fails
		assert_match "hook"
		is_runc || assert_contains "$kind" "the reason"
	done
}

@test "a startContainer hook that fails fails the start, and the program does not run" {
	bundle --hook 'startContainer={"path":"/bin/false","args":["false"]}' -- /probe append /work/mark ran
	create_box
	run pf start "$ID"
	[ "$status" -ne 0 ] || is_runc
	wait_for_status "$ID" stopped
	[ ! -e "$BUNDLE/rootfs/work/mark" ]
}

@test "the hooks behind a failed one do not run" {
	bundle --hook "createRuntime=$(shell_hook 'exit 1')" --hook "createRuntime=$(hook second)" -- /probe exit 0
	create_fails
	[ ! -e "$SCRATCH/log" ]
}

@test "a failing poststop hook does not keep the container" {
	bundle --hook "poststop=$(shell_hook 'exit 1')" --hook "poststop=$(hook second)" -- /probe exit 0
	create_box
	pf start "$ID"
	wait_for_status "$ID" stopped
	run pf delete "$ID"
	[ ! -e "$PF_ROOT/$ID" ]
	is_runc || grep -q second "$SCRATCH/log"
}

@test "a hook that takes longer than its timeout is ended and fails the create" {
	bundle --hook "createRuntime=$(shell_hook 'exec sleep 100' '{"timeout":1}')" -- /probe exit 0
	SECONDS=0
	create_fails
	[ "$SECONDS" -lt 20 ]
}

@test "a timeout of zero or less, and a relative path, are refused" {
	pinfold_only
	bundle --hook "createRuntime=$(shell_hook 'exit 0' '{"timeout":0}')" -- /probe exit 0
	create_fails
	assert_contains /hooks/createRuntime/0
	bundle --hook 'createRuntime={"path":"bin/true"}' -- /probe exit 0
	create_fails
	assert_contains /hooks/createRuntime/0/path
}

@test "a hook that does not exist fails the create and is named" {
	bundle --hook 'createRuntime={"path":"/nonesuch/hook"}' -- /probe exit 0
	create_fails
	assert_contains /nonesuch/hook
}

@test "a hook that does not read its stdin does no harm" {
	bundle --annotate "filler=$(printf '%070000d' 1)" --hook 'createRuntime={"path":"/bin/true"}' -- /probe args fine
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output fine
}

@test "what hooks print is not in the container's output" {
	local kinds=() kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		kinds+=(--hook "$kind=$(shell_hook "echo hook-says; echo hook-complains >&2")")
	done
	bundle "${kinds[@]}" --hook 'startContainer={"path":"/bin/echo","args":["echo","hook-says"]}' -- /probe args only-this
	run --separate-stderr -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output only-this
}

@test "a startContainer hook has the groups of the program, not the engine's" {
	local hook='{ "path": "/bin/sh", "args": ["sh", "-c", "grep Groups: /proc/self/status >/work/groups"] }'

	! is_runc || skip "runc runs it as the program's user"
	bundle --hook "startContainer=$hook" --user 1000:1000:55,56 -- /bin/cat /work/groups
	run -0 setpriv --groups 4,20,24 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	assert_match '^Groups:[[:space:]]+55 56 ?$'
	bundle --hook "startContainer=$hook" -- /bin/cat /work/groups
	run -0 setpriv --groups 4,20,24 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	assert_match '^Groups:[[:space:]]*$'
}
