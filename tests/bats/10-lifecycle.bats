#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The life of a container, and what the engines read of it: statuses, error texts, exit statuses, files.

# shellcheck disable=SC2034,SC2154
load helpers

# ------------------------------------------------------------------------------------------------------- create, start

@test "create prepares a container and start runs its program" {
	bundle -- /probe append /work/mark ran
	create_box
	assert_equal_status created
	[ ! -e "$BUNDLE/rootfs/work/mark" ]
	run -0 pf start "$ID"
	wait_for_status "$ID" stopped
	[ "$(cat "$BUNDLE/rootfs/work/mark")" = ran ]
}

assert_equal_status() {
	local got

	got=$(status_of "$ID")
	[ "$got" = "$1" ] || fail "expected status $1, got $got"
}

@test "the pid file is written before create returns and names the process that state names" {
	bundle -- /probe forever
	create_box
	[ "$(cat "$SCRATCH/pid")" = "$(box_pid)" ]
	[ -d "/proc/$(cat "$SCRATCH/pid")" ]
	[[ $(cat "$SCRATCH/pid") =~ ^[0-9]+$ ]]
}

@test "a relative pid file lies in the caller's directory, not in the bundle" {
	bundle -- /probe forever
	cd "$SCRATCH"
	pf create --bundle "$BUNDLE" --pid-file here.pid "$ID" >/dev/null </dev/null 2>&1 3>&-
	[ -s "$SCRATCH/here.pid" ]
	[ ! -e "$BUNDLE/here.pid" ]
}

@test "the bundle is the current directory unless --bundle names another" {
	bundle -- /probe args found
	cd "$BUNDLE"
	run -0 pf run "$ID"
	assert_output found
}

@test "a relative bundle path is accepted and state prints it absolute" {
	bundle -- /probe forever
	cd "$SCRATCH"
	pf create --bundle bundle "$ID" >/dev/null </dev/null 2>&1 3>&-
	[ "$(pf state "$ID" | jq -r .bundle)" = "$BUNDLE" ]
}

@test "state prints what the specification asks for" {
	bundle --annotate org.example.key=value -- /probe forever
	create_box
	run -0 pf state "$ID"
	jq -e --arg id "$ID" --arg b "$BUNDLE" '.id == $id and .bundle == $b and .status == "created" and (.pid | type) == "number"
		and (.ociVersion | startswith("1.")) and .annotations["org.example.key"] == "value"' <<<"$output"
}

@test "state of a stopped container says stopped and pid 0" {
	bundle -- /probe exit 3
	create_box
	pf start "$ID"
	wait_for_status "$ID" stopped
	[ "$(box_pid)" = 0 ]
}

@test "a container whose process was killed from outside is stopped" {
	sleeper
	kill -9 "$(box_pid)"
	wait_for_status "$ID" stopped
}

@test "start of a running container is refused and does no harm" {
	sleeper
	run -1 pf start "$ID"
	assert_equal_status running
}

@test "start of a stopped container is refused" {
	start_box -- /probe exit 0
	wait_for_status "$ID" stopped
	run -1 pf start "$ID"
}

@test "a second create with the same id is refused and the first lives on" {
	sleeper
	run -1 pf create --bundle "$BUNDLE" "$ID"	# cannot hang: nothing was made
	assert_match "already exists|exists already"
	assert_equal_status running
}

@test "an id with a slash, a dot-dot, a space or nothing in it is refused" {
	bundle -- /probe exit 0
	for id in .. . a/b ../x 'a b' '' "$(printf 'a\nb')" 'ä' '-x*' "$(printf '%01100d' 7)"; do
		! pf create --bundle "$BUNDLE" -- "$id" >/dev/null 2>&1 </dev/null 3>&- || fail "accepted: $id"
	done
	[ -z "$(ls -A "$PF_ROOT")" ]
}

@test "an id of letters, digits, underscore, plus, dot and minus is accepted" {
	bundle -- /probe args fine
	another "$ID-A_b+c.9"
	run -0 pf run --bundle "$BUNDLE" "$ID-A_b+c.9"
	assert_output fine
}

@test "create without a config.json fails and names the file" {
	rm -f "$BUNDLE/config.json"
	create_fails
	assert_contains config.json
}

@test "create with a bundle that does not exist fails" {
	create_fails --bundle "$SCRATCH/nothing"
	assert_contains "no such file or directory"
}

@test "the caller may be anywhere: a workload inherits no working directory of it" {
	bundle -- /probe getcwd
	cd /proc/self
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output /
}

# ---------------------------------------------------------------------------------------------------------------- run

@test "run returns the exit status of the program" {
	bundle -- /probe exit 42
	run -42 pf run --bundle "$BUNDLE" "$ID"
}

@test "run returns 128 and the signal's number when a signal ended the program" {
	bundle -- /bin/sh -c '/probe die 9 & wait $!; exit $?'
	run -137 pf run --bundle "$BUNDLE" "$ID"
}

@test "run removes the container when the program has ended" {
	bundle -- /probe exit 0
	run -0 pf run --bundle "$BUNDLE" "$ID"
	run -1 pf state "$ID"
	[ ! -e "$PF_ROOT/$ID" ]
}

@test "run --detach returns at once and leaves the container running" {
	bundle -- /probe forever
	pf run --detach --pid-file "$SCRATCH/pid" --bundle "$BUNDLE" "$ID" >/dev/null </dev/null 2>&1 3>&-
	wait_for_status "$ID" running
	[ "$(cat "$SCRATCH/pid")" = "$(box_pid)" ]
}

@test "run --keep leaves a stopped container behind" {
	bundle -- /probe exit 0
	run -0 pf run --keep --bundle "$BUNDLE" "$ID"
	assert_equal_status stopped
}

@test "run passes stdin, stdout and stderr through" {
	bundle -- /bin/sh -c 'cat; echo to-stderr >&2'
	echo to-stdout | pf run --bundle "$BUNDLE" "$ID" >"$SCRATCH/1" 2>"$SCRATCH/2"
	[ "$(cat "$SCRATCH/1")" = to-stdout ]
	[ "$(cat "$SCRATCH/2")" = to-stderr ]
}

@test "run hands a TERM that it gets to the program" {
	bundle -- /probe sigterm-exit 7
	"$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID" >"$SCRATCH/out" 2>&1 </dev/null 3>&- &
	local runner=$! code=0
	wait_for_line "$SCRATCH/out" ready
	kill -TERM "$runner"
	wait "$runner" || code=$?
	[ "$code" -eq 7 ]
}

@test "a subreaper sees the exit status of the container's process" {
	bundle -- /probe exit 5
	"$PF_SUITE/tools/subreap" "$SCRATCH/reaped" /bin/sh -c '"$1" --root "$2" create --bundle "$3" --pid-file "$5" "$4" &&
		"$1" --root "$2" start "$4"' sh "$RUNTIME" "$PF_ROOT" "$BUNDLE" "$ID" "$SCRATCH/pid" >/dev/null 2>&1 3>&- </dev/null
	grep -qx "$(cat "$SCRATCH/pid") 5" "$SCRATCH/reaped"
}

@test "create leaves exactly one process: the container's own" {
	bundle -- /probe forever
	create_box
	[ "$(left_processes "$ID" | wc -l)" -eq 1 ] || fail "$(left_processes "$ID")"
}

# --------------------------------------------------------------------------------------------------- a missing program

@test "a program that is not in PATH fails with the engines' words" {
	bundle -- nonesuch
	create_fails
	assert_contains 'exec: "nonesuch": executable file not found in $PATH'
	[ ! -e "$PF_ROOT/$ID" ]
}

@test "an absolute program that does not exist fails with the engines' words" {
	bundle -- /bin/nonesuch
	create_fails
	assert_contains 'exec: "/bin/nonesuch": stat /bin/nonesuch: no such file or directory'
}

@test "a program that may not be executed fails with permission denied" {
	bundle -- /etc/greeting
	create_fails
	assert_contains 'exec: "/etc/greeting": permission denied'
}

@test "a directory as the program fails with permission denied or is a directory" {
	bundle -- /etc
	create_fails
	assert_match 'permission denied|is a directory'
}

@test "exec of a missing program fails with 255 and the engines' words" {
	sleeper
	run -255 pf exec "$ID" nonesuch
	assert_contains 'exec: "nonesuch": executable file not found in $PATH'
	run -255 pf exec "$ID" /bin/nonesuch
	assert_contains '/bin/nonesuch' 'no such file or directory'
	run -255 pf exec "$ID" /etc/greeting
	assert_contains 'permission denied'
}

@test "a script whose interpreter is missing fails when it is started" {
	printf '#!/no/such/interpreter\n' >"$BUNDLE/rootfs/work/script"
	chmod 755 "$BUNDLE/rootfs/work/script"
	bundle -- /work/script
	run pf run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	assert_contains 'no such file or directory'
}

# --------------------------------------------------------------------------------------------------------------- kill

@test "kill sends TERM unless told otherwise" {
	start_box -- /probe signal-report /work/signals
	wait_for_line "$SCRATCH/out" ready
	run -0 pf kill "$ID"
	wait_for_status "$ID" stopped
	[ "$(cat "$BUNDLE/rootfs/work/signals")" = 15 ]
}

@test "kill takes numbers and names with and without SIG" {
	start_box -- /probe signal-report /work/signals
	wait_for_line "$SCRATCH/out" ready
	local f="$BUNDLE/rootfs/work/signals"
	run -0 pf kill "$ID" USR1
	wait_for_line "$f" '^10$'
	run -0 pf kill "$ID" SIGUSR2
	wait_for_line "$f" '^12$'
	run -0 pf kill "$ID" 1
	wait_for_line "$f" '^1$'
	run -0 pf kill "$ID" KILL
	wait_for_status "$ID" stopped
}

@test "kill refuses a signal that does not exist" {
	sleeper
	for sig in NOSUCH SIGNOSUCH 99999 -1 9x; do
		run pf kill "$ID" "$sig"
		[ "$status" -ne 0 ] || fail "accepted signal: $sig"
	done
	assert_equal_status running
}

@test "kill of a stopped container says: container not running" {
	start_box -- /probe exit 0
	wait_for_status "$ID" stopped
	run -1 pf kill "$ID" KILL
	assert_contains "container not running"
}

@test "kill of a created container ends it before its program ran" {
	bundle -- /probe append /work/mark ran
	create_box
	run -0 pf kill "$ID" KILL
	wait_for_status "$ID" stopped
	[ ! -e "$BUNDLE/rootfs/work/mark" ]
}

@test "kill --all reaches every process when the pid namespace is the host's" {
	sleeper --no-ns pid
	pf exec --detach "$ID" /probe forever </dev/null >/dev/null 2>&1 3>&-
	run -0 pf kill --all "$ID" KILL
	wait_until "all processes to end" no_processes
}

no_processes() {
	[ -z "$(left_processes "$ID")" ]
}

@test "every command on an id that is not there says: does not exist" {
	for cmd in "state" "start" "kill" "pause" "resume" "ps" "delete"; do
		run -1 pf $cmd nonesuch-id
		assert_contains "does not exist"
	done
	run pf exec nonesuch-id /probe exit 0
	[ "$status" -eq 255 ] || [ "$status" -eq 1 ]
	assert_contains "does not exist"
}

# -------------------------------------------------------------------------------------------------------------- delete

@test "delete removes a stopped container" {
	start_box -- /probe exit 0
	wait_for_status "$ID" stopped
	run -0 pf delete "$ID"
	[ ! -e "$PF_ROOT/$ID" ]
	run -1 pf delete "$ID"
	assert_contains "does not exist"
}

@test "delete of a running container is refused without --force" {
	sleeper
	run -1 pf delete "$ID"
	assert_contains "running"
	assert_equal_status running
}

@test "delete --force ends a running container and may be repeated" {
	sleeper
	local pid
	pid=$(box_pid)
	run -0 pf delete --force "$ID"
	wait_for_exit "$pid"
	[ ! -e "$PF_ROOT/$ID" ]
	run -0 pf delete --force "$ID"
}

@test "delete --force ends a created container" {
	bundle -- /probe forever
	create_box
	run -0 pf delete --force "$ID"
	wait_for_exit "$(cat "$SCRATCH/pid")"
}

@test "delete removes the container when its bundle is gone" {
	start_box -- /probe exit 0
	wait_for_status "$ID" stopped
	rm -rf "$BUNDLE"
	run -0 pf delete "$ID"
}

# ------------------------------------------------------------------------------------------------------------ list, ps

@test "of several starts at once exactly one starts the container, the others say what is wrong" {
	local i round pids

	for round in 1 2 3 4 5; do
		bundle -- /probe forever
		create_box
		pids=()
		for i in 1 2 3 4; do
			pf start "$ID" >"$SCRATCH/start.$i" 2>&1 </dev/null 3>&- 4>&- && echo started >>"$SCRATCH/start.$i" &
			pids+=($!)
		done
		wait "${pids[@]}" || true
		[ "$(cat "$SCRATCH"/start.? | grep -c '^started$')" = 1 ] || fail "$(cat "$SCRATCH"/start.?)"
		[ "$(cat "$SCRATCH"/start.? | grep -c 'cannot start an already running container')" = 3 ] || fail "$(cat "$SCRATCH"/start.?)"
		[ "$(status_of "$ID")" = running ]
		pf delete --force "$ID"
	done
}

@test "SIGTERM ends a container that was never started, and reaches a program's own handler afterwards" {
	local sig

	for sig in TERM INT HUP; do
		bundle -- /probe forever
		create_box
		pf kill "$ID" "$sig"
		wait_for_status "$ID" stopped
		pf delete "$ID"
	done
	start_box -- /probe status SigCgt
	wait_for_status "$ID" stopped
	[ "$(cat "$SCRATCH/out")" = 0000000000000000 ]
}

@test "list shows every container: as a table, as ids, as JSON" {
	sleeper
	another "$ID-2"
	bundle_edit --arg c "$CGROUP-2" '.linux.cgroupsPath = $c'
	pf create --bundle "$BUNDLE" "$ID-2" >/dev/null 2>&1 </dev/null 3>&-
	run -0 pf list
	assert_match '^ID +PID +STATUS +BUNDLE +CREATED'
	assert_contains "$ID" "$ID-2" running created "$BUNDLE"
	run -0 pf list --quiet
	[ "$(sort <<<"$output")" = "$(printf '%s\n' "$ID" "$ID-2" | sort)" ]
	run -0 pf list --format json
	jq -e --arg id "$ID" 'length == 2 and any(.[]; .id == $id and .status == "running" and .pid > 0)' <<<"$output"
}

@test "list of a --root that does not exist is an error that names it" {
	PF_ROOT="$SCRATCH/nowhere"
	run -1 pf list
	assert_contains "$SCRATCH/nowhere" "o such file or directory"
	[ ! -e "$SCRATCH/nowhere" ]
}

@test "list without --root is empty before the first container" {
	mkdir "$SCRATCH/run"
	run -0 env XDG_RUNTIME_DIR="$SCRATCH/run" "$RUNTIME" --rootless=true list --quiet
	assert_output ""
}

@test "list of nothing is an empty table and an empty JSON value" {
	run -0 pf list --quiet
	assert_output ""
	run -0 pf list --format json
	jq -e '. == null or . == []' <<<"$output"
}

@test "ps --format json is an array of the host's pids" {
	start_box -- /probe spawn 2
	wait_until "two children" box_has_pids 3
	run -0 pf ps --format json "$ID"
	jq -e --argjson pid "$(box_pid)" 'length == 3 and index($pid) != null' <<<"$output"
}

box_has_pids() {
	[ "$(pf ps --format json "$ID" | jq length)" -eq "$1" ]
}

@test "ps prints a table with the container's processes only" {
	sleeper
	run -0 pf ps "$ID"
	assert_match 'PID'
	assert_contains "$(box_pid)" "/probe forever"
	[ "${#lines[@]}" -eq 2 ]
}

# -------------------------------------------------------------------------------------------------------- pause, resume

@test "pause stops a container and resume lets it go on" {
	require_cgroup_v1 freezer
	sleeper
	run -0 pf pause "$ID"
	assert_equal_status paused
	run -0 pf resume "$ID"
	assert_equal_status running
	in_box exit 0
}

@test "exec in a paused container is refused with 255" {
	require_cgroup_v1 freezer
	sleeper
	pf pause "$ID"
	run -255 pf exec "$ID" /probe exit 0
	assert_contains paused
	pf resume "$ID"
}

@test "delete --force ends a paused container" {
	require_cgroup_v1 freezer
	sleeper
	pf pause "$ID"
	run -0 pf delete --force "$ID"
	[ ! -e "$PF_ROOT/$ID" ]
}

@test "pause and resume of a container in the wrong state are refused" {
	require_cgroup_v1 freezer
	start_box -- /probe exit 0
	wait_for_status "$ID" stopped
	run -1 pf pause "$ID"
	run -1 pf resume "$ID"
}

# ------------------------------------------------------------------------------------------------- the command line

@test "--version names the program, its version and that of the specification" {
	run -0 "$RUNTIME" --version
	assert_match '^[a-z]+ version [0-9]+\.[0-9]+'
	assert_match 'spec: 1\.[0-9]+\.[0-9]+'
}

@test "features prints JSON with the versions, hooks, mount options and namespaces" {
	run "$RUNTIME" features
	[ "$status" -eq 0 ] || is_runc
	jq -e '.ociVersionMin and .ociVersionMax and (.hooks | index("createRuntime")) and (.mountOptions | index("ro"))
		and (.linux.namespaces | index("mount"))' <<<"$output"
}

@test "spec writes a config.json that runs, and does not overwrite one" {
	cd "$BUNDLE"
	run -0 "$RUNTIME" spec
	jq -e '.ociVersion and .process.args and .linux.namespaces' config.json
	run -1 "$RUNTIME" spec
	bundle_edit '.process.args = [ "/probe", "args", "by-spec" ] | .process.terminal = false | del(.process.rlimits)'
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_contains by-spec
}

@test "--log with --log-format json leaves the error as one object with level, msg and time" {
	bundle -- nonesuch
	PF_GLOBALS=(--log "$SCRATCH/log" --log-format json)
	create_fails
	PF_GLOBALS=()
	jq -se 'map(select(.level == "error")) | last | (.msg | contains("executable file not found in $PATH")) and (.time | length > 10)' \
		"$SCRATCH/log"
}

@test "--log in text form leaves level=error lines" {
	bundle -- nonesuch
	PF_GLOBALS=(--log "$SCRATCH/log")
	create_fails
	PF_GLOBALS=()
	grep -q 'level=error' "$SCRATCH/log"
}

@test "a failure is printed to stderr even when --log takes it too" {
	bundle -- nonesuch
	PF_GLOBALS=(--log "$SCRATCH/log" --log-format json)
	run --separate-stderr -1 pf create --bundle "$BUNDLE" "$ID"
	PF_GLOBALS=()
	[[ $stderr == *"executable file not found"* ]]
	[ -z "$output" ]
}

@test "an unknown command and an unknown option fail" {
	run "$RUNTIME" nonesuch
	[ "$status" -ne 0 ]
	run pf create --nonesuch "$ID"
	[ "$status" -ne 0 ]
	run pf state
	[ "$status" -ne 0 ]
	run pf state a b
	[ "$status" -ne 0 ]
}

@test "--help lists the commands and fails not" {
	run -0 "$RUNTIME" --help
	assert_contains create start state kill delete exec
}

@test "a long option takes its value behind = or as the next word" {
	bundle -- /probe args same
	run -0 pf run --bundle="$BUNDLE" "$ID"
	assert_output same
	run -0 pf run -b "$BUNDLE" "$ID"
	assert_output same
}
