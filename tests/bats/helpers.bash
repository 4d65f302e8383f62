# SPDX-License-Identifier: Apache-2.0
# What every test file loads: a bundle of its own for each test, ways to run it, and a teardown that fails the test when
# anything of it is left on the host.
# shellcheck shell=bash disable=SC2034,SC2016

bats_require_minimum_version 1.7.0

# ---------------------------------------------------------------------------------------------------------------- set up

setup() {
	SCRATCH=$(mktemp -d "$PF_SUITE/t.XXXXXX")
	chmod 711 "$SCRATCH"
	ID="pft-${SCRATCH##*.}"
	IDS=("$ID")
	BUNDLE="$SCRATCH/bundle"
	PF_ROOT="${PINFOLD_ROOT:-$SCRATCH/state}"
	CGROUP="/pf-test/$ID"
	mkdir -p "$BUNDLE" "$PF_ROOT"
	cp -al "$PF_SUITE/rootfs" "$BUNDLE/rootfs"
	! declare -F local_setup >/dev/null || local_setup
}

# pf ARGS...: the runtime, with our state directory. PF_GLOBALS holds more global options.
pf() {
	"$RUNTIME" --root "$PF_ROOT" ${PF_GLOBALS[@]+"${PF_GLOBALS[@]}"} "$@"
}

is_runc() {
	[ "${RUNTIME##*/}" = runc ]
}

# another ID: a second container in the same test; its name must begin with $ID, so that teardown finds what it left
another() {
	IDS+=("$1")
}

# ------------------------------------------------------------------------------------------------------- config.json

# own_file PATH: break the hard link to the suite's root before writing to a file of the bundle's root
own_file() {
	local f="$BUNDLE/rootfs/$1"

	cp -a "$f" "$f.own" && mv "$f.own" "$f"
}

# One jq program is collected from the options and run once; values travel as --arg, never inside the program.
jq_add() {
	local n=${#JQ_ARGS[@]} filter=$1

	shift
	while [ $# -gt 0 ]; do
		JQ_ARGS+=(--arg "v$n" "$1")
		filter=${filter/@@/\$v$n}
		n=${#JQ_ARGS[@]}
		shift
	done
	JQ_PROG+=" | $filter"
}

split_user() {
	local user=$1 uid gid groups

	IFS=: read -r uid gid groups <<<"$user"
	jq_add '.process.user = { uid: (@@|tonumber), gid: (@@|tonumber) }' "$uid" "${gid:-0}"
	[ -z "${groups-}" ] || jq_add '.process.user.additionalGids = [ @@ | split(",")[] | tonumber ]' "$groups"
}

split_bind() {
	local from=$1 to=$2 opts=$3

	jq_add '.mounts += [ { type: "bind", source: @@, destination: @@, options: (["rbind"] + [ @@ | split(",")[] | select(. != "") ]) } ]' \
		"$from" "$to" "$opts"
}

split_ns() {
	local type=${1%%=*} path=''

	[ "$type" = "$1" ] || path=${1#*=}
	jq_add '.linux.namespaces |= (map(select(.type != @@)))' "$type"
	if [ -n "$path" ]; then
		jq_add '.linux.namespaces += [ { type: @@, path: @@ } ]' "$type" "$path"
	else
		jq_add '.linux.namespaces += [ { type: @@ } ]' "$type"
	fi
}

# The ids 0..65535 of the container are 100000..165535 of the host.
map_users() {
	jq_add '.linux.namespaces += [ { type: "user" } ]
		| .linux.uidMappings = [ { containerID: 0, hostID: 100000, size: 65536 } ]
		| .linux.gidMappings = .linux.uidMappings'
}

# bundle_option OPTION VALUE: one option of bundle(); sets SHIFT to how many words it took
bundle_option() {
	SHIFT=2
	case $1 in
	--annotate) jq_add '.annotations[@@] = @@' "${2%%=*}" "${2#*=}" ;;
	--bind) split_bind "${2%%:*}" "$(cut -d: -f2 <<<"$2")" "$(cut -s -d: -f3- <<<"$2")" ;;
	--cap) jq_add '.process.capabilities |= with_entries(select(.key != "ambient" and .key != "inheritable") | .value += [ @@ ])' "CAP_$2" ;;
	--cgroup) jq_add '.linux.cgroupsPath = @@' "$2" ;;
	--cwd) jq_add '.process.cwd = @@' "$2" ;;
	--device) jq_add '.linux.devices += [ @@ | fromjson ]' "$2" ;;
	--env) jq_add '.process.env += [ @@ ]' "$2" ;;
	--hook) jq_add '.hooks[@@] += [ @@ | fromjson ]' "${2%%=*}" "${2#*=}" ;;
	--jq) jq_add "$2" ;;
	--mount) jq_add '.mounts += [ @@ | fromjson ]' "$2" ;;
	--ns) split_ns "$2" ;;
	--no-ns) jq_add '.linux.namespaces |= map(select(.type != @@))' "$2" ;;
	--rlimit) jq_add '(@@ | split("=")) as $r | ($r[1] | split(":") | map(tonumber)) as $l
			| .process.rlimits += [ { type: $r[0], soft: $l[0], hard: $l[1] } ]' "$2" ;;
	--seccomp) jq_add '.linux.seccomp = (@@ | fromjson)' "$(cat "$2")" ;;
	--sysctl) jq_add '.linux.sysctl[@@] = @@' "${2%%=*}" "${2#*=}" ;;
	--umask) jq_add '.process.user.umask = (@@ | tonumber)' "$((8#$2))" ;;
	--user) split_user "$2" ;;
	*) bundle_flag "$1" ;;
	esac
}

bundle_flag() {
	SHIFT=1
	case $1 in
	--caps-none) jq_add '.process.capabilities = { bounding: [], effective: [], permitted: [] }' ;;
	--nnp) jq_add '.process.noNewPrivileges = true' ;;
	--no-masks) jq_add '.linux.maskedPaths = [] | .linux.readonlyPaths = []' ;;
	--readonly) jq_add '.root.readonly = true' ;;
	--terminal) jq_add '.process.terminal = true' ;;
	--userns) map_users ;;
	*) fail "bundle: no such option: $1" ;;
	esac
}

# bundle [OPTION...] [-- ARGS...]: write $BUNDLE/config.json from the template; ARGS become process.args.
bundle() {
	JQ_PROG='.' JQ_ARGS=()
	jq_add '.linux.cgroupsPath = @@' "$CGROUP"
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		bundle_option "$1" "${2-}"
		shift "$SHIFT"
	done
	if [ $# -gt 0 ]; then
		shift
		jq "${JQ_ARGS[@]}" "$JQ_PROG | .process.args = \$ARGS.positional" "$PF_TESTS/bats/config.json" \
			--args -- "$@" >"$BUNDLE/config.json"
	else
		jq "${JQ_ARGS[@]}" "$JQ_PROG" "$PF_TESTS/bats/config.json" >"$BUNDLE/config.json"
	fi
	[ -z "${PF_USERNS_ROOT-}" ] || chown_root
}

# bundle_edit FILTER: change the config.json that is there
bundle_edit() {
	jq "$@" "$BUNDLE/config.json" >"$BUNDLE/config.new" && mv "$BUNDLE/config.new" "$BUNDLE/config.json"
}

# chown_root: own files for a user namespace whose root is 100000; breaks the links, so use it only where needed
chown_root() {
	rm -rf "$BUNDLE/rootfs"
	cp -a "$PF_SUITE/rootfs" "$BUNDLE/rootfs"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	chmod 711 "$BUNDLE"
}

# ------------------------------------------------------------------------------------------------------------- running

# box [OPTION...] -- COMMAND...: bundle, then run it; status and output are the container's
box() {
	bundle "$@"
	run pf run --bundle "$BUNDLE" "$ID"
}

# probe [OPTION...] -- SUBCOMMAND...: run the probe; its line is $output, and it must have exited 0
probe() {
	local opts=()

	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		opts+=("$1")
		shift
	done
	shift
	bundle ${opts[@]+"${opts[@]}"} -- /probe "$@"
	run -0 pf run --bundle "$BUNDLE" "$ID"
}

# start_box [OPTION...] -- COMMAND...: create and start in the background; stdout and stderr go to $SCRATCH/out
start_box() {
	bundle "$@"
	create_box
	pf start "$ID"
}

# The workload inherits the runtime's stdio: it must not be bats' own pipe, or bats waits for it.
create_box() {
	pf create --bundle "$BUNDLE" --pid-file "$SCRATCH/pid" "$ID" >"$SCRATCH/out" 2>&1 </dev/null 3>&- 4>&- ||
		fail "create: $(cat "$SCRATCH/out")"
}

# create_fails [OPTION...]: create must fail with status 1 and leave nothing; $output is what it said. The output goes
# through a file: a container that was made after all would keep a pipe open and hang the test.
create_fails() {
	status=0
	timeout 30 "$RUNTIME" --root "$PF_ROOT" ${PF_GLOBALS[@]+"${PF_GLOBALS[@]}"} create --bundle "$BUNDLE" "$@" "$ID" \
		>"$SCRATCH/refusal" 2>&1 </dev/null 3>&- 4>&- || status=$?
	output=$(cat "$SCRATCH/refusal")
	[ "$status" -eq 1 ] || fail "create ended with $status: $output"
	[ ! -e "$PF_ROOT/$ID" ] || fail "create failed and left $PF_ROOT/$ID"
}

# sleeper [OPTION...]: a running container that only waits
sleeper() {
	start_box "$@" -- /probe forever ready
	wait_for_status "$ID" running
}

# in_box [EXEC OPTION...] SUBCOMMAND...: the probe by exec in the running container
in_box() {
	local opts=()

	while [ "${1-}" != "${1#-}" ]; do
		opts+=("$1")
		case $1 in
		*=* | -t | -d | --tty | --detach | --no-new-privs | --ignore-paused) ;;
		*)
			opts+=("$2")
			shift
			;;
		esac
		shift
	done
	run -0 pf exec ${opts[@]+"${opts[@]}"} "$ID" /probe "$@"
}

status_of() {
	pf state "$1" 2>/dev/null | jq -r .status
}

# wait_until WHAT COMMAND...: poll, a hundredth of a second apart, at most ten seconds. The pause is a read that times out:
# no process is made for it.
wait_until() {
	local what=$1 pause end=$((EPOCHSECONDS + 10)) r=1

	shift
	exec {pause}<> <(:)
	while [ "$EPOCHSECONDS" -le "$end" ]; do
		if "$@"; then
			r=0
			break
		fi
		read -r -t 0.02 -u "$pause" || true
	done
	exec {pause}>&-
	[ "$r" -eq 0 ] || fail "waited ten seconds for $what"
}

has_status() {
	[ "$(status_of "$1")" = "$2" ]
}

wait_for_status() {
	wait_until "$1 to be $2" has_status "$1" "$2"
}

file_has() {
	grep -q -- "$2" "$1" 2>/dev/null
}

# wait_for_line FILE PATTERN
wait_for_line() {
	wait_until "\`$2' in $1" file_has "$1" "$2"
}

process_gone() {
	[ ! -e "/proc/$1" ] || [ "$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -c1)" = Z ]
}

wait_for_exit() {
	wait_until "process $1 to end" process_gone "$1"
}

box_pid() {
	pf state "$ID" | jq .pid
}

# ---------------------------------------------------------------------------------------------------------- assertions

fail() {
	echo "$*" >&2
	return 1
}

assert_output() {
	[ "$output" = "$1" ] || fail "expected: $1
got:      $output"
}

refute_output() {
	[[ $output != *"$1"* ]] || fail "must not contain: $1
got: $output"
}

# assert_contains TEXT...: every one, any order. A log line quotes its quotes; the engines read what is behind that.
assert_contains() {
	local text plain=${output//\\\"/\"}

	for text; do
		[[ $plain == *"$text"* ]] || fail "expected to contain: $text
got: $output"
	done
}

assert_match() {
	[[ $output =~ $1 ]] || fail "expected to match: $1
got: $output"
}

assert_status() {
	# shellcheck disable=SC2154
	[ "$status" -eq "$1" ] || fail "expected status $1, got $status: $output"
}

# assert_denied ERRNO...: one of these
assert_denied() {
	local e

	for e; do
		[ "$output" != "$e" ] || return 0
	done
	fail "expected one of: $*
got: $output"
}

# ------------------------------------------------------------------------------------------------------ requirements

# skip_or_fail REASON: strict runs accept only what tests/skips.txt names
skip_or_fail() {
	if [ -n "${PF_TEST_STRICT-}" ] && ! grep -qxF -- "$1" "$PF_TESTS/skips.txt"; then
		fail "must not be skipped under PF_TEST_STRICT: $1"
		return
	fi
	skip "$1"
}

require_root() {
	[ "$(id -u)" -eq 0 ] || skip_or_fail "needs root"
}

require_cgroup_v1() {
	[ "$(stat -f -c %T "/sys/fs/cgroup/$1" 2>/dev/null)" = cgroupfs ] ||
		skip_or_fail "needs the cgroup v1 controller $1"
}

require_cap() {
	local mask

	mask=$((16#$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)))
	[ $((mask >> $2 & 1)) -eq 1 ] || skip_or_fail "needs CAP_$1"
}

landlock_abi() {
	"$PF_SUITE/tools/probe" landlock-abi
}

require_landlock() {
	[ "$(landlock_abi)" -ge "$1" ] || skip_or_fail "needs Landlock ABI $1"
}

require_tool() {
	command -v "$1" >/dev/null || skip_or_fail "needs $1"
}

# secret_forms VALUE: the value and what else it may look like, a line each: base64 at each of the three places that it can
# have in a group, hexadecimal, percent-encoded
secret_forms() {
	local value=$1 pad skip=0 text hex

	printf '%s\n' "$value"
	for pad in '' x xx; do
		text=$(printf '%s%s' "$pad" "$value" | base64 -w0)
		# the letters that the neighbours have a part in are left out
		text=${text:skip:${#text}-skip}
		printf '%s\n' "${text%????}"
		skip=$((skip ? skip + 1 : 2))
	done
	hex=$(printf '%s' "$value" | od -An -v -tx1 | tr -d ' \n')
	printf '%s\n' "$hex" "${hex^^}"
	sed 's/../%&/g' <<<"$hex"
	sed 's/../%&/g' <<<"${hex^^}"
}

# assert_no_secret VALUE FILE...: in none of these files, nor in $output, is the value in any of its forms. Directories are
# searched whole, but for config.json, which is the engine's and holds what it holds.
assert_no_secret() {
	local value=$1 found

	shift
	[ "${#value}" -ge 12 ] || fail "assert_no_secret: \`$value' is too short to mean anything"
	secret_forms "$value" >"$SCRATCH/.forms"
	found=$(grep -rlaF --exclude=config.json -f "$SCRATCH/.forms" "$@" 2>/dev/null | grep -vxF "$SCRATCH/.forms" || true)
	[ -z "$found" ] || fail "a secret is in: $found"
	! grep -qaF -f "$SCRATCH/.forms" <<<"${output-}" || fail "a secret is in the output"
}

# pinfold_only: for behaviour that another runtime does not promise
pinfold_only() {
	! is_runc || skip "says what pinfold adds"
}

# ---------------------------------------------------------------------------------------------------------- tear down

# Processes that still belong to the test: by their cgroup, or by what stands on their command line. Two greps for all
# processes, since this runs after every test.
left_processes() {
	local id=$1 f pid

	for f in $(grep -lsE "/$id(/|\$)" /proc/[0-9]*/cgroup; grep -lsaF "$id" /proc/[0-9]*/cmdline); do
		pid=${f#/proc/} pid=${pid%%/*}
		if [ "$pid" = "$$" ] || [ "$pid" = "$BASHPID" ] || process_gone "$pid"; then continue; fi
		echo "process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)"
	done
}

left_behind() {
	local id=$1

	find "$PF_ROOT" -mindepth 1 -maxdepth 1 -name "$id*" -printf 'state directory %p\n'
	find /sys/fs/cgroup -mindepth 2 -maxdepth 6 -type d -name "*$id*" -printf 'cgroup %p\n' 2>/dev/null
	grep -F "$id" /proc/self/mountinfo | sed 's/^/mount /'
	left_processes "$id"
}

clean_up_id() {
	local id=$1

	if [ -e "$PF_ROOT/$id" ]; then
		timeout 20 "$RUNTIME" --root "$PF_ROOT" delete --force "$id" >/dev/null 2>&1 || true
	fi
}

# What a failing test left must not fail the next: end it by hand, after it was reported.
sweep() {
	local pid id=$1

	left_processes "$id" | sed -n 's/^process \([0-9]*\):.*/\1/p' | while read -r pid; do
		kill -9 "$pid" 2>/dev/null || true
	done
	find /sys/fs/cgroup -mindepth 2 -depth -type d -path "*$id*" -exec rmdir {} + 2>/dev/null || true
}

teardown() {
	local id left='' mounts

	! declare -F local_teardown >/dev/null || local_teardown
	for id in "${IDS[@]}"; do clean_up_id "$id"; done
	left=$(left_behind "$ID")
	mounts=$(grep -F "$SCRATCH" /proc/self/mountinfo || true)
	if [ -n "$left$mounts" ]; then
		echo "left behind: $left $mounts" >&2
		sweep "$ID"
		return 1
	fi
	rm -rf --one-file-system "$SCRATCH"
}
