#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What somebody tries next who has read the other files here: entries that are chosen so that they mean more than they say,
# mounts under and over each other, descriptors handed in, the caller's own mistakes.

# shellcheck disable=SC2034,SC2154
load ../bats/helpers

READ="io.pinfold.read=/usr /bin /probe /work"
WRITE="io.pinfold.write=/work"

local_setup() {
	require_landlock 3
	mkdir -p "$SCRATCH/mounted/inner"
	echo SECRET-mounted >"$SCRATCH/mounted/key"
	echo inner >"$SCRATCH/mounted/inner/file"
	chmod -R a+rX "$SCRATCH/mounted"
}

# ------------------------------------------------------------------------------------------------- entries of annotations

@test "an entry that leads through procfs to the root opens nothing" {
	local entry
	for entry in /proc/self/root /proc/1/root /proc/thread-self/root /proc/self/cwd /proc/self/root/secret /dev/fd /proc/self/fd/0 /proc/1/cwd/secret; do
		bundle --annotate "io.pinfold.read=/usr /bin /probe $entry" -- /probe each print-file /secret/key -- proc-root /secret/key
		run timeout 30 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
		refute_output SECRET
		[ "$status" -ne 0 ] || [ "${lines[1]}" = EACCES ] || fail "$entry: $output"
	done
}

@test "an entry is a symlink of the image: what it leads to is opened, and explain could say so" {
	ln -s /usr/share "$BUNDLE/rootfs/share"
	probe --annotate 'io.pinfold.read=/bin /probe /share' -- each print-file /usr/share/public -- print-file /share/public -- open-read /usr -- open-read /secret/key
	assert_output "public
public
EACCES
EACCES"
}

@test "an entry that is a symlink inside a writable place, or a mount, is refused" {
	ln -s /secret "$BUNDLE/rootfs/work/link"
	bundle --annotate "$READ /work/link" --annotate "$WRITE" -- /probe print-file /secret/key
	create_fails
	assert_contains /work/link
	ln -s /secret "$SCRATCH/mounted/link"
	bundle --annotate 'io.pinfold.read=/usr /bin /probe /data/link' --bind "$SCRATCH/mounted:/data" -- /probe print-file /secret/key
	create_fails
	assert_contains /data/link
}

@test "an entry below a masked path opens nothing of it" {
	bundle --annotate "$READ /secret" --jq '.linux.maskedPaths += ["/secret"]' -- /probe print-file /secret/key
	run timeout 30 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	refute_output SECRET
}

@test "escapes of JSON are decoded before the entry is judged" {
	local value
	for value in '["/usr/\u002e\u002e/secret"]' '["\u002fusr", "/usr/share/../../secret"]' '["/secret\u0000/usr"]' '["/usr","@any\u0000"]' '["/usr\n/secret"]'; do
		bundle --annotate "io.pinfold.read=$value" -- /probe print-file /secret/key
		create_fails
		assert_contains io.pinfold.read
	done
}

@test "a key in other letters, with blanks, or given for a container of a pod is refused, not ignored" {
	local key
	for key in io.pinfold.Read 'io.pinfold.read ' io.pinfold. io.pinfold.read.x io.pinfold.read/x io.pinfold..read io.pinfold.READ; do
		bundle --annotate "$key=/usr" -- /probe exit 0
		create_fails
		assert_contains io.pinfold.
	done
}

@test "@home and @cwd do not open what the image makes them point to" {
	ln -s /secret "$BUNDLE/rootfs/home/link"
	local pair
	for pair in HOME=/ HOME=/home/link HOME=/etc HOME=/home/../secret HOME=secret HOME= HOME=//secret HOME=/proc/self/root/secret HOME=/home/link/; do
		bundle --annotate 'io.pinfold.read=/usr /bin /probe @home' --env "$pair" -- /probe each print-file /secret/key -- open-read /etc/greeting
		run timeout 30 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
		[ "$pair" = HOME=//secret ] || refute_output SECRET
	done
	for cwd in / /home/link /proc/self/root/secret; do
		bundle --annotate 'io.pinfold.read=/usr /bin /probe @cwd' --cwd "$cwd" -- /probe print-file /secret/key
		run timeout 30 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
		refute_output SECRET
	done
}

@test "@tmp is the tmp of the container, not what XDG_RUNTIME_DIR names" {
	local dir
	for dir in /secret / /proc/self/root /tmp/../secret; do
		bundle --annotate 'io.pinfold.read=/usr /bin /probe @tmp' --env "XDG_RUNTIME_DIR=$dir" -- /probe print-file /secret/key
		run timeout 30 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
		[ "$dir" = /secret ] || refute_output SECRET
	done
	ln -s /secret "$BUNDLE/rootfs/var/tmp/x"
	rm -rf "$BUNDLE/rootfs/tmp"
	ln -s /secret "$BUNDLE/rootfs/tmp"
	bundle --annotate 'io.pinfold.read=/usr /bin /probe @tmp' -- /probe each print-file /tmp/key -- print-file /secret/key
	run timeout 30 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	refute_output SECRET
}

# --------------------------------------------------------------------------------------------------- mounts over mounts

@test "an entry inside a mount that is covered as a whole is refused with the line that mends it" {
	bundle --annotate 'io.pinfold.read=@image /data/inner' --bind "$SCRATCH/mounted:/data" --bind "$SCRATCH/mounted/inner:/data/inner" -- /probe exit 0
	create_fails
	assert_contains io.pinfold.read '/data/inner' 'list `/data'
}

@test "a mount whose destination goes through a symlink of the image is covered where it lies" {
	ln -s ../run "$BUNDLE/rootfs/var/run"
	mkdir -p "$BUNDLE/rootfs/run"
	probe --annotate 'io.pinfold.read=@image' --bind "$SCRATCH/mounted:/var/run/secrets" \
		-- each open-read /var/run/secrets/key -- open-read /run/secrets/key -- stat /run/secrets/key
	assert_output "ENOENT
ENOENT
ENOENT"
}

@test "two mounts on one place: the lower one is not uncovered by the cover of the upper" {
	mkdir "$SCRATCH/upper"
	echo SECRET-upper >"$SCRATCH/upper/key"
	probe --annotate 'io.pinfold.read=@image' --bind "$SCRATCH/mounted:/data" --bind "$SCRATCH/upper:/data" -- each stat /data/key -- list /data
	assert_output "ENOENT
0 entries"
}

@test "a mount on a file, below a tmpfs, and one on the root of the image itself are covered too" {
	probe --annotate 'io.pinfold.read=@image' --mount '{"destination":"/fresh","type":"tmpfs","source":"x"}' --bind "$SCRATCH/mounted:/fresh/data" \
		--bind "$SCRATCH/mounted/key:/fresh/token" -- each stat /fresh/data/key -- print-file /fresh/token -- stat /fresh/token
	[ "${lines[0]}" = ENOENT ]
	refute_output SECRET
}

@test "the image's own root as a mount on itself opens nothing more" {
	bundle --annotate "$READ" --bind "$BUNDLE/rootfs:/again" --bind "$BUNDLE/rootfs/secret:/usr/again" -- /probe each print-file /again/secret/key -- print-file /usr/again/key
	run timeout 30 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	# /usr is an entry, and reaches the mounts beneath it: the operator mounted it there
	[[ ${lines[0]} == ENOENT || ${lines[0]} == EACCES ]] || fail "$output"
}

@test "an overlay or a tmpfs of config.json is writable only where write says so" {
	probe --annotate 'io.pinfold.read=@image' --annotate 'io.pinfold.write=/work' --mount '{"destination":"/fresh","type":"tmpfs","source":"x","options":["mode=1777"]}' \
		-- each create /fresh/x -- mkdir /fresh/d -- create /work/x
	assert_output "EACCES
EACCES
ok"
}

# ------------------------------------------------------------------------------------------------------------ descriptors

@test "a directory of the host as stdin opens nothing below it" {
	bundle --annotate "$READ" -- /probe each fd-open 0 etc/hostname -- fd-open 0 . -- fds kinds
	run timeout 30 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID" </
	[ "$status" -ne 0 ] || {
		[[ ${lines[0]} == EACCES ]] || fail "$output"
		[[ ${lines[1]} == EACCES ]] || fail "$output"
	}
}

@test "a directory of the host by --preserve-fds opens nothing below it" {
	preserved() {
		(
			exec 3</
			timeout 30 "$RUNTIME" --root "$PF_ROOT" run --preserve-fds 1 --bundle "$BUNDLE" "$ID" </dev/null
		)
	}
	bundle --annotate "$READ" -- /probe each fd-open 3 etc/hostname -- fd-open 3 root
	run preserved
	[ "$status" -ne 0 ] || {
		[[ ${lines[0]} == EACCES ]] || fail "$output"
		[[ ${lines[1]} == EACCES ]] || fail "$output"
	}
}

@test "exec with a directory of the host as stdin opens nothing below it either" {
	sleeper --annotate "$READ" --annotate "$WRITE"
	run timeout 30 "$RUNTIME" --root "$PF_ROOT" exec "$ID" /probe fd-open 0 etc/hostname </
	[ "$status" -ne 0 ] || assert_output EACCES
}

@test "/proc/self/fd of the terminal, of a pipe and of memory stay usable" {
	bundle --annotate "$READ" -- /bin/sh -c 'cat /dev/stdin; echo out >/dev/stdout'
	run -0 pf run --bundle "$BUNDLE" "$ID" < <(echo through)
	assert_output "through
out"
}

# --------------------------------------------------------------------------------------------------------------- later

@test "a hundred execs leave no process, descriptor or memory file behind" {
	sleeper --annotate "$READ" --annotate "$WRITE"
	local pid i before
	pid=$(box_pid)
	before=$(ls "/proc/$pid/fd" | wc -l)
	for ((i = 0; i < 100; i++)); do
		pf exec "$ID" /probe exit 0 </dev/null || fail "exec $i"
	done
	[ "$(ls "/proc/$pid/fd" | wc -l)" -eq "$before" ]
	[ "$(left_processes "$ID" | wc -l)" -eq 1 ] || fail "$(left_processes "$ID")"
}

@test "the workload can end an exec but not turn it: a stopped, traced or starved exec stays confined" {
	sleeper --annotate "$READ" --annotate "$WRITE" --jq '.linux.resources.pids.limit = 5'
	in_box open-read /secret/key
	assert_output EACCES
	pf exec --detach "$ID" /probe forever </dev/null >/dev/null 2>&1 3>&- || true
	pf exec --detach "$ID" /probe forever </dev/null >/dev/null 2>&1 3>&- || true
	run timeout 30 "$RUNTIME" --root "$PF_ROOT" exec "$ID" /probe print-file /secret/key </dev/null
	refute_output SECRET
	[ "$status" -ne 0 ] || assert_output EACCES
}

@test "an allowed directory that is deleted and made again is not open for a later exec; one that stays is" {
	mkdir -m 777 "$BUNDLE/rootfs/work/data" "$BUNDLE/rootfs/work/stays"
	echo fine >"$BUNDLE/rootfs/work/stays/file"
	sleeper --annotate 'io.pinfold.read=/usr /bin /probe /work/data /work/stays' --annotate 'io.pinfold.write=/work'
	in_box each rmdir /work/data -- link /work/stays/file /work/other
	in_box each print-file /work/stays/file -- open-read /work
	[ "${lines[0]}" = fine ] || fail "$output"
}

@test "state, posture and the seal on the host are not writable by the container's user in a user namespace" {
	require_root
	chown_root
	sleeper --userns --annotate "$READ" --annotate "$WRITE"
	in_box each open-read /secret/key -- print-file /usr/share/public -- nnp
	assert_output "EACCES
public
1"
	[ "$(stat -c %u "$PF_ROOT/$ID")" = 0 ]
	local mode
	mode=$(stat -c %a "$PF_ROOT/$ID")
	[ "${mode: -1}" -le 1 ] || fail "state directory is $mode"
}

@test "a tampered seal refuses the exec, it does not open it" {
	sleeper --annotate "$READ" --annotate "$WRITE"
	local f cut
	while read -r f; do
		cp "$f" "$SCRATCH/saved"
		for cut in empty half zero; do
			case $cut in
			empty) : >"$f" ;;
			half) head -c "$(($(stat -c %s "$SCRATCH/saved") / 2))" "$SCRATCH/saved" >"$f" ;;
			zero) head -c "$(stat -c %s "$SCRATCH/saved")" /dev/zero >"$f" ;;
			esac
			run timeout 30 "$RUNTIME" --root "$PF_ROOT" exec "$ID" /probe print-file /secret/key </dev/null
			refute_output SECRET
		done
		cat "$SCRATCH/saved" >"$f"
		mv "$f" "$f.away"
		run timeout 30 "$RUNTIME" --root "$PF_ROOT" exec "$ID" /probe print-file /secret/key </dev/null
		refute_output SECRET
		mv "$f.away" "$f"
	done < <(find "$PF_ROOT/$ID" -type f)
	in_box print-file /usr/share/public
	assert_output public
}

@test "signals and limits of a confined container are those of any other" {
	start_box --annotate "$READ" --annotate "$WRITE" -- /probe signal-report /work/signals
	wait_for_line "$SCRATCH/out" ready
	run -0 pf kill "$ID" USR1
	wait_for_line "$BUNDLE/rootfs/work/signals" '^10$'
	run -0 pf kill "$ID" TERM
	wait_for_status "$ID" stopped
}

stopped() { # a process below PID is stopped
	local p

	for p in $(pgrep -P "$1"); do
		[ "$(sed 's/.*) //' "/proc/$p/stat" 2>/dev/null | cut -c1)" != T ] || return 0
	done
	return 1
}

@test "a container that stops whoever comes in holds up an exec, and no delete" {
	# shellcheck disable=SC2016
	start_box --cap KILL -- /bin/sh -c 'echo ready; while :; do
		for p in /proc/[0-9]*; do [ $p = /proc/1 ] || kill -STOP ${p#/proc/}; done 2>/dev/null; done'
	wait_for_line "$SCRATCH/out" ready
	"$RUNTIME" --root "$PF_ROOT" exec "$ID" /probe forever in >"$SCRATCH/exec" 2>&1 </dev/null 3>&- 4>&- &
	exec_pid=$!
	wait_until "the exec to be stopped" stopped "$exec_pid"
	run -0 timeout 20 "$RUNTIME" --root "$PF_ROOT" delete --force "$ID"
	r=0
	wait "$exec_pid" || r=$?
	[ $r -ne 0 ]
	[ ! -e "$PF_ROOT/$ID" ]
}
