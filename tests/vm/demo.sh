#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job of tests/vm/run.sh: say what this machine is, since the point of it is an older kernel than most have, then run
# the demonstration here as root.
set -euo pipefail

failed=0
fact() { # TEXT EXPECTED GOT
	echo "  $1: $3"
	[ "$2" = "$3" ] || { echo "  !! expected: $2"; failed=1; }
}

fact "kernel" "6.1" "$(uname -r | cut -d. -f1,2)"
fact "init" "systemd" "$(cat /proc/1/comm)"
fact "/sys/fs/cgroup" "cgroup2fs" "$(stat -f -c %T /sys/fs/cgroup)"
fact "Landlock ABI" "2" "$("$PINFOLD" doctor | sed -n 's/^landlock .*ABI \([0-9]*\).*/\1/p')"
contrib/demo/run "$PINFOLD"
exit $failed
