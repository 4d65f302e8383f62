# SPDX-License-Identifier: Apache-2.0
# `podman exec' as root.

load engine

setup_file() {
	use_podman
	podman run -d --name sitting --network none -e FROM=run "$IMAGE" sleep 10000 >/dev/null 3>&- 4>&-
}

teardown_file() {
	podman rm -f -t 0 sitting
}

# One container for the whole file: what a test leaves is judged by the processes in it.
setup() {
	SCRATCH=$(mktemp -d "$ENGINE/t.XXXXXX")
	cd "$SCRATCH" || return
	C=sitting
}

teardown() {
	cd /
	rm -rf --one-file-system "$SCRATCH"
}

@test "exec prints and passes the status" {
	in_box sh -c 'echo out; echo err >&2; exit 9'
	assert_status 9
	assert_contains out err
}

@test "exec passes a status by signal" {
	in_box sh -c 'kill -9 $$'
	assert_status 137
}

@test "exec -u -w -e" {
	run podman exec -u agent -w /tmp -e ADDED=here sitting sh -c 'id -u; id -g; pwd; echo $FROM $ADDED $HOME'
	assert_output '1000
1000
/tmp
run here /home/agent'
}

@test "exec -u of numbers alone" {
	run podman exec -u 1234:567 sitting sh -c 'id -u; id -g; id -G'
	assert_output '1234
567
567'
}

@test "exec of a user takes the capabilities away" {
	run podman exec -u agent sitting grep -E 'Cap(Eff|Prm|Inh|Amb)' /proc/self/status
	[ "$(grep -c '0000000000000000$' <<<"$output")" -eq 4 ] || fail "$output"
}

@test "exec -i feeds standard input" {
	run bash -c 'echo fed | podman exec -i sitting cat'
	assert_output fed
}

@test "exec -it: a terminal of the caller's size" {
	with_tty "podman exec -it sitting sh -c 'sleep 0.3; tty; stty size; exit 4'"
	assert_status 4
	assert_contains /dev/pts/ '33 101'
}

@test "exec -it as another user owns the terminal" {
	with_tty "podman exec -it -u agent sitting sh -c 'stat -c %u \$(tty)'"
	assert_status 0
	assert_contains 1000
}

@test "exec -d runs in the background" {
	podman exec -d sitting sh -c 'echo done >/tmp/by-exec'
	wait_until "the file" podman exec sitting test -s /tmp/by-exec
}

@test "exec of a missing program: 127 and no such file" {
	WANT=127 in_box /not/there
	assert_contains /not/there 'no such file or directory'
}

@test "exec of a missing program by name: 127 and not found in \$PATH" {
	WANT=127 in_box not-there
	assert_contains not-there 'not found in $PATH'
}

@test "exec of a file that may not be executed: 126 and permission denied" {
	in_box /etc/passwd
	assert_status 126
	assert_contains 'permission denied'
}

@test "exec in a folder that is missing is refused" {
	run -127 podman exec -w /not/there sitting true
	assert_contains /not/there
}

@test "exec --privileged has what the host's root has" {
	run podman exec --privileged sitting grep CapEff /proc/self/status
	[ "$output" = "$(grep CapEff /proc/self/status)" ]
}

@test "exec shares the container's namespaces and groups" {
	run podman exec sitting sh -c 'for n in mnt pid net ipc uts; do
		[ "$(readlink /proc/self/ns/$n)" = "$(readlink /proc/1/ns/$n)" ] || echo differs: $n; done
		cmp /proc/self/cgroup /proc/1/cgroup && echo same'
	assert_output same
}

@test "exec has the seccomp profile of the container" {
	run podman exec sitting grep ^Seccomp: /proc/self/status
	assert_match '2$'
}

@test "no descriptor of the runtime is open in an exec" {
	run podman exec sitting sh -c 'ls /proc/self/fd | tr "\n" " "'
	assert_output '0 1 2 3 '
}

@test "exec --preserve-fds hands descriptors in" {
	run bash -c 'podman exec --preserve-fds 1 sitting cat /proc/self/fd/3 3<<<handed'
	assert_output handed
}

@test "four execs at once" {
	local i

	for i in 1 2 3 4; do
		podman exec sitting echo "n$i" >>"$SCRATCH/all" 3>&- &
	done
	wait
	[ "$(sort "$SCRATCH/all" | tr '\n' ' ')" = 'n1 n2 n3 n4 ' ]
}

@test "exec in a container that is not there: 125" {
	run podman exec no-such-box true
	assert_status 125
}

@test "sixteen execs in a row, as another user, and none fails" {
	local i

	for i in {1..16}; do
		podman exec -u agent sitting true
	done
}
