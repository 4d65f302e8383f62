#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run a command in a mount namespace of its own that sees the cgroups as another kind of host has them. Nothing of this
# host changes; groups made inside are real and must be removed by whoever made them.
#
# usage: host-like.sh v1|v2|hybrid COMMAND...
#   v1      v1 controllers only
#   v2      cgroup2 only, as one mount at /sys/fs/cgroup; it has the controllers that v1 leaves it
#   hybrid  v1 controllers, and cgroup2 beside them in "unified"
# Exit status 77 where this host cannot be seen so.
set -euo pipefail

case ${1-} in
v1 | v2 | hybrid) ;;
*)
	echo "usage: host-like.sh v1|v2|hybrid COMMAND..." >&2
	exit 2
	;;
esac

# Prints "TYPE PATH" of each cgroup mount, in the order they were made.
list_mounts() {
	awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) ~ /^cgroup2?$/) print $(i + 1), $5 }' \
		/proc/self/mountinfo
}

inside() {
	local view=$1 top type path
	shift
	top=$(mktemp -d)
	mount -t tmpfs -o mode=755 tmpfs "$top"
	while read -r type path; do
		[ "$type" = cgroup ] || continue
		mkdir -p "$top/${path##*/}"
		mount --bind "$path" "$top/${path##*/}"
	done < <(list_mounts)
	if [ "$view" = hybrid ]; then
		mkdir "$top/unified"
		mount -t cgroup2 cgroup2 "$top/unified"
	fi
	# The top as systemd leaves it: nobody makes plain folders in it. "bind" keeps this to this one mount.
	mount -o remount,bind,ro "$top"
	while mountpoint -q /sys/fs/cgroup && umount -R /sys/fs/cgroup; do :; done
	if [ "$view" = v2 ]; then
		umount -R "$top"
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
	else
		mount --move "$top" /sys/fs/cgroup
	fi
	rmdir "$top"
	exec "$@"
}

if [ "$1" != v2 ] && ! list_mounts | grep -q '^cgroup '; then
	echo "host-like.sh: no cgroup v1 controller is mounted here" >&2
	exit 77
fi
if [ "$1" != v1 ] && ! grep -qw cgroup2 /proc/filesystems; then
	echo "host-like.sh: this kernel has no cgroup2" >&2
	exit 77
fi
# shellcheck disable=SC2016 # for the inner shell
exec unshare --mount --propagation private bash -c "$(declare -f list_mounts inside)"'
set -euo pipefail
inside "$@"' host-like "$@"
