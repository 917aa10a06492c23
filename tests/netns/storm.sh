#!/bin/bash
# SPDX-License-Identifier: ISC
# storm.sh - one spoke floods; the hub lets its limit through and no more, and
# who else has something to say is heard.
#
#   red, green, blue  v0 --- v1, v2, v3  hub      see l2lib.sh
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/l2lib.sh"
need_vpnd
lab_hub
limit=400 seconds=4 rate=20000
hub_conf "l2 = { storm = { broadcast = $limit; multicast = $((limit / 2));
	unknown_unicast = $((limit / 4)); }; };"
for i in 1 2 3; do spoke_conf $i; done
vpnd_start hub "${spokes[@]}"
check "up" pings red 10.77.0.1
check "so is green" pings green 10.77.0.4
red=$(mac_of red)

received_percent() { sed -n 's/.*, \([0-9.]*\)% packet loss.*/\1/p' "$1"; }
# storm NAME DESTINATION LIMIT
storm() {
	local hex sent past got allowed dropped_before loss
	hex=$(frame "$2" "$red" 88b5 "storm of $1 $(printf '.%.0s' {1..60})")
	hear hub blue
	dropped_before=$(drop_count hub VPN_STORM)
	spawn green others ping -n -q -i 0.02 -c $((seconds * 50)) -W 1 10.77.0.1
	read -r sent past < <(on red "${frames[@]}" \
		flood vpn0 "$hex" $rate $seconds)
	wait_for 10 is_gone "$(pid_of others)"
	check "$1: $rate frames a second are sent" \
		less $((seconds * rate * 9 / 10)) "$sent"
	mark green hub blue
	# A second's worth may be saved up before it begins.
	allowed=$(awk -v l="$3" -v s="$past" 'BEGIN { print int(l * (s + 1)) }')
	for name in hub blue; do
		got=$(heard $name "^$hex\$")
		check "$1: $name hears at most the limit" at_most "$got" "$allowed"
		check "$1: and as much as that" \
			less $(($3 * (seconds - 1) * 8 / 10)) "$got"
		echo "# $1: of $sent within $past s $name heard $got, limit $3/s"
	done
	check "$1: the rest is VPN_STORM" less $((seconds * rate / 10)) \
		$(($(drop_count hub VPN_STORM) - dropped_before))
	loss=$(received_percent "$RUN/others.log")
	rm "$RUN/others.log"
	check "$1: green's pings go on" at_most "${loss%.*}" 5
	deaf hub blue
}
storm broadcast "$everybody" $limit
storm multicast 01:00:5e:00:00:77 $((limit / 2))
storm "unknown unicast" 02:00:00:00:00:99 $((limit / 4))
check "red is still there" pings red 10.77.0.1 5

# Known destinations are no storm.
hex=$(frame "$(mac_of hub)" "$red" 88b5 "for the hub alone")
hear hub
on red "${frames[@]}" flood vpn0 "$hex" 2000 1 >"$RUN/flood.out"
mark red hub
check "2000 frames a second for the hub pass" less 1600 \
	"$(heard hub "^$hex\$")"
finish
