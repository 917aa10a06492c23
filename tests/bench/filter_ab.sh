#!/bin/bash
# SPDX-License-Identifier: ISC
# filter_ab.sh - what filter, flows and captures cost a tunnel: with and without,
# in turn, as ratios beside what was asked for.
#
#   filter_ab.sh [-n PAIRS] [-t SECONDS] [ROW...]
#
# tcp           one TCP flow, 10 000 rules / no filter
# connections   2 000 new TCP connections a second, 10 000 rules / no filter
# connects      as many connections as it can, likewise (nothing was asked)
# capture       one TCP flow, captures that match nothing at both ends / none
# newflows      one TCP flow beside 100 000 new flows a second in a full table /
#               alone; and a ping beside both
#
#   a  10.99.0.1 ------------- 10.99.0.2  b    no filter
#   c  10.98.0.1 ------------- 10.98.0.2  d    10 000 rules
#   e  10.97.0.1 ------------- 10.97.0.2  f    no rules, and a full flow table
#      10.77.0.1 ============= 10.77.0.2
#
# Each pair of measurements begins with the other one than the pair before. A row
# is the median of the pairs' ratios; behind it the lowest and the highest one,
# and the medians of what was measured. Needs root; VPND_BUILD: the directory in
# which `make bench_load` was done.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../netns/lib.sh"
pairs=10 seconds=3
while getopts n:t: option; do
	case $option in
	n) pairs=$OPTARG ;;
	t) seconds=$OPTARG ;;
	*) echo "usage: filter_ab.sh [-n PAIRS] [-t SECONDS] [ROW...]" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- tcp connections connects capture newflows
need_vpnd
CONNECT=$(program bench_connect) FLOOD=$(program bench_flood)
[ -n "$CONNECT" ] || skip_all "make bench_load first"

RULES=10000
FLOWS=65536
NETWORK=10.78.0.0 # of the flood

# ---- two tunnels ----

rules() { # as an operator's: they differ in hosts and ports
	local i
	for ((i = 0; i < RULES; i++)); do
		((i == 0)) || echo ,
		echo "{ name = \"r$i\"; hook = \"input\"; proto = \"tcp\";
			from = \"10.$((i / 250 % 50 + 100)).$((i % 250)).0/24\";
			dport = \"$((i % 60000 + 1))\"; action = \"drop\"; }"
	done
}
accept='policy = { input = "accept"; forward = "drop"; output = "accept"; };'
tunnel() { # HOST HOST NETWORK FILTER
	conf "$1" 10.77.0.1/24 "$4" "$(peer "$2" "$3.2:51820" 10.77.0.2/32)"
	conf "$2" 10.77.0.2/24 "$4" "$(peer "$1" "$3.1:51820" \
		"10.77.0.1/32,$NETWORK/16")"
	vpnd_start "$1" "$2"
	on "$1" sysctl -qw net.ipv4.tcp_tw_reuse=1 \
		net.ipv4.ip_local_port_range="1024 65535"
	spawn "$2" "$2-iperf" iperf3 -s
	spawn "$2" "$2-serve" "$CONNECT" serve 7000
	check "the tunnel from $1 to $2 is up" pings "$1" 10.77.0.2 || exit 1
	wait_for 5 listens "$2" 5201 && wait_for 5 listens "$2" 7000
}
plain_up() {
	[ -z "${plain_is_up:-}" ] || return
	plain_is_up=1
	lab_pair
	keys a b
	tunnel a b 10.99.0 ""
}
other_up() { # HOST HOST NETWORK FILTER
	host "$1" "$2"
	wire "$1" "u$1" "$2" "u$2"
	addr "$1" "u$1" "$3.1/24"
	addr "$2" "u$2" "$3.2/24"
	keys "$1" "$2"
	tunnel "$1" "$2" "$3" "filter = { $accept $4 };"
}

# ---- what is measured: one number ----

tcp() { # HOST: Mbit/s
	on "$1" iperf3 -J -c 10.77.0.2 -t "$seconds" |
		jq '.end.sum_received.bits_per_second / 1e6 | round'
}
connections() { # HOST RATE: completed in a second
	on "$1" "$CONNECT" connect 10.77.0.2 7000 "$2" "$seconds"
}

# ---- rows ----

numbers() { awk '{ print $'"$1"' }' "$2" | sort -n; }
quantile() { # PART OF 1, of the numbers on stdin
	awk -v part="$1" '{ v[NR] = $1 }
		END { i = part * (NR - 1); l = int(i)
			h = l + 1 < NR ? l + 1 : l
			print v[l + 1] + (i - l) * (v[h + 1] - v[l + 1]) }'
}
# row NAME ASKED "COMMAND A" "COMMAND B": B / A
row() {
	local i a b file=$RUN/$1.pairs
	for ((i = 0; i < pairs; i++)); do
		if ((i % 2)); then
			b=$($4) a=$($3)
		else
			a=$($3) b=$($4)
		fi
		echo "$a $b"
	done | awk '{ print $1, $2, $2 / $1 }' >"$file"
	tell "$1" "$2" "$file"
}
tell() { # NAME ASKED FILE
	local ratio
	ratio=$(numbers 3 "$3" | quantile 0.5)
	check "$(printf '%s: %.3f (%.3f to %.3f), asked %s; %.0f and %.0f' \
		"$1" "$ratio" "$(numbers 3 "$3" | quantile 0)" \
		"$(numbers 3 "$3" | quantile 1)" "${2:-nothing}" \
		"$(numbers 1 "$3" | quantile 0.5)" \
		"$(numbers 2 "$3" | quantile 0.5)")" \
		is_at_least "$ratio" "${2:-0}"
}
is_at_least() { awk "BEGIN { exit !($1 >= $2) }"; }

rules_up() {
	plain_up
	[ -z "${rules_are_up:-}" ] || return
	rules_are_up=1
	other_up c d 10.98.0 "rules = ( $(rules) );"
}
row_tcp() {
	rules_up
	row tcp 0.95 "tcp a" "tcp c"
}
row_connections() {
	rules_up
	row connections 0.9 "connections a 2000" "connections c 2000"
}
row_connects() {
	rules_up
	row connects "" "connections a 0" "connections c 0"
}

captured() {
	local host
	for host in a b; do
		rm -f "$RUN/$host.pcapng"
		spawn "$host" "$host-capture" "$VPNCTL" --socket \
			"$(vpnd_socket "$host")" capture "udp port 9" \
			-w "$RUN/$host.pcapng"
		wait_for 5 test -s "$RUN/$host.pcapng" >&2
	done
	tcp a
	for host in a b; do quit "$host-capture" INT >&2; done
}
row_capture() {
	plain_up
	row capture 0.97 "tcp a" captured
}

flows() { ctl f --json flows | jq ".totals.$1"; }
flood() { # SECONDS
	on e "$FLOOD" "$NETWORK" 10.77.0.2 9 100000 "$1"
}
is_full() { [ "$(flows flows)" -ge $((FLOWS - 100)) ]; }
flooded() {
	local before after
	before=$(flows new)
	flood "$((seconds + 1))" >>"$RUN/flood.rates" &
	on e ping -n -i 0.01 -c $((seconds * 100)) 10.77.0.2 >>"$RUN/pings" &
	tcp e
	wait %1 %2
	after=$(flows new)
	echo $(((after - before) / (seconds + 1))) >>"$RUN/flood.flows"
}
pings_sent() { echo $((pairs * seconds * 100)); }
ping_p99() { # what did not come back took for ever
	{
		sed -n 's/.*time=\([0-9.]*\) ms/\1/p' "$RUN/pings" | sort -n
		yes 9999 | head -n "$(pings_sent)"
	} | head -n "$(pings_sent)" | quantile 0.99
}
row_newflows() {
	local p99
	other_up e f 10.97.0 "max_flows = $FLOWS; max_flows_per_peer = $FLOWS;"
	spawn f f-sink python3 -c 'import signal, socket
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 9))
signal.pause()'
	flood 3 >/dev/null
	check "the table is full" is_full
	: >"$RUN/pings"
	row newflows 0.5 "tcp e" flooded
	p99=$(ping_p99)
	check "newflows: ping p99 $p99 ms, asked 20; $(numbers 1 \
		"$RUN/flood.rates" | quantile 0.5) packets were sent and $(
		numbers 1 "$RUN/flood.flows" | quantile 0.5) flows begun in a second" \
		is_at_least 20 "$p99"
	quit f-sink
}

for name; do
	"row_$name"
done
finish
