#!/bin/bash
# SPDX-License-Identifier: ISC
# tap.sh - the basics of a tap tunnel: its device, its MAC address, its MTU,
# its place in a bridge, and peers that it must refuse.
#
#   a  10.99.0.1 fd99::1  va ------ vb  10.99.0.2 fd99::2  b
#      10.77.0.1 fd77::1  vpn0 ==== vpn0  10.77.0.2 fd77::2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b

# tap_conf HOST DEVICE ADDRESSES SETTINGS PEER...: as conf, on a tap device with
# more settings of the group device.
tap_conf() {
	local name=$1 device=$2
	shift 2
	conf "$name" "$@"
	sed -i "s|^device = {|& type = \"tap\"; $device|" "$(conf_file "$name")"
}
tap_pair() { # DEVICE OF A, ENDPOINT OF B
	tap_conf a "$1" 10.77.0.1/24,fd77::1/64 "" "$(peer b "$2" "")"
	tap_conf b "" 10.77.0.2/24,fd77::2/64 "" "$(peer a - "")"
}
mac() { ip_on "$1" -j link show "${2:-vpn0}" | jq -r '.[0].address'; }
routes() { ip_on a route; ip_on a -6 route; }
master() { ip_on a -j link show vpn0 | jq -r '.[0].master // "none"'; }
master_is() { same "$1" "$(master)"; }
state_is_before() { host_state a "$RUN/after" && diff "$RUN/before" "$RUN/after"; }

# ---- the device ----

host_state a "$RUN/before"
tap_pair "" 10.99.0.2:51820
vpnd_start a b
check "over IPv4: IPv4 passes" pings a 10.77.0.2
check "IPv6 passes" pings b fd77::1
check "the device is a tap" \
	sh -c "ip -n '$(ns a)' -d link show vpn0 | grep -q 'tun type tap'"
first=$(mac a)
check_is "status shows its MAC address" "$first" "$(status a .tunnel.mac)"
check_is "it is locally administered and unicast" fe "${first%%:*}"
check "the other host has another one" not same "$first" "$(mac b)"

quit a KILL
vpnd_start a
check_is "killed and started: the same MAC address" "$first" "$(mac a)"
check "it works" pings a 10.77.0.2
vpnd_stop a
check "stopped: nothing is left" state_is_before
vpnd_start a
check_is "restarted: the same MAC address" "$first" "$(mac a)"
ip_on a link del vpn0
is_first() { same "$first" "$(mac a)"; }
check "deleted and made again: the same MAC address" wait_for 10 is_first
check "it works" pings a 10.77.0.2
ip_on a link set vpn0 address 02:00:00:00:00:77
is_by_hand() { same 02:00:00:00:00:77 "$(mac a)"; }
check "a change by hand is not fought" stays 500 is_by_hand
check "and status shows it" wait_for 10 status_is a .tunnel.mac 02:00:00:00:00:77
vpnd_stop a

tap_conf a 'mac = \"06:11:22:33:44:55\";' 10.77.0.1/24 "" \
	"$(peer b 10.99.0.2:51820 10.77.0.2/32,10.88.0.0/24,0.0.0.0/0)"
vpnd_start a
check_is "a MAC address of the configuration" 06:11:22:33:44:55 "$(mac a)"
check "it works" pings a 10.77.0.2
check_not "allowed_ips make no routes" grep -q 10.88 <(routes)
check_not "nor a default route" \
	grep -qE 'default (via|dev)|fwmark' <(routes; ip_on a rule)
vpnd_stop a

tap_pair "" 10.99.0.2:51820
ip_on a tuntap add vpn0 mode tap
ip_on a link set vpn0 address 02:00:00:00:00:88
vpnd_start a
check_is "a device that was there before gets the MAC address" \
	"$first" "$(mac a)"
check "it works" pings a 10.77.0.2
vpnd_stop a
check_is "stopped: it has its own again" 02:00:00:00:00:88 "$(mac a)"
check_not "it is down" grep -q UP <(ip_on a link show vpn0)
check_not "it has no address" grep -q inet <(ip_on a addr show vpn0)
ip_on a tuntap del vpn0 mode tap
ip_on a tuntap add vpn0 mode tun
refuses() { # PATTERN
	local code
	on a timeout 5 "$VPND" --socket "$RUN/a.run/ctl.sock" \
		--state-dir "$RUN/a.state" "$(conf_file a)" >"$RUN/out" 2>&1
	code=$?
	same 1 "$code" && contains "$RUN/out" "$1"
}
check "a tun device of that name is refused" refuses 'vpn0: .*is no tap device'
ip_on a tuntap del vpn0 mode tun

# ---- MTU: full frames are not fragmented ----

cat >"$RUN/send.py" <<'X'
"""send.py DEVICE VLAN DESTINATION: 20 frames with 1400 bytes of payload."""
import os, socket, struct, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
head = bytes.fromhex(sys.argv[3].replace(":", "")) + s.getsockname()[4]
if int(sys.argv[2]):
    head += struct.pack(">HH", 0x8100, int(sys.argv[2]))
for _ in range(20):
    s.send(head + struct.pack(">H", 0x88b5) + os.urandom(1400))
X
fragments() { # made by a, of both families
	on a nstat -asz IpFragCreates Ip6FragCreates |
		awk '/FragCreates/ { n += $2 } END { print n + 0 }'
}
received() { ip_on b -j -s link show vpn0 | jq '.[0].stats64.rx.packets'; }
arrived() { less "$1" "$(received)"; }
# The largest IP packet of the tunnel on the wire.
largest() { # NAME
	tcpdump -n -v -r "$RUN/$1.pcap" 2>/dev/null | sed -En \
		-e 's/.*payload length: ([0-9]+)\).*/\1 40/p' \
		-e 's/.*proto UDP.*, length ([0-9]+)\).*/\1 0/p' |
		awk '$1 + $2 > n { n = $1 + $2 } END { print n + 0 }'
}
full_frames() { # NAME ENDPOINT LARGEST
	local before
	tap_pair "" "$2"
	# so that the capture sees each datagram
	sed -i 's/51820; }/51820; udp_gso = "off"; }/' "$(conf_file a)"
	vpnd_start a
	check "$1: it works" pings a 10.77.0.2
	check_is "$1: the MTU" 1400 "$(status a .tunnel.mtu)"
	before=$(fragments)
	check "$1: capture" capture a va "$1" udp port 51820
	check "$1: IPv4 packets of 1400 bytes pass" \
		on a ping -n -q -M do -c 3 -i 0.05 -W 1 -s 1372 10.77.0.2
	check "$1: IPv6 packets of 1400 bytes pass" \
		on a ping -n -q -M do -c 3 -i 0.05 -W 1 -s 1352 fd77::2
	check_not "$1: the device takes none of 1401" \
		on a ping -n -q -M do -c 1 -W 1 -s 1373 10.77.0.2
	count=$(received)
	on a python3 "$RUN/send.py" vpn0 7 "$(mac b)"
	check "$1: frames of 1400 bytes with a VLAN tag pass" \
		wait_for 10 arrived $((count + 19))
	capture_end "$1"
	check_is "$1: nothing was fragmented" "$before" "$(fragments)"
	check_is "$1: the largest packet outside" "$3" "$(largest "$1")"
	vpnd_stop a
}
# 20 or 40 IP, 8 UDP, 32 WireGuard, 2 vpnd, 14 Ethernet, 4 VLAN tag, 1400
full_frames v4 10.99.0.2:51820 1480
full_frames v6 "[fd99::2]:51820" 1500

# ---- a bridge ----

bridged_pair() {
	tap_conf a 'bridge = \"br0\";' "" "" "$(peer b 10.99.0.2:51820 "")"
}
make_bridge() {
	ip_on a link add br0 type bridge
	ip_on a addr add 10.77.0.1/24 dev br0
	ip_on a link set br0 up
}
bridged_pair
make_bridge
vpnd_start a
wait_for 10 master_is br0 >/dev/null
vpnd_stop a # a bridge without ports is another one before its first port
host_state a "$RUN/before"
vpnd_start a
wait_for 10 master_is br0 >/dev/null
vpnd_stop a
check "started and stopped: nothing is left" wait_for 5 state_is_before
vpnd_start a
check "the device is a port of the bridge" master_is br0
check "the bridge reaches the peer" pings a 10.77.0.2
check "the peer reaches the bridge" pings b 10.77.0.1
ip_on a link del vpn0
check "deleted: it is a port again" wait_for 10 master_is br0
check "it works" pings a 10.77.0.2
ip_on a link del br0
check "the bridge is deleted: the device stays" wait_for 10 master_is none
check "the log says that it is missing" wait_for 10 contains "$RUN/a.log" \
	'bridge br0: there is none'
make_bridge
check "the bridge is made again: joined" \
	wait_for 10 master_is br0
check "it works" pings a 10.77.0.2
ip_on a link set vpn0 nomaster
check "taken out by hand: it stays out" stays 500 master_is none
vpnd_stop a
ip_on a link del br0
vpnd_start a
check "started without the bridge: the device waits" master_is none
make_bridge
check "it is made: joined" wait_for 10 master_is br0
check "it works" pings a 10.77.0.2
quit a KILL
ip_on a link del br0
ip_on a tuntap add br0 mode tap
check "what is no bridge is refused" refuses 'host: .*master'
ip_on a tuntap del br0 mode tap

# ---- peers that are refused ----

conf a 10.77.0.1/24 "" "$(peer b 10.99.0.2:51820 10.77.0.2/32)"
vpnd_start a
refused() { # HOST PEER PATTERN
	ctl "$1" status >"$RUN/status.out"
	contains "$RUN/status.out" "$3"
}
check "tun against tap: status says so on the tun side" \
	wait_for 10 refused a b 'tap'
check "and on the tap side" wait_for 10 refused b a 'tun'
check_not "nothing passes" ping_ok a 10.77.0.2
vpnd_stop a

if command -v wireguard-go >/dev/null; then
	wg_start a 10.77.0.1/24 b 10.99.0.2:51820 10.77.0.2/32
	on a ping -n -q -c 2 -W 1 10.77.0.2 >/dev/null
	check "plain WireGuard: status says why it is refused" \
		wait_for 20 refused b a 'WireGuard|extension'
	check_not "nothing passes" ping_ok a 10.77.0.2
else
	result 0 "plain WireGuard # SKIP no wireguard-go"
fi
finish
