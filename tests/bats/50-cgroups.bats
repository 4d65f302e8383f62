#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Control groups: where the container is, what limits it, what update changes, what is left afterwards. What the host's
# controllers cannot show is shown in a guest (tests/vm).

# shellcheck disable=SC2034,SC2154
load helpers

v1() {
	echo "/sys/fs/cgroup/$1$CGROUP"
}

value() {
	cat "$(v1 "$1")/$2"
}

give_back() {
	echo 0 >"$REALTIME"
} 2>/dev/null

# What the group above was given of the host's realtime is taken back: no other group could have it. The kernel counts a
# removed group for a moment longer.
local_teardown() {
	[ -n "${REALTIME-}" ] || return 0
	pf delete --force "$ID"
	wait_until "the end of the container's realtime" give_back
}

@test "the container is in cgroupsPath, in every controller" {
	require_cgroup_v1 pids
	sleeper
	local pid c
	pid=$(box_pid)
	for c in pids memory devices freezer cpu cpuset blkio; do
		[ ! -d "/sys/fs/cgroup/$c" ] || grep -qE ":([a-z,]*,)?$c(,[a-z,]*)?:.*$CGROUP\$" "/proc/$pid/cgroup" || fail "not in $c: $(cat "/proc/$pid/cgroup")"
	done
}

@test "without cgroupsPath the container gets a group named after it" {
	require_cgroup_v1 pids
	sleeper --jq 'del(.linux.cgroupsPath)'
	grep -q ":pids:.*$ID" "/proc/$(box_pid)/cgroup"
}

@test "the groups are gone when the container is deleted, sub-groups too" {
	require_cgroup_v1 pids
	sleeper
	mkdir "$(v1 pids)/inner"
	pf delete --force "$ID"
	[ ! -e "$(v1 pids)" ]
}

@test "a group that existed before with a process in it is not taken over" {
	pinfold_only
	require_cgroup_v1 pids
	mkdir -p "$(v1 pids)"
	sleep 60 3>&- 4>&- >/dev/null 2>&1 &
	local other=$!
	echo "$other" >"$(v1 pids)/cgroup.procs"
	bundle -- /probe exit 0
	create_fails
	kill -0 "$other"
	kill "$other"
	wait "$other" || true
	rmdir "$(v1 pids)"
}

@test "a pids limit holds" {
	require_cgroup_v1 pids
	probe --jq '.linux.resources.pids.limit = 8' -- fork-limit 50
	assert_output "7 EAGAIN"
}

@test "a pids limit of -1 is no limit, one of 0 leaves the program alone" {
	! is_runc || skip "Debian's runc leaves the limit away for 0"
	require_cgroup_v1 pids
	sleeper --jq '.linux.resources.pids.limit = -1'
	[ "$(value pids pids.max)" = max ]
	pf update --pids-limit 0 "$ID"
	[ "$(value pids pids.max)" = 1 ]
	pf update --pids-limit -1 "$ID"
	[ "$(value pids pids.max)" = max ]
	pf delete --force "$ID"
	probe --jq '.linux.resources.pids.limit = 0' -- fork-limit 50
	assert_output "0 EAGAIN"
}

@test "a memory limit holds and the killed process is seen" {
	require_cgroup_v1 memory
	bundle --jq '.linux.resources.memory = { limit: 20971520, swap: 20971520 }' -- /bin/sh -c '/probe mem-eat 67108864; echo "ended $?"'
	run pf run --bundle "$BUNDLE" "$ID"
	assert_contains "ended 137"
}

@test "memory limit, reservation and swappiness reach the kernel" {
	require_cgroup_v1 memory
	sleeper --jq '.linux.resources.memory = { limit: 67108864, reservation: 33554432, swappiness: 50 }'
	[ "$(value memory memory.limit_in_bytes)" = 67108864 ]
	[ "$(value memory memory.soft_limit_in_bytes)" = 33554432 ]
	[ "$(value memory memory.swappiness)" = 50 ]
}

@test "cpu shares, quota and period reach the kernel" {
	require_cgroup_v1 cpu
	sleeper --jq '.linux.resources.cpu = { shares: 512, quota: 50000, period: 100000 }'
	[ "$(value cpu cpu.shares)" = 512 ]
	[ "$(value cpu cpu.cfs_quota_us)" = 50000 ]
	[ "$(value cpu cpu.cfs_period_us)" = 100000 ]
}

@test "realtime period and runtime reach the kernel, also where each of them is refused beside the other's old value" {
	require_cgroup_v1 cpu
	sleeper
	if [ -e "$(v1 cpu)/cpu.rt_runtime_us" ]; then
		REALTIME="$(dirname "$(v1 cpu)")/cpu.rt_runtime_us"
		echo 500000 >"$REALTIME"
		pf update --cpu-rt-period 900001 --cpu-rt-runtime 400001 "$ID"
		pf update --cpu-rt-period 10000 --cpu-rt-runtime 3000 "$ID"
		[ "$(value cpu cpu.rt_period_us)" = 10000 ]
		[ "$(value cpu cpu.rt_runtime_us)" = 3000 ]
	else # a kernel without RT_GROUP_SCHED
		run -1 pf update --cpu-rt-runtime 3000 "$ID"
		assert_contains /linux/resources/cpu/realtimeRuntime
	fi
}

@test "cpuset cpus and mems reach the kernel, and the program is bound to them" {
	require_cgroup_v1 cpuset
	sleeper --jq '.linux.resources.cpu = { cpus: "0", mems: "0" }'
	[ "$(value cpuset cpuset.cpus)" = 0 ]
	in_box affinity
	assert_output 0
	pf delete --force "$ID"
	local last=$(($(nproc --all) - 1))
	bundle --jq '.linux.resources.cpu = { cpus: "'"$last"'", mems: "0" }' -- /probe affinity
	run -0 taskset -c 0 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	assert_output "$last"
}

@test "a quota or shares that the kernel refuses fail the create and are named" {
	require_cgroup_v1 cpuset
	bundle --jq '.linux.resources.cpu = { cpus: "4096" }' -- /probe exit 0
	create_fails
	assert_contains cpuset
}

# --------------------------------------------------------------------------------------------------------- devices

@test "without device rules nothing but the basic devices can be opened" {
	require_cgroup_v1 devices
	require_cap MKNOD 27
	probe --cap MKNOD --jq 'del(.linux.resources)' -- each open-rdwr /dev/null -- open-read /dev/zero -- mknod /dev/shm/disk b 7 0 -- mknod /dev/shm/mem c 1 1
	[ "${lines[0]}" = ok ]
	[ "${lines[1]}" = ok ]
	probe --cap MKNOD --mount '{"destination":"/raw","type":"tmpfs","source":"x"}' --jq 'del(.linux.resources)' -- each mknod /raw/mem c 1 1 -- open-read /raw/mem
	assert_denied "ok
EPERM" "EPERM
ENOENT"
}

@test "an allowed device can be used, one that a later rule denies cannot" {
	require_cgroup_v1 devices
	require_cap MKNOD 27
	[ -e /dev/fuse ] || skip_or_fail "needs /dev/fuse"
	local allow='{ allow: true, type: "c", major: 10, minor: 229, access: "rwm" }'
	local options=(--cap MKNOD --mount '{"destination":"/raw","type":"tmpfs","source":"x"}')
	probe "${options[@]}" --jq ".linux.resources.devices += [ $allow ]" -- each mknod /raw/fuse c 10 229 -- open-rdwr /raw/fuse
	assert_output "ok
ok"
	probe "${options[@]}" --jq ".linux.resources.devices += [ $allow, ($allow | .allow = false | .access = \"rw\") ]" \
		-- each mknod /raw/fuse c 10 229 -- open-rdwr /raw/fuse
	assert_output "ok
EPERM"
}

# ----------------------------------------------------------------------------------------------------------- update

@test "update changes limits from options" {
	require_cgroup_v1 memory
	sleeper --jq '.linux.resources.memory.limit = 67108864'
	run -0 pf update --memory 50331648 --pids-limit 20 --cpu-share 256 "$ID"
	[ "$(value memory memory.limit_in_bytes)" = 50331648 ]
	[ "$(value pids pids.max)" = 20 ]
	[ "$(value cpu cpu.shares)" = 256 ]
}

@test "update reads resources from a file and from stdin" {
	require_cgroup_v1 pids
	sleeper
	echo '{"pids":{"limit":30}}' >"$SCRATCH/res.json"
	run -0 pf update --resources "$SCRATCH/res.json" "$ID"
	[ "$(value pids pids.max)" = 30 ]
	echo '{"pids":{"limit":31}}' | pf update --resources - "$ID"
	[ "$(value pids pids.max)" = 31 ]
}

@test "update with an unknown container or bad resources is refused and changes nothing" {
	require_cgroup_v1 pids
	sleeper --jq '.linux.resources.pids.limit = 40'
	echo '{"pids":{"limit":"many"}}' >"$SCRATCH/res.json"
	run pf update --resources "$SCRATCH/res.json" "$ID"
	[ "$status" -ne 0 ]
	echo '{' >"$SCRATCH/res.json"
	run pf update --resources "$SCRATCH/res.json" "$ID"
	[ "$status" -ne 0 ]
	[ "$(value pids pids.max)" = 40 ]
	run -1 pf update --pids-limit 3 "$ID-none"
}

@test "update does not open devices that were closed" {
	require_cgroup_v1 devices
	sleeper
	local before
	before=$(value devices devices.list)
	echo '{"pids":{"limit":30}}' | pf update --resources - "$ID"
	[ "$(value devices devices.list)" = "$before" ]
}

# ------------------------------------------------------------------------------------------------------------- exec

@test "exec --cgroup puts the process in a sub-group and nowhere above" {
	require_cgroup_v1 pids
	sleeper
	mkdir "$(v1 pids)/inner"
	pf exec --detach --cgroup pids:inner --pid-file "$SCRATCH/exec.pid" "$ID" /probe forever >/dev/null 2>&1 </dev/null 3>&-
	grep -q ":pids:$CGROUP/inner\$" "/proc/$(cat "$SCRATCH/exec.pid")/cgroup"
	for path in pids:.. pids:../.. pids:/../x nonesuch:inner pids:inner/../../..; do
		run pf exec --cgroup "$path" "$ID" /probe exit 0
		[ "$status" -ne 0 ] || fail "accepted --cgroup $path"
	done
}

@test "exec obeys the limits of the container" {
	require_cgroup_v1 pids
	sleeper --jq '.linux.resources.pids.limit = 6'
	in_box fork-limit 50
	assert_output "4 EAGAIN"
}

@test "a cgroupsPath with dot-dot does not leave the mount" {
	require_cgroup_v1 pids
	bundle --cgroup "/../../pf-escape-$ID" -- /probe exit 0
	run timeout 20 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	[ ! -e "/sys/fs/pf-escape-$ID" ]
	[ ! -e "/pf-escape-$ID" ]
}

@test "hugetlb, rdma and unified keys with a slash in them are refused" {
	pinfold_only
	for r in '.hugepageLimits = [ { pageSize: "2MB/../../x", limit: 1 } ]' '.unified = { "../x": "1" }' '.unified = { "memory/max": "1" }' \
		'.rdma = { "a/b": { hcaHandles: 1 } }' '.unified = { "cgroup.procs": "1" }'; do
		bundle --jq ".linux.resources$r" -- /probe exit 0
		create_fails
		assert_contains /linux/resources
	done
}

# ------------------------------------------------------------------------------------------------------------ v1, v2

# on VIEW COMMAND...: with the cgroups of another kind of host
on() {
	"$PF_TESTS/env/host-like.sh" "$@"
}

@test "the same container runs where only cgroup2 is mounted" {
	bundle --jq 'del(.linux.resources)' -- /bin/sh -c 'cat /proc/self/cgroup; /probe mount-info /sys/fs/cgroup'
	run on v2 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 77 ] || skip_or_fail "needs a cgroup2 view"
	assert_status 0
	assert_match '0::'
	assert_contains "- cgroup2 "
}

@test "pause and resume work where only cgroup2 is mounted" {
	bundle --jq 'del(.linux.resources)' -- /probe forever
	# shellcheck disable=SC2016
	run on v2 "$BASH" -c '
		p=("$1" --root "$2")
		"${p[@]}" create --bundle "$3" "$4" >/dev/null 2>&1 </dev/null && "${p[@]}" start "$4" && "${p[@]}" pause "$4" &&
		"${p[@]}" state "$4" | jq -r .status && "${p[@]}" resume "$4" && "${p[@]}" state "$4" | jq -r .status
		"${p[@]}" delete --force "$4"' sh "$RUNTIME" "$PF_ROOT" "$BUNDLE" "$ID"
	[ "$status" -ne 77 ] || skip_or_fail "needs a cgroup2 view"
	assert_output "paused
running"
}

@test "the same container runs where only cgroup v1 is mounted" {
	bundle -- /probe exit 0
	run on v1 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 77 ] || skip_or_fail "needs a cgroup v1 view"
	assert_status 0
}

@test "a limit whose controller is not there is refused, not ignored" {
	pinfold_only
	bundle --jq '.linux.resources.memory.limit = 67108864' -- /probe exit 0
	run on v2 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 77 ] || skip_or_fail "needs a cgroup2 view"
	assert_status 1
	assert_contains memory
}
