# SPDX-License-Identifier: Apache-2.0
# `egress' and `listen' by annotation through podman: with no network, on a bridge, in the network of another container. What
# a list must withstand is in tests/attack; here it is that an engine's network is bounded by it.

load engine

setup_file() {
	use_podman
}

local_setup() {
	PROBE=(-v "$PF_BUILD/tests/probe/probe:/probe:ro")
}

local_teardown() {
	[ -z "${SERVER-}" ] || kill "$SERVER"
	podman rm -f -t 0 "$C-2"
} >/dev/null 2>&1

# list EGRESS [OPTION...]: options of a container that has this list, and the probe; in ${LIST[@]}
list() {
	LIST=("${PROBE[@]}" --annotation "io.pinfold.egress=$1" "${@:2}")
}

# serve ADDRESS PORT...: here, where the other end of the bridge is
serve() {
	local address=$1 port servers=()

	shift
	for port; do servers+=(tcp "$address" "$port" udp "$address" "$port"); done
	"$PF_BUILD/tests/probe/probe" serve outside "${servers[@]}" >"$SCRATCH/served" 2>&1 </dev/null 3>&- 4>&- &
	SERVER=$!
	wait_until "the server" grep -q listening "$SCRATCH/served"
}

inspect() {
	podman inspect -f "{{.NetworkSettings.$1}}" "$C"
}

@test "without a network a list leaves loopback, and closes the rest at once" {
	list @none
	box "${LIST[@]}" -- /probe each tcp 192.0.2.1 80 -- tcp 127.0.0.1 7000 -- tcp 127.0.0.1 53 -- udp 192.0.2.1 53
	assert_output "EPERM
ECONNREFUSED
EPERM
EPERM"
}

@test "on a bridge the listed port of an address is reached, no other, and exec is held to the same" {
	list "tcp://10.88.0.1:8000"
	up --network bridge "${LIST[@]}"
	[ "$(inspect Gateway)" = 10.88.0.1 ]
	serve 10.88.0.1 8000 8001
	in_box /probe each tcp 10.88.0.1 8000 -- tcp 10.88.0.1 8001 -- udp 10.88.0.1 8000 -- tcp 192.0.2.1 80
	assert_output "ok: outside
EPERM
EPERM
EPERM"
	WANT=0 run podman exec --user 1000 "$C" /probe tcp 10.88.0.1 8001
	assert_output EPERM
}

@test "a published port is reached where listen has it, and not without" {
	local address

	list @none --annotation io.pinfold.listen=7000
	up --network bridge -p 18080:7000 -p 18081:7001 "${LIST[@]}" -- /probe serve inside tcp 0.0.0.0 7000 tcp 0.0.0.0 7001
	wait_for_log listening
	address=$(inspect IPAddress)
	run "$PF_BUILD/tests/probe/probe" each tcp "$address" 7000 -- tcp 10.88.0.1 18080 -- tcp "$address" 7001 300 -- tcp 10.88.0.1 18081 300
	assert_output "ok: inside
ok: inside
ETIMEDOUT
ETIMEDOUT"
	podman rm -f -t 0 "$C"
	list @none
	up --network bridge "${LIST[@]}" -- /probe serve inside tcp 0.0.0.0 7000
	wait_for_log listening
	run "$PF_BUILD/tests/probe/probe" tcp "$(inspect IPAddress)" 7000 300
	assert_output ETIMEDOUT
}

@test "a container in the network of another has a list of its own, and reaches its servers where @pod says so" {
	list @none
	up "${LIST[@]}" -- /probe serve first tcp 127.0.0.1 7000
	wait_for_log listening
	in_box /probe tcp 127.0.0.1 7000
	assert_output "ok: first"
	list @none --network "container:$C" --name "$C-2"
	box "${LIST[@]}" -- /probe each tcp 127.0.0.1 7000 -- tcp 192.0.2.1 80
	assert_output "EPERM
EPERM"
	list @pod --network "container:$C" --name "$C-2"
	box "${LIST[@]}" -- /probe each tcp 127.0.0.1 7000 -- tcp 192.0.2.1 80
	assert_output "ok: first
EPERM"
}

@test "a bad entry is refused by podman run, in its words" {
	list 10.0.0.1/8
	box "${LIST[@]}" -- true
	assert_status 126
	assert_contains io.pinfold.egress 10.0.0.0/8
}
