#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What else a confined workload tries: other processes, sockets, terminals, namespaces, kernel interfaces, programs; what a
# later exec gets after the workload has prepared the ground; what an image, an annotation or an old kernel may change.

# shellcheck disable=SC2034,SC2154
load ../bats/helpers

READ="io.pinfold.read=/usr /bin /probe /work"
WRITE="io.pinfold.write=/work"

local_setup() {
	require_landlock 3
}

confined() {
	probe --annotate "$READ" --annotate "$WRITE" "$@"
}

confined_sleeper() {
	sleeper --annotate "$READ" --annotate "$WRITE" "$@"
}

# node JSON: a node policy for the runs that follow, given by --policy
node() {
	printf '%s\n' "$1" >"$SCRATCH/policy.json"
	chmod 644 "$SCRATCH/policy.json"
	PF_GLOBALS=(--policy "$SCRATCH/policy.json")
}

every_line_is() {
	local line want

	for line in "${lines[@]}"; do
		for want; do
			[ "$line" != "$want" ] || continue 2
		done
		fail "got \`$line', expected one of: $*
$output"
	done
}

# ---------------------------------------------------------------------------------------------------------- privileges

@test "no_new_privs is set whatever config.json and exec say" {
	confined -- nnp
	assert_output 1
	confined_sleeper
	in_box nnp
	assert_output 1
	jq '.process | .args = ["/probe","nnp"] | .noNewPrivileges = false' "$BUNDLE/config.json" >"$SCRATCH/p.json"
	run -0 pf exec --process "$SCRATCH/p.json" "$ID"
	assert_output 1
}

@test "a set-user-id program gives nothing" {
	ln -f "$BUNDLE/rootfs/probe" "$BUNDLE/rootfs/usr/bin/suid" && own_file usr/bin/suid
	chmod 4755 "$BUNDLE/rootfs/usr/bin/suid"
	confined --user 1000:1000 -- exec /usr/bin/suid ids
	assert_match '^1000 1000 1000 '
}

@test "NET_RAW is taken, other capabilities that void a protection refuse the container" {
	confined --cap NET_RAW -- caps
	assert_match 'bnd=4e1 '
	local cap
	for cap in SYS_ADMIN NET_ADMIN SYS_MODULE SYS_RAWIO DAC_READ_SEARCH BPF PERFMON SYS_BOOT SYS_TIME MAC_ADMIN SYSLOG CHECKPOINT_RESTORE; do
		bundle --annotate "$READ" --cap "$cap" -- /probe exit 0
		create_fails
		assert_contains "$cap"
	done
}

@test "exec cannot add a capability that confinement takes" {
	confined_sleeper
	local cap
	for cap in CAP_SYS_ADMIN CAP_NET_ADMIN CAP_NET_RAW CAP_DAC_READ_SEARCH; do
		run pf exec --cap "$cap" "$ID" /probe caps
		[ "$status" -ne 0 ] || [[ $output == *"bnd=4e1 "* ]] || fail "$cap: $output"
	done
}

@test "namespaces of the host, a privileged root and shared propagation are refused by name" {
	bundle --annotate "$READ" --no-ns pid -- /probe exit 0
	create_fails
	assert_contains host-pid
	bundle --annotate "$READ" --no-ns network -- /probe exit 0
	create_fails
	assert_contains host-net
	bundle --annotate "$READ" --no-ns ipc --jq 'del(.mounts[] | select(.type == "mqueue"))' -- /probe exit 0
	create_fails
	assert_contains host-ipc
	bundle --annotate "$READ" --jq '(.mounts[] | select(.type == "cgroup")).options |= map(select(. != "ro"))' -- /probe exit 0
	create_fails
	assert_contains rw-cgroup
	bundle --annotate "$READ" --jq '.linux.rootfsPropagation = "rshared"' -- /probe exit 0
	create_fails
	assert_contains shared-propagation
}

# ---------------------------------------------------------------------------------------------- namespaces, interfaces

@test "no namespace can be made or entered" {
	confined -- each unshare user -- unshare mnt -- unshare net -- unshare pid -- setns /proc/self/ns/mnt -- setns /proc/1/ns/user -- clone-user -- unshare cgroup
	every_line_is EPERM EINVAL EACCES
}

@test "clone3 is not there, so that libc falls back, and fork works" {
	confined -- each clone3 -- clone3-user -- fork
	assert_output "ENOSYS
ENOSYS
ok"
}

@test "io_uring, userfaultfd, bpf, perf, file handles and keys are not there" {
	confined -- each io-uring-setup -- userfaultfd -- bpf -- perf -- handle-open /usr/share/public -- keyring -- add-key
	every_line_is ENOSYS
}

@test "socket families beside unix, inet, inet6 and netlink route are not there" {
	confined -- each socket packet raw -- socket alg seqpacket -- socket vsock stream -- socket bluetooth raw -- socket can raw -- socket tipc stream -- socket netlink raw audit -- socket xdp raw -- socket smc stream
	every_line_is EAFNOSUPPORT
}

@test "protocols beside tcp, udp and icmp are not there, also with rubbish in the high half" {
	confined -- each socket inet stream mptcp -- socket inet stream sctp -- socket inet dgram 136 -- syscall 41 2 1 0x100000106
	every_line_is EPROTONOSUPPORT
}

@test "the sockets that programs need are there" {
	confined -- each socket unix stream -- socket inet stream -- socket inet stream tcp -- socket inet dgram udp -- socket inet6 stream -- socket netlink raw route -- socketpair unix stream
	every_line_is ok EAFNOSUPPORT
	[ "${lines[0]}${lines[1]}${lines[3]}${lines[6]}" = okokokok ]
}

@test "an OCI filter and ours hold together" {
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":95}]}' >"$SCRATCH/seccomp.json"
	confined --seccomp "$SCRATCH/seccomp.json" -- each mkdir /work/x -- clone3 -- unshare user -- open-read /secret/key
	assert_output "EOPNOTSUPP
ENOSYS
EPERM
EACCES"
}

# ---------------------------------------------------------------------------------------------------------- terminals

@test "nothing can be typed into the terminal" {
	require_tool script
	bundle --terminal --annotate "$READ" --annotate "$WRITE" -- /probe each tiocsti -- tiocsti high -- tioclinux -- tty
	run script -qec "$RUNTIME --root $PF_ROOT run --bundle $BUNDLE $ID" /dev/null </dev/null
	assert_match 'EPERM[^a-z]*EPERM[^a-z]*EPERM[^a-z]*yes'
}

# ---------------------------------------------------------------------------------------------------- other processes

@test "a program of a later exec cannot trace or read the first one, nor the first one it" {
	confined_sleeper --cap SYS_PTRACE --env WORD=SECRET
	in_box each ptrace 1 -- environ 1 -- mem 1 -- vm-read 1 -- proc-fd 1
	every_line_is EPERM EACCES
	refute_output SECRET
}

@test "with the host's pid namespace permitted, the host's processes can be neither signalled nor read" {
	require_landlock 6
	node '{"permit":["host-pid"]}'
	sleep 60 3>&- 4>&- >/dev/null 2>&1 &
	local other=$!
	bundle --annotate "$READ" --no-ns pid -- /probe each kill "$other" 9 -- environ "$other" -- ptrace "$other" -- proc-fd "$other"
	run pf run --bundle "$BUNDLE" "$ID"
	PF_GLOBALS=()
	kill -0 "$other" || fail "the host's process is gone: $output"
	kill "$other"
	wait "$other" 2>/dev/null || true
	every_line_is EPERM EACCES
}

@test "with the host's network permitted, abstract sockets of the host cannot be reached" {
	require_landlock 6
	node '{"permit":["host-net"]}'
	"$PF_SUITE/tools/probe" listen-unix "@pf-test-$ID" >"$SCRATCH/listener" 2>&1 </dev/null 3>&- 4>&- &
	local other=$!
	wait_for_line "$SCRATCH/listener" listening
	bundle --annotate "$READ" --no-ns network -- /probe connect-unix "@pf-test-$ID"
	run pf run --bundle "$BUNDLE" "$ID"
	PF_GLOBALS=()
	kill "$other"
	wait "$other" 2>/dev/null || true
	assert_output EPERM
}

# Row 36.
@test "a control socket of the host in a mount that no entry names cannot be reached" {
	mkdir "$SCRATCH/sock"
	"$PF_SUITE/tools/probe" listen-unix "$SCRATCH/sock/docker.sock" >"$SCRATCH/listener" 2>&1 </dev/null 3>&- 4>&- &
	local other=$!
	wait_for_line "$SCRATCH/listener" listening
	bundle --annotate "$READ" --bind "$SCRATCH/sock:/run/host" --bind "$SCRATCH/sock/docker.sock:/run/docker.sock" \
		-- /probe each connect-unix /run/host/docker.sock -- connect-unix /run/docker.sock
	run pf run --bundle "$BUNDLE" "$ID"
	kill "$other"
	wait "$other" 2>/dev/null || true
	assert_status 0
	every_line_is EACCES ENOENT ECONNREFUSED
}

# ----------------------------------------------------------------------------------------------------------------- exec

EXEC="io.pinfold.exec=/probe /bin/sh /bin/busybox"

@test "with an exec list, a program that is not on it does not run" {
	cp "$(command -v busybox)" "$BUNDLE/rootfs/usr/bin/denied"
	confined --annotate "$EXEC" -- each exec /usr/bin/denied echo ran -- opath-exec /usr/bin/denied echo ran -- exec /bin/busybox echo allowed
	assert_output "EACCES
EACCES
allowed"
}

@test "a copy under another name does not run either" {
	confined --annotate "$EXEC" -- copy-exec /bin/busybox /work/echo ran
	assert_output EACCES
}

@test "a script whose interpreter is not on the list does not run" {
	cp "$(command -v busybox)" "$BUNDLE/rootfs/usr/bin/denied"
	printf '#!/usr/bin/denied sh\necho ran\n' >"$BUNDLE/rootfs/usr/bin/script"
	chmod 755 "$BUNDLE/rootfs/usr/bin/script"
	confined --annotate "io.pinfold.exec=/probe /usr/bin/script" -- exec /usr/bin/script
	assert_output EACCES
}

@test "a program without a path does not run where an exec list stands" {
	confined --annotate "$EXEC" -- memfd-exec /bin/busybox echo ran
	refute_output ran
}

@test "without an exec list, what may be read may be executed, and nothing else" {
	cp "$(command -v busybox)" "$BUNDLE/rootfs/secret/echo"
	confined -- each exec /bin/echo allowed -- exec /secret/echo denied
	assert_output "allowed
EACCES"
}

# ----------------------------------------------------------------------------------------------------------- later exec

@test "exec is confined as the first program is: as another user, with a terminal, days later" {
	confined_sleeper
	in_box each open-read /secret/key -- print-file /usr/share/public -- create /work/x -- create /usr/share/x
	assert_output "EACCES
public
ok
EACCES"
	in_box --user 1000:1000 each open-read /secret/key -- print-file /usr/share/public
	assert_output "EACCES
public"
	"$PF_SUITE/tools/recvtty" "$SCRATCH/tty.sock" >"$SCRATCH/tty" 2>&1 </dev/null 3>&- 4>&- &
	local tty=$!
	wait_until "the console socket" test -S "$SCRATCH/tty.sock"
	run -0 pf exec --tty --console-socket "$SCRATCH/tty.sock" --detach "$ID" /probe each open-read /secret/key -- tiocsti -- print-file /usr/share/public
	wait "$tty"
	run cat "$SCRATCH/tty"
	assert_match 'EACCES[^a-z]*EPERM[^a-z]*public'
}

@test "a path that the workload swapped for a symlink opens nothing for a later exec" {
	mkdir "$BUNDLE/rootfs/work/data"
	chmod 777 "$BUNDLE/rootfs/work/data"
	sleeper --annotate 'io.pinfold.read=/usr /bin /probe /work/data' --annotate 'io.pinfold.write=/work'
	in_box each rename /work/data /work/old -- symlink /secret /work/data
	assert_output "ok
ok"
	in_box each open-read /work/data/key -- open-read /secret/key -- list /secret
	assert_output "EACCES
EACCES
EACCES"
	in_box --user 1000:1000 open-read /work/data/key
	assert_output EACCES
}

@test "nor a path that it swapped for another directory, or removed" {
	mkdir -m 777 "$BUNDLE/rootfs/work/data"
	sleeper --annotate 'io.pinfold.read=/usr /bin /probe /work/data' --annotate 'io.pinfold.write=/work /secret'
	in_box each rename /work/data /work/old -- rename /secret /work/data
	in_box each open-read /work/old -- print-file /usr/share/public
	assert_contains public
	in_box each rmdir /work/old -- print-file /usr/share/public
	assert_contains public
}

@test "exec with a working directory outside the policy reads nothing there" {
	confined_sleeper
	in_box --cwd /secret each open-read key -- open-read ./key
	every_line_is EACCES
}

@test "exec of a program outside the policy fails" {
	cp "$(command -v busybox)" "$BUNDLE/rootfs/secret/echo"
	confined_sleeper
	run -255 pf exec "$ID" /secret/echo ran
	assert_contains 'permission denied'
}

@test "the state that exec relies on cannot be reached from inside" {
	confined_sleeper
	in_box stat "$PF_ROOT/$ID"
	assert_output ENOENT
}

# -------------------------------------------------------------------------------------------------- who may say what

@test "an image or a pod that asks for more than the node's policy allows is refused, with the line that would permit it" {
	node '{"defaults":{"profile":"agent"}}'
	bundle --annotate 'io.pinfold.read=@image @cwd @home @tmp /data' --bind "$SCRATCH:/data" -- /probe exit 0
	create_fails
	assert_contains io.pinfold.read /data
	bundle --annotate io.pinfold.read=/ -- /probe exit 0
	create_fails
	bundle --annotate io.pinfold.profile=audit -- /probe exit 0
	create_fails
	bundle --annotate io.pinfold.mode=observe -- /probe exit 0
	create_fails
}

@test "an annotation may tighten what the node's policy allows" {
	node '{"defaults":{"profile":"agent"}}'
	probe --annotate 'io.pinfold.read=/probe' --annotate 'io.pinfold.write=[]' -- each open-read /usr/share/public -- create /tmp/x
	assert_output "EACCES
EACCES"
}

@test "without annotations the node's defaults hold" {
	node '{"defaults":{"profile":"agent"}}'
	mkdir "$SCRATCH/other"
	echo SECRET >"$SCRATCH/other/key"
	probe --bind "$SCRATCH/other:/data" -- each open-read /data/key -- nnp
	[[ ${lines[0]} == ENOENT || ${lines[0]} == EACCES ]]
	[ "${lines[1]}" = 1 ]
}

@test "a node policy that others can write, or that is broken, refuses every container" {
	node '{"defaults":{"profile":"agent"}}'
	chmod 666 "$SCRATCH/policy.json"
	bundle -- /probe exit 0
	create_fails
	assert_contains policy.json
	node '{"defualts":{}}'
	create_fails
	assert_contains defualts
	node '{'
	create_fails
	rm "$SCRATCH/policy.json"
	create_fails
}

# Row 63.
@test "the environment of the container or of the caller changes no policy" {
	PINFOLD_POLICY=/dev/null IO_PINFOLD_READ=/ confined --env PINFOLD_SANDBOXED=1 --env io.pinfold.read=/ -- open-read /secret/key
	assert_output EACCES
}

# ----------------------------------------------------------------------------------------------------------- old kernels

# lower the Landlock ABI that the runtime believes in: a test build's global option
with_abi() {
	run "$RUNTIME" --landlock-abi "$1" --version
	[ "$status" -eq 0 ] || skip_or_fail "needs a build with --enable-test-hooks"
	PF_GLOBALS=(--landlock-abi "$1")
}

@test "where the kernel has no Landlock a confined container is refused, and one that is not runs" {
	with_abi 0
	bundle --annotate "$READ" -- /probe exit 0
	create_fails
	assert_match '[Ll]andlock'
	probe -- args fine
	assert_output fine
}

@test "with ABI 2 a write list is refused unless truncate may be missing" {
	with_abi 2
	bundle --annotate "$WRITE" -- /probe exit 0
	create_fails
	assert_contains landlock.truncate
	probe --annotate "$WRITE" --annotate 'io.pinfold.degrade=landlock.truncate landlock.ioctl landlock.scope landlock.unix' -- each create /usr/x -- create /work/x
	assert_output "EACCES
ok"
}

@test "with ABI 1 a hard link or rename cannot carry a file across directories" {
	with_abi 1
	probe --annotate "$READ" --annotate "$WRITE" --annotate 'io.pinfold.degrade=landlock.refer landlock.truncate landlock.ioctl landlock.scope landlock.unix' \
		-- each link /secret/key /work/hard -- rename /secret/key /work/x -- open-read /secret/key
	assert_match '^(EXDEV|EACCES|EPERM)
(EXDEV|EACCES)
EACCES$'
}

@test "landlock itself may be missing only where the policy says so by name" {
	with_abi 0
	bundle --annotate "$READ" --annotate 'io.pinfold.degrade=landlock.refer landlock.truncate' -- /probe exit 0
	create_fails
	assert_contains landlock
}
