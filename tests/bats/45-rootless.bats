#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The runtime called by an ordinary user: one id mapped, no cgroup to write, no privilege. `tests/run rootless' runs this.
# bats file_tags=rootless

# shellcheck disable=SC2034,SC2154
load helpers

local_setup() {
	[ "$(id -u)" -ne 0 ] || skip "for a user that is not root"
	unshare --user true 2>/dev/null || skip_or_fail "needs user namespaces for users"
}

# Whoever runs this is root inside, and nobody else is.
mine() {
	bundle --jq ".linux.namespaces += [{ type: \"user\" }] | .linux.uidMappings = [{ containerID: 0, hostID: $(id -u), size: 1 }]
		| .linux.gidMappings = [{ containerID: 0, hostID: $(id -g), size: 1 }] | del(.linux.resources, .linux.cgroupsPath)
		| .mounts |= map(select(.type != \"cgroup\"))" "$@"
}

start_mine() {
	mine "$@"
	create_box
	pf start "$ID"
	wait_for_status "$ID" running
}

@test "rootless: run passes the status and the output" {
	mine -- /bin/sh -c 'echo inside; exit 7'
	run -7 pf run --bundle "$BUNDLE" "$ID"
	assert_output inside
}

@test "rootless: root inside is the caller outside, and has only the capabilities of config.json" {
	mine -- /probe each ids -- caps -- print-file /proc/self/uid_map -- print-file /proc/self/setgroups
	run -0 pf run --bundle "$BUNDLE" "$ID"
	[ "${lines[0]%% -}" = "0 0 0 0 0 0" ] || [[ ${lines[0]} == "0 0 0 0 0 0 "* ]]
	[ "${lines[1]}" = "inh=0 prm=4e1 eff=4e1 bnd=4e1 amb=0" ]
	assert_match "0 +$(id -u) +1"
	[ "${lines[3]}" = deny ]
}

@test "rootless: create, state, start, exec, kill, delete" {
	start_mine -- /probe sigterm-exit 0
	wait_for_line "$SCRATCH/out" ready
	[ "$(stat -c %u "/proc/$(box_pid)")" = "$(id -u)" ]
	in_box each session -- print-file /etc/greeting
	assert_contains hello
	run -0 pf kill "$ID" TERM
	wait_for_status "$ID" stopped
	run -0 pf delete "$ID"
	[ ! -e "$PF_ROOT/$ID" ]
}

@test "rootless: the devices are there and usable" {
	mine -- /probe each open-rdwr /dev/null -- open-read /dev/zero -- open-read /dev/urandom -- stat /dev/shm -- create /dev/shm/x
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_match '^ok
ok
ok
dir 01777 0:0 0
ok$'
}

@test "rootless: bind mounts, their options, and masks" {
	mkdir "$SCRATCH/src"
	echo from-host >"$SCRATCH/src/file"
	mine --bind "$SCRATCH/src:/mnt:ro,nosuid,nodev" -- /probe each print-file /mnt/file -- create /mnt/x -- stat /proc/timer_list -- write-proc /proc/sys/kernel/hostname x
	run -0 pf run --bundle "$BUNDLE" "$ID"
	[ "${lines[0]}" = from-host ]
	[ "${lines[1]}" = EROFS ]
	[[ ${lines[3]} == EROFS || ${lines[3]} == EACCES ]]
}

@test "rootless: a limit that nobody can enforce is refused, not ignored" {
	pinfold_only
	mine --jq '.linux.resources = { pids: { limit: 5 } }' -- /probe exit 0
	create_fails
	assert_match 'pids|cgroup'
}

@test "rootless: a map of ids that are not the caller's is refused" {
	mine --jq '.linux.uidMappings[0].hostID = 0' -- /probe exit 0
	create_fails
	mine --jq '.linux.uidMappings[0].size = 100' -- /probe exit 0
	create_fails
}

@test "rootless: additional groups are refused where setgroups is denied" {
	mine --jq '.process.user.additionalGids = [5]' -- /probe exit 0
	create_fails
}

@test "rootless: a confined container is confined, and its exec too" {
	pinfold_only
	require_landlock 3
	local policy=(--annotate 'io.pinfold.read=/usr /bin /probe /work' --annotate io.pinfold.write=/work)
	start_mine "${policy[@]}" -- /probe forever
	in_box each open-read /secret/key -- print-file /usr/share/public -- create /work/x -- create /usr/x -- unshare user -- nnp -- ptrace 1 -- symlink /secret /work/l -- open-read /work/l/key
	assert_output "EACCES
public
ok
EACCES
EPERM
1
EPERM
ok
EACCES"
}

@test "rootless: what is hidden cannot be seen, what is protected cannot be changed" {
	pinfold_only
	require_landlock 3
	local src="$SCRATCH/src"
	mkdir -p "$src/.git/hooks" "$src/a"
	echo SECRET >"$src/a/.env"
	start_mine --bind "$src:/work" --cwd /work --annotate 'io.pinfold.hide=/work/**/.env /etc/greeting' --annotate io.pinfold.protect=@agent-control -- /probe forever
	in_box each print-file /work/a/.env -- print-file /etc/greeting -- create /work/.git/hooks/x -- rename /work/.git /work/x -- rename /work/a /work/b \
		-- print-file /work/b/.env -- create /work/fine
	assert_output "

EROFS
EBUSY
ok

ok"
	run -0 pf posture --format json "$ID"
	[ "$(jq -r '.probes.cover + " " + .probes.protect' <<<"$output")" = "denied denied" ]
}

@test "rootless: a mount that no entry names is covered" {
	pinfold_only
	require_landlock 3
	mkdir "$SCRATCH/src"
	echo SECRET >"$SCRATCH/src/key"
	mine --annotate io.pinfold.read=@image --bind "$SCRATCH/src:/data" -- /probe each stat /data/key -- list /data -- print-file /usr/share/public
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output "ENOENT
0 entries
public"
}

@test "rootless: a terminal" {
	mine --terminal -- /probe tty
	"$PF_SUITE/tools/recvtty" "$SCRATCH/tty.sock" >"$SCRATCH/tty" 2>&1 </dev/null 3>&- 4>&- &
	local tty=$!
	wait_until "the console socket" test -S "$SCRATCH/tty.sock"
	pf create --bundle "$BUNDLE" --console-socket "$SCRATCH/tty.sock" "$ID" >"$SCRATCH/out" 2>&1 </dev/null 3>&- || fail "$(cat "$SCRATCH/out")"
	pf start "$ID"
	wait "$tty"
	grep -q 'yes 0x0 /dev/pts/0' "$SCRATCH/tty"
}

@test "rootless: hooks run, in the caller's namespaces and in the container's" {
	mine --hook "createRuntime={\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"id -u >$SCRATCH/hook\"],\"env\":[\"PATH=/usr/bin:/bin\"]}" \
		--hook 'startContainer={"path":"/probe","args":["probe","append","/work/mark","hook"]}' -- /probe print-file /work/mark
	run -0 pf run --bundle "$BUNDLE" "$ID"
	[ "$(cat "$SCRATCH/hook")" = "$(id -u)" ]
	[ "${lines[-1]}" = hook ]
}

@test "rootless: the default state directory is the user's own" {
	export XDG_RUNTIME_DIR="$SCRATCH/xdg"
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	mine -- /probe args fine
	run -0 "$RUNTIME" run --bundle "$BUNDLE" "$ID"
	assert_output fine
	is_runc || [ -d "$XDG_RUNTIME_DIR/pinfold" ]
}
