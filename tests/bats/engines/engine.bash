# SPDX-License-Identifier: Apache-2.0
# What the tests of real engines load: short ways to run podman, and a teardown that fails the test when the runtime left
# anything. See setup_suite.bash for what stands already.
# shellcheck shell=bash disable=SC2034,SC2154

load ../helpers

# Where the runtime keeps the state of root's containers when an engine does not say.
STATE=/run/pinfold

setup() {
	SCRATCH=$(mktemp -d "$ENGINE/t.XXXXXX")
	chmod 755 "$SCRATCH"
	# conmon writes a file `oom' where it was called from, on cgroup v1 now and then for no reason
	cd "$SCRATCH" || return
	C="box-$BATS_TEST_NUMBER"
	! declare -F local_setup >/dev/null || local_setup
}

use_podman() {
	local line

	while IFS= read -r line; do
		export "${line?}"
	done <"$ENGINE/podman.env"
	export STORE=$ENGINE/podman/storage
	cd "$ENGINE" || return
}

# ------------------------------------------------------------------------------------------------------------ running

# box [PODMAN OPTION...] -- COMMAND...: a container that is removed again, without a network unless an option says one.
# WANT=STATUS box ... where it must end so; bats wants to be told of 127.
box() {
	local opts=()

	while [ "$1" != -- ]; do
		opts+=("$1")
		shift
	done
	shift
	[[ " ${opts[*]-} " == *" --network"* || " ${opts[*]-} " == *" --pod "* ]] || opts+=(--network none)
	run ${WANT:+"-$WANT"} podman run --rm ${opts[@]+"${opts[@]}"} "$IMAGE" "$@" </dev/null
}

# up [PODMAN OPTION...] [-- COMMAND...]: the container $C in the background; it ends at once when asked to
up() {
	local opts=()

	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		opts+=("$1")
		shift
	done
	[ $# -gt 1 ] && shift || set -- sh -c 'trap "exit 0" TERM; echo ready; while :; do sleep 1000 & wait; done'
	[[ " ${opts[*]-} " == *" --network"* || " ${opts[*]-} " == *" --pod "* ]] || opts+=(--network none)
	podman run -d --name "$C" ${opts[@]+"${opts[@]}"} "$IMAGE" "$@" >"$SCRATCH/id" 3>&- 4>&-
	CID=$(cat "$SCRATCH/id")
}

in_box() {
	run ${WANT:+"-$WANT"} podman exec "$C" "$@" </dev/null
}

# with_tty COMMAND: by a shell on a terminal of 33 rows and 101 columns; $output without carriage returns and the like
with_tty() {
	run script -qec "stty rows 33 cols 101; $1" /dev/null </dev/null
	output=$(tr -d '\r\000\004' <<<"$output" | sed 's/\^[@D]//g; s/\x08//g')
}

# wait_until WHAT COMMAND...: as the one of the helpers, but what is asked here takes its time, so the clock decides
wait_until() {
	local what=$1 end=$((SECONDS + 30))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || fail "waited half a minute for $what" || return
		sleep 0.1
	done
}

has_logged() {
	podman logs "$C" 2>&1 | grep -q -- "$1"
}

wait_for_log() {
	wait_until "\`$1' in the logs" has_logged "$1"
}

state_is() {
	[ "$(podman inspect -f '{{.State.Status}}' "$C")" = "$1" ]
}

# where $C stands in the v1 hierarchy $1
group_of() {
	local pid

	pid=$(podman inspect -f '{{.State.Pid}}' "$C")
	echo "/sys/fs/cgroup/$1$(sed -n "s/^[0-9]*:$1://p" "/proc/$pid/cgroup")"
}

require_v1() {
	[ "$(stat -f -c %T /sys/fs/cgroup)" = tmpfs ] || skip_or_fail "needs cgroup v1"
}

require_hybrid() {
	[ -d /sys/fs/cgroup/unified ] || skip_or_fail "needs the hybrid of cgroup v1 and v2"
}

# ---------------------------------------------------------------------------------------------------------- tear down

podman_left() {
	grep -q '"id":' "$STORE"/*-containers/containers.json 2>/dev/null
}

podman_sweep() {
	if podman pod ls -q | grep -q .; then podman pod rm -fa -t 0; fi
	podman rm -fa -t 0
} >/dev/null 2>&1

engine_left_behind() {
	[ ! -d "$STATE" ] || find "$STATE" -mindepth 1 -maxdepth 1 ! -name '.*' -printf 'state %p\n'
	find /sys/fs/cgroup -mindepth 2 -type d -name 'libpod-*' -printf 'cgroup %p\n'
	sed -n "s,^[^/]*/[^ ]* \($ENGINE/.*/merged\) .*,mount \1,p; s,^[^/]*/[^ ]* \(/run/netns/[^ ]*\) .*,mount \1,p" \
		/proc/self/mountinfo
}

teardown() {
	local left

	! declare -F local_teardown >/dev/null || local_teardown
	[ -z "${STORE-}" ] || ! podman_left || podman_sweep
	left=$(engine_left_behind | head -5)
	cd /
	rm -rf --one-file-system "$SCRATCH"
	[ -z "$left" ] || fail "left behind: $left"
}
