#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run a command on a host whose init is systemd: a second systemd as PID 1 of namespaces of its own, on a throw-away
# overlay of this host's root, with cgroup2 alone. Up in half a second, and everything written is gone afterwards.
# Needs root, an overlay, and the packages systemd and dbus. Limits are recorded by this systemd, not enforced, where the
# controllers belong to v1 here.
#
# usage: systemd-own.sh [-w DIR]... [-e NAME=VALUE]... [-t SECONDS] COMMAND...
#   -w DIR         DIR is the host's own, and can be written
#   -e NAME=VALUE  in the command's environment
#   -t SECONDS     after which it is given up (60): exit status 124
# Exit status: the command's; 124 too late; 125 systemd did not come up; 77 this host cannot.
set -euo pipefail

shared=() variables=() limit=60
while getopts w:e:t: option; do
	case $option in
	w) shared+=("$(realpath "$OPTARG")") ;;
	e) variables+=("$OPTARG") ;;
	t) limit=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
if [ $# -eq 0 ]; then
	echo "usage: systemd-own.sh [-w DIR]... [-e NAME=VALUE]... [-t SECONDS] COMMAND..." >&2
	exit 2
fi
for need in /usr/lib/systemd/systemd /usr/bin/dbus-daemon; do
	if [ ! -x "$need" ] || [ "$(id -u)" != 0 ]; then
		echo "systemd-own.sh: needs root and $need" >&2
		exit 77
	fi
done

# ---- this side

io=$(mktemp -d)
mkdir "$io/cgroup2"
group=$io/cgroup2/systemd-own-$$
init=

give_up_group() {
	local i
	for i in {1..100}; do
		[ -d "$group" ] || return 0
		[ ! -w "$group/cgroup.kill" ] || echo 1 >"$group/cgroup.kill" || :
		find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || :
		[ ! -d "$group" ] || sleep 0.05
	done
}

# shellcheck disable=SC2317 # by the trap
clean_up() {
	[ -z "$init" ] || kill -KILL "$init" 2>/dev/null || :
	give_up_group
	umount "$io/cgroup2" 2>/dev/null || umount -l "$io/cgroup2" || :
	rmdir "$io/cgroup2" && rm -rf "$io"
}

# The command, its folder and its variables as a script, since a unit file has quoting rules of its own.
write_job() {
	local v
	printf '#!/bin/bash\n'
	for v in "${variables[@]}"; do printf 'export %q\n' "$v"; done
	printf 'cd %q\n' "$PWD"
	printf '%q ' "$@"
	printf '\necho $? >/run/own/status\n'
}

# ---- the other side, before its systemd is there

# A root of our own: overlay, kernel filesystems, the few devices that a job may want.
make_root() {
	local root=$1 node
	mount -t tmpfs tmpfs /mnt
	mkdir /mnt/upper /mnt/work "$root"
	mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay "$root"
	mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
	mount -t sysfs -o nosuid,nodev,noexec sysfs "$root/sys"
	mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"
	mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
	mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue"
	for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
		mknod -m 666 "$root/dev/${node%%:*}" c "$(cut -d: -f2 <<<"$node")" "${node##*:}"
	done
	mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5,nosuid,noexec devpts "$root/dev/pts"
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
	mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
}

# The least that PID 1 needs to start one job with a bus. dbus.socket requires sysinit.target: it stands there empty, as a
# masked one would end PID 1 at once. Generators, tmpfiles and sysusers cost seconds and would reach into -w folders.
write_units() {
	local units=$1/run/systemd/system name
	mkdir -p "$units" "$1/run/empty"
	printf '[Unit]\nDescription=Nothing to wait for\n' >"$units/sysinit.target"
	for name in systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket; do
		ln -s /dev/null "$units/$name"
	done
	cat >"$units/own.target" <<-'UNIT'
		[Unit]
		Requires=dbus.socket own-job.service
		AllowIsolate=yes
	UNIT
	cat >"$units/own-job.service" <<-UNIT
		[Unit]
		DefaultDependencies=no
		Requires=dbus.socket
		After=dbus.socket
		[Service]
		Type=oneshot
		Environment=PATH=$PATH HOME=/root TERM=dumb
		Environment=DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket
		ExecStart=/run/own/job
		StandardInput=null
		StandardOutput=file:/run/own/out
		StandardError=file:/run/own/err
		TimeoutStartSec=infinity
		KillMode=process
		Delegate=yes
	UNIT
	for name in usr/lib/systemd/system-generators usr/lib/systemd/system/sysinit.target.wants \
		etc/systemd/system/sysinit.target.wants; do
		[ ! -d "$1/$name" ] || mount --bind "$1/run/empty" "$1/$name"
	done
}

boot() {
	local io=$1 root=/mnt/root dir
	shift
	make_root "$root"
	mkdir "$root/run/own"
	mount --bind "$io" "$root/run/own"
	for dir in "$@"; do
		mkdir -p "$root$dir"
		mount --rbind "$dir" "$root$dir"
	done
	write_units "$root"
	ip link set lo up
	cd "$root"
	pivot_root . mnt
	umount -l /mnt
	exec env -i container=own /usr/lib/systemd/systemd --unit=own.target --log-target=null --show-status=0 </dev/null
}

# ---- the story

if ! mount -t cgroup2 cgroup2 "$io/cgroup2"; then
	rm -rf "$io"
	exit 77
fi
trap clean_up EXIT
trap 'exit 130' INT TERM
mkdir "$group"
mkfifo "$io/out" "$io/err" "$io/status"
write_job "$@" >"$io/job"
chmod 755 "$io/job"
cat "$io/out" &
out=$!
cat "$io/err" >&2 &
err=$!

# In its group before the cgroup namespace is made, so that the group is the root of what systemd sees.
bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec unshare --mount --uts --ipc --pid --net --cgroup --fork \
	--kill-child --propagation private "$@"' own "$group" \
	bash -c "set -eu; $(declare -f make_root write_units boot); boot \"\$@\"" own "$io" "${shared[@]}" \
	>"$io/log" 2>&1 &
init=$!
disown "$init"

status=124
exec 9<>"$io/status"
for ((i = 0; i < limit; i++)); do
	if read -r -t 1 -u 9 status; then break; fi
	status=124
	if ! kill -0 "$init" 2>/dev/null; then
		status=125
		echo "systemd-own.sh: systemd did not come up" >&2
		cat "$io/log" >&2
		break
	fi
done
if [ "$status" = 124 ] || [ "$status" = 125 ]; then
	kill "$out" "$err" 2>/dev/null || :
fi
kill -KILL "$init" 2>/dev/null || :
wait "$out" "$err" 2>/dev/null || :
init=
exit "$status"
