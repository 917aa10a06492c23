#!/bin/bash
# SPDX-License-Identifier: ISC
# reasons_filter.sh - what the stateful filter drops, at each of its hooks, on
# tun. See reasonslib.sh.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/reasonslib.sh"
need_vpnd
lab_pair
keys a b c

rule() { # HOOK PORT ACTION [MORE]
	echo "{ name = \"$1-${2%%-*}\"; hook = \"$1\"; proto = \"udp\";
		dport = \"$2\"; action = \"$3\"; ${4:-} }"
}
rate='rate = "1/s burst 1";'
conf a 10.77.0.1/24,fd77::1/64 "forwarding = \"daemon\"; filter = {
	stateful = true; max_flows = 64; max_flows_per_peer = 16;
	policy = { input = \"accept\"; forward = \"accept\"; };
	rules = ( $(rule prerouting 100 drop), $(rule input 101 drop),
		$(rule input 102 reject), $(rule forward 103 drop),
		$(rule output 104 drop), $(rule postrouting 105 drop),
		$(rule prerouting 110-119 accept "$rate"),
		$(rule input 120-129 accept "$rate"),
		$(rule forward 130-139 accept "$rate"),
		$(rule output 140-149 accept "$rate"),
		$(rule postrouting 150-159 accept "$rate") ); };" \
	"$(peer b 10.99.0.2:51820 10.77.0.2/32,fd77::2/128)" \
	"$(peer c - 10.77.0.3/32)"
stranger b 10.99.0.2
start_a
check "b has a session" session b
witnesses_begin
to_a() { udp 10.77.0.2 10.77.0.1 "$@"; }   # PORT
to_b() { udp 10.77.0.1 10.77.0.2 "$@"; }

# ---- rules ----

lost_in prerouting NETFILTER_DROP "$(to_a 100)"
lost_in input NETFILTER_DROP "$(to_a 101)"
lost_in input NETFILTER_DROP "$(to_a 102)" as="rejected"
lost_in forward NETFILTER_DROP "$(udp 10.77.0.2 10.77.0.3 103)"
lost_out output NETFILTER_DROP "$(to_b 104)" peer=b
lost_out postrouting NETFILTER_DROP "$(to_b 105)" peer=b

# Faster than a rule's rate: a few new flows, which vpnd meets at once.
several() { # HOW FROM TO PORT
	local i
	for i in 0 1 2 3 4; do $1 "$(udp "$2" "$3" $(($4 + i)))"; done
}
from_b() { order b inner "$1"; }
names in prerouting VPN_RATE n=2+ asleep several from_b \
	10.77.0.2 10.77.0.1 110
names in input VPN_RATE n=2+ asleep several from_b \
	10.77.0.2 10.77.0.1 120
names in forward VPN_RATE n=2+ asleep several from_b \
	10.77.0.2 10.77.0.3 130
names out output VPN_RATE n=2+ asleep several from_host \
	10.77.0.1 10.77.0.2 140
names out postrouting VPN_RATE n=2+ asleep several from_host \
	10.77.0.1 10.77.0.2 150
is_traced() {
	local dry from=b
	dry=$(to_a 125)
	asleep several from_b 10.77.0.2 10.77.0.1 120
	same "input VPN_RATE" "$(traced)"
}
check "a trace names the rate, too" wait_for 10 is_traced

# ---- flows ----

answer=0000000000000000 # ICMP
lost_in conntrack VPN_CT_INVALID "$(four 10.77.0.2 10.77.0.1 1 "$answer")"
lost_out output VPN_CT_INVALID \
	"$(four 10.77.0.1 10.77.0.2 1 "$answer")" peer=b
lost_in conntrack VPN_FRAG_TINY \
	"$(four 10.77.0.2 10.77.0.1 6 0fa0003500000001 2000)"
lost_out output VPN_FRAG_TINY \
	"$(four 10.77.0.1 10.77.0.2 6 0fa0003500000001 2000)" peer=b
lost_in conntrack VPN_FRAG_ORPHAN \
	"$(four 10.77.0.2 10.77.0.1 17 0102030405060708 0010)"
lost_out output VPN_FRAG_ORPHAN \
	"$(four 10.77.0.1 10.77.0.2 17 0102030405060708 0010)" peer=b

# Flows that were answered do not go to make room.
has_16() {
	same 16 "$(ctl a --json flows | jq '[.flows[] |
		select(.state == "established")] | length')"
}
many_flows() {
	local i
	for i in $(seq 1001 1016); do
		i=$(printf %04x "$i")
		order b inner "$(four 10.77.0.2 10.77.0.1 17 "0fa0${i}00080000")"
		from_host "$(four 10.77.0.1 10.77.0.2 17 "${i}0fa000080000")"
	done
	wait_for 5 has_16
}
check "b has as many flows as it may" many_flows
lost_in conntrack VPN_CT_FULL "$(to_a 2000)"
lost_out postrouting VPN_CT_FULL "$(to_b 2000)" peer=b

witnesses_end
vpnd_stop a
finish
