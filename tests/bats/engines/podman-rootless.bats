# SPDX-License-Identifier: Apache-2.0
# podman as an ordinary user, who exists only in the /etc of this run.

load engine

setup_file() {
	export TEST_USER=pf-rootless USER_DIR=$ENGINE/user
	# a place on the disk: a store of overlays needs it, and /home here is in memory
	mkdir -p "$USER_DIR"
	useradd --no-create-home --home-dir "$USER_DIR/home" --shell /bin/bash "$TEST_USER"
	PF_RUNTIME=$RUNTIME "$PF_TESTS/env/podman-own.sh" -u "$TEST_USER" "$USER_DIR" >"$USER_DIR/env"
	chown "$TEST_USER:" "$USER_DIR"
	PF_PODMAN="$ENGINE/rootless-podman"
	cat >"$PF_PODMAN" <<-'SCRIPT'
		#!/bin/bash
		# rootless-podman ARGS...: podman as the test's user
		mapfile -t settings <"$USER_DIR/env"
		cd /
		exec setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --init-groups env -i PATH="$PATH" TERM=dumb \
			"${settings[@]}" "${PF_PROGRAM:-podman}" "$@"
	SCRIPT
	chmod 755 "$PF_PODMAN"
	mkdir -p "$ENGINE/bin"
	ln -sf "$PF_PODMAN" "$ENGINE/bin/podman"
	export SYSTEM_PATH=$PATH USER_STORE=$USER_DIR/home/.local/share/containers/storage
	cp "$("$PF_TESTS/env/make-image.sh" busybox)" "$USER_DIR/busybox.tar"
	chmod 644 "$USER_DIR/busybox.tar"
	"$PF_PODMAN" import --quiet --change 'ENV PATH=/bin' "$USER_DIR/busybox.tar" "$IMAGE" >/dev/null
}

teardown_file() {
	"$ENGINE/rootless-podman" system migrate >/dev/null 2>&1 || :
}

# Every `podman' of the helpers becomes the user's.
podman() {
	"$ENGINE/rootless-podman" "$@"
}

setup() {
	SCRATCH=$(mktemp -d "$USER_DIR/t.XXXXXX")
	chown "$TEST_USER:" "$SCRATCH"
	chmod 755 "$SCRATCH"
	cd "$SCRATCH" || return
	C="box-$BATS_TEST_NUMBER"
	export STORE=$USER_STORE STATE=/run/user/$(id -u "$TEST_USER")/pinfold
	export -f podman
}

@test "rootless: run, status, root inside is the user outside" {
	box -- sh -c 'id -u; cat /proc/self/uid_map; exit 6'
	assert_status 6
	assert_match "^0
 +0 +$(id -u "$TEST_USER") +1"
}

@test "rootless: a missing program is 127, one that may not be executed 126" {
	WANT=127 box -- /not/there
	assert_contains 'no such file or directory'
	box -- /etc/passwd
	assert_status 126
	assert_contains 'permission denied'
}

@test "rootless: run -d, logs, exec, exec of a user, stop, rm" {
	up
	wait_for_log ready
	in_box sh -c 'echo inside; exit 3'
	assert_status 3
	assert_output inside
	run podman exec -u agent -w /tmp -e A=b "$C" sh -c 'id -u; pwd; echo $A'
	assert_output '1000
/tmp
b'
	podman stop -t 5 "$C"
	run podman inspect -f '{{.State.ExitCode}}' "$C"
	assert_output 0
	podman rm "$C"
	[ -z "$(engine_left_behind)" ]
}

@test "rootless: exec -it has the caller's size" {
	up
	with_tty "$ENGINE/rootless-podman exec -it $C sh -c 'sleep 0.3; tty; stty size; exit 4'"
	assert_status 4
	assert_contains /dev/pts/ '33 101'
}

@test "rootless: kill and the status by signal" {
	up -- sleep 1000
	podman kill "$C"
	run podman wait "$C"
	assert_output 137
}

@test "rootless: restart" {
	up
	podman restart -t 0 "$C"
	in_box true
	assert_status 0
}

@test "rootless: --userns=keep-id" {
	box --userns keep-id -v "$SCRATCH:/data" -- sh -c 'id -u; touch /data/mine'
	assert_status 0
	assert_contains "$(id -u "$TEST_USER")"
	[ "$(stat -c %U "$SCRATCH/mine")" = "$TEST_USER" ]
}

@test "rootless: --userns=auto" {
	box --userns auto -- sh -c 'id -u; wc -l </proc/self/uid_map'
	assert_status 0
	assert_match '^0'
}

@test "rootless: volumes, named, bound and overlaid" {
	echo lower >"$SCRATCH/file"
	chown "$TEST_USER:" "$SCRATCH/file"
	box -v "$SCRATCH:/data:ro" -v "vol-$C:/vol" -- sh -c 'cat /data/file; touch /data/x; echo kept >/vol/file'
	assert_contains lower 'Read-only file system'
	box -v "vol-$C:/vol" -- cat /vol/file
	assert_output kept
	podman volume rm "vol-$C" >/dev/null
	box -v "$SCRATCH:/data:O" -- sh -c 'echo upper >/data/file; cat /data/file'
	assert_output upper
	[ "$(cat "$SCRATCH/file")" = lower ]
}

@test "rootless: --read-only, --tmpfs, --init, --cap-drop" {
	box --read-only --tmpfs /scratch:size=1m --init --cap-drop all -- sh -c \
		'touch /scratch/x && touch /etc/x; cat /proc/1/comm; grep CapEff /proc/self/status'
	assert_contains 'Read-only file system' podman-init 0000000000000000
}

@test "rootless: --pid host, --network host, --uts host" {
	box --pid host --network host --uts host -- sh -c 'readlink /proc/self/ns/pid; readlink /proc/self/ns/net; readlink /proc/self/ns/uts'
	assert_output "$(readlink /proc/self/ns/pid)
$(readlink /proc/self/ns/net)
$(readlink /proc/self/ns/uts)"
}

@test "rootless: --privileged" {
	box --privileged -- sh -c 'mount -t tmpfs none /tmp && echo mounted'
	assert_status 0
	assert_output mounted
}

@test "rootless: --sysctl, --ulimit, --hostname" {
	box --sysctl kernel.shmmni=1234 --ulimit nofile=100:200 --hostname mine -- sh -c \
		'cat /proc/sys/kernel/shmmni; ulimit -n; hostname'
	assert_output '1234
100
mine'
}

@test "rootless: the network of slirp4netns" {
	[ -c /dev/net/tun ] || skip_or_fail "needs /dev/net/tun"
	box --network slirp4netns -- ip -o -4 addr show tap0
	assert_status 0
	assert_contains 10.0.2.100
}

@test "rootless: a published port" {
	[ -c /dev/net/tun ] || skip_or_fail "needs /dev/net/tun"
	up --network slirp4netns -p 127.0.0.1:18081:8080 -- sh -c 'while :; do echo published | nc -l -p 8080; done'
	wait_until "an answer" bash -c '[ "$(busybox nc -w 1 127.0.0.1 18081)" = published ]'
}

@test "rootless: a pod" {
	podman pod create --name "$C" --network none --share net,ipc,uts >/dev/null
	podman run -d --pod "$C" --name "$C-a" "$IMAGE" sleep 1000 >/dev/null 3>&- 4>&-
	run podman run --rm --pod "$C" "$IMAGE" readlink /proc/self/ns/net
	assert_output "$(podman exec "$C-a" readlink /proc/self/ns/net)"
	podman pod rm -f -t 0 "$C" >/dev/null
	[ -z "$(engine_left_behind)" ]
}

@test "rootless: --systemd=always" {
	box --systemd always -- sh -c 'touch /run/x && echo $container'
	assert_status 0
	assert_output podman
}

@test "rootless: profile agent by run and by exec" {
	mkdir "$SCRATCH/work" "$SCRATCH/secrets"
	echo a-secret >"$SCRATCH/secrets/key"
	chmod -R a+rX "$SCRATCH"
	chown "$TEST_USER:" "$SCRATCH/work"
	up -v "$SCRATCH/work:/work" -v "$SCRATCH/secrets:/secrets" -w /work --annotation io.pinfold.profile=agent -- \
		sh -c 'cat /secrets/key; echo mine >/work/file; echo ready; sleep 1000'
	wait_for_log ready
	run podman logs "$C"
	refute_output a-secret
	[ "$(cat "$SCRATCH/work/file")" = mine ]
	in_box sh -c 'cat /secrets/key; cat /proc/self/root/secrets/key; echo tried'
	assert_contains tried
	refute_output a-secret
	run podman exec -u agent "$C" sh -c 'cat /secrets/key; echo tried'
	assert_contains tried
	refute_output a-secret
	with_tty "$ENGINE/rootless-podman exec -it $C sh -c 'cat /secrets/key; echo tried'"
	assert_contains tried
	refute_output a-secret
}

@test "rootless: the user's own policy is the node's where the node has none" {
	mkdir -p "$USER_DIR/home/.config/pinfold"
	echo '{ "defaults": { "profile": "agent" } }' >"$USER_DIR/home/.config/pinfold/policy.json"
	chown -R "$TEST_USER:" "$USER_DIR/home/.config/pinfold"
	mkdir "$SCRATCH/secrets"
	echo a-secret >"$SCRATCH/secrets/key"
	box -v "$SCRATCH/secrets:/secrets" -- sh -c 'cat /secrets/key; echo tried'
	rm -r "$USER_DIR/home/.config/pinfold"
	assert_contains tried
	refute_output a-secret
}

@test "rootless: a typo is refused and named" {
	box --annotation io.pinfold.writ=/tmp -- true
	assert_status 126
	assert_contains io.pinfold.writ io.pinfold.write
}
