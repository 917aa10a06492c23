#!/bin/bash
# SPDX-License-Identifier: ISC
# splice.sh - a peer whose packets continue another peer's flow, with that peer's
# address: they are refused, and never become part of what is put together.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b  10.98.0.2  vbc ------ vc  10.98.0.3  c
#      10.77.0.1 ============== 10.77.0.2 =========================== 10.77.0.3
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
host c
wire c vc b vbc
addr c vc 10.98.0.3/24
addr b vbc 10.98.0.2/24
keys a b c
conf a 10.77.0.1/24 "" "$(peer b 10.99.0.2:51820 10.77.0.2/32)"
conf c 10.77.0.3/24 "" "$(peer b 10.98.0.2:51820 10.77.0.2/32)"
conf b 10.77.0.2/24 "" "$(peer a - 10.77.0.1/32)" "$(peer c - 10.77.0.3/32)"
vpnd_start a b c
check "a reaches b" pings a 10.77.0.2
check "c reaches b" pings c 10.77.0.2

splice() {
	python3 "$test_dir/splice.py" "$(ns a)" "$(ns c)" "$(ns b)" \
		"$(pid_of b)" 20 >"$RUN/splice.out"
	cat "$RUN/splice.out"
	contains "$RUN/splice.out" ' 0 wrong$'
}
check "nothing of c's arrives, all of a's does" splice
check "what is a's alone was put together" less 9 \
	"$(sed -n 's/.* \([0-9]*\) together.*/\1/p' "$RUN/splice.out")"
spoofed() { # of c's 2 packets in each of 20 rounds
	ctl b --json drops --peer c | jq '[.drops[]? | select(.reason ==
		"IP_RPFILTER") | .packets] | add // 0'
}
check_is "c's packets are counted as spoofed ones" 40 "$(spoofed)"
finish
