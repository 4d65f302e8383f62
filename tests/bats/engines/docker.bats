# SPDX-License-Identifier: Apache-2.0
# docker, whose daemon is told of the runtime by name.

load engine

setup_file() {
	command -v dockerd >/dev/null || return 0
	export DOCKER_HOST=unix://$ENGINE/docker/sock DOCKER_BUILDKIT=0 DOCKER_CONFIG=$ENGINE/docker-client IMAGE=busybox-here
	"$PF_TESTS/env/dockerd-own.sh" "$ENGINE/docker" "pinfold=$RUNTIME" -- sleep infinity >"$ENGINE/docker.out" 2>&1 3>&- 4>&- &
	echo $! >"$ENGINE/docker.pid"
	wait_until "dockerd" bash -c 'docker version >/dev/null 2>&1'
	docker import --change 'ENV PATH=/bin' "$("$PF_TESTS/env/make-image.sh" busybox)" "$IMAGE" >/dev/null
}

teardown_file() {
	[ ! -e "$ENGINE/docker.pid" ] || kill "$(cat "$ENGINE/docker.pid")"
}

local_setup() {
	require_tool dockerd
	STATE=/run/docker/runtime-runc/moby
}

local_teardown() {
	docker rm -f "$C" || :
} >/dev/null 2>&1

# d_run [OPTION...] -- COMMAND...
d_run() {
	local opts=()

	while [ "$1" != -- ]; do
		opts+=("$1")
		shift
	done
	shift
	run ${WANT:+"-$WANT"} docker run --rm --runtime pinfold --network none ${opts[@]+"${opts[@]}"} "$IMAGE" "$@" </dev/null
}

d_up() {
	docker run -d --name "$C" --runtime pinfold --network none "$@" "$IMAGE" \
		sh -c 'trap "exit 0" TERM; echo ready; while :; do sleep 1000 & wait; done' >/dev/null 3>&- 4>&-
}

d_group() {
	echo "/sys/fs/cgroup/$1$(sed -n "s/^[0-9]*:$1://p" "/proc/$(docker inspect -f '{{.State.Pid}}' "$C")/cgroup")"
}

@test "docker run prints and passes the status" {
	d_run -- sh -c 'echo out; exit 7'
	assert_status 7
	assert_output out
}

@test "docker run of a missing program: 127" {
	WANT=127 d_run -- /not/there
	assert_contains 'exec: "/not/there": stat /not/there: no such file or directory'
	WANT=127 d_run -- not-there
	assert_contains 'executable file not found in $PATH'
}

@test "docker run of a file that may not be executed: 126" {
	d_run -- /etc/passwd
	assert_status 126
	assert_contains 'permission denied'
}

@test "docker run -u -w -e -v" {
	echo text >"$SCRATCH/file"
	d_run -u 1000:1000 -w /tmp -e A=b -v "$SCRATCH:/data:ro" -- sh -c 'id -u; pwd; echo $A; cat /data/file'
	assert_output '1000
/tmp
b
text'
}

@test "docker run -d, logs, exec, exec of a user, top" {
	d_up
	wait_until "a line" bash -c "docker logs $C | grep -q ready"
	run docker exec "$C" sh -c 'echo inside; exit 3'
	assert_status 3
	assert_output inside
	run docker exec -u 1000 "$C" id -u
	assert_output 1000
	run docker top "$C"
	assert_contains sleep
}

@test "docker exec of a missing program, and of one that may not be executed" {
	d_up
	run docker exec "$C" /not/there
	assert_status 126 # docker 20.10 with any runtime
	assert_contains 'no such file or directory'
	run docker exec "$C" /etc/passwd
	assert_status 126
}

@test "docker exec -it and run -it have a terminal of the caller's size" {
	d_up
	with_tty "docker exec -it $C sh -c 'sleep 0.3; tty; stty size; exit 4'"
	assert_status 4
	assert_contains /dev/pts/ '33 101'
	with_tty "docker run --rm -it --runtime pinfold --network none $IMAGE sh -c 'sleep 0.3; tty; stty size'"
	assert_contains /dev/pts/0 '33 101'
}

@test "docker pause and unpause" {
	require_v1
	d_up
	docker pause "$C"
	[ "$(docker inspect -f '{{.State.Status}}' "$C")" = paused ]
	docker unpause "$C"
	run docker exec "$C" echo on
	assert_output on
}

@test "docker update" {
	require_v1
	d_up --memory 64m --memory-swap 128m
	docker update --memory 32m --cpus 0.25 "$C"
	[ "$(cat "$(d_group memory)/memory.limit_in_bytes")" = 33554432 ]
	[ "$(cat "$(d_group cpu)/cpu.cfs_quota_us")" = 25000 ]
}

@test "docker stop, start, restart, kill, rm" {
	d_up
	wait_until "a line" bash -c "docker logs $C | grep -q ready"
	docker stop -t 10 "$C"
	[ "$(docker inspect -f '{{.State.ExitCode}}' "$C")" = 0 ]
	docker start "$C"
	docker restart -t 0 "$C"
	docker kill "$C"
	[ "$(docker wait "$C")" = 137 ]
	docker rm "$C"
	[ -z "$(find "$STATE" -mindepth 1)" ]
}

@test "docker run --init --read-only --tmpfs --memory --pids-limit" {
	d_run --init --read-only --tmpfs /scratch --memory 64m --pids-limit 50 -- sh -c \
		'touch /scratch/x && touch /etc/x; cat /proc/1/comm'
	assert_contains 'Read-only file system' docker-init
}

@test "docker run --memory: what takes more is killed" {
	require_v1
	d_run --memory 16m --memory-swap 16m -- sh -c 'x=$(head -c 60000000 /dev/zero | tr "\000" x); echo survived'
	assert_status 137
}

@test "docker's seccomp profile and capabilities" {
	d_run --cap-drop all --cap-add chown -- grep -E '^(Seccomp|CapEff):' /proc/self/status
	assert_contains $'CapEff:\t0000000000000001' $'Seccomp:\t2'
}

@test "docker build runs its steps by the runtime" {
	printf 'FROM %s\nRUN echo built >/made && id -u\nCMD cat /made\n' "$IMAGE" >"$SCRATCH/Dockerfile"
	docker build -q -t built-here "$SCRATCH" >/dev/null
	run docker run --rm --runtime pinfold --network none built-here
	docker rmi -f built-here >/dev/null
	assert_output built
}

@test "docker cp in and out" {
	d_up
	echo text >"$SCRATCH/file"
	docker cp "$SCRATCH/file" "$C:/tmp/"
	run docker exec "$C" cat /tmp/file
	assert_output text
}

@test "docker run --pid host --ipc host --uts host --network host" {
	run docker run --rm --runtime pinfold --pid host --ipc host --uts host --network host "$IMAGE" \
		sh -c 'for n in pid ipc uts net; do readlink /proc/self/ns/$n; done'
	assert_output "$(for n in pid ipc uts net; do readlink /proc/self/ns/$n; done)"
}

@test "the runtime's own default confines what docker starts" {
	mkdir -p /etc/pinfold "$SCRATCH/secrets"
	echo a-secret >"$SCRATCH/secrets/key"
	echo '{ "defaults": { "profile": "agent" } }' >/etc/pinfold/policy.json
	d_run -v "$SCRATCH/secrets:/secrets" -- sh -c 'cat /secrets/key; echo tried'
	rm -r /etc/pinfold
	assert_contains tried
	refute_output a-secret
}

@test "egress of the node's defaults bounds the network that docker gives, and exec too" {
	local tool=(-v "$PF_BUILD/tests/probe:/tool:ro")

	mkdir -p /etc/pinfold
	echo '{ "defaults": { "egress": ["192.0.2.7:80"] } }' >/etc/pinfold/policy.json
	d_run "${tool[@]}" -- /tool/probe each tcp 192.0.2.1 80 -- udp 192.0.2.1 53 -- tcp 127.0.0.1 7000 -- tcp 192.0.2.7 80
	assert_output "EPERM
EPERM
ECONNREFUSED
ENETUNREACH"
	d_up "${tool[@]}"
	run docker exec "$C" /tool/probe tcp 192.0.2.1 80
	rm -r /etc/pinfold
	assert_output EPERM
}
