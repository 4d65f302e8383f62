#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The file tree: mounts and their options, devices, masked and read-only paths, propagation, sysctls.

# shellcheck disable=SC2034,SC2154
load helpers

# private COMMAND...: in a mount namespace of its own, so that nothing mounted by a test reaches the host
private() {
	unshare --mount --propagation private "$@"
}

make_source() {
	mkdir -p "$SCRATCH/src/sub"
	echo from-host >"$SCRATCH/src/file"
	chmod -R a+rX "$SCRATCH/src"
}

# ------------------------------------------------------------------------------------------------------------ root

@test "the program sees the bundle's root as /" {
	probe -- each print-file /etc/greeting -- stat /..
	[ "${lines[0]}" = hello ]
	[ "${lines[1]}" = "$(printf 'dir 0755 0:0 0')" ]
}

@test "a relative and an absolute root path both work" {
	probe --jq '.root.path = "rootfs"' -- print-file /etc/greeting
	assert_output hello
	probe --jq ".root.path = \"$BUNDLE/rootfs\"" -- print-file /etc/greeting
	assert_output hello
}

@test "a root that does not exist is refused and named" {
	bundle --jq '.root.path = "nonesuch"' -- /probe exit 0
	create_fails
	assert_contains nonesuch
}

@test "a root that is a file is refused" {
	echo x >"$BUNDLE/afile"
	bundle --jq '.root.path = "afile"' -- /probe exit 0
	create_fails
}

@test "a read-only root cannot be written, its own mounts can" {
	probe --readonly -- each create /work/x -- create /dev/shm/x -- mount-flags /
	[ "${lines[0]}" = EROFS ]
	[ "${lines[1]}" = ok ]
	[[ ${lines[2]} == ro* ]]
}

@test "the host's old root is gone" {
	probe -- mount-info /
	refute_output "none"
	bundle -- /bin/sh -c 'cat /proc/self/mountinfo'
	run -0 pf run --bundle "$BUNDLE" "$ID"
	refute_output /lost+found
	[ "$(grep -c ' / / ' <<<"$output")" -eq 0 ]
}

@test "no mount of the container reaches the host" {
	make_source
	sleeper --bind "$SCRATCH/src:/mnt:ro"
	run ! grep -F "$ID" /proc/self/mountinfo
	run ! grep -F "$SCRATCH" /proc/self/mountinfo
}

# ------------------------------------------------------------------------------------------------------- bind mounts

@test "a bind mount shows the host's directory, and its target is made" {
	make_source
	probe --bind "$SCRATCH/src:/new/deep/target" -- print-file /new/deep/target/file
	assert_output from-host
	[ -d "$BUNDLE/rootfs/new/deep/target" ]
}

@test "a bind mount of a file makes a file as its target" {
	make_source
	probe --bind "$SCRATCH/src/file:/etc/new/conf" -- print-file /etc/new/conf
	assert_output from-host
	[ -f "$BUNDLE/rootfs/etc/new/conf" ]
}

@test "a bind mount whose source does not exist is refused and named" {
	bundle --bind "$SCRATCH/nonesuch:/mnt" -- /probe exit 0
	create_fails
	assert_contains nonesuch "no such file or directory"
}

@test "a relative source is taken from the bundle" {
	mkdir "$BUNDLE/beside"
	echo beside >"$BUNDLE/beside/file"
	probe --bind "beside:/mnt" -- print-file /mnt/file
	assert_output beside
}

@test "options without a bind type still make a bind mount" {
	make_source
	probe --mount "{\"destination\":\"/mnt\",\"source\":\"$SCRATCH/src\",\"options\":[\"bind\",\"ro\"]}" -- each print-file /mnt/file -- mount-flags /mnt
	[ "${lines[0]}" = from-host ]
	[[ ${lines[1]} == ro* ]]
}

@test "ro, nosuid, nodev, noexec hold on a bind mount" {
	make_source
	cp "$PF_SUITE/tools/probe" "$SCRATCH/src/tool"
	probe --bind "$SCRATCH/src:/mnt:ro,nosuid,nodev,noexec" -- each mount-flags /mnt -- create /mnt/x -- exec /mnt/tool args no
	assert_output "ro,nosuid,nodev,noexec,relatime
EROFS
EACCES"
}

@test "noatime, nodiratime and their opposites hold" {
	make_source
	probe --bind "$SCRATCH/src:/mnt:noatime,nodiratime" -- mount-flags /mnt
	assert_match '^rw,noatime,nodiratime$'
}

@test "rbind brings what is mounted below, bind does not" {
	make_source
	bundle --bind "$SCRATCH/src:/mnt:rbind" --mount "{\"destination\":\"/flat\",\"type\":\"bind\",\"source\":\"$SCRATCH/src\",\"options\":[\"bind\"]}" \
		-- /probe each stat /mnt/sub/deep -- stat /flat/sub/deep
	run -0 private "$BASH" -c 'mount -t tmpfs below "$1" && touch "$1/deep" && shift && exec "$@"' sh "$SCRATCH/src/sub" \
		"$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	[[ ${lines[0]} == file* ]]
	[ "${lines[1]}" = ENOENT ]
}

# run_with_submount: run the bundle while a tmpfs lies on $SCRATCH/src/sub
run_with_submount() {
	run -0 private "$BASH" -c 'mount -t tmpfs below "$1" && shift && exec "$@"' sh "$SCRATCH/src/sub" \
		"$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
}

@test "ro is for the top mount alone, rro for everything below" {
	make_source
	bundle --bind "$SCRATCH/src:/mnt:ro" -- /probe each create /mnt/x -- create /mnt/sub/x
	run_with_submount
	assert_output "EROFS
ok"
	bundle --bind "$SCRATCH/src:/mnt:rro" -- /probe each create /mnt/x -- create /mnt/sub/x
	run_with_submount
	assert_output "EROFS
EROFS"
}

@test "rnoexec, rnosuid and rnodev hold below too" {
	make_source
	bundle --bind "$SCRATCH/src:/mnt:rnoexec,rnosuid,rnodev" -- /probe mount-flags /mnt/sub
	run_with_submount
	assert_match 'nosuid,nodev,noexec'
}

@test "an unknown mount option of a bind mount is refused" {
	pinfold_only
	make_source
	bundle --bind "$SCRATCH/src:/mnt:nonesuch" -- /probe exit 0
	create_fails
	assert_contains nonesuch /mounts/
}

@test "an option that only a file system knows is handed to it" {
	probe --mount '{"destination":"/mnt","type":"tmpfs","source":"x","options":["size=1m","mode=0711"]}' -- stat /mnt
	assert_output "dir 0711 0:0 0"
	bundle --mount '{"destination":"/mnt","type":"tmpfs","source":"x","options":["nonesuch=1"]}' -- /probe exit 0
	create_fails
	assert_match 'invalid argument|nonesuch'
}

@test "an unknown type is refused and named" {
	bundle --mount '{"destination":"/mnt","type":"nonesuchfs","source":"x"}' -- /probe exit 0
	create_fails
	assert_match 'nonesuchfs|no such device'
}

@test "a mount by idmap shows the files as the mapped owner" {
	! is_runc || skip "newer than Debian's runc"
	make_source
	chown 1000:1000 "$SCRATCH/src/file"
	probe --mount "{\"destination\":\"/mnt\",\"type\":\"bind\",\"source\":\"$SCRATCH/src\",\"options\":[\"bind\",\"idmap\"],
		\"uidMappings\":[{\"containerID\":1000,\"hostID\":2000,\"size\":1}],\"gidMappings\":[{\"containerID\":1000,\"hostID\":2000,\"size\":1}]}" -- stat /mnt/file
	assert_match '^file 0644 2000:2000 '
}

# bind_with SOURCE DESTINATION OPTIONS: a bind mount with these options alone
bind_with() {
	jq -nc --arg s "$1" --arg d "$2" --arg o "$3" '{ type: "bind", source: $s, destination: $d, options: ("bind," + $o | split(",")) }'
}

@test "ridmap maps what is mounted below too, idmap does not" {
	! is_runc || skip "newer than Debian's runc"
	make_source
	local map='[{"containerID":0,"hostID":2000,"size":1}]' o
	for o in idmap ridmap; do
		bundle --mount "$(bind_with "$SCRATCH/src" /mnt "rbind,$o" | jq -c --argjson m "$map" '. + { uidMappings: $m, gidMappings: $m }')" \
			-- /probe each stat /mnt/file -- stat /mnt/sub
		run_with_submount
		[[ ${lines[0]} == "file 0644 2000:2000 "* ]] || fail "$o: $output"
		[[ ${lines[1]} == *"$([ $o = ridmap ] && echo 2000:2000 || echo 0:0)"* ]] || fail "$o: $output"
	done
}

@test "src-nofollow takes a symlink as the source itself, copy-symlink makes one like it" {
	! is_runc || skip "an option of crun's"
	make_source
	ln -s file "$SCRATCH/src/link"
	probe --mount "$(bind_with "$SCRATCH/src/link" /work/copied copy-symlink)" -- readlink /work/copied
	assert_output file
	bundle --mount "$(bind_with "$SCRATCH/src/link" /work/plain ro)" -- /probe print-file /work/plain
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output from-host
}

@test "dest-nofollow does not follow a symlink of the image" {
	! is_runc || skip "an option of crun's"
	make_source
	ln -s /etc/greeting "$BUNDLE/rootfs/work/link"
	bundle --mount "$(bind_with "$SCRATCH/src/file" /work/link dest-nofollow)" -- /probe print-file /etc/greeting
	run pf run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ] || assert_output hello
}

# ------------------------------------------------------------------------------------------------------------ tmpfs

@test "a tmpfs has the size, mode and owner of its options" {
	probe --mount '{"destination":"/mnt","type":"tmpfs","source":"x","options":["size=64k","mode=1770","uid=5","gid=6","noexec"]}' -- each stat /mnt -- mount-flags /mnt
	[ "${lines[0]}" = "dir 01770 5:6 0" ]
	[[ ${lines[1]} == *noexec* ]]
}

@test "tmpcopyup fills the tmpfs with what lay there, and leaves the image alone" {
	probe --mount '{"destination":"/etc","type":"tmpfs","source":"x","options":["tmpcopyup"]}' -- each print-file /etc/greeting -- unlink /etc/greeting
	[ "${lines[0]}" = hello ]
	[ "${lines[1]}" = ok ]
	[ -f "$BUNDLE/rootfs/etc/greeting" ]
}

@test "mounts are made in their order, later ones on top" {
	make_source
	probe --mount '{"destination":"/mnt","type":"tmpfs","source":"x"}' --bind "$SCRATCH/src:/mnt/inner" -- each print-file /mnt/inner/file -- list /mnt
	assert_output "from-host
1 entries"
}

@test "a relative destination is taken from the root" {
	make_source
	probe --bind "$SCRATCH/src:mnt" -- print-file /mnt/file
	assert_match '(^|
)from-host$'
}

@test "a destination with dot-dot stays inside the root" {
	make_source
	probe --bind "$SCRATCH/src:/../../../mnt" -- print-file /mnt/file
	assert_output from-host
}

@test "a destination through an absolute symlink stays inside the root" {
	make_source
	ln -s /work "$BUNDLE/rootfs/way"
	probe --bind "$SCRATCH/src:/way/inner" -- print-file /work/inner/file
	assert_output from-host
}

@test "a destination through a symlink that leads out of the root stays inside" {
	make_source
	ln -s "../../../../..$SCRATCH" "$BUNDLE/rootfs/way"
	bundle --bind "$SCRATCH/src:/way/stolen" -- /probe exit 0
	run pf run --bundle "$BUNDLE" "$ID"
	[ ! -e "$SCRATCH/stolen" ]
}

@test "proc, sysfs, devpts, shm, mqueue and cgroup are there with their options" {
	probe -- each mount-info /proc -- mount-info /dev/pts -- mount-info /dev/shm -- mount-info /dev/mqueue -- mount-info /sys
	[[ ${lines[0]} == *nosuid,nodev,noexec*" - proc "* ]]
	[[ ${lines[1]} == *nosuid,noexec*" - devpts "*ptmxmode=666* ]]
	[[ ${lines[2]} == *" - tmpfs "*size=65536k* ]]
	[[ ${lines[3]} == *" - mqueue "* ]]
	[[ ${lines[4]} == *ro,nosuid,nodev,noexec*" - sysfs "* ]]
}

@test "the cgroup mount is read-only and shows only the container's own" {
	require_cgroup_v1 pids
	probe -- each mount-flags /sys/fs/cgroup/pids -- mkdir /sys/fs/cgroup/pids/x -- stat /sys/fs/cgroup/pids/pf-test
	[[ ${lines[0]} == ro* ]]
	[ "${lines[1]}" = EROFS ]
	[ "${lines[2]}" = ENOENT ]
}

# ---------------------------------------------------------------------------------------------------------- devices

@test "the default devices and links are there" {
	probe -- each stat /dev/null -- stat /dev/zero -- stat /dev/full -- stat /dev/random -- stat /dev/urandom -- stat /dev/tty \
		-- readlink /dev/fd -- readlink /dev/stdin -- readlink /dev/stdout -- readlink /dev/stderr -- readlink /dev/ptmx
	assert_output "char 0666 0:0 1:3
char 0666 0:0 1:5
char 0666 0:0 1:7
char 0666 0:0 1:8
char 0666 0:0 1:9
char 0666 0:0 5:0
/proc/self/fd
/proc/self/fd/0
/proc/self/fd/1
/proc/self/fd/2
pts/ptmx"
}

@test "nothing else of the host is in /dev" {
	bundle -- ls /dev
	run -0 pf run --bundle "$BUNDLE" "$ID"
	[ "$(tr -s ' \n' '\n' <<<"$output" | sort | tr '\n' ' ')" = "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero " ] ||
		fail "$output"
}

@test "a device of config.json is made with its mode and owner" {
	probe --device '{"path":"/dev/mine","type":"c","major":1,"minor":3,"fileMode":432,"uid":7,"gid":8}' -- stat /dev/mine
	assert_output "char 0660 7:8 1:3"
}

@test "a device in a directory that does not exist is made there" {
	probe --device '{"path":"/dev/deep/er/null","type":"c","major":1,"minor":3,"fileMode":438}' -- stat /dev/deep/er/null
	assert_output "char 0666 0:0 1:3"
}

@test "a fifo can be a device" {
	probe --device '{"path":"/dev/pipe","type":"p","fileMode":438}' -- stat /dev/pipe
	assert_match '^fifo 0666 0:0'
}

@test "a device of an unknown type or without numbers is refused" {
	bundle --device '{"path":"/dev/x","type":"z","major":1,"minor":3}' -- /probe exit 0
	create_fails
}

# -------------------------------------------------------------------------------------------- masked, read-only paths

@test "a masked file reads as empty and a masked directory lists as empty" {
	mkdir "$BUNDLE/rootfs/hidden"
	echo x >"$BUNDLE/rootfs/hidden/file"
	probe --jq '.linux.maskedPaths = ["/etc/greeting", "/hidden", "/does/not/exist"]' -- each print-file /etc/greeting -- list /hidden -- create /hidden/x
	[ "${lines[0]}" = "0 entries" ] || { [ -z "${lines[0]}" ] && [ "${lines[1]}" = "0 entries" ]; }
	[ "${lines[-1]}" = EROFS ]
}

@test "a path masked or made read-only twice, or inside such a path, is no error in either order" {
	local paths script='ls -A /hidden; cat /hidden/in/key; cat /plain; touch /work/x; touch /work/in/x; grep -c " /plain " /proc/self/mountinfo'

	for paths in '["/hidden", "/hidden/in", "/hidden/in/key", "/hidden", "/plain", "/plain"]' \
		'["/plain", "/plain", "/hidden/in/key", "/hidden/in", "/hidden", "/hidden"]'; do
		mkdir -p "$BUNDLE/rootfs/hidden/in" "$BUNDLE/rootfs/work/in"
		echo secret | tee "$BUNDLE/rootfs/hidden/in/key" >"$BUNDLE/rootfs/plain"
		box --jq ".linux.maskedPaths = $paths | .linux.readonlyPaths = [\"/work\", \"/work/in\", \"/work\", \"/hidden\", \"/hidden\"]" -- /bin/sh -c "$script"
		assert_status 0
		refute_output secret
		[ "$(grep -c 'Read-only file system' <<<"$output")" = 2 ] || fail "$output"
		[ "${lines[-1]}" = 1 ] || fail "$output"
	done
}

@test "a masked path of procfs cannot be read" {
	probe -- each stat /proc/kcore -- stat /proc/timer_list
	assert_match '^(char 0666 0:0 1:3|ENOENT)
char 0666 0:0 1:3$'
}

@test "a read-only path can be read but not written" {
	probe -- each write-proc /proc/sys/kernel/hostname x -- write-proc /proc/sysrq-trigger x -- open-read /proc/sys/kernel/hostname
	assert_match '^EROFS
(EROFS|EACCES|ENOENT)
ok'
}

@test "a read-only path inside a mount keeps the mount's other options" {
	probe --jq '.linux.readonlyPaths = ["/proc/sys"]' -- mount-flags /proc/sys
	assert_match '^ro,nosuid,nodev,noexec'
}

@test "a relative masked or read-only path is refused" {
	pinfold_only
	bundle --jq '.linux.maskedPaths = ["etc/greeting"]' -- /probe exit 0
	create_fails
	assert_contains /linux/maskedPaths/0
	bundle --jq '.linux.readonlyPaths = ["etc"]' -- /probe exit 0
	create_fails
	assert_contains /linux/readonlyPaths/0
}

@test "however many read-only tmpfs there are, each takes the mount points of later mounts" {
	probe --jq '.mounts += [ range(70) | { type: "tmpfs", destination: "/m/\(.)", options: ["ro"] } ]
		| .mounts += [ range(70) | { type: "tmpfs", destination: "/m/\(.)/in" } ]' \
		-- each create /m/0/x -- create /m/69/x -- create /m/0/in/x -- create /m/69/in/x
	assert_output "EROFS
EROFS
ok
ok"
}

@test "more mounts than the caller may have open files are made, and the program has the caller's limit" {
	mkdir -p "$SCRATCH/src"
	bundle --jq ".mounts += [ range(700) | { type: \"bind\", source: \"$SCRATCH/src\", destination: \"/m/\\(.)\", options: [\"bind\"] },
		{ type: \"tmpfs\", destination: \"/t/\\(.)\", options: [\"ro\"] } ] | del(.process.rlimits)" \
		-- /bin/sh -c 'ulimit -n; grep -c " /[mt]/" /proc/self/mountinfo'
	ulimit -Sn 512
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output "512
1400"
}

@test "a bind mount on /dev/ or /proc/. is one on /dev or /proc" {
	mkdir -p "$SCRATCH/dev"
	mknod -m 666 "$SCRATCH/dev/null" c 1 3
	touch "$SCRATCH/dev/ptmx"
	probe --jq 'del(.mounts[] | select(.destination | startswith("/dev/")))' --bind "$SCRATCH/dev:/dev/" -- stat /dev/ptmx
	assert_match '^file'
	[ "$(ls "$SCRATCH/dev")" = "null
ptmx" ]
	bundle --jq 'del(.mounts[] | select(.destination == "/proc"))' --bind "$SCRATCH/dev:/./proc/." -- /probe exit 0
	create_fails
	assert_contains "not of type proc"
}

@test "an option too long for fsconfig(2) keeps the others of its mount, and takes none of propagation" {
	pinfold_only
	local long
	long=$(printf 'l%.0s' {1..120})
	mkdir -p "$SCRATCH/$long/a" "$SCRATCH/$long/b"
	ln -s file "$SCRATCH/$long/a/link"
	echo x >"$SCRATCH/$long/a/file"
	chmod -R a+rX "$SCRATCH"
	bundle --mount "{\"destination\":\"/mnt\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":[\"nosymfollow\",
		\"lowerdir=$SCRATCH/$long/a:$SCRATCH/$long/b\"]}" -- /probe each open-read /mnt/file -- open-read /mnt/link
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output "ok
ELOOP"
	bundle_edit '(.mounts[] | select(.type == "overlay") | .options) += ["rshared"]'
	create_fails
	assert_contains "longer than 255 bytes" "/mnt"
}

# ----------------------------------------------------------------------------------------------------------- sysctls

@test "a sysctl of an own namespace is set" {
	probe --sysctl net.ipv4.ip_forward=1 --sysctl kernel.shmmni=99 -- each print-file /proc/sys/net/ipv4/ip_forward -- print-file /proc/sys/kernel/shmmni
	assert_output "1
99"
}

@test "a sysctl with slashes is the same key" {
	pinfold_only
	probe --sysctl net/ipv4/ip_forward=1 -- print-file /proc/sys/net/ipv4/ip_forward
	assert_output 1
}

@test "a sysctl that belongs to no namespace, or to the host's, is refused and named" {
	bundle --sysctl kernel.core_pattern=x -- /probe exit 0
	create_fails
	assert_contains kernel.core_pattern
	bundle --no-ns network --sysctl net.ipv4.ip_forward=1 -- /probe exit 0
	create_fails
	assert_contains net.ipv4.ip_forward
	bundle --no-ns ipc --jq 'del(.mounts[] | select(.type == "mqueue"))' --sysctl kernel.shmmni=99 -- /probe exit 0
	create_fails
	assert_contains kernel.shmmni
}

@test "a mountLabel or an apparmorProfile that the host cannot honour is refused, not ignored" {
	pinfold_only
	[ -d /sys/fs/selinux ] || {
		bundle --jq '.linux.mountLabel = "system_u:object_r:container_file_t:s0"' -- /probe exit 0
		create_fails
	}
	[ -d /sys/kernel/security/apparmor ] || {
		bundle --jq '.process.apparmorProfile = "nonesuch"' -- /probe exit 0
		run -1 timeout 20 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	}
}
