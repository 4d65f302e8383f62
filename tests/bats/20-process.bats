#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the program finds: arguments, environment, identity, privileges, limits, terminal, descriptors; and the same for
# what exec adds later.

# shellcheck disable=SC2034,SC2154
load helpers

# ------------------------------------------------------------------------------------------ arguments, environment, cwd

@test "arguments arrive as they are written, empty ones and strange ones too" {
	probe -- args 'a b' '' '*' "it's" 'ünï'
	assert_output "a b||*|it's|ünï"
}

@test "the environment is that of config.json and nothing of the caller's" {
	export PF_CALLERS_OWN=leaked
	probe --env A=1 --env 'B=two words' --env C= -- env
	refute_output PF_CALLERS_OWN
	assert_contains "A=1" "B=two words" "C=" "PATH=/usr/local/bin:/usr/bin:/bin"
}

@test "of several variables with the same name the last one is there, once" {
	probe --env A=1 --env B=1 --env A=2 --env HOME=/first --env HOME=/last -- env
	assert_output "PATH=/usr/local/bin:/usr/bin:/bin|B=1|A=2|HOME=/last"
}

@test "exec has each variable once: the last value of --env, of a process file" {
	sleeper --env A=1 --env A=2 --env HOME=/h
	in_box --env A=3 --env A=4 --env B=5 env
	assert_output "PATH=/usr/local/bin:/usr/bin:/bin|HOME=/h|A=4|B=5"
	jq '.process | .args = ["/probe","env"] | .env += ["A=6","A=7"]' "$BUNDLE/config.json" >"$SCRATCH/process.json"
	run -0 pf exec --process "$SCRATCH/process.json" "$ID"
	assert_output "PATH=/usr/local/bin:/usr/bin:/bin|HOME=/h|A=7"
}

@test "HOME comes from the image's passwd when config.json names none" {
	probe --user 1000:1000 -- getenv HOME
	assert_output /home/user
}

@test "HOME of config.json wins over the image's passwd" {
	probe --user 1000:1000 --env HOME=/elsewhere -- getenv HOME
	assert_output /elsewhere
}

@test "a program without a slash is looked for in the PATH of config.json" {
	mkdir -p "$BUNDLE/rootfs/opt/tools"
	ln "$BUNDLE/rootfs/probe" "$BUNDLE/rootfs/opt/tools/mytool"
	bundle --jq '.process.env = [ "PATH=/nowhere:/opt/tools" ]' -- mytool args found
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_output found
}

@test "the working directory is process.cwd" {
	probe --cwd /usr/share -- getcwd
	assert_output /usr/share
}

@test "a working directory that does not exist is made inside the root" {
	probe --cwd /work/made/here -- getcwd
	assert_output /work/made/here
	[ -d "$BUNDLE/rootfs/work/made/here" ]
}

@test "a working directory behind a symlink stays inside the root" {
	ln -s /work "$BUNDLE/rootfs/usr/way"
	probe --cwd /usr/way -- getcwd
	assert_output /work
}

@test "a working directory that only the user may enter is entered as that user" {
	mkdir "$BUNDLE/rootfs/home/user/private"
	chown 1000:1000 "$BUNDLE/rootfs/home/user/private"
	chmod 700 "$BUNDLE/rootfs/home/user/private"
	probe --user 1000:1000 --cwd /home/user/private -- getcwd
	assert_output /home/user/private
}

@test "a relative working directory is refused" {
	bundle --cwd work -- /probe exit 0
	create_fails
	assert_match '[cC]wd'
}

@test "a config.json without arguments is refused" {
	bundle --jq '.process.args = []'
	create_fails
	assert_contains args
}

@test "hostname and domainname are set" {
	probe --jq '.hostname = "alpha"' -- hostname
	assert_output alpha
	! is_runc || return 0
	probe --jq '.domainname = "example.test"' -- domainname
	assert_output example.test
}

@test "a hostname without a uts namespace is refused" {
	bundle --no-ns uts -- /probe exit 0
	create_fails
	assert_match 'hostname|UTS|uts'
}

# ------------------------------------------------------------------------------------------------------------ identity

@test "real, effective and saved ids and the groups are those of config.json" {
	probe --user 1000:100:5,7,100 -- ids
	assert_output "1000 1000 1000 100 100 100 5,7,100"
}

@test "without additional gids there are none of the caller's" {
	probe --user 1000:1000 -- ids
	assert_match '^1000 1000 1000 1000 1000 1000 (-|1000)$'
}

@test "the umask is 0022 unless config.json says otherwise" {
	umask 077
	probe -- umask
	assert_output 0022
	probe --umask 027 -- umask
	assert_output 0027
}

@test "an id that does not fit is refused" {
	for uid in 4294967296 -1 1.5 '"1000"'; do
		bundle --jq ".process.user.uid = $uid" -- /probe ids
		create_fails
	done
}

@test "the program leads a session of its own" {
	probe -- session
	assert_output "1 1 1"
}

@test "the program starts with no signal blocked and none ignored" {
	bundle -- /probe signals
	run -0 "$BASH" -c 'trap "" HUP USR1 PIPE; "$@"' sh "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	assert_match '^blocked=0 '
	is_runc || assert_output "blocked=0 ignored=0"
}

@test "the program is dumpable again and has no parent-death signal" {
	probe -- each dumpable -- pdeathsig
	assert_output "1
0"
}

# ---------------------------------------------------------------------------------------------------- capabilities, nnp

@test "capabilities are exactly the five sets of config.json" {
	probe --jq '.process.capabilities = { bounding: ["CAP_CHOWN","CAP_KILL","CAP_FOWNER"], permitted: ["CAP_CHOWN","CAP_KILL"],
		effective: ["CAP_KILL"], inheritable: ["CAP_CHOWN"], ambient: [] }' -- caps
	# the program is executed by root: permitted and effective become inheritable | bounding
	assert_output "inh=1 prm=29 eff=29 bnd=29 amb=0"
}

@test "ambient capabilities reach a user that is not root" {
	probe --user 1000:1000 --jq '.process.capabilities = { bounding: ["CAP_NET_BIND_SERVICE"], permitted: ["CAP_NET_BIND_SERVICE"],
		effective: ["CAP_NET_BIND_SERVICE"], inheritable: ["CAP_NET_BIND_SERVICE"], ambient: ["CAP_NET_BIND_SERVICE"] }' -- caps
	assert_output "inh=400 prm=400 eff=400 bnd=400 amb=400"
}

@test "a user that is not root has no effective capabilities of its own" {
	probe --user 1000:1000 -- caps
	assert_output "inh=0 prm=0 eff=0 bnd=4e1 amb=0"
}

@test "no capabilities in config.json means none at all" {
	probe --caps-none -- caps
	assert_output "inh=0 prm=0 eff=0 bnd=0 amb=0"
	probe --jq 'del(.process.capabilities)' -- caps
	assert_output "inh=0 prm=0 eff=0 bnd=0 amb=0"
}

@test "a capability that the caller lacks or the kernel does not know is left out, not an error" {
	! is_runc || skip "runc fails where the caller lacks a capability"
	probe --cap SYS_RESOURCE --cap NONESUCH -- caps
	assert_match 'bnd=(10004e1|4e1) '
	assert_contains "unknown capability CAP_NONESUCH, ignoring"
}

@test "an ambient capability that the kernel cannot raise is left out with a warning that names it" {
	pinfold_only
	probe --user 1000:1000 --jq '.process.capabilities = { bounding: ["CAP_KILL", "CAP_CHOWN"], permitted: ["CAP_KILL", "CAP_CHOWN"],
		effective: [], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL", "CAP_CHOWN"] }' -- caps
	assert_contains "can't raise ambient capability CAP_CHOWN: "
	refute_output "ambient capability CAP_KILL"
	assert_match 'amb=20$'
}

@test "exec --cap of an unknown name is left out with a warning" {
	pinfold_only
	sleeper
	in_box --cap CAP_NONESUCH --cap KILL caps
	assert_contains "unknown capability CAP_NONESUCH, ignoring"
	assert_match 'bnd=4e1 '
}

@test "no_new_privs is set when asked for and only then" {
	probe -- nnp
	assert_output 0
	probe --nnp -- nnp
	assert_output 1
}

# --------------------------------------------------------------------------------------------------------------- limits

@test "resource limits are set" {
	probe --rlimit RLIMIT_NOFILE=100:200 --rlimit RLIMIT_CORE=0:0 -- each rlimit nofile -- rlimit core
	assert_output "100 200
0 0"
}

@test "a limit above the caller's is refused with its name, both numbers and the cure" {
	pinfold_only
	bundle --rlimit RLIMIT_CORE=0:4000 -- /probe exit 0
	run bash -c 'ulimit -Hc 2 && exec setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource "$@"' - \
		"$RUNTIME" --root "$PF_ROOT" create --bundle "$BUNDLE" "$ID"
	assert_status 1
	assert_contains RLIMIT_CORE 4000 "hard limit of 2048" CAP_SYS_RESOURCE "ask for less" "peration not permitted"
}

@test "a limit given twice is refused" {
	pinfold_only
	bundle --rlimit RLIMIT_NOFILE=100:200 --rlimit RLIMIT_NOFILE=50:50 -- /probe exit 0
	create_fails
	assert_contains RLIMIT_NOFILE
}

@test "a limit that is not known is refused" {
	bundle --rlimit RLIMIT_NONESUCH=1:1 -- /probe exit 0
	create_fails
	assert_contains RLIMIT_NONESUCH
}

@test "a soft limit above the hard one is refused" {
	bundle --rlimit RLIMIT_NOFILE=200:100 -- /probe exit 0
	create_fails
}

@test "oom_score_adj is set" {
	probe --jq '.process.oomScoreAdj = 500' -- oom
	assert_output 500
}

@test "scheduler and io priority of config.json hold" {
	! is_runc || skip "newer than Debian's runc"
	probe --jq '.process.scheduler = { policy: "SCHED_BATCH", nice: 5 } | .process.ioPriority = { class: "IOPRIO_CLASS_BE", priority: 6 }' -- sched
	assert_output "policy 3 nice 5 prio 0 io 4006"
}

@test "the personality of config.json holds" {
	! is_runc || skip "newer than Debian's runc"
	probe --jq '.linux.personality = { domain: "LINUX32" }' -- machine
	assert_output i686
}

# ---------------------------------------------------------------------------------------------------------- descriptors

# with_files COMMAND...: run it with files, directories and a socket of the host open (bats itself owns 3 and 4 outside)
with_files() {
	(
		exec 3</etc/hostname 4</etc/passwd 5</etc 6</ 7</proc/self/ns/net 63</sys/fs/cgroup
		"$@"
	)
}

@test "only the three standard descriptors are open" {
	bundle -- /probe fds
	run -0 with_files pf run --bundle "$BUNDLE" "$ID"
	assert_output "0 1 2"
}

@test "--preserve-fds hands on the descriptors from 3 on and no others" {
	bundle -- /probe each fds -- fd-info 3
	run -0 with_files pf run --preserve-fds 2 --bundle "$BUNDLE" "$ID"
	[ "${lines[0]}" = "0 1 2 3 4" ] || fail "$output"
	[[ ${lines[1]} == */hostname ]]
}

@test "--preserve-fds of a descriptor that is not open is refused" {
	bundle -- /probe fds
	run pf run --preserve-fds 40 --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
}

@test "LISTEN_FDS are handed on, and LISTEN_PID is the program's own" {
	bundle -- /probe each fds -- getenv LISTEN_FDS -- getenv LISTEN_PID
	# LISTEN_PID must be the runtime's own pid, else the descriptors are not meant for it
	# shellcheck disable=SC2016
	run -0 with_files sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"' sh "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	assert_output "0 1 2 3
1
1"
}

@test "exec leaks no descriptor either" {
	sleeper
	run -0 with_files pf exec "$ID" /probe fds
	assert_output "0 1 2"
}

# ------------------------------------------------------------------------------------------------------------- terminal

# recvtty, and what came through it in $SCRATCH/tty
start_recvtty() {
	"$PF_SUITE/tools/recvtty" "$SCRATCH/tty.sock" >"$SCRATCH/tty" 2>&1 </dev/null 3>&- 4>&- &
	RECVTTY=$!
	wait_until "the console socket" test -S "$SCRATCH/tty.sock"
}

@test "--console-socket gets the terminal's master, and the program has the terminal" {
	bundle --terminal -- /bin/sh -c '/probe tty; /probe ctty; ls -l /dev/console'
	start_recvtty
	pf create --bundle "$BUNDLE" --console-socket "$SCRATCH/tty.sock" "$ID" >/dev/null 2>&1 </dev/null 3>&-
	pf start "$ID"
	wait "$RECVTTY"
	run -0 cat "$SCRATCH/tty"
	assert_match 'yes 0x0 /dev/pts/0'
	assert_match 'ok'
	assert_match 'c[rw-]*.*/dev/console'
}

@test "the size of the terminal is that of process.consoleSize" {
	bundle --terminal --jq '.process.consoleSize = { height: 33, width: 101 }' -- /probe tty
	start_recvtty
	pf create --bundle "$BUNDLE" --console-socket "$SCRATCH/tty.sock" "$ID" >/dev/null 2>&1 </dev/null 3>&-
	pf start "$ID"
	wait "$RECVTTY"
	grep -q 'yes 33x101' "$SCRATCH/tty"
}

@test "the terminal belongs to the program's user" {
	bundle --terminal --user 1000:1000 -- /probe stat /dev/pts/0
	start_recvtty
	pf create --bundle "$BUNDLE" --console-socket "$SCRATCH/tty.sock" "$ID" >/dev/null 2>&1 </dev/null 3>&-
	pf start "$ID"
	wait "$RECVTTY"
	grep -q 'char 06[0-9]* 1000:' "$SCRATCH/tty"
}

@test "create with a terminal and no console socket is refused" {
	bundle --terminal -- /probe tty
	create_fails
	assert_match 'console.socket|terminal'
}

@test "a console socket without a terminal is refused" {
	bundle -- /probe tty
	start_recvtty
	create_fails --console-socket "$SCRATCH/tty.sock"
	kill "$RECVTTY" 2>/dev/null || true
}

@test "run in a terminal gives the program one of the container's own" {
	require_tool script
	bundle --terminal -- /probe tty
	run script -qec "stty rows 20 cols 70; $RUNTIME --root $PF_ROOT run --bundle $BUNDLE $ID" /dev/null </dev/null
	assert_match 'yes 20x70 /dev/pts/0'
}

@test "exec --tty gives the process a terminal of the container's" {
	sleeper
	start_recvtty
	run -0 pf exec --tty --console-socket "$SCRATCH/tty.sock" --detach "$ID" /probe tty
	wait "$RECVTTY"
	grep -q 'yes 0x0 /dev/pts/0' "$SCRATCH/tty"
}

# ----------------------------------------------------------------------------------------------------------------- exec

@test "exec runs a program beside the first and returns its status" {
	sleeper
	run -9 pf exec "$ID" /probe exit 9
	in_box session
	assert_match '^[0-9]+ [0-9]+ [0-9]+$'
	in_box ns pid
	local inside=$output
	[ "$inside" = "$(readlink "/proc/$(box_pid)/ns/pid")" ]
}

@test "exec returns 128 and the signal's number" {
	sleeper
	run -137 pf exec "$ID" /probe die 9
}

@test "exec has the identity, capabilities and environment of config.json" {
	sleeper --user 1000:100:7 --env A=1
	in_box each ids -- caps -- getenv A -- getcwd
	assert_output "1000 1000 1000 100 100 100 7
inh=0 prm=0 eff=0 bnd=4e1 amb=0
1
/"
}

@test "exec has the umask of config.json" {
	pinfold_only
	sleeper --umask 027
	in_box umask
	assert_output 0027
}

@test "exec --user, --cwd, --env and --cap override" {
	sleeper --env A=1
	in_box --user 1000:1000 --cwd /usr/share --env A=2 --env B=3 each ids -- getcwd -- getenv A -- getenv B
	assert_match '^1000 1000 1000 1000 1000 1000 '
	assert_contains "/usr/share
2
3"
	in_box --cap CAP_NET_RAW caps
	assert_match 'bnd=24e1 '
	assert_match '^inh=0 '
}

@test "exec --additional-gids adds groups" {
	sleeper
	in_box --user 1000:1000 --additional-gids 20 --additional-gids 21 ids
	assert_match '20,21$'
}

@test "exec --process takes everything from a file" {
	sleeper
	jq '.process | .args = ["/probe","each","ids","--","getenv","P","--","getcwd","--","nnp","--","rlimit","nofile"] | .env += ["P=file"] | .cwd = "/tmp"
		| .user = {uid: 1000, gid: 5, additionalGids: [6]} | .noNewPrivileges = true
		| .rlimits = [{type: "RLIMIT_NOFILE", soft: 64, hard: 64}]' "$BUNDLE/config.json" >"$SCRATCH/process.json"
	run -0 pf exec --process "$SCRATCH/process.json" "$ID"
	assert_output "1000 1000 1000 5 5 5 6
file
/tmp
1
64 64"
}

@test "exec --detach returns at once, having written the pid file" {
	sleeper
	pf exec --detach --pid-file "$SCRATCH/exec.pid" "$ID" /probe forever >/dev/null 2>&1 </dev/null 3>&-
	local pid
	pid=$(cat "$SCRATCH/exec.pid")
	[ "$(readlink "/proc/$pid/ns/pid")" = "$(readlink "/proc/$(box_pid)/ns/pid")" ]
	kill -9 "$pid"
}

@test "exec passes stdin and stdout" {
	sleeper
	run -0 pf exec "$ID" /probe cat <<<"through exec"
	assert_output "through exec"
}

@test "exec is in the container's cgroup" {
	require_cgroup_v1 pids
	sleeper
	pf exec --detach --pid-file "$SCRATCH/exec.pid" "$ID" /probe forever >/dev/null 2>&1 </dev/null 3>&-
	local pid
	pid=$(cat "$SCRATCH/exec.pid")
	diff "/proc/$pid/cgroup" "/proc/$(box_pid)/cgroup"
	kill -9 "$pid"
}

@test "exec --preserve-fds hands descriptors on" {
	sleeper
	run -0 with_files pf exec --preserve-fds 1 "$ID" /probe each fds -- fd-info 3
	[ "${lines[0]}" = "0 1 2 3" ]
}

@test "exec --no-new-privs sets it for that process" {
	sleeper
	in_box --no-new-privs nnp
	assert_output 1
	in_box nnp
	assert_output 0
}

@test "exec without a program is refused" {
	sleeper
	run pf exec "$ID"
	[ "$status" -ne 0 ]
}

@test "exec in a stopped container is refused with 255" {
	start_box -- /probe exit 0
	wait_for_status "$ID" stopped
	run -255 pf exec "$ID" /probe exit 0
	assert_match 'stopped|not running'
}

@test "the session keyring is one of the container's own, unless --no-new-keyring" {
	probe -- keyring-name
	assert_output "_ses.$ID"
	bundle -- /probe keyring-name
	run -0 pf run --no-new-keyring --bundle "$BUNDLE" "$ID"
	[ "$output" != "_ses.$ID" ]
}

@test "exec --ignore-paused enters a paused container, and waits with it" {
	pinfold_only
	require_cgroup_v1 freezer
	sleeper
	pf pause "$ID"
	run -255 pf exec "$ID" /probe exit 0
	pf exec --ignore-paused "$ID" /probe exit 5 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	local waiting=$! code=0
	pf resume "$ID"
	wait "$waiting" || code=$?
	[ "$code" -eq 5 ]
}

# all_cpus: those that a process of the root cgroup may have, whatever this one is bound to
all_cpus() {
	taskset -c 0-8191 grep Cpus_allowed_list: /proc/self/status | cut -f2
}

@test "the program and exec may use all CPUs, whatever the caller is bound to" {
	! is_runc || skip "newer than Debian's runc"
	bundle -- /probe affinity
	run -0 taskset -c 0 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	assert_output "$(all_cpus)"
	another "$ID-2"
	sleeper --jq '.process.execCPUAffinity = { final: "" }'
	run -0 taskset -c 0 "$RUNTIME" --root "$PF_ROOT" exec "$ID" /probe affinity
	assert_output "$(all_cpus)"
}

@test "execCPUAffinity is not for the first process" {
	pinfold_only
	probe --jq '.process.execCPUAffinity = { initial: "0", final: "0" }' -- affinity
	assert_output "$(all_cpus)"
}

@test "exec has the final affinity that config.json asks for, or the one of its process file" {
	pinfold_only
	local last

	last=$(($(nproc --all) - 1))
	sleeper --jq '.process.execCPUAffinity = { initial: "0", final: "0" }'
	in_box affinity
	assert_output 0
	jq '.process | .args = ["/probe","affinity"] | del(.execCPUAffinity)' "$BUNDLE/config.json" >"$SCRATCH/process.json"
	run -0 pf exec --process "$SCRATCH/process.json" "$ID"
	assert_output 0
	jq --arg cpu "$last" '.execCPUAffinity.final = $cpu' "$SCRATCH/process.json" >"$SCRATCH/other.json"
	run -0 pf exec --process "$SCRATCH/other.json" "$ID"
	assert_output "$last"
}

@test "exec runs on its initial CPUs until it is in the container, and without final ones on all there" {
	pinfold_only
	local last all exec_pid

	last=$(($(nproc --all) - 1))
	all=$(all_cpus)
	sleeper --jq '.process.execCPUAffinity.initial = "'"$last"'"'
	in_box affinity
	assert_output "$all"
	"$RUNTIME" --root "$PF_ROOT" exec --pid-file "$SCRATCH/exec.pid" "$ID" /probe forever </dev/null >/dev/null 2>&1 3>&- 4>&- &
	exec_pid=$!
	wait_until "the process of exec" test -s "$SCRATCH/exec.pid"
	[ "$(grep Cpus_allowed_list: "/proc/$exec_pid/status" | cut -f2)" = "$last" ]
}

@test "an affinity that this host does not have is refused" {
	pinfold_only
	sleeper
	jq '.process | .execCPUAffinity.initial = "1023"' "$BUNDLE/config.json" >"$SCRATCH/process.json"
	run -255 pf exec --process "$SCRATCH/process.json" "$ID"
	assert_contains /process/execCPUAffinity/initial 1023
	jq '.process | .execCPUAffinity.final = "1023"' "$BUNDLE/config.json" >"$SCRATCH/process.json"
	run -255 pf exec --process "$SCRATCH/process.json" "$ID"
	assert_contains "CPU affinity"
}

@test "--pidfd-socket gets a pidfd of the program" {
	pinfold_only
	bundle -- /probe forever
	"$PF_SUITE/tools/recvtty" "$SCRATCH/pidfd.sock" >"$SCRATCH/pidfd" 2>&1 </dev/null 3>&- 4>&- &
	RECVTTY=$!
	wait_until "the socket" test -S "$SCRATCH/pidfd.sock"
	pf create --bundle "$BUNDLE" --pidfd-socket "$SCRATCH/pidfd.sock" "$ID" >/dev/null 2>&1 </dev/null 3>&-
	wait "$RECVTTY"
	grep -q '^no terminal: anon_inode:\[\?pidfd' "$SCRATCH/pidfd" || fail "$(cat "$SCRATCH/pidfd")"
}

@test "a signal that the caller ignores or blocks is neither ignored nor blocked inside" {
	bundle -- /bin/grep -E '^Sig(Blk|Ign)' /proc/self/status
	local none=$'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000'
	trap '' PIPE USR1
	run pf run --bundle "$BUNDLE" "$ID" </dev/null
	assert_output "$none"
	sleeper
	run pf exec "$ID" /bin/grep -E '^Sig(Blk|Ign)' /proc/self/status </dev/null
	trap - PIPE USR1
	assert_output "$none"
}
