#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the pages tell a newcomer to type, as far as no engine is needed: it works as printed and says nothing else.

# shellcheck disable=SC2034,SC2154
load helpers

local_setup() {
	require_root
	pinfold_only
}

of_spec() { # JQ-FILTER
	rm -f "$BUNDLE/config.json"
	"$RUNTIME" spec --bundle "$BUNDLE"
	bundle_edit ".process.terminal = false | .linux.cgroupsPath = \"$CGROUP\" | $1"
}

@test "spec: what it writes runs, without a warning" {
	of_spec '.process.args = ["/probe", "each", "caps", "--", "print-file", "/etc/greeting"]'
	run -0 pf run --bundle "$BUNDLE" "$ID"
	[ "${lines[0]}" = "inh=0 prm=20000420 eff=20000420 bnd=20000420 amb=0" ] || fail "$output"
	[ "${lines[1]}" = hello ]
	[ "${#lines[@]}" -eq 2 ] || fail "$output"
}

@test "spec: the same in a profile, explained before it runs" {
	require_landlock 3
	of_spec '.root.readonly = false | .annotations["io.pinfold.profile"] = "agent" | .process.args = ["/probe", "each", "print-file", "/etc/greeting", "--", "create", "/etc/x"]'
	run -0 pf explain --bundle "$BUNDLE"
	[ "${lines[0]}" = "profile: agent" ] || fail "$output"
	assert_contains "read: from built-in profile agent" "/ without the mounts in it"
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output "hello
EACCES"
}

@test "every example of a node policy and of a profile passes policy check" {
	local file n=0

	for file in "$PF_TESTS"/../contrib/examples/*.json "$PF_TESTS"/../contrib/examples/profiles/*.json \
		"$PF_TESTS"/../contrib/kubernetes/policy.json; do
		cp "$file" "$SCRATCH/${file##*/}"
		chmod 644 "$SCRATCH/${file##*/}"
		run -0 "$RUNTIME" policy check "$SCRATCH/${file##*/}"
		n=$((n + 1))
	done
	[ "$n" -ge 8 ]
}

@test "the policies that docs/policy.md prints are accepted as they stand" {
	local n=0 text

	# blocks that begin with {, indented by a tab
	while IFS= read -r -d '' text; do
		n=$((n + 1))
		printf '%s\n' "$text" >"$SCRATCH/policy-$n.json"
		chmod 644 "$SCRATCH/policy-$n.json"
		run -0 pf policy check "$SCRATCH/policy-$n.json"
	done < <(awk '/^\t\{/ { block = 1 } block && /^\t/ { print substr($0, 2) } block && !/^\t/ { printf "%c", 0; block = 0 }' \
		"$PF_TESTS/../docs/policy.md")
	[ "$n" -ge 5 ]
}

# What the table at the end of docs/policy.md says of a mistake is what the runtime says; it quotes `like this' there.
@test "the messages that docs/policy.md explains are those that come" {
	local key value message

	while IFS='|' read -r key value message; do
		grep -qF -- "$message" "$PF_TESTS/../docs/policy.md" || fail "docs/policy.md has no \"$message\""
		of_spec ".annotations[\"$key\"] = \"$value\""
		create_fails
		output=$(tr \` \' <<<"$output")
		assert_contains "$message"
	done <<'END'
io.pinfold.raed|/usr|/annotations/io.pinfold.raed: unknown key: is 'io.pinfold.read' meant?
io.pinfold.read|usr/lib|'usr/lib' is neither an absolute path of the container nor a token
io.pinfold.read|/usr/../etc|'/usr/../etc' holds '..'
io.pinfold.read|/etc/*.conf|'/etc/*.conf': patterns are not known to 'read'
io.pinfold.read/app|/usr|/annotations/io.pinfold.read~1app: a key for one container of a pod is only known under Kubernetes
io.pinfold.brief|on|not built into this version of pinfold
END
}

@test "every command and option that pinfold(8) names exists, and every command has its line" {
	local page="$PF_TESTS/../docs/pinfold.8.md" name

	for name in $("$RUNTIME" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
		grep -qE "^(\*\*[a-z]+\*\* ID, )?\*\*${name}[ *]" "$page" || fail "pinfold(8) lacks $name"
		"$RUNTIME" "$name" --help >/dev/null
	done
	for name in $(sed -n '/^# GLOBAL OPTIONS/,/^# ANNO/p' "$page" | grep -oE '^\*\*--[a-z-]+' | tr -d '*'); do
		"$RUNTIME" --help | grep -q -- " $name " || fail "pinfold --help lacks $name"
	done
	for name in $("$RUNTIME" --help | sed -n '/^global options:/,$s/.* \(--[a-z-]*\).*/\1/p'); do
		grep -q -- "\*\*$name\*\*" "$page" || fail "pinfold(8) lacks $name"
	done
}

@test "the names that io.pinfold.degrade takes are those of the pages" {
	local known name page

	of_spec '.annotations["io.pinfold.degrade"] = "landlock.nope"'
	create_fails
	known=$(grep -oE 'landlock(\.[a-z]+)?' <<<"${output#*nope}" | sort -u | xargs)
	page=$(sed -n '/^\*\*degrade\*\* holds/,/^$/p' "$PF_TESTS/../docs/policy.md" | tr '\n' ' ')
	[ "$(grep -oE 'landlock(\.[a-z]+)?|seccomp' <<<"${page%Each stands*}" | sort -u | xargs)" = "$known" ]
	page=$(sed -n '/^## io.pinfold.degrade/,/^## io.pinfold.mode/p' "$PF_TESTS/../docs/pinfold.8.md" | tr '\n' ' ')
	[ "$(grep -oE 'landlock(\.[a-z]+)?|seccomp' <<<"${page%All others*}" | sort -u | xargs)" = "$known" ]
}
