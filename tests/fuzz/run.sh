#!/bin/bash
# SPDX-License-Identifier: ISC
# usage: run.sh SECONDS [JOBS]: runs each of FUZZ_TARGETS (built with
# --enable-fuzzers, in the current directory) for that long, JOBS at a time
# (default: all CPUs). What they find stays in fuzz-findings/. Speaks TAP.
# Environment: FUZZ_SEED, the seed of all of them; 0 (default): a new one each.
set -u
seconds=$1
jobs=${2:-$(nproc)}
here=$(cd "$(dirname "$0")" && pwd)
read -r -a targets <<<"$FUZZ_TARGETS"

one() { # TARGET: its verdict as a line of TAP without number
	local target=$1 work=fuzz-work/$1
	mkdir -p "$work/corpus" fuzz-findings
	if "./$target" -seed="${FUZZ_SEED:-0}" \
		-max_total_time="$seconds" -timeout=10 \
		-rss_limit_mb=1024 -print_final_stats=1 -verbosity=0 \
		-max_len=4096 -artifact_prefix="fuzz-findings/$target-" \
		"$work/corpus" "$here/corpus/${target#fuzz_}" \
		>"$work/log" 2>&1; then
		echo "ok - $target: $(sed -n \
			's/^stat::number_of_executed_units: *//p' \
			"$work/log") runs in $seconds s"
	else
		echo "not ok - $target"
		tail -n 40 "$work/log" | sed 's/^/# /'
	fi
}
export seconds here
export -f one

echo "1..${#targets[@]}"
printf '%s\n' "${targets[@]}" |
	xargs -P "$jobs" -I{} bash -c 'one {} >fuzz-{}.tap'
status=0
number=0
for target in "${targets[@]}"; do
	number=$((number + 1))
	sed "1s/^\(not ok\|ok\) /\1 $number /" "fuzz-$target.tap"
	grep -q ^not "fuzz-$target.tap" && status=1
	rm -f "fuzz-$target.tap"
done
exit $status
