#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `pinfold audit --all' beside podman: its containers by their names, what they hold, and where conmon keeps their output.

load engine

setup_file() {
	use_podman
}

# podman removes a container that lends its network only after who borrows it
local_teardown() {
	podman rm -f -t 0 "$C-2" >/dev/null 2>&1 || true
}

# report FILTER: of the container $C
report() {
	run -0 jq -r ".containers[] | select(.name == \"$C\") | $1" "$SCRATCH/report"
}

@test "a podman container is audited by its name: variables, mounts, and the log that conmon keeps" {
	local token

	token=gh"p_$(printf 'FAKE%.0s' {1..9})"
	mkdir -p "$SCRATCH/home/.aws"
	echo '[default]' >"$SCRATCH/home/.aws/credentials"
	up -e "GITHUB_TOKEN=$token" -v "$SCRATCH/home:/root"
	"$RUNTIME" audit --all --format json >"$SCRATCH/report"
	run -0 jq -n -r --slurpfile schema "$PF_TESTS/../contrib/schema/audit.schema.json" \
		--slurpfile doc "$SCRATCH/report" -f "$PF_TESTS/schema.jq"
	assert_output ''
	report '.runtime, .status, .id, .looked_at'
	assert_output "pinfold
running
$CID
true"
	report '.findings[] | "\(.kind) \(.places[0].name) \(.places[0].source)"'
	assert_contains "aws-access-key /root/.aws/credentials" "github-token GITHUB_TOKEN"
	report '.ways[] | "\(.kind) \(.open) \(.what): \(.why)"'
	assert_contains "egress false none: only loopback" "\`conmon' keeps it: " ctr.log \
		"mount true /root: writable: \`$SCRATCH/home' of the host"
	refute_output /etc/resolv.conf
	"$RUNTIME" audit --all >"$SCRATCH/table"
	run -1 grep -c "$token" "$SCRATCH/table" "$SCRATCH/report"
}

@test "the containers of a pod are one set" {
	up -e NPM_TOKEN=x
	podman run -d --name "$C-2" --network "container:$C" "$IMAGE" sleep 1000 >/dev/null 3>&- 4>&-
	"$RUNTIME" audit --all --format json >"$SCRATCH/report"
	run -0 jq -r '.sets[] | select(.containers | length == 2) | .links[].by' "$SCRATCH/report"
	assert_contains "network namespace"
}
