#!/bin/bash
# SPDX-License-Identifier: ISC
# loop.sh - two bridges joined twice. The hub finds the loop within five seconds
# and cuts it; who has nothing to do with it keeps its rate; some seconds after
# the second cable is gone all is as before.
#
#   red   br0 [vpn0 lan] === hub     red and green also have a cable between
#   green br0 [vpn0 lan] === hub     their bridges; then the hub and green have
#   blue  vpn0 ============= hub     one. blue sends all the time, to the hub,
#                                    then to red.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/l2lib.sh"
need_vpnd
lab_hub
rate=200 # of blue's packets in a second
seconds=5

# $1 is a host with a bridge: its addresses are the bridge's, and it has
# nothing to say by itself.
quiet_lan() {
	on "$1" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	lan "$1"
	[ -z "${2:-}" ] || addr "$1" br0 "$2"
}
second_cable() { # HOST HOST: a port of both bridges, not up yet
	wire "$1" lan "$2" lan
	for name in "$1" "$2"; do
		ip_on "$name" link set lan down
		ip_on "$name" link set lan mtu "$mtu" master br0
	done
	ip_on "$2" link set lan up
}
received() { sed -n 's/.* \([0-9]*\) received.*/\1/p' "$RUN/others.log"; }
others_start() {
	rm -f "$RUN/others.log"
	spawn blue others ping -n -q -s 500 -i 0.005 -W 1 \
		-c $((seconds * rate)) "$target"
}
others_end() { wait_for $((seconds * 3)) is_gone "$(pid_of others)"; }
held() { # whom they hold: names
	local name
	for name in "${ends[@]}"; do
		ctl "$name" --json fdb | jq -r --arg name "$name" '.ports[] |
			select(.held_for_s > 0) | "\($name) holds \(.peer)"'
	done
}
is_held() { [ -n "$(held)" ]; }
none_held() { same "" "$(held)"; }

# Any end of the loop may be the one that cuts it: a line of its log names both
# sides, as it sees them.
ends=(hub red green)
note_logs() {
	local name
	for name in "${ends[@]}"; do
		wc -l <"$RUN/$name.log" >"$RUN/$name.noted"
	done
}
found() {
	local name
	for name in "${ends[@]}"; do
		tail -n "+$(($(cat "$RUN/$name.noted") + 1))" "$RUN/$name.log" |
			grep -E 'peer [^ ]+ is held for .* from (peer|this host)' |
			sed "s/^/$name: /"
	done | grep .
}

# Who was learned by the other way is there until he is heard again: a broadcast
# that asks for him does that.
reaches() { # HOST ADDRESS
	ip_on "$1" neigh flush all
	ping_ok "$1" "$2"
}

# loop NAME HOSTS ADDRESS: the first of the hosts plugs its end of the second
# cable in, and out; meanwhile blue sends to the address.
loop() {
	local name=$1 host=${2%% *} target=$3 since late before station
	others_start
	others_end
	before=$(received)
	check "$name: before, blue is heard" less $((seconds * rate * 95 / 100)) \
		"$before"
	others_start
	note_logs
	ip_on "$host" link set lan up
	for station in $2; do
		wait_for 5 forwards "$station" lan || exit 1
	done
	since=$(now_ms)
	# Broadcasts, of blue as well: who has an address that nobody has?
	on hub ping -n -q -c 2 -i 0.2 -W 1 10.77.0.98 >/dev/null &
	on blue ping -n -q -c 2 -i 0.2 -W 1 10.77.0.99 >/dev/null &
	check "$name: found" wait_for 10 found
	late=$(($(now_ms) - since))
	check "$name: within 5 s" at_most "$late" 5000
	echo "# $name: after $late ms $(found | head -n 1)"
	check "$name: fdb says who is held" is_held
	check_not "$name: not blue" contains <(held) blue
	others_end
	check "$name: blue keeps 90 % of its rate" \
		at_most $((before * 9 / 10)) "$(received)"
	echo "# $name: blue before $before, with the loop $(received)"
	check_not "$name: blue was never held" contains <(found) 'blue is held'
	check "$name: the log is not flooded" at_most "$(found | wc -l)" 10
	ip_on "$host" link set lan down
	since=$(now_ms)
	for station in red green; do
		check "$name: the loop is gone: $station reaches blue" \
			wait_for 20 reaches $station 10.77.0.4
	done
	check "$name: nobody is held" wait_for 20 none_held
	late=$(($(now_ms) - since))
	check "$name: within the time that ports are held" at_most "$late" 15000
	echo "# $name: all is well after $late ms"
}

# ---- two spokes, bridged into the same LAN ----

hub_conf
addresses='' device_spoke=$(bridged)
for i in 1 2; do
	quiet_lan "${spokes[i - 1]}" "10.77.0.$((i + 1))/24"
	spoke_conf $i
done
unset addresses device_spoke
spoke_conf 3
second_cable red green
vpnd_start hub "${spokes[@]}"
check "up: red" pings blue 10.77.0.2
check "up: green" pings blue 10.77.0.3
check "up: hub" pings blue 10.77.0.1
loop "two spokes" "red green" 10.77.0.1
vpnd_stop hub
ip_on red link del lan

# ---- the tunnel, and a cable beside it ----

quiet_lan hub 10.77.0.1/24
device_hub=$(bridged)
hub_conf
sed -i 's|addresses = \[[^]]*\]|addresses = [ ]|' "$(conf_file hub)"
vpnd_start hub
second_cable hub green
check "the hub is bridged: up" pings blue 10.77.0.1
check "the hub is bridged: green" pings green 10.77.0.4
loop "a cable beside the tunnel" "hub green" 10.77.0.2
finish
