#!/bin/bash
# SPDX-License-Identifier: ISC
# filter_tap.sh - the packet filter of a switch: between two peers, and to the
# host; by peer, ethertype, MAC address and expression.
#
#   red .2, green .3, blue .4 ===== 10.77.0.1 hub     the hub has the filter
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/l2lib.sh"
need_vpnd
lab_hub

# filter RULES: the hub's file
filter() {
	hub_conf "filter = { policy = { input = \"reject\"; forward = \"drop\"; };
		groups = { pair = ( \"red\", \"green\" ); };
		rules = ( $1 ); };"
}
arp='{ name = "arp"; hook = "input"; ethertype = "arp"; action = "accept"; },
	{ name = "arps"; hook = "forward"; match = "arp"; action = "accept"; }'
ping_rule='{ name = "ping"; hook = "forward"; from = "red"; to = "@pair";
	proto = "icmp"; icmp_type = "echo-request"; action = "accept"; }'
for_hub='{ name = "hub"; hook = "input"; proto = "icmp"; from = "10.77.0.0/24";
	action = "accept"; log = true; }'
mac() { ip_on "$1" -j link show vpn0 | jq -r '.[0].address'; }
dropped() { # STAGE: how many, so far
	ctl hub --json drops | jq "[.drops[] | select(.stage == \"$1\" and
		.reason == \"NETFILTER_DROP\") | .packets] | add // 0"
}
reset() { # HOST
	on "$1" python3 "$test_dir/talker.py" tcp 10.77.0.1 23 |
		grep -qx ECONNREFUSED
}

filter "$arp, $ping_rule, $for_hub"
for i in 1 2 3; do spoke_conf $i; done
vpnd_start hub "${spokes[@]}"
check "a rule lets red ping green" pings red 10.77.0.3
check_not "but not green red" ping_ok green 10.77.0.2
check_not "nor red blue" ping_ok red 10.77.0.4
check "what a policy drops between peers is counted" \
	less 0 "$(dropped forward)"
check "blue pings the hub" pings blue 10.77.0.1
check "the log says so" wait_for 2 contains "$RUN/hub.log" \
	'rule hub: accepted at input from blue: icmp 10\.77\.0\.4:[0-9]+ > 10\.77\.0\.1'
check "the hub pings blue: answers need no rule" pings hub 10.77.0.4
check "a TCP connection is rejected, through a frame" wait_for 5 reset blue

filter "$arp, { name = \"green\"; hook = \"input\"; action = \"drop\";
	smac = \"$(mac green)\"; }, $for_hub"
check "a rule with a MAC address: reload succeeds" ctl hub reload
check_not "that address hears nothing" ping_ok green 10.77.0.1
check "another one does" pings blue 10.77.0.1
check_not "red's flow to green was judged again" ping_ok red 10.77.0.3

filter "{ name = \"all\"; hook = \"input\"; action = \"drop\";
	ethertype = \"arp\"; }, $arp"
check_not "a rule that hides another one is refused" ctl hub reload
finish
