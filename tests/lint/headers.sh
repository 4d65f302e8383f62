#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every file begins with its licence, and every source says its role before the first function; headers are guarded.
cd "${abs_srcdir:-.}" || exit 1

report() { # number, text, findings
	[ -z "$3" ] || echo "$3" | sed 's/^/# /'
	[ -z "$3" ] || printf 'not '
	echo "ok $1 - $2"
}
echo 1..3
report 1 "the licence is the first line" "$(find base config runtime tests -name '*.[chS]' -exec sh -c '
	for f; do head -n 1 "$f" | grep -q "SPDX-License-Identifier: Apache-2.0" || echo "$f"; done' sh {} +)"
report 2 "a source says its role in its first 20 lines" "$(find base config runtime -name '*.c' -exec sh -c '
	for f; do sed -n 2,20p "$f" | grep -q "^/\*" || echo "$f"; done' sh {} +)"
report 3 "a header is guarded" "$(find base config runtime tests/unit -name '*.h' -exec sh -c '
	for f; do grep -q "^#ifndef PF_" "$f" || echo "$f"; done' sh {} +)"
