#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Arrows go one way: base <- config <- runtime <- shim. A quoted include names a file from the top of the tree, and a
# room may only include itself and the rooms before it. The init takes no more than base/ and its own folder.
cd "${abs_srcdir:-.}" || exit 1

n=0
bad=0
echo 1..5
# room, and the rooms that it may include from
check() {
	n=$((n + 1))
	found=$(find "$1" -name '*.[chS]' -exec grep -Hn '^#[[:space:]]*include "' {} + 2>/dev/null |
		grep -vE "include \"($2)" | grep -v 'include "config\.h"')
	if [ -z "$found" ]; then
		echo "ok $n - $1 includes only $2"
	else
		echo "$found" | sed 's/^/# /'
		echo "not ok $n - $1 includes only $2"
		bad=1
	fi
}
check base 'base/'
check config 'base/|config/'
check runtime/init 'base/|runtime/init/'
check runtime 'base/|config/|runtime/'
n=$((n + 1))
# what the init is made of knows no configuration, nor do programs for the kernel
init=$(grep -o '[a-z]*/[a-z_/]*\.c' runtime/init/local.mk; echo base/sys.c)
found=$(find base config runtime -name '*.c' ! -name '*.bpf.c' -exec sh -c '
	for f; do [ "$(grep -m1 "^#[[:space:]]*include" "$f")" = "#include <config.h>" ] || echo "$f"; done' sh {} + |
	grep -vxF "$init")
if [ -z "$found" ]; then
	echo "ok $n - every source of the parent includes <config.h> first"
else
	echo "$found" | sed 's/^/# /'
	echo "not ok $n - every source of the parent includes <config.h> first"
	bad=1
fi
exit $bad
