#!/bin/bash
# SPDX-License-Identifier: ISC
# reasons_tun.sh - what the model of the host's receive path drops of IP packets
# on their way in, on tun: headers, addresses, vpnd as a router, its sockets.
# See reasonslib.sh.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/reasonslib.sh"
need_vpnd
lab_pair
keys a b c

conf a 10.77.0.1/24,fd77::1/64 'forwarding = "daemon"; sockets = (
	{ type = "echo"; address = "10.77.0.50"; port = 7;
		filter = "udp and less 600"; },
	{ type = "echo"; address = "10.77.0.50"; port = 9; },
	{ type = "ping"; address = "10.77.0.50"; },
	{ type = "client"; address = "10.77.0.50"; port = 5000;
		rcvbuf = 2304; },
	{ type = "client"; address = "10.77.0.50"; port = 5001;
		rcvbuf = 16777216; },
	{ type = "client"; address = "10.77.0.50"; port = 5002;
		rcvbuf = 16777216; } );' \
	"$(peer b 10.99.0.2:51820 10.77.0.2/32,fd77::2/128,fe80::/64)" \
	"$(peer c - 10.77.0.3/32,fd77::3/128)"
stranger b 10.99.0.2
start_a
check "b has a session" session b
witnesses_begin
good=$(udp 10.77.0.2 10.77.0.1)
good6=$(udp fd77::2 fd77::1)
port=0fa0 # 4000

# ---- headers ----

lost_in ip_rcv IP_INHDR "$(put "$good" 0 44)" as="4 words"
lost_in ip_rcv IP_INHDR "$(cut_to "$good6" 30)" as="IPv6, cut"
lost_in ip_rcv IP_INHDR "$(six ::1 fd77::1 17 "$port$port")" as="from ::1"
lost_in ip_rcv IP_CSUM "$(put "$good" 10 0000)"
lost_in ip_rcv PKT_TOO_SMALL "$(cut_to "$good" 40)"
lost_in ip_rcv PKT_TOO_SMALL "$(cut_to "$good6" 44)" as="IPv6"
# Hop-by-hop options: one of type 0x80, which nobody knows.
lost_in ip_rcv UNHANDLED_PROTO "$(six fd77::2 fd77::1 0 3b0080040000000000)"
lost_in ip_rcv IPV6_BAD_EXTHDR "$(six fd77::2 fd77::1 60 3bff010400000000)"

# ---- addresses ----

lost_in rcv_finish IP_RPFILTER "$(udp 10.77.0.9 10.77.0.1)"
lost_in rcv_finish IP_RPFILTER "$(udp fd77::3 fd77::1)" as="IPv6, of another"
lost_in rcv_finish IP_INVALID_SOURCE "$(udp 224.0.0.5 10.77.0.1)"
lost_in rcv_finish IP_INVALID_SOURCE "$(udp ::ffff:10.77.0.2 fd77::1)" as="IPv6"
lost_in rcv_finish IP_INVALID_DEST "$(udp 10.77.0.2 0.0.0.0)"
lost_in rcv_finish IP_LOCALNET "$(udp 10.77.0.2 127.0.0.1)"
lost_in rcv_finish IP_LOCAL_SOURCE "$(udp 10.77.0.1 10.77.0.1)"
lost_in rcv_finish IP_LOCAL_SOURCE "$(udp fd77::1 fd77::1)" as="IPv6"
# A loose source route.
lost_in rcv_finish IP_INHDR \
	"$(four 10.77.0.2 10.77.0.1 17 00 0000 8307040a4d000300)"

# ---- vpnd as a router ----

lost_in forward IP_INHDR "$(udp 10.77.0.2 10.77.0.3 53 60 1)" as="no hop left"
lost_in forward IP_INADDRERRORS "$(udp fe80::5 fd77::3)"
lost_in forward PKT_TOO_BIG "$(udp 10.77.0.2 10.77.0.3 53 1440)"

# ---- vpnd's own sockets ----

me=10.77.0.50
to_socket() { udp 10.77.0.2 $me "$@"; } # [PORT [LEN]]
lost_in udp_rcv VPN_FRAG_LOCAL \
	"$(four 10.77.0.2 $me 17 "${port}000700080000" 2000)"
lost_in udp_rcv IP_NOPROTO "$(four 10.77.0.2 $me 132 00000000)"
lost_in udp_rcv PKT_TOO_SMALL "$(four 10.77.0.2 $me 17 "${port}0007")"
lost_in udp_rcv UDP_CSUM "$(put "$(to_socket 7)" 26 0001)"
lost_in lookup NO_SOCKET "$(to_socket 8)"
lost_in lookup UDP_CSUM "$(put "$(to_socket 8 200)" 26 0001)"
lost_in sock_queue SOCKET_FILTER "$(to_socket 7 700)"
lost_in sock_queue UDP_CSUM "$(put "$(to_socket 9 200)" 26 0001)"
lost_in sock_queue ICMP_CSUM "$(four 10.77.0.2 $me 1 0800000100010001)"

# Programs that sleep: the buffer of one fills, and what all of them may hold.
attached() { grep -q "attached" "$RUN/program$1.log"; }
program() { # PORT
	spawn a "program$1" "$python" -ISB "$test_dir/datagrams.py" recvfrom \
		"$(vpnd_socket a)" "$1"
	wait_for 5 attached "$1" && kill -STOP "$(pid_of "program$1")"
}
# full PORT REASON: it holds by now what it may.
full() {
	local dry from=b
	dry=$(to_socket "$1" 1400)
	order b inner "$dry" 100
	same "sock_queue $2" "$(traced)"
}
check "a program attaches, and sleeps" program 5000
check "its receive buffer fills" wait_for 30 full 5000 SOCKET_RCVBUFF
lost_in sock_queue SOCKET_RCVBUFF "$(to_socket 5000 1400)"
check "another one with a large buffer" program 5001
check "fills what all of them may hold" wait_for 30 full 5001 PROTO_MEM
check "and a third" program 5002
lost_in sock_queue PROTO_MEM "$(to_socket 5001 1400)"
for number in 5000 5001 5002; do quit "program$number" KILL; done

witnesses_end
vpnd_stop a
finish
