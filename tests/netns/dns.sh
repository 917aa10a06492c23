#!/bin/bash
# SPDX-License-Identifier: ISC
# dns.sh - an endpoint is a name, and the name changes its address.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2, later 10.99.0.3  b
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2
# a asks a name server of its own at 127.0.0.1, whose answers live 1 s.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b
mkdir -p "/etc/netns/$(ns a)"
echo "nameserver 127.0.0.1" >"/etc/netns/$(ns a)/resolv.conf"
ss_has_nameserver() { on a ss -Hlun "sport = :53" | grep -q .; }
zone() { printf '%s\n' "$@" >"$RUN/zone.new"; mv "$RUN/zone.new" "$RUN/zone"; }
conf a 10.77.0.1/24 "" "$(peer b b.example.net:51820 10.77.0.2/32)"
conf b 10.77.0.2/24 "" "$(peer a - 10.77.0.1/32)"

zone "other.example.net A 10.99.0.9 1"
spawn a nameserver python3 "$test_dir/nameserver.py" 127.0.0.1 "$RUN/zone"
check "the name server runs" wait_for 5 grep -q ready "$RUN/nameserver.log"
vpnd_start a b
check "a starts although the name does not exist" ctl a status
check "it asked for it" wait_for 5 grep -q b.example.net "$RUN/nameserver.log"
zone "b.example.net A 10.99.0.2 1"
check "the name appears: b is reached" pings a 10.77.0.2 30
check "at its address" wait_for 3 peer_is a b endpoint 10.99.0.2:51820

vpnd_stop b
ip_on b addr del 10.99.0.2/24 dev vb
addr b vb 10.99.0.3/24
zone "b.example.net A 10.99.0.3 1"
rm -rf "$RUN/b.state" # b must not find a by itself
vpnd_start b
check "the name has another address: b is reached" pings a 10.77.0.2 30
check "there" wait_for 3 peer_is a b endpoint 10.99.0.3:51820

zone "b.example.net AAAA fd99::2 1"
vpnd_stop a
rm -rf "$RUN/a.state"
vpnd_start a
check "the name has an IPv6 address only: b is reached" pings a 10.77.0.2 30
check "over IPv6" wait_for 3 peer_is a b endpoint "[fd99::2]:51820"

quit nameserver
check "the name server is gone: the session lives on" pings a 10.77.0.2 3
vpnd_stop a
vpnd_start a
check "restarted without a name server: the last endpoint serves" \
	pings a 10.77.0.2 10
vpnd_stop a b

# ---- one of two addresses is dead, on the way to b ----

blackhole() { # FAMILY
	on b nft -f - <<-X
	table inet dead
	delete table inet dead
	table inet dead {
		chain in {
			type filter hook input priority 0;
			meta nfproto $1 udp dport 51820 drop
		}
		chain out {
			type filter hook postrouting priority 0;
			meta nfproto $1 udp sport 51820 drop
		}
	}
	X
}
addr b vb 10.99.0.2/24
zone "b.example.net A 10.99.0.2 1" "b.example.net AAAA fd99::2 1"
spawn a nameserver python3 "$test_dir/nameserver.py" 127.0.0.1 "$RUN/zone"
check "the name server runs again" wait_for 5 ss_has_nameserver
rm -rf "$RUN/a.state" "$RUN/b.state"
blackhole ipv4
vpnd_start b a
check "the name has two addresses, the first is dead: b is reached" \
	pings a 10.77.0.2 8
check "at the second" peer_is a b endpoint "[fd99::2]:51820"
quit nameserver
blackhole ipv6
check "that one dies, without a name server: b is reached" \
	pings a 10.77.0.2 30
check "at the first" peer_is a b endpoint "10.99.0.2:51820"
finish
