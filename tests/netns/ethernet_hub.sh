#!/bin/bash
# SPDX-License-Identifier: ISC
# ethernet_hub.sh - a hub with three spokes is one Ethernet segment: who gets
# which frame, over IPv4 and over IPv6.
#
#   red   v0 --- v1  hub          inside: hub 10.77.0.1 fd77::1, red .2,
#   green v0 --- v2               green .3, blue .4
#   blue  v0 --- v3
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/l2lib.sh"
need_vpnd
lab_hub
text_file "$RUN/file" 1000000

start_all() {
	local i
	hub_conf
	for i in 1 2 3; do spoke_conf $i; done
	vpnd_start hub "${spokes[@]}"
	red=$(mac_of red) green=$(mac_of green) blue=$(mac_of blue)
}
all_ping() { # each reaches the hub and each other spoke
	local from to
	for from in 2 3 4; do
		for to in 1 2 3 4; do
			pings "${spokes[from - 2]}" "10.77.0.$to" &&
				pings "${spokes[from - 2]}" "fd77::$to" || return 1
		done
	done
}
knows_all() { # the hub, where each is
	fdb_has hub "$red" red && fdb_has hub "$green" green &&
		fdb_has hub "$blue" blue
}
# It may have had something to say at once.
flushed() { # SPOKE
	ctl hub fdb flush "$1" && not fdb_has hub "$(mac_of "$1")" "$1"
}
arrived() { # RED GREEN BLUE HUB: how often each heard $hex
	local name
	mark red green blue hub || return 1
	for name in green blue hub; do
		heard_is "$name" "^$hex\$" "$1" || { echo "$name"; return 1; }
		shift
	done
}

for under in 4 6; do
	name="IPv$under outside"
	start_all
	check "$name: everybody reaches everybody" all_ping
	check "$name: the hub knows where each is" knows_all
	check "$name: for a spoke all are behind the hub" \
		fdb_has red "$green" hub
	check "$name: a file from spoke to spoke" \
		transfer red green 10.77.0.3 "$RUN/file"

	hear green blue hub
	hex=$(frame "$green" "$red" 88b5 "to green")
	send red "$hex" 20
	check "$name: what is for green comes to green only" arrived 20 0 0
	hex=$(frame "$everybody" "$red" 88b5 "to all")
	send red "$hex" 20
	check "$name: a broadcast comes to all" arrived 20 20 20
	hex=$(frame 33:33:00:00:00:77 "$red" 88b5 "to a group")
	send red "$hex" 20
	check "$name: so does a multicast" arrived 20 20 20
	hex=$(frame 02:00:00:00:00:99 "$red" 88b5 "to a stranger")
	send red "$hex" 20
	check "$name: so does an unknown unicast" arrived 20 20 20
	hex=$(frame "$(mac_of hub)" "$red" 88b5 "to the hub")
	send red "$hex" 20
	check "$name: what is for the hub comes to it only" arrived 0 0 20
	hear red
	mark green red
	check_is "$name: nothing came back to its sender" 0 \
		"$(heard red "$(echo -n 'to a' | od -An -tx1 | tr -d ' \n')")"
	deaf red green blue hub

	check "$name: fdb of one peer has only its own" same "$green" \
		"$(ctl hub --json fdb green | jq -r '.entries[].mac')"
	check "$name: fdb flush of a peer forgets it" wait_for 5 flushed green
	check "$name: and nobody else" fdb_has hub "$blue" blue
	check "$name: it is found again" pings green 10.77.0.1
	[ $under = 6 ] || vpnd_stop hub "${spokes[@]}"
done

# ---- hub = false: from peer to peer nothing passes ----

hub_conf 'l2 = { hub = false; };'
ctl hub reload >"$RUN/reload.out" 2>&1 || { vpnd_stop hub; vpnd_start hub; }
check "hub = false is reloaded: spokes reach the hub" pings red 10.77.0.1
hear green hub
hex=$(frame "$everybody" "$red" 88b5 "alone")
at_hub_alone() {
	send red "$hex"
	mark red hub && heard_is hub "^$hex\$" 1 && heard_is green "^$hex\$" 0
}
check "a spoke's broadcast comes to the hub alone" at_hub_alone
pings green 10.77.0.1 >/dev/null
hex=$(frame "$green" "$red" 88b5 "alone as well")
check "what is for another spoke is dropped as VPN_ISOLATED" \
	dropped hub VPN_ISOLATED send red "$hex"
check_is "and comes nowhere" 0 "$(heard green "^$hex\$")"
check_not "spokes do not reach each other" pings red 10.77.0.3 1
finish
