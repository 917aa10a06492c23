#!/bin/bash
# SPDX-License-Identifier: ISC
# reasons_out.sh - what is dropped on its way out, on tun, and what a device, an
# underlay or a kernel that are in trouble lose in both directions. See
# reasonslib.sh, and inject.c for what a kernel does not do when it is asked.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/reasonslib.sh"
need_vpnd
inject=${VPND_TESTS:-${VPND_BUILD:-.}}/inject.so
[ -e "$inject" ] || skip_all "inject.so is not built: make inject.so"
lab_pair
addr b vb 10.99.0.13/24 10.99.0.14/24 10.99.0.15/24
keys a b c dead astray slow strict other

# dead: nobody answers; strict: has to have the extension; other: has a tap device
write() { # [PEER...]: slow, which has a rate, at first
	conf a 10.77.0.1/24,fd77::1/64 "" \
		"$(peer b 10.99.0.2:51820 10.77.0.2/32,fd77::2/128)" \
		"$(peer c - 10.77.0.3/32)" \
		"$(peer dead 10.99.0.99:51820 10.77.0.4/32)" \
		"$(peer strict 10.99.0.13:51820 10.77.0.7/32 \
			'extension = "required";')" \
		"$(peer other 10.99.0.14:51820 10.77.0.8/32)" "$@"
}
stranger b 10.99.0.2
stranger strict 10.99.0.13
stranger other 10.99.0.14
stranger slow 10.99.0.15
slow() { write "$(peer slow 10.99.0.15:51820 10.77.0.9/32 "rate = \"$1\";")"; }
slow 500kbit
: >"$RUN/faults"
fault() { # SEND WRITE: errno of each; of what is sent, only $good's datagram
	"$python" -c 'import struct, sys
open(sys.argv[1], "r+b").write(struct.pack("3i", *map(int, sys.argv[2:])))' \
		"$RUN/faults" "$@" "$good_datagram"
}
to() { udp 10.77.0.1 "10.77.0.$1" "${@:2}"; } # NUMBER [PORT [LEN]]
# No handshake, HELLO or probe, which are due when they are due, is as long as
# this packet in its datagram.
good=$(to 2 53 704)
good_datagram=$((${#good} / 2 + 32))
fault 0 0
quiet
LD_PRELOAD=$inject FAULTS=$RUN/faults vpnd_start a
for name in b strict other slow; do
	check "$name has a session" session "$name"
done
check "other says that it has a tap device" order other hello 2
witnesses_begin

# ---- what the host sends ----

lost_out tun_read UNHANDLED_PROTO "$(put "$good" 0 55)"
lost_out ip_out IP_INHDR "$(put "$good" 0 44)"
lost_out ip_out IP_CSUM "$(put "$good" 10 0000)"
lost_out ip_out PKT_TOO_SMALL "$(cut_to "$good" 40)"
lost_out ip_out IPV6_BAD_EXTHDR "$(six fd77::1 fd77::2 60 3bff010400000000)"
lost_out route IP_OUTNOROUTES "$(to 100)"
lost_out neigh NEIGH_DEAD "$(to 3)" peer=c
lost_out neigh VPN_LINK "$(to 8)" peer=other

# strict is known to be plain once three HELLOs had no answer.
check "strict is found to be plain" wait_for 20 peer_is a strict state refused
lost_out neigh VPN_PLAIN "$(to 7)" peer=strict

# The device takes more than a peer, or a buffer.
check "b takes no more than 1300 bytes" order b hello 1 1300
lost_out mtu PKT_TOO_BIG "$(to 2 53 1400)" peer=b
check "b takes more again" order b hello 1
ip_on a link set vpn0 mtu 20000
names out tun_read PKT_TOO_BIG peer=- by=none from_host "$(to 2 53 12000)"
ip_on a link set vpn0 mtu 1420

# ---- what waits ----

# Of what fits, the last waits for a fifth of a second.
names out qdisc QDISC_CONGESTED n=1+ peer=slow from_host "$(to 9 53 1000)" 30
slower() { slow 8kbit && reload_a; }
check "slow has a lower rate" slower
names out qdisc QDISC_OVERLIMIT n=5+ peer=slow from_host "$(to 9 53 1000)" 100
slow_goes() { write && reload_a; }
names out qdisc QDISC_DROP n=1+ peer=slow slow_goes

# ---- the underlay ----

# The messages of handshakes, which are no packets that a trace could show.
astray() { # ADDRESS: a peer's endpoint; vpnd says hello to it
	write "$(peer astray "$1:51820" 10.77.0.6/32)" && reload_a &&
		from_host "$(to 6)"
}
names out encap RECURSION_LIMIT n=1+ peer=astray by="follow capture" \
	as="an endpoint in the tunnel" astray 10.77.0.99
names out encap VPN_UNREACHABLE n=1+ peer=astray by="follow capture" \
	as="no route" astray 192.0.2.1
check "without that peer" slow_goes
refused() {
	on a nft -f - <<-X
	table inet refuse {
		chain out { type filter hook output priority 0;
			udp sport 51820 udp length $((8 + good_datagram)) drop; }
	}
	X
	from_host "$good"
}
names out encap NETFILTER_DROP refused
on a nft delete table inet refuse
failing() { # SEND WRITE COMMAND...: errno of each
	fault "$1" "$2"
	"${@:3}"
}
names out encap VPN_SENDBUF as="ENOBUFS" failing 105 0 from_host "$good"
fault 0 0
names out encap NOMEM as="ENOMEM" failing 12 0 from_host "$good"
fault 0 0
names out encap VPN_DATAGRAM_SIZE as="EMSGSIZE" failing 90 0 from_host "$good"
fault 0 0

# ---- the device ----

inner=$(udp 10.77.0.2 10.77.0.1)
names in tun_write DEV_HDR as="EINVAL" failing 0 22 order b inner "$inner"
fault 0 0
names in tun_write NOMEM as="ENOBUFS" failing 0 105 order b inner "$inner"
fault 0 0
names out tun_read FULL_RING n=100+ peer=- by=none asleep from_host "$good" 400
# The kernel tells of them with the next datagram that there was room for.
flood() {
	asleep order b datagram "$(printf '04000000%02000d' 0)" 20000
	wait_for 5 overflow_is_told
}
overflow_is_told() {
	order b datagram 040000
	ctl a --json drops |
		jq -e '.drops[] | select(.reason == "SOCKET_RCVBUFF")'
}
names in outer SOCKET_RCVBUFF n=1+ peer=- by=none flood
# Late: 90 s after what it was asked to bring vpnd gives up, and drops it.
slowly() { # not more at once than a live trace has room for
	for _ in $(seq 10); do from_host "$(to 4 53 1400)" 25; done
}
names out neigh NEIGH_QUEUEFULL n=10+ peer=dead slowly
ip_on a link set vpn0 down
check "status knows that the device is down" \
	wait_for 5 status_is a .tunnel.device_up false
lost_in tun_write DEV_READY "$inner"

witnesses_end
vpnd_stop a
finish
