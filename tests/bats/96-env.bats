#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The keys env and env.keep, seen from inside: what a program finds in its environment when it is the first one, when it
# is run by exec, when it is a hook; and what is told of it outside.

load helpers

local_setup() {
	pinfold_only
	chmod 711 "$SCRATCH"
}

SECRET='never-shown-4711'

# dirty: options of bundle() for an environment with variables that run code, and some that do not
dirty() {
	DIRTY=(--env "LD_PRELOAD=/lib/$SECRET.so" --env "BASH_ENV=/work/$SECRET" --env 'NODE_OPTIONS=--require ./x.js'
		--env 'JAVA_TOOL_OPTIONS=-Xmx64m' --env 'PYTHONPATH=/usr/lib/python' --env 'RUBYLIB=relative' --env CARGO_HOME=/work/cargo
		--env HARMLESS=1 --env HOME=/work)
}

CLEAN='PATH=/usr/local/bin:/usr/bin:/bin|JAVA_TOOL_OPTIONS=-Xmx64m|PYTHONPATH=/usr/lib/python|CARGO_HOME=/work/cargo|HARMLESS=1|HOME=/work'

# inside: what the last line of $output says that the program saw; what the log said goes before it
inside() {
	[ "${lines[-1]}" = "$1" ] || fail "expected: $1
got:      ${lines[-1]}"
}

@test "without the key an environment is what config.json says, and nothing is told" {
	dirty
	probe "${DIRTY[@]}" -- env
	assert_contains "LD_PRELOAD=/lib/$SECRET.so" "BASH_ENV=" "NODE_OPTIONS=--require ./x.js" "RUBYLIB=relative"
	refute_output dropped
	bundle "${DIRTY[@]}" --annotate io.pinfold.env=keep -- /probe env
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_contains "LD_PRELOAD=/lib/$SECRET.so"
	refute_output dropped
}

@test "env scrub: the first program does not find what would run code, and finds the rest" {
	dirty
	bundle "${DIRTY[@]}" --annotate io.pinfold.env=scrub -- /probe env
	run -0 pf run --bundle "$BUNDLE" "$ID"
	inside "$CLEAN"
	refute_output "$SECRET"
}

@test "env scrub: one warning names what was dropped, and no value" {
	dirty
	bundle "${DIRTY[@]}" --annotate io.pinfold.env=scrub -- /probe exit 0
	run -0 pf run --bundle "$BUNDLE" "$ID"
	[ "${#lines[@]}" -eq 1 ]
	assert_contains "create: 4 variables dropped" "LD_PRELOAD, BASH_ENV, NODE_OPTIONS, RUBYLIB" "env.keep"
	refute_output "$SECRET"
	refute_output require
}

@test "env scrub: every exec is scrubbed, by flags and by a process file" {
	sleeper --annotate io.pinfold.env=scrub --env HOME=/work
	run -0 pf exec --env "LD_PRELOAD=/lib/$SECRET.so" --env FINE=1 "$ID" /probe env
	inside 'PATH=/usr/local/bin:/usr/bin:/bin|HOME=/work|FINE=1'
	assert_contains 'exec: 1 variable dropped'
	refute_output "$SECRET"
	jq '.process | .args = ["/probe", "env"] | .env += ["BASH_ENV=/work/x", "GIT_SSH_COMMAND=sh -c id", "LD_LIBRARY_PATH=/work/lib", "FINE=2"]' \
		"$BUNDLE/config.json" >"$SCRATCH/process.json"
	run -0 pf exec -p "$SCRATCH/process.json" "$ID"
	inside 'PATH=/usr/local/bin:/usr/bin:/bin|HOME=/work|FINE=2'
	assert_contains 'BASH_ENV, GIT_SSH_COMMAND, LD_LIBRARY_PATH'
}

@test "env scrub: a variable of the container's own config.json does not come back by exec" {
	dirty
	sleeper "${DIRTY[@]}" --annotate io.pinfold.env=scrub
	run -0 pf exec "$ID" /probe env
	assert_output "$CLEAN" # and is not told again
	run -0 pf exec --env LD_PRELOAD= --env LD_AUDIT=/x "$ID" /probe env
	inside "$CLEAN"
	assert_contains 'exec: 1 variable dropped' ': LD_AUDIT'
}

@test "env scrub: a startContainer hook is scrubbed, in its own environment and in the program's" {
	bundle --annotate io.pinfold.env=scrub --env LD_PRELOAD=/x --env MINE=1 --env HOME=/work \
		--hook 'startContainer={"path":"/bin/sh","args":["sh","-c","/probe env >/work/own"],"env":["LD_AUDIT=/x","OWN=1"]}' \
		--hook 'startContainer={"path":"/bin/sh","args":["sh","-c","/probe env >/work/programs"]}' -- /probe exit 0
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_contains "LD_PRELOAD, LD_AUDIT"
	run -0 cat "$BUNDLE/rootfs/work/own"
	assert_contains OWN=1
	refute_output LD_AUDIT
	run -0 cat "$BUNDLE/rootfs/work/programs"
	assert_contains MINE=1
	refute_output LD_PRELOAD
}

@test "env scrub: a path counts as the image's unless something is mounted there or it can be written" {
	mkdir "$SCRATCH/data"
	bundle --annotate io.pinfold.env=scrub --bind "$SCRATCH/data:/data" --cwd /work --env HOME=/root --env PYTHONPATH=/data/lib \
		--env PERL5LIB=/work/lib --env NODE_PATH=/usr/lib/node --env LD_LIBRARY_PATH=/proc/self/cwd --env RUBYLIB=/tmp -- /probe env
	run -0 pf run --bundle "$BUNDLE" "$ID"
	inside 'PATH=/usr/local/bin:/usr/bin:/bin|HOME=/root|NODE_PATH=/usr/lib/node'
}

@test "env strict: the base list alone, and of env.keep what scrub lets through" {
	dirty
	bundle "${DIRTY[@]}" --env LANG=C.UTF-8 --env LC_ALL=C --annotate io.pinfold.env=strict \
		--annotate 'io.pinfold.env.keep=HARM* LD_PRELOAD' -- /probe env
	run -0 pf run --bundle "$BUNDLE" "$ID"
	inside 'PATH=/usr/local/bin:/usr/bin:/bin|HARMLESS=1|HOME=/work|LANG=C.UTF-8|LC_ALL=C'
}

@test "env.keep keeps a variable that scrub would drop, also by exec" {
	dirty
	sleeper "${DIRTY[@]}" --annotate io.pinfold.env=scrub --annotate 'io.pinfold.env.keep=NODE_OPTIONS RUBY*'
	run -0 pf exec --env RUBYOPT=-rx --env LD_AUDIT=/x "$ID" /probe env
	assert_contains 'NODE_OPTIONS=--require ./x.js' RUBYLIB=relative RUBYOPT=-rx
	[[ ${lines[-1]} != *LD_AUDIT* ]]
	[[ ${lines[-1]} != *LD_PRELOAD* ]]
}

@test "the last of several entries with one name counts, also when it is the one that goes" {
	bundle --annotate io.pinfold.env=scrub --env NODE_OPTIONS=--no-warnings --env NODE_OPTIONS=--require=./x --env HOME=/ -- /probe env
	run -0 pf run --bundle "$BUNDLE" "$ID"
	inside 'PATH=/usr/local/bin:/usr/bin:/bin|HOME=/'
}

@test "what is no variable is dropped, and told by its place" {
	bundle --annotate io.pinfold.env=scrub --env HOME=/ --env "$SECRET" --env '=x' -- /probe env
	run -0 pf run --bundle "$BUNDLE" "$ID"
	inside 'PATH=/usr/local/bin:/usr/bin:/bin|HOME=/'
	assert_contains "entry 2, entry 3"
	refute_output "$SECRET"
}

@test "env alone does not confine: capabilities and no_new_privs stay as they are" {
	bundle --annotate io.pinfold.env=scrub -- /bin/grep -E '^(NoNewPrivs|CapBnd|Seccomp):' /proc/self/status
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_match 'NoNewPrivs:[[:space:]]*0'
	assert_match 'Seccomp:[[:space:]]*0'
}

@test "explain and posture tell names and reasons, and no value" {
	dirty
	sleeper "${DIRTY[@]}" --annotate io.pinfold.env=scrub --annotate io.pinfold.env.keep=RUBYLIB
	run -0 pf explain "$ID"
	assert_contains 'env: from annotation io.pinfold.env' 'dropped LD_PRELOAD: it loads a library into every program' 'env.keep: from annotation'
	refute_output "$SECRET"
	run -0 pf explain "$ID" env.keep
	assert_contains RUBYLIB
	refute_output LD_PRELOAD
	run -0 pf explain --format json "$ID"
	jq -e '.keys.env.dropped | map(.name) == ["LD_PRELOAD", "BASH_ENV", "NODE_OPTIONS"]' <<<"$output"
	run -0 pf posture "$ID"
	assert_contains 'scrub, 3 dropped when it was created' 'BASH_ENV: every script of bash runs it first' 'off: no key confines it'
	refute_output "$SECRET"
	run -0 pf posture --format json "$ID"
	jq -e '.environment.mode == "scrub" and .environment.count == 3 and (.mechanisms.no_new_privs | not)' <<<"$output"
	run -0 grep -rl "$SECRET" "$PF_ROOT/$ID"
	assert_output "$PF_ROOT/$ID/config.json" # the bytes that were given, for exec
}

@test "explain of a bundle says what would be dropped" {
	dirty
	bundle "${DIRTY[@]}" --annotate io.pinfold.env=scrub -- /probe exit 0
	run -0 pf explain --bundle "$BUNDLE" env
	assert_contains 'dropped NODE_OPTIONS: its options can load or run code: it holds an option that is not known to be harmless'
	refute_output level=warning
}

@test "an exec goes by what create recorded, whatever the policy files say today" {
	require_root
	echo '{"defaults":{"env":"scrub","env.keep":["GIT_SSH"]}}' >"$SCRATCH/policy.json"
	chmod 644 "$SCRATCH/policy.json"
	PF_GLOBALS=(--policy "$SCRATCH/policy.json")
	sleeper --env HOME=/
	echo '{"defaults":{"env":"keep"}}' >"$SCRATCH/policy.json"
	run -0 pf exec --env GIT_SSH=ssh --env LD_AUDIT=/x "$ID" /probe env
	inside 'PATH=/usr/local/bin:/usr/bin:/bin|HOME=/|GIT_SSH=ssh'
	rm "$SCRATCH/policy.json"
	PF_GLOBALS=()
	run -0 pf exec --env GIT_SSH=ssh --env LD_AUDIT=/x "$ID" /probe env
	inside 'PATH=/usr/local/bin:/usr/bin:/bin|HOME=/|GIT_SSH=ssh'
}

@test "an exec refuses a state whose rules are damaged" {
	sleeper --annotate io.pinfold.env=scrub
	sed -i 's/"mode":"scrub"/"mode":"scrab"/' "$PF_ROOT/$ID/state.json"
	run pf exec "$ID" /probe env
	assert_status 255
	assert_contains "the state of \`$ID' is damaged: its env"
	sed -i 's/"mode":"scrab"/"mode":"scrub"/' "$PF_ROOT/$ID/state.json"
	sed -i 's/"places":\[/"places":[1,/' "$PF_ROOT/$ID/state.json"
	run -255 pf exec "$ID" /probe env
	assert_contains "the state of \`$ID' is damaged: its env"
	sed -i 's/"places":\[1,/"places":[/' "$PF_ROOT/$ID/state.json"
}

@test "profile agent scrubs, for the first program and for exec" {
	require_landlock 3
	dirty
	sleeper "${DIRTY[@]}" --annotate io.pinfold.profile=agent
	run -0 pf explain "$ID" env
	assert_contains 'env: from built-in profile agent' LD_PRELOAD BASH_ENV
	run -0 pf exec --env "GIT_EXTERNAL_DIFF=x" "$ID" /probe env
	inside "$CLEAN"
}

@test "a bad word refuses and is named" {
	bundle --annotate io.pinfold.env=scurb -- /probe exit 0
	create_fails
	assert_contains "/annotations/io.pinfold.env: unknown value \`scurb': one of keep, scrub, strict"
	bundle --annotate io.pinfold.env.keep=LD_PRELOAD=x -- /probe exit 0
	create_fails
	assert_contains "/annotations/io.pinfold.env.keep: \`LD_PRELOAD=x' is no name of a variable"
	bundle --annotate io.pinfold.enw=scrub -- /probe exit 0
	create_fails
	assert_contains "is \`io.pinfold.env' meant?"
}

@test "env.keep outside its bound refuses and names key, entry, bound, file and cure" {
	bundle --annotate io.pinfold.profile=agent --annotate io.pinfold.env.keep=LD_PRELOAD -- /probe exit 0
	create_fails
	assert_contains "/annotations/io.pinfold.env.keep: \`LD_PRELOAD' lies outside" '"limits": {"env.keep": ["LD_PRELOAD"]}' /etc/pinfold/policy.json
	require_root
	echo '{"limits":{"env":"scrub","env.keep":["GIT_*"]}}' >"$SCRATCH/policy.json"
	chmod 644 "$SCRATCH/policy.json"
	PF_GLOBALS=(--policy "$SCRATCH/policy.json")
	bundle --annotate 'io.pinfold.env.keep=GIT_SSH LD_PRELOAD' -- /probe exit 0
	create_fails
	assert_contains "\`LD_PRELOAD' lies outside limits.env.keep in \`$SCRATCH/policy.json'" '"limits": {"env.keep": ["GIT_*", "LD_PRELOAD"]}'
	bundle --annotate io.pinfold.env=keep -- /probe exit 0
	create_fails
	assert_contains "\`keep' lies outside limits.env in \`$SCRATCH/policy.json', which is \`scrub'" '"limits": {"env": "keep"}'
	bundle --annotate io.pinfold.env.keep=GIT_SSH --env GIT_SSH=ssh --env HOME=/ -- /probe env
	run -0 pf run --bundle "$BUNDLE" "$ID"
	inside 'PATH=/usr/local/bin:/usr/bin:/bin|GIT_SSH=ssh|HOME=/'
}
