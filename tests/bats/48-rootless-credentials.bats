#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Credentials and the environment where an ordinary user calls the runtime: what a program inside finds, and what that user is
# told afterwards.
# bats file_tags=rootless

# shellcheck disable=SC2034,SC2154
load helpers

KEY='wJalrXUtnFEMIbPxRfiCYEXAMPLEKEY'
TOKEN="ghp_$(printf 'a%.0s' {1..36})"

local_setup() {
	[ "$(id -u)" -ne 0 ] || skip "for a user that is not root"
	unshare --user true 2>/dev/null || skip_or_fail "needs user namespaces for users"
	pinfold_only
	require_landlock 3
	mkdir -p "$SCRATCH/home/.aws" "$SCRATCH/home/.ssh"
	printf '[default]\naws_secret_access_key = %s\n' "$KEY" >"$SCRATCH/home/.aws/credentials"
	printf '%s\n' "$KEY" >"$SCRATCH/home/.ssh/id_ed25519"
	printf 'plain\n' >"$SCRATCH/home/notes"
	chmod 600 "$SCRATCH/home/.aws/credentials" "$SCRATCH/home/.ssh/id_ed25519"
	WITH=(--bind "$SCRATCH/home:/root:rw" --env HOME=/root --env "GITHUB_TOKEN=$TOKEN" --env "ACME=$TOKEN" --env GREETING=hi)
	LOOK=(each print-file /root/.ssh/id_ed25519 -- print-file /root/.aws/credentials -- print-file /root/notes -- getenv GITHUB_TOKEN -- getenv ACME -- getenv GREETING)
}

# Whoever runs this is root inside, and nobody else is.
mine() {
	bundle --jq ".linux.namespaces += [{ type: \"user\" }] | .linux.uidMappings = [{ containerID: 0, hostID: $(id -u), size: 1 }]
		| .linux.gidMappings = [{ containerID: 0, hostID: $(id -g), size: 1 }] | del(.linux.resources, .linux.cgroupsPath)
		| .mounts |= map(select(.type != \"cgroup\"))" "$@"
}

start_mine() {
	mine "$@" -- /probe forever
	create_box
	pf start "$ID"
	wait_for_status "$ID" running
}

no_value_is_told() {
	assert_no_secret "$KEY" "$PF_ROOT"
	assert_no_secret "$TOKEN" "$PF_ROOT"
}

@test "rootless: without the key credentials are where they were" {
	start_mine "${WITH[@]}"
	in_box "${LOOK[@]}"
	assert_contains "$KEY" plain hi
}

@test "rootless: hide empties files and drops variables, also those of an exec" {
	start_mine --annotate io.pinfold.credentials=hide "${WITH[@]}"
	# the environment of the first process, from outside: a program of an exec may not read it
	if tr '\0' '\n' <"/proc/$(box_pid)/environ" | grep -e GITHUB_TOKEN -e ACME; then fail "it is there"; fi
	tr '\0' '\n' <"/proc/$(box_pid)/environ" | grep -qx GREETING=hi
	in_box each environ self -- environ 1
	refute_output "$TOKEN"
	assert_contains GREETING=hi EACCES
	run -0 pf exec --env "GITHUB_TOKEN=$TOKEN" --env "OWN=$TOKEN" "$ID" /probe "${LOOK[@]}" -- getenv OWN
	refute_output "$KEY"
	refute_output "$TOKEN"
	[[ $output == *"plain
(unset)
(unset)
hi
(unset)" ]] || fail "$output"
	grep -q "$KEY" "$SCRATCH/home/.ssh/id_ed25519"
	no_value_is_told
}

@test "rootless: a cover cannot be taken away by who is root inside" {
	start_mine --annotate io.pinfold.credentials=hide "${WITH[@]}"
	in_box each umount /root/.ssh/id_ed25519 -- rename /root/.ssh/id_ed25519 /root/x -- link /root/.ssh/id_ed25519 /root/l -- unshare user \
		-- print-file /root/.ssh/id_ed25519 -- print-file /proc/1/root/root/.ssh/id_ed25519 -- handle-open /root/.ssh/id_ed25519
	refute_output "$KEY"
	! grep -x 'ok.*' <<<"$output" || fail "one of them went through: $output"
}

@test "rootless: what is allowed stays, by kind, variable and path" {
	start_mine --annotate io.pinfold.credentials=hide --annotate 'io.pinfold.credentials.allow=env:ACME /root/.ssh' "${WITH[@]}"
	in_box each print-file /root/.ssh/id_ed25519 -- print-file /root/.aws/credentials -- getenv GITHUB_TOKEN -- getenv ACME
	[[ $output == *"
$KEY

(unset)
$TOKEN" ]] || fail "$output"
}

@test "rootless: decoy shows another key and another token" {
	start_mine --annotate io.pinfold.credentials=decoy "${WITH[@]}"
	in_box "${LOOK[@]}"
	refute_output "$KEY"
	refute_output "$TOKEN"
	assert_contains '[default]' plain hi
	assert_match 'ghp_[A-Za-z0-9]{36}'
	no_value_is_told
}

@test "rootless: deny refuses with every place, and leaves nothing" {
	mine --annotate io.pinfold.credentials=deny "${WITH[@]}" -- /probe exit 0
	create_fails --pid-file "$SCRATCH/pid"
	assert_contains "ssh-key at /root/.ssh/id_ed25519" "aws-access-key at /root/.aws/credentials" "github-token in variable GITHUB_TOKEN" \
		"io.pinfold.credentials.allow="
	no_value_is_told
	mine --annotate io.pinfold.credentials=deny -- /probe nnp
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output 0
}

@test "rootless: audit takes nothing, and the inventory has it all" {
	start_mine --annotate io.pinfold.credentials=audit "${WITH[@]}"
	in_box each print-file /root/.ssh/id_ed25519 -- getenv GITHUB_TOKEN -- nnp
	assert_output "$KEY
$TOKEN
0"
	output=$(jq -r '.findings[] | .verdict + " " + .kind + " " + .places[0].name' "$PF_ROOT/$ID/inventory.json")
	assert_contains "reported ssh-key /root/.ssh/id_ed25519" "reported github-token GITHUB_TOKEN" "reported aws-access-key /root/.aws/credentials"
	no_value_is_told
}

@test "rootless: pinfold audit looks at a container of one's own, and says what was done" {
	start_mine --annotate io.pinfold.credentials=hide --annotate io.pinfold.credentials.allow=env:ACME "${WITH[@]}"
	run -0 pf audit --format json "$ID"
	refute_output "$KEY"
	refute_output "$TOKEN"
	output=$(jq -r '.containers[0].findings[] | .kind + " " + .verdict + " " + .places[0].name' <<<"$output")
	assert_contains "ssh-key covered /root/.ssh/id_ed25519" "aws-access-key covered /root/.aws/credentials" "github-token allowed ACME"
	run -3 pf audit --fail-on any "$ID"
	refute_output "$TOKEN"
	run -0 pf audit --fail-on class:cloud,unallowed "$ID"
}

@test "rootless: pinfold audit of a bundle and of all that one may see" {
	start_mine "${WITH[@]}"
	run -0 pf audit --bundle "$BUNDLE"
	assert_contains ssh-key /root/.ssh/id_ed25519 github-token
	refute_output "$KEY"
	run -0 pf audit --all --format json
	[ "$(jq -r --arg id "$ID" '[.containers[] | select(.id == $id)] | length' <<<"$output")" = 1 ]
	refute_output "$TOKEN"
}

@test "rootless: pinfold log tells its user what was taken, and that nobody changed it" {
	start_mine --annotate io.pinfold.credentials=hide "${WITH[@]}"
	run -0 pf exec --env "OWN=$TOKEN" "$ID" /probe exit 0
	run -0 pf log --format json --verify "$ID"
	run -0 pf log "$ID"
	assert_contains credential.dropped GITHUB_TOKEN ACME OWN credential.covered /root/.ssh/id_ed25519
	refute_output "$TOKEN"
}

@test "rootless: the environment is scrubbed of what makes a program run something else" {
	start_mine --annotate io.pinfold.env=scrub --env LD_PRELOAD=/work/evil.so --env BASH_ENV=/work/rc --env FINE=1
	in_box each environ 1 -- environ self
	output=$(grep '^ok: ' <<<"$output")
	[ "$(grep -c FINE=1 <<<"$output")" = 2 ] || fail "not both were read: $output"
	refute_output LD_PRELOAD
	refute_output BASH_ENV
	run -0 pf exec --env LD_AUDIT=/work/evil.so "$ID" /probe each environ self -- getenv LD_AUDIT
	assert_match '\(unset\)$'
	run -0 pf log "$ID"
	assert_contains LD_PRELOAD BASH_ENV LD_AUDIT
}
