# SPDX-License-Identifier: Apache-2.0
# Once per run: a place for everything the engines keep, the settings of root's podman, and an image of busybox in it.
# Everything here lives inside of tests/env/engine-ns.sh, which takes it all away again.
# shellcheck shell=bash

# engine_settings FILE: the NAME=VALUE lines in it are exported
engine_settings() {
	local line

	while IFS= read -r line; do
		export "${line?}"
	done <"$1"
}

setup_suite() {
	export PF_TESTS PF_SUITE RUNTIME ENGINE IMAGE=localhost/pinfold/busybox

	PF_TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
	if [ -z "${PF_ENGINE_NS-}" ]; then
		echo "run these by \`tests/run engines' or \`tests/env/engine-ns.sh bats FILE...'" >&2
		return 1
	fi
	RUNTIME=${RUNTIME:-$(realpath "${PF_BUILD:-$PF_TESTS/..}")/pinfold}
	PF_SUITE=$PF_ENGINE_NS
	ENGINE=$PF_ENGINE_NS
	export PF_RUNTIME=$RUNTIME
	"$PF_TESTS/env/podman-own.sh" "$ENGINE/podman" >"$ENGINE/podman.env" || return
	(
		engine_settings "$ENGINE/podman.env"
		"$PF_TESTS/env/make-image.sh" import busybox "$IMAGE"
	) || return
	{
		echo "# kernel $(uname -r), cgroup $(stat -f -c %T /sys/fs/cgroup), $("$RUNTIME" --version 2>&1 | head -1)"
		echo "# $(podman --version), $(conmon --version | head -1)"
	} >&3
}
