#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The warden between real resolvers, one that lies, and real clients, on loopback: tests/probe/warden-run starts it as
# create will, from sealed memory. What it must not let out is looked for in what the resolver above has seen.

bats_require_minimum_version 1.7.0

LIAR="$BATS_TEST_DIRNAME/../probe/dns-hostile.py"

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	PIDS=()
	mkfifo life
	exec 8<>life # the warden lives until this is closed
}

teardown() {
	local p
	exec 8>&-
	for p in "${PIDS[@]}"; do
		kill "$p" 2>/dev/null || :
		wait "$p" 2>/dev/null || :
	done
}

# until_ok COMMAND...: again and again, ten seconds at most
until_ok() {
	local end=$((SECONDS + 10))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
	done
}

spawn() {
	"$@" 3>&- 8>&- &
	PIDS+=($!)
}

# liar ADDRESS: the lying resolver; its log is ADDRESS.log
liar() {
	spawn python3 "$LIAR" "$1" "$1.log"
	until_ok grep -q ready "$1.log"
	echo "nameserver $1" >>resolv.conf
}

masq() { # OPTION...
	cat >dnsmasq.conf <<-END
		no-resolv
		no-hosts
		listen-address=127.0.0.1
		bind-interfaces
		log-queries
		log-facility=$PWD/masq.log
		host-record=plain.example,192.0.2.10,2001:db8::10
		cname=alias.z.example,plain.example
		address=/meta.z.example/169.254.169.254
		address=/priv.z.example/10.1.2.3
		address=/db.cluster.local/10.9.9.9
		txt-record=plain.example,hello
		mx-host=plain.example,mail.example,10
		srv-host=_x._tcp.z.example,plain.example,443
	END
	spawn dnsmasq --keep-in-foreground --conf-file=dnsmasq.conf --user=root --pid-file=
	until_ok dig @127.0.0.1 +tries=1 +time=1 plain.example
	: >masq.log
	echo 'nameserver 127.0.0.1' >>resolv.conf
}

# warden [OPTION...] ENTRY...
warden() {
	touch resolv.conf events learned
	"$PF_BUILD/tests/probe/warden-run" -r resolv.conf -e events -l learned "$@" <life 3>&- 8>&- &
	WARDEN=$!
	PIDS+=("$WARDEN")
	until_ok dig @127.0.0.53 +tries=1 +time=1 .
}

ask() {
	run -0 dig @127.0.0.53 +tries=1 +time=8 "$@"
}

learned() { # "ADDRESS TTL ENTRY" a line
	python3 -c '
import ipaddress, struct
data = open("learned", "rb").read()
for i in range(0, len(data), 24):
    a = ipaddress.IPv6Address(data[i:i + 16])
    print(a.ipv4_mapped or a, *struct.unpack("=II", data[i + 16:i + 24]))'
}

outputs() {
	[ "$output" = "$1" ] || { echo "got: $output"; echo "want: $1"; return 1; }
}

@test "names of the list are resolved by dnsmasq and learned before they are answered" {
	masq
	warden plain.example '*.z.example' tcp://plain.example:22
	ask +short plain.example
	outputs 192.0.2.10
	run -0 learned
	outputs $'192.0.2.10 300 1\n192.0.2.10 300 3'
	ask +short alias.z.example AAAA
	outputs $'plain.example.\n2001:db8::10'
	run -0 learned
	[ "${lines[2]}" = '2001:db8::10 300 2' ]
	ask +short +tcp plain.example
	outputs 192.0.2.10
	ask +short plain.example TXT
	outputs '"hello"'
	ask +short plain.example MX
	outputs '10 mail.example.'
	ask +short _x._tcp.z.example SRV
	outputs '0 0 443 plain.example.'
	ask pLaIn.ExAmPlE
	[[ $output = *';pLaIn.ExAmPlE.'* && $output = *'status: NOERROR'* ]]
}

@test "a name that is not on the list is NXDOMAIN with error 18, and none of it leaves" {
	masq
	warden plain.example
	for name in secret.evil.test sub.plain.example example 4.3.2.1.in-addr.arpa 'a\.plain.example' 'a b.example'; do
		ask "$name" TXT
		[[ $output = *'status: NXDOMAIN'* && $output = *'EDE: 18'* ]]
	done
	ask +tcp secret.evil.test
	[[ $output = *'status: NXDOMAIN'* ]]
	ask plain.example CAA
	[[ $output = *'status: NOERROR'*'ANSWER: 0'* ]]
	run -0 cat masq.log
	outputs ''
	exec 8>&-
	until_ok test ! -e "/proc/$WARDEN/fd"
	grep -q '"type":"dns.refused","why":"not-listed","name":"secret.evil.test"' events
	grep -qF 'a\u002eplain.example' events
	run -0 jq -s 'map(.count) | add' events
	outputs 7
}

@test "addresses that no answer may hold are left out, but for internal names" {
	masq
	warden -i cluster.local '*.z.example' db.cluster.local
	for name in meta.z.example priv.z.example; do
		ask "$name"
		[[ $output = *'ANSWER: 0'* && $output = *'EDE: 15'* ]]
	done
	ask +short db.cluster.local
	outputs 10.9.9.9
	run -0 learned
	outputs '10.9.9.9 300 2'
	grep -q '"why":"address","name":"meta.z.example"' events
}

@test "a private address passes where an entry has it" {
	masq
	warden '*.z.example' 10.1.0.0/16
	ask +short priv.z.example
	outputs 10.1.2.3
}

@test "unbound is asked as well as dnsmasq" {
	cat >unbound.conf <<-END
		server:
		  interface: 127.0.0.1
		  username: ""
		  chroot: ""
		  pidfile: ""
		  use-syslog: no
		  do-daemonize: no
		  directory: "$PWD"
		  harden-short-bufsize: yes
		  local-zone: "z.example." static
		  local-data: "plain.z.example. 120 IN A 192.0.2.10"
		  local-data: "plain.z.example. 120 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.99"
		remote-control:
		  control-enable: no
	END
	spawn unbound -c unbound.conf
	until_ok dig @127.0.0.1 +tries=1 +time=1 plain.z.example
	echo 'nameserver 127.0.0.1' >resolv.conf
	warden '*.z.example'
	ask +noall +answer plain.z.example
	[[ $output =~ plain.z.example.[[:space:]]+120[[:space:]]+IN[[:space:]]+A[[:space:]]+192.0.2.10 ]]
	ask +short plain.z.example HTTPS
	outputs '1 . alpn="h2"'
	ask none.z.example
	[[ $output = *'status: NXDOMAIN'* && $output != *EDE* ]]
}

@test "what a liar says beside the truth is not heard" {
	liar 127.0.0.2
	warden -t 2000 '*.z.example'
	for lie in wrongid wrongquestion query huge trailing stranger noedns cut; do
		ask +short $lie.z.example
		outputs 192.0.2.1
	done
	ask +short private.z.example
	outputs 192.0.2.1
	run -0 learned
	[[ $output != *198.51.100* && $output != *10.0.0* ]]
}

@test "a liar that says nothing else is told of as no answer" {
	liar 127.0.0.2
	warden -t 200 -n 2 '*.z.example'
	for lie in silent garbage selfpointer short counts loop servfail foreign; do
		ask $lie.z.example
		[[ $output = *'status: SERVFAIL'* && $output = *'EDE: 22'* ]]
	done
	for lie in 'meta.z.example A' 'local.z.example A' 'mapped.z.example AAAA'; do
		ask "${lie% *}" "${lie#* }"
		[[ $output = *'ANSWER: 0'* && $output = *'EDE: 15'* ]]
	done
	run -0 learned
	outputs ''
	ask +short plain.z.example
	outputs 192.0.2.1
}

@test "HTTPS loses ECH and the addresses that nobody opened" {
	liar 127.0.0.2
	warden '*.z.example'
	# it had ech and both hints, and said that one must understand alpn and ech
	ask +short https.z.example HTTPS
	outputs '1 . mandatory=alpn alpn="h2"'
}

@test "an answer that is cut comes over TCP, and is cut again for who takes little" {
	liar 127.0.0.2
	warden '*.z.example'
	ask +noall +answer +noedns +ignore big.z.example
	outputs ''
	ask +short +noedns big.z.example
	[ "${#lines[@]}" = 60 ]
	ask +short +tcp big.z.example
	[ "${#lines[@]}" = 60 ]
}

@test "nothing of a client's message goes up, and each question has its own id and port" {
	liar 127.0.0.2
	warden '*.z.example'
	for i in 1 2 3 4 5 6 7 8; do
		ask +short +cookie=0123456789abcdef +subnet=192.0.2.0/24 +nsid +dnssec "SeCrEt$i.Z.eXaMpLe"
		outputs 192.0.2.1
	done
	run -0 python3 - <<-'END'
		ids, ports = set(), set()
		for line in open("127.0.0.2.log"):
		    if not line.startswith("udp"):
		        continue
		    port, data = int(line.split()[1]), bytes.fromhex(line.split()[2])
		    assert data[2:12] == bytes([1, 0, 0, 1, 0, 0, 0, 0, 0, 1]), data
		    assert data[12:19] == b"\7secret" and data[20:] == \
		        b"\1z\7example\0\0\1\0\1\0\0\x29\x04\xd0\0\0\0\0\0\0", data
		    ids.add(data[:2])
		    ports.add(port)
		# drawn, so two of them may be the same once in a while
		assert len(ids) >= 7 and len(ports) >= 7, (ids, ports)
	END
}

@test "the next resolver is asked when one is silent, and first from then on" {
	liar 127.0.0.2
	liar 127.0.0.3
	kill -STOP "${PIDS[0]}"
	warden -t 300 '*.z.example'
	ask +short a.z.example
	outputs 192.0.2.1
	ask +short b.z.example
	outputs 192.0.2.1
	kill -CONT "${PIDS[0]}"
	until_ok grep -q udp 127.0.0.2.log
	run -0 grep -c udp 127.0.0.2.log
	outputs 1
}

@test "resolvers that are written down later are asked then, and never the warden itself" {
	echo 'nameserver 127.0.0.53' >resolv.conf
	warden '*.z.example'
	ask a.z.example
	[[ $output = *'status: SERVFAIL'* && $output = *'EDE: 22'* ]]
	liar 127.0.0.2
	ask +short a.z.example
	outputs 192.0.2.1
}

@test "glibc and musl resolve what is allowed, and fail at once for what is not" {
	masq
	warden plain.example '*.z.example'
	printf 'nameserver 127.0.0.53\nsearch corp.test\noptions ndots:5\n' >inside.conf
	cat >clients.sh <<-'END'
		mount --bind inside.conf /etc/resolv.conf
		PATH=$PATH:.
		for libc in "$PF_BUILD/tests/probe/resolve" "python3 -c 'import socket, sys
		try:
		    for a in socket.getaddrinfo(sys.argv[1], None, type=socket.SOCK_STREAM): print(a[4][0])
		except socket.gaierror as e: print(e.errno == socket.EAI_NONAME and \"EAI_NONAME\" or e)'"; do
			eval "$libc plain.example" | sort
			eval "$libc secret.evil.test"
		done
	END
	run -0 unshare -m bash clients.sh
	outputs $'192.0.2.10\n2001:db8::10\nEAI_NONAME\n192.0.2.10\n2001:db8::10\nEAI_NONAME'
	run -1 grep -E 'evil|corp' masq.log
}

@test "a client that fills every place, or sends half a message, does not keep others out" {
	liar 127.0.0.2
	warden -t 2000 -n 1 '*.z.example'
	cat >flood.py <<-'END'
		import socket, struct
		def query(i, label):
		    return struct.pack(">HHHHHH", i, 256, 1, 0, 0, 0) + b"".join(
		        bytes([len(x)]) + x.encode() for x in (label, "z", "example")) + b"\0\0\1\0\1"
		open_ones = [socket.create_connection(("127.0.0.53", 53)) for _ in range(40)]
		for s in open_ones[:20]:
		    try:
		        s.sendall(b"\1")
		    except OSError:
		        pass
		u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		for i in range(200):
		    u.sendto(query(i, "silent"), ("127.0.0.53", 53))
		u.settimeout(10)
		codes = [u.recv(4096)[3] & 15 for _ in range(200)]
		assert codes == [2] * 200, codes
		c = socket.create_connection(("127.0.0.53", 53))
		for i in range(3):
		    q = query(i, "plain%d" % i)
		    c.sendall(struct.pack(">H", len(q)) + q)
		c.shutdown(socket.SHUT_WR)
		data = b""
		while True:
		    part = c.recv(4096)
		    if not part:
		        break
		    data += part
		assert data.count(bytes([192, 0, 2, 1])) == 3, data
	END
	run -0 python3 flood.py
	ask +short plain.z.example
	outputs 192.0.2.1
}

@test "it has no privilege, no file and no other system call than its loop makes" {
	liar 127.0.0.2
	warden '*.z.example'
	ask +short plain.z.example
	run -0 grep -E '^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' "/proc/$WARDEN/status"
	[ "$(grep -c 0000000000000000 <<<"$output")" = 5 ]
	[[ $output = *$'NoNewPrivs:\t1'* && $output = *$'Seccomp:\t2'* ]]
	run -0 cat "/proc/$WARDEN/limits"
	[[ $output =~ 'Max processes'[[:space:]]+0[[:space:]]+0 ]]
	# two listeners, resolv.conf, events, learned, life, epoll
	run -0 ls "/proc/$WARDEN/fd"
	[ "${#lines[@]}" = 7 ]
}

@test "a plan that is not sealed, or not there, ends it" {
	cat >bare.py <<-'END'
		import os, subprocess, sys
		binary = os.environ["PF_BUILD"] + "/warden.bin"
		def status(make):
		    def before():
		        fd = make()
		        if fd >= 0 and fd != 3: os.dup2(fd, 3)
		    return subprocess.run([binary], preexec_fn=before, pass_fds=(3,)).returncode
		os.dup2(0, 3)
		print(status(lambda: os.open("/dev/null", os.O_RDONLY)))
		print(status(lambda: os.memfd_create("plan", 0)))
	END
	run -0 python3 bare.py
	outputs $'99\n99'
}
