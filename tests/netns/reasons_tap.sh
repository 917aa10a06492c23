#!/bin/bash
# SPDX-License-Identifier: ISC
# reasons_tap.sh - what is dropped of Ethernet frames, in both directions. See
# reasonslib.sh.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/reasonslib.sh"
need_vpnd
lab_pair
addr b vb 10.99.0.13/24 10.99.0.14/24
keys a b own locked
one=02:00:00:00:00:01 two=02:00:00:00:00:02 three=02:00:00:00:00:03
its=02:00:00:00:00:0a all=ff:ff:ff:ff:ff:ff
router=33:33:00:00:00:01 # all hosts of IPv6

# own: has addresses of its own; locked: has a MAC address and VLANs
device_settings='type = "tap";'
conf a 10.77.0.1/24,fd77::1/64 'l2 = { hub = false; max_macs_per_peer = 6;
	storm = { unknown_unicast = 5; }; };
	filter = { stateful = true; policy = { input = "accept";
		forward = "accept"; }; rules = (
		{ name = "in"; hook = "input"; proto = "udp"; dport = "101";
			action = "drop"; },
		{ name = "out"; hook = "output"; proto = "udp"; dport = "104";
			action = "drop"; } ); };' \
	"$(peer b 10.99.0.2:51820 "" 'vlans = "0-99";')" \
	"$(peer own 10.99.0.13:51820 10.77.0.3/32,fd77::3/128,fe80::/64 \
		'vlans = "0-99";')" \
	"$(peer locked 10.99.0.14:51820 "" \
		"macs = [ \"$its\" ]; vlans = \"0,10\";")"
stranger b 10.99.0.2
stranger own 10.99.0.13
stranger locked 10.99.0.14
start_a
mac=$(ip_on a -j link show vpn0 | jq -r '.[0].address')

frame() { "$python" -ISB "$test_dir/frames.py" make "$@"; }
from_host() { # HEX [COUNT]
	on a "$python" -ISB "$test_dir/frames.py" send vpn0 "$@"
}
plain() { frame "$1" "$2" 88b5 "${3:-some text}"; } # TO FROM [TEXT]
# header TO FROM ETHERTYPE: without what comes behind it
header() { frame "$@" x | sed 's/78$//'; }
holding() { echo "$(header "$1" "$2" "${4:-0800}")$3"; } # TO FROM PACKET [ETHERTYPE]
# The same frame, traced and then sent.
lost_in() { # PEER STAGE REASON HEX [KEY=VALUE...]
	names in "$2" "$3" peer="$1" from="$1" dry="$4" "${@:5}" \
		order "$1" frame "$4"
}
lost_out() { # STAGE REASON HEX [KEY=VALUE...]
	names out "$1" "$2" peer=- from=host dry="$3" "${@:4}" from_host "$3"
}
are_there() { # and hear of a frame that goes nowhere
	from_host "$(frame 01:80:c2:00:00:00 "$mac" 0026 x)"
	grep -q VPN_BPDU "$RUN/follow.txt" &&
		grep -q VPN_BPDU "$RUN/live.txt" &&
		[ "$(stat -c %s "$RUN/drops.pcapng")" -gt 250 ]
}
witnesses_begin
for name in b own locked; do
	check "$name has a session" session "$name"
	check "$name says that it has a tap device" order "$name" hello 2
done

# ---- frames of the extension, and headers ----

names in expand VPN_LINK order b inner "$(udp 10.77.0.2 10.77.0.1)"
names in expand VPN_FRAME order b plain 20ff0000
lost_in b eth HDR_TRUNC "$(frame $all $one 88b5 | cut -c1-20)" dry=
lost_in own ip_rcv IP_INHDR "$(frame $all $one 0800 "no IPv4")"
lost_in own ip_rcv UNHANDLED_PROTO \
	"$(holding $all $one "$(udp 10.77.0.3 10.77.0.1 53 80)" 86dd)"

# ---- whose is it? ----

lost_in b rcv_finish VPN_GUARD "$(frame $router $one ra fe80::1)"
lost_in own rcv_finish IP_RPFILTER "$(frame "$mac" $two udp 10.77.0.9 10.77.0.1 x)"
lost_in own rcv_finish IP_LOCAL_SOURCE \
	"$(frame "$mac" $two udp 10.77.0.1 10.77.0.1 x)"
lost_in own rcv_finish IP_INVALID_SOURCE \
	"$(frame "$mac" $two udp 224.0.0.5 10.77.0.1 x)"
lost_in own rcv_finish VPN_NEIGH "$(frame $all $two arp 10.77.0.1 10.77.0.9)"
lost_in own rcv_finish PKT_TOO_SMALL "$(frame $all $two 0806 "short")"
# A neighbour advertisement with an option of no length.
nd=8800000020000000$(printf fd77%028d 3)0200000000000000
lost_in own rcv_finish IPV6_NDISC_BAD_OPTIONS \
	"$(holding $router $two "$(six fe80::3 ff02::1 58 "$nd")" 86dd)"

# ---- the switch ----

lost_in b bridge MAC_INVALID_SOURCE "$(plain $all 01:00:00:00:00:01)"
lost_in b bridge MAC_IEEE_MAC_CONTROL "$(frame 01:80:c2:00:00:01 $one 8808 x)"
lost_in b bridge VPN_BPDU "$(frame 01:80:c2:00:00:00 $one 0026 x)"
lost_in b bridge VPN_MAC_MOVE "$(plain $all "$mac")"
lost_in locked bridge VPN_MAC_LOCKED "$(plain $all $three)"
lost_in locked bridge VPN_VLAN "$(frame $all $its q20 88b5 x)"
check "b says who it is" order b frame "$(plain $all $one)"
check "and so does own" order own frame "$(plain $all $two)"
lost_in b bridge VPN_SPLIT_HORIZON "$(plain $one $one)"
lost_in b bridge VPN_ISOLATED "$(plain $two $one)"
names in bridge VPN_STORM n=2+ order b frame "$(plain $three $one)" 20
lost_out route MAC_INVALID_SOURCE "$(plain $all 01:00:00:00:00:01)"
lost_out route MAC_IEEE_MAC_CONTROL "$(frame 01:80:c2:00:00:01 "$mac" 8808 x)"
lost_out route VPN_BPDU "$(frame 01:80:c2:00:00:00 "$mac" 0026 x)"
lost_out route VPN_MAC_MOVE "$(plain $all $its)"
lost_out route VPN_VLAN "$(frame $its "$mac" q20 88b5 x)" peer=locked
lost_out route NO_TX_TARGET "$(frame $all "$mac" q200 88b5 x)"
lost_out route RECURSION_LIMIT \
	"$(holding $all "$mac" "$(four 10.99.0.1 10.99.0.2 17 ca6cca6c00080000)")"

# ---- rules, and ways ----

names in input NETFILTER_DROP order b frame \
	"$(holding "$mac" $one "$(udp 10.77.0.2 10.77.0.1 101)")"
lost_out output NETFILTER_DROP \
	"$(holding $one "$mac" "$(udp 10.77.0.1 10.77.0.2 104)")" peer=b
lost_in b conntrack VPN_CT_INVALID "$(holding "$mac" $one \
	"$(four 10.77.0.2 10.77.0.1 1 0000000000000000)")"
check "b takes frames of 600 bytes" order b hello 2 600
lost_out mtu PKT_TOO_BIG "$(holding $one "$mac" "$(udp 10.77.0.1 10.77.0.2 53 700)")" \
	peer=b
check "b takes larger ones again" order b hello 2

# ---- a loop, and too many addresses ----

own_is_held() {
	ctl a --json fdb | jq -e '.ports[] | select(.peer == "own" and
		.held_for_s > 0)'
}
loops() { # own sends what b sent, until it is held, which is for 10 s
	local i
	for i in $(seq 12); do
		order b frame "$(plain $all $three)"
		order own frame "$(plain $all $three)"
		own_is_held && return
	done
	return 1
}
check "a loop: own is held" loops
lost_in own bridge BRIDGE_INGRESS_STP_STATE "$(plain $all $two)"
many() {
	local i
	for i in $(seq 10 19); do
		order b frame "$(plain $all "02:00:00:00:01:$i")"
	done
}
names in bridge VPN_MAC_QUOTA n=1+ many
lost_in b bridge VPN_MAC_QUOTA "$(plain $all 02:00:00:00:02:01)"

witnesses_end
vpnd_stop a
finish
