#!/bin/bash
# SPDX-License-Identifier: ISC
# ethernet_guard.sh - what a peer may not do at Ethernet: serve DHCP or
# announce routers, use other addresses than its own, fill the table.
#
#   a  va ------ vb  b     b is the one that allows or not
#      vpn0 ==== vpn0
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/l2lib.sh"
need_vpnd
command -v busybox >/dev/null || skip_all "no busybox"
lab_pair
keys a b
one=02:00:00:00:00:01 two=02:00:00:00:00:02 three=02:00:00:00:00:03
tap_pair ""
vpnd_start a b
check "up" pings a 10.77.0.2
host_a=$(mac_of a) host_b=$(mac_of b)

# allow SENTENCE [SETTINGS OF B [WHAT A IS TO B [ALLOWED,IPS]]]: reloads b
allow() {
	device_settings=$tap
	conf b 10.77.0.2/24,fd77::2/64 "$l2_settings ${2:-}" \
		"$(peer a 10.99.0.1:51820 "${4:-}" "${3:-}")"
	check "$1: b is reloaded" ctl b reload
	# What a pretended to be it believes itself, until it hears better.
	ctl a fdb flush >/dev/null
	ctl b fdb flush >/dev/null
}

# ---- DHCP: a serves, b asks ----

cat >"$RUN/udhcpd.conf" <<-X
	start 10.77.0.100
	end 10.77.0.120
	interface vpn0
	lease_file $RUN/leases
	pidfile $RUN/udhcpd.own
	option subnet 255.255.255.0
	option lease 600
	X
: >"$RUN/leases"
cat >"$RUN/lease.sh" <<-'X'
	#!/bin/sh
	[ "$1" = bound ] && echo "$ip $serverid"
	exit 0
	X
chmod +x "$RUN/lease.sh"
spawn a udhcpd busybox udhcpd -f "$RUN/udhcpd.conf"
lease() { # asks TIMES
	on b timeout 20 busybox udhcpc -f -q -n -t "$1" -T 1 -A 1 -i vpn0 \
		-s "$RUN/lease.sh" >"$RUN/lease.out" 2>&1
}
allow "dhcp_server" "" 'dhcp_server = true;'
check "b gets an address from a" lease 5
check "and it is a's to give" contains "$RUN/lease.out" \
	'^10\.77\.0\.1[0-2][0-9] 10\.77\.0\.1$'
allow "no DHCP server"
no_lease() { ! lease 2 && contains "$RUN/lease.out" 'no lease'; }
check "b gets no address" dropped b VPN_GUARD no_lease
check "for no lease came" contains "$RUN/lease.out" 'no lease'
quit udhcpd

# ---- router advertisements ----

hear b
advertisement=$(frame 33:33:00:00:00:01 "$host_a" ra fe80::1)
check "a's router advertisement is dropped" \
	refused a b "$advertisement" VPN_GUARD
check "behind a VLAN tag as well" refused a b \
	"$(frame 33:33:00:00:00:01 "$host_a" q10 ra fe80::1)" VPN_GUARD
allow "router" "" 'router = true;'
check "a router's arrives" passes a b "$advertisement"

# ---- static addresses ----

allow "macs" "" "macs = [ \"$host_a\", \"$one\" ];"
check "its addresses are in the table before a frame comes" \
	fdb_has b "$one" a
check "it may use one of them" passes a b \
	"$(frame "$everybody" "$one" 88b5 "mine")"
check "and no other" refused a b \
	"$(frame "$everybody" "$two" 88b5 "not mine")" VPN_MAC_LOCKED
check "traffic goes on" pings a 10.77.0.2 2
check "b's host may not use one of them" dropped b VPN_MAC_MOVE \
	send b "$(frame "$everybody" "$one" 88b5 "stolen")"
allow "no macs"
check "any may be used again" passes a b \
	"$(frame "$everybody" "$two" 88b5 "anybody's")"
check "but the address of b's device" dropped b VPN_MAC_MOVE \
	send a "$(frame "$everybody" "$host_b" 88b5 "yours")"

# ---- allowed_ips ----

allow "allowed_ips" "" "" 10.77.0.1/32,10.77.5.0/24,fd77::1/128,fe80::/64
check "its own addresses pass" pings a 10.77.0.2 3
check "those of IPv6, too" pings a fd77::2 3
claims() { frame "$everybody" "$host_a" arp "$1" 10.77.0.2; } # ADDRESS
check "an ARP sender that is allowed" passes a b "$(claims 10.77.5.5)"
check "one that is not" refused a b "$(claims 10.77.0.2)" VPN_NEIGH
check "a probe says nothing, and passes" passes a b "$(claims 0.0.0.0)"
check "an ND target that is allowed" passes a b \
	"$(frame 33:33:00:00:00:01 "$host_a" na fe80::1 fd77::1)"
check "one that is not" refused a b \
	"$(frame 33:33:00:00:00:01 "$host_a" na fe80::1 fd77::2)" VPN_NEIGH
spoof() { frame "$host_b" "$host_a" "$@" spoof; }
check "IPv4 of a wrong source" refused a b \
	"$(spoof udp 10.77.9.9 10.77.0.2)" IP_RPFILTER
check "behind a tag" refused a b \
	"$(spoof q10 udp 10.77.9.9 10.77.0.2)" IP_RPFILTER
check "IPv6 of a wrong source" refused a b \
	"$(spoof udp fd99::9 fd77::2)" IP_RPFILTER
check "other protocols pass" passes a b \
	"$(frame "$everybody" "$host_a" 88b5 "no address")"
check "but nothing that claims to be IPv4 and is not" dropped b IP_INHDR \
	send a "$(frame "$everybody" "$host_a" 0800 "this is no IPv4 packet")"
learned_from_spoof() {
	send a "$(frame "$host_b" "$three" udp 10.77.9.9 10.77.0.2 spoof)"
	mark a b && fdb_has b "$three" a
}
check_not "the sender of what is dropped is not learned" learned_from_spoof

# ---- how many addresses ----

allow "max_macs_per_peer" 'l2 = { max_macs_per_peer = 3; };'
many() { # twenty senders
	local i
	for i in $(seq 10 29); do
		send a "$(frame "$everybody" "02:00:00:00:01:$i" 88b5 "many")"
	done
}
learned() { # HOST PEER: how many
	ctl "$1" --json fdb "$2" | jq '.entries | length'
}
check "the fourth address is too many" dropped b VPN_MAC_QUOTA many
check_is "three are known" 3 "$(learned b a)"
allow "enough again"
many
check "reloaded: all are taken" mark a b
check "twenty are known" less 19 "$(learned b a)"
finish
