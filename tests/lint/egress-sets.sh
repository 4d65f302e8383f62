#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tables of docs/egress-sets.md are those of config/endpoint_sets.tsv. With --print they are written out, to be pasted.
cd "${abs_srcdir:-.}" || exit 1
: "${AWK:=awk}"

tables() {
	$AWK -F '\t' '
	/^#/ { next }
	$2 == "source" { printf "| `%s` | %s | <%s> |\n", $1, $3, $4 }' config/endpoint_sets.tsv
	$AWK -F '\t' '
	/^#/ { next }
	$2 != "source" { printf "| `%s` | `%s` | %s | %s |\n", $1, $3, $2 == "public" ? "any account" : "vendor", $4 }' \
		config/endpoint_sets.tsv
}
[ "${1-}" != --print ] || { tables; exit; }

echo 1..1
if [ "$(tables)" = "$(grep '^| `@' docs/egress-sets.md)" ]; then
	echo "ok 1 - docs/egress-sets.md shows config/endpoint_sets.tsv"
else
	echo "# run tests/lint/egress-sets.sh --print"
	echo "not ok 1 - docs/egress-sets.md shows config/endpoint_sets.tsv"
fi
