# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The second act of contrib/demo/run, which sources this: the credentials that a home, a socket and an environment bring
# into a container. Without a policy `pinfold audit' finds them; profile `agent' hides all but the model's own key;
# `credentials=deny' does not start with them.

make_home() { # DIR
	make_secrets "$1"
	printf '[user]\n\tname = demo\n\temail = demo@example.org\n' >"$1/.gitconfig"
}

# a socket that somebody serves, as dockerd would; from a container, since this host may have no python3
serve_socket() { # DIR
	mkdir "$1"
	box run -d --name daemon -v "$1:/srv" --network none "$IMAGE" python3 -c 'import os, socket
s = socket.socket(socket.AF_UNIX)
s.bind("/srv/docker.sock")
os.chmod("/srv/docker.sock", 0o666)
s.listen()
while True:
    s.accept()[0].close()' >/dev/null
	for _ in $(seq 600); do
		[ ! -S "$1/docker.sock" ] || return 0
		sleep 0.05
	done
	box logs daemon >&2
	echo "demo: the socket was not made" >&2
	exit 1
}

CREDENTIALS=(-v "$DIR/home2:/root" -v "$DIR/daemon/docker.sock:/run/docker.sock" -v "$DIR/workspace2:/work" -w /work --network none
	-e GITHUB_TOKEN=ghp_FAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKE -e DATABASE_URL=postgres://app:FAKE-PASSWORD@db/app
	-e ANTHROPIC_API_KEY=sk-ant-api03-FAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKE)
SHOWN2="-v ~:/root -v ./docker.sock:/run/docker.sock \\
      -v ./workspace:/work -w /work -e GITHUB_TOKEN -e DATABASE_URL -e ANTHROPIC_API_KEY"

# shellcheck disable=SC2034 # failed, DIR, IMAGE and the functions are those of contrib/demo/run
second_act() {
	local text id

	make_home "$DIR/home2"
	make_workspace "$DIR/workspace2"
	serve_socket "$DIR/daemon"

	echo "\$ podman --runtime pinfold run -d --name job $SHOWN2 \\
      tools look.py"
	id=$(box run -d --name job "${CREDENTIALS[@]}" "$IMAGE" sh -c 'python3 look.py; exec sleep 60') || failed=1
	id=${id##*$'\n'}
	text=$(await_log job 'can be used')
	echo "$text"
	expect "$text" "6 of 6 credentials can be used"

	echo
	echo "\$ pinfold audit \$(podman ps -q --no-trunc -f name=job)"
	text=$("$PINFOLD" audit "$id" 2>&1) || failed=1
	sed "s,$id,${id:0:12},g; s,$DIR/home2,~,g; s,$DIR/daemon/,./,g; s,$DIR/,./,g; /^\$/q" <<<"$text"
	sed "s,$id,${id:0:12},g; s,$DIR/home2,~,g; s,$DIR/daemon/,./,g; s,$DIR/,./,g" <<<"$text" | awk '/^Remove first/,/^$/'
	expect "$text" "docker-socket"
	expect "$text" "github-token"
	if grep -q FAKE <<<"$text"; then
		echo "  !! a value was printed"
		failed=1
	fi

	echo "\$ podman --runtime pinfold run --annotation io.pinfold.profile=agent \\
      $SHOWN2 \\
      tools look.py, work.sh"
	text=$(box run --rm "${AGENT[@]}" "${CREDENTIALS[@]}" "$IMAGE" sh -c 'python3 look.py; sh work.sh') || failed=1
	grep -v ' level=warning ' <<<"$text"
	expect "$text" "1 of 6 credentials can be used"
	expect "$text" "git: 2 commits"

	echo
	echo "\$ podman --runtime pinfold run --annotation io.pinfold.profile=agent --annotation io.pinfold.credentials=deny \\
      $SHOWN2 \\
      tools look.py"
	if text=$(box run --rm "${AGENT[@]}" --annotation io.pinfold.credentials=deny "${CREDENTIALS[@]}" "$IMAGE" python3 look.py); then
		failed=1
	fi
	grep -v ' level=' <<<"$text" | sed 's/: OCI permission denied.*//' | fold -s -w 116 | sed 's/^/  /'
	expect "$text" "\`deny' refuses 4"
}
