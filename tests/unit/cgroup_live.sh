#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# t_cgroup_live in every view of this host's cgroups, and below a systemd of its own, as one TAP stream. Needs root.
# usage: cgroup_live.sh PROGRAM        (PROGRAM: the built tests/unit/t_cgroup_live)
set -u
program=$(realpath "${1:-${abs_builddir:-.}/tests/unit/t_cgroup_live}")
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PF_LIVE=1
count=0 failed=0

if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP needs root"
	exit 0
fi

# Renumbers the lines of one run and puts the view's name in front of each.
view() { # NAME COMMAND...
	local name=$1 line rc=0 out
	shift
	out=$("$@" 2>&1) || rc=$?
	if [ $rc = 77 ]; then
		count=$((count + 1))
		echo "ok $count - $name # SKIP ${out##*$'\n'}"
		return
	fi
	if ! grep -q '^1\.\.[1-9]' <<<"$out"; then
		count=$((count + 1)) failed=1
		echo "not ok $count - $name: did not end (status $rc): ${out##*$'\n'}"
	fi
	while IFS= read -r line; do
		case $line in
		"ok "* | "not ok "*)
			count=$((count + 1))
			[ "${line%%ok *}" = "" ] || failed=1
			echo "${line%%ok *}ok $count - $name: ${line#* - }"
			;;
		1..*) ;;
		*) echo "# $line" ;;
		esac
	done <<<"$out"
}

for v in v1 v2 hybrid; do
	view "$v" "$tests/env/host-like.sh" "$v" "$program"
done
view systemd "$tests/env/systemd-own.sh" -e PF_LIVE=1 -t 60 "$program" systemd
echo "1..$count"
exit "$failed"
