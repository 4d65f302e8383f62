# SPDX-License-Identifier: Apache-2.0
# A container's life under podman as root, in the background.

load engine

setup_file() {
	use_podman
}

@test "create and start apart" {
	podman create --name "$C" --network none "$IMAGE" echo started >/dev/null
	run podman start -a "$C"
	assert_status 0
	assert_output started
}

@test "run -d, logs" {
	up
	wait_for_log ready
}

@test "top lists the processes" {
	up
	wait_for_log ready
	run podman top "$C" pid comm
	assert_contains sleep
}

@test "stats reads the groups" {
	require_v1
	up --memory 64m
	run podman stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.PIDS}}' "$C"
	assert_status 0
	assert_match "$C .*67.11MB [1-9]"
}

@test "pause freezes, unpause goes on" {
	require_v1
	up -- sh -c 'while :; do echo x >>/tmp/ticks; sleep 0.01; done'
	podman pause "$C"
	state_is paused
	[ "$(cat "$(group_of freezer)/freezer.state")" = FROZEN ]
	run podman exec "$C" true
	[ "$status" -ne 0 ]
	podman unpause "$C"
	state_is running
	in_box true
	assert_status 0
}

@test "a paused container can be removed by force" {
	require_v1
	up
	podman pause "$C"
	podman rm -f -t 0 "$C"
}

@test "update changes limits of a running container" {
	require_v1
	up --memory 64m --memory-swap 128m
	podman update --memory 32m --cpus 0.25 "$C"
	[ "$(cat "$(group_of memory)/memory.limit_in_bytes")" = 33554432 ]
	[ "$(cat "$(group_of cpu)/cpu.cfs_quota_us")" = 25000 ]
}

@test "stop asks, and the status is the container's own" {
	up
	wait_for_log ready
	podman stop -t 10 "$C"
	run podman inspect -f '{{.State.ExitCode}}' "$C"
	assert_output 0
}

@test "stop kills what does not listen" {
	up -- sleep 1000
	podman stop -t 1 "$C"
	run podman inspect -f '{{.State.ExitCode}}' "$C"
	assert_output 137
}

@test "start again, and restart" {
	up
	podman stop -t 0 "$C"
	podman start "$C"
	state_is running
	podman restart -t 0 "$C"
	state_is running
	in_box true
	assert_status 0
}

@test "kill by name of a signal" {
	up -- sh -c 'trap "echo got; exit 3" USR1; echo ready; while :; do sleep 1000 & wait; done'
	wait_for_log ready
	podman kill -s USR1 "$C"
	run podman wait "$C"
	assert_output 3
	has_logged got
}

@test "kill without a name" {
	up -- sleep 1000
	podman kill "$C"
	run podman wait "$C"
	assert_output 137
}

@test "a kill of what has ended already says so" {
	up -- true
	podman wait "$C"
	run podman kill "$C"
	assert_status 125
}

@test "rm of a running container is refused, rm -f is not" {
	up
	run podman rm "$C"
	[ "$status" -ne 0 ]
	podman rm -f -t 0 "$C"
}

@test "rm -f takes the children too, with the host's pid namespace as well" {
	up --pid host -- sh -c 'sleep 4321 & sleep 4321'
	wait_until "two of them" bash -c '[ $(pgrep -fcx "sleep 4321") = 2 ]'
	podman rm -f -t 0 "$C"
	[ "$(pgrep -fcx 'sleep 4321')" = 0 ]
}

@test "a container that ended by itself is known with its status" {
	up -- sh -c 'exit 5'
	run podman wait "$C"
	assert_output 5
	run podman ps -a --filter "name=$C" --format '{{.Status}}'
	assert_match '^Exited \(5\)'
}

@test "--restart=on-failure starts it again" {
	up --restart on-failure:2 -v "$SCRATCH:/data" -- sh -c 'echo x >>/data/runs; exit 1'
	wait_until "three runs" bash -c "[ \$(wc -l <'$SCRATCH/runs') = 3 ]"
}

@test "cp in and out of a running container" {
	up
	echo text >"$SCRATCH/file"
	podman cp "$SCRATCH/file" "$C:/tmp/"
	in_box cat /tmp/file
	assert_output text
	podman cp "$C:/etc/passwd" "$SCRATCH/passwd"
	grep -q ^agent: "$SCRATCH/passwd"
}

@test "attach sees what comes" {
	up -- sh -c 'read -r line; echo "heard $line"' -i
	podman rm -f -t 0 "$C"
	run bash -c "echo word | podman run --rm -i --network none $IMAGE sh -c 'read -r line; echo heard \$line'"
	assert_output 'heard word'
}

@test "commit and diff see what was written" {
	up
	podman exec "$C" touch /root/new
	run podman diff "$C"
	assert_contains '/root/new'
}

@test "--sdnotify=conmon and the pid file" {
	up --pidfile "$SCRATCH/pid"
	[ -e "/proc/$(cat "$SCRATCH/pid")" ]
}

@test "a second runtime's container beside ours" {
	podman run -d --name "$C" --runtime second --network none "$IMAGE" sleep 1000 >/dev/null 3>&- 4>&-
	run podman inspect -f '{{.OCIRuntime}}' "$C"
	assert_output second
	in_box true
	assert_status 0
}

@test "the state that podman shows is the runtime's" {
	up
	run "$RUNTIME" state "$CID"
	assert_status 0
	[ "$(jq -r .status <<<"$output")" = running ]
	[ "$(jq -r .pid <<<"$output")" = "$(podman inspect -f '{{.State.Pid}}' "$C")" ]
	run "$RUNTIME" ps --format json "$CID"
	[ "$(jq length <<<"$output")" -ge 1 ]
	run "$RUNTIME" list -q
	assert_contains "$CID"
}

@test "hooks of containers' hooks.d run" {
	mkdir -p /etc/containers/oci/hooks.d
	cat >"$SCRATCH/hook" <<-HOOK
		#!/bin/sh
		cat >"$SCRATCH/state.\$1"
	HOOK
	chmod 755 "$SCRATCH/hook"
	jq -n --arg p "$SCRATCH/hook" '{ version: "1.0.0", when: { always: true }, stages: ["prestart", "poststop"],
		hook: { path: $p, args: ["hook", "any"] } }' >/etc/containers/oci/hooks.d/test.json
	run podman --hooks-dir /etc/containers/oci/hooks.d run --rm --network none "$IMAGE" true
	rm -r /etc/containers/oci/hooks.d
	assert_status 0
	[ "$(jq -r .ociVersion "$SCRATCH/state.any")" != null ]
}

@test "sockets from systemd reach the container" {
	echo handed >"$SCRATCH/file"
	# shellcheck disable=SC2016 # for the inner shells
	run bash -c 'exec 3<"$1"; export LISTEN_FDS=1 LISTEN_PID=$$
		exec podman run --rm --network none "$IMAGE" sh -c "echo \$LISTEN_FDS \$LISTEN_PID; cat <&3"' listen "$SCRATCH/file"
	assert_output '1 1
handed'
}

@test "--sdnotify=container: what the program says comes to the caller's socket" {
	require_tool python3
	require_tool systemd-notify
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(30)
while "READY" not in s.recv(4096).decode():
    pass
print("ready")' "$SCRATCH/socket" >"$SCRATCH/heard" 2>&1 3>&- 4>&- &
	wait_until "the socket" test -S "$SCRATCH/socket"
	NOTIFY_SOCKET=$SCRATCH/socket podman run --rm --network none --sdnotify container -v /usr:/usr:ro -v /usr/lib:/lib:ro \
		-v /usr/lib64:/lib64:ro "$IMAGE" /bin/sh -c '/usr/bin/systemd-notify --ready; sleep 1'
	wait
	[ "$(cat "$SCRATCH/heard")" = ready ]
}
