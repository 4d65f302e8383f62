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
daemon=$!
command=
# shellcheck disable=SC2317 # by the trap
stop() {
	[ -z "$command" ] || kill "$command" 2>/dev/null || :
	kill "$daemon" 2>/dev/null || :
	wait "$daemon" 2>/dev/null || :
}
trap stop EXIT
trap 'exit 143' TERM

export CONTAINERD_ADDRESS=$dir/sock
for ((i = 0; i < 300; i++)); do
	! ctr version >/dev/null 2>&1 || break
	kill -0 "$daemon" 2>/dev/null || i=300
	sleep 0.1
done
if [ "$i" -ge 300 ]; then
	cat "$dir/log" >&2
	exit 125
fi
# in the background, so that a signal to this script is heard
"$@" <&0 &
command=$!
status=0
wait "$command" || status=$?
command=
exit "$status"
