#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A containerd of its own: started inside of engine-ns.sh with everything below DIR, there while COMMAND runs, and gone
# with it. ctr finds it by CONTAINERD_ADDRESS.
#
# usage: containerd-own.sh DIR COMMAND...	exit status: the command's; 125 when the daemon did not come up
set -euo pipefail

[ $# -gt 1 ] || { echo "usage: containerd-own.sh DIR COMMAND..." >&2; exit 2; }
[ -n "${PF_ENGINE_NS-}" ] || exec "$(dirname "$(realpath "$0")")/engine-ns.sh" "$(realpath "$0")" "$@"
mkdir -p "$1"
dir=$(realpath "$1")
shift

# What it would only warn about is left out; so is CRI, which wants a network configuration.
cat >"$dir/config.toml" <<TOML
version = 2
root = "$dir/root"
state = "$dir/state"
disabled_plugins = [
	"io.containerd.grpc.v1.cri",
	"io.containerd.internal.v1.opt",
	"io.containerd.snapshotter.v1.aufs",
	"io.containerd.snapshotter.v1.btrfs",
	"io.containerd.snapshotter.v1.devmapper",
	"io.containerd.snapshotter.v1.zfs",
]
[grpc]
  address = "$dir/sock"
[ttrpc]
  address = "$dir/sock.ttrpc"
TOML

containerd --config "$dir/config.toml" --log-level warn >"$dir/log" 2>&1 &
export CONTAINERD_ADDRESS=$dir/sock
# shellcheck source=/dev/null
source "$(dirname "$(realpath "$0")")/daemon.bash"
with_daemon $! "$dir/log" "ctr version" "$@"
