#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Make the guest of tests/vm/run.sh from Debian packages and keep it: a root filesystem with systemd and the container
# engines, the kernel of Debian's clouds, and an initramfs of one static busybox. Prints the folder that holds
# root.img, vmlinuz and initrd. usage: tests/vm/image.sh
#
# PF_CACHE	where it is kept; /var/tmp/pinfold-cache (1 GB). A change of this script makes a new one.
# Needs root, for the owners in the image. Takes about a minute and a half, once.
set -euo pipefail

# what the demonstration and the jobs here need; the engines' recommendations are not installed
PACKAGES=(
	systemd systemd-sysv dbus dbus-user-session libpam-systemd udev kmod procps iproute2 mount passwd uidmap
	podman conmon crun busybox-static jq git
)
# what finds and mounts the disk; the rest is loaded by udev from the root filesystem
EARLY_MODULES=(virtio_pci virtio_blk ext4)
CACHE=${PF_CACHE:-/var/tmp/pinfold-cache}
SELF=$(readlink -f "$0")

die() { echo "image.sh: $*" >&2; exit 1; }

mirror() {
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(CODENAME)' 'Created-By: Packages' 2>/dev/null |
		awk '$2 == "Debian" && $3 == "bookworm" { print $1; exit }'
}

# The kernel's package without its scripts, which would make an initramfs ten times as large.
unpack_kernel() { # DIR
	local name
	name=$(apt-cache depends linux-image-cloud-amd64 | awk '$1 == "Depends:" { print $2; exit }')
	[ -n "$name" ] || die "apt knows no linux-image-cloud-amd64: is this Debian 12, and apt-get update done?"
	mkdir -p "$1"
	(cd "$1" && apt-get -o APT::Sandbox::User=root download -q "$name" >&2 && dpkg -x "$name"_*.deb . && rm "$name"_*.deb)
}

make_root() { # DIR KERNEL-DIR VERSION
	local include
	include=$(IFS=,; echo "${PACKAGES[*]}")
	# its mounts of /proc and the like stay in a namespace of their own
	# shellcheck disable=SC2046 # no mirror: no argument
	unshare --mount --propagation private mmdebstrap --quiet --variant=essential --include="$include" \
		--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$1" \
		$(mirror) </dev/null >&2 || die "mmdebstrap failed"
	rm -rf "$1"/var/cache/apt/*.bin "$1"/var/lib/apt/lists/*
	mkdir -p "$1/host" "$1/lib/modules"
	cp -a "$2/lib/modules/$3" "$1/lib/modules/"
	depmod -b "$1" "$3"
	echo pinfold-vm >"$1/etc/hostname"
	printf '127.0.0.1 localhost pinfold-vm\n' >"$1/etc/hosts"
	# The share's job is the only thing this machine is for, and it ends when the job does. Its output has a serial line
	# to itself, away from what kernel and systemd say.
	cat >"$1/etc/systemd/system/pinfold-job.service" <<-'UNIT'
		[Unit]
		After=multi-user.target dbus.service systemd-logind.service
		[Service]
		Type=oneshot
		Environment=HOME=/root TERM=dumb LANG=C.UTF-8
		ExecStartPre=/bin/mount /dev/vdb /host
		ExecStart=/host/start
		ExecStopPost=/bin/systemctl --no-block poweroff
		StandardInput=null
		StandardOutput=tty
		StandardError=inherit
		TTYPath=/dev/ttyS1
		[Install]
		WantedBy=default.target
	UNIT
	chroot "$1" systemctl --quiet enable pinfold-job.service
	chroot "$1" systemctl --quiet set-default multi-user.target
	chroot "$1" systemctl --quiet mask getty.target apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
		e2scrub_all.timer fstrim.timer podman.service podman.socket \
		podman-auto-update.service podman-auto-update.timer podman-restart.service
}

make_initrd() { # FILE ROOT VERSION
	local dir module list
	dir=$(mktemp -d)
	mkdir -p "$dir"/{bin,dev,proc,sys,root,modules}
	cp "$2/bin/busybox" "$dir/bin/"
	list=$(modprobe -S "$3" -d "$2" --all --show-depends "${EARLY_MODULES[@]}" | awk '$1 == "insmod" && !seen[$2]++ { print $2 }')
	{
		echo '#!/bin/busybox sh'
		echo '/bin/busybox mount -t devtmpfs dev /dev'
		for module in $list; do
			cp "$module" "$dir/modules/"
			echo "/bin/busybox insmod /modules/${module##*/}"
		done
		echo 'while [ ! -b /dev/vda ]; do /bin/busybox usleep 10000; done'
		echo '/bin/busybox mount -t ext4 /dev/vda /root'
		echo 'exec /bin/busybox switch_root /root /sbin/init'
	} >"$dir/init"
	chmod 755 "$dir/init"
	(cd "$dir" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$1"
	rm -r "$dir"
}

make_guest() { # DIR
	local new=$1.new version
	rm -rf --one-file-system "$new"
	mkdir -p "$new"
	unpack_kernel "$new/kernel"
	version=$(basename "$new"/kernel/lib/modules/*)
	make_root "$new/root" "$new/kernel" "$version"
	make_initrd "$new/initrd" "$new/root" "$version"
	cp "$new/kernel/boot/vmlinuz-$version" "$new/vmlinuz"
	# sparse; the guest writes into a throw-away layer above it
	mke2fs -q -t ext4 -E lazy_itable_init=1 -L root -d "$new/root" "$new/root.img" 4G
	rm -rf --one-file-system "$new/root" "$new/kernel"
	mv "$new" "$1"
}

[ "$(id -u)" = 0 ] || die "needs root"
for tool in mmdebstrap mke2fs depmod modprobe cpio busybox; do
	command -v "$tool" >/dev/null || die "$tool is missing; tests/vm/run.sh installs it"
done
mkdir -p "$CACHE"
guest=$CACHE/vm-$(sha256sum <"$SELF" | cut -c 1-12)
exec 9>"$CACHE/.vm-lock"
flock 9
if [ ! -e "$guest" ]; then
	rm -rf --one-file-system "$CACHE"/vm-*
	# what tools say is not the answer: mke2fs tells even when quiet that it creates the file
	make_guest "$guest" >&2
fi
echo "$guest"
