#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `pinfold audit': what is found in a bundle, in containers of ours and of other runtimes, who reaches whom, and that no
# report has a value in it.
# shellcheck disable=SC2016,SC2154

load helpers

local_setup() {
	pinfold_only
	# no file of the source holds what looks like a token
	TOKEN=gh"p_$(printf 'FAKE%.0s' {1..9})"
	AWS=AK"IA$(printf 'FAKE%.0s' {1..4})" # the key's id: public
	SECRET=$(printf 'Fake%.0s' {1..10})
}

local_teardown() {
	local i

	for i in "${OTHERS[@]+"${OTHERS[@]}"}"; do
		other "${i%%:*}" delete --force "${i#*:}" >/dev/null 2>&1 || true
	done
	[ -z "${DISK-}" ] || umount -l "$DISK"
}

# audit ARGS...: the report is in $output; it must end with 0
audit() {
	run -0 pf audit "$@"
}

# audit_json ARGS...: the report is in $SCRATCH/report, and is as contrib/schema says
audit_json() {
	pf audit --format json "$@" >"$SCRATCH/report"
	run -0 jq -n -r --slurpfile schema "$PF_TESTS/../contrib/schema/audit.schema.json" \
		--slurpfile doc "$SCRATCH/report" -f "$PF_TESTS/schema.jq"
	assert_output ''
}

# report FILTER: of the last audit_json
report() {
	run -0 jq -r "$1" "$SCRATCH/report"
}

# plant ROOT: credentials of some kinds where they usually lie
plant() {
	mkdir -p "$1/root/.aws" "$1/root/.docker"
	printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$AWS" "$SECRET" >"$1/root/.aws/credentials"
	printf 'machine api.example login me password s3cr3t-%s\n' "$TOKEN" >"$1/root/.netrc"
	printf 'see %s\n' "$TOKEN" >"$1/root/$TOKEN.txt"
	printf 'postgres://app:s3cr3t-%s@db.example/app\n' "$SECRET" >"$1/root/notes"
	openssl genrsa -out "$1/root/odd" 2048 2>/dev/null
	PEM=$(sed -n 3p "$1/root/odd")
}

# encodings TEXT: as it may stand in a report: itself, in base64 at each alignment, in hex, percent-encoded
encodings() {
	local i pad='' b

	echo "$1"
	for i in 0 1 2; do
		b=$(printf '%s%s' "$pad" "$1" | base64 -w0)
		# what depends on the neighbours is cut off
		b=${b%%=*}
		echo "${b:4:$((${#b} - 8))}"
		pad+=x
	done
	printf '%s' "$1" | od -An -tx1 | tr -d ' \n'
	echo
	printf '%s' "$1" | od -An -tx1 | tr -d '\n' | sed 's/ /%/g'
	echo
}

# secret_free FILE...: none of them holds one of the planted values
secret_free() {
	local value

	! grep -a "s3cr3t-" "$@" || fail "a password is in the report"
	for value in "$TOKEN" "$SECRET" "${PEM:0:40}"; do
		encodings "$value" >"$SCRATCH/encodings"
		run -0 awk 'length($0) < 20' "$SCRATCH/encodings"
		assert_output ''
		! grep -aiFf "$SCRATCH/encodings" "$@" || fail "a value is in the report"
	done
}

# a second, third container beside $ID: box_of NAME [OPTION...] -- COMMAND...
box_of() {
	local name=$1 id=$ID cgroup=$CGROUP

	shift
	another "$ID-$name"
	ID="$id-$name" CGROUP="$cgroup-$name" BUNDLE="$SCRATCH/$name"
	mkdir -p "$BUNDLE"
	cp -al "$PF_SUITE/rootfs" "$BUNDLE/rootfs"
	sleeper "$@"
	ID=$id CGROUP=$cgroup BUNDLE="$SCRATCH/bundle"
}

# other RUNTIME ARGS...: runc or crun with a root of its own; crun wants a pure cgroup2 where it looks, and uses none
other() {
	local runtime=$1

	shift
	case $runtime in
	runc) runc --root "$SCRATCH/runc" "$@" ;;
	crun)
		unshare --mount sh -c 'umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
			exec crun --cgroup-manager=disabled --root "$@"' sh "$SCRATCH/crun" "$@"
		;;
	esac
}

# other_box RUNTIME ID [OPTION...]: a running container of another runtime
other_box() {
	local runtime=$1 id=$2

	shift 2
	BUNDLE="$SCRATCH/$id"
	mkdir -p "$BUNDLE" "$SCRATCH/$runtime"
	cp -al "$PF_SUITE/rootfs" "$BUNDLE/rootfs"
	bundle "$@" --jq 'del(.linux.resources)' -- /probe forever ready
	[ "$runtime" != crun ] || bundle_edit 'del(.linux.cgroupsPath)'
	OTHERS+=("$runtime:$id")
	other "$runtime" run -d --bundle "$BUNDLE" "$id" >"$SCRATCH/$id.out" 2>&1 </dev/null 3>&- 4>&- ||
		fail "$runtime: $(cat "$SCRATCH/$id.out")"
	BUNDLE="$SCRATCH/bundle"
}

# ------------------------------------------------------------------------------------------------------------ a bundle

@test "a bundle: what is in it, whose it is, where it can go, what to remove first" {
	require_root
	mkdir "$SCRATCH/home"
	plant "$SCRATCH/home"
	bundle --env "GITHUB_TOKEN=$TOKEN" --env HOME=/root --bind "$SCRATCH/home/root:/root" -- /probe exit 0
	audit --bundle "$BUNDLE"
	assert_contains "Remove first" aws-access-key /root/.aws/credentials github-token '$GITHUB_TOKEN' netrc \
		"unmount \`/root'" "egress      none" "output      stdout and stderr"
	[[ ${lines[0]} == *"credentials in 1 container: "*" readable, 0 can leave by network, "* ]]
	audit_json --bundle "$BUNDLE"
	report '.containers[0].findings[] | select(.kind == "aws-access-key") | .severity, .places[0].source, .leaves[]'
	assert_output "critical
$SCRATCH/home/root
output
mount"
}

@test "an audit runs nothing, writes nothing, leaves nothing" {
	require_root
	plant "$BUNDLE/rootfs"
	bundle --env "GITHUB_TOKEN=$TOKEN" -- /probe forever ready
	seen() { find "$BUNDLE" "$PF_ROOT" -printf '%p %i %m %s %T@ %C@\n' | sort; }
	before=$(seen)
	audit --bundle "$BUNDLE"
	[ "$(seen)" = "$before" ]
}

@test "no value is in any report, nor in what it says on stderr, also not where a file is called as its token" {
	local format

	require_root
	mkdir "$SCRATCH/home"
	plant "$SCRATCH/home"
	mkdir "$SCRATCH/home/root/.aws/cli" "$SCRATCH/home/root/$TOKEN"
	cp "$SCRATCH/home/root/.netrc" "$SCRATCH/home/root/$TOKEN/.netrc"
	bundle --env "GITHUB_TOKEN=$TOKEN" --env "$TOKEN=x" --env "URL=https://me:s3cr3t-$TOKEN@api.example/" \
		--env "KEY=$TOKEN" --env HOME=/root --bind "$SCRATCH/home/root:/root" \
		--bind "$SCRATCH/home/root/$TOKEN:/$TOKEN" -- /probe forever ready "--token=$TOKEN"
	for format in table json markdown sarif; do
		pf audit --bundle "$BUNDLE" --format "$format" >"$SCRATCH/r.$format" 2>"$SCRATCH/e.$format"
		[ -s "$SCRATCH/r.$format" ]
	done
	secret_free "$SCRATCH"/r.* "$SCRATCH"/e.*
	create_box
	pf start "$ID"
	for format in table json markdown sarif; do
		pf audit --format "$format" "$ID" >"$SCRATCH/r.$format" 2>"$SCRATCH/e.$format"
	done
	secret_free "$SCRATCH"/r.* "$SCRATCH"/e.*
	grep -q "masked:github-token" "$SCRATCH/r.json"
	# and all of it was found: by name, by content, and whose it is
	jq -r '.containers[0].findings[] | "\(.kind) \(.by) \(.principal)"' "$SCRATCH/r.json" >"$SCRATCH/found"
	for found in "aws-access-key name $AWS" "github-token content" "netrc name" "database-url content" "github-token name"; do
		grep -qF "$found" "$SCRATCH/found" || fail "$found: $(cat "$SCRATCH/found")"
	done
}

@test "content is looked into unless --names says not to, and a limit is told" {
	require_root
	plant "$BUNDLE/rootfs"
	bundle -- /probe exit 0
	audit_json --bundle "$BUNDLE"
	report '[.containers[0].findings[] | select(.by == "content")] | length > 1'
	assert_output true
	audit_json --names --bundle "$BUNDLE"
	report '[.containers[0].findings[] | select(.by == "content")] | length'
	assert_output 0
	run -2 pf audit --names --deep --bundle "$BUNDLE"
	audit_json --limit-files 1 --bundle "$BUNDLE"
	report '.containers[0].incomplete != null, .summary.complete'
	assert_output "true
false"
}

@test "a policy that keeps a credential from the workload, or allows one, is told" {
	require_root
	bundle --env "GITHUB_TOKEN=$TOKEN" --annotate io.pinfold.mistyped=x -- /probe exit 0
	audit --bundle "$BUNDLE"
	assert_contains "policy: create refuses this container:" "io.pinfold.mistyped"
	bundle --env "GITHUB_TOKEN=$TOKEN" -- /probe exit 0
	audit --bundle "$BUNDLE"
	assert_contains "policy: none"
}

@test "what create hides, and by which entry the rest is allowed, is told before and of the container" {
	local what

	require_root
	plant "$BUNDLE/rootfs"
	bundle --annotate io.pinfold.credentials=hide --annotate io.pinfold.credentials.allow=class:model \
		--env "GITHUB_TOKEN=$TOKEN" --env OPENAI_API_KEY=x --env HOME=/root -- /probe forever ready
	audit_json --names --bundle "$BUNDLE"
	cp "$SCRATCH/report" "$SCRATCH/planned"
	create_box
	pf start "$ID"
	wait_for_status "$ID" running
	audit_json --names "$ID"
	for what in "$SCRATCH/planned" "$SCRATCH/report"; do
		run -0 jq -r '.containers[0].findings[] | "\(.kind) \(.verdict) \(.exposed) \(.readers | length)"' "$what"
		assert_contains "openai-api-key allowed true 1" "aws-access-key covered false 0" \
			"github-token dropped false 0" "netrc covered false 0"
	done
	report '.containers[0].findings[] | select(.allowed_by) | .allowed_by'
	assert_output class:model
	audit --names --fail-on unallowed "$ID"
	run -3 pf audit --names --fail-on any "$ID"
}

@test "--fail-on ends with 3 where it is met, and a word that means nothing is refused" {
	bundle --env "GITHUB_TOKEN=$TOKEN" -- /probe exit 0
	for list in any unallowed long-lived class:forge github-token "class:cloud,github-token"; do
		run -3 pf audit --bundle "$BUNDLE" --fail-on "$list"
		assert_contains github-token "what --fail-on names"
	done
	for list in class:cloud netrc rw "class:ssh netrc"; do
		audit --bundle "$BUNDLE" --fail-on "$list"
	done
	for list in '' forge class:forges githubtoken 'any,ALL'; do
		run -2 pf audit --bundle "$BUNDLE" --fail-on "$list"
		assert_contains "--fail-on: "
	done
}

@test "what is asked for must be clear" {
	bundle -- /probe exit 0
	run -2 pf audit
	assert_contains "of what? Give an ID, --bundle DIR, or --all"
	run -2 pf audit --bundle "$BUNDLE" "$ID"
	assert_contains "exclude each other"
	run -2 pf audit --all --bundle "$BUNDLE"
	run -2 pf audit --bundle "$BUNDLE" --format yaml
	assert_contains "\`yaml' is none of table, json, markdown, sarif"
	run -2 pf audit --look-in /run "$ID"
	run -1 pf audit --bundle "$SCRATCH/nothing"
	assert_contains "$SCRATCH/nothing" "no such file or directory"
	run -1 pf audit "$ID"
	assert_contains "container \`$ID' does not exist"
	echo '{' >"$BUNDLE/config.json"
	run -2 pf audit --bundle "$BUNDLE"
	assert_contains "bundle \`$BUNDLE'"
}

@test "SARIF has what its readers need, and the same fingerprints each time" {
	bundle --env "GITHUB_TOKEN=$TOKEN" --env "AWS_SECRET_ACCESS_KEY=x" -- /probe exit 0
	pf audit --bundle "$BUNDLE" --format sarif >"$SCRATCH/one"
	pf audit --bundle "$BUNDLE" --format sarif >"$SCRATCH/two"
	cmp "$SCRATCH/one" "$SCRATCH/two"
	run -0 jq -r '.version, (.runs | length), (.runs[0].tool.driver.rules | map(.id) | join(" "))' "$SCRATCH/one"
	assert_output "2.1.0
1
aws-access-key github-token"
	run -0 jq -e '.runs[0] | . as $run | [.results[] | .ruleId == $run.tool.driver.rules[.ruleIndex].id
		and (.level | IN("error", "warning", "note")) and (.message.text | length > 0)
		and (.locations[0].physicalLocation.artifactLocation.uri | test("^[A-Za-z0-9/._~%-]+$"))
		and (.partialFingerprints["pinfoldFinding/v1"] | test("^[0-9a-f]{16}$"))
		and ([.taxa[] | .id == $run.taxonomies[.toolComponent.index].taxa[.index].id] | all)] | all' "$SCRATCH/one"
}

# ----------------------------------------------------------------------------------------------------------- containers

@test "a running container is asked itself: each process's variables, its mounts, its network, its output" {
	require_root
	mkdir "$SCRATCH/work"
	sleeper --bind "$SCRATCH/work:/work:ro" --env "GITHUB_TOKEN=$TOKEN"
	pf exec -d --env "NPM_TOKEN=x" --env "GITHUB_TOKEN=$TOKEN" "$ID" /probe forever ready >/dev/null 2>&1 </dev/null 3>&- 4>&-
	wait_until "the second process" sh -c 'test "$("$1" --root "$2" ps --format json "$3" | jq length)" -eq 2' \
		sh "$RUNTIME" "$PF_ROOT" "$ID"
	audit_json "$ID"
	report '.containers[0] | .status, .processes, .runtime, (.findings[] | "\(.kind) \(.places[0].name) \(.places[0].of)")'
	assert_output "running
2
pinfold
github-token GITHUB_TOKEN process
npm-token NPM_TOKEN process \`probe'"
	report '.containers[0].ways[] | "\(.kind) \(.open) \(.what) \(.why)"'
	assert_contains "egress false none only loopback in its network namespace" \
		"output true stdout and stderr the file $SCRATCH/out"
	report '.containers[0].namespaces | to_entries[] | "\(.key) \(.value.host)"'
	assert_output "network false
pid false
ipc false
mount false
user true"
}

@test "a created and a stopped container are audited too" {
	require_root
	plant "$BUNDLE/rootfs"
	bundle --env "NPM_TOKEN=x" --env HOME=/root -- /probe exit 0
	create_box
	audit_json "$ID"
	report '.containers[0] | .status, .pid != null, (.findings | map(.kind) | join(" "))'
	assert_contains created true npm-token aws-access-key netrc
	pf start "$ID"
	wait_for_status "$ID" stopped
	audit_json "$ID"
	report '.containers[0] | .status, .pid, (.findings | map(.kind) | join(" "))'
	assert_contains stopped null npm-token aws-access-key netrc
}

@test "a directory is known by where it lies on the host, whatever it is called inside" {
	local what seen

	require_root
	require_tool runc
	# a disk of its own, as the kernel then does not tell that it is of /home. The mount namespace is the suite's own.
	DISK=/home
	mount -t tmpfs tmpfs "$DISK"
	mkdir -p /home/me/.aws
	printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$AWS" "$SECRET" >/home/me/.aws/credentials
	sleeper --bind /home/me/.aws:/aws
	other_box runc "$ID-r" --bind /home/me/.aws:/aws
	for what in "--bundle $BUNDLE" "$ID" "--all --look-in $SCRATCH/runc"; do
		# shellcheck disable=SC2086 # options
		audit_json --names $what
		# --all has both
		report '[.containers[] | select(.record // "'"$SCRATCH"'" | startswith("'"$SCRATCH"'")) | .findings[] | select(.places[0].name == "/aws/credentials")
			| "\(.kind) \(.by) \(.exposed)"] | (length | tostring), unique[]'
		[[ $what == --all* ]] && seen=2 || seen=1
		assert_output "$seen
aws-access-key name true"
	done
}

@test "ways out of the host's own: namespaces, capabilities, writable mounts, devices" {
	require_root
	sleeper --no-ns network --cap SYS_ADMIN --bind /etc:/host-etc --bind "$SCRATCH:/data"
	audit_json "$ID"
	report '.containers[0].ways[] | select(.open) | "\(.kind) \(.host) \(.what)"'
	assert_contains "egress false open" "inbound false the host's ports" "namespace false network" \
		"capability true CAP_SYS_ADMIN" "mount true /host-etc" "mount false /data"
	report '.sets[0].host'
	assert_output true
}

@test "who listens beyond loopback in the container's network is a way in" {
	require_root
	sleeper
	nsenter -t "$(box_pid)" -n ip link set lo up
	nsenter -t "$(box_pid)" -n busybox nc -l -p 8080 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	local pid=$!
	wait_until "the listener" grep -q ":1F90 .* 0A " "/proc/$(box_pid)/net/tcp6" "/proc/$(box_pid)/net/tcp"
	audit_json "$ID"
	kill "$pid"
	report '.containers[0].ways[] | select(.kind == "inbound") | .what'
	assert_match '^tcp (0\.0\.0\.0|\[::\]):8080$'
}

@test "containers that share a volume or a namespace are one set, others are not" {
	require_root
	mkdir "$SCRATCH/shared" "$SCRATCH/own"
	sleeper --bind "$SCRATCH/shared:/data" --env "GITHUB_TOKEN=$TOKEN"
	box_of reader --bind "$SCRATCH/shared:/in:ro"
	box_of net --ns "network=/proc/$(box_pid)/ns/net"
	box_of alone --bind "$SCRATCH/own:/data"
	audit_json --all --look-in "$PF_ROOT"
	report '.containers[] | select(.id == "'"$ID"'") | .set'
	set=$output
	report ".sets[] | select(.set == $set) | .containers | sort | join(\" \")"
	assert_output "$ID $ID-net $ID-reader"
	report ".sets[] | select(.set == $set) | .links[] | .by" 
	assert_contains "network namespace" "writable volume"
	report '.containers[] | select(.id == "'"$ID-alone"'") | .set'
	[ "$output" != "$set" ]
	run -0 pf audit --all --look-in "$PF_ROOT"
	assert_contains "Reach sets" "one network namespace" "a writable volume, /data"
}

@test "--all sees the containers of runc and crun beside ours, and says what it cannot read" {
	require_root
	require_tool runc
	require_tool crun
	sleeper --env "GITHUB_TOKEN=$TOKEN"
	other_box runc "$ID-r" --env "NPM_TOKEN=x" --annotate io.kubernetes.cri.container-name=app \
		--annotate io.kubernetes.cri.sandbox-name=shop --annotate io.kubernetes.cri.sandbox-namespace=default
	other_box crun "$ID-c" --env "GITLAB_TOKEN=x"
	mkdir -p "$SCRATCH/broken/one" "$SCRATCH/broken/two" "$SCRATCH/broken/three"
	echo '{"init_process_pid":"x"}' >"$SCRATCH/broken/one/state.json"
	echo "{\"init_process_pid\":$$,\"init_process_start\":$(cut -d' ' -f22 /proc/$$/stat)}" >"$SCRATCH/broken/two/state.json"
	audit_json --all --look-in "$PF_ROOT" --look-in "$SCRATCH/runc" --look-in "$SCRATCH/crun" --look-in "$SCRATCH/broken"
	report '.containers[] | select(.record | startswith("'"$SCRATCH"'"))
		| select(.looked_at) | "\(.runtime) \(.id) \(.name) \(.status) \(.findings | map(.kind) | join(","))"'
	assert_contains "pinfold $ID null running github-token" "runc $ID-r default/shop/app running npm-token" \
		"crun $ID-c null running gitlab-token"
	report '.containers[] | select(.looked_at | not) | "\(.record | sub(".*/"; "")): \(.problem)"'
	assert_contains "one: \`state.json': /init_process_pid: not the id of a container's process" \
		"two: process $$, which its record names, is in no container" \
		"three: neither state.json nor status is in it"
	report '.summary | .unreadable >= 3, .complete'
	assert_output "true
false"
}

@test "a stopped container of another runtime is audited by its bundle" {
	require_root
	require_tool runc
	other_box runc "$ID-r" --env "NPM_TOKEN=x"
	runc --root "$SCRATCH/runc" kill "$ID-r" KILL
	wait_until "its end" sh -c 'test "$(runc --root "$1" state "$2" | jq -r .status)" = stopped' sh "$SCRATCH/runc" "$ID-r"
	audit_json --all --look-in "$SCRATCH/runc"
	report '.containers[] | select(.id == "'"$ID-r"'") | .status, .pid, .findings[0].kind'
	assert_output "stopped
null
npm-token"
}

# ------------------------------------------------------------------------------------------------------------ rootless

# bats test_tags=rootless
@test "an ordinary user audits a bundle and a container of their own, and is told of what is not theirs" {
	[ "$(id -u)" -ne 0 ] || skip "for a user that is not root"
	plant "$BUNDLE/rootfs"
	bundle --jq ".linux.namespaces += [{ type: \"user\" }]
		| .linux.uidMappings = [{ containerID: 0, hostID: $(id -u), size: 1 }]
		| .linux.gidMappings = [{ containerID: 0, hostID: $(id -g), size: 1 }]
		| del(.linux.resources, .linux.cgroupsPath) | .mounts |= map(select(.type != \"cgroup\"))" \
		--env "GITHUB_TOKEN=$TOKEN" --env HOME=/root -- /probe forever ready
	audit_json --bundle "$BUNDLE"
	report '.containers[0].findings | map(.kind) | join(" ")'
	assert_contains github-token aws-access-key netrc
	create_box
	pf start "$ID"
	wait_for_status "$ID" running
	audit_json "$ID"
	report '.containers[0] | .looked_at, .namespaces.user.host, (.findings | map(.kind) | join(" "))'
	assert_contains true false github-token aws-access-key netrc
	# a record that names a process of root
	mkdir -p "$SCRATCH/foreign/one"
	echo '{"init_process_pid":2}' >"$SCRATCH/foreign/one/state.json"
	audit_json --all --look-in "$SCRATCH/foreign"
	report '.containers[] | select(.id == "one") | .looked_at, .problem'
	assert_contains false "look at the namespaces of process 2 (as root, or as the user who started the container)"
}
