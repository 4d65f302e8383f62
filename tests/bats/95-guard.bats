#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the guard decides from outside config.json: mounts that hooks leave, ties to the host's mounts, what `exec' makes
# of writable mounts, and whose word a policy file is.

load helpers

local_setup() {
	pinfold_only
	require_landlock 3
	mkdir -p "$SCRATCH/src/sub"
	echo SECRET >"$SCRATCH/src/file"
	echo hello >"$SCRATCH/src/sub/file"
	chmod -R a+rX "$SCRATCH/src"
}

# A mount point for the policy directory may be missing on the host: what a test made it takes away again.
local_teardown() {
	[ -z "${MADE_ETC-}" ] || rmdir /etc/pinfold
}

make_etc() {
	mkdir -p "$SCRATCH/etc"
	chmod 755 "$SCRATCH/etc"
	[ -d /etc/pinfold ] || { mkdir /etc/pinfold && MADE_ETC=1; }
}

# mount_hook KIND SCRIPT: a hook in the container's mount namespace; $R is the container's root as the hook sees it
mount_hook() {
	local enter=''

	[ "$1" = createContainer ] || enter='exec nsenter --mount=/proc/$(jq -r .pid)/ns/mnt sh -c "$S"'
	jq -nc --arg s "${enter:-$2}" --arg r "R=$BUNDLE/rootfs" --arg script "S=$2" \
		'{ path: "/bin/sh", args: [ "sh", "-c", $s ], env: [ "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", $r, $script ] }'
}

# in_private COMMAND...: in a mount namespace of its own whose mounts are peers of one another, as on a usual host
in_private() {
	unshare --mount --propagation private "$@"
}

# ---------------------------------------------------------------------------------------------------- mounts of hooks

@test "what a hook mounts is covered unless an entry names it" {
	local kind

	require_root
	mkdir -p "$BUNDLE/rootfs/hooked" "$BUNDLE/rootfs/named"
	for kind in prestart createRuntime createContainer; do
		bundle --annotate "io.pinfold.read=@image /named" \
			--hook "$kind=$(mount_hook $kind "mount --bind $SCRATCH/src \$R/hooked && mount --bind $SCRATCH/src \$R/named")" \
			-- /probe each open-read /hooked/file -- print-file /named/file -- print-file /etc/greeting
		run -0 pf run --bundle "$BUNDLE" "$ID"
		assert_output "ENOENT
SECRET
hello"
	done
}

@test "what a hook mounts is read-only unless a write entry reaches it" {
	require_root
	mkdir -p "$BUNDLE/rootfs/hooked" "$BUNDLE/rootfs/work/in"
	chmod 777 "$SCRATCH/src"
	bundle --annotate "io.pinfold.write=/work" \
		--hook "createContainer=$(mount_hook createContainer "mount --bind $SCRATCH/src \$R/hooked && mount --bind $SCRATCH/src \$R/work/in")" \
		-- /probe each mount-flags /hooked -- create /work/in/new
	run -0 pf run --bundle "$BUNDLE" "$ID"
	[[ ${lines[0]} == ro* ]]
	[ "${lines[1]}" = ok ]
	rm "$SCRATCH/src/new"
}

@test "a hook's mount over a fresh tmpfs is not taken for the tmpfs" {
	require_root
	bundle --mount '{"type":"tmpfs","destination":"/scratch","source":"tmpfs"}' --annotate "io.pinfold.read=@image" \
		--hook "createContainer=$(mount_hook createContainer "mount --bind $SCRATCH/src \$R/scratch")" \
		-- /probe open-read /scratch/file
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output ENOENT
}

@test "a hook's mount below a mount of config.json that an entry opens is open, below others it is not" {
	require_root
	mkdir "$SCRATCH/data" "$SCRATCH/data/in"
	bundle --bind "$SCRATCH/data:/data" --mount '{"type":"tmpfs","destination":"/scratch","source":"tmpfs"}' \
		--annotate "io.pinfold.read=@image /data" \
		--hook "createContainer=$(mount_hook createContainer "mkdir \$R/scratch/in; mount --bind $SCRATCH/src \$R/scratch/in && mount --bind $SCRATCH/src \$R/data/in")" \
		-- /probe each open-read /scratch/in/file -- print-file /data/in/file
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output "ENOENT
SECRET"
}

@test "a mount in the bundle's root that config.json does not name is covered" {
	require_root
	mkdir -p "$BUNDLE/rootfs/before"
	bundle --annotate io.pinfold.read=@image -- /probe open-read /before/file
	run -0 in_private sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' sh "$SCRATCH/src" "$BUNDLE/rootfs/before" \
		"$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	assert_output ENOENT
}

@test "@mounts means the mounts of config.json and no hook's" {
	require_root
	mkdir -p "$BUNDLE/rootfs/hooked"
	bundle --bind "$SCRATCH/src:/data" --annotate "io.pinfold.read=@image @mounts" \
		--hook "createContainer=$(mount_hook createContainer "mount --bind $SCRATCH/src \$R/hooked")" \
		-- /probe each open-read /hooked/file -- print-file /data/file
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output "ENOENT
SECRET"
}

@test "explain and posture say which covered mount is not in config.json" {
	require_root
	mkdir -p "$BUNDLE/rootfs/hooked"
	sleeper --annotate "io.pinfold.read=@image" \
		--hook "createContainer=$(mount_hook createContainer "mount --bind $SCRATCH/src \$R/hooked")"
	run -0 pf explain "$ID"
	assert_contains "/hooked: covered (not in config.json)"
	run -0 pf posture --format json "$ID"
	jq -e '.mounts[] | select(.path == "/hooked") | .covered and (.in_config | not)' <<<"$output"
}

@test "masks, read-only paths and the mounts that runtimes make are no mounts of a hook" {
	sleeper --annotate "io.pinfold.read=@image" --jq '.linux.readonlyPaths += [ "/usr", "/etc" ] | .linux.maskedPaths += [ "/usr/share" ]'
	run -0 pf explain "$ID"
	refute_output "not in config.json"
	in_box each print-file /etc/greeting -- open-read /usr/share/public
	assert_output "hello
ENOENT"
}

# ---------------------------------------------------------------------------------------------------------- propagation

@test "no mount of a confined container has a tie to the host's mounts" {
	require_root
	mkdir "$SCRATCH/later" "$SCRATCH/host"
	bundle --annotate "io.pinfold.read=@image /data" --bind "$SCRATCH/host:/data" --jq 'del(.linux.rootfsPropagation)' \
		-- /bin/cat /proc/self/mountinfo
	run -0 unshare --mount --propagation private sh -c 'mount --bind "$1" "$1" && mount --make-rshared "$1" && shift && exec "$@"' sh \
		"$SCRATCH/host" "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	assert_contains " /data "
	refute_output shared:
	refute_output master:
}

@test "a mount of the host does not appear in a confined container later" {
	require_root
	mkdir -p "$BUNDLE/rootfs/later"
	bundle --annotate "io.pinfold.read=@image" -- /bin/sh -c 'while [ ! -e /work/go ]; do sleep 0.1; done; cat /later/file'
	chmod 777 "$BUNDLE/rootfs/work"
	run in_private sh -c '
		mount --bind "$1/rootfs" "$1/rootfs" && mount --make-rshared "$1/rootfs" || exit 9
		bundle=$1 src=$2; shift 2
		(sleep 1; mount --bind "$src" "$bundle/rootfs/later"; : >"$bundle/rootfs/work/go") &
		"$@"; r=$?; wait; umount "$bundle/rootfs/later"; exit $r' sh \
		"$BUNDLE" "$SCRATCH/src" "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	assert_status 1
	refute_output SECRET
}

@test "shared and slave propagation is refused unless the node permits it" {
	local p

	for p in shared rshared slave rslave; do
		bundle --annotate "io.pinfold.read=@image" --jq ".linux.rootfsPropagation = \"$p\"" -- /probe exit 0
		create_fails
		assert_contains /linux/rootfsPropagation '"permit": ["shared-propagation"]'
		bundle --annotate "io.pinfold.read=@image" --bind "$SCRATCH/src:/data:$p" -- /probe exit 0
		create_fails
		assert_contains /mounts/ '"permit": ["shared-propagation"]'
	done
	require_root
	echo '{"permit":["shared-propagation"]}' >"$SCRATCH/policy.json"
	chmod 644 "$SCRATCH/policy.json"
	PF_GLOBALS=(--policy "$SCRATCH/policy.json")
	bundle --annotate "io.pinfold.read=@image" --jq '.linux.rootfsPropagation = "rslave"' -- /probe exit 0
	run -0 pf run --bundle "$BUNDLE" "$ID"
}

# --------------------------------------------------------------------------------------------------------------- noexec

EXEC="io.pinfold.exec=/probe /bin /usr"

@test "with exec, a writable mount outside of it is noexec, one inside is not" {
	mkdir "$SCRATCH/tools"
	chmod 777 "$SCRATCH/tools" "$SCRATCH/src"
	cp "$PF_SUITE/tools/probe" "$SCRATCH/tools/probe"
	probe --annotate "$EXEC /tools" --bind "$SCRATCH/tools:/tools" --bind "$SCRATCH/src:/data" \
		--mount '{"type":"tmpfs","destination":"/scratch","source":"tmpfs"}' \
		-- each mount-flags /data -- mount-flags /scratch -- mount-flags /tools -- mount-flags / -- exec /tools/probe ids
	[[ ${lines[0]} == *noexec* ]]
	[[ ${lines[1]} == *noexec* ]]
	[[ ${lines[2]} != *noexec* ]]
	[[ ${lines[3]} != *noexec* ]]
	[[ ${lines[4]} != EACCES ]]
}

@test "with exec, a denied program copied to a writable mount under a new name does not run (row 44)" {
	probe --annotate "io.pinfold.exec=@image" --mount '{"type":"tmpfs","destination":"/scratch","source":"tmpfs"}' \
		-- copy-exec /bin/busybox /scratch/echo ran
	assert_output EACCES
	probe --annotate "$EXEC" -- copy-exec /bin/busybox /work/echo ran
	assert_output EACCES
}

@test "with exec, a program in a memfd does not run (row 46)" {
	probe --annotate "$EXEC" -- memfd-exec /bin/busybox echo ran
	assert_match '^(EACCES|EPERM)$'
}

@test "with exec, a script runs only if its interpreter is listed (row 48)" {
	printf '#!/probe-too exit 7\n' >"$BUNDLE/rootfs/usr/script"
	chmod 755 "$BUNDLE/rootfs/usr/script"
	cp "$PF_SUITE/tools/probe" "$BUNDLE/rootfs/probe-too"
	probe --annotate "$EXEC" -- exec /usr/script
	assert_output EACCES
}

@test "with exec, the opened file is judged: a listed path that is exchanged gains nothing (row 51)" {
	cp "$PF_SUITE/tools/probe" "$BUNDLE/rootfs/denied"
	sleeper --annotate "io.pinfold.exec=/probe /bin/sh /bin/busybox /work/tool" --jq '.process.user = { uid: 0, gid: 0 }' --bind "$(
		mkdir -p "$SCRATCH/w"
		cp "$PF_SUITE/tools/probe" "$SCRATCH/w/tool"
		echo "$SCRATCH/w"
	):/work"
	in_box exec /work/tool exit 0
	cp "$SCRATCH/w/tool" "$SCRATCH/w/new"
	mv "$SCRATCH/w/new" "$SCRATCH/w/tool"
	run pf exec "$ID" /probe exec /work/tool exit 0
	assert_output EACCES
}

@test "explain and posture list what became noexec" {
	sleeper --annotate "$EXEC" --mount '{"type":"tmpfs","destination":"/scratch","source":"tmpfs"}'
	run -0 pf explain "$ID"
	assert_match 'noexec:[^\n]* /scratch'
	run -0 pf posture --format json "$ID"
	jq -e '.noexec | index("/scratch")' <<<"$output"
}

# -------------------------------------------------------------------------------------------------------------- explain

@test "explain says what a built-in profile does not enforce yet" {
	bundle --annotate io.pinfold.profile=agent -- /probe exit 0
	run -0 pf explain --bundle "$BUNDLE"
	assert_contains "not enforced yet: egress"
	bundle --annotate io.pinfold.read=@image -- /probe exit 0
	run -0 pf explain --bundle "$BUNDLE"
	refute_output "not enforced yet"
}

# --------------------------------------------------------------------------------------------- whose word a policy is

# with_etc SCRIPT: run the container where /etc/pinfold is $SCRATCH/etc, after SCRIPT has changed something there
with_etc() {
	make_etc
	# shellcheck disable=SC2016
	run in_private sh -c 'cd "$1" && eval "$2" && shift 2 && mount --bind . /etc/pinfold && cd / && exec "$@"' sh \
		"$SCRATCH/etc" "$1" "$RUNTIME" --root "$PF_ROOT" ${PF_GLOBALS[@]+"${PF_GLOBALS[@]}"} run --bundle "$BUNDLE" "$ID"
}

NODE='{"defaults":{"read":["/probe","/usr"]}}'

@test "promise 1: without annotation and policy the container is plain, with an empty /etc/pinfold too" {
	require_root
	bundle -- /probe open-read /secret/key
	with_etc :
	assert_status 0
	refute_output EACCES
}

@test "promise 2: a policy file that others could have written refuses every container and is named" {
	local bad

	require_root
	bundle -- /probe exit 0
	echo "$NODE" >"$SCRATCH/node"
	for bad in 'chmod 666 policy.json' 'chown 1000 policy.json' 'mv policy.json p; ln -s p policy.json' \
		'rm policy.json; mkdir policy.json' 'echo "{" >policy.json'; do
		with_etc "rm -rf policy.json; cp ../node policy.json; chmod 644 policy.json; $bad"
		assert_status 1
		assert_contains /etc/pinfold/policy.json
	done
	with_etc 'rm -rf policy.json; cp ../node policy.json; chmod 777 .'
	assert_status 1
	assert_contains "\`/etc/pinfold' (mode 0777) can be written by others"
}

@test "promise 3: annotations, --policy and the user's file tighten the node policy and never loosen it" {
	require_root
	echo "$NODE" >"$SCRATCH/node"
	bundle -- /probe each open-read /secret/key -- print-file /usr/share/public
	with_etc 'cp ../node policy.json'
	assert_output "EACCES
public"
	bundle --annotate "io.pinfold.read=/secret" -- /probe exit 0
	with_etc 'cp ../node policy.json'
	assert_status 1
	assert_contains io.pinfold.read /secret /etc/pinfold/policy.json
	echo '{"limits":{"read":["/"]},"permit":["host-pid"]}' >"$SCRATCH/own.json"
	chmod 644 "$SCRATCH/own.json"
	PF_GLOBALS=(--policy "$SCRATCH/own.json")
	with_etc 'cp ../node policy.json'
	assert_status 1
	assert_contains /secret
}

@test "promise 4: an unknown member or a bad value in the node policy refuses and is named" {
	require_root
	bundle -- /probe exit 0
	with_etc 'echo "{\"defaluts\":{}}" >policy.json'
	assert_status 1
	assert_contains defaluts
	with_etc 'echo "{\"defaults\":{\"read\":[\"usr\"]}}" >policy.json'
	assert_status 1
	assert_contains usr
}

@test "promise 5: an empty list in the node policy allows nothing, an absent key is not confined" {
	require_root
	bundle -- /probe each open-read /secret/key -- create /work/x
	with_etc 'echo "{\"defaults\":{\"write\":[]}}" >policy.json'
	assert_output "ok
EACCES"
}

@test "a profile that others could have written refuses, and no built-in one steps in" {
	require_root
	bundle --annotate io.pinfold.profile=agent -- /probe exit 0
	with_etc 'mkdir profiles; echo "{}" >profiles/agent.json; chmod 666 profiles/agent.json'
	assert_status 1
	assert_contains /etc/pinfold/profiles/agent.json
}

@test "--policy takes a file that is the caller's own and nobody else's to write" {
	require_root
	bundle -- /probe exit 0
	echo "$NODE" >"$SCRATCH/own.json"
	chmod 666 "$SCRATCH/own.json"
	PF_GLOBALS=(--policy "$SCRATCH/own.json")
	with_etc :
	assert_status 1
	assert_contains own.json
	PF_GLOBALS=(--policy "$SCRATCH/nonesuch.json")
	with_etc :
	assert_status 1
	assert_contains nonesuch.json
}

@test "in a user namespace the namespace's own root is not the host's" {
	require_root
	bundle -- /probe exit 0
	make_etc
	echo "$NODE" >"$SCRATCH/etc/policy.json"
	# the caller is 1000 outside and 0 inside; its own files look like root's there
	chown -R 1000:1000 "$SCRATCH/etc"
	# shellcheck disable=SC2016
	run in_private sh -c 'mount --bind "$1" /etc/pinfold && shift &&
		exec setpriv --reuid 1000 --regid 1000 --clear-groups unshare --user --map-root-user "$@"' sh \
		"$SCRATCH/etc" "$RUNTIME" --root "$SCRATCH" doctor
	assert_contains "is owned by uid 0, not by the host's root"
	chown -R 0:0 "$SCRATCH/etc"
	run in_private sh -c 'mount --bind "$1" /etc/pinfold && shift &&
		exec setpriv --reuid 1000 --regid 1000 --clear-groups unshare --user --map-root-user "$@"' sh \
		"$SCRATCH/etc" "$RUNTIME" --root "$SCRATCH" doctor
	refute_output "not by the host's root"
	run in_private sh -c 'mount --bind "$1" /etc/pinfold && shift && exec unshare --user --map-root-user "$@"' sh \
		"$SCRATCH/etc" "$RUNTIME" --root "$SCRATCH" doctor
	refute_output "not by the host's root"
}
