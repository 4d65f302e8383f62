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
