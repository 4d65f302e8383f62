#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The record of events: what is in it, what never is, that nothing happens without it, and that nothing inside gets at it.

load helpers

local_setup() {
	pinfold_only
	KEPT="$SCRATCH/kept"
}

local_teardown() {
	[ -z "${SMALL-}" ] || umount "$SMALL"
}

SECRET='never-shown-4711'

record() {
	echo "$PF_ROOT/$ID/events.jsonl"
}

# events FILTER: of the record, as one JSON array
events() {
	run -0 jq -cs "$1" "$(record)"
}

# kept: records go to $KEPT from now on
kept() {
	install -d -m 0700 "$KEPT"
	jq -n --arg dir "$KEPT" '{events: {dir: $dir}}' >"$SCRATCH/policy.json"
	PF_GLOBALS=(--policy "$SCRATCH/policy.json")
}

# --------------------------------------------------------------------------------------------------- containers without

@test "a container without a policy has no record, and no command makes a system call for one" {
	bundle -- /probe forever ready
	strace -o "$SCRATCH/trace" "$RUNTIME" --root "$PF_ROOT" create --bundle "$BUNDLE" "$ID" >"$SCRATCH/out" 2>&1 </dev/null 3>&- 4>&-
	strace -o "$SCRATCH/trace2" "$RUNTIME" --root "$PF_ROOT" start "$ID" 3>&- 4>&-
	strace -o "$SCRATCH/trace3" "$RUNTIME" --root "$PF_ROOT" exec "$ID" /probe env 3>&- 4>&-
	[ ! -e "$(record)" ]
	run -3 pf log "$ID"
	assert_contains "runs without a policy"
	strace -o "$SCRATCH/trace4" "$RUNTIME" --root "$PF_ROOT" delete --force "$ID" 3>&- 4>&-
	[ -s "$SCRATCH/trace4" ]
	run ! grep -h 'events\.jsonl' "$SCRATCH"/trace*
	# a lock is what a record would need; exec takes none
	run ! grep -q 'flock(' "$SCRATCH/trace3"
}

# ------------------------------------------------------------------------------------------------------------- contents

@test "create tells of its policy and of each variable that it dropped, by name and rule, and of no value" {
	sleeper --annotate io.pinfold.env=scrub --env "LD_PRELOAD=/lib/$SECRET.so" --env "BASH_ENV=$SECRET" --env "FINE=$SECRET"
	events '[.[] | [.seq, .type, .code, .object, .rule.key, .rule.entry]]'
	assert_output '[[1,"start","PF-E01",null,null,null],[2,"env.dropped","PF-E05","LD_PRELOAD","env","scrub"],[3,"env.dropped","PF-E05","BASH_ENV","env","scrub"]]'
	events '.[0] | [.id, .pid, .pid_inside, .keys]'
	assert_output "[\"$ID\",$(box_pid),1,[{\"key\":\"env\",\"from\":\"io.pinfold.env\"}]]"
	run ! grep -q "$SECRET" "$(record)"
	[ "$(stat -c %a "$(record)")" = 600 ]
}

@test "an exec is told of with its user, and a variable that create had not met is poison" {
	sleeper --annotate io.pinfold.env=scrub --env LD_PRELOAD=/x
	run -0 pf exec --user 12:34 --env "BASH_ENV=$SECRET" --env "LD_PRELOAD=$SECRET" "$ID" /probe exit 0
	events '[.[2:][] | [.type, .uid, .object, .tty]]'
	assert_output '[["exec",12,null,false],["env.poisoned",12,"BASH_ENV",null]]'
	events '.[3] | [.code, .rule.key, .rule.entry, (.pid > 0)]'
	assert_output '["PF-E06","env","scrub",true]'
	run ! grep -q "$SECRET" "$(record)"
}

@test "a variable of a hook that the program did not have is poison too" {
	sleeper --annotate io.pinfold.env=scrub --env LD_PRELOAD=/x \
		--hook 'startContainer={"path":"/probe","args":["probe","exit","0"],"env":["LD_AUDIT=/x","LD_PRELOAD=/x"]}'
	events '[.[1:][] | [.type, .object]]'
	assert_output '[["env.dropped","LD_PRELOAD"],["env.poisoned","LD_AUDIT"],["env.dropped","LD_PRELOAD"]]'
}

@test "many variables are told one by one up to a bound, and then by their number" {
	bundle --annotate io.pinfold.env=strict -- /probe forever ready
	bundle_edit '.process.env += [range(300) | "V\(.)=1"]'
	create_box
	events '[(map(select(.object)) | length), .[-1].count, .[-1].type, length]'
	assert_output '[256,44,"env.dropped",258]'
}

@test "the end is told of: with its status by run, without by delete" {
	kept
	bundle --annotate io.pinfold.env=scrub -- /probe exit 7
	run -7 pf run --bundle "$BUNDLE" "$ID"
	run -0 jq -cs '[.[] | [.type, .status]]' "$KEPT/$ID.jsonl"
	assert_output '[["start",null],["exit",7]]'
	sleeper --annotate io.pinfold.env=scrub
	pf delete --force "$ID"
	run -0 jq -cs '[.[] | [.seq, .type, .status]]' "$KEPT/$ID.jsonl"
	assert_output '[[1,"start",null],[2,"exit",7],[3,"start",null],[4,"exit",null]]'
	run -0 pf log --verify "$ID"
	assert_contains "4 lines, the chain is whole"
}

@test "a create that fails after its start was told of ends its record" {
	kept
	bundle --annotate io.pinfold.env=scrub -- /probe exit 0
	PF_TEST_FAIL_AT=record create_fails
	run -0 jq -cs '[.[] | [.type, .why]]' "$KEPT/$ID.jsonl"
	assert_output '[["start",null],["exit","its create failed"]]'
}

# ------------------------------------------------------------------------------------------------- nothing without a line

@test "where the record cannot be written, exec refuses and its program never runs" {
	sleeper --annotate io.pinfold.env=scrub
	mv "$(record)" "$SCRATCH/moved"
	ln -s "$SCRATCH/moved" "$(record)"
	run -255 pf exec "$ID" /bin/sh -c 'echo ran >/work/ran'
	assert_contains "an exec without its record of events does not happen"
	[ ! -e "$BUNDLE/rootfs/work/ran" ]
	rm "$(record)"
	mv "$SCRATCH/moved" "$(record)"
	run -0 pf exec "$ID" /probe exit 0
	# delete is not held up
	ln -sf /dev/null "$(record)"
	run -0 pf delete --force "$ID"
	assert_contains "continuing without the event"
}

@test "on a full disk create refuses, and leaves nothing" {
	require_root
	kept
	SMALL=$KEPT
	mount -t tmpfs -o size=16k,mode=0700 small "$KEPT"
	head -c 16384 /dev/zero >"$KEPT/fill" || true
	bundle --annotate io.pinfold.env=scrub -- /probe exit 0
	create_fails
	assert_contains "a container without its record of events does not happen (make room)" "no space left on device"
	[ ! -s "$KEPT/$ID.jsonl" ]
	rm "$KEPT/fill"
	run -0 pf run --bundle "$BUNDLE" "$ID"
}

@test "on a full disk exec refuses, and the record stays whole" {
	require_root
	kept
	SMALL=$KEPT
	mount -t tmpfs -o size=16k,mode=0700 small "$KEPT"
	sleeper --annotate io.pinfold.env=scrub
	head -c 16384 /dev/zero >"$KEPT/fill" || true
	run -0 pf exec "$ID" /probe exit 0 # the page that the record has is not full yet
	status=0
	for ((i = 0; i < 40 && status == 0; i++)); do run pf exec "$ID" /probe exit 0; done
	assert_status 255
	assert_contains "an exec without its record of events does not happen (make room)"
	run -0 pf log --verify "$ID"
	rm "$KEPT/fill"
	run -0 pf exec "$ID" /probe exit 0
	run -0 pf log --verify "$ID"
}

# ------------------------------------------------------------------------------------------------------- where it is kept

@test "without a place in the node policy the record goes with its container" {
	sleeper --annotate io.pinfold.env=scrub
	[ -e "$(record)" ]
	pf delete --force "$ID"
	run -1 pf log "$ID"
	assert_contains "container \`$ID'" "keeps the records of deleted ones"
}

@test "with a place in the node policy the record is there from the start, and stays" {
	kept
	sleeper --annotate io.pinfold.env=scrub
	[ ! -e "$(record)" ]
	[ "$(stat -c %a "$KEPT/$ID.jsonl")" = 600 ]
	# exec and delete go by what create recorded, not by what the policy says by then
	# shellcheck disable=SC2034 # pf() has it
	PF_GLOBALS=()
	run -0 pf exec "$ID" /probe exit 0
	pf delete --force "$ID"
	run -0 jq -cs 'map(.type)' "$KEPT/$ID.jsonl"
	assert_output '["start","exec","exit"]'
	kept
	run -0 pf log "$ID"
	assert_contains start exec exit
}

@test "a place that others can write to, that is not there, or that is a symlink refuses the container" {
	require_root
	kept
	bundle --annotate io.pinfold.env=scrub -- /probe exit 0
	chmod 0770 "$KEPT"
	create_fails
	assert_contains "can be written by others: chmod go-w it"
	chmod 1777 "$KEPT"
	create_fails
	assert_contains "can be written by others: chmod go-w it"
	mv "$KEPT" "$KEPT.there"
	create_fails
	assert_contains "install -d -m 0700 makes it"
	chmod 0700 "$KEPT.there"
	ln -s "$KEPT.there" "$KEPT"
	create_fails
	rm "$KEPT"
	touch "$KEPT"
	create_fails
	assert_contains "the directory of events"
}

@test "posture says which sources there are, and where the record is" {
	sleeper --annotate io.pinfold.env=scrub
	run -0 pf posture "$ID"
	assert_contains "events        fs: none" "events        net: none" "events        record: beside the state"
	pf delete --force "$ID"
	kept
	sleeper --annotate io.pinfold.env=scrub
	run -0 pf posture "$ID"
	assert_contains "events        record: $KEPT"
}

@test "an annotation cannot say where events go" {
	kept
	bundle --annotate io.pinfold.env=scrub --annotate io.pinfold.events=/tmp -- /probe exit 0
	create_fails
	assert_contains "io.pinfold.events"
}

@test "a refused create leaves one line in the node's record, and nothing else" {
	kept
	bundle --annotate io.pinfold.read=/nowhere --env "LD_PRELOAD=$SECRET" -- /probe exit 0
	create_fails
	bundle --annotate io.pinfold.raed=/usr -- /probe exit 0
	create_fails
	run -0 jq -cs '[.[] | [.seq, .id, .type, .code, .kind]]' "$KEPT/@refused.jsonl"
	assert_output "[[1,\"$ID\",\"refused\",\"PF-E04\",\"policy\"],[2,\"$ID\",\"refused\",\"PF-E04\",\"policy\"]]"
	run -0 jq -r '.why' "$KEPT/@refused.jsonl"
	assert_contains "/annotations/io.pinfold.read: " "/annotations/io.pinfold.raed: unknown key"
	refute_output "$SECRET"
	run -0 ls "$KEPT"
	assert_output '@refused.jsonl'
	run -0 pf log --refused
	assert_contains refused "kind policy" io.pinfold.raed
	run -0 pf log --refused --verify
	assert_contains "2 lines, the chain is whole"
}

# --------------------------------------------------------------------------------------------------------- from inside

@test "nothing inside reaches the record: no path, no open file" {
	kept
	sleeper --annotate 'io.pinfold.read=/' --annotate io.pinfold.env=scrub
	for path in "$KEPT/$ID.jsonl" "/proc/1/root$KEPT/$ID.jsonl" "/proc/self/root$KEPT/$ID.jsonl" "/proc/1/cwd/../../..$KEPT/$ID.jsonl"; do
		run pf exec "$ID" /bin/sh -c "cat '$path' && echo reached"
		refute_output reached
		refute_output '"seq"'
	done
	run -0 pf exec "$ID" /bin/sh -c 'ls -l /proc/1/fd /proc/self/fd'
	refute_output jsonl
	refute_output "$KEPT"
}

# ---------------------------------------------------------------------------------------------------------- pinfold log

@test "log prints a table for people, and the lines as they are for programs" {
	sleeper --annotate io.pinfold.env=scrub --env LD_PRELOAD=/x
	run -0 pf log "$ID"
	assert_match '^ +SEQ +TIME +TYPE +PID +EVENT'
	assert_match "1 +[0-9T:.-]+Z +start +$(box_pid) +keys env"
	assert_contains "LD_PRELOAD: " "(env scrub)"
	run -0 pf log --format json "$ID"
	assert_output "$(cat "$(record)")"
	run -0 pf log --type env.dropped --format json "$ID"
	[ "${#lines[@]}" -eq 1 ] && assert_contains LD_PRELOAD
	run -2 pf log --type nothing "$ID"
	assert_contains "none of start, exec, exit"
	run -2 pf log
	run -1 pf log "$ID-none"
}

@test "log shows hostile words as text" {
	kept
	bundle -- /probe exit 0
	bundle_edit '.annotations["io.pinfold.mode"] = "A\u009b31mB\u202eC"'
	create_fails
	run -0 pf log --refused
	assert_contains 'A\xc2\x9b31mB\xe2\x80\xaeC'
	run -0 pf log --refused --format json
	assert_contains 'A\u009b31mB\u202eC'
}

@test "log --follow prints what comes, and ends when the container is deleted" {
	sleeper --annotate io.pinfold.env=scrub
	"$RUNTIME" --root "$PF_ROOT" log --follow --format json "$ID" >"$SCRATCH/followed" 2>&1 3>&- 4>&- &
	follower=$!
	wait_for_line "$SCRATCH/followed" '"type":"start"'
	run -0 pf exec --env BASH_ENV=/x "$ID" /probe exit 0
	wait_for_line "$SCRATCH/followed" '"type":"env.poisoned"'
	pf delete --force "$ID"
	wait "$follower"
	run -0 jq -cs 'map(.type)' "$SCRATCH/followed"
	assert_output '["start","exec","env.poisoned","exit"]'
}

@test "log --follow ends with a record that is removed without an end" {
	sleeper --annotate io.pinfold.env=scrub
	"$RUNTIME" --root "$PF_ROOT" log --follow "$ID" >"$SCRATCH/followed" 2>&1 3>&- 4>&- &
	follower=$!
	wait_for_line "$SCRATCH/followed" start
	rm "$(record)"
	wait "$follower"
}

# verify_says STATUS TEXT...: of $KEPT/$ID.jsonl, which has been changed
verify_says() {
	local status=$1

	shift
	run "-$status" pf log --verify "$ID"
	assert_contains "$@"
}

@test "log --verify finds a line that was edited, removed, moved, put in, or cut off" {
	kept
	sleeper --annotate io.pinfold.env=scrub --env LD_PRELOAD=/x
	run -0 pf exec "$ID" /probe exit 0
	run -0 pf exec "$ID" /probe exit 0
	local f="$KEPT/$ID.jsonl" good="$SCRATCH/good"
	cp "$f" "$good"
	verify_says 0 "4 lines, the chain is whole" "the last line is no \`exit'"
	sed -i '2s/LD_PRELOAD/LD_PRELOBD/' "$f"
	verify_says 3 "line 2 breaks the chain"
	sed 2d "$good" >"$f"
	verify_says 3 "line 2 has seq 3 where 2 is due"
	sed 1d "$good" >"$f"
	verify_says 3 "line 1 has seq 2 where 1 is due"
	{ sed -n 1p "$good" && sed -n 3p "$good" && sed -n 2p "$good" && sed -n 4p "$good"; } >"$f"
	verify_says 3 "line 2 has seq 3 where 2 is due"
	sed '2p' "$good" >"$f"
	verify_says 3 "line 3 has seq 2 where 3 is due"
	sed '3s/^{"seq":3,/{"seq":3, /' "$good" >"$f"
	verify_says 3 "line 3 breaks the chain"
	sed '2s/.*/{}/' "$good" >"$f"
	verify_says 3 "line 3 has seq 3 where 2 is due"
	head -c -20 "$good" >"$f"
	verify_says 3 "line 4 is cut off"
	# a whole line less is not seen by the chain: the missing exit, and a noted chain, are what tells
	head -n 3 "$good" >"$f"
	verify_says 0 "3 lines, the chain is whole" "the last line is no \`exit'"
	cp "$good" "$f"
	pf delete --force "$ID"
	verify_says 0 "5 lines, the chain is whole"
	refute_output "the last line"
	run -0 pf log --verify --format json "$ID"
	run -0 jq -c '[.lines, .seq, .last, (.chain | length)]' <<<"$output"
	assert_output '[5,5,"exit",64]'
}
