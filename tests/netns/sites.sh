#!/bin/bash
# SPDX-License-Identifier: ISC
# sites.sh - two networks joined by their routers, as README tells it: the
# tunnel of the two first, then the networks behind them, by a reload.
#
#   pc1  10.1.0.2 fd01::2 --- 10.1.0.1 fd01::1  left   10.77.0.1  10.99.0.1
#                                                 ||                  |
#   pc2  10.2.0.2 fd02::2 --- 10.2.0.1 fd02::1  right  10.77.0.2  10.99.0.2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
host left right pc1 pc2
wire left wan right wan
addr left wan 10.99.0.1/24
addr right wan 10.99.0.2/24
number=1
for site in left right; do
	wire "$site" lan "pc$number" lan
	addr "$site" lan "10.$number.0.1/24" "fd0$number::1/64"
	addr "pc$number" lan "10.$number.0.2/24" "fd0$number::2/64"
	ip_on "pc$number" route add default via "10.$number.0.1"
	ip_on "pc$number" -6 route add default via "fd0$number::1"
	number=$((number + 1))
done
keys left right
random_file "$RUN/file" "${FILE_BYTES:-20000000}"

confs() { # [NETWORKS OF LEFT, AND OF RIGHT, behind a comma each]
	conf left 10.77.0.1/24 'compress = "lz4";' \
		"$(peer right - "10.77.0.2/32${2:-}")"
	conf right 10.77.0.2/24 'compress = "lz4";' "$(peer left \
		10.99.0.1:51820 "10.77.0.1/32${1:-}" 'keepalive = "25s";')"
}
forwards() { # HOST
	on "$1" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
}
has_route() { # HOST NETWORK
	ip_on "$1" route show | grep -q "^$2 dev vpn0"
}
spoofs() { # SENTENCE of what right drops: pc1 has an address that left's peer has not
	ip_on pc1 addr add 10.3.0.2/32 dev lan
	on pc1 ping -n -q -c 1 -W 1 -I 10.3.0.2 10.2.0.2
	ctl right drops >"$RUN/drops.out"
	contains "$RUN/drops.out" 'IP_RPFILTER'
}

confs
vpnd_start left right
check "the routers reach each other" pings right 10.77.0.1
check_not "the networks are not joined yet" ping_ok pc1 10.2.0.2
forwards left
forwards right
confs ,10.1.0.0/24,fd01::/64 ,10.2.0.0/24,fd02::/64
check "left is reloaded" ctl left reload
check "right is reloaded" ctl right reload
check "left has a route to right's network" has_route left 10.2.0.0/24
check "right has one to left's" has_route right 10.1.0.0/24
check "pc1 reaches pc2" pings pc1 10.2.0.2
check "and over IPv6" pings pc1 fd02::2
check "a file arrives unchanged over IPv4" \
	transfer pc1 pc2 10.2.0.2 "$RUN/file"
check "and back over IPv6" transfer pc2 pc1 fd01::2 "$RUN/file"
check "what is no address of left's network is dropped, and named" spoofs
finish
