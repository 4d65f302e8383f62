#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run jobs in a Debian 12 guest: kernel 6.1 with Landlock ABI 2, systemd as init, cgroup v2 with all controllers. A
# machine of its own, under qemu's interpreter, so it needs no virtualization; up in about a quarter of a minute.
# usage: tests/vm/run.sh [--no-install] [JOB...]
#
#	JOB	a script; tests/vm/demo.sh and tests/vm/cgroup2.sh. It runs as root in /host, which holds contrib/, tests/ and
#		build/pinfold, with PINFOLD and PF_CACHE set, and what it prints is printed here. The status is 0 when all of
#		theirs are.
#
# PF_BUILD	where make built (default: build/ beside here, or this folder)
# PF_CACHE	where guest and images are kept; /var/tmp/pinfold-cache
# PF_VM_SECONDS	after which the guest is given up; 1800	PF_VM_ACCEL	`kvm' where that works; tcg
# PF_VM_LOG	also keep the console's log there
# Needs root. Installs qemu and what makes the guest, by name, if they are not there.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
PACKAGES=(qemu-system-x86 mmdebstrap cpio e2fsprogs kmod busybox-static)
export PF_CACHE=${PF_CACHE:-/var/tmp/pinfold-cache}
install=yes

die() { echo "run.sh: $*" >&2; exit 1; }

install_packages() {
	local missing=() p
	for p in "${PACKAGES[@]}"; do
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	apt-get update -q >&2
	DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
}

# The second disk: what the jobs use, laid out as in the checkout.
make_share() { # IMAGE JOB...
	local image=$1 dir=$SCRATCH/share job n=0 tools
	shift
	mkdir -p "$dir"/{build,cache,jobs}
	cp -r "$TOP/contrib" "$TOP/tests" "$dir/"
	cp "$BUILD/pinfold" "$dir/build/"
	for job in tests/probe/probe tests/probe/recvtty tests/probe/subreap; do
		[ ! -x "$BUILD/$job" ] || install -D "$BUILD/$job" "$dir/build/$job"
	done
	# the image of the demonstration is known by the script that makes it, which is the same in the guest
	tools=$("$TOP/tests/env/make-image.sh" tools)
	cp "$tools" "$dir/cache/"
	for job; do
		n=$((n + 1))
		cp "$job" "$dir/jobs/$n-$(basename "$job")"
	done
	chmod 755 "$dir"/jobs/*
	cat >"$dir/start" <<-'END'
		#!/bin/bash
		export PINFOLD=/host/build/pinfold PF_BUILD=/host/build PF_CACHE=/host/cache
		export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		status=0
		stty -F /dev/ttyS1 -opost 2>/dev/null
		cd /host
		for job in $(ls jobs | sort -n); do
			echo "== ${job#*-} ($(cut -d. -f1 /proc/uptime) s after boot)"
			"jobs/$job" || { echo "!! ${job#*-}: status $?"; status=1; }
		done
		echo "pinfold-vm: status $status"
	END
	chmod 755 "$dir/start"
	truncate -s "$(($(du -sm "$dir" | cut -f1) + 1024))M" "$image"
	mke2fs -q -t ext4 -d "$dir" "$image"
	rm -rf "$dir"
}

boot() { # GUEST-DIR SHARE-IMAGE
	local options=(-nodefaults -no-user-config -display none -no-reboot -m 2G -smp 2 -cpu max)
	if [ "${PF_VM_ACCEL:-tcg}" = kvm ]; then
		options+=(-accel kvm)
	else
		options+=(-accel "tcg,thread=multi")
	fi
	# snapshot: what the guest writes goes to a temporary file and is gone with it
	TMPDIR=$SCRATCH timeout --foreground "${PF_VM_SECONDS:-1800}" qemu-system-x86_64 "${options[@]}" \
		-kernel "$1/vmlinuz" -initrd "$1/initrd" -append 'console=ttyS0 quiet panic=-1 mitigations=off audit=0' \
		-drive "file=$1/root.img,format=raw,if=virtio,snapshot=on" \
		-drive "file=$2,format=raw,if=virtio,snapshot=on" \
		-serial "file:$SCRATCH/console" -serial "file:$SCRATCH/job" </dev/null
}

while [ $# -gt 0 ]; do
	case $1 in
	--no-install) install= ;;
	-*) sed -n '3,17s/^# \{0,1\}//p' "$0" >&2; exit 1 ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || set -- "$HERE/demo.sh" "$HERE/cgroup2.sh"
[ "$(id -u)" = 0 ] || die "needs root"
for job; do [ -f "$job" ] || die "no job $job"; done
BUILD=${PF_BUILD:-$TOP/build}
[ -x "$BUILD/pinfold" ] || BUILD=$PWD
[ -x "$BUILD/pinfold" ] || die "no pinfold in $BUILD: build it first, or say where by PF_BUILD"

[ -z "$install" ] || install_packages
SCRATCH=$(mktemp -d /var/tmp/pinfold-vm.XXXXXX)
qemu='' shown=''
# shellcheck disable=SC2317 # by the trap
clean() {
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || :
	[ -z "$shown" ] || kill "$shown" 2>/dev/null || :
	[ -z "${PF_VM_LOG-}" ] || cp "$SCRATCH/console" "$PF_VM_LOG" 2>/dev/null || :
	rm -rf --one-file-system "$SCRATCH"
}
trap clean EXIT
trap 'exit 130' INT TERM

guest=$("$HERE/image.sh")
make_share "$SCRATCH/share.img" "$@"
: >"$SCRATCH/job"
boot "$guest" "$SCRATCH/share.img" &
qemu=$!
tail -n +1 -f --pid="$qemu" "$SCRATCH/job" &
shown=$!
wait "$qemu" || echo "run.sh: qemu ended with status $?" >&2
qemu=''
wait "$shown" || :
if ! grep -q '^pinfold-vm: status' "$SCRATCH/job"; then
	echo "run.sh: the guest did not finish" >&2
	[ ! -e "$SCRATCH/console" ] || { echo "its console ends with:"; tail -n 30 "$SCRATCH/console"; } >&2
	exit 1
fi
grep -q '^pinfold-vm: status 0' "$SCRATCH/job"
