# SPDX-License-Identifier: Apache-2.0
# Once per bats run: the root that every bundle starts from, and a line that says where the results come from.
# shellcheck shell=bash

# find_tool NAME: a test program, from $PF_BUILD (where make built it), else compiled here so that a file runs by itself.
find_tool() {
	local name=$1 src="$PF_TESTS/probe" out="$PF_SUITE/tools/$1"
	local built="${PF_BUILD:-$PF_TESTS/..}/tests/probe/$name"

	mkdir -p "$PF_SUITE/tools"
	if [ -x "$built" ]; then
		cp "$built" "$out"
	elif [ "$name" != probe ]; then
		"${CC:-cc}" -D_GNU_SOURCE -O2 -o "$out" "$src/$name.c"
	elif command -v musl-gcc >/dev/null; then
		musl-gcc -std=gnu11 -D_GNU_SOURCE -Os -static -s -o "$out" "$src"/probe*.c
	else
		"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O2 -static -o "$out" "$src"/probe*.c
	fi
}

# The applets are hard links: a link `busybox -> busybox' inside a root has confused runtimes before.
make_rootfs() {
	local root=$1 applet

	mkdir -p "$root"/{bin,etc,dev,proc,sys,tmp,root,home/user,usr/bin,usr/share,var/tmp,secret,work}
	chmod 1777 "$root/tmp" "$root/var/tmp" "$root/work"
	chmod 700 "$root/root"
	cp "$PF_SUITE/tools/probe" "$root/probe"
	cp "$(command -v busybox)" "$root/bin/busybox"
	for applet in sh cat echo ls true false sleep id env mount ps kill stat touch rm mv ln mkdir stty tty grep sed test head; do
		ln "$root/bin/busybox" "$root/bin/$applet"
	done
	echo 'root:x:0:0:root:/root:/bin/sh
user:x:1000:1000:user:/home/user:/bin/sh
1000:x:0:0:a name made of digits:/root:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:
user:x:1000:' >"$root/etc/group"
	echo 'hello' >"$root/etc/greeting"
	echo 'SECRET-in-image' >"$root/secret/key"
	echo 'public' >"$root/usr/share/public"
	[ "$(id -u)" -ne 0 ] || chown 1000:1000 "$root/home/user"
}

print_environment() {
	local abi=0

	[ ! -x "$PF_SUITE/tools/probe" ] || abi=$("$PF_SUITE/tools/probe" landlock-abi)
	{
		echo "# kernel $(uname -r), landlock ABI $abi, cgroup $(stat -f -c %T /sys/fs/cgroup), uid $(id -u)"
		echo "# runtime ${RUNTIME:-unset}: $("${RUNTIME:-false}" --version 2>&1 | head -1), $(bats --version), $(jq --version)"
	} >&3
}

setup_suite() {
	export PF_TESTS PF_SUITE RUNTIME
	PF_TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
	PF_SUITE=$(mktemp -d "${TMPDIR:-/tmp}/pf-suite.XXXXXX")
	chmod 711 "$PF_SUITE"
	RUNTIME=${RUNTIME:-$(realpath "${PF_BUILD:-$PF_TESTS/..}")/pinfold}
	find_tool probe
	find_tool subreap
	find_tool recvtty
	make_rootfs "$PF_SUITE/rootfs"
	print_environment
}

teardown_suite() {
	case $PF_SUITE in
	*/pf-suite.*) rm -rf --one-file-system "$PF_SUITE" ;;
	esac
}
