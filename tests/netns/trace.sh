#!/bin/bash
# SPDX-License-Identifier: ISC
# trace.sh - a packet is asked about and then sent: vpnctl trace and the
# counters of vpnctl drops name the same stage and the same reason.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b     underlay
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2      tunnel
#   b sends what it likes through its device, raw.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b c

conf a 10.77.0.1/24,fd77::1/64 'forwarding = "daemon"; sockets = (
	{ type = "echo"; address = "10.77.0.50"; port = 7;
		filter = "udp and less 600"; },
	{ type = "client"; address = "10.77.0.50"; port = 5000;
		rcvbuf = 2304; } );' \
	"$(peer b 10.99.0.2:51820 10.77.0.2/32,fd77::2/128)" \
	"$(peer c - 10.77.0.3/32)"
conf b 10.77.0.2/24,fd77::2/64 'routes = "none";' \
	"$(peer a 10.99.0.1:51820 10.77.0.0/24,fd77::/64)"
# no link-local address, so no router solicitations, which nobody has the route for
on a sysctl -qw net.ipv6.conf.default.addr_gen_mode=1
vpnd_start a b
check "the tunnel is up" pings b 10.77.0.1

# packet WORDS: a file of the packet's bytes, as hexadecimal digits.
packet() { python3 "$test_dir/raw.py" make "$@"; }
# inject HOST HEX [COUNT]: through the tunnel device.
inject() {
	local host=$1
	shift
	on "$host" python3 "$test_dir/raw.py" send vpn0 "$@"
}

drop_count() { # HOST STAGE REASON
	ctl "$1" --json drops | jq --arg stage "$2" --arg reason "$3" \
		'[.drops[] | select(.stage == $stage and .reason == $reason)
		| .packets] | add // 0'
}
counts() { # HOST FROM STAGE REASON BEFORE HEX: after one more packet
	inject "$2" "$6"
	less "$5" "$(drop_count "$1" "$3" "$4")"
}
# The stage and the reason that trace names; its exit code has to be 10.
traced() { # HEX FROM...
	local hex=$1
	shift
	ctl a --json trace "$@" -x "$hex" >"$RUN/trace.out" 2>&1
	[ $? -eq 10 ] || { cat "$RUN/trace.out"; return 1; }
	jq -r '.steps[-1].stage + " " + .reason' "$RUN/trace.out"
}
# dies SENTENCE FROM STAGE REASON HEX: traced, and then sent. FROM is b, or a
# for what a's own host sends.
dies() {
	local sentence=$1 from=$2 stage=$3 reason=$4 hex=$5 before
	local way=(--peer b)
	[ "$from" = b ] || way=(--from-host)
	before=$(drop_count a "$stage" "$reason")
	check "$sentence: trace says $reason at $stage" \
		same "$stage $reason" "$(traced "$hex" "${way[@]}")"
	check "$sentence: the trace was not counted" \
		same "$before" "$(drop_count a "$stage" "$reason")"
	check "$sentence: drops count it" wait_for 10 \
		counts a "$from" "$stage" "$reason" "$before" "$hex"
}

dies "a spoofed source" b rcv_finish IP_RPFILTER \
	"$(packet udp 10.77.0.9 10.77.0.1)"
dies "the source of another peer" b rcv_finish IP_RPFILTER \
	"$(packet udp 10.77.0.3 10.77.0.1)"
dies "our own address as source" b rcv_finish IP_LOCAL_SOURCE \
	"$(packet udp 10.77.0.1 10.77.0.1)"
dies "a spoofed source, IPv6" b rcv_finish IP_RPFILTER \
	"$(packet udp fd77::9 fd77::1)"
dies "nobody has the destination" a route IP_OUTNOROUTES \
	"$(packet udp 10.77.0.1 10.77.0.99)"
dies "a peer without an endpoint" a neigh NEIGH_DEAD \
	"$(packet udp 10.77.0.1 10.77.0.3)"

dies "no hop is left to another peer" b forward IP_INHDR \
	"$(packet udp 10.77.0.2 10.77.0.3 53 60 1)"
dies "nobody listens at a socket's address" b lookup NO_SOCKET \
	"$(packet udp 10.77.0.2 10.77.0.50 8)"
dies "the socket's filter wants shorter ones" b sock_queue SOCKET_FILTER \
	"$(packet udp 10.77.0.2 10.77.0.50 7 700)"

# A program that sleeps: its socket's buffer fills, 2304 bytes of it.
spawn a program "$VPNCTL" --socket "$(vpnd_socket a)" socket recv 5000
large=$(packet udp 10.77.0.2 10.77.0.50 5000 1000)
is_attached() {
	ctl a --json sockets |
		jq -e '.sockets[] | select(.type == "client") | .open'
}
check "a program attaches to its socket" wait_for 10 is_attached
fills() {
	kill -STOP "$(pid_of program)"
	inject b "$large" 200
	[ "$(ctl a --json sockets | jq '.sockets[] |
		select(.type == "client") | .used_bytes')" -gt 0 ]
}
check "the buffer of a program that sleeps fills" wait_for 10 fills
dies "a full receive buffer" b sock_queue SOCKET_RCVBUFF "$large"
kill -CONT "$(pid_of program)"
quit program

# ---- what passes ----

says() { # PATTERN...: the last trace
	contains "$RUN/trace.txt" "$@"
}
ask() { ctl a trace "$@" >"$RUN/trace.txt" 2>&1; }

ask --peer b 'udp 10.77.0.2:4000 > 10.77.0.1:53 len 80'
check "a good packet: exit code 0" same 0 $?
check "it would be delivered" says '^verdict: delivered to vpn0' \
	'^from peer b: udp 10\.77\.0\.2:4000 > 10\.77\.0\.1:53 len 80' \
	"rcv_finish .* 10\\.77\\.0\\.2 in b's 10\\.77\\.0\\.2/32"
ask --from-host 'udp 10.77.0.1:4000 > 10.77.0.2:53'
check "a packet of the host: exit code 0" same 0 $?
check "it would be sent" says '^verdict: sent to b' \
	'encap .* sealed for b at 10\.99\.0\.2:51820'
check "an unknown peer: exit code 5" code_of 5 \
	ctl a trace --peer x 'icmp 10.77.0.2 > 10.77.0.1'
check "no packet: exit code 2" code_of 2 \
	ctl a trace --peer b 'udp 10.77.0.2 > 10.77.0.1'

# ---- a capture file ----

capture a vpn0 inner udp
send_some() {
	inject b "$(packet udp 10.77.0.2 10.77.0.1)"
	[ -n "$(tcpdump -n -r "$RUN/inner.pcap" 2>/dev/null)" ]
}
wait_for 10 send_some
quit inner
ask --peer b -r "$RUN/inner.pcap" 'dst port 53'
check "a capture file is traced: exit code 0" same 0 $?
check "its packets pass" says '^verdict: delivered to vpn0'
ask --peer c -r "$RUN/inner.pcap"
check "from another peer: exit code 10" same 10 $?
check "its packets are dropped" says '^verdict: IP_RPFILTER' \
	"10\\.77\\.0\\.2 not in c's 10\\.77\\.0\\.3/32, but in b's"

# ---- as it happens ----

# stream NAME ARGUMENTS...: vpnctl of a into $RUN/NAME.txt, in the background.
stream() {
	local name=$1
	shift
	spawn a "$name" sh -c 'exec "$@" >"$0"' "$RUN/$name.txt" "$VPNCTL" \
		--socket "$(vpnd_socket a)" "$@"
}
shows() { # NAME PATTERN HEX...: the stream, while b sends these
	local name=$1 pattern=$2 hex
	shift 2
	for hex; do inject b "$hex"; done
	grep -Eq -- "$pattern" "$RUN/$name.txt"
}
spoofed=$(packet udp 10.77.0.9 10.77.0.1)
good=$(packet udp 10.77.0.2 10.77.0.1)

stream follow drops --follow --peer b
check "drops --follow shows a drop" wait_for 10 shows follow \
	'rcv_finish +IP_RPFILTER +b udp 10\.77\.0\.9:4000 > 10\.77\.0\.1:53' \
	"$spoofed"
stream live trace --live 'src 10.77.0.9 or dst port 53' -c 2
check "trace --live shows packets as they come" wait_for 10 shows live \
	'^verdict: IP_RPFILTER' "$spoofed" "$good"
check "and it ends" wait_for 10 is_gone "$(pid_of live)"
check_is "after two of them" 2 "$(grep -c '^verdict' "$RUN/live.txt")"
stream cause trace --live 'dst 10.77.0.99'
unreachable() { # the answer that vpnd makes when no peer has the address
	ping_ok a 10.77.0.99
	contains "$RUN/cause.txt" '^#[0-9]+ from the host: icmp ' \
		'^#[0-9]+ answer to #[0-9]+: icmp .* > 10\.77\.0\.1 '
}
check "trace --live goes on with the answer" wait_for 10 unreachable
quit cause
quit_all() {
	vpnd_stop a b
	wait_for 10 is_gone "$(pid_of follow)"
}
check "drops --follow ends with the tunnel" quit_all
finish
