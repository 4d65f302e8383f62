#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Where a container can connect, and who reaches it: `egress' and `listen' by address, tried from inside.

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

# ------------------------------------------------------------------------------------------------- what the list opens

@test "without egress all that the network leads to is reached: the servers that the tests below do not reach answer" {
	local a tried=()

	for a in "$OUT" "$OUT_2" "$OUT6" "$OUT6_2" "$FAR" "$METADATA" "$METADATA6" "$NAT64" "$SIXTOFOUR"; do
		tried+=(tcp "$a" 80 -- udp "$a" 443 --)
	done
	probe --ns "network=/run/netns/$NET_IN" -- each "${tried[@]}" ping "$OUT" -- ping "$OUT6"
	[ "$(grep -c '^ok: outside$' <<<"$output")" -eq 15 ] || fail "$output"
	[ "$(grep -c '^ok: answered$' <<<"$output")" -eq 2 ] || fail "$output"
}

@test "an address is reached on every port, by TCP and UDP, and nothing beside it" {
	tries "$OUT" tcp "$OUT" 80 -- tcp "$OUT" 8001 -- udp "$OUT" 443 -- sendto "$OUT" 443 -- fastopen "$OUT" 80 \
		-- tcp "$OUT_2" 80 -- udp "$OUT_2" 443 -- sendto "$OUT_2" 443 -- tcp "$FAR" 80
	assert_output "ok: outside
ok: outside
ok: outside
ok: outside
ok: outside
EPERM
EPERM
EPERM
EPERM"
}

@test "an IPv6 address is reached, and nothing beside it" {
	tries "[$OUT6]" tcp "$OUT6" 80 -- udp "$OUT6" 443 -- sendto "$OUT6" 443 -- tcp "$OUT6_2" 80 -- udp "$OUT6_2" 443 \
		-- sendto "$OUT6_2" 443 -- tcp "$OUT" 80
	assert_output "ok: outside
ok: outside
ok: outside
EPERM
EPERM
EPERM
EPERM"
}

@test "an IPv4 address in an IPv6 socket is judged as itself" {
	tries "$OUT" tcp "::ffff:$OUT" 80 -- udp "::ffff:$OUT" 443 -- sendto "::ffff:$OUT" 443 -- tcp "::ffff:$OUT_2" 80 \
		-- udp "::ffff:$OUT_2" 443 -- sendto "::ffff:$OUT_2" 443 -- tcp "::ffff:$METADATA" 80
	assert_output "ok: outside
ok: outside
ok: outside
EPERM
EPERM
EPERM
EPERM"
}

@test "a port, a range and a scheme open what they say" {
	tries "tcp://$OUT:80 $OUT:8001-8100 udp://$OUT_2:443" tcp "$OUT" 80 -- tcp "$OUT" 8001 -- udp "$OUT_2" 443 \
		-- tcp "$OUT" 8000 -- tcp "$OUT" 443 -- udp "$OUT" 443 -- udp "$OUT_2" 53 -- tcp "$OUT_2" 443
	assert_output "ok: outside
ok: outside
ok: outside
EPERM
EPERM
EPERM
EPERM
EPERM"
}

@test "a network opens what is in it, and an entry within it adds to that" {
	tries "10.66.0.0/31:80 $OUT:443 [fd66::/127]:80" tcp "$OUT" 80 -- tcp "$OUT" 443 -- tcp "$OUT6" 80 -- tcp "$OUT_2" 80 \
		-- tcp "$OUT" 8000 -- tcp "$OUT6" 443 -- tcp "$OUT6_2" 80
	assert_output "ok: outside
ok: outside
ok: outside
EPERM
EPERM
EPERM
EPERM"
}

# The kernel does not tell the sender of an IPv6 echo request that it was dropped.
@test "ping sockets reach what icmp:// opens, and an address without it opens none" {
	tries "icmp://$OUT icmp://[$OUT6] $OUT_2" ping "$OUT" -- ping "$OUT6" -- ping "$OUT_2" -- ping "$OUT6_2" 300 -- tcp "$OUT" 80
	assert_output "ok: answered
ok: answered
EPERM
ETIMEDOUT
EPERM"
}

@test "@none and an empty list open nothing" {
	local list

	for list in @none ''; do
		tries "$list" tcp "$OUT" 80 -- udp "$OUT" 443 -- sendto "$OUT" 443 -- tcp "$OUT6" 80 -- ping "$OUT" -- fastopen "$OUT" 80
		assert_output "EPERM
EPERM
EPERM
EPERM
EPERM
EPERM"
	done
}

@test "@any opens all but metadata, link-local and what embeds them" {
	tries @any tcp "$OUT" 80 -- tcp "$FAR" 80 -- udp "$OUT6" 443 -- ping "$OUT" -- tcp "$METADATA" 80 -- udp "$METADATA" 443 \
		-- sendto "$METADATA" 443 -- tcp "$METADATA6" 80 -- tcp "$NAT64" 80 -- tcp "$SIXTOFOUR" 80 -- tcp "::ffff:$METADATA" 80 \
		-- ping "$METADATA"
	assert_output "ok: outside
ok: outside
ok: outside
ok: answered
EPERM
EPERM
EPERM
EPERM
EPERM
EPERM
EPERM
EPERM"
}

@test "a port list with holes opens its ports and not those between" {
	tries "$OUT:80 $OUT:442-444 $OUT:8001" tcp "$OUT" 80 -- tcp "$OUT" 443 -- tcp "$OUT" 8001 -- tcp "$OUT" 8000 -- tcp "$OUT" 853
	assert_output "ok: outside
ok: outside
ok: outside
EPERM
EPERM"
}

@test "several messages in one call stop at the first that is closed" {
	tries "$OUT" sendmmsg "$OUT" 443 "$OUT" 53 -- sendmmsg "$OUT" 443 "$OUT_2" 443 "$OUT" 443 -- sendmmsg "$OUT_2" 443 "$OUT" 443 \
		-- reconnect "$OUT" 443 "$OUT_2" 443
	assert_output "ok: 2 of 2 sent
ok: 1 of 3 sent
EPERM
EPERM"
}

@test "a DNS server is an address like any other: listed it answers, else it does not" {
	tries "udp://$OUT:53" udp "$OUT" 53 -- tcp "$OUT" 53 -- tcp "$OUT" 853 -- udp "$OUT_2" 53 -- sendto "$OUT_2" 53
	assert_output "ok: outside
EPERM
EPERM
EPERM
EPERM"
}

# ------------------------------------------------------------------------------------------------------------ loopback

# Somebody else in the same network namespace: a process of no container.
start_neighbour() {
	serve_in "$NET_IN" "$SCRATCH/neighbour" neighbour tcp 127.0.0.1 9000 udp 127.0.0.1 9000 tcp ::1 9000 tcp 127.0.0.1 53 \
		udp 127.0.0.1 53
	NEIGHBOUR=$SERVER
}

local_teardown() {
	[ -z "${NEIGHBOUR-}" ] || kill "$NEIGHBOUR"
	[ -z "${HOLDER-}" ] || kill "$HOLDER"
}

# A container that serves on these; what it was asked is in $SCRATCH/out
serving() { # [OPTION...] -- [tcp|udp ADDRESS PORT]...
	local options=()

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	start_box "${options[@]}" -- /probe serve own "$@"
	wait_for_line "$SCRATCH/out" listening
}

@test "loopback leads to the container's own servers, not to a neighbour's; where nobody listens it is refused as usual" {
	start_neighbour
	joined @none
	serving "${JOINED[@]}" -- tcp 127.0.0.1 7000 udp 127.0.0.1 7000 tcp ::1 7000
	in_box each tcp 127.0.0.1 7000 -- udp 127.0.0.1 7000 -- sendto 127.0.0.1 7000 -- tcp ::1 7000 -- tcp 127.0.0.1 7999 \
		-- tcp 127.0.0.1 9000 -- udp 127.0.0.1 9000 -- sendto 127.0.0.1 9000 -- tcp ::1 9000 -- tcp ::ffff:127.0.0.1 9000
	assert_output "ok: own
ok: own
ok: own
ok: own
ECONNREFUSED
EPERM
EPERM
EPERM
EPERM
EPERM"
	run ! grep -E 'tcp|udp' "$SCRATCH/neighbour"
}

@test "ports 53 and 853 of loopback are closed also where nobody listens" {
	tries @none tcp 127.0.0.1 53 -- udp 127.0.0.1 53 -- tcp 127.0.0.1 853 -- tcp ::1 53 -- tcp 127.0.0.1 54 -- sendto 127.0.0.11 53
	assert_output "EPERM
EPERM
EPERM
EPERM
ECONNREFUSED
EPERM"
}

@test "@loopback and @pod open a neighbour's servers, an entry with a port that one" {
	local entry

	start_neighbour
	for entry in @loopback @pod; do
		tries "$entry" tcp 127.0.0.1 9000 -- udp 127.0.0.1 9000 -- tcp ::1 9000 -- tcp 127.0.0.1 53 -- udp 127.0.0.1 53 -- tcp "$OUT" 80
		assert_output "ok: neighbour
ok: neighbour
ok: neighbour
ok: neighbour
ok: neighbour
EPERM"
	done
	tries "tcp://127.0.0.1:9000" tcp 127.0.0.1 9000 -- udp 127.0.0.1 9000 -- tcp ::1 9000 -- tcp 127.0.0.1 53
	assert_output "ok: neighbour
EPERM
EPERM
EPERM"
}

@test "a container in a network namespace of its own has its loopback" {
	serving --annotate io.pinfold.egress=@none -- tcp 127.0.0.1 7000 udp 127.0.0.1 7000
	in_box each tcp 127.0.0.1 7000 -- udp 127.0.0.1 7000 -- tcp 127.0.0.1 7999 -- tcp 192.0.2.1 80
	assert_output "ok: own
ok: own
ECONNREFUSED
EPERM"
}

# -------------------------------------------------------------------------------------------------------------- listen

serve_all() { # [OPTION...]
	joined @none "$@"
	serving "${JOINED[@]}" -- tcp 0.0.0.0 7000 tcp 0.0.0.0 7001 udp "$IN" 7000 udp "$IN" 7001 tcp :: 7000 tcp :: 7001 udp "$IN6" 7000
}

asked() { # LINE...: what the servers of the container were asked
	sed 1d "$SCRATCH/out" | sort | uniq | diff - <(printf '%s\n' "$@" | sort) || fail "the servers saw: $(cat "$SCRATCH/out")"
}

@test "a listed port is reached from outside, and answers; what is not listed is dropped" {
	serve_all --annotate io.pinfold.listen=7000
	outside each tcp "$IN" 7001 300 -- udp "$IN" 7001 300 -- tcp "$IN6" 7001 300 -- tcp "$IN" 7000 -- udp "$IN" 7000 -- sendto "$IN" 7000 \
		-- tcp "$IN6" 7000 -- udp "$IN6" 7000
	assert_output "ETIMEDOUT
ETIMEDOUT
ETIMEDOUT
ok: own
ok: own
ok: own
ok: own
ok: own"
	asked "tcp 7000" "udp 7000"
}

@test "a scheme and a range of listen hold" {
	serve_all --annotate "io.pinfold.listen=tcp://7001-7010 udp://7000"
	outside each tcp "$IN" 7000 300 -- udp "$IN" 7001 300 -- tcp "$IN" 7001 -- udp "$IN" 7000
	assert_output "ETIMEDOUT
ETIMEDOUT
ok: own
ok: own"
	asked "tcp 7001" "udp 7000"
}

@test "who asked a UDP server may be answered and no port beside that" {
	serve_all --annotate io.pinfold.listen=udp://7000
	outside udp "$IN" 7000
	assert_output "ok: own"
	in_box each udp "$OUT" 443 -- sendto "$OUT" 443 -- tcp "$OUT" 80
	assert_output "EPERM
EPERM
EPERM"
}

from_inside() { # SUBCOMMAND...: a neighbour that is in no container asks
	run -0 nsenter --net="/run/netns/$NET_IN" "$PF_SUITE/tools/probe" "$@"
}

@test "beside egress, without listen, neighbours reach the container over loopback and nobody from outside" {
	serve_all
	outside each tcp "$IN" 7000 300 -- udp "$IN" 7000 300
	assert_output "ETIMEDOUT
ETIMEDOUT"
	from_inside each tcp 127.0.0.1 7000 -- tcp "$IN" 7000 -- tcp ::1 7000
	assert_output "ok: own
ok: own
ok: own"
	in_box tcp 127.0.0.1 7000
	assert_output "ok: own"
}

@test "listen @none: the container's own processes reach its servers and no neighbour does" {
	serve_all --annotate io.pinfold.listen=@none
	outside each tcp "$IN" 7000 300 -- udp "$IN" 7000 300
	assert_output "ETIMEDOUT
ETIMEDOUT"
	from_inside each tcp 127.0.0.1 7000 300 -- udp "$IN" 7000 300
	assert_output "ETIMEDOUT
ETIMEDOUT"
	in_box each tcp 127.0.0.1 7000 -- tcp ::1 7000
	assert_output "ok: own
ok: own"
	asked "tcp 7000"
}

@test "listen @any: everybody reaches every port" {
	serve_all --annotate io.pinfold.listen=@any
	outside each tcp "$IN" 7000 -- tcp "$IN" 7001 -- udp "$IN" 7001 -- tcp "$IN6" 7001
	assert_output "ok: own
ok: own
ok: own
ok: own"
}

@test "listen alone bounds who comes in and leaves the ways out as they are" {
	serving --ns "network=/run/netns/$NET_IN" --annotate io.pinfold.listen=7000 -- tcp 0.0.0.0 7000 tcp 0.0.0.0 7001
	outside each tcp "$IN" 7001 300 -- tcp "$IN" 7000
	assert_output "ETIMEDOUT
ok: own"
	in_box each tcp "$OUT" 80 -- udp "$OUT6" 443 -- tcp "$METADATA" 80 -- ping "$OUT"
	assert_output "ok: outside
ok: outside
ok: outside
ok: answered"
}

# ------------------------------------------------------------------------------------------------- whose connections

@test "an exec is held to the same list, also as another user, without capabilities, and when the creator is gone" {
	joined "$OUT"
	sleeper "${JOINED[@]}"
	in_box each tcp "$OUT" 80 -- tcp "$OUT_2" 80 -- sendto "$OUT_2" 443
	assert_output "ok: outside
EPERM
EPERM"
	in_box --user 1000:1000 each tcp "$OUT" 80 -- tcp "$OUT_2" 80
	assert_output "ok: outside
EPERM"
	in_box --cap CAP_NET_ADMIN --cap CAP_NET_RAW each tcp "$OUT" 80 -- tcp "$OUT_2" 80
	assert_output "ok: outside
EPERM"
}

@test "a group within the container's is held to the same list" {
	local inner

	joined "$OUT"
	sleeper "${JOINED[@]}"
	inner="$(cgroup2_of "$(box_pid)")/inner"
	mkdir "$inner"
	box_pid >"$inner/cgroup.procs"
	in_box each tcp "$OUT" 80 -- tcp "$OUT_2" 80
	assert_output "ok: outside
EPERM"
	grep -q '/inner$' "/proc/$(box_pid)/cgroup"
}

@test "two containers in one network namespace are held to a list each, and are strangers to each other on loopback" {
	joined "$OUT"
	serving "${JOINED[@]}" -- tcp 127.0.0.1 7000
	another "$ID-2"
	joined "$OUT_2" --cgroup "$CGROUP-2"
	bundle "${JOINED[@]}" -- /probe each tcp "$OUT" 80 -- tcp "$OUT_2" 80 -- tcp 127.0.0.1 7000
	run -0 pf run --bundle "$BUNDLE" "$ID-2"
	assert_output "EPERM
ok: outside
EPERM"
	in_box each tcp "$OUT" 80 -- tcp "$OUT_2" 80 -- tcp 127.0.0.1 7000
	assert_output "ok: outside
EPERM
ok: own"
	joined "@pod" --cgroup "$CGROUP-2"
	bundle "${JOINED[@]}" -- /probe each tcp "$OUT" 80 -- tcp 127.0.0.1 7000
	run -0 pf run --bundle "$BUNDLE" "$ID-2"
	assert_output "EPERM
ok: own"
}

@test "a container in a user namespace is held to its list" {
	chown_root
	tries_in_userns
	assert_output "ok: outside
EPERM
EPERM
EPERM"
}

# The network namespace is not its own: so neither is a sysfs of it.
tries_in_userns() {
	joined "$OUT" --userns --jq '.mounts |= map(select(.type != "sysfs" and .type != "cgroup"))'
	probe "${JOINED[@]}" -- each tcp "$OUT" 80 -- tcp "$OUT_2" 80 -- sendto "$OUT_2" 443 -- tcp "$OUT6" 80
}

@test "a container that joins a pid namespace is held to its list" {
	mkfifo "$SCRATCH/hold"
	unshare --pid --fork --kill-child sh -c 'echo up; read -r _ <"$1"' sh "$SCRATCH/hold" >"$SCRATCH/holder" 3>&- 4>&- &
	HOLDER=$!
	wait_for_line "$SCRATCH/holder" up
	joined "$OUT" --ns "pid=/proc/$HOLDER/ns/pid_for_children"
	probe "${JOINED[@]}" -- each tcp "$OUT" 80 -- tcp "$OUT_2" 80
	assert_output "ok: outside
EPERM"
}

# As an engine's network does it: after the namespace was made, before the program starts.
veth_hook() {
	jq -nc --arg s 'pid=$(jq -r .pid)
		ip -n "$1" link add "$2" type veth peer name eth0 netns "$pid"
		ip -n "$1" address add 10.77.0.1/24 dev "$2"
		ip -n "$1" address add fd77::1/64 dev "$2" nodad
		ip -n "$1" link set "$2" up
		nsenter --target "$pid" --net ip address add 10.77.0.2/24 dev eth0
		nsenter --target "$pid" --net ip address add fd77::2/64 dev eth0 nodad
		nsenter --target "$pid" --net ip link set eth0 up' --arg ns "$NET_OUT" --arg name "h${ID##*.}" \
		'{ path: "/bin/sh", args: [ "sh", "-ec", $s, "sh", $ns, ($name | .[0:12]) ], env: [ "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" ] }'
}

@test "a network that a hook brings is judged too" {
	probe --annotate "io.pinfold.egress=10.77.0.1:80" --hook "createRuntime=$(veth_hook)" -- each tcp 10.77.0.1 80 -- tcp 10.77.0.1 443 -- tcp "$OUT" 80
	assert_output "ok: outside
EPERM
EPERM"
}

# The kernel's own sockets of such a namespace are in the container's group: they look for neighbours.
@test "a network namespace that is made with a user namespace finds its neighbours by IPv6" {
	chown_root
	probe --userns --jq '.mounts |= map(select(.type != "sysfs" and .type != "cgroup"))' --annotate "io.pinfold.egress=10.77.0.1:80 [fd77::1]:80" \
		--hook "createRuntime=$(veth_hook)" -- each tcp fd77::1 80 -- tcp 10.77.0.1 80 -- tcp fd77::1 443
	assert_output "ok: outside
ok: outside
EPERM"
}
