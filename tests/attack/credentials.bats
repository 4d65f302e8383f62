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

# In one directory, as a volume brings them: the daemons of the host, the buses, the agents.
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
	[ "$(grep -cx ok <<<"$output")" = ${#sockets[@]} ] || fail "without the key: $output"
	probe --annotate io.pinfold.credentials=hide "${options[@]}" -- each "${tries[@]:1}"
	if grep -qx ok <<<"$output"; then fail "one was reached: $output"; fi
	[ "$(grep -cxE 'EACCES|ECONNREFUSED|ENOENT' <<<"$output")" = ${#sockets[@]} ] || fail "$output"
}

local_teardown() {
	[ ${#LISTENERS[@]} = 0 ] || kill "${LISTENERS[@]}"
}
