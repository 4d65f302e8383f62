# SPDX-License-Identifier: Apache-2.0
# Confinement by annotation through podman: what the workload cannot do, what the user is told, and whose word counts.
# What confinement itself must withstand is in tests/attack; here it is that no engine's path around it is open.

load engine

setup_file() {
	use_podman
}

local_setup() {
	mkdir "$SCRATCH/work" "$SCRATCH/secrets"
	chmod 777 "$SCRATCH/work"
	echo a-secret >"$SCRATCH/secrets/key"
	chmod 644 "$SCRATCH/secrets/key"
	VIEW=(-v "$SCRATCH/work:/work" -v "$SCRATCH/secrets:/secrets" -w /work)
	AGENT=("${VIEW[@]}" --annotation io.pinfold.profile=agent)
}

local_teardown() {
	rm -rf /etc/pinfold
}

node_policy() {
	mkdir -p /etc/pinfold
	echo "$1" >/etc/pinfold/policy.json
}

no_secret() {
	refute_output a-secret
}

# What reads the secret in every way that the tests name; prints `tried' at the end.
ATTEMPTS='cat /secrets/key; cat /proc/self/root/secrets/key; cat /work/../secrets/key; cd /secrets && cat key
	ln -s /secrets/key /tmp/link; cat /tmp/link; ln /secrets/key /tmp/hard && cat /tmp/hard
	mount --bind /secrets /tmp && cat /tmp/key; cp /secrets/key /tmp/copy && cat /tmp/copy; echo tried'

@test "without an annotation nothing is confined" {
	box "${VIEW[@]}" -- sh -c 'cat /secrets/key; grep NoNewPrivs /proc/self/status'
	assert_status 0
	assert_contains a-secret
	assert_match '0$'
}

@test "profile agent: works in its folder and reads no secret mounted beside it" {
	box "${AGENT[@]}" -- sh -c "echo made >/work/file && cat /work/file; $ATTEMPTS"
	assert_contains made tried
	no_secret
	[ "$(cat "$SCRATCH/work/file")" = made ]
}

@test "profile agent: no privileges can be gained, and NET_RAW is taken" {
	box "${AGENT[@]}" --cap-add net_raw -- grep -E 'NoNewPrivs|CapBnd' /proc/self/status
	assert_match $'NoNewPrivs:\t1'
	local caps=0x${output##*CapBnd:$'\t'}
	caps=${caps%%[!0-9a-fx]*}
	[ $((caps >> 13 & 1)) -eq 0 ] || fail "$output"
}

@test "profile agent: neither the image nor another user's home is written" {
	box "${AGENT[@]}" -- sh -c 'touch /etc/new; touch /bin/new; touch /home/agent/new; touch /tmp/new && echo tmp'
	assert_match $'\ntmp$'
	[ "$(grep -c 'Permission denied' <<<"$output")" -eq 3 ] || fail "$output"
}

@test "exec is confined like the container" {
	up "${AGENT[@]}"
	in_box sh -c "$ATTEMPTS; grep NoNewPrivs /proc/self/status"
	assert_contains tried $'NoNewPrivs:\t1'
	no_secret
	in_box sh -c 'echo by-exec >/work/file; cat /work/file'
	assert_output by-exec
}

@test "exec as another user, and as root with --privileged, is confined" {
	up "${AGENT[@]}"
	run podman exec -u agent "$C" sh -c "$ATTEMPTS"
	assert_contains tried
	no_secret
	run podman exec --privileged -u root "$C" sh -c "$ATTEMPTS"
	no_secret
}

@test "profile agent: what is set to run code is not there, by run and by exec, and the rest is" {
	local env=(-e LD_PRELOAD=/work/x.so -e BASH_ENV=/work/x -e PYTHONPATH=/work -e NODE_OPTIONS=--max-old-space-size=64 -e PERL5LIB=/usr/x)

	box "${AGENT[@]}" "${env[@]}" -- env
	assert_status 0
	assert_contains NODE_OPTIONS=--max-old-space-size=64 PERL5LIB=/usr/x HOME=
	refute_output LD_PRELOAD # nor in the warning: that is the engine's to log, not mixed into what a program says
	refute_output BASH_ENV
	refute_output PYTHONPATH
	up "${AGENT[@]}" "${env[@]}"
	run -0 podman exec -e FINE=1 "$C" env </dev/null
	assert_contains FINE=1 NODE_OPTIONS=--max-old-space-size=64 PERL5LIB=/usr/x
	refute_output LD_PRELOAD # nor in a warning: that was told at create
	refute_output BASH_ENV
	run -0 podman exec -e LD_AUDIT=/work/x "$C" env </dev/null
	refute_output LD_AUDIT=
	assert_contains 'exec: 1 variable dropped' # to whoever asked for it
}

@test "exec -it is confined" {
	up "${AGENT[@]}"
	with_tty "podman exec -it -u agent $C sh -c 'cat /secrets/key; echo tried; tty; stty size'"
	assert_contains tried /dev/pts/ '33 101'
	no_secret
}

@test "run -it is confined" {
	with_tty "podman run --rm -it --network none ${AGENT[*]} $IMAGE sh -c 'cat /secrets/key; echo tried; tty'"
	assert_contains tried /dev/pts/0
	no_secret
}

@test "exec after the workload swapped an allowed folder for a link is confined as before" {
	up "${AGENT[@]}" -- sh -c 'rm -rf /tmp/a; mkdir /tmp/a && rmdir /tmp/a && ln -s /secrets /tmp/a; echo ready; sleep 1000'
	wait_for_log ready
	in_box sh -c 'cat /tmp/a/key; echo tried'
	assert_contains tried
	no_secret
}

@test "an entry of its own list opens what it names" {
	box "${VIEW[@]}" --annotation 'io.pinfold.read=@image /secrets' -- cat /secrets/key
	assert_status 0
	assert_output a-secret
}

@test "a container is still confined after stop and start" {
	podman create --name "$C" --network none "${AGENT[@]}" "$IMAGE" sh -c "$ATTEMPTS" >/dev/null
	run podman start -a "$C"
	no_secret
	run podman start -a "$C"
	assert_contains tried
	no_secret
}

@test "a key with a typo is refused, and the user reads which one was meant" {
	box "${VIEW[@]}" --annotation io.pinfold.raed=/work -- true
	assert_status 126
	assert_contains io.pinfold.raed io.pinfold.read
}

@test "a profile that does not exist is refused by name" {
	box "${VIEW[@]}" --annotation io.pinfold.profile=agnet -- true
	assert_status 126
	assert_contains io.pinfold.profile agnet
}

@test "a name in egress, for which there is no resolver yet, is refused by name" {
	box "${AGENT[@]}" --annotation io.pinfold.egress=api.example -- true
	assert_status 126
	assert_contains io.pinfold.egress
}

@test "what would void the confinement is refused, and the user reads how to permit it" {
	box "${AGENT[@]}" --privileged -- true
	assert_status 126
	assert_contains permit
	box "${AGENT[@]}" --pid host -- true
	assert_status 126
	assert_contains host-pid
	box "${AGENT[@]}" --cap-add sys_admin -- true
	assert_status 126
	assert_contains cap:SYS_ADMIN
	box "${AGENT[@]}" --network host -- true
	assert_status 126
	assert_contains host-net
	box "${AGENT[@]}" --ipc host -- true
	assert_status 126
	assert_contains host-ipc
}

@test "the node's defaults confine a container that says nothing" {
	node_policy '{ "defaults": { "profile": "agent" } }'
	box "${VIEW[@]}" -- sh -c "$ATTEMPTS"
	assert_contains tried
	no_secret
}

@test "the node's limits refuse a profile that they do not name" {
	node_policy '{ "defaults": { "profile": "agent" }, "limits": { "profile": ["agent"] } }'
	box "${VIEW[@]}" --annotation io.pinfold.profile=audit -- cat /secrets/key
	assert_status 126
	assert_contains audit /etc/pinfold/policy.json
	no_secret
}

@test "a policy given with the runtime's flag bounds what an annotation may ask" {
	echo '{ "defaults": { "profile": "agent" }, "limits": { "read": ["@image", "@cwd"] } }' >"$SCRATCH/policy.json"
	run podman --runtime-flag "policy=$SCRATCH/policy.json" run --rm --network none "${VIEW[@]}" \
		--annotation io.pinfold.read=/secrets "$IMAGE" cat /secrets/key
	assert_status 126
	assert_contains io.pinfold.read "$SCRATCH/policy.json"
	no_secret
}

@test "a policy that others may write is refused" {
	node_policy '{ "defaults": { "profile": "agent" } }'
	chmod 666 /etc/pinfold/policy.json
	box "${VIEW[@]}" -- true
	assert_status 126
	assert_contains /etc/pinfold/policy.json
}

# an image with annotations of its own, as podman puts them into config.json
lying_image() {
	local c args=() a

	for a; do args+=(--annotation "$a"); done
	c=$(buildah from "$IMAGE")
	buildah config "${args[@]}" "$c"
	buildah commit --quiet --format oci "$c" localhost/liar >/dev/null
	buildah rm "$c" >/dev/null
}

@test "an image that carries annotations cannot exceed the node's policy" {
	lying_image 'io.pinfold.profile=audit' 'io.pinfold.read=@mounts'
	node_policy '{ "defaults": { "profile": "agent" }, "limits": { "profile": ["agent"] } }'
	IMAGE=localhost/liar box "${VIEW[@]}" -- cat /secrets/key
	podman rmi localhost/liar >/dev/null
	[ "$status" -ne 0 ]
	no_secret
}

@test "an image that carries annotations cannot widen a profile that the user names" {
	lying_image 'io.pinfold.read=@mounts'
	IMAGE=localhost/liar box "${AGENT[@]}" -- cat /secrets/key
	podman rmi localhost/liar >/dev/null
	assert_status 126
	assert_contains io.pinfold.read
	no_secret
}

@test "a secret of podman's own is not read unless it is named" {
	echo the-token | podman secret create "secret-$C" - >/dev/null
	box "${AGENT[@]}" --secret "secret-$C" -- cat "/run/secrets/secret-$C"
	refute_output the-token
	box "${VIEW[@]}" --annotation 'io.pinfold.read=@image /run/secrets' --secret "secret-$C" -- cat "/run/secrets/secret-$C"
	podman secret rm "secret-$C" >/dev/null
	assert_output the-token
}

@test "a named volume at the working folder is written, and podman cp still works" {
	podman create --name "$C" --network none --annotation io.pinfold.profile=agent -v "vol-$C:/data" -w /data "$IMAGE" \
		sh -c 'cat given; echo out >made' >/dev/null
	echo given >"$SCRATCH/given"
	podman cp "$SCRATCH/given" "$C:/data/given"
	run podman start -a "$C"
	assert_output given
	podman cp "$C:/data/made" "$SCRATCH/made"
	podman rm -f -v -t 0 "$C" >/dev/null
	podman volume rm -f "vol-$C" >/dev/null
	[ "$(cat "$SCRATCH/made")" = out ]
}

@test "the posture of a confined container, and the policy explained" {
	up "${AGENT[@]}"
	run "$RUNTIME" posture "$CID"
	assert_status 0
	assert_contains andlock
	run "$RUNTIME" explain "$CID"
	assert_status 0
	assert_contains /work
}

@test "in a pod every container has its own policy" {
	podman pod create --name "$C" --network none >/dev/null
	run podman run --rm --pod "$C" "${AGENT[@]}" "$IMAGE" sh -c "$ATTEMPTS"
	assert_contains tried
	no_secret
	run podman run --rm --pod "$C" "${VIEW[@]}" "$IMAGE" cat /secrets/key
	assert_output a-secret
}

@test "with an own user namespace the confinement is the same" {
	box "${AGENT[@]}" --uidmap 0:200000:70000 --gidmap 0:200000:70000 -- sh -c "$ATTEMPTS; touch /work/by-map"
	assert_contains tried
	no_secret
}

@test "with --read-only, --init and a healthcheck the confinement holds" {
	up "${AGENT[@]}" --read-only --init --health-cmd 'cat /secrets/key' --health-interval disable
	run podman healthcheck run "$C"
	assert_status 1
	in_box sh -c "$ATTEMPTS"
	assert_contains tried
	no_secret
}

@test "hide and protect by annotation: neither the container, its exec nor podman's own exec gets round them" {
	mkdir -p "$SCRATCH/work/.git/hooks" "$SCRATCH/work/sub"
	echo a-secret >"$SCRATCH/work/sub/.env"
	chmod -R a+rwX "$SCRATCH/work"
	up "${AGENT[@]}" --annotation 'io.pinfold.hide=/work/**/.env /secrets'
	in_box sh -c "cat /work/sub/.env /work/../work/sub/.env /proc/self/root/work/sub/.env; mv /work/sub /work/moved; cat /work/moved/.env; $ATTEMPTS"
	assert_contains tried
	no_secret
	in_box sh -c 'echo evil >/work/.git/hooks/pre-commit; mv /work/.git /work/x; mkdir -p /work/.git/hooks; echo evil >/work/.git/hooks/pre-commit; echo fine >/work/file; cat /work/file'
	assert_contains fine
	[ -z "$(ls -A "$SCRATCH/work/.git/hooks")" ] && [ ! -e "$SCRATCH/work/x" ]
}
