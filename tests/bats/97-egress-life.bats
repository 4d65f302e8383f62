#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `egress' and `listen': what is refused, what explain and posture say, and what is left of it in the kernel.

# shellcheck disable=SC2034,SC2154
load helpers
load net

setup_file() {
	net_up
}

teardown_file() {
	net_down
}

local_setup() {
	pinfold_only
	require_root
	require_bpf
}

# ------------------------------------------------------------------------------------------------------------ refusals

@test "an entry that is not understood refuses the container and is named" {
	local entry

	for entry in 127.1 0x7f000001 10.66.0.1/16 "$OUT:70000" "$OUT:80-" "tcp://$OUT:0" "ftp://$OUT" '*' '@nonesuch' '[fd66::1' "user:pw@$OUT"; do
		bundle --annotate "io.pinfold.egress=$OUT_2 $entry" -- /probe exit 0
		create_fails
		assert_contains /annotations/io.pinfold.egress
		refute_output user:pw
	done
	for entry in 70000 0 http 80-70 "$OUT:80" "icmp://80" '@pod'; do
		bundle --annotate "io.pinfold.listen=80 $entry" -- /probe exit 0
		create_fails
		assert_contains /annotations/io.pinfold.listen
	done
}

@test "what this version cannot hold anybody to refuses the container, whatever degrade says" {
	local entry

	for entry in api.example.com '*.example.com' @npm tls://api.example.com:443 @broker; do
		bundle --annotate "io.pinfold.egress=$entry" --annotate "io.pinfold.degrade=egress listen" -- /probe exit 0
		create_fails
		assert_contains io.pinfold.egress "this version"
	done
}

@test "what is closed opens to an entry of a workload only where the node policy's limits name it" {
	joined "$METADATA:80"
	bundle "${JOINED[@]}" -- /probe each tcp "$METADATA" 80 -- tcp "$METADATA" 443 -- tcp "$OUT" 80
	create_fails
	assert_contains "$METADATA" limits
	jq -n --arg a "$METADATA" '{ limits: { egress: [ $a, "@any" ] } }' >"$SCRATCH/policy.json"
	chmod 644 "$SCRATCH/policy.json"
	PF_GLOBALS=(--policy "$SCRATCH/policy.json")
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output "ok: outside
EPERM
EPERM"
	# a wider entry still does not reach it
	tries @any tcp "$METADATA" 80 -- tcp "$OUT" 80
	assert_output "EPERM
ok: outside"
}

# on VIEW COMMAND...: with the cgroups of another kind of host
on() {
	"$PF_TESTS/env/host-like.sh" "$@"
}

@test "without cgroup2 the container is refused with the cure" {
	joined "$OUT"
	bundle "${JOINED[@]}" -- /probe exit 0
	run on v1 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 77 ] || skip_or_fail "needs a cgroup v1 view"
	assert_status 1
	assert_contains egress cgroup2 "mount"
	[ ! -e "$PF_ROOT/$ID" ]
}

@test "where degrade names what is missing the container starts, nothing is judged, and posture says so" {
	joined "$OUT" --annotate io.pinfold.listen=80 --annotate "io.pinfold.degrade=egress listen"
	bundle "${JOINED[@]}" -- /probe forever
	# shellcheck disable=SC2016
	run on v1 "$BASH" -c '
		p=("$1" --root "$2")
		"${p[@]}" create --bundle "$3" "$4" >"$5" 2>&1 </dev/null && "${p[@]}" start "$4" && "${p[@]}" posture --format json "$4" &&
		"${p[@]}" exec "$4" /probe tcp "$6" 80
		"${p[@]}" delete --force "$4"' sh "$RUNTIME" "$PF_ROOT" "$BUNDLE" "$ID" "$SCRATCH/said" "$OUT_2"
	[ "$status" -ne 77 ] || skip_or_fail "needs a cgroup v1 view"
	assert_status 0
	[ "${lines[-1]}" = "ok: outside" ] || fail "$output"
	[ "$(jq -r '.network.mechanism, (.degraded | map(.name? // .) | sort | join(" "))' <<<"${lines[0]}")" = "none
egress listen" ] || fail "${lines[0]}"
	file_has "$SCRATCH/said" "continuing without" || fail "$(cat "$SCRATCH/said")"
}

@test "degrade has to name each of the two that is in force" {
	local name

	for name in egress listen; do
		joined "$OUT" --annotate io.pinfold.listen=80 --annotate "io.pinfold.degrade=$name"
		bundle "${JOINED[@]}" -- /probe exit 0
		run on v1 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
		[ "$status" -ne 77 ] || skip_or_fail "needs a cgroup v1 view"
		assert_status 1
	done
}

@test "where only cgroup2 is mounted the list holds" {
	joined "$OUT" --jq 'del(.linux.resources)'
	bundle "${JOINED[@]}" -- /probe each tcp "$OUT" 80 -- tcp "$OUT_2" 80
	run on v2 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 77 ] || skip_or_fail "needs a cgroup2 view"
	assert_status 0
	assert_output "ok: outside
EPERM"
}

# ------------------------------------------------------------------------------------------------------------- reports

@test "explain and posture tell the lists, the mechanism and what was tried" {
	joined "$OUT:80 @pod" --annotate "io.pinfold.listen=8080 @loopback"
	sleeper "${JOINED[@]}"
	run -0 pf explain "$ID"
	assert_contains "egress: from annotation io.pinfold.egress
  $OUT:80
  @pod
  mechanism: bpf" "listen: from annotation io.pinfold.listen
  8080
  @loopback
  mechanism: bpf"
	run -0 pf posture "$ID"
	assert_match "egress +$OUT:80 @pod"
	assert_match "probe +connect: denied"
	run -0 pf posture --format json "$ID"
	[ "$(jq -c '.network.mechanism, .network.egress.entries, .network.listen.entries, .probes.connect' <<<"$output")" = "\"bpf\"
[\"$OUT:80\",\"@pod\"]
[\"8080\",\"@loopback\"]
\"denied\"" ] || fail "$output"
}

@test "without egress and listen there is nothing to report and no program is loaded" {
	sleeper --annotate io.pinfold.read=@image
	run -0 pf posture --format json "$ID"
	[ "$(jq -c .network <<<"$output")" = null ]
	[ ! -e "$PF_ROOT/.egress" ]
}

ways() { # KIND: of the report in $output
	jq -r --arg k "$1" '.containers[0].ways[] | select(.kind == $k) | "\(.what) \(if .open then "open" else "closed" end)"' <<<"$output"
}

@test "audit tells the entries as the ways out, and the ports of listen as the ways in" {
	joined "$OUT:80 @pod" --annotate "io.pinfold.listen=8080 @loopback"
	sleeper "${JOINED[@]}"
	for target in "$ID" "--bundle $BUNDLE"; do
		# shellcheck disable=SC2086 # two words
		run -0 pf audit --format json $target
		[ "$(ways egress)" = "$OUT:80 open
@pod closed" ] || fail "$output"
		[ "$(ways inbound)" = "port 8080 open" ] || fail "$output"
	done
	run -0 pf audit "$ID"
	assert_contains "$OUT:80: an entry of \`egress'" "port 8080: an entry of \`listen'"
}

@test "audit of a list that opens nothing, of one that opens all, and of none" {
	joined @none
	sleeper "${JOINED[@]}"
	run -0 pf audit --format json "$ID"
	[ "$(ways egress)" = "none closed" ] || fail "$output"
	[ -z "$(ways inbound)" ]
	pf delete --force "$ID"
	joined @any --annotate io.pinfold.listen=@any
	serving=(tcp 0.0.0.0 7000)
	start_box "${JOINED[@]}" -- /probe serve own "${serving[@]}"
	wait_for_line "$SCRATCH/out" listening
	run -0 pf audit --format json "$ID"
	[ "$(ways egress)" = "open open" ] || fail "$output"
	[ "$(ways inbound)" = "tcp 0.0.0.0:7000 open" ] || fail "$output"
	pf delete --force "$ID"
	sleeper --ns "network=/run/netns/$NET_IN"
	run -0 pf audit --format json "$ID"
	[ "$(jq -r '.containers[0].ways[] | select(.kind == "egress").why' <<<"$output")" = "eth0: a route to anywhere; no egress list is in force" ] ||
		fail "$output"
}

# -------------------------------------------------------------------------------------------------------- nothing left

@test "two containers share the programs, which are gone with the last" {
	joined "$OUT"
	sleeper "${JOINED[@]}"
	egress_numbers "$PF_ROOT/.egress" >"$SCRATCH/numbers"
	[ "$(wc -l <"$SCRATCH/numbers")" -eq 10 ]
	another "$ID-2"
	joined "$OUT_2" --cgroup "$CGROUP-2"
	bundle "${JOINED[@]}" -- /probe tcp "$OUT" 80
	run -0 pf run --bundle "$BUNDLE" "$ID-2"
	assert_output EPERM
	egress_numbers "$PF_ROOT/.egress" | diff "$SCRATCH/numbers" -
	in_box tcp "$OUT" 80
	assert_output "ok: outside"
	run ! egress_numbers_gone "$SCRATCH/numbers"
	pf delete --force "$ID"
	assert_unloaded "$SCRATCH/numbers"
}

@test "a container that is gone has left no row" {
	local before

	joined "$OUT"
	sleeper "${JOINED[@]}"
	before=$(egress_rows)
	[[ $before =~ ^[1-9][0-9]*\ [1-9][0-9]*$ ]] || fail "$before"
	another "$ID-2"
	joined "$OUT_2:1-999 10.0.0.0/8:80 @pod icmp://$OUT" --cgroup "$CGROUP-2" --annotate "io.pinfold.listen=80-99 @loopback"
	bundle "${JOINED[@]}" -- /probe tcp "$OUT" 80
	run -0 pf run --bundle "$BUNDLE" "$ID-2"
	assert_output "ok: outside"
	[ "$(egress_rows)" = "$before" ] || fail "$before became $(egress_rows)"
}

@test "a create that fails at any step leaves no program, and no row beside a neighbour's" {
	local step before

	"$RUNTIME" --list-steps >"$SCRATCH/steps" 2>/dev/null && [ -s "$SCRATCH/steps" ] || skip_or_fail "needs a build with --enable-test-hooks"
	joined "$OUT:1-999" --cgroup "$CGROUP-2"
	bundle "${JOINED[@]}" -- /probe exit 0
	while read -r step _; do
		rm -f "$PF_ROOT/.egress"
		PF_TEST_FAIL_AT=$step create_fails
		[ -e "$PF_ROOT/.egress" ] || continue
		egress_numbers "$PF_ROOT/.egress" >"$SCRATCH/numbers.$step"
		assert_unloaded "$SCRATCH/numbers.$step"
	done <"$SCRATCH/steps"
	[ -e "$SCRATCH/numbers.ready" ] || fail "no step came after the programs"
	another "$ID-2"
	bundle --ns "network=/run/netns/$NET_IN" --annotate "io.pinfold.egress=$OUT_2" -- /probe forever
	pf create --bundle "$BUNDLE" "$ID-2" >/dev/null 2>&1 </dev/null 3>&- 4>&-
	before=$(egress_rows)
	bundle "${JOINED[@]}" -- /probe exit 0
	while read -r step _; do
		PF_TEST_FAIL_AT=$step create_fails
		[ "$(egress_rows)" = "$before" ] || fail "after $step: $before became $(egress_rows)"
	done <"$SCRATCH/steps"
}

@test "many creates at once share one set, and each has a number of its own" {
	local i pids=() n=50

	joined "$OUT" --jq 'del(.linux.cgroupsPath)'
	bundle "${JOINED[@]}" -- /probe exit 0
	for ((i = 0; i < n; i++)); do
		another "$ID-$i"
		"$RUNTIME" --root "$PF_ROOT" create --bundle "$BUNDLE" "$ID-$i" >"$SCRATCH/said.$i" 2>&1 </dev/null 3>&- 4>&- &
		pids+=($!)
	done
	for i in "${!pids[@]}"; do wait "${pids[i]}" || fail "$(cat "$SCRATCH/said.$i")"; done
	egress_numbers "$PF_ROOT/.egress" | sed -n 1,5p >"$SCRATCH/maps"
	for ((i = 0; i < n; i++)); do
		egress_numbers "$PF_ROOT/$ID-$i/egress" | sed -n 1,5p | diff "$SCRATCH/maps" -
		od -An -v -tu4 -j28 -N4 "$PF_ROOT/$ID-$i/egress" >>"$SCRATCH/own"
	done
	[ "$(sort -n "$SCRATCH/own" | tr -d ' ')" = "$(seq "$n")" ] || fail "$(cat "$SCRATCH/own")"
	egress_numbers "$PF_ROOT/.egress" >"$SCRATCH/numbers"
	for ((i = 0; i < n; i++)); do pf delete --force "$ID-$i"; done
	assert_unloaded "$SCRATCH/numbers"
}

@test "a damaged or stale .egress file is no harm: programs are loaded anew, older containers keep theirs" {
	local harm

	joined "$OUT"
	sleeper "${JOINED[@]}"
	cp "$PF_ROOT/.egress" "$SCRATCH/old"
	another "$ID-2"
	joined "$OUT_2" --cgroup "$CGROUP-2"
	bundle "${JOINED[@]}" -- /probe each tcp "$OUT" 80 -- tcp "$OUT_2" 80
	for harm in ': >"$1"' 'echo rubbish >"$1"' 'head -c 40 "$2" >"$1"' 'head -c 96 /dev/zero >"$1"' 'rm "$1"' \
		'{ head -c 8 "$2"; head -c 88 /dev/urandom; } >"$1"' 'chmod 000 "$1"'; do
		sh -c "$harm" sh "$PF_ROOT/.egress" "$SCRATCH/old"
		run -0 pf run --bundle "$BUNDLE" "$ID-2"
		assert_output "EPERM
ok: outside"
		in_box each tcp "$OUT" 80 -- tcp "$OUT_2" 80
		assert_output "ok: outside
EPERM"
	done
	pf delete --force "$ID"
	# the numbers of programs that are gone
	cp "$SCRATCH/old" "$PF_ROOT/.egress"
	run -0 pf run --bundle "$BUNDLE" "$ID-2"
	assert_output "EPERM
ok: outside"
}

@test "the numbers of another state root lead to no harm: a container is still held to its own list" {
	joined "$OUT"
	sleeper "${JOINED[@]}"
	mkdir "$SCRATCH/other"
	cp "$PF_ROOT/.egress" "$SCRATCH/other/.egress"
	joined "$OUT_2" --cgroup "$CGROUP-2"
	bundle "${JOINED[@]}" -- /probe each tcp "$OUT" 80 -- tcp "$OUT_2" 80
	run -0 "$RUNTIME" --root "$SCRATCH/other" run --bundle "$BUNDLE" "$ID-2"
	assert_output "EPERM
ok: outside"
	# two containers of one number would have each other's rows: the copy leads to maps of its own
	[ "$(egress_numbers "$SCRATCH/other/.egress" | head -n 1)" != "$(egress_numbers "$PF_ROOT/.egress" | head -n 1)" ] || fail "the copy was believed"
	in_box each tcp "$OUT" 80 -- tcp "$OUT_2" 80
	assert_output "ok: outside
EPERM"
}
