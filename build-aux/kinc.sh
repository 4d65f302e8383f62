#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make folder $1 with links to the kernel's own headers. musl-gcc gets this folder and not all of /usr/include: a header
# that musl lacks would otherwise come silently from glibc, with glibc's types.
# The compiler is asked where they lie, so that no multiarch name is guessed. usage: CC=gcc kinc.sh FOLDER
set -eu
rm -rf "$1"
mkdir -p "$1"
for header in linux/types.h asm-generic/types.h asm/types.h; do
	path=$(printf '#include <%s>\n' "$header" | ${CC:-cc} -E -x c - |
		sed -n "s,^# 1 \"\\(.*\\)/$header\".*,\\1,p" | head -n 1)
	[ -n "$path" ] || { echo "kinc.sh: $header not found: install the kernel's headers" >&2; exit 1; }
	folder=${header%%/*}
	ln -s "$path/$folder" "$1/$folder"
done
