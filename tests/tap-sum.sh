#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Add up TAP files and print one last line `N passed, N failed, N skipped'; 1 when anything failed or nothing passed.
# usage: tap-sum.sh SKIPS FILE...
# Every failing line is printed, and every skip with its reason. A skip whose reason SKIPS does not list has failed; so has
# every test that a file promised in its plan and did not run, and a file without a plan.
set -u
skips=$1
shift
awk -v skips="$skips" '
	function fail(text) { failed++; print "FAILED  " name ": " text }
	function skip(text,	reason) {
		match(text, /# [Ss][Kk][Ii][Pp]/)
		reason = substr(text, RSTART + RLENGTH)
		gsub(/^[ (:]+|\)$/, "", reason)
		if (reason in listed) {
			skipped++
			print "skipped " name ": " text
		} else {
			fail("a skip that tests/skips.txt does not list: " text)
		}
	}
	function end_of_file() {
		if (name == "")
			return
		if (plan < 0)
			fail("no plan: the suite did not run to its end")
		for (; seen < plan; seen++)
			fail("test " seen + 1 " of " plan " did not run")
	}
	BEGIN {
		while ((getline line < skips) > 0)
			if (line != "" && line !~ /^#/)
				listed[line] = 1
	}
	FNR == 1 { end_of_file(); name = FILENAME; sub(/.*\//, "", name); plan = -1; seen = 0; shown = 0 }
	/^1\.\.[0-9]+/ {
		plan = substr($1, 4) + 0
		if (plan == 0 && $0 ~ /# [Ss][Kk][Ii][Pp]/)
			skip($0)
	}
	/^Bail out!/ { fail($0) }
	/^not ok/ { seen++; fail($0); shown = 1; next }
	/^ok/ {
		seen++
		shown = 0
		if ($0 ~ /# [Ss][Kk][Ii][Pp]/)
			skip($0)
		else
			passed++
		next
	}
	# the diagnosis under a failing line
	shown && /^#/ { print "        " $0 }
	END {
		end_of_file()
		printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit !(failed == 0 && passed > 0)
	}' "$@"
