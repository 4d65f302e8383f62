# SPDX-License-Identifier: Apache-2.0
# Pods, and networks by netavark, in a network namespace of the test's own.

load engine

setup_file() {
	use_podman
	# the image of the pause container is made once, from catatonit
	podman pod create --name first --network none >/dev/null && podman pod start first >/dev/null 3>&- 4>&-
	podman pod rm -f -t 0 first >/dev/null
}

@test "containers of a pod share namespaces and see each other" {
	podman pod create --name "$C" --network none --share pid,net,ipc,uts >/dev/null
	podman run -d --pod "$C" --name "$C-a" "$IMAGE" sh -c 'while :; do echo hello | nc -l -p 80; done' >/dev/null 3>&- 4>&-
	podman run -d --pod "$C" --name "$C-b" "$IMAGE" sleep 2345 >/dev/null 3>&- 4>&-
	wait_until "an answer" bash -c "[ \"\$(podman exec $C-b nc -w 1 127.0.0.1 80)\" = hello ]"
	run podman exec "$C-a" ps
	assert_contains 'sleep 2345'
	run podman exec "$C-a" hostname
	assert_output "$C"
}

@test "a pod stops, starts and goes" {
	podman pod create --name "$C" --network none >/dev/null
	podman run -d --pod "$C" --name "$C-a" "$IMAGE" sleep 1000 >/dev/null 3>&- 4>&-
	podman pod stop -t 0 "$C" >/dev/null
	podman pod start "$C" >/dev/null 3>&- 4>&-
	run podman exec "$C-a" true
	assert_status 0
	podman pod rm -f -t 0 "$C" >/dev/null
	[ -z "$(engine_left_behind)" ]
}

@test "a pod pauses and goes on" {
	require_v1
	podman pod create --name "$C" --network none >/dev/null
	podman run -d --pod "$C" --name "$C-a" "$IMAGE" sleep 1000 >/dev/null 3>&- 4>&-
	podman pod pause "$C" >/dev/null
	run podman inspect -f '{{.State.Status}}' "$C-a"
	assert_output paused
	podman pod unpause "$C" >/dev/null
	run podman exec "$C-a" true
	assert_status 0
}

@test "a container of a pod that has an own user namespace" {
	podman pod create --name "$C" --network none --uidmap 0:300000:2000 --gidmap 0:300000:2000 >/dev/null
	run podman run --rm --pod "$C" "$IMAGE" cat /proc/self/uid_map
	assert_status 0
	assert_match '0 +300000 +2000'
}

@test "--network bridge: an address of its own, reached from the host" {
	up --network bridge -- sh -c 'while :; do echo from-inside | nc -l -p 8080; done'
	local address
	address=$(podman inspect -f '{{.NetworkSettings.IPAddress}}' "$C")
	wait_until "an answer" bash -c "[ \"\$(busybox nc -w 1 $address 8080)\" = from-inside ]"
}

@test "-p publishes a port" {
	up --network bridge -p 127.0.0.1:18080:8080 -- sh -c 'while :; do echo published | nc -l -p 8080; done'
	wait_until "an answer" bash -c '[ "$(busybox nc -w 1 127.0.0.1 18080)" = published ]'
}

@test "a network of one's own" {
	podman network create "net-$C" >/dev/null
	box --network "net-$C" -- ip -o -4 addr show eth0
	podman network rm "net-$C" >/dev/null
	assert_status 0
	assert_contains 10.89.
}

@test "--network container: shares that of another" {
	up --network bridge
	run podman run --rm --network "container:$C" "$IMAGE" readlink /proc/self/ns/net
	assert_output "$(podman exec "$C" readlink /proc/self/ns/net)"
}

@test "--network ns: joins a namespace by path" {
	ip netns add "by-path-$$"
	box --network "ns:/run/netns/by-path-$$" -- readlink /proc/self/ns/net
	local want
	want=$(ip netns exec "by-path-$$" readlink /proc/self/ns/net)
	ip netns del "by-path-$$"
	assert_output "$want"
}
