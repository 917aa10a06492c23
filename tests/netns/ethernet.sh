#!/bin/bash
# SPDX-License-Identifier: ISC
# ethernet.sh - two hosts joined by tap devices, compressed and under
# AES-256-GCM, over IPv4 and over IPv6: ARP, ND, the switch's table, MTU.
#
#   a  10.99.0.1 fd99::1  va ------ vb  10.99.0.2 fd99::2  b     underlay
#      10.77.0.1 fd77::1  vpn0 ==== vpn0  10.77.0.2 fd77::2      tunnel
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/l2lib.sh"
need_vpnd
lab_pair
keys a b
text_file "$RUN/file" 3000000

neighbour() { # HOST ADDRESS MAC: as its kernel found out
	same "$3" "$(ip_on "$1" -j neigh show "$2" dev vpn0 |
		jq -r '.[0].lladdr')"
}
both_say() { # FIELD WANTED
	wait_for 5 peer_is a b "$1" "$2" && wait_for 5 peer_is b a "$1" "$2"
}
is_local_unicast() { # MAC: locally administered, and not multicast
	[ $((0x${1%%:*} & 3)) -eq 2 ] || { echo "$1"; return 1; }
}
fdb_table() { # HOST MAC PEER: as people see it
	ctl "$1" fdb >"$RUN/fdb.out" &&
		contains "$RUN/fdb.out" "$2.*\\b$3\\b|\\b$3\\b.*$2"
}
round() { # NAME
	tap_pair ""
	vpnd_start a b
	mac_a=$(mac_of a) mac_b=$(mac_of b)
	check "$1: IPv4 inside, by ARP" pings a 10.77.0.2
	check "$1: IPv6 inside, by ND" pings a fd77::2
	check "$1: and back" pings b fd77::1
	check "$1: ARP found b's address" neighbour a 10.77.0.2 "$mac_b"
	check "$1: ND found the same" neighbour a fd77::2 "$mac_b"
	check "$1: a knows where b's is" fdb_has a "$mac_b" b
	check "$1: b knows where a's is" fdb_has b "$mac_a" a
	check "$1: vpnctl fdb shows it to people" fdb_table a "$mac_b" b
	check "$1: both compress" both_say compressor lz4
	check "$1: both use AES-256-GCM" both_say cipher_send aes256gcm
	check "$1: a file arrives unchanged over IPv4" \
		transfer a b 10.77.0.2 "$RUN/file"
	check "$1: a file arrives unchanged over IPv6" \
		transfer b a fd77::1 "$RUN/file"
	check "$1: a full-size packet passes in one piece" \
		wait_for 10 on a ping -n -q -c 1 -W 2 -M 'do' -s 1372 10.77.0.2
	check "$1: over IPv6, too" \
		wait_for 10 on a ping -n -q -c 1 -W 2 -M 'do' -s 1352 fd77::2
	check_is "$1: nothing was fragmented on the wire" 0 \
		"$(fragments)"
}
fragments() {
	local host n=0
	for host in a b; do
		n=$((n + $(on "$host" nstat -asz IpFragCreates Ip6FragCreates |
			awk '!/^#/ { n += $2 } END { print n + 0 }')))
	done
	echo "$n"
}

under=4 round "IPv4 outside"
check "the MAC address is a local one" is_local_unicast "$mac_a"
check_not "and not the other's" same "$mac_a" "$mac_b"

# ---- a frame of full size with a VLAN tag, too ----

long=$(printf 'x%.0s' $(seq 1400))
wire_packets() { # sent by a and not yet seen: larger than the path takes
	on a tcpdump -Z root -nr "$RUN/wire.pcap" 2>/dev/null | wc -l
}
hear b
capture a va wire 'ip[6:2] & 0x3fff != 0 or ip[2:2] > 1500'
check "1400 bytes and a tag arrive byte for byte" passes a b \
	"$(frame "$mac_b" "$mac_a" q7 88b5 "$long")"
quit wire
check_is "in one datagram that fits" 0 "$(wire_packets)"
deaf b

# ---- a stable address ----

vpnd_stop a
vpnd_start a
check_is "after a restart it has the same MAC address" "$mac_a" "$(mac_of a)"
check "and traffic passes" pings a 10.77.0.2
vpnd_stop a b

device_a='mac = "02:00:5e:10:00:01";'
under=6 round "IPv6 outside"
check_is "device.mac: that is its address" 02:00:5e:10:00:01 "$(mac_of a)"
check "nothing but traffic between them was dropped" at_most \
	"$(drop_count a VPN_FRAME)" 0
vpnd_stop a b

# ---- a tap and a tun ----

device_settings=
conf b 10.77.0.2/24,fd77::2/64 "" \
	"$(peer a '[fd99::1]:51820' 10.77.0.1/32,fd77::1/128)"
vpnd_start a b
check_not "the other end is a tun: nothing passes" pings a 10.77.0.2 3
link_is_told() {
	ctl a status >"$RUN/status.out" &&
		contains "$RUN/status.out" 'refused|\btun\b.*\btap\b|\btap\b.*\btun\b'
}
check "status says why" wait_for 3 link_is_told
link_counts() { # HOST ADDRESS: what it sends now is counted
	on "$1" ping -n -q -c 1 -W 1 "$2"
	less_drops "$1" VPN_LINK 0
}
check "so do the counters of a" wait_for 10 link_counts a 10.77.0.2
check "so do the counters of b" wait_for 10 link_counts b 10.77.0.1
vpnd_stop b

# ---- a plain WireGuard peer ----

wg_start b 10.77.0.2/24,fd77::2/64 a '[fd99::1]:51820' 10.77.0.0/24,fd77::/64
check_not "the other end is plain WireGuard: nothing passes" \
	pings a 10.77.0.2 3
plain_is_told() {
	ctl a status >"$RUN/status.out" &&
		contains "$RUN/status.out" 'refused|plain|WireGuard'
}
on b ping -c 20 -i 0.1 -W 1 10.77.0.1 >"$RUN/ping.out"
check "status says so" wait_for 3 plain_is_told
plain_counts() { # what it sends now is counted
	ping_ok a 10.77.0.2
	less_drops a VPN_PLAIN 0
}
check "so do the counters" wait_for 10 plain_counts
finish
