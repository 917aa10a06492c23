#!/bin/bash
# SPDX-License-Identifier: ISC
# sockets.sh - vpnd's own sockets: who answers what, programs that wait in
# recvfrom and in epoll, overflow, and that sockets and drops tell the same.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2
#      10.77.0.99 belongs to vpnd of a alone
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b
datagrams="$test_dir/datagrams.py"

client='{ type = "client"; port = 5000; rcvbuf = 16640; },
	{ type = "client"; port = 5001; rcvbuf = 16777216; }'
conf_a() { # the last socket, or none
	conf a 10.77.0.1/24,fd77::1/64 "sockets = (
		{ type = \"echo\"; port = 7; filter = \"udp and less 600\"; },
		{ type = \"discard\"; port = 9; },
		{ type = \"status\"; port = 9100; from = \"b\"; },
		{ type = \"status\"; port = 9101; from = \"10.1.0.0/16\"; },
		{ type = \"echo\"; address = \"10.77.0.99\"; port = 7; },
		{ type = \"ping\"; address = \"10.77.0.99\"; }${1:+, $1} );" \
		"$(peer b 10.99.0.2:51820 10.77.0.2/32,fd77::2/128)"
}
conf_a "$client"
conf b 10.77.0.2/24,fd77::2/64 "" "$(peer a 10.99.0.1:51820 \
	10.77.0.1/32,10.77.0.99/32,fd77::1/128)"
vpnd_start a b
check "the tunnel is up" pings b 10.77.0.1

from_b() { on b python3 "$datagrams" "$@"; }
answers() { # WANTED ADDRESS PORT TEXT [BYTES]
	local wanted=$1
	shift
	from_b ask "$@" | grep -q -- "$wanted"
}
answered() { # SENTENCE WANTED ADDRESS PORT TEXT: asks until it is
	local sentence=$1
	shift
	check "$sentence" wait_for 10 answers "$@"
}
socket_field() { # TYPE PORT FIELD
	ctl a --json sockets | jq -r ".sockets[] |
		select(.type == \"$1\" and .port == $2) | .$3"
}
reason_of() { # REASON: packets that all sockets dropped for it
	ctl a --json sockets | jq "[.sockets[].reasons[] |
		select(.reason == \"$1\").packets] | add // 0"
}
drops_of() { # REASON: the same in drops
	ctl a --json drops | jq "[.drops[] | select(.stage == \"sock_queue\"
		and .reason == \"$1\").packets] | add // 0"
}
agree() { # REASON: something was dropped for it, and both say how much
	local sockets drops
	sockets=$(reason_of "$1") drops=$(drops_of "$1")
	echo "$1: sockets $sockets, drops $drops"
	[ "$sockets" -gt 0 ] && [ "$sockets" -eq "$drops" ]
}

# ---- the built-in ones ----

answered "echo answers" '^hello$' 10.77.0.1 7 hello
answered "echo answers over IPv6" '^hello6$' fd77::1 7 hello6
answered "echo answers on an address of its own" '^hello$' 10.77.0.99 7 hello
answered "status tells metrics" '^vpnd_peers_up 1$' 10.77.0.1 9100 x
answered "and how many threads there are" '^vpnd_workers [12]$' 10.77.0.1 9100 x
answered "a port of the host is the host's" 'Connection refused' \
	10.77.0.1 8 hello
answered "a port that nobody has on vpnd's own address is refused" \
	'Connection refused' 10.77.0.99 8 hello
check "ping is answered on vpnd's own address" wait_for 10 \
	on b ping -n -q -c 1 -W 1 10.77.0.99
no_protocol() {
	on b socat -u /dev/null TCP:10.77.0.99:80,connect-timeout=1 2>&1 |
		grep -q "Protocol not available"
}
check "TCP to it is refused as an unknown protocol" wait_for 10 no_protocol
discards() {
	from_b send 10.77.0.1 9 1
	[ "$(socket_field discard 9 rx_read)" -gt 0 ]
}
check "discard reads what it gets" wait_for 10 discards

filters() {
	from_b ask 10.77.0.1 7 large 700
	[ "$(reason_of SOCKET_FILTER)" -gt 0 ]
}
check "the filter rejects a large datagram" wait_for 10 filters
from_b ask 10.77.0.1 9101 x >"$RUN/9101" 2>&1
check_is "whom from does not name gets no answer" "timed out" \
	"$(cat "$RUN/9101")"
check "sockets and drops agree on SOCKET_FILTER" agree SOCKET_FILTER

# ---- damaged datagrams, and others that no socket takes ----

has_dropped() { # STAGE REASON
	ctl a --json drops | jq -e ".drops[] | select(.stage == \"$1\" and
		.reason == \"$2\" and .packets > 0)"
}
dropped() { # STAGE REASON COMMAND...: of b, until it is
	drop_it() { on b "${@:3}"; has_dropped "$1" "$2"; }
	check "$1 drops for $2" wait_for 10 drop_it "$@"
}
dropped udp_rcv UDP_CSUM python3 "$datagrams" damaged udp 10.77.0.99
dropped sock_queue ICMP_CSUM python3 "$datagrams" damaged icmp 10.77.0.99
dropped udp_rcv VPN_FRAG_LOCAL \
	python3 "$datagrams" ask 10.77.0.99 7 large 3000
check "lookup has dropped for NO_SOCKET" has_dropped lookup NO_SOCKET
check "udp_rcv has dropped for IP_NOPROTO" has_dropped udp_rcv IP_NOPROTO

read_by_sockets() {
	ctl a --json sockets | jq '[.sockets[] | select(.protocol == "udp").rx_read
		] | add'
}
udp_of_snmp() { # FIELD: of IPv4 and IPv6
	ctl a snmp | awk -v name="$1" '
		$1 ~ /^Udp6?:$/ && !seen[$1]++ {
			for (i = 2; i <= NF; i++) at[$1, $i] = i; next }
		$1 ~ /^Udp6?:$/ { sum += $at[$1, name] }
		$1 ~ "^Udp6" name "$" { sum += $2 }
		END { print sum }'
}
check_is "snmp counts as received what was read" \
	"$(read_by_sockets)" "$(udp_of_snmp InDatagrams)"
at_least_one() { [ "$(udp_of_snmp "$1")" -gt 0 ]; }
for field in NoPorts InErrors InCsumErrors OutDatagrams; do
	check "snmp counts $field" at_least_one $field
done

# trace asks the same tables: 0 it would be read, 10 it would be dropped
traced() { # CODE PATTERN PACKET
	code_of "$1" ctl a trace --peer b "$3" >"$RUN/trace" 2>&1 &&
		contains "$RUN/trace" "$2"
}
check "trace follows a datagram into a socket" traced 0 "data_ready" \
	'udp 10.77.0.2:4000 > 10.77.0.1:7 len 60'
check "trace names the filter" traced 10 "^verdict: SOCKET_FILTER" \
	'udp 10.77.0.2:4000 > 10.77.0.1:7 len 700'
check "trace names the missing socket" traced 10 \
	"^verdict: NO_SOCKET, would answer ICMP 3/3" \
	'udp 10.77.0.2:4000 > 10.77.0.99:8 len 60'
check "trace names the unknown protocol" traced 10 \
	"^verdict: IP_NOPROTO, would answer ICMP 3/2" \
	'tcp 10.77.0.2:4000 > 10.77.0.99:8 len 60'

# ---- programs ----

is_detached() { same false "$(socket_field client 5000 open)"; }

answered "without a program, the host refuses for it" 'Connection refused' \
	10.77.0.1 5000 early
for wait in recvfrom epoll; do
	spawn a $wait python3 "$datagrams" $wait "$(vpnd_socket a)" 5000
	check "$wait: a program attaches" wait_for 10 \
		contains "$RUN/$wait.log" '^attached$'
	answered "$wait: it is woken, and answers" "^answer to $wait$" \
		10.77.0.1 5000 $wait
	check "$wait: it knows who has sent" \
		contains "$RUN/$wait.log" "^10.77.0.2 ${#wait} $wait$"
	code_of 1 ctl a socket recv 5000 >"$RUN/busy" 2>&1
	check "$wait: another one gets nothing" \
		contains "$RUN/busy" 'another program has the socket'
	[ $wait = epoll ] || quit $wait
	[ $wait = epoll ] ||
		check "it is detached when it ends" wait_for 10 is_detached
done

# ---- overflow ----

kill -STOP "$(pid_of epoll)"
overflows() { # what its descriptor does not take waits, and fills the buffer
	from_b send 10.77.0.1 5000 100
	[ "$(reason_of SOCKET_RCVBUFF)" -gt 0 ] &&
		[ "$(socket_field client 5000 used_bytes)" -gt 0 ]
}
check "while it sleeps, the receive buffer overflows" wait_for 10 overflows
check "no more is held than the receive buffer allows" \
	at_most "$(socket_field client 5000 used_bytes)" 16640
check "sockets and drops agree on SOCKET_RCVBUFF" \
	wait_for 10 agree SOCKET_RCVBUFF
ctl a sockets | sed 's/^/# /'
kill -CONT "$(pid_of epoll)"
is_empty() { [ "$(socket_field client 5000 queued)" -eq 0 ]; }
check "when it wakes up, it gets the rest" wait_for 10 is_empty
answered "and is woken again" '^answer to again$' 10.77.0.1 5000 again
quit epoll
spawn a hoard python3 "$datagrams" epoll "$(vpnd_socket a)" 5001
wait_for 10 contains "$RUN/hoard.log" '^attached$' >/dev/null
kill -STOP "$(pid_of hoard)"
hoards() {
	from_b send 10.77.0.1 5001 1000
	[ "$(reason_of PROTO_MEM)" -gt 0 ]
}
check "a huge buffer does not take all packet buffers" wait_for 10 hoards
check "sockets and drops agree on PROTO_MEM" wait_for 10 agree PROTO_MEM
check "the tunnel goes on" pings b 10.77.0.1
kill -CONT "$(pid_of hoard)"
quit hoard

# ---- short buffers, vpnctl, reload ----

spawn a short python3 "$datagrams" short "$(vpnd_socket a)" 5000
wait_for 10 contains "$RUN/short.log" '^attached$' >/dev/null
is_cut() {
	from_b send 10.77.0.1 5000 1
	contains "$RUN/short.log" '^truncated man$'
}
check "a short buffer gets the beginning, and is told" wait_for 10 is_cut
spawn a vpnctl "$VPNCTL" --socket "$(vpnd_socket a)" socket recv -c 1 5000
prints() {
	from_b send 10.77.0.1 5000 1
	contains "$RUN/vpnctl.log" \
		'^10\.77\.0\.2:[0-9]+ > 10\.77\.0\.1:5000 len 4: many$'
}
check "vpnctl socket recv prints a datagram" wait_for 10 prints
sed 's/^/# /' "$RUN/vpnctl.log"
spawn a orphan python3 "$datagrams" recvfrom "$(vpnd_socket a)" 5000
wait_for 10 contains "$RUN/orphan.log" '^attached$' >/dev/null
conf_a ""
check "a reload takes the socket away" ctl a reload
check "its program sees the end of file" wait_for 10 \
	contains "$RUN/orphan.log" '^end of file$'
answered "the others live on" '^hello$' 10.77.0.1 7 hello
code_of 5 ctl a socket recv 5000 >"$RUN/none" 2>&1
check "and nobody can attach" \
	contains "$RUN/none" 'no socket of type "client" has port 5000'
finish
