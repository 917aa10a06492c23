#!/bin/bash
# SPDX-License-Identifier: ISC
# default_route.sh - 0.0.0.0/0 and ::/0 go through the tunnel, the underlay
# stays reachable, the daemon's own packets do not loop, and all is as before
# once the daemon has stopped.
#
#   a  10.98.0.1 fd98::1  va --- vra  r  vrb --- vb  10.99.0.2 fd99::2  b
#      default via r                                 198.51.100.1 2001:db8::1
#      10.77.0.1 fd77::1  vpn0 =================== vpn0  10.77.0.2 fd77::2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
host a r b
wire a va r vra
wire r vrb b vb
addr a va 10.98.0.1/24 fd98::1/64
addr r vra 10.98.0.254/24 fd98::fe/64
addr r vrb 10.99.0.254/24 fd99::fe/64
addr b vb 10.99.0.2/24 fd99::2/64
addr b lo 198.51.100.1/32 2001:db8::1/128
on r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip_on a route add default via 10.98.0.254
ip_on a route add default via fd98::fe
ip_on b route add default via 10.99.0.254
ip_on b route add default via fd99::fe
on a sysctl -qw net.ipv4.conf.all.rp_filter=1 # strict
keys a b

# What a lets out unencrypted for the hosts that only the tunnel may reach.
on a nft -f - <<'X'
table inet leak {
	counter plain { }
	chain out {
		type filter hook postrouting priority 0;
		oifname "va" ip daddr 198.51.100.1 counter name plain
		oifname "va" ip6 daddr 2001:db8::1 counter name plain
	}
}
X
leaked() { on a nft -j list counter inet leak plain | jq '.nftables[1].counter.packets'; }
outer_packets() { ip_on a -j -s link show va | jq '.[0].stats64.tx.packets'; }
goes_by() { # ADDRESS DEVICE
	ip_on a route get "$1" | grep -q "dev $2"
}

round() { # NAME, ENDPOINT OF B
	host_state a "$RUN/before"
	conf a 10.77.0.1/24,fd77::1/64 "" "$(peer b "$2" 0.0.0.0/0,::/0)"
	conf b 10.77.0.2/24,fd77::2/64 "" "$(peer a - 10.77.0.1/32,fd77::1/128)"
	vpnd_start a b
	check "$1: the far IPv4 host answers" pings a 198.51.100.1
	check "$1: the far IPv6 host answers" pings a 2001:db8::1
	check "$1: IPv4 goes by the tunnel" goes_by 198.51.100.1 vpn0
	check "$1: IPv6 goes by the tunnel" goes_by 2001:db8::1 vpn0
	check "$1: the local network stays outside" goes_by 10.98.0.254 va
	check "$1: the local router answers" pings a 10.98.0.254
	random_file "$RUN/file" 2000000
	check "$1: a file arrives unchanged" \
		transfer a b 198.51.100.1 "$RUN/file"
	check_is "$1: nothing left unencrypted" 0 "$(leaked)"
	check "$1: the daemon's own packets do not loop" \
		no_recursion
	vpnd_stop a b
	host_state a "$RUN/after"
	check "$1: routes, rules, addresses are as before" \
		diff "$RUN/before" "$RUN/after"
	check "$1: the default route works again" pings a 10.99.0.2
}
no_recursion() { # 20 pings, and the wire carries about as many packets
	local before after
	before=$(outer_packets)
	on a ping -n -q -i 0.01 -c 20 -W 2 198.51.100.1 || return 1
	after=$(outer_packets)
	less $((after - before)) 40
}

round "endpoint over IPv4" 10.99.0.2:51820
round "endpoint over IPv6" "[fd99::2]:51820"

conf a 10.77.0.1/24 'routes = "none";' \
	"$(peer b 10.99.0.2:51820 0.0.0.0/0)"
conf b 10.77.0.2/24 "" "$(peer a - 10.77.0.1/32)"
vpnd_start a b
check 'routes = "none": the tunnel carries its own network' pings a 10.77.0.2
check 'routes = "none": the default route is untouched' goes_by 198.51.100.1 va
vpnd_stop a b

conf a 10.77.0.1/24 'routes = 4242;' "$(peer b 10.99.0.2:51820 \
	198.51.100.0/24)"
vpnd_start a b
check 'routes = TABLE: the route stands in that table' \
	sh -c "ip -n '$(ns a)' route show table 4242 | grep -q 198.51.100.0/24"
check 'routes = TABLE: and not in main' \
	sh -c "! ip -n '$(ns a)' route show | grep -q 198.51.100.0/24"
vpnd_stop a b
finish
