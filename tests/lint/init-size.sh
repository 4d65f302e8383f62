#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The init is read by every container's start, so its size is a promise: 72 KB with musl. Static glibc has no bound.
echo 1..2
bin=${abs_builddir:-.}/init.bin
size=$(wc -c <"$bin")
echo "# init.bin: $size bytes"
if [ -n "${NO_MUSL-}" ]; then
	echo "ok 1 - the init is small # SKIP built without musl"
else
	[ "$size" -le 73728 ] || printf 'not '
	echo "ok 1 - the init is small"
fi
# no interpreter, no relocations at start: nothing of a host or a container is opened by exec
if LC_ALL=C grep -qa 'ld-linux\|ld-musl' "$bin"; then printf 'not '; fi
echo "ok 2 - the init is static"
