# SPDX-License-Identifier: Apache-2.0
# `podman run' as root: what a user asks for on the command line is what the container gets.

load engine

setup_file() {
	use_podman
}

@test "podman run prints what the container prints and passes its status" {
	box -- sh -c 'echo out; echo err >&2; exit 7'
	assert_status 7
	assert_contains out err
}

@test "podman run passes a status by signal" {
	box -- sh -c 'sleep 100 & kill -9 $!; wait $!'
	assert_status 137
}

@test "podman run gives user, group, folder and variables" {
	box -u 1000:1000 -w /tmp -e GREETING='hello world' -- sh -c 'id -u; id -g; pwd; echo "$GREETING"; echo "$HOME"'
	assert_status 0
	assert_output '1000
1000
/tmp
hello world
/home/agent'
}

@test "podman run -w of a missing folder is refused in podman's words" {
	box -w /not/there -- true
	[ "$status" -ne 0 ] || fail "it ran: $output"
}

@test "podman run gives further groups" {
	box -u 1000:1000 --group-add 2000 -- id -G
	assert_output '1000 2000'
}

@test "podman run feeds standard input" {
	run bash -c 'echo fed | podman run --rm -i --network none "$IMAGE" cat'
	assert_status 0
	assert_output fed
}

@test "podman run -it gives a terminal of the caller's size" {
	with_tty "podman run --rm -it --network none $IMAGE sh -c 'sleep 0.3; tty; stty size'"
	assert_status 0
	assert_contains /dev/pts/0 '33 101'
}

@test "podman run of a missing program: 127 and no such file" {
	WANT=127 box -- /not/there
	assert_contains '/not/there' 'no such file or directory'
}

@test "podman run of a missing program by name: 127 and not found in \$PATH" {
	WANT=127 box -- not-there
	assert_contains 'not-there' 'not found in $PATH'
}

@test "podman run of a file that may not be executed: 126 and permission denied" {
	box -- /etc/passwd
	assert_status 126
	assert_contains '/etc/passwd' 'permission denied'
}

@test "podman run of a folder: 126 and permission denied" {
	box -- /etc
	assert_status 126
	assert_contains 'permission denied'
}

@test "podman run of an option that podman does not know: 125" {
	box --no-such-option -- true
	assert_status 125
}

@test "podman run maps users" {
	box --uidmap 0:200000:1000 --gidmap 0:200000:1000 -- sh -c 'cat /proc/self/uid_map; id -u; touch /x && stat -c %u /x'
	assert_status 0
	assert_match '0 +200000 +1000'
	assert_match $'\n0\n0$'
}

@test "podman run --userns=auto takes a range for itself" {
	grep -q ^containers: /etc/subuid || echo containers:2000000:1000000 | tee -a /etc/subuid >>/etc/subgid
	box --userns auto -- cat /proc/self/uid_map
	assert_status 0
	assert_match '^ *0 +2[0-9]{6} '
}

@test "a named volume keeps what was written, and takes the image's content at first" {
	box -v "vol-$C:/home" -- sh -c 'ls /home; echo kept >/home/file'
	assert_status 0
	assert_output agent
	box -v "vol-$C:/mnt" -- cat /mnt/file
	podman volume rm "vol-$C" >/dev/null
	assert_output kept
}

@test "a bind mount shows the host's file, and :ro keeps it" {
	echo mine >"$SCRATCH/file"
	box -v "$SCRATCH:/data:ro" -- sh -c 'cat /data/file; touch /data/other'
	assert_status 1
	assert_contains mine 'Read-only file system'
	box -v "$SCRATCH:/data" -- sh -c 'echo more >>/data/file'
	assert_status 0
	[ "$(cat "$SCRATCH/file")" = $'mine\nmore' ]
}

@test "a bind mount of a single file" {
	echo one >"$SCRATCH/file"
	box -v "$SCRATCH/file:/etc/one" -- cat /etc/one
	assert_output one
}

@test "a volume with :O is an overlay" {
	mkdir "$SCRATCH/dir"
	echo lower >"$SCRATCH/dir/file"
	box -v "$SCRATCH/dir:/data:O" -- sh -c 'cat /data/file; echo upper >/data/file; cat /data/file'
	assert_status 0
	assert_output 'lower
upper'
	[ "$(cat "$SCRATCH/dir/file")" = lower ]
}

@test "a mount made later on the host appears in an rslave volume" {
	mkdir -p "$SCRATCH/dir/sub"
	up -v "$SCRATCH/dir:/data:rslave"
	mount -t tmpfs tmpfs "$SCRATCH/dir/sub"
	echo late >"$SCRATCH/dir/sub/file"
	in_box cat /data/sub/file
	umount "$SCRATCH/dir/sub"
	assert_output late
}

@test "--read-only leaves /tmp and /run writable and the rest not" {
	box --read-only -- sh -c 'touch /tmp/a /run/b && touch /etc/c'
	assert_status 1
	assert_contains '/etc/c: Read-only file system'
}

@test "--tmpfs takes its options" {
	box --tmpfs /scratch:size=1m,mode=1770,noexec -- sh -c 'grep " /scratch " /proc/mounts; stat -c %a /scratch'
	assert_status 0
	assert_contains size=1024k noexec 1770
}

@test "--shm-size is the size of /dev/shm" {
	box --shm-size 2m -- sh -c 'df -k /dev/shm | tail -1'
	assert_match ' 2048 '
}

@test "--pid host: the host's processes, and this one's number is the host's" {
	box --pid host -- readlink /proc/self/ns/pid
	assert_output "$(readlink /proc/self/ns/pid)"
}

@test "--ipc host and --uts host" {
	box --ipc host --uts host -- sh -c 'readlink /proc/self/ns/ipc; readlink /proc/self/ns/uts'
	assert_output "$(readlink /proc/self/ns/ipc)
$(readlink /proc/self/ns/uts)"
}

@test "--network host: the host's network" {
	box --network host -- readlink /proc/self/ns/net
	assert_output "$(readlink /proc/self/ns/net)"
}

@test "--network none: the loopback is up" {
	box -- sh -c '(echo by-loopback | nc -l -p 80) & sleep 0.3; nc -w 5 127.0.0.1 80'
	assert_output by-loopback
}

@test "--hostname and --add-host" {
	box --hostname named --add-host other:192.0.2.1 -- sh -c 'hostname; cat /etc/hostname; grep other /etc/hosts'
	assert_contains named '192.0.2.1'
}

@test "--privileged: what this host's root may do, and its devices" {
	box --privileged -- sh -c 'mount -t tmpfs none /mnt 2>/dev/null || mount -t tmpfs none /tmp; echo $?; ls /dev/kmsg; grep NoNewPrivs /proc/self/status'
	assert_status 0
	assert_contains 0 /dev/kmsg
}

@test "without --privileged a mount is refused" {
	box -- mount -t tmpfs none /tmp
	[ "$status" -ne 0 ]
}

@test "--cap-drop and --cap-add are the capabilities of the container" {
	box --cap-drop all --cap-add chown -- grep CapEff /proc/self/status
	assert_match '0000000000000001$'
}

@test "--security-opt no-new-privileges" {
	box --security-opt no-new-privileges -- grep NoNewPrivs /proc/self/status
	assert_match '1$'
}

@test "podman's own seccomp profile is in force, and unconfined takes it away" {
	box -- grep '^Seccomp:' /proc/self/status
	assert_match '2$'
	box --security-opt seccomp=unconfined -- grep '^Seccomp:' /proc/self/status
	assert_match '0$'
}

@test "limits on cgroup v1 stand in the container's groups" {
	require_v1
	up --memory 64m --memory-reservation 32m --pids-limit 33 --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0
	[ "$(cat "$(group_of memory)/memory.limit_in_bytes")" = 67108864 ]
	[ "$(cat "$(group_of memory)/memory.soft_limit_in_bytes")" = 33554432 ]
	[ "$(cat "$(group_of pids)/pids.max")" = 33 ]
	[ "$(cat "$(group_of cpu)/cpu.cfs_quota_us")" = 50000 ]
	[ "$(cat "$(group_of cpu)/cpu.shares")" = 512 ]
	[ "$(cat "$(group_of cpuset)/cpuset.cpus")" = 0 ]
}

@test "a container that takes more memory than its limit is killed, and podman knows why" {
	require_v1
	up --memory 16m --memory-swap 16m -- sh -c 'x=$(head -c 60000000 /dev/zero | tr "\000" x); echo survived'
	run podman wait "$C"
	assert_output 137
}

@test "--pids-limit stops a fork" {
	require_v1
	box --pids-limit 4 -- sh -c 'for i in 1 2 3 4 5 6; do sleep 5 & done; wait'
	assert_contains "can't fork"
}

@test "--cgroupns private: the container's group is the root of what it sees" {
	box --cgroupns private -- sh -c 'cut -d: -f3 /proc/self/cgroup | sort -u'
	assert_output /
}

@test "--cgroupns host shows the whole path" {
	box --cgroupns host -- cat /proc/self/cgroup
	assert_contains /libpod_parent/libpod-
}

@test "/sys/fs/cgroup is read-only inside" {
	box -- sh -c 'grep "/sys/fs/cgroup" /proc/mounts | grep -vc " ro,"'
	assert_output 0
}

@test "--sysctl of an own namespace" {
	box --sysctl net.ipv4.ip_unprivileged_port_start=99 --sysctl kernel.shmmni=1234 -- \
		cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shmmni
	assert_output '99
1234'
}

@test "--ulimit" {
	box --ulimit nofile=123:456 --ulimit nproc=100:200 -- sh -c 'ulimit -n; ulimit -Hn'
	assert_output '123
456'
}

@test "--oom-score-adj" {
	box --oom-score-adj 321 -- cat /proc/self/oom_score_adj
	assert_output 321
}

@test "--umask" {
	box --umask 027 -- sh -c umask
	assert_output 0027
}

@test "--init: a reaper is process 1" {
	box --init -- sh -c 'cat /proc/1/comm; echo $$'
	assert_status 0
	assert_match '^podman-init'
}

@test "--systemd=always: what a systemd inside needs" {
	box --systemd always -- sh -c 'grep -c "^tmpfs /run tmpfs" /proc/mounts; echo $container; touch /run/x /tmp/x
		[ ! -d /sys/fs/cgroup/systemd ] || mkdir /sys/fs/cgroup/systemd/of-mine && echo fine'
	assert_status 0
	assert_output '1
podman
fine'
}

@test "--device: a node that can be used, and others that cannot" {
	box --device /dev/null:/dev/mynull:rw -- sh -c 'echo x >/dev/mynull && ls -l /dev/mynull'
	assert_status 0
	assert_match '^crw.* 1, +3 '
	box --cap-add mknod -- sh -c 'mknod /tmp/kmsg c 1 11 && head -c1 /tmp/kmsg'
	assert_contains 'peration not permitted'
}

@test "--device-cgroup-rule opens a device that is made inside" {
	box --cap-add mknod --device-cgroup-rule 'c 1:5 rwm' -- sh -c 'mknod /root/z c 1 5; head -c3 /root/z | wc -c'
	assert_output 3
}

@test "--health-cmd runs in the container" {
	up --health-cmd 'test -e /tmp/well' --health-interval disable
	run podman healthcheck run "$C"
	assert_status 1
	podman exec "$C" touch /tmp/well
	run podman healthcheck run "$C"
	assert_status 0
}

@test "--entrypoint and --env-host and -t without a terminal of the caller" {
	box -t --entrypoint '["/bin/sh","-c","tty; echo $0"]' -- name
	assert_contains /dev/pts/0
}

@test "--preserve-fds hands descriptors in" {
	run bash -c 'podman run --rm --network none --preserve-fds 1 "$IMAGE" cat /proc/self/fd/3 3<<<handed'
	assert_output handed
}

@test "no descriptor of the runtime is open in the container" {
	box -- sh -c 'ls /proc/self/fd'
	assert_output '0
1
2
3'
}

@test "masked and read-only parts of /proc" {
	box -- sh -c 'cat /proc/keys /proc/timer_list | wc -c; echo 1 >/proc/sys/kernel/panic'
	assert_contains 0 'Read-only file system'
}

@test "--mount type=tmpfs, type=bind with propagation, type=devpts" {
	box --mount type=tmpfs,dst=/a,tmpfs-size=1m --mount "type=bind,src=$SCRATCH,dst=/b,ro=true,bind-propagation=rprivate" -- \
		grep -E ' /(a|b) ' /proc/mounts
	assert_status 0
	assert_contains size=1024k ' ro,'
}

@test "--rootfs runs a folder without an image" {
	"$PF_TESTS/env/make-image.sh" dir busybox "$SCRATCH/rootfs"
	run podman run --rm --network none --rootfs "$SCRATCH/rootfs" cat /etc/hostname
	assert_status 0
}

@test "a container with --rm leaves no trace of the runtime" {
	box -- true
	assert_status 0
	[ -z "$(engine_left_behind)" ]
}

@test "eight containers at once" {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		podman run --rm --network none "$IMAGE" echo "n$i" >>"$SCRATCH/all" 3>&- &
	done
	wait
	[ "$(sort "$SCRATCH/all" | tr '\n' ' ')" = 'n1 n2 n3 n4 n5 n6 n7 n8 ' ]
}
