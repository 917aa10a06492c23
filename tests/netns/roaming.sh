#!/bin/bash
# SPDX-License-Identifier: ISC
# roaming.sh - one side changes its address or its port; the session lives on.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2, later 10.99.0.3 and fd99::2  b
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2
# b's port changes the way it does behind a NAT that forgot it.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b
conf a 10.77.0.1/24 "" "$(peer b - 10.77.0.2/32)"
conf b 10.77.0.2/24 "" "$(peer a 10.99.0.1:51820 10.77.0.1/32 \
	'keepalive = "1s";')"
vpnd_start a b
check "up" pings b 10.77.0.1
handshake=$(peer_field a b latest_handshake_s)
check "the endpoint is where b is" \
	wait_for 3 peer_is a b endpoint 10.99.0.2:51820

ip_on b addr del 10.99.0.2/24 dev vb
addr b vb 10.99.0.3/24
check "b speaks from another address: it works" pings b 10.77.0.1
check "a follows" wait_for 3 peer_is a b endpoint 10.99.0.3:51820
check "a reaches b" pings a 10.77.0.2

nat() { # PORT: b's packets leave from this port
	on b nft -f - <<-X
	table ip nat
	delete table ip nat
	table ip nat {
		chain out {
			type nat hook postrouting priority 100;
			udp sport 51820 masquerade to :$1
		}
	}
	X
	forget_flows
}
# Without the conntrack tool: a flow is forgotten when its rule set changes and
# its time is over.
forget_flows() {
	on b sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1 \
		net.netfilter.nf_conntrack_udp_timeout_stream=1
}
nat 20000
vpnd_stop b
vpnd_start b
check "b behind a NAT: up" pings b 10.77.0.1
check "a sees the NAT's port" wait_for 5 peer_is a b endpoint 10.99.0.3:20000

# The idle side moves: only a sends.
vpnd_stop b
on b nft delete table ip nat
vpnd_start b
check "without the NAT again: up" pings b 10.77.0.1
check "a sees b's own port" wait_for 5 peer_is a b endpoint 10.99.0.3:51820
ip_on b addr add 10.99.0.4/24 dev vb
ip_on b addr del 10.99.0.3/24 dev vb
check "the idle side moved: a reaches it without b sending data" \
	pings a 10.77.0.2 5
check "a follows the idle side" \
	wait_for 3 peer_is a b endpoint 10.99.0.4:51820

# An old packet from the old place must not move the endpoint back.
ip_on b addr del 10.99.0.4/24 dev vb
addr b vb 10.99.0.2/24
check "back to the first address: it works" pings b 10.77.0.1
check "a follows back" wait_for 3 peer_is a b endpoint 10.99.0.2:51820
session=$(peer_field a b latest_handshake_s)
check "status told a handshake time throughout" \
	test -n "$handshake" -a -n "$session"
finish
