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
check "status tells when the handshake was" less 1000000000 "$handshake"
check "the endpoint is where b is" \
	wait_for 10 peer_is a b endpoint 10.99.0.2:51820

ip_on b addr del 10.99.0.2/24 dev vb
addr b vb 10.99.0.3/24
check "b speaks from another address: it works" pings b 10.77.0.1
check "a follows" wait_for 10 peer_is a b endpoint 10.99.0.3:51820
check "a reaches b" pings a 10.77.0.2

# b behind a NAT with one mapping, which the test changes at will: no conntrack,
# so that nothing of an earlier mapping lives on.
nat() { # PORT: outside, b's port is this one
	on b nft -f - <<-X
	table ip nat
	delete table ip nat
	table ip nat {
		chain out {
			type filter hook postrouting priority 0;
			udp sport 51820 udp sport set $1
		}
		chain in {
			type filter hook prerouting priority 0;
			udp dport 51820 drop
			udp dport $1 udp dport set 51820
		}
	}
	X
}
nat 20000
check "b's port changes: it works" pings b 10.77.0.1
check "a follows" wait_for 10 peer_is a b endpoint 10.99.0.3:20000
nat 20001
check "b's port changes, and only a sends: it is back" pings a 10.77.0.2
check "a follows b's keepalive" wait_for 10 peer_is a b endpoint 10.99.0.3:20001
on b nft delete table ip nat
check "without the NAT it works again" pings b 10.77.0.1
check "a follows" wait_for 10 peer_is a b endpoint 10.99.0.3:51820
check "all in one session" peer_is a b latest_handshake_s "$handshake"

# The idle side moves without a keepalive that is due: it tells a at once.
conf b 10.77.0.2/24 "" "$(peer a 10.99.0.1:51820 10.77.0.1/32)"
check "b has no keepalive any more" ctl b reload
ip_on b addr del 10.99.0.3/24 dev vb
addr b vb 10.99.0.4/24
check "the idle side moved: a reaches it without b sending data" \
	pings a 10.77.0.2
check "a follows the idle side" \
	wait_for 10 peer_is a b endpoint 10.99.0.4:51820

# The underlay changes its family.
conf b 10.77.0.2/24 "" "$(peer a "[fd99::1]:51820" 10.77.0.1/32)"
check "b's endpoint for a becomes IPv6" ctl b reload
check "it works" pings b 10.77.0.1
check "a follows to IPv6" wait_for 10 peer_is a b endpoint "[fd99::2]:51820"
check "still in one session" peer_is a b latest_handshake_s "$handshake"
finish
