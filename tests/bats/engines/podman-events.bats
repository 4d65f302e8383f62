# SPDX-License-Identifier: Apache-2.0
# The record of events where podman makes, enters and removes the container, and the node's policy keeps records.

load engine

setup_file() {
	use_podman
}

local_setup() {
	KEPT="$SCRATCH/kept"
	install -d -m 0700 "$KEPT"
	mkdir -p /etc/pinfold
	echo "{\"events\": {\"dir\": \"$KEPT\"}, \"defaults\": {\"profile\": \"agent\"}}" >/etc/pinfold/policy.json
}

local_teardown() {
	rm -rf /etc/pinfold
}

@test "podman run leaves one whole record, without a value" {
	box --env LD_PRELOAD=/never-shown-4711.so -- true
	assert_status 0
	run -0 jq -cs 'map(.type)' "$KEPT"/*.jsonl
	assert_output '["start","env.dropped","exit"]'
	run -0 jq -cs '[.[0].profile, .[1].object, .[2].status]' "$KEPT"/*.jsonl
	assert_output '["agent","LD_PRELOAD",null]'
	run ! grep -q never-shown "$KEPT"/*.jsonl
	run -0 "$RUNTIME" log --verify "$(basename "$KEPT"/*.jsonl .jsonl)"
	assert_contains "3 lines, the chain is whole"
}

@test "podman run that the policy refuses leaves one line in the node's record" {
	box --annotation io.pinfold.read=/nowhere -- true
	[ "$status" -ne 0 ]
	run -0 ls "$KEPT"
	assert_output '@refused.jsonl'
	run -0 jq -r '[.type, .kind, .why] | join(" ")' "$KEPT/@refused.jsonl"
	assert_contains "refused policy /annotations/io.pinfold.read: "
}
