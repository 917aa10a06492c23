# SPDX-License-Identifier: ISC
# lab.sh - two hosts for measuring, and what is measured between them.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b     underlay, MTU 1500
#      10.77.0.1  ========      10.77.0.2        a tunnel, brought up by a peer_NAME
#
# How it works: A and B run a command on a host. GSO_OFF=1: the devices of the
# underlay do not cut UDP super-packets, and put together what they receive, as
# common cards do; GSO_OFF=2: each packet crosses by itself. RATE=100mbit: the
# way is so slow, in both directions. $TB is what b is called in the tunnel.
# measure FIGURE prints one or more lines "FIGURE VALUE".
# shellcheck shell=bash

NSA=${NSA:-vpnd-bench-a-$$} NSB=${NSB:-vpnd-bench-b-$$}
RUN=${RUN:-$(mktemp -d -t vpnd-bench.XXXXXX)}
A() { ip netns exec "$NSA" "$@"; }
B() { ip netns exec "$NSB" "$@"; }

lab_features() { # HOST DEVICE: what GSO_OFF says
	local feature list=()
	case ${GSO_OFF:-0} in
	1) list=("tx-udp-segmentation off" "gro on") ;;
	2) list=("tx-udp-segmentation off" "tso off" "gso off" "gro off") ;;
	esac
	for feature in "${list[@]}"; do
		# shellcheck disable=SC2086 # two words
		"$1" ethtool -K "$2" $feature
	done
}

lab_begin() {
	local host
	TB=10.77.0.2
	ip netns add "$NSA" && ip netns add "$NSB" || exit 1
	ip link add va netns "$NSA" type veth peer name vb netns "$NSB"
	for host in "A a 1" "B b 2"; do
		# shellcheck disable=SC2086 # words
		set -- $host
		$1 ip link set lo up
		$1 ip address add "10.99.0.$3/24" dev "v$2"
		$1 ip link set "v$2" up
		lab_features "$1" "v$2"
		[ -z "${RATE:-}" ] || $1 tc qdisc add dev "v$2" root \
			tbf rate "$RATE" burst 64kb latency 50ms
	done
}

# Ends what runs on the two hosts, and them.
lab_end() {
	local ns signal
	for signal in TERM KILL; do
		for ns in "$NSA" "$NSB"; do
			ip netns pids "$ns" 2>/dev/null |
				xargs -r kill -$signal 2>/dev/null
		done
		lab_wait 40 lab_is_empty && break
	done
	ip netns del "$NSA" 2>/dev/null
	ip netns del "$NSB" 2>/dev/null
	true
}
lab_is_empty() {
	[ -z "$(ip netns pids "$NSA" 2>/dev/null)" ] &&
		[ -z "$(ip netns pids "$NSB" 2>/dev/null)" ]
}
lab_wait() { # TIMES COMMAND...: tries again each 50 ms
	local times=$1
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $((times -= 1)) -gt 0 ] || return 1
		sleep 0.05
	done
}
lab_is_up() { A ping -n -q -c 1 -W 1 "$TB"; }

# Addresses and MTU of the devices of a peer that leaves that to others.
lab_devices() { # DEVICE-OF-A DEVICE-OF-B MTU
	A ip address add 10.77.0.1/24 dev "$1"
	B ip address add 10.77.0.2/24 dev "$2"
	A ip link set "$1" mtu "$3" up
	B ip link set "$2" mtu "$3" up
}

# ---- figures ----

# Seconds of processor time that the tunnel's own processes have taken.
tunnel_seconds() {
	local pid
	for pid in $(ip netns pids "$NSA") $(ip netns pids "$NSB"); do
		case $(cat "/proc/$pid/comm" 2>/dev/null) in
		iperf3 | ping | socat) ;;
		*) cut -d' ' -f14,15 "/proc/$pid/stat" 2>/dev/null ;;
		esac
	done | awk -v hz="$(getconf CLK_TCK)" \
		'{ n += $1 + $2 } END { print n / hz }'
}

iperf() { # JQ-EXPRESSION OPTIONS...: of what iperf3 says at its end
	local expression=$1
	shift
	A timeout $((SECONDS_EACH + 10)) iperf3 -J -c "$TB" \
		-t "$SECONDS_EACH" "$@" >"$RUN/iperf.json"
	jq -r ".end | $expression" "$RUN/iperf.json"
}
server_listens() { B ss -Hltn 'sport = :5201' | grep -q .; }
server_begin() {
	(B iperf3 -s >/dev/null 2>&1 &)
	lab_wait 100 server_listens
}

rate='.sum_received.bits_per_second / 1e9'
measure_tcp1() { # Gbit/s, and the tunnel's seconds a GB
	local before after
	before=$(tunnel_seconds)
	echo "tcp1 $(iperf "$rate")"
	after=$(tunnel_seconds)
	echo "cpu_GB $(jq -r --argjson s "$(awk "BEGIN { print $after - $before }")" \
		'$s / .end.sum_received.bytes * 1e9' "$RUN/iperf.json")"
}
measure_rev() { echo "rev $(iperf "$rate" -R)"; }
measure_tcp4() { echo "tcp4 $(iperf "$rate" -P 4)"; }
measure_pps64() { # thousands a second that arrive
	echo "pps64 $(iperf '.sum | (.packets - .lost_packets) / .seconds / 1e3' \
		-u -b 0 -l 64)"
}
measure_rtt() { # microseconds
	A ping -n -i 0.002 -c 1500 "$TB" |
		sed -n 's/.*time=\([0-9.]*\) ms$/\1/p' | sort -n |
		awk '{ t[NR] = $1 * 1000 }
			END { if (!NR) exit; print "rtt", t[int((NR + 1) / 2)]
			print "rtt99", t[int(NR * 0.99)] }'
}

sink_is_gone() { ! kill -0 "$(cat "$RUN/sink.pid")"; }
sink_listens() { B ss -Hltn 'sport = :9009' | grep -q .; }
measure_text() { # Mbit/s of text that arrives; nothing when it is changed
	local from
	[ -s "$RUN/text" ] ||
		python3 "$bench/text.py" "${TEXT_BYTES:-50000000}" >"$RUN/text"
	rm -f "$RUN/text.got"
	ip netns exec "$NSB" socat -u -b 65536 TCP-LISTEN:9009,reuseaddr \
		"CREATE:$RUN/text.got" &
	echo $! >"$RUN/sink.pid"
	lab_wait 100 sink_listens
	from=$EPOCHREALTIME
	A timeout 100 socat -u -b 65536 "OPEN:$RUN/text" "TCP:$TB:9009"
	lab_wait 400 sink_is_gone
	awk -v from="$from" -v to="$EPOCHREALTIME" \
		-v bytes="$(stat -c %s "$RUN/text")" \
		'BEGIN { print "text", bytes * 8 / (to - from) / 1e6 }' >"$RUN/text.rate"
	if cmp -s "$RUN/text" "$RUN/text.got"; then
		cat "$RUN/text.rate"
	else
		echo "the text did not arrive as it was" >&2
	fi
}
