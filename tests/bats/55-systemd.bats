#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The systemd cgroup manager, on a systemd of the test's own (tests/env/systemd-own.sh) with cgroup2 alone.

# shellcheck disable=SC2034,SC2154
load helpers

local_setup() {
	require_root
	require_tool busctl
	PF_GLOBALS=()
}

# on_systemd SCRIPT: run it there; "$@" is the runtime with its global options, $id and $bundle are the test's
on_systemd() {
	run "$PF_TESTS/env/systemd-own.sh" -w "$SCRATCH" -t 60 "$BASH" -c "id=$ID bundle=$BUNDLE; cd /; $1" sh "$RUNTIME" --root "$SCRATCH/state" --systemd-cgroup
	[ "$status" -ne 77 ] || skip_or_fail "needs systemd and dbus"
}

# there PATH [OPTION...]: no resources, since this systemd may have no controllers to enforce them with
there() {
	bundle --cgroup "$1" --jq 'del(.linux.resources)' "${@:2}"
}

START='"$@" create --bundle "$bundle" "$id" >/dev/null 2>"$bundle/err" </dev/null && "$@" start "$id" || cat "$bundle/err"'

@test "a container runs in a scope named after cgroupsPath, in its slice" {
	there "system.slice:pf:$ID" -- /bin/sh -c 'cat /proc/self/cgroup'
	on_systemd '"$@" run --bundle "$bundle" "$id" </dev/null'
	assert_status 0
	assert_contains "/system.slice/pf-$ID.scope"
}

@test "a nested slice is made where it belongs" {
	there "pf-inner.slice:pf:$ID" -- /bin/sh -c 'cat /proc/self/cgroup'
	on_systemd '"$@" run --bundle "$bundle" "$id" </dev/null'
	assert_contains "/pf.slice/pf-inner.slice/pf-$ID.scope"
}

@test "the scope is delegated, describes the container, and is gone after delete" {
	there "system.slice:pf:$ID" -- /probe forever
	on_systemd "$START"'; systemctl show -p ActiveState,Delegate,Slice "pf-$id.scope"; "$@" delete --force "$id"
		systemctl is-active "pf-$id.scope"; ls -d "/sys/fs/cgroup/system.slice/pf-$id.scope" 2>&1'
	assert_contains ActiveState=active Delegate=yes Slice=system.slice inactive "No such file"
}

@test "exec is in the container's group" {
	there "system.slice:pf:$ID" -- /probe forever
	on_systemd "$START"'; "$@" exec "$id" /bin/sh -c "cat /proc/self/cgroup /proc/1/cgroup" </dev/null; "$@" delete --force "$id"'
	[ "$(grep '^0::' <<<"$output" | sort -u | wc -l)" -eq 1 ] || fail "$output"
}

@test "pause and resume" {
	there "system.slice:pf:$ID" -- /probe forever
	on_systemd "$START"'; "$@" pause "$id"; "$@" state "$id" | jq -r .status; "$@" resume "$id"; "$@" state "$id" | jq -r .status; "$@" delete --force "$id"'
	assert_output "paused
running"
}

@test "stopping the scope ends the container" {
	there "system.slice:pf:$ID" -- /probe sigterm-exit 0
	on_systemd "$START"'; systemctl stop "pf-$id.scope"; until [ "$("$@" state "$id" | jq -r .status)" = stopped ]; do :; done
		"$@" state "$id" | jq -r .status; "$@" delete "$id"'
	assert_match 'stopped$'
}

@test "stopping the scope of a container that was never started ends it at once, not after TimeoutStopSec" {
	there "system.slice:pf:$ID" -- /probe forever
	on_systemd '"$@" create --bundle "$bundle" "$id" >/dev/null 2>"$bundle/err" </dev/null || cat "$bundle/err"
		systemctl show -p TimeoutStopUSec "pf-$id.scope"; systemctl stop "pf-$id.scope"; "$@" state "$id" | jq -r .status; "$@" delete "$id"'
	assert_output "TimeoutStopUSec=1min 30s
stopped"
}

@test "update that asks for a controller which is not there changes nothing of the scope" {
	pinfold_only
	there "system.slice:pf:$ID" -- /probe forever
	on_systemd "$START"'; "$@" update --pids-limit 77 --memory 67108864 "$id" 2>&1; echo "status $?"
		systemctl show -p MemoryMax,TasksMax "pf-$id.scope"; "$@" delete --force "$id"'
	if [[ $output = *"status 0"* ]]; then # a host with all controllers in cgroup2
		assert_contains MemoryMax=67108864 TasksMax=77
	else
		assert_contains "status 1" "/linux/resources/memory/limit" MemoryMax=infinity
		refute_output TasksMax=77
	fi
}

@test "a failed create leaves no scope" {
	there "system.slice:pf:$ID" -- nonesuch
	on_systemd '"$@" create --bundle "$bundle" "$id" >/dev/null 2>&1 </dev/null; echo "status $?"; systemctl list-units --all --no-legend "pf-*"; ls -d /sys/fs/cgroup/system.slice/pf-* 2>/dev/null'
	assert_output "status 1"
}

@test "an annotation sets a property of the scope" {
	there "system.slice:pf:$ID" --annotate 'org.systemd.property.TimeoutStopUSec=uint64 123000000' --annotate "org.systemd.property.CollectMode='inactive-or-failed'" -- /probe forever
	on_systemd "$START"'; systemctl show -p TimeoutStopUSec,CollectMode "pf-$id.scope"; "$@" delete --force "$id"'
	assert_contains "TimeoutStopUSec=2min 3s" CollectMode=inactive-or-failed
}

@test "CVE-2024-3154: an annotation that is no property of a scope, or is more than one, refuses the container" {
	local a
	for a in 'Exec Start=1' "ExecStart=['/bin/sh']" 'TimeoutStopUSec=uint64 1, uint64 2' 'TimeoutStopUSec=nonsense' 'timeoutStopUSec=uint64 1' '../x=1' '=1'; do
		there "system.slice:pf:$ID" --annotate "org.systemd.property.$a" -- /probe exit 0
		on_systemd '"$@" run --bundle "$bundle" "$id" </dev/null; echo "status $?"; echo "units:$(systemctl list-units --all --no-legend "pf-*")."'
		assert_contains "status 1" units:.
	done
}

@test "a cgroupsPath that is not SLICE:PREFIX:NAME, or leads elsewhere, is refused" {
	pinfold_only
	local path
	for path in /plain/path a:b system.slice:a/b:c '../x.slice:a:b' 'system.slice:pf:a/../b' 'nonsense:a:b' 'system.slice:pf:'; do
		there "$path" -- /probe exit 0
		on_systemd '"$@" run --bundle "$bundle" "$id" </dev/null; echo "status $?"'
		assert_contains "status 1"
	done
}

@test "a confined container and its exec are confined there too" {
	there "system.slice:pf:$ID" --annotate 'io.pinfold.read=/usr /bin /probe' -- /probe forever
	on_systemd "$START"'; "$@" exec "$id" /probe each open-read /secret/key -- print-file /usr/share/public </dev/null; "$@" delete --force "$id"'
	is_runc || assert_output "EACCES
public"
}
