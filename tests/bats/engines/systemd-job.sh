#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What systemd.bats has done on a host whose init is systemd: podman with the systemd cgroup manager. Each result is a file
# of DIR, for the tests to judge. usage: systemd-job.sh ENV-DIR DIR IMAGE-TAR
set -u

env_dir=$1 out=$2 tar=$3
work=/dev/shm/engine
controllers=" $(cat /sys/fs/cgroup/cgroup.controllers) "
# podman's own limit of processes would be refused where nothing can enforce it
[[ $controllers == *" pids "* ]] || export PF_PIDS_LIMIT=0
# vfs: an overlay cannot lie on this host's overlay
mapfile -t settings < <(PF_CGROUP_MANAGER=systemd PF_DRIVER=vfs "$env_dir/podman-own.sh" "$work")
export "${settings[@]}"
image=localhost/pinfold/busybox

# say NAME COMMAND...: its output and, in NAME.status, its status
say() {
	local name=$1
	shift
	"$@" >"$out/$name" 2>&1 </dev/null
	echo $? >"$out/$name.status"
}

scope_of() {
	echo "libpod-$(podman inspect -f '{{.Id}}' "$1").scope"
}

show() { # SCOPE
	systemctl show -p ActiveState,ControlGroup,Slice,Delegate,MemoryMax,TasksMax,Description "$1"
}

limits=()
if [[ $controllers == *" memory "*" pids "* ]]; then
	limits=(--memory 64m --pids-limit 99)
	: >"$out/limits"
fi
say import podman import --quiet --change 'ENV PATH=/bin' "$tar" "$image"
say run podman run --rm --network none "$image" sh -c 'cat /proc/self/cgroup; exit 3'
say up podman run -d --name box --network none "${limits[@]}" "$image" sleep 1000
scope=$(scope_of box)
say shown show "$scope"
say processes cat "/sys/fs/cgroup/machine.slice/$scope/container/cgroup.procs" "/sys/fs/cgroup/machine.slice/$scope/cgroup.procs"
say pid podman inspect -f '{{.State.Pid}}' box
say exec podman exec box sh -c 'grep ^0:: /proc/1/cgroup; grep ^0:: /proc/self/cgroup; exit 4'
say update podman update --memory 32m box
say updated show "$scope"
say beyond podman run --rm --network none --memory 64m "$image" true
say pause podman pause box
say paused podman inspect -f '{{.State.Status}}' box
say unpause podman unpause box
say stop podman stop -t 0 box
say stopped systemctl is-active "$scope"
say start podman start box
say started systemctl is-active "$scope"
say rm podman rm -f -t 0 box
say removed systemctl is-active "$scope"
mkdir /dev/shm/secrets
echo a-secret >/dev/shm/secrets/key
say confined podman run --rm --network none -v /dev/shm/secrets:/secrets --annotation io.pinfold.profile=agent "$image" \
	sh -c 'cat /secrets/key; echo tried'
say pod podman pod create --name pod --network none
say in-pod podman run --rm --pod pod "$image" sh -c 'cat /proc/self/cgroup; echo in-pod'
say pod-rm podman pod rm -f -t 0 pod
say refused podman run --rm --network none --annotation io.pinfold.raed=/x "$image" true
say units systemctl list-units --all --no-legend 'libpod-*'
say groups find /sys/fs/cgroup -name 'libpod-*' -not -name 'libpod-conmon-*'
