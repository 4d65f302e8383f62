#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A file has at most 500 lines and a function at most 60. A function is what lies between a `{' and a `}' in the first
# column, as our style writes them; both lines are not counted, everything between them is. One-line bodies at the end
# of a declarator (`int f(void) {') are not our style and are refused, since the counter would not see them.
cd "${abs_srcdir:-.}" || exit 1
: "${AWK:=awk}"

files=$(find base config runtime tests -name '*.[ch]' | sort)
echo 1..3

long=$(for f in $files; do
	lines=$(wc -l <"$f")
	[ "$lines" -le 500 ] || echo "# $f: $lines lines"
done)
[ -n "$long" ] && echo "$long" && printf 'not '
echo "ok 1 - files have at most 500 lines"

# shellcheck disable=SC2086 # a list of words on purpose
# shellcheck disable=SC2016 # an awk program
long=$($AWK '
	FNR == 1 { start = 0; name = "" }
	/^[a-z_].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
	/^{/ { start = FNR }
	/^}/ && start {
		if (FNR - start - 1 > 60)
			printf "# %s:%d: %s() has %d lines\n", FILENAME, start, name, FNR - start - 1
		start = 0
	}' $files)
[ -n "$long" ] && echo "$long" && printf 'not '
echo "ok 2 - functions have at most 60 lines"

# shellcheck disable=SC2086
hidden=$(grep -nE '^[a-z].*\)[[:space:]]*\{' $files | grep -vE '=|^[^:]*:[0-9]*:(else|struct|enum|union)' | sed 's/^/# /')
[ -n "$hidden" ] && echo "$hidden" && printf 'not '
echo "ok 3 - function bodies open in the first column"
