#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Namespaces: new ones, those of the host, those named by a path; user namespaces and their maps; time; cgroup.

# shellcheck disable=SC2034,SC2154
load helpers

host_ns() {
	readlink "/proc/self/ns/$1"
}

@test "each namespace of config.json is a new one" {
	local more=(--ns cgroup)
	is_runc || more+=(--ns time)
	probe "${more[@]}" -- each ns pid -- ns ipc -- ns uts -- ns mnt -- ns net
	local i=0 name
	for name in pid ipc uts mnt net; do
		[[ ${lines[$i]} == $name:* ]]
		[ "${lines[$i]}" != "$(host_ns $name)" ] || fail "$name is the host's"
		i=$((i + 1))
	done
}

@test "a namespace that config.json does not name is the caller's" {
	probe --no-ns network --no-ns ipc --no-ns pid --jq 'del(.mounts[] | select(.type == "mqueue"))' -- each ns net -- ns ipc -- ns pid -- ns user -- ns cgroup
	assert_output "$(for n in net ipc pid user cgroup; do host_ns $n; done)"
}

@test "a namespace given twice is refused" {
	bundle --jq '.linux.namespaces += [ { type: "pid" } ]' -- /probe exit 0
	create_fails
	assert_match 'pid|duplicate|twice'
}

@test "an unknown namespace is refused and named" {
	bundle --jq '.linux.namespaces += [ { type: "nonesuch" } ]' -- /probe exit 0
	create_fails
	assert_contains nonesuch
}

# holder NAME-OPTION: a process with a namespace of its own; $HOLDER is its pid
start_holder() {
	mkfifo "$SCRATCH/hold"
	# shellcheck disable=SC2016
	unshare "$@" -- sh -c 'echo up; read -r _ <"$1"' sh "$SCRATCH/hold" >"$SCRATCH/holder" 3>&- 4>&- &
	HOLDER=$!
	wait_for_line "$SCRATCH/holder" up
}

local_teardown() {
	[ -z "${HOLDER-}" ] || kill -9 "$HOLDER" 2>/dev/null || true
}

@test "namespaces are joined by path" {
	start_holder --net --ipc --uts
	probe --ns "network=/proc/$HOLDER/ns/net" --ns "ipc=/proc/$HOLDER/ns/ipc" --ns "uts=/proc/$HOLDER/ns/uts" --jq 'del(.hostname)' \
		-- each ns net -- ns ipc -- ns uts
	assert_output "$(for n in net ipc uts; do readlink "/proc/$HOLDER/ns/$n"; done)"
}

@test "a path that is no namespace, or one of another kind, is refused" {
	bundle --ns network=/etc/passwd -- /probe exit 0
	create_fails
	start_holder --net
	bundle --ns "ipc=/proc/$HOLDER/ns/net" -- /probe exit 0
	create_fails
}

@test "a namespace path that does not exist is refused and named" {
	bundle --ns network=/run/netns/nonesuch -- /probe exit 0
	create_fails
	assert_contains nonesuch "no such file or directory"
}

@test "the pid namespace of another container can be joined" {
	sleeper
	local pid
	pid=$(box_pid)
	another "$ID-2"
	bundle --cgroup "$CGROUP-2" --ns "pid=/proc/$pid/ns/pid" -- /probe ns pid
	run -0 pf run --bundle "$BUNDLE" "$ID-2"
	assert_output "$(readlink "/proc/$pid/ns/pid")"
}

@test "in the host's pid namespace the container is not pid 1 and kill reaches it" {
	sleeper --no-ns pid
	in_box session
	refute_output "1 1 1"
	run -0 pf kill "$ID" KILL
	wait_for_status "$ID" stopped
}

@test "the loopback interface of a new network namespace is as the kernel made it or up, and there is no other" {
	bundle -- /bin/sh -c 'cat /proc/net/dev | grep -c :'
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output 1
}

# ---------------------------------------------------------------------------------------------------------------- user

@test "a user namespace has the maps of config.json, and root inside is nobody outside" {
	require_root
	chown_root
	probe --userns -- each ids -- print-file /proc/self/uid_map -- print-file /proc/self/gid_map -- ns user
	[ "${lines[0]}" = "0 0 0 0 0 0 -" ]
	assert_match '0 +100000 +65536
 +0 +100000 +65536'
	[ "${lines[3]}" != "$(host_ns user)" ]
}

@test "in a user namespace the container's processes run as the mapped user" {
	require_root
	chown_root
	sleeper --userns --user 5:6
	[ "$(stat -c %u:%g "/proc/$(box_pid)")" = 100005:100006 ]
	in_box ids
	assert_match '^5 5 5 6 6 6 '
	in_box --user 7:8 ids
	assert_match '^7 7 7 8 8 8 '
}

@test "in a user namespace the usual mounts and devices are there" {
	require_root
	chown_root
	probe --userns -- each stat /dev/null -- open-rdwr /dev/null -- stat /proc/self -- create /dev/shm/x -- open-read /sys/kernel
	[[ ${lines[0]} == char\ 0666\ *1:3 ]]
	[ "${lines[1]}" = ok ]
	[[ ${lines[2]} == link* ]]
	[ "${lines[3]}" = ok ]
}

@test "capabilities in a user namespace are those of config.json and hold only inside" {
	require_root
	chown_root
	probe --userns --cap SYS_ADMIN --no-masks -- each caps -- write-proc /proc/sys/kernel/core_pattern x
	assert_match '^inh=0 prm=2004e1 eff=2004e1 bnd=2004e1 amb=0
(EACCES|EPERM|EROFS)$'
}

@test "a user namespace without a map, or with maps that overlap, is refused" {
	bundle --jq '.linux.namespaces += [ { type: "user" } ]' -- /probe exit 0
	run timeout 20 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" -ne 0 ] || is_runc
	bundle --userns --jq '.linux.uidMappings += [ { containerID: 5, hostID: 5, size: 5 } ]' -- /probe exit 0
	create_fails
}

@test "a user namespace is joined by path" {
	! is_runc || skip "Debian's runc cannot mount its root there"
	require_root
	chown_root
	sleeper --userns
	local pid
	pid=$(box_pid)
	another "$ID-2"
	bundle --cgroup "$CGROUP-2" --ns "user=/proc/$pid/ns/user" -- /probe each ns user -- ids -- caps -- print-file /proc/self/uid_map
	run -0 pf run --bundle "$BUNDLE" "$ID-2"
	[ "${lines[0]}" = "$(readlink "/proc/$pid/ns/user")" ]
	[ "${lines[1]}" = "0 0 0 0 0 0 -" ]
	[ "${lines[2]}" = "inh=0 prm=4e1 eff=4e1 bnd=4e1 amb=0" ]
}

@test "a bundle below a directory that the mapped root cannot enter is still usable" {
	require_root
	pinfold_only
	chown_root
	chmod 700 "$SCRATCH"
	probe --userns -- print-file /etc/greeting
	assert_output hello
}

# ------------------------------------------------------------------------------------------------------ time, cgroup

@test "time offsets are set in a new time namespace" {
	! is_runc || skip "newer than Debian's runc"
	[ -e /proc/self/ns/time ] || skip_or_fail "needs time namespaces"
	probe --ns time --jq '.linux.timeOffsets = { monotonic: { secs: 1000000 }, boottime: { secs: 2000000 } }' -- each clock monotonic -- clock boottime
	[ "${lines[0]}" -gt 1000000 ]
	[ "${lines[1]}" -gt 2000000 ]
}

@test "time offsets without a time namespace are refused" {
	! is_runc || skip "newer than Debian's runc"
	bundle --jq '.linux.timeOffsets = { monotonic: { secs: 1 } }' -- /probe exit 0
	create_fails
	assert_contains timeOffsets
}

@test "a cgroup namespace has the container's group as its root" {
	require_cgroup_v1 pids
	bundle --ns cgroup -- /bin/sh -c 'grep :pids: /proc/self/cgroup'
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_match ':pids:/$'
}

@test "exec enters every namespace of the container" {
	require_root
	chown_root
	sleeper --userns --ns cgroup
	local pid n
	pid=$(box_pid)
	for n in user pid ipc uts mnt net cgroup; do
		in_box ns $n
		assert_output "$(readlink "/proc/$pid/ns/$n")"
	done
}

@test "an address and a neighbour's socket of the host cannot be reached from a new network namespace" {
	probe -- connect 127.0.0.1 1
	assert_denied ECONNREFUSED ENETUNREACH
}
