#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A workload whose credentials are hidden tries to get at them: by other names and other calls, through its own processes, by
# links, by taking the cover away, and by what it left in a volume for the next container.

# shellcheck disable=SC2154
load ../bats/helpers

KEY='wJalrXUtnFEMIbPxRfiCYEXAMPLEKEY'

LISTENERS=()

local_setup() {
	require_landlock 3
	chmod 711 "$SCRATCH"
	mkdir -p "$SCRATCH/home/.ssh" "$SCRATCH/home/.kube"
	printf '%s\n' "$KEY" >"$SCRATCH/home/.ssh/id_rsa"
	printf '%s\n' "$KEY" >"$SCRATCH/home/.kube/config"
	chmod -R go+rwX "$SCRATCH/home"
}

hidden() {
	probe --annotate io.pinfold.credentials=hide --bind "$SCRATCH/home:/root:rw" --env HOME=/root "$@"
	refute_output "$KEY"
}

@test "a hidden credential shows under no other name and to no other call" {
	hidden -- each print-file /proc/self/root/root/.ssh/id_rsa -- print-file /proc/1/root/root/.ssh/id_rsa -- mmap-read /root/.ssh/id_rsa \
		-- sendfile /root/.ssh/id_rsa -- splice /root/.ssh/id_rsa -- copy-range /root/.ssh/id_rsa /root/copy -- openat2 /root/.ssh/id_rsa \
		-- handle-open /root/.ssh/id_rsa -- opath-reopen /root/.ssh/id_rsa -- proc-root /root/.ssh/id_rsa
	! grep -qr "$KEY" "$SCRATCH/home/copy" 2>/dev/null
}

@test "a cover cannot be taken away, moved, linked past or mounted over" {
	hidden -- each umount /root/.ssh/id_rsa -- rename /root/.ssh/id_rsa /root/.ssh/x \
		-- unlink /root/.ssh/id_rsa -- link /root/.ssh/id_rsa /root/l -- bind /root/.ssh /mnt -- print-file /root/.ssh/id_rsa
	grep -q "$KEY" "$SCRATCH/home/.ssh/id_rsa"
}

# Row 12.
@test "a secret that shows at a second mount and under a hard link is hidden at each, and told as one with all its places" {
	local at=(/root/.ssh/id_rsa /mnt/.ssh/id_rsa /other/id_rsa) path

	mkdir "$SCRATCH/other"
	ln "$SCRATCH/home/.ssh/id_rsa" "$SCRATCH/other/id_rsa"
	sleeper --annotate io.pinfold.credentials=hide --bind "$SCRATCH/home:/root:rw" --bind "$SCRATCH/home:/mnt" --bind "$SCRATCH/other:/other" \
		--env HOME=/root
	in_box each print-file "${at[0]}" -- print-file "${at[1]}" -- print-file "${at[2]}"
	refute_output "$KEY"
	for path in "$PF_ROOT/$ID/inventory.json" "$SCRATCH/audit.json"; do
		[ -e "$path" ] || pf audit --format json "$ID" >"$path"
		run -0 jq -r '[.. | objects | select(.kind == "ssh-key" and has("places")) | [.verdict, (.places | map(.name // .path) | sort | join(" "))] | join(" ")]
			| join("\n")' "$path"
		assert_output "covered /mnt/.ssh/id_rsa /other/id_rsa /root/.ssh/id_rsa"
	done
	refute_output "$KEY"
}

# Rows 24 and 25. What was taken was never in the environment of any process, so there is nothing to read it from.
@test "a variable that was dropped is in no environ: of the first process, of a sibling, of an exec" {
	bundle --annotate io.pinfold.credentials=hide --annotate io.pinfold.env=scrub --env "ACME_TOKEN=$KEY" --env LD_PRELOAD=/work/x.so --env FINE=1 \
		-- /bin/sh -c '/probe forever & /probe each environ self -- environ 1 -- environ $!; exec /probe forever ready'
	create_box
	pf start "$ID"
	wait_for_line "$SCRATCH/out" ready
	output=$(grep '^ok: ' "$SCRATCH/out")
	[ "$(grep -c 'FINE=1' <<<"$output")" = 3 ] || fail "not all were read: $(cat "$SCRATCH/out")"
	refute_output "$KEY"
	refute_output LD_PRELOAD
	in_box --env "OWN_TOKEN=$KEY" --env LD_AUDIT=/work/x.so each environ self
	output=$(grep '^ok: ' <<<"$output")
	assert_contains FINE=1
	refute_output "OWN_TOKEN"
	refute_output LD_
	for pid in $(pf ps --format json "$ID" | jq -r '.[]'); do
		! tr '\0' '\n' <"/proc/$pid/environ" | grep -e "ACME_TOKEN" -e LD_PRELOAD || fail "it is in the environment of $pid"
	done
}

@test "a confined exec reads the environ of no neighbour: not of the first process, not of another exec with a value of its own" {
	local other

	sleeper --annotate io.pinfold.credentials=hide --annotate io.pinfold.credentials.allow=env:ACME_TOKEN --env "ACME_TOKEN=$KEY" --env FINE=1
	pf exec --detach --pid-file "$SCRATCH/pid" --env "ACME_TOKEN=$KEY" "$ID" /probe forever >"$SCRATCH/exec" 2>&1 </dev/null 3>&- 4>&-
	other=$(awk '/^NSpid:/ { print $NF }' "/proc/$(cat "$SCRATCH/pid")/status")
	tr '\0' '\n' <"/proc/$(cat "$SCRATCH/pid")/environ" | grep -q ACME_TOKEN
	in_box --env ACME_TOKEN= each environ 1 -- environ "$other" -- mem 1 -- mem "$other" -- ptrace "$other"
	refute_output "$KEY"
	[ "$(grep -cxE 'EACCES|EPERM' <<<"$output")" = 5 ] || fail "$output"
}

@test "a link that a workload left in its home covers no program of the next image" {
	ln -s /probe "$SCRATCH/home/.netrc"
	hidden -- exit 0
	refute_output "/probe"
}

@test "padding in a home and a volume hides nothing" {
	local i

	mkdir "$SCRATCH/vol"
	for i in {1..40}; do : >"$SCRATCH/vol/$i"; done
	(cd "$SCRATCH/home" && printf '%s\0' {1..3000} | xargs -0 touch)
	printf '%s\n' "$KEY" >"$SCRATCH/vol/id_rsa"
	hidden --bind "$SCRATCH/vol:/vol:rw" -- each print-file /root/.ssh/id_rsa -- print-file /root/.kube/config -- print-file /vol/id_rsa
	assert_contains "not everything was looked at"
}

# Rows 36, 37 and 38. In one directory, as a volume brings them: the daemons of the host, the buses, the agents.
@test "sockets that act for somebody are reached at no place, also where only a variable leads" {
	local path socket sockets=(docker.sock podman/podman.sock dbus/system_bus_socket user/0/bus user/0/gnupg/S.gpg-agent ours/agent)

	for path in "${sockets[@]}"; do
		socket=$SCRATCH/run/$path
		mkdir -p "${socket%/*}"
		"$PF_SUITE/tools/probe" listen-unix "$socket" >"$socket.log" 2>&1 </dev/null 3>&- 4>&- &
		LISTENERS+=($!)
		wait_for_line "$socket.log" listening
	done
	chmod -R go+rwX "$SCRATCH/run"
	local tries=() options=(--bind "$SCRATCH/run:/run:rw" --env SSH_AUTH_SOCK=/run/ours/agent)
	for path in "${sockets[@]}"; do tries+=(-- connect-unix "/run/$path"); done
	probe "${options[@]}" -- each "${tries[@]:1}"
	mkdir "$SCRATCH/open" && cp "$BUNDLE/config.json" "$SCRATCH/open" && ln -s "$BUNDLE/rootfs" "$SCRATCH/open/rootfs"
	[ "$(grep -cx ok <<<"$output")" = ${#sockets[@]} ] || fail "without the key: $output"
	probe --annotate io.pinfold.credentials=hide "${options[@]}" -- each "${tries[@]:1}"
	if grep -qx ok <<<"$output"; then fail "one was reached: $output"; fi
	[ "$(grep -cxE 'EACCES|ECONNREFUSED|ENOENT' <<<"$output")" = ${#sockets[@]} ] || fail "$output"
	run -0 jq -r '.containers[0].findings[] | select(.kind == "docker-socket") | .severity' < <(pf audit --bundle "$SCRATCH/open" --format json)
	assert_output critical
}

# Row 59. Where a spec sends what a client holds is flagged, in every form, before the container and while it runs; of a value
# no more than scheme, host and port is told.
@test "variables that lead a credential, a connection or trust elsewhere are flagged" {
	local format what names=(ANTHROPIC_BASE_URL OPENAI_BASE_URL HTTP_PROXY HTTPS_PROXY ALL_PROXY https_proxy SSL_CERT_FILE SSL_CERT_DIR
		NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NODE_TLS_REJECT_UNAUTHORIZED)
	local set=(--env "ANTHROPIC_BASE_URL=https://models.example:8443/$KEY" --env "OPENAI_BASE_URL=$KEY" --env "HTTP_PROXY=http://me:$KEY@10.0.0.1:3128/"
		--env "HTTPS_PROXY=http://10.0.0.1:3128" --env "ALL_PROXY=socks5h://me:${KEY}/@[::1]:1080" --env https_proxy=http://10.0.0.1:3128
		--env "SSL_CERT_FILE=/work/$KEY.pem" --env SSL_CERT_DIR=/work/ca --env NODE_EXTRA_CA_CERTS=/work/ca.pem
		--env REQUESTS_CA_BUNDLE=/work/ca.pem --env CURL_CA_BUNDLE=/work/ca.pem --env NODE_TLS_REJECT_UNAUTHORIZED=0 --env NO_PROXY=localhost)

	sleeper "${set[@]}"
	for what in "--bundle $BUNDLE" "$ID"; do
		for format in table json markdown sarif; do
			# shellcheck disable=SC2086 # two words
			run -0 pf audit --format "$format" $what
			refute_output "$KEY"
			refute_output NO_PROXY
			output=${output//&#95;/_}
			assert_contains "${names[@]}" models.example 10.0.0.1
		done
		# shellcheck disable=SC2086
		pf audit --format json $what >"$SCRATCH/report"
		run -0 jq -n -r --slurpfile schema "$PF_TESTS/../contrib/schema/audit.schema.json" --slurpfile doc "$SCRATCH/report" -f "$PF_TESTS/schema.jq"
		assert_output ''
		run -0 jq -r '.summary.redirects, (.containers[0].redirects[] | "\(.what) \(.variable) \(.to)")' "$SCRATCH/report"
		assert_output "12
credentials ANTHROPIC_BASE_URL https://models.example:8443
credentials OPENAI_BASE_URL null
traffic ALL_PROXY null
traffic HTTPS_PROXY http://10.0.0.1:3128
traffic HTTP_PROXY http://10.0.0.1:3128
traffic https_proxy http://10.0.0.1:3128
trust CURL_CA_BUNDLE null
trust NODE_EXTRA_CA_CERTS null
trust NODE_TLS_REJECT_UNAUTHORIZED null
trust REQUESTS_CA_BUNDLE null
trust SSL_CERT_DIR null
trust SSL_CERT_FILE null"
	done
	pf exec --detach --env VAULT_ADDR=https://vault.example "$ID" /probe forever >"$SCRATCH/exec" 2>&1 </dev/null 3>&- 4>&-
	run -0 pf audit "$ID"
	assert_contains "\$VAULT_ADDR of process" "tokens of Vault are sent there" "https://vault.example"
}

local_teardown() {
	[ ${#LISTENERS[@]} = 0 ] || kill "${LISTENERS[@]}"
}
