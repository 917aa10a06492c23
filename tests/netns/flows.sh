#!/bin/bash
# SPDX-License-Identifier: ISC
# flows.sh - a stateful filter through a real tunnel: answers need no rule,
# strays and hidden headers are dropped, a full table makes room, and a reload
# judges flows again.
#
#   a  10.99.0.1 ----- 10.99.0.2  b      only a has a filter
#      10.77.0.1 ===== 10.77.0.2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b
flows="python3 $test_dir/flows.py"

# conf_a RULES [MORE]: what no rule decides at input is dropped.
conf_a() {
	conf a 10.77.0.1/24 "filter = {
		${2:-}
		policy = { input = \"drop\"; forward = \"drop\"; };
		rules = ( $1 ); };" "$(peer b 10.99.0.2:51820 10.77.0.2/32)"
}
rule() { # NAME SETTINGS
	echo "{ name = \"$1\"; hook = \"input\"; $2 action = \"accept\"; }"
}
echo_rule() { rule "${1:-echo}" 'proto = "udp"; dport = "7000";'; }
dropped() { # STAGE REASON: so many
	ctl a --json drops | jq -r "[.drops[] | select(.stage == \"$1\" and
		.reason == \"$2\") | .packets] | add // 0"
}
drops() { [ "$(dropped "$1" "$2")" -gt 0 ]; } # STAGE REASON
total() { ctl a --json flows | jq -r ".totals.$1"; }
has_total() { [ "$(total "$1")" -ge "$2" ]; } # NAME LEAST
# The condition makes the event happen again.
strays() { # KIND REASON
	on b $flows stray 10.77.0.2 10.77.0.1 "$1"
	drops conntrack "$2"
}
asks() { on b $flows ask 10.77.0.1 7000 "$1"; } # SOURCE PORT

conf_a "$(echo_rule)" "max_flows = 64; max_flows_per_peer = 48;"
conf b 10.77.0.2/24 "" "$(peer a 10.99.0.1:51820 10.77.0.1/32)"
vpnd_start a b
spawn a echo $flows echo 10.77.0.1 7000

check "what a begins is answered" pings a 10.77.0.2
refused() { ping_ok b 10.77.0.1; drops input NETFILTER_DROP; }
check "what b begins needs a rule" wait_for 5 refused
check "b does not get an answer" not ping_ok b 10.77.0.1
check "what the rule accepts is answered" wait_for 5 asks 5000
ctl a flows b >"$RUN/flows.out"
check "vpnctl flows shows it" contains "$RUN/flows.out" \
	'^udp +established +[12]m[0-9]+s +b +this host +10.77.0.2:5000 > 10.77.0.1:7000$'
check "fragments of an answer come through" \
	wait_for 5 on a ping -n -q -c 1 -W 1 -s 4000 10.77.0.2

check "an answer that nobody asked for is dropped" \
	wait_for 5 strays answer VPN_CT_INVALID
check "a later fragment without first one is dropped" \
	wait_for 5 strays orphan VPN_FRAG_ORPHAN
check "a first fragment without ports is dropped" \
	wait_for 5 strays tiny VPN_FRAG_TINY
before=$(dropped conntrack VPN_FRAG_TINY)
covers() {
	on b $flows stray 10.77.0.2 10.77.0.1 covered
	[ "$(dropped conntrack VPN_FRAG_TINY)" -gt "$before" ]
}
check "a fragment over the TCP flags is dropped" wait_for 5 covers

# Of what b begins, 48 flows; a flow that is not answered makes room.
floods() { on b $flows unanswered 10.77.0.1 7000 20000 200 && has_total early_drop 1; }
quit echo KILL
check "flows that are not answered make room for others" wait_for 5 floods
check "and leave the answered one alone" \
	grep -q 10.77.0.2:5000 <(ctl a flows)
spawn a echo $flows echo 10.77.0.1 7000
fills() { on b $flows many 10.77.0.1 7000 30000 60; has_total ct_full 1; }
check "when all are answered, there is no more room" wait_for 30 fills
check "and the reason is shown" drops conntrack VPN_CT_FULL
check "vpnctl flows names the peer that has them all" \
	grep -q '^b: 4[0-9] of at most 48 flows of one peer$' <(ctl a flows)
kept=$(ctl a flows | grep -o '10\.77\.0\.2:30[0-9]*' | sort | tail -n 1)
kept=${kept##*:}
check "an answered flow goes on" wait_for 5 asks "$kept"

# A reload.
conf_a "$(rule other 'proto = "tcp"; dport = "22";'), $(echo_rule again)" \
	"max_flows = 64; max_flows_per_peer = 48;"
check "other rules that accept the flow: reload succeeds" ctl a reload
check "the flow goes on" wait_for 5 asks "$kept"
conf_a "$(rule other 'proto = "tcp"; dport = "22";')" \
	"max_flows = 64; max_flows_per_peer = 48;"
check "rules that do not: reload succeeds" ctl a reload
check "the flow ends" not asks "$kept"
check "and is forgotten" not grep -q "10.77.0.2:$kept" <(ctl a flows)
conf_a "$(echo_rule)" "stateful = false;"
check "a filter without flows: reload succeeds" ctl a reload
check "what the rule accepts is answered still" wait_for 5 asks 30100
ctl a flows >"$RUN/flows.out" 2>&1
check_is "and vpnctl flows says why it shows none" 1 $?
check "in words" contains "$RUN/flows.out" 'stateful is false'
vpnd_stop a b
finish
