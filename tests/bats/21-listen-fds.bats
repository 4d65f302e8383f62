# SPDX-License-Identifier: Apache-2.0
# Sockets that systemd hands to a service, when that service is the runtime.

load helpers

# with_listen PID COMMAND...: called with LISTEN_FDS=2 of process PID (`self': its own), and two files as fds 3 and 4
with_listen() {
	echo first >"$SCRATCH/3"
	echo second >"$SCRATCH/4"
	# shellcheck disable=SC2016 # for the inner shell
	run bash -c 'exec 3<"$1/3" 4<"$1/4"; export LISTEN_FDS=2 LISTEN_PID=$2
		[ "$LISTEN_PID" != self ] || LISTEN_PID=$$
		shift 2; exec "$@"' with-listen "$SCRATCH" "$@"
}

@test "fds of LISTEN_FDS reach the program, which is told that they are its own" {
	bundle --env LISTEN_FDS=9 -- sh -c 'echo $LISTEN_FDS $LISTEN_PID; cat <&3; cat <&4'
	with_listen self "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	assert_status 0
	assert_output '2 1
first
second'
}

@test "LISTEN_FDS of another process is not ours to pass on" {
	bundle -- sh -c 'echo "${LISTEN_FDS-none}"; cat <&3'
	with_listen 1 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	refute_output first
	assert_contains none
}
