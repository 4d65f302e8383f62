# SPDX-License-Identifier: Apache-2.0
# podman with the systemd cgroup manager, as it stands on a fresh machine: on a systemd of the test's own, with cgroup2
# alone. One boot for all; see systemd-job.sh for what was done.

load engine

setup_file() {
	export OUT=$ENGINE/systemd-job JOB_STATUS=0
	mkdir -p "$OUT"
	cp "$PF_TESTS/env/podman-own.sh" "$PF_TESTS/bats/engines/systemd-job.sh" "$ENGINE/"
	cp "$("$PF_TESTS/env/make-image.sh" busybox)" "$ENGINE/busybox.tar"
	"$PF_TESTS/env/systemd-own.sh" -t 180 -w "$ENGINE" -e "PF_RUNTIME=$ENGINE/podman/bin/pinfold" \
		"$ENGINE/systemd-job.sh" "$ENGINE" "$OUT" "$ENGINE/busybox.tar" >"$ENGINE/systemd.out" 2>&1 3>&- 4>&- ||
		JOB_STATUS=$?
	[ "$JOB_STATUS" != 77 ] || return 0
	[ "$JOB_STATUS" = 0 ] || cat "$ENGINE/systemd.out" >&2
}

local_setup() {
	[ "$JOB_STATUS" != 77 ] || skip_or_fail "needs systemd and dbus"
}

# result NAME [STATUS]: $output and $status are those of that step
result() {
	output=$(cat "$OUT/$1")
	status=$(cat "$OUT/$1.status")
	[ $# -lt 2 ] || assert_status "$2"
}

@test "systemd: a container runs in a scope of machine.slice and passes its status" {
	result run 3
	result up 0
	result shown 0
	assert_contains ActiveState=active Slice=machine.slice Delegate=yes
	result pid 0
	local pid=$output
	result processes
	grep -qx "$pid" <<<"$output" || assert_contains "$pid"
}

@test "systemd: limits are properties of the scope, and refused where nothing can enforce them" {
	if [ -e "$OUT/limits" ]; then
		result shown 0
		assert_contains MemoryMax=67108864 TasksMax=99
		result update 0
		result updated 0
		assert_contains MemoryMax=33554432
	else
		result beyond 126
		assert_contains /linux/resources/memory/limit '`memory'
		result update 125
		result updated 0
		assert_contains ActiveState=active
	fi
}

@test "systemd: an exec is in the container's group" {
	result exec 4
	[ "$(sort -u <<<"$output" | wc -l)" -eq 1 ] || fail "$output"
}

@test "systemd: pause and unpause" {
	result pause 0
	result paused
	assert_output paused
	result unpause 0
}

@test "systemd: stop, start and rm stop and start the scope" {
	result stop 0
	result stopped
	refute_output activating
	[ "$output" != active ] || fail "the scope is still active"
	result start 0
	result started
	assert_output active
	result rm 0
	result removed
	[ "$output" != active ] || fail "the scope is still active"
}

@test "systemd: profile agent" {
	result confined
	assert_contains tried
	refute_output a-secret
}

@test "systemd: a pod" {
	result pod 0
	result in-pod 0
	assert_contains in-pod
	result pod-rm 0
}

@test "systemd: a refused container and all others leave no scope and no group" {
	result refused 126
	assert_contains io.pinfold.raed
	result units 0
	refute_output 'libpod-[0-9a-f]*.scope loaded active'
	[ -z "$(grep -v libpod-conmon <<<"$output" | grep 'active.*running')" ] || fail "$output"
	result groups 0
	assert_output ''
}
