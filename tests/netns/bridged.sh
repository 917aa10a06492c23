#!/bin/bash
# SPDX-License-Identifier: ISC
# bridged.sh - two LANs joined: each host has a bridge of the kernel's with its
# station and the tap in it (device.bridge); stations reach each other, with
# full-size packets, and move from LAN to LAN.
#
#   sa eth0 -- pa [br0] vpn0 ==a=====b== vpn0 [br0] pb -- eth0 sb
#   10.78.0.1 fd78::1                            10.78.0.2 fd78::2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/l2lib.sh"
need_vpnd
lab_pair
host sa sb mover
keys a b
text_file "$RUN/file" 4000000
roamer=02:00:00:00:00:77

lans() { # makes both, with $mtu
	lan a
	lan b
	plug sa a pa
	plug sb b pb
	addr sa eth0 10.78.0.1/24 fd78::1/64
	addr sb eth0 10.78.0.2/24 fd78::2/64
	device_a=$(bridged) device_b=$(bridged) addresses_a='' addresses_b=''
	tap_pair
	vpnd_start a b
}
unlans() {
	vpnd_stop a b
	ip_on sa link del eth0
	ip_on sb link del eth0
	ip_on a link del br0
	ip_on b link del br0
}
stations() { # NAME
	check "$1: the tap is in the bridge" in_bridge a vpn0
	check "$1: stations meet by ARP" pings sa 10.78.0.2
	check "$1: and by ND" pings sb fd78::1
	check "$1: a full-size packet passes" wait_for 10 on sa ping -n -q -c 1 -W 2 \
		-M 'do' -s $((mtu - 28)) 10.78.0.2
	check "$1: TCP over IPv4, checksums left to the device" \
		transfer sa sb 10.78.0.2 "$RUN/file"
	check "$1: TCP over IPv6" transfer sb sa fd78::1 "$RUN/file"
	check "$1: a knows that sb is behind b" fdb_has a "$(mac_of sb eth0)" b
	check "$1: and b that sa is behind a" fdb_has b "$(mac_of sa eth0)" a
}

mtu=1400
lans
stations "MTU 1400"

# ---- tags ----

# The bridge and the tap take the tag off and on again.
dev=eth0
hear sb
check "a tagged frame crosses both bridges byte for byte" passes sa sb \
	"$(frame "$everybody" "$(mac_of sa eth0)" q10/3 88b5 "tagged")"
check "so does one with two tags" passes sa sb \
	"$(frame "$everybody" "$(mac_of sa eth0)" ad10 q11 88b5 "tagged twice")"
deaf sb
unset dev

# ---- a station moves ----

join() { # HOST DEV: the mover's cable, now here; then it says so
	ip_on mover link del eth0 2>/dev/null
	ip link add eth0 netns "$(ns mover)" address $roamer mtu "$mtu" \
		type veth peer name "$2" netns "$(ns "$1")" mtu "$mtu"
	addr mover eth0 10.78.0.3/24 fd78::3/64
	ip_on mover link set eth0 up
	ip_on "$1" link set "$2" master br0 up
	wait_for 5 forwards "$1" "$2" || exit 1
	dev=eth0 send mover \
		"$(frame "$everybody" $roamer arp 10.78.0.3 10.78.0.3)"
}
found_within_ms() { # LIMIT STATION ADDRESS
	local since
	since=$(now_ms)
	wait_for 5 ping_soon "$2" "$3" && at_most $(($(now_ms) - since)) "$1"
}
join a pm
check "the mover is in LAN a: sb reaches it" pings sb 10.78.0.3
check "b knows it behind a" fdb_has b $roamer a
check "sa reaches it" pings sa 10.78.0.3
for there in b a b; do
	join $there pm
	case $there in a) far=sb from=b ;; b) far=sa from=a ;; esac
	check "it moves to LAN $there: found at once" \
		found_within_ms 2000 "$far" 10.78.0.3
	check "over IPv6, too" found_within_ms 2000 "$far" fd78::3
	check "LAN $from knows it" fdb_has $from $roamer $there
done
check_not "nobody takes that for a loop" grep -qiE '\bloop\b' \
	"$RUN/a.log" "$RUN/b.log"

# ---- the tap leaves, and is put back by a restart ----

vpnd_stop a
gone() { ! ip_on a link show vpn0; }
check "vpnd of a ends: its tap is gone" wait_for 3 gone
check "the bridge stays" ip_on a link show br0
vpnd_start a
check "it starts again: in the bridge" in_bridge a vpn0
check "stations meet again" pings sa 10.78.0.2
unlans

# ---- frames of 1500 bytes, where the underlay takes more ----

ip_on a link set va mtu 1600
ip_on b link set vb mtu 1600
mtu=1500
lans
stations "MTU 1500"
finish
