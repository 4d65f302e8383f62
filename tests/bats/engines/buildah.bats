# SPDX-License-Identifier: Apache-2.0
# buildah, which calls the runtime by itself and asks it for the state.

load engine

setup_file() {
	use_podman
}

local_setup() {
	require_tool buildah
	# its own limits are the highest that it reads, which root without CAP_SYS_RESOURCE cannot set
	BUD=(buildah bud --isolation oci --runtime "$RUNTIME" --network none --ulimit nofile=1024:4096 --quiet)
}

local_teardown() {
	buildah rm --all
	podman rmi -f localhost/built
} >/dev/null 2>&1

@test "buildah bud runs its steps" {
	printf 'FROM %s\nRUN echo built >/made && id -u >>/made\nUSER 1000\nRUN id -u >/tmp/user\nCMD cat /made /tmp/user\n' \
		"$IMAGE" >"$SCRATCH/Containerfile"
	"${BUD[@]}" -t localhost/built "$SCRATCH" >/dev/null
	IMAGE=localhost/built box --
	assert_status 0
	assert_output 'built
0
1000'
}

@test "buildah bud stops at a step that fails" {
	printf 'FROM %s\nRUN exit 5\n' "$IMAGE" >"$SCRATCH/Containerfile"
	run "${BUD[@]}" -t localhost/built "$SCRATCH"
	[ "$status" -ne 0 ]
	assert_contains 'exit status 5'
}

@test "buildah run in a working container" {
	local c

	c=$(buildah from "$IMAGE")
	run buildah run --isolation oci --runtime "$RUNTIME" --network none "$c" -- sh -c 'echo inside; exit 3'
	assert_status 3
	assert_contains inside
	buildah run --isolation oci --runtime "$RUNTIME" --network none -v "$SCRATCH:/data" "$c" -- touch /data/file
	[ -e "$SCRATCH/file" ]
}

@test "buildah run -t has a terminal" {
	local c

	c=$(buildah from "$IMAGE")
	with_tty "buildah run -t --isolation oci --runtime $RUNTIME --network none $c -- tty"
	assert_contains /dev/pts/0
}

@test "buildah run of a missing program fails" {
	local c

	c=$(buildah from "$IMAGE")
	run buildah run --isolation oci --runtime "$RUNTIME" --network none "$c" -- /not/there
	[ "$status" -ne 0 ]
	assert_contains /not/there
}
