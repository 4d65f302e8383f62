#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Whoever sets a variable that runs code (an image, a pod, an exec, a hook, a workload that writes for a later exec) gets it into
# no process of a container whose environment is scrubbed, and each is told of by name.

# shellcheck disable=SC2154
load ../bats/helpers

EVIL=/work/evil-4711

# By row: the linker (54), shells (55), git (56), languages (57).
NAMES=(LD_PRELOAD LD_AUDIT LD_LIBRARY_PATH GCONV_PATH
	BASH_ENV ENV PROMPT_COMMAND SHELLOPTS PS4 'BASH_FUNC_ls%%'
	GIT_SSH_COMMAND GIT_EXTERNAL_DIFF GIT_PAGER GIT_ASKPASS GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_CONFIG_VALUE_0 GIT_EXEC_PATH GIT_PROXY_COMMAND
	NODE_OPTIONS PYTHONSTARTUP PYTHONPATH PERL5OPT RUBYOPT JAVA_TOOL_OPTIONS DOTNET_STARTUP_HOOKS)

local_setup() {
	pinfold_only
	local name

	SET=()
	for name in "${NAMES[@]}"; do SET+=(--env "$name=\$($EVIL)"); done
}

# nothing_evil TEXT: none of the variables, and no value
nothing_evil() {
	local name

	for name in "${NAMES[@]}"; do
		[[ "|$1" != *"|$name="* ]] || fail "$name is there: $1"
	done
	[[ $1 != *"$EVIL"* ]] || fail "a value is there: $1"
}

# told TYPE: the names of the events of that type, in order
told() {
	jq -r --arg type "$1" 'select(.type == $type) | .object' "$PF_ROOT/$ID/events.jsonl" | sort
}

# Rows 54 to 57.
@test "what runs code is in the environment of no process, and each has its event" {
	sleeper --annotate io.pinfold.env=scrub "${SET[@]}" --env FINE=1
	output=$(tr '\0' '|' <"/proc/$(box_pid)/environ")
	assert_contains FINE=1
	nothing_evil "$output"
	in_box env
	assert_contains FINE=1
	nothing_evil "${lines[-1]}"
	[ "$(told env.dropped)" = "$(printf '%s\n' "${NAMES[@]}" | sort)" ] || fail "told: $(told env.dropped)"
	! grep -r "$EVIL" "$PF_ROOT/$ID"/{state,posture,explain}.json "$PF_ROOT/$ID/events.jsonl" || fail "a value is told"
}

# Row 58; and row 53: what a workload exports for a later command comes with that exec.
@test "an exec that brings what runs code does not get it, and each has its event as one that poisons" {
	sleeper --annotate io.pinfold.env=scrub
	in_box "${SET[@]}" --env FINE=1 env
	assert_contains FINE=1
	nothing_evil "${lines[-1]}"
	[ "$(told env.poisoned)" = "$(printf '%s\n' "${NAMES[@]}" | sort)" ] || fail "told: $(told env.poisoned)"
}

# Row 58.
@test "a hook that runs inside does not get it" {
	local env

	env=$(printf '%s\n' "${NAMES[@]}" | jq -Rnc --arg evil "\$($EVIL)" '[inputs | . + "=" + $evil] + ["FINE=1"]')
	bundle --annotate io.pinfold.env=scrub \
		--hook "startContainer={\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"/probe env >/work/own\"],\"env\":$env}" -- /probe exit 0
	run -0 pf run --bundle "$BUNDLE" "$ID"
	output=$(cat "$BUNDLE/rootfs/work/own")
	assert_contains FINE=1
	nothing_evil "$output"
}

# Row 53: a builtin of a shell exports where no runtime looks. That shell's own children see it; no exec that comes later does.
@test "what a shell of the container exports reaches no later exec" {
	bundle --annotate io.pinfold.env=scrub -- /bin/sh -c "export LD_PRELOAD_X=1 BASH_ENV=$EVIL; exec /probe forever ready"
	create_box
	pf start "$ID"
	wait_for_line "$SCRATCH/out" ready
	tr '\0' '\n' <"/proc/$(box_pid)/environ" | grep -qx "BASH_ENV=$EVIL"
	in_box env
	nothing_evil "${lines[-1]}"
}

# Row 63.
@test "a variable that claims to be confined or scrubbed already changes nothing" {
	sleeper --annotate io.pinfold.env=scrub --env PINFOLD_IN_SESSION=1 --env io.pinfold.env=keep --env IO_PINFOLD_ENV=keep --env LD_PRELOAD=x
	in_box --env PINFOLD_ENV=keep --env LD_AUDIT=x env
	nothing_evil "${lines[-1]}"
}

# Row 61. An rpath is part of a program, and as trusted as the image that it comes with.
@test "a file that does what LD_PRELOAD would is told of in the posture" {
	rm -rf "$BUNDLE/rootfs"
	mkdir -p "$BUNDLE"
	cp -a "$PF_SUITE/rootfs" "$BUNDLE/rootfs"
	mkdir -p "$BUNDLE/rootfs/etc"
	echo "$EVIL" >"$BUNDLE/rootfs/etc/ld.so.preload"
	sleeper --annotate io.pinfold.env=scrub --annotate io.pinfold.read=@image
	run -0 pf posture "$ID"
	assert_contains "/etc/ld.so.preload' is there"
	refute_output "$EVIL"
}
