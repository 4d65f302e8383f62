#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The keys credentials, credentials.allow and credentials.scan, seen from inside: what a program finds where a credential
# lay, in its environment, in an exec, in a hook; and what is told of it outside, which is never a value.

# shellcheck disable=SC2154
load helpers

KEY='wJalrXUtnFEMIbPxRfiCYEXAMPLEKEY'
TOKEN="ghp_$(printf 'a%.0s' {1..36})"

local_setup() {
	pinfold_only
	require_landlock 3
	chmod 711 "$SCRATCH"
	mkdir -p "$SCRATCH/home/.aws" "$SCRATCH/home/.ssh" "$SCRATCH/home/.config/gh"
	printf '[default]\naws_secret_access_key = %s\n' "$KEY" >"$SCRATCH/home/.aws/credentials"
	printf '%s\n' "$KEY" >"$SCRATCH/home/.ssh/id_ed25519"
	printf 'github.com ssh-ed25519 AAAA\n' >"$SCRATCH/home/.ssh/known_hosts"
	printf 'oauth_token: %s\n' "$TOKEN" >"$SCRATCH/home/.config/gh/hosts.yml"
	printf 'plain\n' >"$SCRATCH/home/notes"
	chmod -R go+rX "$SCRATCH/home"
	HOME_BIND=(--bind "$SCRATCH/home:/root:rw" --env HOME=/root)
}

hidden() {
	probe --annotate io.pinfold.credentials=hide "${HOME_BIND[@]}" "$@"
}

# inside: the last lines that the program printed; what the log said goes before them
inside() {
	local want=$1 got

	got=$(tail -n "$(grep -c . <<<"$want")" <<<"$output")
	[ "$got" = "$want" ] || fail "expected: $want
got:      $output"
}

@test "without the key nothing is looked for: credentials are where they were" {
	probe "${HOME_BIND[@]}" --env "GITHUB_TOKEN=$TOKEN" -- each print-file /root/.ssh/id_ed25519 -- getenv GITHUB_TOKEN
	assert_output "$KEY
$TOKEN"
}

@test "hide: files of credentials are empty, and what is none beside them can be read" {
	hidden -- each print-file /root/.aws/credentials -- print-file /root/.ssh/id_ed25519 -- print-file /root/.config/gh/hosts.yml \
		-- print-file /root/.ssh/known_hosts -- print-file /root/notes
	inside "github.com ssh-ed25519 AAAA
plain"
	assert_no_secret "$KEY" "$PF_ROOT"
	assert_no_secret "$TOKEN" "$PF_ROOT"
}

@test "hide: a variable that holds a credential is dropped, whatever it is called" {
	hidden --env "AWS_SECRET_ACCESS_KEY=$KEY" --env "ACME_TOKEN=$KEY" --env "GREETING=$TOKEN" --env 'HARMLESS=1' -- env
	inside 'PATH=/usr/local/bin:/usr/bin:/bin|HOME=/root|HARMLESS=1'
	assert_no_secret "$KEY" "$PF_ROOT"
	assert_no_secret "$TOKEN" "$PF_ROOT"
}

@test "hide: one warning names kinds and places" {
	hidden --env "GITHUB_TOKEN=$TOKEN" -- exit 0
	assert_contains "create: credentials hide: 3 covered, 1 dropped" "github-token in variable GITHUB_TOKEN" \
		"ssh-key at /root/.ssh/id_ed25519" "credentials.allow"
}

@test "hide: a credential in an argument refuses, as nothing can be dropped there" {
	bundle --annotate io.pinfold.credentials=hide -- /probe args "--token=$TOKEN"
	create_fails --pid-file "$SCRATCH/pid"
	assert_contains "github-token in argument args[2]" "io.pinfold.credentials.allow=github-token"
	assert_no_secret "$TOKEN" "$PF_ROOT"
}

@test "hide: a socket of the host's control is covered" {
	mkdir "$SCRATCH/run"
	"$PF_SUITE/tools/probe" listen-unix "$SCRATCH/run/docker.sock" >"$SCRATCH/listener" 2>&1 </dev/null 3>&- 4>&- &
	LISTENER=$!
	wait_for_line "$SCRATCH/listener" listening
	probe --bind "$SCRATCH/run/docker.sock:/run/docker.sock" -- connect-unix /run/docker.sock
	assert_output ok
	probe --annotate io.pinfold.credentials=hide --bind "$SCRATCH/run/docker.sock:/run/docker.sock" -- connect-unix /run/docker.sock
	kill "$LISTENER"
	inside EACCES
	assert_contains "docker-socket at /run/docker.sock"
}

@test "hide: a service account of Kubernetes is covered whole, symlinks and all" {
	local d="$SCRATCH/sa"

	mkdir -p "$d/..2026_11"
	printf '%s\n' "$KEY" >"$d/..2026_11/token"
	ln -s ..2026_11 "$d/..data"
	ln -s ..data/token "$d/token"
	hidden --bind "$d:/run/secrets/kubernetes.io/serviceaccount:ro" -- each list /run/secrets/kubernetes.io/serviceaccount \
		-- print-file /run/secrets/kubernetes.io/serviceaccount/..2026_11/token
	inside '0 entries
ENOENT'
}

@test "hide: the same file at a second mount, and under a hard link, is covered too" {
	mkdir "$SCRATCH/other"
	ln "$SCRATCH/home/.ssh/id_ed25519" "$SCRATCH/other/id_rsa"
	hidden --bind "$SCRATCH/home:/mnt:rw" --bind "$SCRATCH/other:/other" -- each print-file /mnt/.ssh/id_ed25519 -- print-file /other/id_rsa
	assert_no_secret "$KEY" "$PF_ROOT"
	run -0 pf run --bundle "$BUNDLE" "$ID"
	refute_output "$KEY"
}

@test "hide: a file that holds more than its secret refuses, with its line and both ways out" {
	printf 'registry=https://registry.example/\n\n//registry.example/:_authToken=%s\n' "$KEY" >"$SCRATCH/home/.npmrc"
	bundle --annotate io.pinfold.credentials=hide "${HOME_BIND[@]}" -- /probe exit 0
	create_fails --pid-file "$SCRATCH/pid"
	assert_contains "npmrc at /root/.npmrc line 3" "take the line out" "io.pinfold.credentials.allow=npmrc"
	assert_no_secret "$KEY" "$PF_ROOT"
	printf 'registry=https://registry.example/\n' >"$SCRATCH/home/.npmrc"
	hidden -- print-file /root/.npmrc
	inside 'registry=https://registry.example/'
}

@test "credentials.allow: by kind, class, variable and path" {
	hidden --annotate 'io.pinfold.credentials.allow=aws-access-key class:forge env:MY_TOKEN /root/.ssh' \
		--env "MY_TOKEN=$KEY" --env "OTHER_TOKEN=$KEY" --env "GITHUB_TOKEN=$TOKEN" \
		-- each print-file /root/.config/gh/hosts.yml -- print-file /root/.ssh/id_ed25519 -- getenv MY_TOKEN -- getenv GITHUB_TOKEN \
		-- open-read /root/.aws/credentials -- getenv OTHER_TOKEN
	inside "oauth_token: $TOKEN
$KEY
$KEY
$TOKEN
ok
(unset)"
}

@test "credentials.allow: an id that is none refuses at create" {
	bundle --annotate io.pinfold.credentials=hide --annotate io.pinfold.credentials.allow=aws-acess-key -- /probe exit 0
	create_fails --pid-file "$SCRATCH/pid"
	assert_contains "aws-acess-key" "neither a kind"
}

@test "deny: everything that is not allowed is named at once, and nothing is left" {
	bundle --annotate io.pinfold.credentials=deny --env "GITHUB_TOKEN=$TOKEN" --env "AWS_SECRET_ACCESS_KEY=$KEY" -- /probe exit 0
	create_fails --pid-file "$SCRATCH/pid"
	assert_contains "github-token in variable GITHUB_TOKEN" "aws-access-key in variable AWS_SECRET_ACCESS_KEY" \
		"io.pinfold.credentials.allow=" "deny"
	bundle --annotate io.pinfold.credentials=deny "${HOME_BIND[@]}" -- /probe exit 0
	create_fails --pid-file "$SCRATCH/pid"
	assert_contains "ssh-key at /root/.ssh/id_ed25519" "aws-access-key at /root/.aws/credentials"
	assert_no_secret "$KEY" "$PF_ROOT"
}

@test "deny: a container without credentials starts, and is not confined" {
	probe --annotate io.pinfold.credentials=deny -- each nnp -- seccomp
	assert_output '0
0'
}

@test "audit: everything is recorded, nothing is taken, and the container is not confined" {
	bundle --annotate io.pinfold.credentials=audit "${HOME_BIND[@]}" --env "GITHUB_TOKEN=$TOKEN" \
		-- /probe each nnp -- print-file /root/.ssh/id_ed25519 -- getenv GITHUB_TOKEN
	run -0 pf run --bundle "$BUNDLE" "$ID"
	inside "0
$KEY
$TOKEN"
	sleeper --annotate io.pinfold.credentials=audit "${HOME_BIND[@]}" --env "GITHUB_TOKEN=$TOKEN"
	output=$(jq -r '.findings[] | .verdict + " " + .kind + " " + .places[0].name' "$PF_ROOT/$ID/inventory.json")
	assert_contains "reported ssh-key /root/.ssh/id_ed25519" "reported github-token GITHUB_TOKEN" \
		"reported aws-access-key /root/.aws/credentials"
	assert_no_secret "$KEY" "$PF_ROOT"
	assert_no_secret "$TOKEN" "$PF_ROOT"
}

@test "decoy: a file shows a fake, a variable holds one, and neither is the credential" {
	probe --annotate io.pinfold.credentials=decoy "${HOME_BIND[@]}" --env "GITHUB_TOKEN=$TOKEN" \
		-- each print-file /root/.aws/credentials -- getenv GITHUB_TOKEN
	refute_output "$KEY"
	refute_output "$TOKEN"
	assert_match 'ghp_[A-Za-z0-9]{36}'
	assert_contains '[default]'
	assert_no_secret "$KEY" "$PF_ROOT"
}

@test "exec: its own environment and arguments go by the rules of create" {
	sleeper --annotate io.pinfold.credentials=hide --annotate io.pinfold.credentials.allow=env:MY_TOKEN "${HOME_BIND[@]}"
	run -0 pf exec --env "GITHUB_TOKEN=$TOKEN" --env "MY_TOKEN=$KEY" "$ID" /probe each getenv GITHUB_TOKEN -- getenv MY_TOKEN \
		-- print-file /root/.ssh/known_hosts
	inside "(unset)
$KEY
github.com ssh-ed25519 AAAA"
	assert_contains "exec: credentials hide: 1 dropped" "github-token in variable GITHUB_TOKEN of the exec"
	run -255 pf exec "$ID" /probe args "--token=$TOKEN"
	assert_contains "github-token in argument args[2] of the exec"
	refute_output "$TOKEN"
}

@test "exec: under deny a credential refuses the exec, and the container lives on" {
	sleeper --annotate io.pinfold.credentials=deny
	run -255 pf exec --env "GITHUB_TOKEN=$TOKEN" "$ID" /probe exit 0
	assert_contains "deny" "github-token in variable GITHUB_TOKEN of the exec"
	refute_output "$TOKEN"
	in_box exit 0
}

@test "events: an exec tells of the credentials that create had not met, and a refusal of what refused" {
	local log="$PF_ROOT/$ID/events.jsonl"

	sleeper --annotate io.pinfold.credentials=hide --env "GITHUB_TOKEN=$TOKEN"
	run -0 pf exec --env "GITHUB_TOKEN=$TOKEN" --env "ACME=$TOKEN" "$ID" /probe exit 0
	run -0 jq -cs '[.[] | [.type, .object, .why, .rule.entry]]' "$log"
	assert_output '[["start",null,null,null],["credential.dropped","GITHUB_TOKEN","github-token","hide"],["exec",null,null,null],["credential.dropped","ACME","github-token","hide"]]'
	run -255 pf exec --user 12 "$ID" /probe args "--token=$TOKEN"
	run -0 jq -cs '.[-1] | [.type, .code, .object, .why, .uid]' "$log"
	assert_output '["credential.refused","PF-E09","args[2]","github-token",12]'
	run -0 pf log --verify "$ID"
	assert_no_secret "$TOKEN" "$PF_ROOT"
}

@test "events: more credentials than are told one by one are told by their number" {
	local i envs=()

	for ((i = 0; i < 300; i++)); do envs+=(--env "T$i=$TOKEN"); done
	sleeper --annotate io.pinfold.credentials=hide
	run -0 pf exec "${envs[@]}" "$ID" /probe exit 0
	run -0 jq -cs '[.[] | select(.type == "credential.dropped")] | [length, .[-1].count]' "$PF_ROOT/$ID/events.jsonl"
	assert_output '[257,44]'
}

@test "events: a refused create names each credential in the node's record, by place and kind" {
	install -d -m 0700 "$SCRATCH/kept"
	jq -n --arg dir "$SCRATCH/kept" '{events: {dir: $dir}}' >"$SCRATCH/policy.json"
	PF_GLOBALS=(--policy "$SCRATCH/policy.json")
	printf '\n//registry.example/:_authToken=%s\n' "$KEY" >"$SCRATCH/home/.npmrc"
	bundle --annotate io.pinfold.credentials=hide "${HOME_BIND[@]}" -- /probe exit 0
	create_fails --pid-file "$SCRATCH/pid"
	run -0 jq -cs '[.[] | [.type, .object, .why == "npmrc", .line]]' "$SCRATCH/kept/@refused.jsonl"
	assert_output '[["refused",null,false,null],["credential.refused","/root/.npmrc",true,2]]'
	assert_no_secret "$KEY" "$SCRATCH/kept"
}

@test "hooks that run inside lose the variable too" {
	bundle --annotate io.pinfold.credentials=hide \
		--hook "startContainer={\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"/probe env >/work/own\"],\"env\":[\"GITHUB_TOKEN=$TOKEN\",\"X=1\"]}" \
		-- /probe exit 0
	run -0 pf run --bundle "$BUNDLE" "$ID"
	assert_contains "github-token in variable GITHUB_TOKEN of the startContainer hook 0"
	refute_output "$TOKEN"
	grep -q X=1 "$BUNDLE/rootfs/work/own"
	! grep -q "$TOKEN" "$BUNDLE/rootfs/work/own" || fail "the hook has it"
}

@test "profile agent: a model's key stays, a cloud's goes" {
	probe --annotate io.pinfold.profile=agent --cwd /work --env HOME=/work --env "ANTHROPIC_API_KEY=$KEY" --env "AWS_SECRET_ACCESS_KEY=$KEY" \
		-- each getenv ANTHROPIC_API_KEY -- getenv AWS_SECRET_ACCESS_KEY
	inside "$KEY
(unset)"
	assert_contains "1 allowed (class:model)"
}

@test "explain and posture tell what was found, without a value; explain --bundle before anything is made" {
	bundle --annotate io.pinfold.credentials=deny "${HOME_BIND[@]}" --env "GITHUB_TOKEN=$TOKEN" -- /probe exit 0
	run -0 pf explain --bundle "$BUNDLE"
	assert_contains "credentials: from annotation" "deny: 4 refused" "refused github-token in variable GITHUB_TOKEN" \
		"refused ssh-key at /root/.ssh/id_ed25519"
	assert_no_secret "$KEY" "$BUNDLE/config.json"
	sleeper --annotate io.pinfold.credentials=hide --annotate io.pinfold.credentials.allow=class:forge "${HOME_BIND[@]}" \
		--env "GITHUB_TOKEN=$TOKEN"
	run -0 pf posture "$ID"
	assert_contains "credentials" "hide: 2 covered, 2 allowed (class:forge)" "covered ssh-key file /root/.ssh/id_ed25519"
	grep -q '"type":"credential.covered".*"object":"/root/.ssh/id_ed25519"' "$PF_ROOT/$ID/events.jsonl"
	assert_contains "scan        names, complete" "later       none: what comes later is not covered" "replaced on the host"
	run -0 pf explain "$ID" credentials
	assert_contains "covered ssh-key at /root/.ssh/id_ed25519" "allowed github-token (class:forge) in variable GITHUB_TOKEN" \
		"scan: names, complete" "later: none: what comes later is not covered"
	assert_no_secret "$KEY" "$PF_ROOT"
	assert_no_secret "$TOKEN" "$PF_ROOT"
}

@test "explain and posture tell how far was looked, from where that comes, and whether that was all" {
	mkdir -p "$SCRATCH/volume"
	for ((i = 0; i < 300; i++)); do : >"$SCRATCH/volume/$i.key"; done
	sleeper --annotate io.pinfold.credentials=audit --annotate io.pinfold.credentials.scan=deep
	run -0 pf posture "$ID"
	assert_contains "scan        deep, complete" "later       none: what comes later is not looked for"
	run -0 pf posture --format json "$ID"
	[ "$(jq -c '.credentials | [.mode, .scan, .complete, .later]' <<<"$output")" = '["audit","deep",true,"none"]' ]
	run -0 pf explain "$ID"
	assert_contains "scan: deep, complete" "credentials.scan: from annotation"
	bundle --annotate io.pinfold.credentials=audit --bind "$SCRATCH/volume:/root:rw" --env HOME=/root -- /probe exit 0
	run -0 pf explain --bundle "$BUNDLE"
	assert_contains "scan: names, incomplete"
	run -0 pf explain --bundle "$BUNDLE" --format json
	[ "$(jq -c '.keys | [.credentials.scan, .credentials.complete, .["credentials.scan"]]' <<<"$output")" = '["names",false,null]' ]
}

# What `later: none' says, seen to be so: the limit is documented, and this test is what would notice that it has gone.
@test "hide: a file that is renamed over a covered one on the host is covered no more" {
	sleeper --annotate io.pinfold.credentials=hide "${HOME_BIND[@]}"
	in_box print-file /root/.ssh/id_ed25519
	refute_output "$KEY"
	printf 'new %s\n' "$KEY" >"$SCRATCH/home/.ssh/new"
	chmod go+r "$SCRATCH/home/.ssh/new"
	mv "$SCRATCH/home/.ssh/new" "$SCRATCH/home/.ssh/id_ed25519"
	in_box print-file /root/.ssh/id_ed25519
	assert_contains "new $KEY"
}

@test "events: a variable that got a fake is told as dropped, a file as covered" {
	sleeper --annotate io.pinfold.credentials=decoy "${HOME_BIND[@]}" --env "GITHUB_TOKEN=$TOKEN"
	run -0 jq -cs '[.[] | select(.type | startswith("credential.")) | [.type, .object, .rule.entry]] | sort | unique' "$PF_ROOT/$ID/events.jsonl"
	assert_contains '["credential.dropped","GITHUB_TOKEN","decoy"]' '["credential.covered","/root/.ssh/id_ed25519","decoy"]'
	assert_no_secret "$TOKEN" "$PF_ROOT"
}

@test "a literal read entry of a credential is covered all the same, and explain says so" {
	probe --annotate io.pinfold.credentials=hide --annotate 'io.pinfold.read=/root/.ssh/id_ed25519 /probe' "${HOME_BIND[@]}" \
		-- open-read /root/.ssh/id_ed25519
	inside EACCES
	run -0 pf explain --bundle "$BUNDLE"
	assert_contains "is a credential (ssh-key) and is covered"
}

@test "a user namespace: hidden and allowed as without one" {
	chown -R 100000:100000 "$SCRATCH/home"
	hidden --userns --annotate io.pinfold.credentials.allow=ssh-key --env "GITHUB_TOKEN=$TOKEN" \
		-- each print-file /root/.ssh/id_ed25519 -- getenv GITHUB_TOKEN -- print-file /root/.config/gh/hosts.yml
	assert_contains "$KEY" "(unset)"
	refute_output "$TOKEN"
}

@test "policy check knows the kinds" {
	echo '{"credentials": "hide", "credentials.allow": ["class:model", "ssh-key"]}' >"$SCRATCH/good.json"
	echo '{"defaults": {"credentials.allow": ["ssh-keys"]}}' >"$SCRATCH/bad.json"
	run -0 pf policy check "$SCRATCH/good.json"
	run -3 pf policy check "$SCRATCH/bad.json"
	assert_contains "/defaults/credentials.allow/0" "ssh-keys"
}

@test "a file that is called as its token is told of masked, everywhere" {
	mkdir "$SCRATCH/volume" "$SCRATCH/events"
	printf '{}' >"$SCRATCH/volume/$TOKEN"
	chmod -R go+rX "$SCRATCH/volume"
	local named=(--bind "$SCRATCH/volume:/srv:rw" --env "GOOGLE_APPLICATION_CREDENTIALS=/srv/$TOKEN")

	start_box --annotate io.pinfold.credentials=hide "${named[@]}" -- /probe forever
	run -0 pf explain "$ID"
	assert_contains "/srv/<masked:github-token>"
	refute_output "$TOKEN"
	for command in "explain -f json" posture "posture -f json" log; do
		# shellcheck disable=SC2086 # words
		run -0 pf $command "$ID"
		refute_output "$TOKEN"
	done
	! grep -q "$TOKEN" "$PF_ROOT/$ID"/{inventory,posture,state,explain}.json "$PF_ROOT/$ID"/events.jsonl "$SCRATCH/out" || fail "it is told"
	pf delete --force "$ID"
	bundle --annotate io.pinfold.credentials=deny "${named[@]}" -- /probe true
	create_fails --pid-file "$SCRATCH/pid"
	assert_contains "/srv/<masked:github-token>"
	refute_output "$TOKEN"
}

@test "credentials.scan=deep finds a token in a file of any name, and refuses by file, line and kind" {
	mkdir "$SCRATCH/volume"
	printf 'one\ntwo\nx = %s\n' "$TOKEN" >"$SCRATCH/volume/odd.txt"
	chmod -R go+rX "$SCRATCH/volume"
	local deep=(--annotate io.pinfold.credentials.scan=deep --bind "$SCRATCH/volume:/srv:rw")

	probe --annotate io.pinfold.credentials=hide --bind "$SCRATCH/volume:/srv:rw" -- print-file /srv/odd.txt
	assert_status 0
	bundle --annotate io.pinfold.credentials=hide "${deep[@]}" -- /probe print-file /srv/odd.txt
	create_fails --pid-file "$SCRATCH/pid"
	assert_contains "github-token" "/srv/odd.txt" "line 3"
	[[ $output != *"$TOKEN"* ]] || fail "the token is told"
	bundle --annotate io.pinfold.credentials=deny "${deep[@]}" -- /probe print-file /srv/odd.txt
	create_fails --pid-file "$SCRATCH/pid"
	assert_contains "github-token" "/srv/odd.txt"
	probe --annotate io.pinfold.credentials=hide "${deep[@]}" --annotate io.pinfold.credentials.allow=/srv/odd.txt -- print-file /srv/odd.txt
	assert_status 0
}

@test "credentials.scan=deep refuses a tree that it cannot look through" {
	local dir="$SCRATCH/volume" i

	mkdir "$dir"
	for i in {1..70}; do dir=$dir/d; done
	mkdir -p "$dir"
	chmod -R go+rX "$SCRATCH/volume"
	bundle --annotate io.pinfold.credentials=hide --annotate io.pinfold.credentials.scan=deep --bind "$SCRATCH/volume:/srv:rw" -- /probe true
	create_fails --pid-file "$SCRATCH/pid"
	assert_contains "asks for everything to be looked at, and it was not"
}
