#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A failed create leaves nothing of ours behind: no cgroup, mount, process or state. Every step of create is made to fail
# in turn. Needs a build with --enable-test-hooks: it has --list-steps and obeys PF_TEST_FAIL_AT.

# shellcheck disable=SC2034,SC2154
load helpers

local_setup() {
	pinfold_only
	"$RUNTIME" --list-steps >"$SCRATCH/steps" 2>/dev/null && [ -s "$SCRATCH/steps" ] || skip_or_fail "needs a build with --enable-test-hooks"
}

before_and_after() {
	find /sys/fs/cgroup -mindepth 2 -maxdepth 6 -type d -path "*$ID*" 2>/dev/null | sort
	sort /proc/self/mountinfo | cut -d' ' -f5
	find "$PF_ROOT" -mindepth 1 | grep -v -e '/\.cache' -e '/seccomp' | sort
}

# every_step_fails [OPTION...]: create with each step failing leaves the host as it was
every_step_fails() {
	local step count=0

	bundle "$@" -- /probe forever
	# the first create may make what is shared by all: the parent cgroup, a cache
	create_box
	pf delete --force "$ID"
	before_and_after >"$SCRATCH/before"
	while read -r step _; do
		export PF_TEST_FAIL_AT=$step
		create_fails
		unset PF_TEST_FAIL_AT
		assert_contains "$step"
		before_and_after >"$SCRATCH/after"
		diff "$SCRATCH/before" "$SCRATCH/after" || fail "left behind after $step"
		[ -z "$(left_processes "$ID")" ] || fail "after $step: $(left_processes "$ID")"
		count=$((count + 1))
	done <"$SCRATCH/steps"
	[ "$count" -ge 3 ] || fail "only $count steps listed"
}

@test "a create that fails at any step leaves nothing behind" {
	every_step_fails
}

@test "a confined create that fails at any step leaves nothing behind" {
	every_step_fails --annotate io.pinfold.read=@image --annotate io.pinfold.write=/work
}

@test "a create in a user namespace that fails at any step leaves nothing behind" {
	require_root
	chown_root
	every_step_fails --userns
}

@test "after a failure at any step the same id can be used" {
	local step

	bundle -- /probe forever
	while read -r step _; do
		PF_TEST_FAIL_AT=$step create_fails
		create_box
		pf delete --force "$ID"
	done <"$SCRATCH/steps"
}

@test "a run that fails at any step returns 1 and leaves nothing behind" {
	local step

	bundle -- /probe exit 0
	while read -r step _; do
		PF_TEST_FAIL_AT=$step run timeout 30 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
		assert_status 1
		[ ! -e "$PF_ROOT/$ID" ]
	done <"$SCRATCH/steps"
}

# pause MILLISECONDS, without a process: $! must stay that of the create
pause_ms() {
	local pause
	exec {pause}<>"$SCRATCH/pause"
	read -r -t "0.$(printf %03d "$1")" -u "$pause" || true
	exec {pause}>&-
}

start_create() {
	"$RUNTIME" --root "$PF_ROOT" create --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null 3>&- 4>&- &
	CREATE=$!
}

@test "a create that is killed at any moment can be cleaned up by delete --force" {
	local i

	bundle -- /probe forever
	mkfifo "$SCRATCH/pause"
	for i in {1..24}; do
		start_create
		pause_ms "$i"
		kill -9 "$CREATE" 2>/dev/null || true
		wait "$CREATE" 2>/dev/null || true
		run pf delete --force "$ID"
		assert_status 0
		[ ! -e "$PF_ROOT/$ID" ]
		wait_until "the init to end" nothing_left
	done
}

nothing_left() {
	[ -z "$(left_processes "$ID")" ]
}

@test "a delete --force that meets a create leaves the container whole or nothing of it" {
	local i

	bundle -- /probe forever
	mkfifo "$SCRATCH/pause"
	for i in {1..24}; do
		start_create
		pause_ms "$i"
		pf delete --force "$ID" || true
		wait "$CREATE" || true
		# whatever the order was: what exists now is known by its id, and can be removed by it
		run pf delete --force "$ID"
		assert_status 0
		wait_until "the init to end" nothing_left
		[ -z "$(find /sys/fs/cgroup -mindepth 2 -maxdepth 6 -type d -path "*$ID*")" ] || fail "a cgroup is left in round $i"
	done
}

@test "a delete --force while create waits for a hook: create fails, or the container is still known" {
	mkfifo "$SCRATCH/gate"
	bundle --jq ".hooks.createRuntime = [{ path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo in >$SCRATCH/in; read -r x <$SCRATCH/gate\"], env: [\"PATH=/bin\"] }]" -- /probe forever
	start_create
	wait_for_line "$SCRATCH/in" in
	run timeout 20 "$RUNTIME" --root "$PF_ROOT" delete --force "$ID"
	# opened for both ways: it does not wait for a hook that delete has ended
	echo go 1<>"$SCRATCH/gate"
	local code=0
	wait "$CREATE" || code=$?
	if [ "$code" -eq 0 ]; then
		assert_contains_status
	else
		run -1 pf state "$ID"
		wait_until "the init to end" nothing_left
	fi
}

assert_contains_status() {
	[ "$(status_of "$ID")" = created ] || fail "create succeeded, and state says: $(status_of "$ID")"
}

@test "a create whose id was deleted and taken by another meanwhile does not succeed into the void" {
	local i first second

	bundle -- /probe forever
	for i in {1..40}; do
		start_create
		first=$CREATE
		[ $((i % 2)) -eq 0 ] || pf state "$ID" >/dev/null 2>&1 || true
		pf delete --force "$ID" >/dev/null 2>&1 || true
		start_create
		second=$CREATE
		pf delete --force "$ID" >/dev/null 2>&1 || true
		wait "$first" || true
		wait "$second" || true
		run pf delete --force "$ID"
		assert_status 0
		wait_until "every init to end (round $i)" nothing_left
	done
}
