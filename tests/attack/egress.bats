#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Ways around the list of addresses that a container may connect to. Outside there is a server at every address that is
# tried, so that what is not denied would be answered.
#
# Two ways are no subject here: a socket of another container that comes over a unix socket, as such a socket has to be
# mounted, which is the business of `read' and `hide'; and what an address that is listed does with what it gets, or who
# else answers there (other tenants of a shared address).

# shellcheck disable=SC2034,SC2154
load ../bats/helpers
load ../bats/net

setup_file() {
	net_up
}

teardown_file() {
	net_down
}

local_setup() {
	require_root
	require_bpf
}

local_teardown() {
	[ -z "${NEIGHBOUR-}" ] || kill "$NEIGHBOUR"
}

# The list of most tests: one address and port.
LIST="tcp://10.66.0.1:443"

# all_denied LINE...: every line of the output is EPERM
all_denied() {
	only EPERM
}

# only PATTERN: every line of the output is this
only() {
	local line

	[ "${#lines[@]}" -gt 0 ] || fail "no output"
	for line in "${lines[@]}"; do [[ $line =~ ^($1)$ ]] || fail "expected $1: $output"; done
}

# the servers outside saw nothing but what was allowed: nothing at all when this is called before anything else
quiet() {
	cat "$NET_DIR/tcp" "$NET_DIR/udp" | diff "$SCRATCH/seen" - || fail "something arrived"
}

note() {
	cat "$NET_DIR/tcp" "$NET_DIR/udp" >"$SCRATCH/seen"
}

# ------------------------------------------------------------------------------------------------- rows of the table

@test "an address that no name led to is closed (row 66)" {
	note
	tries "$LIST" tcp "$FAR" 443 -- tcp "$OUT_2" 443 -- udp "$FAR" 443 -- tcp "$OUT" 80
	all_denied
	quiet
}

@test "another resolver is not asked, by UDP or TCP, nor over TLS, HTTPS or QUIC (rows 72, 73, 74)" {
	note
	tries "udp://$OUT_2:53" udp "$OUT" 53 -- sendto "$OUT" 53 -- sendmmsg "$OUT" 53 -- tcp "$OUT" 53 -- tcp "$OUT_2" 53 -- tcp "$OUT_2" 853 \
		-- tcp "$OUT" 443 -- udp "$OUT_2" 443 -- udp "$OUT6" 53 -- udp ::ffff:"$OUT" 53 -- sendto 224.0.0.251 5353 -- sendto ff02::fb 5353 \
		-- sendto 224.0.0.252 5355
	all_denied
	quiet
	tries "udp://$OUT_2:53" udp "$OUT_2" 53
	assert_output "ok: outside"
}

@test "every address of a server is an address of its own: one that is listed opens no other (rows 79, 80)" {
	note
	tries "$OUT" tcp "$OUT_2" 443 -- tcp "$OUT6" 443 -- tcp "$FAR" 443
	all_denied
	quiet
}

@test "no call that sends gets further than connect does (row 85)" {
	note
	tries "$LIST" sendto "$OUT_2" 443 -- sendmmsg "$OUT_2" 443 "$OUT_2" 53 -- fastopen "$OUT_2" 443 -- fastopen-connect "$OUT_2" 443 \
		-- udp "$OUT_2" 443 -- sendto "$OUT6" 443 -- fastopen "$OUT6" 443 -- fastopen-connect "$OUT6" 443 -- segments "$OUT_2" 443 \
		-- reconnect "$OUT_2" 443 "$FAR" 443
	all_denied
	quiet
}

@test "a UDP socket that is connected to an open address sends to no other (row 85)" {
	tries "udp://$OUT:443" reconnect "$OUT" 443 "$OUT_2" 443 -- reconnect "$OUT" 443 "$OUT" 53 -- reconnect "$OUT" 443 "$METADATA" 443
	all_denied
}

@test "an echo request leaves for no address that icmp:// does not name (row 88)" {
	tries "$OUT [$OUT6]" ping "$OUT" -- ping "$OUT_2" -- ping "$METADATA"
	all_denied
	tries "$OUT [$OUT6]" ping "$OUT6" 300
	assert_output ETIMEDOUT
	tries "icmp://$OUT" ping "$OUT_2"
	assert_output EPERM
}

@test "no family of sockets goes past IP (row 89)" {
	local family tried=()

	for family in packet vsock alg bluetooth can tipc xdp smc kcm; do tried+=(socket "$family" raw -- socket "$family" dgram -- socket "$family" stream --); done
	tries @any "${tried[@]}" socket netlink raw audit -- socket inet 10
	only 'EAFNOSUPPORT|EPERM|EPROTONOSUPPORT|ESOCKTNOSUPPORT'
}

@test "no raw socket, nor another protocol than TCP, UDP and ICMP, is made, with the capability either (row 89)" {
	local caps

	jq -n '{ permit: [ "cap:NET_RAW" ] }' >"$SCRATCH/policy.json"
	chmod 644 "$SCRATCH/policy.json"
	PF_GLOBALS=(--policy "$SCRATCH/policy.json")
	for caps in CHOWN NET_RAW; do
		joined @any --cap "$caps"
		probe "${JOINED[@]}" -- each socket inet raw raw -- socket inet raw icmp -- socket inet6 raw icmpv6 -- socket inet raw udp \
			-- socket inet stream sctp -- socket inet seqpacket -- socket inet stream mptcp -- socket inet dgram 136 -- socket packet raw \
			-- socket packet dgram
		only 'EAFNOSUPPORT|EPERM|EPROTONOSUPPORT|ESOCKTNOSUPPORT'
	done
}

@test "a list of IPv4 addresses opens nothing of IPv6, and the other way round (row 90)" {
	note
	tries "$OUT 10.0.0.0/8" tcp "$OUT6" 80 -- udp "$OUT6" 443 -- sendto "$OUT6" 443 -- tcp "$METADATA6" 80 -- ping "$OUT"
	all_denied
	tries "[$OUT6] [fd66::/64]" tcp "$OUT" 80 -- udp "$OUT" 443 -- tcp "::ffff:$OUT" 80 -- sendto "::ffff:$OUT" 443 -- v4-in-v6 connect "$OUT" 443 \
		-- v4-in-v6 sendto "$OUT" 443
	all_denied
	quiet
}

@test "a container cannot leave its group (row 93)" {
	joined "$LIST" --ns cgroup
	bundle "${JOINED[@]}" -- /bin/sh -c 'for f in $(/bin/busybox find /sys/fs/cgroup -name cgroup.procs); do echo 0 >"$f" && echo "moved: $f"; done 2>/dev/null
		/bin/busybox mount -t cgroup2 none /tmp 2>/dev/null && echo mounted; /probe tcp '"$OUT_2"' 80'
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output EPERM
}

@test "a container with CAP_SYS_ADMIN mounts no cgroup2 of its own, and is held (row 93)" {
	jq -n '{ permit: [ "cap:SYS_ADMIN" ] }' >"$SCRATCH/policy.json"
	chmod 644 "$SCRATCH/policy.json"
	PF_GLOBALS=(--policy "$SCRATCH/policy.json")
	joined "$LIST" --ns cgroup --cap SYS_ADMIN --cap DAC_OVERRIDE
	bundle "${JOINED[@]}" -- /bin/sh -c '/bin/busybox mount -t cgroup2 none /tmp && mkdir /tmp/in && echo 0 >/tmp/in/cgroup.procs && echo moved 2>/dev/null
		/probe tcp '"$OUT_2"' 80; /probe tcp '"$OUT"' 443'
	run -0 pf run --bundle "$BUNDLE" "$ID"
	refute_output moved
	[ "${lines[-2]} ${lines[-1]}" = "EPERM ok: outside" ] || fail "$output"
}

@test "metadata is closed by every spelling, also to @any and to wide networks (row 94)" {
	local list

	note
	for list in @any "0.0.0.0/0 [2000::/3]" "169.0.0.0/8 [fd00::/8]" "[64:ff9b::/96]" "[2002::/16]"; do
		tries "$list" tcp "$METADATA" 80 -- udp "$METADATA" 443 -- sendto "$METADATA" 443 -- fastopen "$METADATA" 80 -- tcp "$METADATA6" 80 \
			-- tcp "::ffff:$METADATA" 80 -- sendto "::ffff:$METADATA" 443 -- tcp "$NAT64" 80 -- sendto "$NAT64" 443 -- tcp "$SIXTOFOUR" 80 \
			-- sendto "$SIXTOFOUR" 443 -- v4-in-v6 sendto "$METADATA" 443 -- tcp 169.254.170.2 80 -- tcp 100.100.100.200 80 -- tcp 168.63.129.16 80 \
			-- tcp 192.0.0.192 80 -- tcp fe80::a9fe:a9fe 80 -- tcp fd20:ce::254 80 -- tcp 0.0.0.0 80
		all_denied
	done
	quiet
}

@test "an empty list denies everything (row 95)" {
	note
	tries "" tcp "$OUT" 443 -- udp "$OUT" 443 -- tcp "$OUT6" 443 -- sendto "$OUT" 53 -- ping "$OUT" -- tcp "$METADATA" 80
	all_denied
	quiet
}

@test "QUIC is no part of tcp on 443 (row 97)" {
	note
	tries "$LIST" udp "$OUT" 443 -- sendto "$OUT" 443 -- segments "$OUT" 443
	all_denied
	quiet
}

@test "a denial is said by connect itself: it neither waits nor looks connected (row 99)" {
	tries "$LIST" tcp-start "$OUT_2" 443 -- tcp-start "$OUT6" 443 -- tcp-start "::ffff:$OUT_2" 443 -- tcp-start "$METADATA" 80 -- tcp-start 192.0.2.1 1
	all_denied
}

# ------------------------------------------------------------------------------------------------------ ways around it

@test "io_uring, which would connect by calls of its own, is refused" {
	tries @any io-uring-setup
	assert_denied EPERM ENOSYS
}

@test "a network namespace of its own is not made, and where it may be no socket is" {
	tries @any socket-elsewhere
	assert_output EPERM
	jq -n '{ permit: [ "cap:SYS_ADMIN" ] }' >"$SCRATCH/policy.json"
	chmod 644 "$SCRATCH/policy.json"
	PF_GLOBALS=(--policy "$SCRATCH/policy.json")
	joined @any --cap SYS_ADMIN
	probe "${JOINED[@]}" -- socket-elsewhere
	assert_output "made, and no socket: EPERM"
}

@test "a sender does not choose the route of its packets" {
	note
	tries "$OUT [$OUT6]" source-route "$OUT" 443 "$OUT_2" -- source-route "$OUT6" 443 "$OUT6_2" -- source-route "$OUT" 443 "$OUT_2" message
	all_denied
	tries "$OUT [$OUT6]" source-route "$OUT6" 443 "$OUT6_2" message
	assert_denied EPERM EINVAL
	quiet
}

@test "a UDP socket may be connected to port 0, as getaddrinfo does, and nothing leaves from it" {
	note
	tries "$LIST" udp-port-0 "$OUT_2" -- udp-port-0 "$METADATA" -- udp-port-0 "$OUT6"
	assert_output "connected, EPERM
connected, EPERM
connected, EPERM"
	tries "$LIST" tcp-start "$OUT_2" 0
	assert_output EPERM
	quiet
}

@test "what is sent in fragments is judged as a whole" {
	note
	tries "$LIST" sendto "$OUT_2" 443 4000 -- sendto "$OUT_2" 443 60000 -- sendto "$OUT6" 443 4000 -- sendto "$METADATA" 443 4000
	all_denied
	quiet
	tries "udp://$OUT:443" sendto "$OUT" 443 4000
	assert_output "ok: outside"
}

@test "an address that embeds a closed one of IPv4 is closed, one that embeds an open one is open as that" {
	note
	tries "[64:ff9b::/96] @any" tcp "$NAT64" 80 -- tcp "$SIXTOFOUR" 80 -- udp "$NAT64" 443 -- tcp "::ffff:$METADATA" 80
	all_denied
	quiet
	tries "$OUT:80" tcp "$NAT64_OUT" 80 -- tcp "$NAT64_OUT" 443 -- tcp "$NAT64" 80
	assert_output "ok: outside
EPERM
EPERM"
}

@test "no other address leads to a neighbour's loopback" {
	serve_in "$NET_IN" "$SCRATCH/neighbour" neighbour tcp 0.0.0.0 9000 tcp :: 9000 udp 127.0.0.1 9000
	NEIGHBOUR=$SERVER
	tries "$LIST" tcp 127.0.0.1 9000 -- tcp 127.1.2.3 9000 -- tcp 0.0.0.0 9000 -- tcp :: 9000 -- tcp ::1 9000 -- tcp ::ffff:127.0.0.1 9000 \
		-- tcp "$IN" 9000 -- tcp "$IN6" 9000 -- tcp 64:ff9b::7f00:1 9000 -- udp 0.0.0.0 9000 -- sendto 127.0.0.1 9000 -- fastopen 127.0.0.1 9000 \
		-- v4-in-v6 sendto 127.0.0.1 9000
	all_denied
	[ "$(cat "$SCRATCH/neighbour")" = listening ]
}

@test "a program cannot be loaded, nor one of ours be taken off" {
	tries @any bpf -- syscall 321 9
	refute_output ok
}
