#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run a command in mount and network namespaces of its own that look like a usual host, so that tests neither need nor
# change this one: loopback is up, /run/netns is private, and where /sys/fs/cgroup is a tmpfs of cgroup v1 hierarchies its
# top is read-only as systemd leaves it. (podman makes plain folders there for controllers that are not mounted, and then
# cannot remove its pods.) On a host with cgroup v2 nothing is changed there. usage: private.sh COMMAND...
set -eu
# shellcheck disable=SC2016 # for the inner shell
exec unshare --net --mount --propagation private bash -c '
set -eu
ip link set lo up
if [ "$(stat -f -c %T /sys/fs/cgroup)" = tmpfs ]; then
	top=$(mktemp -d)
	mount -t tmpfs -o mode=755 tmpfs "$top"
	for m in /sys/fs/cgroup/*/; do
		m=${m%/}
		mountpoint -q "$m" || continue
		mkdir "$top/${m##*/}"
		mount --bind "$m" "$top/${m##*/}"
	done
	umount -R /sys/fs/cgroup
	mount --move "$top" /sys/fs/cgroup
	rmdir "$top"
	# bind: this mount only; a plain remount would make the superblock of the host read-only
	mount -o remount,bind,ro /sys/fs/cgroup
fi
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
mount --make-shared /run/netns
exec "$@"' private "$@"
