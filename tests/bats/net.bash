# SPDX-License-Identifier: Apache-2.0
# A network of two namespaces for tests of connections: `inside', which containers join by path, and `outside', which has
# servers at every address that a container could try. They are joined by a veth pair, and lead nowhere else.
# shellcheck shell=bash disable=SC2034

# The addresses. What is closed whatever the list says is outside too, so that it would answer.
OUT=10.66.0.1 OUT_2=10.66.0.3 IN=10.66.0.2
OUT6=fd66::1 OUT6_2=fd66::3 IN6=fd66::2
FAR=203.0.113.7 METADATA=169.254.169.254 METADATA6=fd00:ec2::254
NAT64=64:ff9b::a9fe:a9fe SIXTOFOUR=2002:a9fe:a9fe::1
NAT64_OUT=64:ff9b::a42:1
PORTS=(80 443 8000 8001 53 853)

# net_up: for setup_file
net_up() {
	export NET_DIR NET_IN NET_OUT NET_PIDS=''
	NET_DIR=$(mktemp -d "$PF_SUITE/net.XXXXXX")
	NET_IN=pft-in-$$ NET_OUT=pft-out-$$
	ip netns add "$NET_IN"
	ip netns add "$NET_OUT"
	ip -n "$NET_IN" link add eth0 type veth peer name eth0 netns "$NET_OUT"
	net_addresses "$NET_OUT" "$OUT/16" "$OUT_2/16" "$OUT6/64" "$OUT6_2/64" \
		"$FAR/32" "$METADATA/32" "$METADATA6/128" "$NAT64/128" "$SIXTOFOUR/128" "$NAT64_OUT/128"
	net_addresses "$NET_IN" "$IN/16" "$IN6/64"
	ip -n "$NET_IN" route add default via "$OUT"
	ip -n "$NET_IN" -6 route add default via "$OUT6"
	ip netns exec "$NET_IN" sh -c 'echo 0 2147483647 >/proc/sys/net/ipv4/ping_group_range'
	net_serve
}

net_down() {
	local pid

	for pid in $NET_PIDS; do kill "$pid" 2>/dev/null || true; done
	ip netns del "$NET_IN" || true
	ip netns del "$NET_OUT" || true
}

net_addresses() { # NAMESPACE ADDRESS...
	local ns=$1 a

	shift
	{
		echo "link set lo up"
		echo "link set eth0 up"
		for a; do echo "address add $a dev eth0 $([[ $a != *:* ]] || echo nodad)"; done
	} | ip -n "$ns" -batch -
}

# A server in a namespace, until the test file ends: serve_in NAMESPACE FILE TEXT [tcp|udp ADDRESS PORT]...; what it was asked
# is in FILE. $SERVER is its process.
serve_in() {
	local ns=$1 file=$2

	shift 2
	nsenter --net="/run/netns/$ns" "$PF_SUITE/tools/probe" serve "$@" >"$file" 2>&1 </dev/null 3>&- 4>&- &
	SERVER=$!
	wait_for_line "$file" listening
}

net_serve() {
	local p servers=()

	for p in "${PORTS[@]}"; do servers+=(tcp 0.0.0.0 "$p" tcp :: "$p"); done
	serve_in "$NET_OUT" "$NET_DIR/tcp" outside "${servers[@]}"
	NET_PIDS+=" $SERVER"
	servers=()
	# an answer has to come from where the question went
	for p in "$OUT" "$OUT_2" "$OUT6" "$OUT6_2" "$FAR" "$METADATA"; do servers+=(udp "$p" 53 udp "$p" 443); done
	serve_in "$NET_OUT" "$NET_DIR/udp" outside "${servers[@]}"
	NET_PIDS+=" $SERVER"
}

# outside SUBCOMMAND...: the probe, out there
outside() {
	run -0 nsenter --net="/run/netns/$NET_OUT" "$PF_SUITE/tools/probe" "$@"
}

# joined ENTRIES [OPTION...]: options of bundle() for a container in that network that has this list; in ${JOINED[@]}
joined() {
	JOINED=(--ns "network=/run/netns/$NET_IN" --annotate "io.pinfold.egress=$1")
	shift
	JOINED+=("$@")
}

# tries ENTRIES SUBCOMMAND... [-- SUBCOMMAND...]...: what a container with this list gets for each
tries() {
	joined "$1"
	shift
	probe "${JOINED[@]}" -- each "$@"
}

require_bpf() {
	[ "$(stat -f -c %T /sys/fs/cgroup /sys/fs/cgroup/unified 2>/dev/null | grep -c cgroup2fs)" -gt 0 ] || skip_or_fail "needs cgroup2"
}

# cgroup2_of PID: the folder of its group
cgroup2_of() {
	local top=/sys/fs/cgroup

	[ "$(stat -f -c %T "$top")" = cgroup2fs ] || top+=/unified
	echo "$top$(sed -n 's/^0:://p' "/proc/$1/cgroup")"
}

# egress_numbers FILE: by which the kernel knows the five maps and five programs, as they stand in ROOT/.egress
egress_numbers() {
	od -An -v -tu4 -w4 "$1" | awk 'NR > 2 && NR != 8 && NR < 14 { print (NR < 8 ? "map " : "program ") $1 }'
}

egress_numbers_gone() { # FILE-OF-NUMBERS
	"$PF_SUITE/tools/probe" bpf-list | cut -d' ' -f1,2 >"$1.now"
	! grep -qxF -f "$1" "$1.now"
}

# assert_unloaded FILE: none of the numbers that it lists is in the kernel any more, which lets go of them a moment later
assert_unloaded() {
	[ -s "$1" ] || fail "no numbers in $1"
	wait_until "the programs and maps of $1 to go" egress_numbers_gone "$1"
}

# egress_rows: how many rows all containers of this state root have, in both tries
egress_rows() {
	local places ports

	read -r _ places _ ports < <(egress_numbers "$PF_ROOT/.egress" | sed -n 2,3p | tr '\n' ' ')
	echo "$("$PF_SUITE/tools/probe" bpf-rows "$places" 24) $("$PF_SUITE/tools/probe" bpf-rows "$ports" 16)"
}
