#!/bin/bash
# SPDX-License-Identifier: ISC
# usage: coverage.sh BUILD: in a build configured with --enable-coverage,
# replays the corpora and says how many lines of the parsers they cover.
# Fails below 80 %. Speaks TAP.
set -u
build=$(cd "${1:-.}" && pwd) || exit 1
here=$(cd "$(dirname "$0")" && pwd)
cd "$build" || exit 1

# target, its archive, and the parser's files
parsers=(
	"ip libpacket packet ip.c l4.c options.c ecn.c print.c checksum.c"
	"ethernet libpacket packet ethernet.c neighbour.c"
	"bpf libpacket packet bpf.c"
	"data libprotocol protocol frames.c hello.c link.c"
	"conf libconf conf token.c tree.c value.c value_net.c value_l2.c validate.c validate_l2.c"
	"config_text libapi api config_text.c config_codec.c"
	"control libapi api control.c"
	"reply libapi api reply_read.c"
	"endpoint libbase base endpoint.c"
	"fdb libnet net fdb.c bridge.c loop.c port.c storm.c switch.c"
	"flow libnet net flow_track.c flow_confirm.c flow_life.c flow_table.c flow_probe.c flow_tcp.c flow_icmp.c fragment.c"
	"state libdaemon daemon state_text.c"
)

number=0
status=0
echo "1..${#parsers[@]}"
for parser in "${parsers[@]}"; do
	read -r target _ room files <<<"$parser"
	number=$((number + 1))
	make -s "fuzz_$target" >/dev/null 2>&1
	find . -name '*.gcda' -delete
	"./fuzz_$target" "$here/corpus/$target" >/dev/null 2>&1
	lines=0
	hit=0
	for file in $files; do
		# gcov: "Lines executed:93.10% of 29"
		read -r part of < <(gcov -n "src/$room/"*"${file%.c}.o" \
			2>/dev/null |
			grep -A1 "^File '.*src/$room/$file'" |
			sed -n 's/^Lines executed:\([0-9.]*\)% of \([0-9]*\)/\1 \2/p')
		lines=$((lines + ${of:-0}))
		hit=$(awk "BEGIN {print int($hit + ${part:-0} * ${of:-0} / 100 + 0.5)}")
	done
	verdict=ok
	if [ "$lines" = 0 ] || [ $((hit * 100)) -lt $((lines * 80)) ]; then
		verdict="not ok"
		status=1
	fi
	echo "$verdict $number - corpus of fuzz_$target covers $hit of $lines lines"
done
exit $status
