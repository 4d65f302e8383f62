#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The runtime called by an ordinary user, continued: maps of several ids, user namespaces that are there already, and where
# the state is kept. `tests/run rootless' runs this; its user has subordinate ids.
# bats file_tags=rootless

# shellcheck disable=SC2034,SC2154
load helpers

local_setup() {
	[ "$(id -u)" -ne 0 ] || skip "for a user that is not root"
	unshare --user true 2>/dev/null || skip_or_fail "needs user namespaces for users"
}

local_teardown() {
	[ -z "${HOLDER-}" ] || kill "$HOLDER"
	# made by the test without XDG_RUNTIME_DIR; not when something of the user's own is in it
	rmdir "/tmp/pinfold-$(id -u)" 2>/dev/null || :
}

# first_of FILE: the first subordinate id of the caller
first_of() {
	sed -n "s/^$(id -un):\([0-9]*\):.*/\1/p" "$1" | head -n 1
}

# no cgroup, no limit: what a user cannot have
bare() {
	bundle --jq 'del(.linux.resources, .linux.cgroupsPath) | .mounts |= map(select(.type != "cgroup"))' "$@"
}

# maps UIDS GIDS [OPTION...] -- ARGS: maps as JSON
maps() {
	local uids=$1 gids=$2

	shift 2
	bare --jq ".linux.namespaces += [{ type: \"user\" }] | .linux.uidMappings = $uids | .linux.gidMappings = $gids" "$@"
}

# The caller as root and its subordinate ids as all others.
many() {
	maps "[{ containerID: 0, hostID: $(id -u), size: 1 }, { containerID: 1, hostID: $(first_of /etc/subuid), size: 65535 }]" \
		"[{ containerID: 0, hostID: $(id -g), size: 1 }, { containerID: 1, hostID: $(first_of /etc/subgid), size: 65535 }]" "$@"
}

one() {
	maps "[{ containerID: 0, hostID: $(id -u), size: 1 }]" "[{ containerID: 0, hostID: $(id -g), size: 1 }]" "$@"
}

# A folder as PATH that has all commands but newuidmap and newgidmap.
path_without_helpers() {
	mkdir "$SCRATCH/bin"
	ln -s /usr/bin/* "$SCRATCH/bin/"
	rm -f "$SCRATCH/bin/newuidmap" "$SCRATCH/bin/newgidmap"
}

# unshared OPTION... : the runtime as root of a user namespace that `unshare OPTION...' makes
unshared() {
	run unshare "$@" "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
}

# by_podman [GLOBAL OPTION...]: the runtime as podman without root calls it: root of a user namespace with all ids
# shellcheck disable=SC2120 # options are rare
by_podman() {
	run podman unshare "$RUNTIME" --root "$PF_ROOT" "$@" run --bundle "$BUNDLE" "$ID"
	# podman's own remark about the root mount is no matter of ours
	output=$(grep -v 'is not a shared mount' <<<"$output")
	mapfile -t lines <<<"$output"
}

refused() {
	create_fails
	assert_contains "$@"
}

@test "maps: the caller as root and its subordinate ids as all others, which the program can be" {
	many --user 1000:1000:5 -- /probe each ids -- print-file /proc/self/setgroups
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output "1000 1000 1000 1000 1000 1000 5
allow"
	many -- /bin/cat /proc/self/uid_map
	run -0 pf run --bundle "$BUNDLE" "$ID"
	[[ $output =~ ^' '+0' '+$(id -u)' '+1$'\n'' '+1' '+$(first_of /etc/subuid)' '+65535$ ]] || fail "$output"
}

@test "maps: a file of another id inside is one of the caller's subordinate ids outside" {
	many -- /bin/sh -c 'echo x >/work/mine && /probe chown /work/mine 7 8 && /probe stat /work/mine'
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_match '7:8'
	[ "$(stat -c %u:%g "$BUNDLE/rootfs/work/mine")" = "$(($(first_of /etc/subuid) + 6)):$(($(first_of /etc/subgid) + 7))" ]
	podman unshare rm -f "$BUNDLE/rootfs/work/mine"
}

@test "maps: one id needs no newuidmap, more do, and the error names the package" {
	pinfold_only
	path_without_helpers
	local PATH=$SCRATCH/bin
	one -- /probe ids
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_match '^0 0 0 0 0 0'
	many -- /probe ids
	refused "newgidmap is not installed" "package uidmap"
}

@test "maps: more ids than /etc/subuid and /etc/subgid give are refused, with the map and the cure" {
	pinfold_only
	many -- /probe ids
	bundle_edit '.linux.gidMappings[1].size = 70000'
	refused "newgidmap refused" "1 $(first_of /etc/subgid) 70000" /etc/subgid "usermod --add-subgids"
	many -- /probe ids
	bundle_edit '.linux.uidMappings[1].size = 70000'
	refused "newuidmap refused" "1 $(first_of /etc/subuid) 70000" /etc/subuid "usermod --add-subuids"
}

@test "maps: root of the host, or another user, cannot be mapped" {
	many -- /probe ids
	bundle_edit '.linux.uidMappings[1] = { containerID: 1, hostID: 0, size: 1 }'
	refused newuidmap
	many -- /probe ids
	bundle_edit '.linux.gidMappings[1] = { containerID: 1, hostID: 1, size: 1 }'
	refused newgidmap
}

@test "maps: a caller that is not root and asks for no user namespace is told so" {
	pinfold_only
	bare -- /probe ids
	refused /linux/namespaces "user namespace" "spec --rootless"
}

@test "podman unshare: a container without a user namespace of its own" {
	bare --user 1000:1000:5 -- /probe each ids -- create /work/mine
	by_podman
	assert_status 0
	assert_output "1000 1000 1000 1000 1000 1000 5
ok"
	[ "$(stat -c %u "$BUNDLE/rootfs/work/mine")" = "$(($(first_of /etc/subuid) + 999))" ]
	podman unshare rm -f "$BUNDLE/rootfs/work/mine"
}

@test "podman unshare: create, start, exec, kill, delete by hand" {
	bare -- /probe forever
	run podman unshare sh -ec '"$1" --root "$2" create --bundle "$3" "$4" >"$5" 2>&1 </dev/null
		"$1" --root "$2" start "$4"
		"$1" --root "$2" exec --user 7 "$4" /probe ids
		"$1" --root "$2" kill "$4" KILL
		while [ "$("$1" --root "$2" state "$4" | jq -r .status)" != stopped ]; do :; done
		"$1" --root "$2" delete "$4"' sh "$RUNTIME" "$PF_ROOT" "$BUNDLE" "$ID" "$SCRATCH/out"
	assert_status 0
	assert_match '7 7 7 0 0 0'
	[ ! -e "$PF_ROOT/$ID" ]
}

@test "podman unshare: a user namespace inside maps ids of the one outside, and no others" {
	pinfold_only
	bare --userns -- /probe ids
	bundle_edit '.linux.uidMappings[0].hostID = 1 | .linux.gidMappings[0].hostID = 1'
	by_podman
	assert_status 0
	assert_match '^0 0 0 0 0 0'
	bundle_edit '.linux.uidMappings[0].size = 100000 | .linux.gidMappings[0].size = 100000'
	by_podman
	assert_status 1
	assert_contains "0 1 100000" /proc/self/uid_map
	[ ! -e "$PF_ROOT/$ID" ]
}

@test "podman unshare: profile agent covers what is mounted beside the work" {
	pinfold_only
	require_landlock 3
	mkdir "$SCRATCH/src"
	echo SECRET >"$SCRATCH/src/key"
	bare --annotate io.pinfold.profile=agent --bind "$SCRATCH/src:/data" -- /probe each stat /data/key -- print-file /usr/share/public -- create /etc/x
	by_podman
	assert_status 0
	assert_output "ENOENT
public
EACCES"
}

# What podman is for a user whom /etc/subuid does not name: root of a user namespace with one id, where setgroups is denied.
@test "unshare -r: a container runs where one id is mapped, with mounts of its own or its parent's" {
	local options
	for options in -Urm -Ur; do
		bare -- /probe each ids -- print-file /proc/self/setgroups -- print-file /etc/greeting
		unshared "$options"
		assert_status 0
		assert_match '^0 0 0 0 0 0 .*
deny
hello$'
		maps '[{ containerID: 0, hostID: 0, size: 1 }]' '[{ containerID: 0, hostID: 0, size: 1 }]' -- /probe each ids -- print-file /proc/self/setgroups
		unshared "$options"
		assert_status 0
		assert_match '^0 0 0 0 0 0 .*
deny$'
	done
}

@test "unshare -r: bind mounts, masks and an exec" {
	mkdir "$SCRATCH/src"
	echo from-host >"$SCRATCH/src/file"
	bare --bind "$SCRATCH/src:/mnt:ro" -- /probe each print-file /mnt/file -- create /mnt/x
	unshared -Urm
	assert_status 0
	assert_output "from-host
EROFS"
	bare -- /probe forever
	run unshare -Ur sh -ec '"$1" --root "$2" create --bundle "$3" "$4" >"$5" 2>&1 </dev/null
		"$1" --root "$2" start "$4"
		"$1" --root "$2" exec "$4" /probe print-file /etc/greeting
		"$1" --root "$2" delete --force "$4"' sh "$RUNTIME" "$PF_ROOT" "$BUNDLE" "$ID" "$SCRATCH/out"
	assert_status 0
	assert_output hello
}

@test "unshare -r: groups that cannot be had are refused" {
	pinfold_only
	bare --user 0:0:5 -- /probe ids
	unshared -Urm
	assert_status 1
	assert_contains /process/user/additionalGids newgidmap
}

# a process in a user namespace of its own, until the test ends; its pid is in HOLDER
hold() { # COMMAND...
	"$@" sh -c "echo \$\$ >'$SCRATCH/holder'; exec sleep 300" >/dev/null 2>&1 </dev/null 3>&- 4>&- &
	wait_until "the process in the namespace" test -s "$SCRATCH/holder"
	HOLDER=$(cat "$SCRATCH/holder")
}

@test "foreign namespace: one that podman made is joined by its path" {
	hold podman unshare
	bare --user 3:4:5 --ns "user=/proc/$HOLDER/ns/user" -- /probe each ids -- ns user
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output "3 3 3 4 4 4 5
$(readlink "/proc/$HOLDER/ns/user")"
}

@test "foreign namespace: one that denies setgroups is refused, and the error says which would do" {
	pinfold_only
	hold unshare --user --map-root-user
	bare --ns "user=/proc/$HOLDER/ns/user" -- /probe ids
	run -1 pf run --bundle "$BUNDLE" "$ID"
	assert_contains "setgroups is denied" newgidmap
}

@test "foreign namespace: those of others, and files that are none, are refused" {
	pinfold_only
	bare --ns user=/proc/1/ns/user -- /probe ids
	refused /linux/namespaces /proc/1/ns/user
	bare --ns user=/etc/passwd -- /probe ids
	refused /linux/namespaces "is not a user namespace"
	bare --ns "user=/proc/self/ns/mnt" -- /probe ids
	refused /linux/namespaces "is not a user namespace"
}

@test "state: kept in XDG_RUNTIME_DIR, for this user alone, until delete" {
	export XDG_RUNTIME_DIR=$SCRATCH/xdg
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	one -- /probe forever
	"$RUNTIME" create --bundle "$BUNDLE" "$ID" >"$SCRATCH/out" 2>&1 </dev/null 3>&- 4>&-
	[ "$(stat -c %a:%u "$XDG_RUNTIME_DIR/pinfold")" = "700:$(id -u)" ]
	[ -d "$XDG_RUNTIME_DIR/pinfold/$ID" ]
	run -0 "$RUNTIME" state "$ID"
	[ "$(jq -r .status <<<"$output")" = created ]
	run -0 "$RUNTIME" list --quiet
	assert_output "$ID"
	run -0 "$RUNTIME" delete --force "$ID"
	[ ! -e "$XDG_RUNTIME_DIR/pinfold/$ID" ]
}

@test "state: without XDG_RUNTIME_DIR a folder in /tmp that must be the user's own" {
	pinfold_only
	unset XDG_RUNTIME_DIR
	one -- /probe args fine
	run -0 "$RUNTIME" run --bundle "$BUNDLE" "$ID"
	assert_output fine
	[ "$(stat -c %a:%u "/tmp/pinfold-$(id -u)")" = "700:$(id -u)" ]
}

@test "state: a folder that others could write to is refused" {
	pinfold_only
	export XDG_RUNTIME_DIR=$SCRATCH/xdg
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	mkdir -m 777 "$XDG_RUNTIME_DIR/pinfold"
	chmod 777 "$XDG_RUNTIME_DIR/pinfold"
	one -- /probe args fine
	run -1 "$RUNTIME" run --bundle "$BUNDLE" "$ID"
	assert_contains "$XDG_RUNTIME_DIR/pinfold" "not writable by others"
}

@test "spec --rootless: what it writes runs, without a warning" {
	pinfold_only
	"$RUNTIME" spec --rootless --bundle "$BUNDLE"
	bundle_edit '.process.terminal = false | .process.args = ["/probe", "ids"]'
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_match '^0 0 0 0 0 0 [0-9,]*$'
}
