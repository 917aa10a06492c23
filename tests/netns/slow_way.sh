#!/bin/bash
# SPDX-License-Identifier: ISC
# slow_way.sh - the way out is slower than vpnd: what it does not take waits in
# vpnd's own queue, where flows take turns and none waits for long.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b     underlay: va sends 20 Mbit/s
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2      tunnel
#
# The kernel's queue before the wire has room for eight seconds: as much as the
# socket may hold would wait there.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b
pair_conf
vpnd_start a b
check "the tunnel is up" pings a 10.77.0.2
on a tc qdisc add dev va root tbf rate 20mbit burst 32kb limit 20mb 2>/dev/null ||
	skip_all "the kernel has no tbf"

# ping_ms COUNT: the median
ping_ms() {
	on a ping -n -i 0.02 -c "$1" -W 10 10.77.0.2 |
		sed -n 's/.*time=\([0-9]*\).*/\1/p' | sort -n |
		awk '{ t[NR] = $1 } END { print NR ? t[int((NR + 1) / 2)] : 9999 }'
}
told() { # FIELD: of a's status
	status a ".tunnel.$1"
}
congested() {
	ctl a --json drops | jq '[.drops[] | select(.reason == "QDISC_CONGESTED") |
		.packets] | add // 0'
}
waits() { less 0 "$(told tx_waiting)"; }

# ---- TCP ----

spawn b sink socat -u TCP-LISTEN:9010,reuseaddr OPEN:/dev/null
wait_for 5 listens b 9010
# One that sends until something is lost or marked: BBR may keep queues empty.
on a sysctl -qw net.ipv4.tcp_congestion_control=reno
spawn a source socat -u OPEN:/dev/zero TCP:10.77.0.2:9010
check "what TCP sends waits in vpnd" wait_for 10 waits
told_to_slow_down() {
	less 0 $(($(congested) + $(told tx_marked)))
}
check "its sender is told to slow down" wait_for 10 told_to_slow_down
rtt=$(ping_ms 150)
check "and a ping beside it takes less than 60 ms ($rtt ms)" less "$rtt" 60
quit source
quit sink

# ---- a flood ----

nothing_waits() { same 0 "$(told tx_waiting)"; }
check "then nothing waits" wait_for 20 nothing_waits
spawn b sink socat -u UDP-RECV:9011 OPEN:/dev/null
spawn a flood socat -u -b 1200 OPEN:/dev/zero UDP-SENDTO:10.77.0.2:9011
overflows() {
	less 0 "$(ctl a --json drops | jq '[.drops[] |
		select(.reason == "QDISC_OVERLIMIT") | .packets] | add // 0')"
}
check "a flood loses what is too much" wait_for 10 overflows
rtt=$(ping_ms 150)
check "and a ping beside it takes less than 60 ms ($rtt ms)" less "$rtt" 60
quit flood
quit sink
check "then nothing waits" wait_for 20 nothing_waits
on a tc qdisc del dev va root
random_file "$RUN/file" 20000000
check "a file arrives unchanged" transfer a b 10.77.0.2 "$RUN/file"

vpnd_stop a b
finish
