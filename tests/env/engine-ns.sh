#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run a command where container engines can be tried without a trace: in mount, pid, network and cgroup namespaces of its
# own that look like a usual host. /run is empty; /etc, /opt and /home can be changed and are as before afterwards; "/" is
# a shared mount; loopback is up; /dev/fuse and /dev/net/tun are usable by all; /sys/fs/cgroup is a mount of its own whose
# root is a group made for this run, with its top read-only where it is a tmpfs (podman makes plain folders there for
# controllers that are not mounted, and then cannot remove its pods). When the command ends, whatever it started ends too,
# and the groups go. Inside already: only runs the command.
#
# usage: engine-ns.sh COMMAND...	needs root. Inside PF_ENGINE_NS is a folder on the disk, for what the engines keep; it goes
#					with the rest.
set -euo pipefail

[ $# -gt 0 ] || { echo "usage: engine-ns.sh COMMAND..." >&2; exit 2; }
[ -z "${PF_ENGINE_NS-}" ] || exec "$@"
[ "$(id -u)" = 0 ] || { echo "engine-ns.sh: needs root" >&2; exit 77; }

group=pf-engine-$$

# Prints "TYPE PATH OPTIONS" of each cgroup mount; OPTIONS are what mounts the same hierarchy again.
list_hierarchies() {
	awk '{
		for (i = 7; i < NF && $i != "-"; i++)
			;
		if ($(i + 1) !~ /^cgroup2?$/)
			next
		n = split($(i + 3), words, ",")
		options = ""
		for (j = 1; j <= n; j++) {
			if (words[j] ~ /^name=/)
				options = "none," words[j]
			else if (words[j] !~ /^(rw|ro|xattr|nsdelegate|favordynmods|release_agent=.*|clone_children|memory_.*)$/)
				options = options (options == "" ? "" : ",") words[j]
		}
		print $(i + 1), $5, (options == "" ? "-" : options)
	}' /proc/self/mountinfo
}

own_groups() {
	local type path options
	while read -r type path options; do
		[ ! -d "$path/$group" ] || find "$path/$group" -depth -type d
	done < <(list_hierarchies)
}

make_groups() {
	local type path options file
	while read -r type path options; do
		mkdir "$path/$group"
		for file in cpuset.cpus cpuset.mems; do
			[ "$type" != cgroup ] || [ ! -e "$path/$group/$file" ] || cat "$path/$file" >"$path/$group/$file"
		done
	done < <(list_hierarchies)
}

# Of pure cgroup2 the root of the namespace must hold no process, or nobody can hand controllers down from it.
join_groups() { # PID
	local type path options
	while read -r type path options; do
		if [ "$type" = cgroup2 ] && [ "$path" = /sys/fs/cgroup ]; then
			tr ' ' '\n' <"$path/$group/cgroup.controllers" | sed '/^$/d; s/^/+/' | while read -r file; do
				echo "$file" >"$path/$group/cgroup.subtree_control"
			done
			mkdir "$path/$group/init"
			echo "$1" >"$path/$group/init/cgroup.procs"
		else
			echo "$1" >"$path/$group/cgroup.procs"
		fi
	done < <(list_hierarchies)
}

# A process that is being killed holds its group a moment longer.
drop_groups() {
	local i left
	for ((i = 0; i < 200; i++)); do
		left=$(own_groups)
		[ -n "$left" ] || return 0
		xargs -d '\n' rmdir <<<"$left" 2>/dev/null || sleep 0.02
	done
	echo "engine-ns.sh: cannot remove $left" >&2
}

# ---- the other side

show_cgroups() { # SCRATCH LIST
	local type path options
	if [ "$(stat -f -c %T /sys/fs/cgroup)" != tmpfs ]; then
		umount -R /sys/fs/cgroup
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		return
	fi
	mkdir "$1/cgroup"
	mount -t tmpfs -o mode=755 tmpfs "$1/cgroup"
	while read -r type path options; do
		mkdir -p "$1/cgroup/${path##*/}"
		if [ "$options" = - ]; then
			mount -t "$type" "$type" "$1/cgroup/${path##*/}"
		else
			mount -t "$type" -o "$options" "$type" "$1/cgroup/${path##*/}"
		fi
	done <"$2"
	umount -R /sys/fs/cgroup
	mount --move "$1/cgroup" /sys/fs/cgroup
	# bind: this mount only; a plain remount would change the superblock
	mount -o remount,bind,ro /sys/fs/cgroup
}

# DIR can be written, and the host's stays as it is
cover() { # SCRATCH DIR
	mkdir -p "$2" "$1/upper$2" "$1/work$2"
	mount -t overlay -o "lowerdir=$2,upperdir=$1/upper$2,workdir=$1/work$2" overlay "$2"
}

show_devices() { # SCRATCH
	mkdir "$1/dev"
	mknod -m 666 "$1/dev/fuse" c 10 229
	mknod -m 666 "$1/dev/tun" c 10 200
	[ ! -e /dev/fuse ] || mount --bind "$1/dev/fuse" /dev/fuse
	[ ! -e /dev/net/tun ] || mount --bind "$1/dev/tun" /dev/net/tun
}

inside() {
	local scratch dir status=0 list=$1 own=$2
	shift 2
	mount -t proc -o nosuid,nodev,noexec proc /proc
	scratch=$(mktemp -d)
	mount -t tmpfs -o mode=755 tmpfs "$scratch"
	show_cgroups "$scratch" "$list"
	for dir in /etc /opt /home; do cover "$scratch" "$dir"; done
	show_devices "$scratch"
	mount -t tmpfs -o mode=755,nosuid,nodev tmpfs /run
	mkdir -p /run/netns /run/lock /run/user
	umount -l "$scratch"
	rmdir "$scratch"
	ip link set lo up
	mount --make-rshared /
	# This shell stays: as process 1 it reaps what the engines leave to it.
	PF_ENGINE_NS=$own "$@" || status=$?
	exit "$status"
}

# ---- the story

# One compound, read whole before it runs: a script that is edited while it runs would go on somewhere else, on the host.
{
own=$(mktemp -d /var/tmp/pf-engine.XXXXXX)
chmod 755 "$own"
list=$(mktemp)
list_hierarchies >"$list"
# shellcheck disable=SC2317 # by the trap
clean_up() {
	drop_groups
	rm -f "$list"
	rm -rf --one-file-system "$own"
}
trap clean_up EXIT
# unshare itself does not end by these; with it go all below
trap 'kill -KILL "$inner" 2>/dev/null; wait "$inner" 2>/dev/null; exit 130' INT
trap 'kill -KILL "$inner" 2>/dev/null; wait "$inner" 2>/dev/null; exit 143' TERM
make_groups
status=0 inner=
(
	join_groups "$BASHPID"
	# shellcheck disable=SC2016 # for the inner shell
	exec unshare --mount --net --pid --cgroup --fork --kill-child --propagation private bash -c \
		"$(declare -f inside show_cgroups show_devices cover)"'
set -euo pipefail
inside "$@"' engine-ns "$list" "$own" "$@"
) <&0 &
inner=$!
wait "$inner" || status=$?
exit "$status"
}
