#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A job of tests/vm/run.sh: what needs cgroup v2 with real controllers and systemd as init. Limits are asked for through
# podman, with systemd and with cgroupfs as the manager, as root and as a user, and read back from the kernel's files;
# then they are run into. Devices are tried against their BPF program.
set -uo pipefail

USER_NAME=agent
BOX=localhost/pinfold/busybox
CONF=/run/vm-containers.conf
BUNDLE=/run/vm-bundle
n=0 failed=0

ok() { # STATUS TEXT
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

is() { # TEXT EXPECTED GOT
	[ "$2" = "$3" ]
	ok $? "$1"
	[ "$2" = "$3" ] || printf '# expected: %s\n# got: %s\n' "$2" "${3//$'\n'/ | }"
}

has() { # TEXT PART GOT
	[[ $3 == *"$2"* ]]
	ok $? "$1"
	[[ $3 == *"$2"* ]] || printf '# expected in it: %s\n# got: %s\n' "$2" "${3//$'\n'/ | }"
}

write_conf() { # FILE MANAGER
	printf '[engine]\nruntime = "pinfold"\ncgroup_manager = "%s"\nevents_logger = "file"\n' "$2" >"$1"
	printf '[engine.runtimes]\npinfold = ["%s"]\n' "$PINFOLD" >>"$1"
	chmod 644 "$1"
}

as_user() { # COMMAND...
	local uid
	uid=$(id -u "$USER_NAME")
	# a service of the user's own manager, so that processes start where that manager may move them
	setpriv --reuid "$USER_NAME" --regid "$USER_NAME" --init-groups env -i HOME="/home/$USER_NAME" PATH="$PATH" \
		XDG_RUNTIME_DIR="/run/user/$uid" DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$uid/bus" \
		systemd-run --user --quiet --collect --wait --pipe --working-directory="/home/$USER_NAME" -p KillMode=process \
		-E CONTAINERS_CONF="$CONF" -E PF_CACHE="$PF_CACHE" -E PATH="$PATH" "$@" 2>&1
}

# the folder of the cgroup that the container's first process is in
group_of() { # PODMAN...
	local pid
	pid=$("$@" inspect --format '{{.State.Pid}}' box)
	echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")"
}

value() { cat "$1/$2" 2>&1; }

# What an engine asks of a running container, seen from the kernel's side.
one_life() { # NAME CONTROLLERS PODMAN...
	local name=$1 cpuset=$2 group text options=()
	shift 2
	[ -z "$cpuset" ] || options=(--cpuset-cpus 0)
	text=$("$@" run -d --name box --network none --memory 64m --memory-reservation 32m --pids-limit 50 --cpus 0.5 \
		"${options[@]}" "$BOX" sleep 600 2>&1)
	ok $? "$name: run -d with limits"
	group=$(group_of "$@")
	echo "# $text; $group"
	[ -f "$group/memory.max" ] || { "$@" rm -f -t 0 box >/dev/null 2>&1; return; }
	is "$name: --memory is memory.max" 67108864 "$(value "$group" memory.max)"
	is "$name: --memory-reservation is memory.low" 33554432 "$(value "$group" memory.low)"
	is "$name: --pids-limit is pids.max" 50 "$(value "$group" pids.max)"
	is "$name: --cpus is cpu.max" "50000 100000" "$(value "$group" cpu.max)"
	[ -z "$cpuset" ] || is "$name: --cpuset-cpus is cpuset.cpus" 0 "$(value "$group" cpuset.cpus)"
	is "$name: inside, the group is the root" "0::/" "$("$@" exec box cat /proc/self/cgroup 2>&1)"
	has "$name: exec cannot fork past the limit" "can't fork" \
		"$("$@" exec box sh -c 'i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done' 2>&1)"
	"$@" pause box >/dev/null 2>&1
	ok $? "$name: pause"
	has "$name: the group is frozen" "frozen 1" "$(value "$group" cgroup.events)"
	"$@" unpause box >/dev/null 2>&1
	ok $? "$name: unpause"
	has "$name: the group is thawed" "frozen 0" "$(value "$group" cgroup.events)"
	"$@" update --memory 80m box >/dev/null 2>&1
	is "$name: update --memory" 83886080 "$(value "$group" memory.max)"
	"$@" stop -t 1 box >/dev/null 2>&1
	ok $? "$name: stop"
	"$@" rm box >/dev/null 2>&1
	ok $? "$name: rm"
	[ ! -d "$group" ]
	ok $? "$name: the group is gone"
	# shellcheck disable=SC2016 # for the shell inside
	"$@" run --name box --network none --memory 16m --memory-swap 16m "$BOX" \
		sh -c 'x=$(head -c 40000000 /dev/zero | tr "\0" x); echo alive' >/dev/null 2>&1
	is "$name: memory beyond the limit ends the container" 137 $?
	"$@" rm -f -t 0 box >/dev/null 2>&1
}

systemd_side() {
	local text id
	id=$(podman run -d --name box --network none --memory 64m --pids-limit 50 "$BOX" sleep 600 2>&1)
	text=$(systemctl show "libpod-$id.scope" -p MemoryMax -p TasksMax -p Delegate -p ActiveState 2>&1)
	has "systemd knows the scope" "ActiveState=active" "$text"
	has "systemd knows the memory limit" "MemoryMax=67108864" "$text"
	has "systemd knows the pids limit" "TasksMax=50" "$text"
	has "the scope is delegated" "Delegate=yes" "$text"
	systemctl daemon-reload
	is "a daemon-reload leaves the limit" 67108864 "$(value "$(group_of podman)" memory.max)"
	podman rm -f -t 0 box >/dev/null 2>&1
	is "the scope is gone" inactive "$(systemctl is-active "libpod-$id.scope")"
}

# /dev/vda is 254:0: a real disk, whose content must stay out of reach whoever makes a node for it.
devices() {
	local try='mknod /dev/disk b 254 0 && { head -c 1 /dev/disk >/dev/null && echo read || echo no read; }'
	local options=(run --rm --network none --cap-add MKNOD "$BOX" sh -c) text
	has "a device that is not listed cannot be opened" "no read" "$(podman "${options[@]}" "$try" 2>&1)"
	text=$(podman run --rm --network none --cap-add MKNOD --device-cgroup-rule 'b 254:* rm' "$BOX" sh -c \
		"$try; (: >>/dev/disk) 2>/dev/null && echo write || echo no write" 2>&1)
	has "a rule opens it for reading" "read" "${text//no read/}"
	has "and for nothing else" "no write" "$text"
	try=': </dev/zero && : >/dev/null && : </dev/urandom && echo fine'
	has "the usual devices work" "fine" "$(podman "${options[@]}" "$try" 2>&1)"
	text=$(podman run --rm --network none --device /dev/vdb:/dev/given:r "$BOX" sh -c \
		'head -c 1 /dev/given >/dev/null && echo read; (: >>/dev/given) 2>/dev/null || echo no write' 2>&1)
	has "--device gives what it says" "read" "$text"
	has "and nothing more" "no write" "$text"
	has "--privileged opens all" "read" \
		"$(podman run --rm --network none --privileged "$BOX" sh -c 'head -c 1 /dev/vda >/dev/null && echo read' 2>&1)"
}

bundle() { # JQ-FILTER
	mkdir -p "$BUNDLE"
	[ -d "$BUNDLE/rootfs" ] || tests/env/make-image.sh dir busybox "$BUNDLE/rootfs"
	rm -f "$BUNDLE/config.json"
	(cd "$BUNDLE" && "$PINFOLD" spec)
	jq ".process.terminal = false | .process.args = [\"sh\", \"-c\", \"cat /proc/self/cgroup; sleep 0.2\"] | $1" \
		"$BUNDLE/config.json" >"$BUNDLE/new" && mv "$BUNDLE/new" "$BUNDLE/config.json"
}

# the runtime by itself, both managers
plain() {
	local text
	bundle '.linux.cgroupsPath = "system.slice:pinfold:one" | .linux.resources.memory.limit = 33554432 |
		del(.linux.namespaces[] | select(.type == "cgroup"))'
	text=$("$PINFOLD" --systemd-cgroup run --bundle "$BUNDLE" vm-one 2>&1)
	has "--systemd-cgroup run: slice:prefix:name" "/system.slice/pinfold-one.scope" "$text"
	is "--systemd-cgroup run: the scope is gone" inactive "$(systemctl is-active pinfold-one.scope)"
	bundle '.linux.cgroupsPath = "/pinfold-vm/two" | .linux.resources.pids.limit = 7 |
		del(.linux.namespaces[] | select(.type == "cgroup"))'
	text=$("$PINFOLD" --cgroup-manager cgroupfs run --bundle "$BUNDLE" vm-two 2>&1)
	has "cgroupfs run: the path is the group" "0::/pinfold-vm/two" "$text"
	[ ! -d /sys/fs/cgroup/pinfold-vm/two ]
	ok $? "cgroupfs run: the group is gone"
	bundle '.linux.cgroupsPath = "user.slice:pinfold:three"'
	"$PINFOLD" --systemd-cgroup create --bundle "$BUNDLE" vm-three >/dev/null 2>&1 </dev/null
	ok $? "--systemd-cgroup create"
	is "a created container has its scope" active "$(systemctl is-active pinfold-three.scope)"
	systemctl kill --signal=KILL pinfold-three.scope
	for _ in {1..50}; do
		systemctl --quiet is-active pinfold-three.scope || break
		sleep 0.1
	done
	is "killing the scope stops the container" stopped "$("$PINFOLD" state vm-three 2>&1 | jq -r .status)"
	text=$("$PINFOLD" delete vm-three 2>&1)
	ok $? "delete after that"
	[ -z "$text" ] || echo "# $text"
}

root() { one_life "systemd" cpuset podman; }
cgroupfs() { CONTAINERS_CONF=$CONF.cgroupfs one_life "cgroupfs" cpuset podman; }

rootless() {
	useradd --create-home --shell /bin/bash "$USER_NAME"
	loginctl enable-linger "$USER_NAME"
	for _ in {1..100}; do
		[ ! -S "/run/user/$(id -u "$USER_NAME")/bus" ] || break
		sleep 0.1
	done
	as_user /host/tests/env/make-image.sh import busybox "$BOX"
	ok $? "a user imports an image"
	one_life "a user" "" as_user podman
	has "a user: profile agent" "can't open" "$(as_user podman run --rm --network none -v /etc:/secrets:ro \
		--annotation io.pinfold.profile=agent "$BOX" cat /secrets/hostname)"
}

write_conf "$CONF" systemd
write_conf "$CONF.cgroupfs" cgroupfs
export CONTAINERS_CONF=$CONF
tests/env/make-image.sh import busybox "$BOX"
ok $? "root imports an image"
for part in ${PARTS:-root systemd_side cgroupfs devices plain rootless}; do "$part"; done
echo "1..$n"
exit $failed
