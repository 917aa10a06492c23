#!/bin/bash
# SPDX-License-Identifier: ISC
# scale.sh - what 10 000 peers cost: memory, start, reload, end, and throughput.
#
#	scale.sh [memory|tcp1|curves]...	all of them without arguments
#
#	crowd 10.99.0.2 ---- 10.99.0.1 one			memory
#	a 10.77.0.1 ==== 10.77.0.2 b	each the other's only peer	tcp1
#	c 10.77.0.1 ==== 10.77.0.2 d	the same with PEERS more	tcp1
#
# memory: anonymous memory of all processes of vpnd, after the start with one
# peer and with PEERS of 1 and of PREFIXES allowed IPs, and when each of these
# has a session. tcp1: one TCP connection a-b and one c-d in turn, PAIRS times,
# TCP_SECONDS each. curves: bench_scale.
#
# Environment: VPND_BUILD, a build directory with bench_crowd and bench_scale
# (make bench_crowd bench_scale); PEERS, PREFIXES, PAIRS, TCP_SECONDS.
# shellcheck shell=bash disable=SC1091

. "$(dirname "$(readlink -f "$0")")/../netns/lib.sh"
need_vpnd
CROWD=$(program bench_crowd)
[ -n "$CROWD" ] || skip_all "bench_crowd is not built"
peers=${PEERS:-10000} prefixes=${PREFIXES:-10}
pairs=${PAIRS:-10} seconds=${TCP_SECONDS:-2}

# crowd_conf HOST PEERS PREFIXES PEER...: the host's configuration.
crowd_conf() {
	local name=$1 many=$2 each=$3
	shift 3
	conf "$name" "${address:-10.77.0.1/24}" "" "$@"
	sed -i -e 's/"debug"/"error"/' -e '$d' "$(conf_file "$name")"
	{
		[ $# -eq 0 ] || [ "$many" -eq 0 ] || echo ,
		"$CROWD" config "$many" "$each"
		echo ');'
	} >>"$(conf_file "$name")"
}

# ---- memory ----

# field HOST FIELD: of /proc/PID/status, KiB, of all processes of its vpnd.
field() {
	local pid sum=0
	for pid in $(ip netns pids "$(ns "$1")"); do
		case $(cat "/proc/$pid/comm") in
		vpnd*) sum=$((sum + $(awk -v f="$2:" '$1 == f {print $2}' \
			"/proc/$pid/status"))) ;;
		esac
	done
	echo "$sum"
}
figures() { # HOST: anonymous, locked, all resident KiB
	echo "$(field "$1" RssAnon) $(field "$1" VmLck) $(field "$1" VmRSS)"
}
kib() { # MORE LESS COUNT: KiB for each of COUNT
	awk -v a="$1" -v b="$2" -v n="$3" 'BEGIN {printf "%.2f", (a - b) / n}'
}
timed() { # COMMAND...: its milliseconds
	local from
	from=$(now_ms)
	"$@" >>"$RUN/timed.log" 2>&1
	echo $(($(now_ms) - from))
}
serve_ready() {
	vpnd_launch one
	wait_for 60 ctl one status
}
serve_end() {
	kill "$(pid_of one)"
	wait_for 60 is_gone "$(pid_of one)"
}
row() { printf '%-44s %8s %8s %8s  %s\n' "$@"; }
tell_memory() { # WHAT COUNT BASE FIGURES [WHAT WAS ASKED]
	local -a base now
	read -ra base <<<"$3"
	read -ra now <<<"$4"
	row "$1" "${now[0]}" "${now[1]}" "${now[2]}" \
		"$(kib "${now[0]}" "${base[0]}" "$2") KiB a peer${5:-}"
}
join() { # PREFIXES [plain]
	on crowd "$CROWD" join 10.99.0.1:51820 "$(cat "$RUN/one.pub")" \
		"$peers" "$@"
}
memory() {
	local base each start reload end
	host one crowd
	wire one v0 crowd v1
	addr one v0 10.99.0.1/24
	addr crowd v1 10.99.0.2/24
	keys one
	row "" anon locked resident "(KiB, all processes)"
	crowd_conf one 1 1
	start=$(timed serve_ready)
	base=$(figures one)
	tell_memory "1 peer" 1 "$base" "$base"
	vpnd_stop one
	for each in 1 "$prefixes"; do
		crowd_conf one "$peers" "$each"
		rm -rf "$RUN/one.state" # or it would seek them all
		start=$(timed serve_ready)
		tell_memory "$peers peers, $each allowed IPs each" "$peers" \
			"$base" "$(figures one)" ", asked 4 (aim 2)"
		check "$peers peers join" join "$each"
		tell_memory "  the same, a session each" "$peers" "$base" \
			"$(figures one)" ", asked 10 (aim 6)"
		reload=$(timed ctl one reload)
		tell_memory "  after a reload" "$peers" "$base" "$(figures one)"
		end=$(timed serve_end)
		echo "  start $start ms, reload $reload ms, end $end ms"
		check "it ends within 3 s" at_most "$end" 3000
	done
}

# ---- tcp1 ----

listener() { on "$1" ss -Hltn "sport = :5201" | grep -q .; }
throughput() { # FROM: Mbit/s to 10.77.0.2
	on "$1" iperf3 -c 10.77.0.2 -t "$seconds" -J |
		jq '.end.sum_received.bits_per_second / 1e6 | floor'
}
tunnel_pair() { # HOST HOST PEERS
	local h
	host "$1" "$2"
	wire "$1" v0 "$2" v1
	addr "$1" v0 10.99.0.1/24
	addr "$2" v1 10.99.0.2/24
	keys "$1" "$2"
	address=10.77.0.1/24 crowd_conf "$1" "$3" "$prefixes" \
		"$(peer "$2" 10.99.0.2:51820 10.77.0.2/32)"
	address=10.77.0.2/24 crowd_conf "$2" "$3" "$prefixes" \
		"$(peer "$1" 10.99.0.1:51820 10.77.0.1/32)"
	vpnd_launch "$1" "$2"
	for h in "$1" "$2"; do wait_for 60 ctl "$h" status; done
	wait_for 20 ping_ok "$1" 10.77.0.2
	spawn "$2" "iperf-$2" iperf3 -s
	wait_for 5 listener "$2"
}
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
spread() { sort -n | awk '{v[NR] = $1} END {print v[1] " .. " v[NR]}'; }
tcp1() {
	local i one many
	tunnel_pair a b 0
	tunnel_pair c d "$peers"
	throughput a >/dev/null
	throughput c >/dev/null
	for i in $(seq "$pairs"); do
		if [ $((i % 2)) -eq 0 ]; then
			one=$(throughput a) many=$(throughput c)
		else
			many=$(throughput c) one=$(throughput a)
		fi
		echo "$one $many"
	done >"$RUN/pairs"
	echo "tcp1, Mbit/s: 1 peer $(cut -d' ' -f1 "$RUN/pairs" | median)" \
		"($(cut -d' ' -f1 "$RUN/pairs" | spread)), $peers more peers" \
		"with $prefixes allowed IPs each" \
		"$(cut -d' ' -f2 "$RUN/pairs" | median)" \
		"($(cut -d' ' -f2 "$RUN/pairs" | spread))"
	awk '{printf "%.3f\n", $2 / $1}' "$RUN/pairs" >"$RUN/ratios"
	echo "tcp1, ratio of $pairs pairs: median $(median <"$RUN/ratios")," \
		"$(spread <"$RUN/ratios"); asked 0.97 (aim 0.99)"
}

# ---- curves ----

curves() {
	local bench
	bench=$(program bench_scale)
	check "bench_scale is built" test -n "$bench" && "$bench"
}

[ $# -gt 0 ] || set -- memory tcp1 curves
for part; do
	case $part in
	memory | tcp1 | curves) "$part" ;;
	*) echo "usage: scale.sh [memory|tcp1|curves]..." >&2 && exit 2 ;;
	esac
done
finish
