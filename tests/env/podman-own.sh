#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# podman and buildah with stores, settings and state of their own below DIR, and with pinfold as their runtime.
#
# usage: podman-own.sh [-u USER] DIR [COMMAND...]
#   -u USER   as this ordinary user, who owns DIR
#   COMMAND   runs inside of engine-ns.sh with the settings in its environment; without one they are printed, one
#             NAME=VALUE a line, for a caller that is inside already
# PF_RUNTIME	the runtime (./pinfold); a copy of it stands in DIR, since a user may not reach where it was built
# PF_SECOND	path of a second one, as `--runtime second'
# PF_CGROUP_MANAGER, PF_DRIVER, PF_PIDS_LIMIT	as in containers.conf and storage.conf; 0 is no limit
set -euo pipefail

user=
if [ "${1-}" = -u ]; then
	user=$2
	shift 2
fi
[ $# -gt 0 ] || { echo "usage: podman-own.sh [-u USER] DIR [COMMAND...]" >&2; exit 2; }
mkdir -p "$1"
dir=$(realpath "$1")
shift
runtime=$(realpath "${PF_RUNTIME:-./pinfold}")

# The limits: podman asks for its own maximum, which root without CAP_SYS_RESOURCE may not give.
write_settings() {
	mkdir -p "$dir/bin" "$dir/tmp"
	cmp -s "$runtime" "$dir/bin/pinfold" || install -m 755 "$runtime" "$dir/bin/pinfold"
	cat >"$dir/containers.conf" <<-CONF
		[containers]
		default_ulimits = ["nofile=1024:4096", "nproc=1024:2048"]
		log_driver = "k8s-file"
		${PF_PIDS_LIMIT:+pids_limit = $PF_PIDS_LIMIT}
		[engine]
		runtime = "pinfold"
		cgroup_manager = "${PF_CGROUP_MANAGER:-cgroupfs}"
		events_logger = "file"
		tmp_dir = "$run/libpod"
		runtime_supports_nocgroup = ["pinfold"]
		[engine.runtimes]
		pinfold = ["$dir/bin/pinfold"]
		second = ["${PF_SECOND:-/usr/sbin/runc}"]
		[network]
		network_config_dir = "$dir/networks"
	CONF
	cat >"$dir/storage.conf" <<-CONF
		[storage]
		driver = "${PF_DRIVER:-overlay}"
		graphroot = "$dir/storage"
		runroot = "$run/containers"
	CONF
	cat >"$dir/policy.json" <<-CONF
		{ "default": [ { "type": "insecureAcceptAnything" } ] }
	CONF
}

settings=(
	"CONTAINERS_CONF=$dir/containers.conf"
	"TMPDIR=$dir/tmp"
)
if [ -n "$user" ]; then
	run=/run/user/$(id -u "$user")
	settings+=("HOME=$dir/home" "XDG_RUNTIME_DIR=$run" "XDG_CONFIG_HOME=$dir/home/.config" "USER=$user" "LOGNAME=$user")
	write_settings
	mkdir -p "$dir/home/.config/containers" "$run"
	# rootless podman takes its store from here, whatever graphroot says
	cp "$dir/policy.json" "$dir/home/.config/containers/policy.json"
	chown -R "$user:" "$dir/home" "$dir/tmp" "$run"
	chmod 700 "$run"
else
	run=$dir/run
	settings+=("CONTAINERS_STORAGE_CONF=$dir/storage.conf" "HOME=$dir/home")
	write_settings
	mkdir -p "$dir/home/.config/containers"
	cp "$dir/policy.json" "$dir/home/.config/containers/policy.json"
fi

if [ $# -eq 0 ]; then
	printf '%s\n' "${settings[@]}"
	exit
fi
here=$(dirname "$(realpath "$0")")
if [ -n "$user" ]; then
	exec "$here/engine-ns.sh" setpriv --reuid "$user" --regid "$user" --init-groups env "${settings[@]}" "$@"
fi
exec "$here/engine-ns.sh" env "${settings[@]}" "$@"
