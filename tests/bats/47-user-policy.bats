#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The policy of an ordinary user: where it is looked for, what comes before it, and what one that cannot be read does.
# bats file_tags=rootless

# shellcheck disable=SC2034,SC2154
load helpers

local_setup() {
	[ "$(id -u)" -ne 0 ] || skip "for a user that is not root"
	unshare --user true 2>/dev/null || skip_or_fail "needs user namespaces for users"
	pinfold_only
	[ ! -e /etc/pinfold/policy.json ] || skip_or_fail "this host has a node policy, which comes first"
	mkdir -p "$SCRATCH/xdg/pinfold" "$SCRATCH/home/.config/pinfold"
	export XDG_CONFIG_HOME="$SCRATCH/xdg" HOME="$SCRATCH/home"
	mkdir -p "$BUNDLE/rootfs/only-xdg" "$BUNDLE/rootfs/only-home"
	for where in xdg home; do
		echo "I am $where" >"$BUNDLE/rootfs/only-$where/file"
	done
	policy xdg "$SCRATCH/xdg"
	policy home "$SCRATCH/home/.config"
}

# policy NAME DIR: one under which only /only-NAME can be read, beside what runs the probe
policy() {
	jq -n --arg own "/only-$1" '{ defaults: { read: ["/probe", $own] } }' >"$2/pinfold/policy.json"
}

mine() {
	bundle --jq 'del(.linux.resources, .linux.cgroupsPath) | .mounts |= map(select(.type != "cgroup"))' --ns user \
		--jq "(.linux.uidMappings = [{ containerID: 0, hostID: $(id -u), size: 1 }]) | .linux.gidMappings = [{ containerID: 0, hostID: $(id -g), size: 1 }]" \
		-- /probe each print-file /only-xdg/file -- print-file /only-home/file
	run pf run --bundle "$BUNDLE" "$ID"
}

@test "the user's policy is that of XDG_CONFIG_HOME, else of .config in HOME" {
	mine
	assert_output "I am xdg
EACCES"
	unset XDG_CONFIG_HOME
	mine
	assert_output "EACCES
I am home"
	XDG_CONFIG_HOME=relative mine
	assert_output "EACCES
I am home"
}

@test "--policy comes before the user's own, and with neither nothing is confined" {
	policy home "$SCRATCH/xdg"
	mv "$SCRATCH/xdg/pinfold/policy.json" "$SCRATCH/given.json"
	policy xdg "$SCRATCH/xdg"
	PF_GLOBALS=(--policy "$SCRATCH/given.json")
	mine
	assert_output "EACCES
I am home"
	PF_GLOBALS=()
	rm "$SCRATCH/xdg/pinfold/policy.json"
	mine
	assert_output "I am xdg
I am home"
}

@test "a user's policy that cannot be read or understood refuses every container, and names file and cure" {
	local file="$SCRATCH/xdg/pinfold/policy.json"

	echo '{' >"$file"
	mine
	assert_status 1
	assert_contains "$file"
	echo '{"defaults":{"raed":[]}}' >"$file"
	mine
	assert_status 1
	assert_contains "$file" raed
	policy xdg "$SCRATCH/xdg"
	chmod 000 "$file"
	mine
	assert_status 1
	assert_contains "$file" "ermission denied" "chmod u+r"
	chmod 666 "$file"
	mine
	assert_status 1
	assert_contains "$file" "chmod go-w"
	rm "$file" && mkdir "$file"
	mine
	assert_status 1
	assert_contains "$file"
	rmdir "$file" && ln -s "$SCRATCH/home/.config/pinfold/policy.json" "$file" # as those who keep such files elsewhere have it
	mine
	assert_output "EACCES
I am home"
}
