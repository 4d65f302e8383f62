#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Make the root filesystems that the demonstration and the tests run, from Debian packages, and keep them.
#
#	make-image.sh tools		print the path of a tar: busybox, python3, git, curl, CA certificates (~20 s once)
#	make-image.sh busybox		print the path of a tar: only the static busybox of this machine (at once)
#	make-image.sh dir KIND DIR	unpack that tar into DIR, e.g. as the root of a bundle
#	make-image.sh import KIND NAME	`podman import' it as NAME, e.g. localhost/pinfold/tools, into the store that podman's
#					own environment (CONTAINERS_CONF, CONTAINERS_STORAGE_CONF, --root by PF_PODMAN) names
#
# PF_CACHE	where the tars are kept; /var/tmp/pinfold-cache. A changed list of packages makes a new one.
# PF_PODMAN	the podman to call, with global options; podman
# No image is ever downloaded. tools needs mmdebstrap and a Debian mirror (the one that apt uses); busybox needs package
# busybox-static. Two callers at once are fine: the second waits for the first.
set -euo pipefail

PACKAGES=base-files,base-passwd,busybox-static,libc-bin,python3,git,curl,ca-certificates
CACHE=${PF_CACHE:-/var/tmp/pinfold-cache}

die() { echo "make-image.sh: $*" >&2; exit 1; }

# What maintainer scripts would do, as far as anything here needs it: mmdebstrap only unpacks (variant extract), which is
# three times as fast as a configured system and leaves no dpkg, apt or perl scripts to break.
finish_tools() { # DIR
	local root=$1 applet
	for applet in $(busybox --list); do
		[ -e "$root/usr/bin/$applet" ] || [ -L "$root/usr/bin/$applet" ] ||
			[ -e "$root/usr/sbin/$applet" ] || ln -s busybox "$root/usr/bin/$applet"
	done
	sed 's,/bin/bash,/bin/sh,' "$root/usr/share/base-passwd/passwd.master" >"$root/etc/passwd"
	cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
	cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
	rm -rf "$root"/usr/share/{doc,man,locale,info,lintian,bash-completion} "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
	mkdir -p "$root"/{root,tmp,proc,sys,dev,run,home}
	chmod 1777 "$root/tmp"
	: >"$root/etc/resolv.conf"
}

make_tools() { # TAR
	command -v mmdebstrap >/dev/null || die "mmdebstrap is missing: apt-get install mmdebstrap"
	command -v busybox >/dev/null || die "busybox is missing: apt-get install busybox-static"
	local mirror
	# the mirror that apt uses here; without one mmdebstrap takes its own default
	# shellcheck disable=SC2016 # apt expands these
	mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(CODENAME)' 'Created-By: Packages' 2>/dev/null |
		awk '$2 == "Debian" && $3 == "bookworm" { print $1; exit }')
	# shellcheck disable=SC2086 # no mirror: no argument
	mmdebstrap --quiet --variant=extract --skip=output/dev --include="$PACKAGES" \
		--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
		--extract-hook="$SELF finish \"\$1\"" bookworm "$1" $mirror </dev/null >&2 ||
		die "mmdebstrap failed"
	# without the device nodes, which an ordinary user could not unpack, but with the folder
	local empty
	empty=$(mktemp -d)
	mkdir "$empty/dev"
	tar --owner=0 --group=0 -C "$empty" -rf "$1" ./dev
	rm -r "$empty"
}

make_busybox() { # TAR
	command -v busybox >/dev/null || die "busybox is missing: apt-get install busybox-static"
	local root applet
	root=$(mktemp -d)
	mkdir -p "$root"/{bin,etc,root,tmp,proc,sys,dev,run,usr/bin,home,var/tmp}
	chmod 1777 "$root/tmp" "$root/var/tmp"
	chmod 755 "$root"
	cp "$(command -v busybox)" "$root/bin/busybox"
	for applet in $("$root/bin/busybox" --list); do
		[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
	done
	ln -s ../../bin/env "$root/usr/bin/env"
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\nagent:x:1000:1000:agent:/home/agent:/bin/sh\n' \
		>"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\nagent:x:1000:\n' >"$root/etc/group"
	mkdir "$root/home/agent"
	chown 1000:1000 "$root/home/agent" 2>/dev/null || :
	tar --numeric-owner -C "$root" -cf "$1" .
	rm -rf "$root"
}

# print the path of a KIND's tar, making it first where it is not there
cached() { # KIND
	case $1 in tools | busybox) ;; *) die "unknown kind \`$1': tools or busybox" ;; esac
	local key tar
	key=$( (sha256sum <"$SELF"; [ "$1" != busybox ] || sha256sum <"$(command -v busybox || echo /dev/null)") |
		sha256sum | cut -c 1-12)
	mkdir -p "$CACHE"
	tar=$CACHE/$1-$key.tar
	if [ ! -e "$tar" ]; then
		exec 9>"$CACHE/.lock"
		flock 9
		if [ ! -e "$tar" ]; then
			rm -f "$CACHE/$1"-*.tar
			"make_$1" "$CACHE/.new-$1.tar"
			mv "$CACHE/.new-$1.tar" "$tar"
			chmod 644 "$tar"
		fi
		exec 9>&-
	fi
	echo "$tar"
}

SELF=$(readlink -f "$0")
case ${1-} in
tools | busybox) [ $# = 1 ] || die "$1 takes no argument"; cached "$1" ;;
dir)
	[ $# = 3 ] || die "usage: make-image.sh dir KIND DIR"
	tar=$(cached "$2")
	mkdir -p "$3"
	tar --numeric-owner -C "$3" -xf "$tar"
	;;
import)
	[ $# = 3 ] || die "usage: make-image.sh import KIND NAME"
	tar=$(cached "$2")
	# shellcheck disable=SC2086 # global options are words
	${PF_PODMAN:-podman} import --quiet \
		--change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
		--change 'CMD ["/bin/sh"]' "$tar" "$3" >/dev/null
	;;
finish) finish_tools "${2:?}" ;; # called by mmdebstrap
*) sed -n '3,14s/^# \{0,1\}//p' "$SELF" >&2; exit 1 ;;
esac
