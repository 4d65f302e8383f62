#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What callers rely on that were written for other runtimes.

load helpers

# ---------------------------------------------------------------------------------------------------------------- HOME

passwd() { # LINE...: the image's, no longer shared with other tests
	printf '%s\n' "$@" >"$BUNDLE/passwd"
	mv "$BUNDLE/passwd" "$BUNDLE/rootfs/etc/passwd"
}

@test "a program without HOME gets its user's from the image's passwd" {
	passwd '#no:x:2000:0::/wrong:/bin/sh' 'bad:x:2000x:0::/wrong:/bin/sh' 't:x:2000:2000:t:/home/t:/bin/sh'
	box --user 2000:2000 -- /bin/sh -c 'echo "$HOME"'
	[ "$status" -eq 0 ]
	[ "$output" = /home/t ]
}

@test "an empty HOME counts as none, another one stays" {
	box --env HOME= -- /bin/sh -c 'echo "$HOME"'
	[ "$output" = /root ]
	box --env HOME=/own -- /bin/sh -c 'echo "$HOME"'
	[ "$output" = /own ]
}

@test "a passwd that is no regular file, is missing or has no such user makes a HOME of /" {
	rm "$BUNDLE/rootfs/etc/passwd"
	box -- /bin/sh -c 'echo "$HOME"'
	[ "$output" = / ]
	mkfifo "$BUNDLE/rootfs/etc/passwd"
	box -- /bin/sh -c 'echo "$HOME"'
	[ "$output" = / ]
	rm "$BUNDLE/rootfs/etc/passwd"
	passwd 'root:x:0:0::/root:/bin/sh'
	box --user 77:77 -- /bin/sh -c 'echo "$HOME"'
	[ "$output" = / ]
}

@test "exec sets HOME of the user that it runs as" {
	passwd 'root:x:0:0::/root:/bin/sh' 't:x:2000:2000:t:/home/t:/bin/sh'
	start_box -- /probe forever
	run -0 pf exec --user 2000 "$ID" /bin/sh -c 'echo "$HOME"'
	[ "$output" = /home/t ]
}

# ------------------------------------------------------------------------------------------------------------ terminals

@test "output of a foreground terminal that goes to a pipe has the program's own line ends" {
	bundle --terminal -- /bin/echo hello
	run -0 script -q -e -c "'$RUNTIME' --root '$PF_ROOT' run --bundle '$BUNDLE' '$ID' | od -An -c" /dev/null
	[[ $output != *'\r'*'\n'* ]] || fail "$output"
	[[ $output == *'h   e   l   l   o  \n'* ]] || fail "$output"
}

@test "a terminal and a read-only /dev go together" {
	bundle --terminal --jq '.mounts |= map(if .destination == "/dev" then .options += [ "ro" ] else . end)' -- \
		/bin/sh -c 'test -c /dev/console && ! touch /dev/x'
	run -0 script -q -e -c "'$RUNTIME' --root '$PF_ROOT' run --bundle '$BUNDLE' '$ID'" /dev/null
}

# ----------------------------------------------------------------------------------------------------------------- mode

@test "a tmpfs on a mount point that is made for it has tmpfs's own mode" {
	box --mount '{"destination":"/new/one","type":"tmpfs","source":"tmpfs"}' -- /bin/stat -c %a /new/one
	[ "$output" = 1777 ]
}

# ------------------------------------------------------------------------------------------------------------- commands

@test "options may follow the operand, except where the rest is another program's" {
	start_box -- /probe forever
	run -0 pf kill "$ID" 0
	run -0 pf update "$ID" --pids-limit 77
	run -0 pf exec "$ID" /bin/echo --tty -x
	[ "$output" = '--tty -x' ]
	run -0 pf delete "$ID" --force
}

@test "signal 0 asks whether a container runs" {
	start_box -- /probe exit 0
	wait_for_status "$ID" stopped
	run -1 pf kill "$ID" 0
	[[ $output == *'container not running'* ]]
}

@test "kill KILL reaches what outlived the init of a container without a pid namespace" {
	start_box --no-ns pid -- /probe forever
	pf exec --detach --pid-file "$SCRATCH/second" "$ID" /bin/sleep 1000 </dev/null >/dev/null 2>&1 3>&-
	kill -9 "$(box_pid)"
	wait_for_status "$ID" stopped
	run -0 pf kill "$ID" KILL
	for _ in $(seq 50); do
		[ -d "/proc/$(cat "$SCRATCH/second")" ] || return 0
		sleep 0.1
	done
	fail 'the second process still runs'
}

@test "exec takes its process from a pipe" {
	start_box -- /probe forever
	run -0 pf exec --process <(echo '{"args":["/bin/echo","piped"],"cwd":"/","user":{"uid":0,"gid":0}}') "$ID"
	[ "$output" = piped ]
}

@test "exec --cap is ambient where the container's inheritable set has it" {
	start_box --jq '.process.capabilities.inheritable = [ "CAP_KILL" ]' -- /probe forever
	run -0 pf exec --user 1000 --cap CAP_KILL "$ID" /bin/grep CapAmb /proc/self/status
	[[ $output == *0000000000000020 ]] || fail "$output"
	run -0 pf exec --user 1000 --cap CAP_CHOWN "$ID" /bin/grep CapAmb /proc/self/status
	[[ $output == *0000000000000000 ]] || fail "$output"
}

# ------------------------------------------------------------------------------------------------------------- seccomp

@test "a profile older than openat2 does not keep the program from its directory" {
	box --cwd /tmp --jq '.linux.seccomp = { "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "action": "SCMP_ACT_ERRNO",
		"names": [ "openat2", "close_range", "fsopen", "open_tree", "move_mount", "mount_setattr" ] } ] }' \
		-- /bin/sh -c 'pwd; cat /proc/self/status | grep -c "Seccomp:.2"'
	[ "$status" -eq 0 ] || fail "$output"
	[ "$output" = "/tmp
1" ]
}

# --------------------------------------------------------------------------------------------------------------- hooks

@test "a startContainer hook that names no environment has the program's" {
	box --env ONE=two --hook 'startContainer={"path":"/bin/sh","args":["sh","-c","echo $ONE $HOME >/work/seen"]}' \
		-- /bin/true
	[ "$status" -eq 0 ] || fail "$output"
	[ "$(cat "$BUNDLE/rootfs/work/seen")" = 'two /root' ]
	box --env ONE=two --hook 'startContainer={"path":"/bin/sh","env":["A=b"],"args":["sh","-c","echo $ONE $A >/work/seen"]}' \
		-- /bin/true
	[ "$(cat "$BUNDLE/rootfs/work/seen")" = b ]
}

@test "a createContainer hook stands in the container's root, with the host's files in sight" {
	box --hook "createContainer={\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"test -f $BUNDLE/config.json && echo x >work/seen\"]}" \
		-- /bin/true
	[ "$status" -eq 0 ] || fail "$output"
	[ "$(cat "$BUNDLE/rootfs/work/seen")" = x ]
}

@test "every kind of hook is named the same way when it fails" {
	for kind in prestart createRuntime createContainer startContainer; do
		box --hook "$kind={\"path\":\"/bin/true\"}" --hook "$kind={\"path\":\"/bin/false\"}" -- /bin/true
		[ "$status" -eq 1 ]
		[[ $output == *"error running $kind hook #1:"* ]] || fail "$output"
	done
}
