#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A dockerd of its own: started inside of engine-ns.sh with everything below DIR, there while COMMAND runs, and gone with
# it. docker finds it by DOCKER_HOST. It has no network of its own making: --network none or host.
#
# usage: dockerd-own.sh DIR [NAME=RUNTIME]... -- COMMAND...	NAME is for `docker run --runtime'; docker wants two letters
# exit status: the command's; 125 when the daemon did not come up
set -euo pipefail

[ $# -gt 2 ] || { echo "usage: dockerd-own.sh DIR [NAME=RUNTIME]... -- COMMAND..." >&2; exit 2; }
[ -n "${PF_ENGINE_NS-}" ] || exec "$(dirname "$(realpath "$0")")/engine-ns.sh" "$(realpath "$0")" "$@"
mkdir -p "$1"
dir=$(realpath "$1")
shift
runtimes=()
while [ "$1" != -- ]; do
	runtimes+=(--add-runtime "$1")
	shift
done
shift

# It asks for the highest limits where it is not given some, which root without CAP_SYS_RESOURCE cannot set.
echo '{}' >"$dir/daemon.json"
dockerd --config-file "$dir/daemon.json" --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" \
	--host "unix://$dir/sock" --group root --storage-driver overlay2 --exec-opt native.cgroupdriver=cgroupfs \
	--bridge none --iptables=false --ip6tables=false --ip-masq=false --ip-forward=false \
	--default-ulimit nofile=1024:4096 --log-level warn ${runtimes[@]+"${runtimes[@]}"} >"$dir/log" 2>&1 &
export DOCKER_HOST=unix://$dir/sock DOCKER_BUILDKIT=0
# shellcheck source=/dev/null
source "$(dirname "$(realpath "$0")")/daemon.bash"
with_daemon $! "$dir/log" "docker version" "$@"
