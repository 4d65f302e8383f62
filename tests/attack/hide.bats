#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A workload tries to see what is hidden and to change what is protected: other names, other mounts, other calls, moved
# directories, a hostile tree. What is beside it must stay as it was.

# shellcheck disable=SC2034,SC2154
load ../bats/helpers

HIDE=io.pinfold.hide
PROTECT=io.pinfold.protect

local_setup() {
	require_landlock 3
	SRC="$SCRATCH/src"
	mkdir -p "$SRC/.git/hooks" "$SRC/keys" "$SRC/a"
	echo SECRET-key >"$SRC/keys/id"
	echo SECRET-env >"$SRC/.env"
	echo plain >"$SRC/plain"
	echo original >"$SRC/.git/config"
	echo original >"$SRC/.git/hooks/pre-commit"
	chmod -R a+rwX "$SRC"
}

# attack [OPTION...] -- SUBCOMMAND...: the probe with the tree at /src, the keys and every .env hidden
attack() {
	probe --bind "$SRC:/src" --cwd /src --annotate "$HIDE=/src/keys /src/**/.env" "$@"
}

# untouched: what the host finds after the attack
untouched() {
	[ "$(cat "$SRC/.git/config")" = original ]
	[ "$(cat "$SRC/.git/hooks/pre-commit")" = original ]
	[ "$(ls -A "$SRC/.git/hooks")" = pre-commit ]
}

# ----------------------------------------------------------------------------------------------------------------- hide

@test "no call and no other name reads what is hidden" {
	attack -- each print-file /src/.env -- print-file /src/keys/id -- openat2 /src/.env -- mmap-read /src/.env -- opath-reopen /src/.env \
		-- proc-root /src/.env -- proc-root /src/keys/id -- print-file /src/a/../keys/id -- print-file /proc/1/cwd/.env -- print-file /proc/self/cwd/keys/id
	refute_output SECRET
	attack -- each symlink /src/keys /src/a/link -- print-file /src/a/link/id -- symlink /src/.env /src/a/env -- print-file /src/a/env -- print-file /src/plain
	refute_output SECRET
	assert_contains plain
}

@test "what is hidden cannot be linked, moved, removed, exchanged or mounted away" {
	attack -- each link /src/.env /src/stolen -- rename /src/.env /src/stolen -- unlink /src/.env -- exchange /src/.env /src/plain -- rmdir /src/keys \
		-- rename /src/keys /src/stolen -- link /src/keys/id /src/stolen -- umount /src/.env -- umount /src/keys -- bind /src /work \
		-- open-tree /src -- move-mount /src/.env /work -- remount-rw /src/keys -- mount-setattr /src/keys -- print-file /src/stolen
	refute_output SECRET
	refute_output ok
	assert_contains EBUSY EPERM
	[ "$(cat "$SRC/.env")" = SECRET-env ]
	[ "$(cat "$SRC/keys/id")" = SECRET-key ]
}

@test "a directory above what is hidden can be moved, and the cover goes along" {
	mkdir "$SRC/a/deep"
	echo SECRET-deep >"$SRC/a/deep/.env"
	chmod -R a+rwX "$SRC/a"
	attack -- each rename /src/a /src/b -- print-file /src/b/deep/.env -- mkdir /src/a -- mkdir /src/a/deep -- print-file /src/a/deep/.env -- rename /src/b/deep /src/c \
		-- print-file /src/c/.env
	refute_output SECRET
	[ "${lines[0]}" = ok ]
}

@test "a second mount of the same directory, or of a part of it, shows nothing more" {
	mkdir -p "$SRC/keys/sub"
	echo SECRET-sub >"$SRC/keys/sub/id"
	chmod -R a+rwX "$SRC/keys"
	attack --bind "$SRC:/again" --bind "$SRC/keys:/keys" --bind "$SRC/keys/sub:/sub" --bind "$SRC/.env:/work/env" \
		-- each print-file /again/.env -- print-file /again/keys/id -- print-file /keys/id -- print-file /sub/id -- print-file /work/env \
		-- rename /again/a /again/b -- print-file /again/plain
	refute_output SECRET
	assert_contains plain
}

@test "the host directory that holds another mount's source shows nothing more" {
	mkdir -p "$SCRATCH/host/home/.ssh"
	echo SECRET-ssh >"$SCRATCH/host/home/.ssh/id"
	chmod -R a+rX "$SCRATCH/host"
	probe --bind "$SCRATCH/host/home:/home/user" --bind "$SCRATCH/host:/host" --annotate "$HIDE=/home/user/.ssh" \
		-- each list /home/user/.ssh -- list /host/home/.ssh -- open-read /host/home/.ssh/id
	assert_output "0 entries
0 entries
ENOENT"
}

@test "a stub is never made, and a file of a hidden directory that comes after create is hidden" {
	rm -r "$SRC/keys"
	mkdir "$SRC/keys"
	bundle --bind "$SRC:/src" --annotate "$HIDE=/src/keys /src/later*" -- /probe forever ready
	create_box
	echo SECRET >"$SRC/keys/new"
	pf start "$ID"
	wait_for_status "$ID" running
	in_box each print-file /src/keys/new -- list /src/keys
	refute_output SECRET
	[ ! -e "$SRC/later" ]
	[ "$(ls -A "$SRC/keys")" = new ]
}

@test "an exec as anybody, with the capabilities that an engine gives, sees no more" {
	sleeper --bind "$SRC:/src" --annotate "$HIDE=/src/keys /src/**/.env"
	in_box --cap CAP_SYS_ADMIN --cap CAP_DAC_READ_SEARCH each print-file /src/.env -- umount /src/.env -- print-file /src/keys/id -- proc-root /src/.env
	refute_output SECRET
	in_box --user 1000:1000 each print-file /src/.env -- print-file /src/keys/id -- print-file /src/plain
	refute_output SECRET
	assert_contains plain
}

@test "a hidden socket and a hidden FIFO answer nobody" {
	require_root
	require_tool python3
	mkfifo -m 666 "$SRC/fifo"
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(1); print("listening", flush=True); sys.stdin.read()' \
		"$SRC/agent.sock" <"$SRC/fifo" >"$SCRATCH/server" 2>&1 3>&- 4>&- &
	local server=$! hold
	exec {hold}>"$SRC/fifo"
	wait_for_line "$SCRATCH/server" listening
	chmod 666 "$SRC/agent.sock"
	bundle --bind "$SRC:/src" --annotate "$HIDE=/src/*.sock /src/fifo" -- /probe each connect-unix /src/agent.sock -- print-file /src/fifo -- print-file /src/plain
	run -0 timeout 20 "$RUNTIME" --root "$PF_ROOT" run --bundle "$BUNDLE" "$ID"
	exec {hold}>&-
	wait "$server"
	# the cover is no socket; who has no CAP_DAC_OVERRIDE cannot even write to it
	[[ ${lines[0]} == ECONNREFUSED || ${lines[0]} == EACCES ]] || fail "$output"
	assert_contains plain
}

@test "loops, odd names and a hundred thousand files are searched to the end" {
	require_tool python3
	python3 - "$SRC" <<-'EOP'
		import os, sys
		top = sys.argv[1] + "/many"
		os.mkdir(top)
		os.symlink(".", top + "/loop")
		os.symlink("/", top + "/root")
		for d in range(100):
		    os.mkdir(f"{top}/{d}")
		    for f in range(1000):
		        os.close(os.open(f"{top}/{d}/{f}", os.O_CREAT | os.O_WRONLY))
		os.mkdir(top + "/new\nline")
		for name in ("/new\nline/.env", "/99/.env"):
		    with open(top + name, "w") as f:
		        f.write("SECRET-deep\n")
	EOP
	attack -- each print-file /src/many/99/.env -- print-file $'/src/many/new\nline/.env' -- print-file /src/many/loop/99/.env -- print-file /src/plain
	refute_output SECRET
	assert_contains plain
	python3 -c 'import os, sys
for f in range(100000): os.close(os.open(f"{sys.argv[1]}/a/{f}", os.O_CREAT | os.O_WRONLY))' "$SRC"
	bundle --bind "$SRC:/src" --annotate "$HIDE=/src/**/.env" -- /probe print-file /src/.env
	create_fails
	assert_contains "\`/src/**/.env' cannot be looked for everywhere" "more than 200,000 entries" "name a directory"
}

# -------------------------------------------------------------------------------------------------------------- protect

# against [OPTION...] -- SUBCOMMAND...: the same tree, with what the host obeys protected
against() {
	probe --bind "$SRC:/src" --cwd /src --annotate "$PROTECT=@agent-control" "$@"
}

# Row 62: what the next session, or the host, would run.
@test "what is protected cannot be written, replaced, linked, or changed in its attributes" {
	against -- each open-write /src/.git/config -- open-rdwr /src/.git/config -- open-trunc /src/.git/config -- truncate /src/.git/config \
		-- unlink /src/.git/config -- rename /src/plain /src/.git/config -- exchange /src/plain /src/.git/config -- link /src/.git/config /src/alias \
		-- link /src/.git/hooks/pre-commit /src/alias -- create /src/.git/hooks/evil -- mkdir /src/.git/hooks/evil -- symlink /x /src/.git/hooks/evil \
		-- unlink /src/.git/hooks/pre-commit -- rename /src/.git/hooks /src/h -- rmdir /src/.git/hooks -- tmpfile /src/.git/hooks \
		-- chmod /src/.git/hooks/pre-commit 777 -- chmod /src/.git/config 777 -- chown /src/.git/config 1 1 -- utimes /src/.git/config \
		-- setxattr /src/.git/config -- umount /src/.git/hooks -- remount-rw /src/.git/hooks -- mount-setattr /src/.git/hooks
	refute_output ok
	assert_contains EROFS EBUSY EXDEV
	untouched
	[ ! -e "$SRC/alias" ]
}

@test "nothing above what is protected can be moved away and made anew" {
	against -- each rename /src/.git /src/x -- exchange /src/.git /src/a -- rename /src /x -- mkdir /src/.git/hooks -- mkdir /src/.git/y -- rename /src/.git/y /src/.git/z
	assert_output "EBUSY
EBUSY
EBUSY
EEXIST
ok
ok"
	untouched
	# in the root file system too, where no mount ends the way up
	mkdir -p "$BUNDLE/rootfs/work/r/.git/hooks"
	chmod 777 "$BUNDLE/rootfs/work/r" "$BUNDLE/rootfs/work/r/.git"
	probe --annotate "$PROTECT=/work/r/.git/hooks" --annotate "io.pinfold.write=/work" -- each rename /work/r/.git /work/r/x -- rename /work/r /work/x -- rename /work /x \
		-- create /work/r/new
	[ "${lines[0]} ${lines[1]} ${lines[3]}" = "EBUSY EBUSY ok" ] || fail "$output"
	[ "${lines[2]}" != ok ]
}

@test "another mount of the same tree is no way round, from its side either" {
	against --bind "$SRC:/again" --bind "$SRC/.git:/git" --bind "$SRC/.git/hooks:/hooks" -- each create /again/.git/hooks/evil -- open-write /again/.git/config \
		-- rename /again/.git /again/x -- create /git/hooks/evil -- open-write /git/config -- rename /git/hooks /git/x -- create /hooks/evil -- create /again/fine
	assert_output "EROFS
EROFS
EBUSY
EROFS
EROFS
EBUSY
EROFS
ok"
	untouched
}

@test "a moved directory is no way round for somebody who may do all that an engine allows" {
	sleeper --bind "$SRC:/src" --cwd /src --annotate io.pinfold.profile=agent
	in_box --cap CAP_SYS_ADMIN --cap CAP_DAC_OVERRIDE each rename /src/.git /src/x -- create /src/.git/hooks/evil -- umount /src/.git -- opath-reopen /src/.git/config \
		-- proc-root /src/.git/config
	refute_output evil
	untouched
}

@test "a hook that is written is not there when git comes" {
	require_tool git
	rm -rf "$SRC/.git"
	git -c init.defaultBranch=main init -q "$SRC"
	chmod -R a+rwX "$SRC"
	box --bind "$SRC:/src" --cwd /src --annotate io.pinfold.profile=agent -- /bin/sh -c 'echo "touch /src/pwned" >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit
		mv .git .old; mkdir -p .git/hooks; echo "touch pwned" >.git/hooks/pre-commit; ln -sf /tmp/x .git/hooks/post-checkout; rm -rf .git/config; echo done'
	assert_contains done
	[ ! -e "$SRC/.git/hooks/pre-commit" ] && [ ! -e "$SRC/.old" ] && [ -s "$SRC/.git/config" ]
	git -C "$SRC" -c safe.directory='*' -c user.name=n -c user.email=e commit -q --allow-empty -m x
	[ ! -e "$SRC/pwned" ]
}

@test "what is hidden inside of what is protected stays hidden" {
	echo SECRET >"$SRC/.git/hooks/token"
	probe --bind "$SRC:/src" --cwd /src --annotate "$PROTECT=@agent-control" --annotate "$HIDE=/src/**/token" -- each print-file /src/.git/hooks/token \
		-- print-file /src/.git/hooks/pre-commit -- create /src/.git/hooks/evil
	refute_output SECRET
	assert_contains original EROFS
}
