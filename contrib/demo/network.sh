# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The third act of contrib/demo/run, which sources this: where a container can connect. Two network namespaces, made here and
# joined by a cable: in one a service, a server elsewhere and a metadata service answer, in the other runs the agent. A list of
# one address leaves only the service.

street=''
# shellcheck disable=SC2317 # by the trap of contrib/demo/run
take_down_network() {
	[ -z "$street" ] || kill $street 2>/dev/null || true
}

# In a namespace of its own each, held by a process: nothing of this host's network is touched.
make_network() {
	local world here name
	unshare -n sleep 600 &
	world=$!
	unshare -n sleep 600 &
	here=$!
	street="$world $here"
	for name in $street; do
		until [ "$(readlink "/proc/$name/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
	done
	WORLD=/proc/$world/ns/net HERE_NET=/proc/$here/ns/net
	nsenter --net="$WORLD" sh -ec "ip link set lo up
		ip link add cable type veth peer name eth0 netns $here
		for a in 203.0.113.7 198.51.100.9 169.254.169.254; do ip address add \$a/32 dev lo; done
		ip address add 192.0.2.1/24 dev cable
		ip link set cable up"
	nsenter --net="$HERE_NET" sh -ec 'ip link set lo up
		ip address add 192.0.2.2/24 dev eth0
		ip link set eth0 up
		ip route add default via 192.0.2.1'
}

# shellcheck disable=SC2034 # failed, DIR, IMAGE and the functions are those of contrib/demo/run
third_act() {
	local text list=203.0.113.7:443
	local reach=(-v "$DIR/workspace:/work" -w /work)

	# its second column: what this host can do
	if ! "$PINFOLD" doctor | grep -q '^egress  *ok' || ! "$PINFOLD" doctor | grep -q '^own cgroup2  *ok'; then
		echo "(A third act is about connections, which take root and cgroup2 to judge: \`pinfold doctor' has more.)"
		return
	fi
	make_network
	box run -d --name world --network "ns:$WORLD" "${reach[@]}" "$IMAGE" python3 reach.py serve >/dev/null || failed=1
	expect "$(await_log world serving)" serving

	echo "\$ podman --runtime pinfold run tools reach.py"
	text=$(box run --rm --network "ns:$HERE_NET" "${reach[@]}" "$IMAGE" python3 reach.py) || failed=1
	echo "$text"
	expect "$text" "4 of 4 answer"

	echo
	echo "\$ podman --runtime pinfold run --annotation io.pinfold.egress=$list \\
      tools reach.py"
	text=$(box run --rm --annotation "io.pinfold.egress=$list" --network "ns:$HERE_NET" "${reach[@]}" "$IMAGE" python3 reach.py) || failed=1
	echo "$text"
	expect "$text" "1 of 4 answer"
	expect "$text" "metadata    EPERM"
}
