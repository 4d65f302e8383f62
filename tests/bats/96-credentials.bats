#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `pinfold credentials': the kinds of credentials that are known, and an operator's own files among them.
# shellcheck disable=SC2016

load helpers

local_setup() {
	pinfold_only
}

# A mount point for the directory may be missing on the host: what a test made it takes away again.
local_teardown() {
	[ -z "${MADE_ETC-}" ] || rmdir /etc/pinfold
}

# with_dropins SCRIPT ARGS...: pinfold credentials where /etc/pinfold is $SCRATCH/etc, in whose credentials.d SCRIPT ran
with_dropins() {
	local script=$1

	shift
	mkdir -p "$SCRATCH/etc/credentials.d"
	chmod 755 "$SCRATCH/etc" "$SCRATCH/etc/credentials.d"
	[ -d /etc/pinfold ] || { mkdir /etc/pinfold && MADE_ETC=1; }
	run unshare --mount --propagation private sh -c 'mount --bind "$1" /etc/pinfold && cd /etc/pinfold/credentials.d &&
		eval "$2" && cd / && shift 2 && exec "$@"' sh "$SCRATCH/etc" "$script" "$RUNTIME" credentials "$@"
}

# kind ID MEMBERS: a file with one kind of class cloud
kind() {
	printf '{"kinds":[{"id":"%s","title":"Acme token","class":"cloud","cover":"none","lifetime":"long",
		"principal":{"is":"a project","from":"unknown"},"source":"acme.example",%s}]}' "$1" "$2"
}

@test "the kinds are listed, as a table and as JSON" {
	run -0 "$RUNTIME" credentials
	assert_contains "ID" "CLASS" "COVER" "LIFETIME" "TITLE" "github-token" "aws-access-key" "docker-socket"
	[ "${#lines[@]}" -gt 80 ]
	run -0 sh -c '"$1" credentials --format json | jq -r ".kinds | length"' sh "$RUNTIME"
	[ "$output" -gt 80 ]
	run -0 sh -c '"$1" credentials --format=json | jq -r ".kinds[] | select(.id == \"npmrc\") | .cover, .origin"' sh "$RUNTIME"
	assert_output "none
built-in"
}

@test "--class lists one class, and only what exists can be asked for" {
	run -0 "$RUNTIME" credentials --class host-control
	assert_contains docker-socket containerd-socket
	refute_output github-token
	run -0 sh -c '"$1" credentials --class model --format json | jq -r "[.kinds[].class] | unique[]"' sh "$RUNTIME"
	assert_output model
	run -2 "$RUNTIME" credentials --class models
	assert_contains "\`models' is none of model, cloud, forge"
	run -2 "$RUNTIME" credentials --format yaml
	assert_contains "\`yaml' is neither table nor json"
	run -2 "$RUNTIME" credentials github-token
	assert_contains "takes at most 0 operands"
}

@test "an operator's file adds a kind or replaces one, and other files are not looked at" {
	require_root
	kind acme-token '"variables":["ACME_TOKEN"]' >"$SCRATCH/acme.json"
	kind npm-token '"variables":["ACME_NPM"]' >"$SCRATCH/npm.json"
	with_dropins "cp $SCRATCH/acme.json $SCRATCH/npm.json . && for f in README x.json~ .x.json; do echo broken >\$f; done" \
		--class cloud
	assert_status 0
	assert_contains acme-token "Acme token (/etc/pinfold/credentials.d/acme.json)"
	with_dropins : --class cloud
	assert_contains "npm-token " "(/etc/pinfold/credentials.d/npm.json)"
	with_dropins : --class registry
	assert_status 0
	refute_output "npm-token "
}

@test "a file of kinds that is wrong, or that others could have written, is named with its cure" {
	local bad

	require_root
	kind acme-token '"variables":["ACME_TOKEN"]' >"$SCRATCH/acme.json"
	kind acme-token '"variable":["ACME_TOKEN"]' >"$SCRATCH/typo.json"
	with_dropins "cp $SCRATCH/typo.json ."
	assert_status 3
	assert_contains "credentials \`/etc/pinfold/credentials.d/typo.json': /kinds/0/variable: unknown member"
	with_dropins "rm -f *; cp $SCRATCH/acme.json one.json; cp $SCRATCH/acme.json two.json"
	assert_status 3
	assert_contains "two.json': /kinds/0/id: \`acme-token' is defined by \`/etc/pinfold/credentials.d/one.json' too"
	for bad in 'chmod 666 a.json' 'chown 1000 a.json' 'mv a.json a; ln -s a a.json' 'rm a.json; mkdir a.json' \
		'echo "{" >a.json' 'truncate -s 2M a.json'; do
		with_dropins "rm -rf *; cp $SCRATCH/acme.json a.json; chmod 644 a.json; $bad"
		assert_status 3
		assert_contains /etc/pinfold/credentials.d/a.json
	done
	with_dropins 'rm -rf *; chmod 777 .'
	assert_status 3
	assert_contains "\`/etc/pinfold/credentials.d' (mode 0777) can be written by others: chmod go-w it"
	with_dropins 'cd .. && rmdir credentials.d && touch credentials.d'
	assert_status 3
	assert_contains "\`/etc/pinfold/credentials.d' is not a directory"
}
