#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mount propagation: rootfsPropagation, the words among a mount's options, and what passes between container and host.

# shellcheck disable=SC2034,SC2154
load helpers

# in_shared COMMAND...: in a mount namespace of its own, where $SCRATCH/src is a shared mount with another, sub, below
in_shared() {
	mkdir -p "$SCRATCH/src"
	# shellcheck disable=SC2016
	unshare --mount --propagation private "$BASH" -c '
		mount -t tmpfs outer "$1" && mkdir "$1/sub" "$1/late" && mount -t tmpfs inner "$1/sub" &&
		mount --make-rshared "$1" && cd / && shift && "$@"' sh "$SCRATCH/src" "$@"
}

# ties ROOT OPTIONS: what /, /mnt and /mnt/sub are for a bind mount of $SCRATCH/src: p, s(hared), m(aster), u(nbindable)
ties() {
	local root=".linux.rootfsPropagation = \"$1\"" i

	[ "$1" != - ] || root='del(.linux.rootfsPropagation)'
	bundle --jq "$root" --jq ".mounts += [ { type: \"bind\", source: \"$SCRATCH/src\", destination: \"/mnt\",
		options: (\"$2\" | split(\",\")) } ]" -- /probe each mount-info / -- mount-info /mnt -- mount-info /mnt/sub
	run -0 in_shared "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	TIES=
	for i in 0 1 2; do
		set -- p
		[[ ${lines[i]} != *shared:* ]] || set -- s
		[[ ${lines[i]} != *master:* ]] || set -- "${1#p}m"
		[[ ${lines[i]} != *unbindable* ]] || set -- u
		TIES+="$1 "
	done
}

# expect_ties: lines of ROOT OPTIONS / MNT SUB on stdin
expect_ties() {
	local root opts want

	while read -r root opts want <&9; do
		ties "$root" "$opts"
		[ "$TIES" = "$want " ] || fail "$root $opts: expected $want, got $TIES: $output"
	done 9<<<"$1"
}

@test "a bind mount's options say of whom it is a peer, whole or alone, after the root's propagation" {
	expect_ties "- rbind p m m
- rbind,private p p m
- rbind,rprivate p p p
- rbind,slave p m m
- rbind,rslave p m m
- rbind,shared p sm m
- rbind,rshared p sm sm
- rbind,unbindable p u m
- rbind,runbindable p u u
- rbind,rslave,rshared p sm sm
- rbind,rshared,rslave p m m
- rbind,rprivate,rshared p s s"
}

@test "rootfsPropagation is a bind mount's own where its options say nothing" {
	expect_ties "rprivate rbind p p p
rslave rbind p m m
rprivate rbind,rshared p s s
rprivate rbind,rslave p p p
rslave rbind,rshared p sm sm"
}

@test "a root that alone is private or slave leaves no bind mount a peer of the host" {
	pinfold_only # runc and crun do
	expect_ties "private rbind p p p
private rbind,rslave p m m
slave rbind p m m
unbindable rbind u p p"
}

@test "shared rootfsPropagation makes the container's root shared, rshared all that is mounted in it" {
	# Debian's runc leaves the root private
	is_runc || expect_ties "shared rbind s s s
shared rbind,rslave s m m
shared rbind,rprivate s p p
rshared rbind,rshared s s s
rshared rbind,rprivate s s s"
	probe -- mount-info /
	refute_output "shared:"
}

@test "rootfsPropagation takes the four words and their recursive forms, and no other" {
	for p in private rprivate slave rslave shared rshared; do
		bundle --jq ".linux.rootfsPropagation = \"$p\"" -- /probe exit 0
		run -0 in_shared "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	done
	for p in unbindable runbindable; do # Debian's runc fails over them
		is_runc || probe --jq ".linux.rootfsPropagation = \"$p\"" -- each mount-info / -- mount-info /proc
		is_runc || [ "$(grep -c unbindable <<<"$output")" = "$([ $p = unbindable ] && echo 1 || echo 2)" ] || fail "$output"
	done
	bundle --jq '.linux.rootfsPropagation = "nonesuch"' -- /probe exit 0
	create_fails
	assert_contains nonesuch
}

@test "a mapped bind mount has the propagation of its options too" {
	pinfold_only
	maps='[{"containerID":0,"hostID":2000,"size":10}]'
	for o in rslave rshared rprivate; do
		bundle --jq '.linux.rootfsPropagation = "rshared"' --mount "{\"destination\":\"/mnt\",\"type\":\"bind\",
			\"source\":\"$SCRATCH/src\",\"options\":[\"rbind\",\"$o\",\"ridmap\"],\"uidMappings\":$maps,\"gidMappings\":$maps}" \
			-- /probe each mount-info /mnt -- mount-info /mnt/sub -- stat /mnt/sub
		run -0 in_shared "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
		for i in 0 1; do
			[[ ${lines[i]} == *shared:* ]] || fail "$o: $output"
			[[ $o == rslave && ${lines[i]} == *master:* || $o != rslave && ${lines[i]} != *master:* ]] || fail "$o: $output"
		done
		[[ ${lines[2]} == *2000:2000* ]] || fail "$o: $output"
	done
}

@test "a new file system is what its options say" {
	probe --mount '{"destination":"/mnt","type":"tmpfs","options":["rshared"]}' \
		--mount '{"destination":"/work","type":"tmpfs","options":["unbindable"]}' -- each mount-info /mnt -- mount-info /work
	[[ ${lines[0]} == *shared:* && ${lines[1]} == *unbindable* ]] || fail "$output"
}

# ------------------------------------------------------------------------------------------- between container and host

# the host mounts in the source, the container below the bind mount; prints what each sees of the other's
both_mount() { # ROOT OPTIONS
	bundle --jq ".linux.rootfsPropagation = \"$1\"" --cap SYS_ADMIN --jq ".mounts += [ { type: \"bind\",
		source: \"$SCRATCH/src\", destination: \"/mnt\", options: (\"$2\" | split(\",\")) } ]" -- /probe forever ready
	# shellcheck disable=SC2016
	run -0 in_shared "$BASH" -c '
		src=$1 id=$4
		set -- "$2" --root "$3" # RUNTIME
		"$@" create --bundle "$BUNDLE" "$id" >/dev/null 2>&1 </dev/null && "$@" start "$id" || exit 1
		mount -t tmpfs host "$src/late" && touch "$src/late/host"
		"$@" exec "$id" /probe stat /mnt/late/host
		umount "$src/late"
		"$@" exec "$id" /probe mount-tmpfs /mnt/late
		grep -c " $src/late " /proc/self/mountinfo
		"$@" delete --force "$id"' sh "$SCRATCH/src" "$RUNTIME" "$PF_ROOT" "$ID"
}

@test "what is mounted in an rshared bind mount arrives on both sides" {
	export BUNDLE
	both_mount rshared rbind,rshared
	[[ ${lines[0]} == file* ]] || fail "$output"
	[ "${lines[1]}" = ok ] && [ "${lines[2]}" = 1 ] || fail "$output"
}

@test "an rslave bind mount sees what the host mounts later and gives nothing back" {
	export BUNDLE
	both_mount rslave rbind,rslave
	[[ ${lines[0]} == file* ]] || fail "$output"
	[ "${lines[1]}" = ok ] && [ "${lines[2]}" = 0 ] || fail "$output"
}

@test "a private bind mount neither sees what the host mounts later nor gives anything back" {
	export BUNDLE
	both_mount rprivate rbind,rprivate
	[ "${lines[0]}" = ENOENT ] && [ "${lines[1]}" = ok ] && [ "${lines[2]}" = 0 ] || fail "$output"
}

@test "letting go of the old root takes nothing from a hook's peer of a mount in it" {
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nmount --make-rshared "%s" && mount --rbind "%s" "%s"\n' "$SCRATCH/src" "$SCRATCH/src" \
		"$BUNDLE/rootfs/mnt" >"$SCRATCH/hook"
	mkdir "$BUNDLE/rootfs/mnt"
	chmod +x "$SCRATCH/hook"
	bundle --hook "createContainer={\"path\":\"$SCRATCH/hook\",\"env\":[\"PATH=$PATH\"]}" -- /probe each mount-info /mnt -- mount-info /mnt/sub
	run -0 in_shared "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	refute_output none
}
