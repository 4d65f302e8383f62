#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `hide' and `protect': what an entry or a pattern comes to, where it is refused, and what is told of it. What a workload
# tries against them is in tests/attack/hide.bats.

load helpers

HIDE=io.pinfold.hide

local_setup() {
	pinfold_only
	require_landlock 3
	SRC="$SCRATCH/src"
	mkdir -p "$SRC/a/deep" "$SRC/keys"
	for f in .env a/.env.local a/deep/.env keys/id plain a/plain; do echo "SECRET $f" >"$SRC/$f"; done
	chmod -R a+rwX "$SRC"
}

# refused PATTERN...: create fails and says so
refused() {
	create_fails
	assert_contains "$@"
}

# ------------------------------------------------------------------------------------------------------------ what hides

@test "a hidden file is empty, everything beside it is as it was" {
	probe --bind "$SRC:/src" --annotate "$HIDE=/src/.env" -- each print-file /src/.env -- print-file /src/plain \
		-- print-file /etc/greeting -- create /src/new -- open-write /src/.env
	assert_match $'^\nSECRET plain\nhello\nok\nE(ROFS|ACCES)$'
}

@test "a hidden directory is empty, and what is made in it later is hidden too" {
	sleeper --bind "$SRC:/src" --annotate "$HIDE=/src/keys"
	echo SECRET >"$SRC/keys/later"
	in_box each list /src/keys -- open-read /src/keys/id -- open-read /src/keys/later -- create /src/keys/new
	assert_output "0 entries
ENOENT
ENOENT
EROFS"
}

@test "patterns reach every depth, dot files too, and stop at names" {
	probe --bind "$SRC:/src" --annotate "$HIDE=/src/**/.env*" -- each print-file /src/.env -- print-file /src/a/.env.local \
		-- print-file /src/a/deep/.env -- print-file /src/a/plain
	refute_output "SECRET ."
	refute_output "SECRET a/."
	assert_contains "SECRET a/plain"
}

@test "a pattern that ends in ** is the directory itself" {
	probe --bind "$SRC:/src" --annotate "$HIDE=/src/a/**" -- each list /src/a -- print-file /src/plain
	assert_output "0 entries
SECRET plain"
}

@test "hide alone confines, also as another user, in a user namespace and on a read-only root" {
	local opt

	require_root
	for opt in --user\ 1000:1000 --userns --readonly; do
		# shellcheck disable=SC2086
		probe $opt --bind "$SRC:/src" --annotate "$HIDE=/src/.env /etc/greeting" -- each print-file /src/.env -- print-file /etc/greeting \
			-- print-file /src/plain -- unshare-user
		refute_output "SECRET .env"
		refute_output hello
		assert_contains "SECRET plain" EPERM
		pf delete --force "$ID" 2>/dev/null || true
	done
}

@test "what is hidden can be a FIFO, a mount, and a file of the engine" {
	require_root
	mkfifo -m 666 "$SRC/fifo"
	echo hidden-host >"$SCRATCH/hosts"
	bundle --bind "$SRC:/src" --bind "$SCRATCH/hosts:/etc/hosts" --bind "$SRC/plain:/work/token" \
		--annotate "$HIDE=/src/fifo /etc/hosts /work/token" -- /probe each print-file /src/fifo -- print-file /etc/hosts -- print-file /work/token \
		-- print-file /src/plain
	run -0 timeout 20 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	refute_output hidden-host
	[ "$(grep -c SECRET <<<"$output")" -eq 0 ] || fail "the alias of a hidden mount is open: $output"
}

@test "what is hidden is so at every place where a mount shows it" {
	mkdir -p "$SRC/a/in"
	probe --bind "$SRC:/src" --bind "$SRC/a:/part" --bind "$SRC/a/deep:/deeper" --annotate "$HIDE=/src/a/deep /src/a/.env.local" \
		-- each open-read /src/a/deep/.env -- open-read /part/deep/.env -- list /deeper -- print-file /part/.env.local -- print-file /part/plain
	assert_contains ENOENT "0 entries" "SECRET a/plain"
	refute_output "SECRET a/deep"
	refute_output "SECRET a/.env"
}

@test "a hidden mount point shows nothing of the mount" {
	probe --bind "$SRC:/src" --annotate "io.pinfold.read=@image @mounts" --annotate "$HIDE=/src" -- each list /src -- open-read /src/plain
	assert_denied "0 entries
ENOENT"
}

# ------------------------------------------------------------------------------------------------------- what is refused

@test "a path that does not exist refuses, unless what it would lie in is hidden" {
	bundle --annotate "$HIDE=/work/none" -- /probe exit 0
	refused "/annotations/io.pinfold.hide: \`/work/none' does not exist" "hide the directory"
	[ ! -e "$BUNDLE/rootfs/work/none" ]
	probe --annotate "$HIDE=/work/none /work" -- args fine
	assert_output fine
	probe --annotate "$HIDE=/work/none*" -- args fine
	assert_output fine
}

@test "what no pattern can mean, the root, and places that no program can do without are refused" {
	local pair

	for pair in '/|root of the container' '/**|root of the container' 'work|neither an absolute path' '/a/../b|holds' '/a/[b|has no' \
		'/a/**b|stands alone' '@home|is not known to' '@image|is not known to' '@any|is not known to' '/proc|can do without' '/dev|can do without' \
		'/proc/**/x|file system of the kernel' '/probe|covers the program'; do
		bundle --annotate "$HIDE=${pair%%|*}" -- /probe exit 0
		refused "${pair#*|}"
	done
}

@test "an entry that opens what is hidden refuses and names both; a token's part is left out" {
	bundle --bind "$SRC:/src" --annotate "io.pinfold.read=@image /src /src/a/.env.local" --annotate "$HIDE=/src/**/.env*" -- /probe exit 0
	refused "/annotations/io.pinfold.read: \`/src/a/.env.local'" "\`/src/**/.env*'"
	probe --cwd /work --annotate "io.pinfold.read=@image @cwd" --annotate "io.pinfold.write=@cwd" --annotate "$HIDE=/work" --jq '.process.cwd = "/"' -- list /work
	assert_output "0 entries"
}

@test "hide.later=watched is honest about what it is not, require refuses" {
	sleeper --bind "$SRC:/src" --annotate "$HIDE=/src/**/*.pem" --annotate io.pinfold.hide.later=watched
	run -0 pf posture "$ID"
	assert_contains "hide.later" "none" "a read can win"
	echo SECRET >"$SRC/late.pem"
	in_box print-file /src/late.pem
	assert_output SECRET
	pf delete --force "$ID"
	bundle --annotate io.pinfold.hide.later=require -- /probe exit 0
	refused "io.pinfold.hide.later" "BPF LSM"
}

# --------------------------------------------------------------------------------------------------------- whose word it is

@test "what the node hides stays hidden whatever a workload says" {
	require_root
	echo '{"defaults":{"hide":["/etc/greeting"]},"limits":{"hide":["/secret"],"profile":["ci"]}}' >"$SCRATCH/policy.json"
	PF_GLOBALS=(--policy "$SCRATCH/policy.json")
	probe --bind "$SRC:/src" --annotate "$HIDE=/src/.env" --annotate io.pinfold.profile=ci -- each print-file /etc/greeting -- list /secret -- print-file /src/.env
	refute_output hello
	refute_output SECRET
	assert_contains "0 entries"
}

# ---------------------------------------------------------------------------------------------------------- what is told

@test "explain and posture tell every cover, its entry, and whose word it is" {
	sleeper --bind "$SRC:/src" --annotate "$HIDE=/src/**/.env* /src/keys"
	run -0 pf explain "$ID" hide
	assert_contains "/src/**/.env* (annotation io.pinfold.hide)" "    /src/a/.env.local" "    /src/keys/" "later: none"
	run -0 pf explain --format json "$ID"
	[ "$(jq -c '[.covers[].path]' <<<"$output")" = '["/src/.env","/src/a/.env.local","/src/a/deep/.env","/src/keys"]' ]
	[ "$(jq -r .keys.hide.later <<<"$output")" = none ]
	run -0 pf posture --format json "$ID"
	[ "$(jq -r .probes.cover <<<"$output")" = denied ]
	[ "$(jq -r .mechanisms.covers <<<"$output")" -ge 4 ]
	run -0 pf posture "$ID"
	assert_contains "cover         /src/keys: by \`/src/keys' of hide"
}

@test "explain of a bundle shows what it can see without the mounts" {
	bundle --bind "$SRC:/src" --annotate "$HIDE=/etc/gree* /src/.env" -- /probe exit 0
	run -0 pf explain --bundle "$BUNDLE" hide
	assert_contains "    /etc/greeting" "    /src/.env"
}

@test "a hidden file with other names is told of" {
	ln "$SRC/.env" "$SRC/other"
	sleeper --bind "$SRC:/src" --annotate "$HIDE=/src/.env"
	run -0 pf explain "$ID"
	assert_contains "note: hide: \`/src/.env' has 2 names"
}

# ---------------------------------------------------------------------------------------------------------------- protect

PROTECT=io.pinfold.protect

repository() {
	mkdir -p "$SRC/.git/hooks" "$SRC/.git/objects" "$SRC/.vscode" "$SRC/.github/workflows"
	echo '[core]' >"$SRC/.git/config"
	echo 'exit 0' >"$SRC/.git/hooks/pre-commit"
	echo '{}' >"$SRC/.mcp.json"
	chmod -R a+rwX "$SRC"
}

@test "what is protected can be read and not changed, all around it can be written" {
	repository
	probe --bind "$SRC:/src" --cwd /src --annotate "$PROTECT=@agent-control" -- each print-file /src/.git/config -- open-write /src/.git/config \
		-- create /src/.git/hooks/post-commit -- mkdir /src/.github/workflows/x -- create /src/.github/dependabot.yml -- create /src/.git/index.lock \
		-- rename /src/.git/index.lock /src/.git/index -- create /src/new
	assert_output "[core]
EROFS
EROFS
EROFS
ok
ok
ok
ok"
	[ "$(cat "$SRC/.git/config")" = '[core]' ]
}

@test "the built-in profiles protect what the host obeys in the working directory" {
	local profile

	repository
	for profile in agent ci offline; do
		probe --bind "$SRC:/src" --cwd /src --annotate io.pinfold.profile=$profile -- each open-write /src/.git/config -- create /src/.vscode/tasks.json \
			-- open-trunc /src/.mcp.json -- create "/src/$profile"
		# the warning tells which credentials these profiles hide: the repository has a .env
		output=$(grep -v ' level=warning ' <<<"$output")
		assert_output "EROFS
EROFS
EROFS
ok"
	done
}

@test "explain and posture tell what is protected, held, and not there" {
	repository
	sleeper --bind "$SRC:/src" --cwd /src --annotate "$PROTECT=@agent-control /src/keys"
	run -0 pf explain "$ID" protect
	assert_contains "@agent-control (annotation io.pinfold.protect)" "    /src/.git/hooks/" "    /src/keys/" "held in place: /src/.git /src/.github" "later: none"
	run -0 pf explain "$ID"
	assert_contains "note: @agent-control: not there, and so not protected when they are made: .claude"
	run -0 pf posture --format json "$ID"
	[ "$(jq -r .probes.protect <<<"$output")" = denied ]
	[ "$(jq -c .protect.held <<<"$output")" = '["/src/.git","/src/.github"]' ]
	run -0 pf posture "$ID"
	assert_contains "  read-only   /src/.git/config /src/.git/hooks" "what is made later is not protected"
	bundle --bind "$SRC:/src" --annotate "$PROTECT=/etc/gree*" -- /probe exit 0
	run -0 pf explain --bundle "$BUNDLE" protect
	assert_contains "    /etc/greeting"
}

@test "protect works in a user namespace, for another user, on a read-only root, with write and without" {
	local opt

	require_root
	repository
	for opt in --user\ 1000:1000 --userns --readonly; do
		# shellcheck disable=SC2086
		probe $opt --bind "$SRC:/src" --cwd /src --annotate "$PROTECT=@agent-control /etc/passwd" --annotate io.pinfold.write=@cwd -- each open-write /src/.git/config \
			-- create /src/.git/hooks/x -- create "/src/${opt%% *}" -- open-write /etc/passwd
		[ "${lines[*]:0:3}" = "EROFS EROFS ok" ] || fail "$opt: $output"
		[ "${lines[3]}" != ok ]
	done
}

@test "a path that does not exist is told of, a write entry for what is protected refuses" {
	repository
	sleeper --bind "$SRC:/src" --annotate "$PROTECT=/src/absent"
	run -0 pf explain "$ID"
	assert_contains "protect: \`/src/absent' does not exist"
	pf delete --force "$ID"
	bundle --bind "$SRC:/src" --annotate "$PROTECT=/src/.git" --annotate "io.pinfold.write=/src /src/.git/hooks" -- /probe exit 0
	refused "/annotations/io.pinfold.write: \`/src/.git/hooks'" "\`/src/.git'"
}

@test "an exec has the rules and the protection of the container" {
	repository
	sleeper --bind "$SRC:/src" --cwd /src --annotate io.pinfold.profile=agent --annotate "$HIDE=/src/.env"
	in_box each open-write /src/.git/config -- create /src/.git/hooks/x -- create /src/.git/fine -- print-file /src/.git/config -- print-file /src/.env -- print-file /src/plain
	assert_output "EROFS
EROFS
ok
[core]

SECRET plain"
	in_box --user 1000:1000 each open-write /src/.git/config -- print-file /src/.env -- create /src/.git/also
	assert_output "EROFS

ok"
}
