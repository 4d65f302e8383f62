#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Run each fuzzer for $1 seconds. Its seeds are $2/corpus/NAME; what it finds on the way stays in the build tree, a crash
# is printed and fails. Turn every crash into a file of the corpus and into a unit test. usage: run.sh SECONDS DIR PROGRAM...
set -u
seconds=$1
dir=$2
shift 2
status=0
for program; do
	name=${program##*/}
	mkdir -p "fuzzobj/corpus/$name"
	set -- "fuzzobj/corpus/$name"
	[ ! -d "$dir/corpus/$name" ] || set -- "$@" "$dir/corpus/$name"
	echo "== $name, $seconds s"
	# 4 MiB: the largest config.json that is read
	"$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 \
		-artifact_prefix=fuzzobj/ -print_final_stats=1 "$@" >"fuzzobj/$name.log" 2>&1 ||
		{ status=1; tail -n 40 "fuzzobj/$name.log"; echo "== $name FAILED"; }
	grep -E 'stat::number_of_executed_units|DONE' "fuzzobj/$name.log"
done
exit $status
