#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A source that no fragment lists is never compiled, a unit test that none lists never runs: both would look like green.
cd "${abs_srcdir:-.}" || exit 1

lists=$(cat Makefile.am ./*/local.mk runtime/*.mk runtime/*/local.mk)
echo 1..2
missing=$(find base config runtime -name '*.c' | sort | while read -r f; do
	echo "$lists" | grep -qw -- "$f" || echo "# $f"
done)
[ -z "$missing" ] || { echo "$missing"; printf 'not '; }
echo "ok 1 - every source is listed in a local.mk"
missing=$(find tests/unit -name 't_*.c' | sort | while read -r f; do
	echo "$lists" | grep -qw -- "${f%.c}" || echo "# $f"
done)
[ -z "$missing" ] || { echo "$missing"; printf 'not '; }
echo "ok 2 - every unit test is listed in a local.mk"
