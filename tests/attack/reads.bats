#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A confined workload tries every way to a file that its policy does not give: other names, other calls, other ABIs, links,
# mounts, races, descriptors. What it may read must stay readable (a denial of everything proves nothing).

# shellcheck disable=SC2034,SC2154
load ../bats/helpers

READ="io.pinfold.read=/usr /bin /probe /work"
WRITE="io.pinfold.write=/work"

local_setup() {
	require_landlock 3
}

# confined [OPTION...] -- SUBCOMMAND...: the probe under that policy
confined() {
	probe --annotate "$READ" --annotate "$WRITE" "$@"
}

denied_or_absent() {
	assert_denied EACCES EPERM ENOENT ENOSYS
}

# ------------------------------------------------------------------------------------------------------------- plainly

@test "what the policy gives can be read, written and executed" {
	confined -- each print-file /usr/share/public -- create /work/new -- append /work/new x -- rename /work/new /work/newer -- mkdir /work/d \
		-- unlink /work/newer -- exec /bin/echo executed -- open-read /proc/self/status -- open-rdwr /dev/null -- open-read /dev/urandom -- list /work
	assert_output "public
ok
ok
ok
ok
ok
executed
ok
ok
ok
1 entries"
}

@test "a file that no entry names cannot be read" {
	confined -- each open-read /secret/key -- open-read /root -- list /secret -- open-read /home/user -- openat2 /secret/key -- open-rdwr /secret/key
	assert_output "EACCES
EACCES
EACCES
EACCES
EACCES
EACCES"
}

@test "a secret's bytes appear nowhere in what a denied read yields" {
	confined -- each print-file /secret/key -- mmap-read /secret/key -- proc-root /secret/key
	refute_output SECRET
}

@test "the engine's own files can be read by every container" {
	echo "nameserver 192.0.2.53" >"$SCRATCH/resolv.conf"
	echo "127.0.0.1 localhost" >"$SCRATCH/hosts"
	confined --bind "$SCRATCH/resolv.conf:/etc/resolv.conf" --bind "$SCRATCH/hosts:/etc/hosts" -- each print-file /etc/resolv.conf -- print-file /etc/hosts -- open-read /etc/passwd -- open-read /etc/group
	assert_output "nameserver 192.0.2.53
127.0.0.1 localhost
ok
ok"
}

@test "an empty read list leaves only what the system needs" {
	bundle --annotate 'io.pinfold.read=[]' --annotate 'io.pinfold.exec=/probe' -- /probe each open-read /usr/share/public -- open-read /secret/key -- open-read /proc/self/status
	run pf run --bundle "$BUNDLE" "$ID"
	# the program itself must be readable to run: an empty list without it refuses or lets nothing start
	[ "$status" -ne 0 ] || assert_output "EACCES
EACCES
ok"
}

# ---------------------------------------------------------------------------------------------------------- other names

@test "not through /proc/self/root, /proc/1/root or /proc/thread-self/root" {
	confined -- proc-root /secret/key
	assert_denied EACCES
}

@test "not through /proc/self/cwd" {
	confined -- proc-cwd /secret key
	assert_denied EACCES
}

@test "not through a symlink that the image carries" {
	ln -s /secret/key "$BUNDLE/rootfs/usr/innocent"
	confined -- open-read /usr/innocent
	assert_output EACCES
}

@test "not through a symlink made in a writable directory" {
	confined -- each symlink /secret/key /work/link -- open-read /work/link -- symlink ../secret /work/dir -- open-read /work/dir/key
	assert_output "ok
EACCES
ok
EACCES"
}

@test "not through a hard link made in a writable directory" {
	confined -- each link /secret/key /work/hard -- open-read /work/hard
	assert_match '^(EXDEV|EACCES|EPERM)
ENOENT$'
}

@test "not by renaming or exchanging it into a writable directory" {
	confined -- each rename /secret/key /work/moved -- append /work/bait x -- exchange /work/bait /secret/key -- rename /secret /work/dir -- open-read /work/moved
	assert_match '^(EXDEV|EACCES)
ok
(EXDEV|EACCES)
(EXDEV|EACCES)
ENOENT$'
}

@test "not by O_PATH and opening that again" {
	confined -- opath-reopen /secret/key
	assert_output EACCES
}

@test "not by a file handle" {
	confined -- handle-open /secret/key
	assert_denied ENOSYS EPERM
}

@test "not after a chroot" {
	confined --cap SYS_CHROOT -- each chroot-read /work /secret/key -- chroot /secret
	assert_match '^(EACCES|EPERM)
(ok|EPERM)$'
}

# ---------------------------------------------------------------------------------------------------------- other calls

@test "not by mmap, sendfile, splice or copy_file_range" {
	confined -- each mmap-read /secret/key -- sendfile /secret/key -- splice /secret/key -- copy-range /secret/key /work/copy
	assert_output "EACCES
EACCES
EACCES
EACCES"
}

@test "not by io_uring" {
	confined -- each io-uring-open /secret/key -- io-uring-setup
	assert_output "ENOSYS
ENOSYS"
}

@test "not by the 32-bit or x32 entries of the kernel" {
	confined -- each int80-open /secret/key -- x32-open /secret/key -- int80-open /usr/share/public
	assert_match '^(SIGSEGV|SIGSYS|ENOSYS)
(ENOSYS|SIGSYS)
(SIGSEGV|SIGSYS|ENOSYS)$'
}

@test "not in a hundred thousand races between an allowed and a denied path" {
	echo harmless >"$BUNDLE/rootfs/work/here"
	ln -s /secret/key "$BUNDLE/rootfs/work/there"
	chmod 666 "$BUNDLE/rootfs/work/here"
	confined -- race-read /work/here /work/there SECRET 100000
	assert_output "ok: no leak"
}

# ---------------------------------------------------------------------------------------------------------------- write

@test "nothing outside the write list can be changed in any way" {
	chmod -R a+rwX "$BUNDLE/rootfs/usr/share"
	confined -- each open-write /usr/share/public -- open-trunc /usr/share/public -- truncate /usr/share/public -- create /usr/share/new -- mkdir /usr/share/d \
		-- unlink /usr/share/public -- rename /usr/share/public /usr/share/p -- symlink x /usr/share/l -- mknod /usr/share/fifo p -- tmpfile /usr/share \
		-- link /usr/share/public /work/hard -- rename /usr/share/public /work/p
	local line
	for line in "${lines[@]:0:10}"; do
		[ "$line" = EACCES ] || fail "$output"
	done
	[ "$(cat "$BUNDLE/rootfs/usr/share/public")" = public ]
	[[ ${lines[10]} == EXDEV || ${lines[10]} == EACCES ]]
	[[ ${lines[11]} == EXDEV || ${lines[11]} == EACCES ]]
}

@test "a write to a denied file fails and does not copy it up" {
	confined -- each open-write /secret/key -- open-read /secret/key -- append /secret/key x
	assert_output "EACCES
EACCES
EACCES"
}

@test "an empty write list leaves only devices, shm and procfs writable" {
	probe --annotate 'io.pinfold.write=[]' -- each create /work/x -- create /tmp/x -- open-write /dev/null -- create /dev/shm/x -- open-read /secret/key
	assert_output "EACCES
EACCES
ok
ok
ok"
}

# ------------------------------------------------------------------------------------------------------ mounts, devices

secret_mount() {
	mkdir -p "$SCRATCH/mounted/deep"
	echo SECRET-mounted >"$SCRATCH/mounted/key"
	chmod -R a+rX "$SCRATCH/mounted"
}

@test "a bind mount that no entry names is covered: its names are not even visible" {
	secret_mount
	probe --annotate 'io.pinfold.read=@image' --bind "$SCRATCH/mounted:/data" --bind "$SCRATCH/mounted/key:/etc/token" \
		-- each stat /data/key -- list /data -- open-read /data/key -- print-file /etc/token -- create /data/x -- print-file /usr/share/public
	[ "${lines[0]}" = ENOENT ] || fail "$output"
	[ "${lines[1]}" = "0 entries" ]
	[ "${lines[2]}" = ENOENT ]
	refute_output SECRET
	assert_contains public
}

@test "a covered mount cannot be uncovered" {
	secret_mount
	probe --annotate 'io.pinfold.read=@image' --bind "$SCRATCH/mounted:/data" -- each umount /data -- bind /data /mnt -- open-tree /data -- unshare-mnt -- unshare-user -- proc-root /data/key
	refute_output ok
	refute_output SECRET
}

@test "the same secret under two mounts is denied under both" {
	secret_mount
	confined --bind "$SCRATCH/mounted:/a" --bind "$SCRATCH/mounted:/usr/share/b" -- each open-read /a/key -- stat /a/key
	denied=${lines[0]}
	[[ $denied == EACCES || $denied == ENOENT ]] || fail "$output"
	refute_output SECRET
}

@test "a bind mount that an entry names is readable, and read-only unless write names it" {
	secret_mount
	chmod 777 "$SCRATCH/mounted"
	probe --annotate 'io.pinfold.read=@image /data' --annotate io.pinfold.write=/work --bind "$SCRATCH/mounted:/data" \
		-- each print-file /data/key -- create /data/x -- chmod /data 0700 -- utimes /data/key -- setxattr /data/key
	[ "${lines[0]}" = SECRET-mounted ]
	local line
	for line in "${lines[@]:1}"; do
		[[ $line == EACCES || $line == EROFS ]] || fail "$output"
	done
}

@test "no mount can be made, moved, changed or removed" {
	confined -- each mount-tmpfs /work -- bind /secret /work -- fsopen tmpfs -- open-tree /secret -- move-mount /proc /work -- umount /proc -- remount-rw /sys -- mount-setattr /sys -- pivot /work
	local line
	for line in "${lines[@]}"; do
		[[ $line == EPERM || $line == ENOSYS ]] || fail "$output"
	done
}

@test "a device node that the workload makes opens nothing" {
	confined --cap MKNOD -- each mknod /work/kmsg c 1 11 -- open-read /work/kmsg -- mknod /work/disk b 254 0 -- open-read /work/disk -- stat /dev/mem -- stat /dev/kmsg -- stat /dev/fuse
	assert_match '^(ok|EPERM|EACCES)
(EPERM|ENOENT)
(ok|EPERM|EACCES)
(EPERM|ENOENT)
ENOENT
ENOENT
ENOENT$'
}

# ----------------------------------------------------------------------------------------------------------- descriptors

@test "only 0, 1 and 2 are open, and none of them leads to a directory" {
	confined -- fds kinds
	assert_match '^0:[a-z]+ 1:[a-z]+ 2:[a-z]+$'
	refute_output dir
}

@test "a descriptor of the caller that is a directory of the host is not handed on" {
	confined_bundle_with_fd() {
		exec 5</ 6</etc
		pf run --bundle "$BUNDLE" "$ID"
	}
	bundle --annotate "$READ" -- /probe fds
	run -0 confined_bundle_with_fd
	assert_output "0 1 2"
}

@test "names can be seen by stat and readlink: that is documented, and no more than that" {
	confined -- each stat /secret/key -- access /secret/key -- open-read /secret/key
	[[ ${lines[0]} == file* ]]
	[ "${lines[2]}" = EACCES ]
}

@test "a startContainer hook is confined like the program" {
	probe --annotate "$READ" --annotate "$WRITE" \
		--hook 'startContainer={"path":"/bin/sh","args":["sh","-c","cat /secret/key >/work/stolen 2>&1; true"]}' -- print-file /work/stolen
	refute_output SECRET
}

# ------------------------------------------------------------------------------------------- the image that images want

@test "a certificate bundle behind a symlink in the image works under the agent profile" {
	mkdir -p "$BUNDLE/rootfs/etc/ssl/certs" "$BUNDLE/rootfs/usr/share/ca"
	echo certificate >"$BUNDLE/rootfs/usr/share/ca/bundle.pem"
	ln -s ../../../usr/share/ca/bundle.pem "$BUNDLE/rootfs/etc/ssl/certs/ca.pem"
	probe --annotate io.pinfold.profile=agent -- each print-file /etc/ssl/certs/ca.pem -- print-file /etc/greeting -- create /tmp/x -- create /usr/share/x
	assert_output "certificate
hello
ok
EACCES"
}

@test "under the agent profile the mounts are closed and the working directory is open" {
	secret_mount
	mkdir "$SCRATCH/src"
	chmod 777 "$SCRATCH/src"
	echo code >"$SCRATCH/src/main.c"
	probe --annotate io.pinfold.profile=agent --bind "$SCRATCH/src:/src" --cwd /src --bind "$SCRATCH/mounted:/data" \
		-- each print-file /src/main.c -- create /src/new -- stat /data/key -- open-read /data/key
	assert_output "code
ok
ENOENT
ENOENT"
}
