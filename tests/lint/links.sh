#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A page that sends its reader to a file which is not there, or to a heading that was renamed. Looked at are the links of
# Markdown, and each path of ours that a page, a script or a comment names (`contrib/check', `docs/policy.md').
cd "${abs_srcdir:-.}" || exit 1
: "${AWK:=awk}"

pages=$(find . -name '*.md' ! -path './build*' ! -path './.git/*' ! -path './pinfold-*' | sed 's,^\./,,' | sort)
sources=$(find base config runtime tests -name '*.[ch]'
	find contrib tests .ci -type f ! -name '*.[cho]' ! -path tests/lint/links.sh -exec grep -lE '^#!.*(bash|/sh)' {} +)
echo 1..3

# The anchor of a heading: lower case, nothing but letters, digits, `-' and `_', blanks become `-'.
has_heading() { # PAGE ANCHOR
	sed -n 's/^##* *//p' "$1" | tr '[:upper:] ' '[:lower:]-' | sed 's/[^a-z0-9_-]//g' | grep -qxF -- "$2"
}

dead=$(for page in $pages; do
	grep -oE '\]\([^)]+\)' "$page" | sed 's/^](//; s/)$//; s/ ".*//' | while read -r target; do
		case $target in *://* | mailto:*) continue ;; esac
		file=${target%%#*}
		case $file in
		'') file=$page ;;
		/*) echo "# $page: $target: not relative"; continue ;;
		*) file=$(dirname "$page")/$file ;;
		esac
		if [ ! -e "$file" ]; then
			echo "# $page: $target: no such file"
		elif [ "$target" != "${target#*#}" ]; then
			has_heading "$file" "${target#*#}" || echo "# $page: $target: no such heading"
		fi
	done
done)
[ -z "$dead" ] || { echo "$dead"; printf 'not '; }
echo "ok 1 - links of pages lead somewhere"

# FILE: PATH of every path below our folders. Not ours: what goes on to the left or the right (/usr/share/docs/x), names
# that stand for others (t_NAME.c), and what a build makes. `runtime/seccomp' may mean runtime/seccomp.c.
paths_in() { # FILE...
	$AWK '{
		line = $0
		while (match(line, /(^|[^A-Za-z0-9_.\/$}*~-])(\.\.\/|\.\/)?(base|config|runtime|tests|docs|contrib|build-aux|\.ci)\/[A-Za-z0-9_.\/*{,}-]*/)) {
			path = substr(line, RSTART, RLENGTH)
			next_char = substr(line, RSTART + RLENGTH, 1)
			line = substr(line, RSTART + RLENGTH)
			sub(/^[^A-Za-z.]/, "", path)
			sub(/^\.\.?\//, "", path)
			sub(/[.,]+$/, "", path)
			if (next_char !~ /[$<\[]/ && path !~ /[A-Z]+[^\/.]*(\.[a-z]+)?$|[{}]/)
				print FILENAME ": " path
		}
	}' "$@"
}
# What make puts beside the sources is named in pages as well.
built='config/catalogue\.img|tests/probe/probe|tests/probe/subreap|tests/probe/recvtty|tests/probe/resolve|tests/probe/warden-run|tests/unit/t_[a-z_]*|docs/pinfold\.8'
missing_of() { # FILE...
	paths_in "$@" | sort -u | grep -vE ": ($built)\$" | while read -r file path; do
		# shellcheck disable=SC2086 # a pattern is expanded
		set -- $path
		[ -e "$1" ] || [ -e "$1.c" ] || echo "# $file $path: no such file"
	done
}

# shellcheck disable=SC2086
dead=$(missing_of $pages)
[ -z "$dead" ] || { echo "$dead"; printf 'not '; }
echo "ok 2 - the paths that pages name are there"

# shellcheck disable=SC2086
dead=$(missing_of $sources)
[ -z "$dead" ] || { echo "$dead"; printf 'not '; }
echo "ok 3 - the paths that sources and scripts name are there"
