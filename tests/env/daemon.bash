# SPDX-License-Identifier: Apache-2.0
# For the scripts beside it: a daemon that is there while a command runs, and gone with it.
# shellcheck shell=bash

# with_daemon PID LOG PROBE COMMAND...: waits until PROBE succeeds, half a minute at most; exits with the command's status,
# with 125 and the log when the daemon did not come up
with_daemon() {
	local log=$2 probe=$3 i status=0
	daemon=$1 command=
	shift 3
	# shellcheck disable=SC2317 # by the trap
	stop() {
		[ -z "$command" ] || kill "$command" 2>/dev/null || :
		kill "$daemon" 2>/dev/null || :
		wait "$daemon" 2>/dev/null || :
	}
	trap stop EXIT
	trap 'exit 143' TERM
	for ((i = 0; i < 300; i++)); do
		! $probe >/dev/null 2>&1 || break
		kill -0 "$daemon" 2>/dev/null || i=300
		sleep 0.1
	done
	if [ "$i" -ge 300 ]; then
		cat "$log" >&2
		exit 125
	fi
	# in the background, so that a signal to this script is heard
	"$@" <&0 &
	command=$!
	wait "$command" || status=$?
	command=
	exit "$status"
}
