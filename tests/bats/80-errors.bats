#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A hostile or broken config.json: refused within bounds, with a message that says where, what and how to mend it. The
# texts are pinfold's own; that another runtime refuses too is not asserted here.

# shellcheck disable=SC2034,SC2154
load helpers

local_setup() {
	pinfold_only
}

# refused FILTER POINTER [TEXT...]: config.json changed by a jq filter must be refused with the JSON pointer in the message
refused() {
	local filter=$1 pointer=$2

	shift 2
	bundle --jq "$filter"
	create_fails
	assert_contains "$pointer" "$@"
}

# refused_text TEXT: this very config.json must be refused
refused_text() {
	printf '%s' "$1" >"$BUNDLE/config.json"
	create_fails
}

@test "a value of the wrong type is refused with its JSON pointer" {
	refused '.process.args = "sh"' /process/args
	refused '.process.args = ["sh", 1]' /process/args/1
	refused '.process.user.uid = "root"' /process/user/uid
	refused '.process.terminal = "yes"' /process/terminal
	refused '.mounts = {}' /mounts
	refused '.mounts[2].options = "ro"' /mounts/2/options
	refused '.mounts[3].destination = 7' /mounts/3/destination
	refused '.linux.namespaces[1] = "pid"' /linux/namespaces/1
	refused '.annotations = { "a": 1 }' /annotations/a
	refused '.linux.resources.pids.limit = "many"' /linux/resources/pids/limit
	refused '.process = []' /process
	refused '.root = "rootfs"' /root
}

@test "a number out of range, negative, or with a fraction is refused with its JSON pointer" {
	refused '.process.user.uid = 4294967296' /process/user/uid
	refused '.process.user.uid = -1' /process/user/uid
	refused '.process.user.gid = 1.5' /process/user/gid
	refused '.process.user.additionalGids = [5000000000]' /process/user/additionalGids/0
	refused '.process.oomScoreAdj = 5000' /process/oomScoreAdj
	refused '.process.user.umask = 99999' /process/user/umask
}

@test "the id 4294967295 means leave-as-it-is to the kernel and is refused" {
	refused '.process.user.uid = 4294967295' /process/user/uid
	refused '.process.user.gid = 4294967295' /process/user/gid
}

@test "a required member that is missing is refused and named" {
	refused 'del(.process)' process
	refused 'del(.process.args)' args
	refused 'del(.process.cwd)' cwd
	refused 'del(.root)' root
	refused 'del(.root.path)' path
	refused 'del(.ociVersion)' ociVersion
	refused 'del(.mounts[0].destination)' /mounts/0 destination
	refused 'del(.linux.namespaces[0].type)' /linux/namespaces/0 type
}

@test "an unknown capability is left out, an unknown rlimit, namespace or signal is not" {
	refused '.process.rlimits = [ { type: "RLIMIT_X", soft: 1, hard: 1 } ]' /process/rlimits/0 RLIMIT_X
	refused '.linux.namespaces += [ { type: "x" } ]' /linux/namespaces
	bundle --jq '.process.capabilities.bounding += ["CAP_NONESUCH"]' -- /probe args fine
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_contains fine
}

@test "a key that the specification does not know is ignored" {
	probe --jq '.nonesuch = { deep: [ 1, { x: null } ] } | .process.nonesuch = 1 | .linux.nonesuch = "x"' -- args fine
	assert_output fine
}

@test "a version of the specification that is not 1.x is refused" {
	refused '.ociVersion = "2.0.0"' /ociVersion 2.0.0
	refused '.ociVersion = "nonsense"' /ociVersion nonsense
}

@test "a key that appears twice is refused and named" {
	bundle -- /probe exit 0
	sed -i '0,/"hostname"/s//"hostname": "evil", "hostname"/' "$BUNDLE/config.json"
	create_fails
	assert_contains /hostname twice
}

@test "a NUL inside a string is refused" {
	refused '.hostname = "a\u0000b"' /hostname
	refused '.process.args = ["/probe\u0000/bin/sh"]' /process/args/0
	refused '.annotations = { "io.pinfold.read\u0000x": "/" }' /annotations
}

@test "text that is not JSON, not UTF-8, cut off, or followed by more is refused" {
	for text in '' '{' '[]' 'null' '{"ociVersion":"1.0.2",}' '{} {}' "{'a':1}" '{"a":"'; do
		refused_text "$text"
	done
	refused_text $'{"ociVersion":"1.0.2\xff"}'
	refused_text $'\xef\xbb\xbf\xef{"a":1}'
}

@test "nesting without end is refused and does not overflow the stack" {
	{ head -c 1000000 /dev/zero | tr '\0' '['; } >"$BUNDLE/config.json"
	create_fails
	assert_match 'deep|nest'
	{ for ((i = 0; i < 20000; i++)); do printf '{"a":'; done; } >"$BUNDLE/config.json"
	create_fails
	assert_match 'deep|nest'
}

@test "a config.json that is too large is refused without being read whole" {
	truncate -s 3G "$BUNDLE/config.json"
	SECONDS=0
	create_fails
	assert_match 'large|bytes|big'
	[ "$SECONDS" -lt 10 ]
}

@test "a config.json that is a directory, a fifo or a device is refused at once" {
	rm -f "$BUNDLE/config.json"
	mkdir "$BUNDLE/config.json"
	create_fails
	rmdir "$BUNDLE/config.json"
	mkfifo "$BUNDLE/config.json"
	create_fails
	rm "$BUNDLE/config.json"
	ln -s /dev/zero "$BUNDLE/config.json"
	create_fails
}

@test "numbers of mounts, arguments and annotations are bounded" {
	refused '.mounts = [ range(200000) | { destination: "/m\(.)", type: "tmpfs" } ]' 'too large'
	refused '.annotations = ([ range(5000) | { key: "io.pinfold.k\(.)", value: "x" } ] | from_entries)' /annotations
}

@test "a message never holds a newline or an escape of the input" {
	bundle --jq '.linux.namespaces += [ { type: "a\nb\u001b[2J" } ]' -- /probe exit 0
	create_fails
	[ "${#lines[@]}" -le 1 ] || [ "$(wc -l <"$SCRATCH/refusal")" -eq 1 ]
	[[ $output != *$'\e'* ]]
}

@test "a message about a very long value is bounded" {
	bundle --jq '.linux.namespaces += [ { type: ("x" * 100000) } ]' -- /probe exit 0
	create_fails
	[ "${#output}" -lt 2000 ]
}

@test "a feature that is known but not supported is refused, not ignored" {
	refused '.linux.intelRdt = { closID: "x" }' /linux/intelRdt
	refused '.vm = { kernel: { path: "/vmlinuz" } }' /vm
}

@test "a failed create leaves nothing behind and the same id can be used at once" {
	refused '.process.user.uid = -1' /process/user/uid
	[ -z "$(find "$PF_ROOT" -mindepth 1 -maxdepth 1 -name "$ID*")" ]
	probe -- args fine
	assert_output fine
}

# ------------------------------------------------------------------------------------------ annotations of our own

@test "an unknown io.pinfold key refuses the container and names the key" {
	bundle --annotate io.pinfold.raed=/usr -- /probe exit 0
	create_fails
	assert_contains /annotations/io.pinfold.raed
}

@test "a bad value refuses the container and names key and value" {
	for pair in 'read=usr/lib' 'read=/usr/../etc' 'read=/etc/*.conf' 'read=@nonesuch' 'write=relative' 'exec=/a/..' 'profile=No Such' \
		'profile=nonesuch' 'mode=maybe' 'degrade=landlock.nonesuch' 'read=["/usr"' 'read=[1]' 'read=/does/not/exist'; do
		bundle --annotate "io.pinfold.$pair" -- /probe exit 0
		create_fails
		assert_contains "io.pinfold.${pair%%=*}"
	done
}

@test "a key that this version knows but does not build refuses the container" {
	for pair in brief=on mode=observe egress=a.example egress=@npm egress=@broker; do
		bundle --annotate "io.pinfold.$pair" -- /probe exit 0
		create_fails
		assert_contains "io.pinfold.${pair%%=*}"
	done
}

@test "an over-long annotation of ours is refused, a foreign one is not" {
	bundle --jq '.annotations = { "io.pinfold.read": ("/usr " * 20000) }' -- /probe exit 0
	create_fails
	assert_contains io.pinfold.read
	probe --jq '.annotations = { "org.example": ("x" * 100000) }' -- args fine
	assert_output fine
}

@test "a key with a slash is refused outside Kubernetes" {
	bundle --annotate io.pinfold.read/app=/usr -- /probe exit 0
	create_fails
	assert_contains io.pinfold.read
}
