#!/bin/bash
# SPDX-License-Identifier: ISC
# ethernet_vlan.sh - raw frames: VLAN tags, single, stacked and of priority,
# pass byte for byte; the table is per VLAN; a peer's `vlans` are all that it
# gets; other ethertypes; BPDUs and pause frames.
#
#   a  va ------ vb  b
#      vpn0 ==== vpn0
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/l2lib.sh"
need_vpnd
lab_pair
keys a b
tap_pair
vpnd_start a b
check "up" pings a 10.77.0.2
one=02:00:00:00:00:01 two=02:00:00:00:00:02
hear b

# ---- tags ----

both_ways() { # SENTENCE TAG...: as a broadcast, and as what b has asked for
	local sentence=$1
	shift
	check "$sentence: a broadcast arrives byte for byte" passes a b \
		"$(frame "$everybody" "$one" "$@" 88b5 "$sentence")"
	send b "$(frame "$everybody" "$two" "$@" 88b5 "here I am")"
	check "$sentence: so does a unicast" passes a b \
		"$(frame "$two" "$one" "$@" 88b5 "$sentence, alone")"
}
both_ways "no tag"
both_ways "one tag" q10
both_ways "a tag with a priority" q11/5
both_ways "only a priority" q0/7
both_ways "802.1ad" ad12
both_ways "two tags" ad13 q10
both_ways "two tags of the same kind" q14 q15
both_ways "three tags" ad13 q10 q11
both_ways "VLAN 4094" q4094
check "IPv4 behind a tag" passes a b \
	"$(frame "$everybody" "$one" q10 udp 10.1.1.1 10.1.1.2 tagged)"
check "IPv6 behind two tags" passes a b \
	"$(frame "$everybody" "$one" ad10 q20 udp fd00::1 fd00::2 tagged)"
check "ARP behind a tag" passes a b \
	"$(frame "$everybody" "$one" q10 arp 10.1.1.1 10.1.1.2)"

# ---- the table is per VLAN ----

for vlan in 10 11 12 13; do
	check "b knows the sender in VLAN $vlan" fdb_has b "$one" a $vlan
done
check "and without one" fdb_has b "$one" a 0
check_not "and in no other" fdb_has b "$one" a 99
vlan_count() { # HOST MAC: in how many VLANs it is known
	ctl "$1" --json fdb | jq --arg mac "$2" \
		'[.entries[] | select(.mac == $mac) | .vlan] | unique | length'
}
check "the outer tag counts" at_most "$(vlan_count b "$one")" 7

# ---- other protocols ----

check "LLDP of another group address" passes a b \
	"$(frame 01:80:c2:00:00:10 "$one" 88cc "lldp-like")"
check "IPX (802.3 length, raw)" passes a b \
	"$(frame "$everybody" "$one" 0022 "ffff and thirty more bytes of IPX.")"
check "AppleTalk" passes a b "$(frame "$everybody" "$one" 809b "appletalk")"
check "MPLS" passes a b "$(frame "$two" "$one" 8847 "mpls, to somebody")"
check "an ethertype that nobody has" passes a b \
	"$(frame "$everybody" "$one" ffff "unheard of")"
check "no payload at all" passes a b "$(frame "$everybody" "$one" 88b5)"
check "IPv4 that is none, for a bridge passes all" passes a b \
	"$(frame "$everybody" "$one" 0800 "not an IP packet")"

# ---- what no bridge forwards ----

bpdu=$(frame 01:80:c2:00:00:00 "$one" 0026 "spanning tree, more or less")
lldp=$(frame 01:80:c2:00:00:0e "$one" 88cc "nearest bridge")
pause=$(frame 01:80:c2:00:00:01 "$one" 8808 "stop")
nobody=$(frame "$two" 01:00:5e:00:00:01 88b5 "a group as the source")
zeros=$(frame "$two" 00:00:00:00:00:00 88b5 "zeros as the source")
# Either end may be the one that drops.
nowhere() { # HEX REASON
	local before after
	before=$(($(drop_count a "$2") + $(drop_count b "$2")))
	send a "$1"
	mark a b || return 1
	after=$(($(drop_count a "$2") + $(drop_count b "$2")))
	less "$before" "$after" && heard_is b "^$1\$" 0
}
check "a BPDU is dropped" nowhere "$bpdu" VPN_BPDU
check "LLDP's nearest bridge as well" nowhere "$lldp" VPN_BPDU
check "a pause frame is dropped" nowhere "$pause" MAC_IEEE_MAC_CONTROL
check "a group address as the source is dropped" nowhere "$nobody" \
	MAC_INVALID_SOURCE
check "zeros as the source are dropped" nowhere "$zeros" MAC_INVALID_SOURCE

passing='l2 = { bpdu = "pass"; pause = "pass"; };'
tap_pair "$passing" "$passing"
check "bpdu and pause are reloaded at a" ctl a reload
check "and at b" ctl b reload
check "a BPDU passes" passes a b "$bpdu"
check "LLDP's nearest bridge passes" passes a b "$lldp"
check "a pause frame passes" passes a b "$pause"

# ---- vlans ----

tap_pair "" "" "" 'vlans = "0,10-20";'
check "vlans are reloaded" ctl b reload
for vlan in 10 15 20; do
	check "VLAN $vlan is one of the peer's" passes a b \
		"$(frame "$everybody" "$one" q$vlan 88b5 "allowed")"
done
check "no tag as well" passes a b "$(frame "$everybody" "$one" 88b5 "allowed")"
for vlan in 9 21 4094; do
	check "VLAN $vlan is not" refused a b \
		"$(frame "$everybody" "$one" q$vlan 88b5 "no")" VPN_VLAN
done
check "the outer tag decides" refused a b \
	"$(frame "$everybody" "$one" ad21 q10 88b5 "no")" VPN_VLAN
check "it is not learned there" not fdb_has b "$one" a 21
out() { # TAG
	dropped b NO_TX_TARGET send b "$(frame "$one" "$two" "$1" 88b5 "out")"
}
check "nor does anything go out in another one" out q21
hear a
check "but in one of the peer's" passes b a \
	"$(frame "$everybody" "$two" q20 88b5 "out")"
tap_pair "" "" "" 'vlans = "10";'
ctl b reload >"$RUN/reload.out" 2>&1
check "without 0, frames without a tag are dropped" dropped b VPN_VLAN \
	send a "$(frame "$everybody" "$one" 88b5 "untagged")"
finish
