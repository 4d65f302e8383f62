# SPDX-License-Identifier: Apache-2.0
# containerd with its own shim, which is told to call pinfold (BinaryName; ctr's --runc-binary).

load engine

setup_file() {
	command -v containerd >/dev/null || return 0
	export CONTAINERD_ADDRESS=$ENGINE/containerd/sock ROOTFS=$ENGINE/containerd-rootfs
	"$PF_TESTS/env/make-image.sh" dir busybox "$ROOTFS"
	"$PF_TESTS/env/containerd-own.sh" "$ENGINE/containerd" sleep infinity >"$ENGINE/containerd.out" 2>&1 3>&- 4>&- &
	echo $! >"$ENGINE/containerd.pid"
	wait_until "containerd" bash -c 'ctr version >/dev/null 2>&1'
}

teardown_file() {
	[ ! -e "$ENGINE/containerd.pid" ] || kill "$(cat "$ENGINE/containerd.pid")"
}

local_setup() {
	require_tool containerd
	STATE=/run/containerd/runc/default
}

local_teardown() {
	if ctr task ls -q | grep -qx "$C"; then
		ctr task kill -s KILL "$C" || :
		wait_until "$C to end" task_is "$C" STOPPED
		ctr task rm -f "$C"
	fi
	! ctr container ls -q | grep -qx "$C" || ctr container rm "$C"
} >/dev/null 2>&1

# ctr_run [OPTION...] -- COMMAND...
ctr_run() {
	local opts=()

	while [ "$1" != -- ]; do
		opts+=("$1")
		shift
	done
	shift
	run ctr run --rm --runc-binary "$RUNTIME" ${opts[@]+"${opts[@]}"} --rootfs "$ROOTFS" "$C" "$@" </dev/null
}

ctr_up() {
	ctr run -d --runc-binary "$RUNTIME" "$@" --rootfs "$ROOTFS" "$C" \
		sh -c 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done' >/dev/null </dev/null 3>&- 4>&-
}

task_is() {
	ctr task ls | grep -qE "^$1 .*$2"
}

@test "ctr run prints and passes the status" {
	ctr_run -- sh -c 'echo out; exit 7'
	assert_status 7
	assert_output out
}

@test "ctr run of a missing program says so in runc's words" {
	ctr_run -- /not/there
	assert_status 1
	assert_contains 'OCI runtime create failed' 'exec: "/not/there": stat /not/there: no such file or directory'
	ctr_run -- not-there
	assert_contains 'exec: "not-there": executable file not found in $PATH'
	ctr_run -- /etc/passwd
	assert_contains 'exec: "/etc/passwd": permission denied'
}

@test "ctr task exec, with status, user and folder" {
	ctr_up
	run ctr task exec --exec-id one --cwd /tmp --user 1000:1000 "$C" sh -c 'pwd; id -u; exit 3' </dev/null
	assert_status 3
	assert_output '/tmp
1000'
}

@test "ctr task exec of a missing program says so in runc's words" {
	ctr_up
	run ctr task exec --exec-id one "$C" /not/there </dev/null
	assert_status 1
	assert_contains 'OCI runtime exec failed' 'exec: "/not/there": stat /not/there: no such file or directory'
	run ctr task exec --exec-id two "$C" true </dev/null
	assert_status 0
}

@test "ctr task kill, and the task is removed with its status" {
	ctr_up
	ctr task kill -s SIGTERM "$C"
	wait_until "the end" task_is "$C" STOPPED
	ctr task rm "$C"
	[ ! -e "$STATE/$C" ]
}

@test "ctr task kill --all with a signal that nobody catches" {
	ctr_up
	ctr task kill --all -s SIGKILL "$C"
	wait_until "the end" task_is "$C" STOPPED
	run ctr task rm "$C"
	assert_contains 137
}

@test "ctr task pause and resume" {
	require_v1
	ctr_up
	ctr task pause "$C"
	task_is "$C" PAUSED
	ctr task resume "$C"
	task_is "$C" RUNNING
	run ctr task exec --exec-id one "$C" echo on </dev/null
	assert_output on
}

@test "ctr task ps and metrics" {
	require_v1
	ctr_up
	run ctr task ps "$C"
	[ "$(wc -l <<<"$output")" -ge 2 ]
	run ctr task metrics "$C"
	assert_contains memory.usage_in_bytes
}

@test "ctr run -t: a terminal" {
	with_tty "ctr run --rm -t --runc-binary $RUNTIME --rootfs $ROOTFS $C sh -c 'sleep 0.3; tty; stty size; exit 4'"
	assert_status 4
	assert_contains /dev/pts/0 '33 101'
}

@test "ctr task exec -t: a terminal" {
	ctr_up
	with_tty "ctr task exec -t --exec-id one $C sh -c 'sleep 0.3; tty; stty size; exit 4'"
	assert_status 4
	assert_contains /dev/pts/0 '33 101'
}

@test "ctr run --memory-limit --cpus --cgroup" {
	require_v1
	ctr_up --memory-limit 33554432 --cpus 0.5 --cgroup "/of-$C/deep"
	[ "$(cat "/sys/fs/cgroup/memory/of-$C/deep/memory.limit_in_bytes")" = 33554432 ]
	[ "$(cat "/sys/fs/cgroup/cpu/of-$C/deep/cpu.cfs_quota_us")" = 50000 ]
	run ctr task exec --exec-id one "$C" cat /proc/self/cgroup </dev/null
	assert_contains "memory:/of-$C/deep"
}

@test "ctr run --seccomp, --privileged, --env, --cwd, --mount" {
	ctr_run --seccomp -- grep ^Seccomp: /proc/self/status
	assert_match '2$'
	ctr_run --privileged -- grep CapEff /proc/self/status
	assert_output "$(grep CapEff /proc/self/status)"
	echo text >"$SCRATCH/file"
	ctr_run --env A=b --cwd /tmp --mount "type=bind,src=$SCRATCH,dst=/data,options=rbind:ro" -- sh -c 'pwd; echo $A; cat /data/file'
	assert_output '/tmp
b
text'
}

@test "ctr run of an image" {
	use_podman
	podman save --quiet --format oci-archive -o "$SCRATCH/image.tar" "$IMAGE" >/dev/null
	ctr image import "$SCRATCH/image.tar" >/dev/null
	local ref
	ref=$(ctr image ls -q | head -1)
	run ctr run --rm --runc-binary "$RUNTIME" "$ref" "$C" echo from-image </dev/null
	ctr image rm "$ref" >/dev/null
	assert_output from-image
}

@test "an annotation confines, and exec too" {
	mkdir "$SCRATCH/secrets"
	echo a-secret >"$SCRATCH/secrets/key"
	ctr_run --annotation io.pinfold.profile=agent --mount "type=bind,src=$SCRATCH/secrets,dst=/secrets,options=rbind:ro" -- \
		sh -c 'cat /secrets/key; echo tried'
	assert_contains tried
	refute_output a-secret
	ctr_up --annotation io.pinfold.profile=agent --mount "type=bind,src=$SCRATCH/secrets,dst=/secrets,options=rbind:ro"
	run ctr task exec --exec-id one "$C" sh -c 'cat /secrets/key; echo tried' </dev/null
	assert_contains tried
	refute_output a-secret
}

@test "credentials are hidden at run and exec, audited by id, and deny shows its list" {
	local token home=(--env HOME=/root --mount "type=bind,src=$SCRATCH/home,dst=/root,options=rbind:rw")
	token=ghp_$(printf 'a%.0s' {1..36})
	mkdir -p "$SCRATCH/home/.aws"
	echo "[default] $token" >"$SCRATCH/home/.aws/credentials"
	local look='cat /root/.aws/credentials; echo "${GITHUB_TOKEN-unset}"'

	ctr_up --annotation io.pinfold.credentials=hide "${home[@]}" --env "GITHUB_TOKEN=$token"
	run ctr task exec --exec-id one "$C" sh -c "$look" </dev/null
	assert_output unset
	run "$RUNTIME" --root "$STATE" audit --names "$C"
	assert_contains "aws-access-key" "/root/.aws/credentials" "covered"
	[[ $output != *"$token"* ]] || fail "a value is told"
	local_teardown
	ctr_run --annotation io.pinfold.credentials=deny "${home[@]}" --env "GITHUB_TOKEN=$token" -- true
	assert_contains "refuses 2" "aws-access-key at /root/.aws/credentials" "github-token in variable GITHUB_TOKEN"
	[[ $output != *"$token"* ]] || fail "a value is told"
}

@test "an annotation with a typo is refused, and ctr shows why" {
	ctr_run --annotation io.pinfold.raed=/x -- true
	assert_status 1
	assert_contains io.pinfold.raed io.pinfold.read
}

@test "egress by annotation bounds the network that ctr gives, and exec too" {
	local tool="type=bind,src=$PF_BUILD/tests/probe,dst=/tool,options=rbind:ro"

	ctr_run --annotation io.pinfold.egress=192.0.2.7:80 --mount "$tool" -- /tool/probe each tcp 192.0.2.1 80 -- udp 192.0.2.1 53 \
		-- tcp 192.0.2.7 443 -- tcp 127.0.0.1 7000 -- tcp 192.0.2.7 80
	assert_output "EPERM
EPERM
EPERM
ECONNREFUSED
ENETUNREACH"
	ctr_up --annotation io.pinfold.egress=@none --mount "$tool"
	run ctr task exec --exec-id one "$C" /tool/probe tcp 192.0.2.1 80
	assert_output EPERM
}
