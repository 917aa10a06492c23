#!/bin/bash
# SPDX-License-Identifier: ISC
# capture.sh - vpnctl capture shows what goes through the tunnel, writes files
# that others read, and never holds the tunnel up.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b     captures run on a
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/l2lib.sh"
need_vpnd
lab_pair
keys a b

# look NAME ARGUMENTS...: a capture on a; lines and summary in $RUN/NAME.log.
look() {
	local name=$1
	shift
	spawn a "$name" "$VPNCTL" --socket "$(vpnd_socket a)" capture "$@"
}
# The capture ended by itself or by ^C, and said how much it saw.
look_ended() { # NAME
	wait_for 10 is_gone "$(pid_of "$1")" &&
		contains "$RUN/$1.log" '^[0-9]+ packets? captured, [0-9]+ lost'
}
pings_and_is_gone() { # NAME
	ping_ok a 10.77.0.2
	is_gone "$(pid_of "$1")"
}
# look_until NAME ARGUMENTS...: with -c in them, and pings until it has enough.
look_until() {
	look "$@"
	wait_for 10 pings_and_is_gone "$1" && look_ended "$1"
}
pings_and_grows() { # FILE
	ping_ok a 10.77.0.2
	[ "$(wc -c <"$1")" -gt 400 ]
}
read_back() { # NAME: by tcpdump, and block by block
	tcpdump -nr "$RUN/$1.pcapng" >"$RUN/$1.tcpdump" 2>"$RUN/$1.link" &&
		python3 "$test_dir/pcapng.py" "$RUN/$1.pcapng" >"$RUN/$1.txt"
}
lines() { grep -c "$2" "$1"; }

pair_conf
vpnd_start a b
check "the tunnel is up" pings a 10.77.0.2

# ---- lines ----

time='^[0-9:]{8}\.[0-9]{6}'
check "a capture ends after as many packets as it is told" \
	look_until inner -c 4
check "it shows packets of both directions, with their peer" \
	contains "$RUN/inner.log" \
	"$time out b icmp 10.77.0.1(:[0-9]+)? > 10.77.0.2(:[0-9]+)? len 84" \
	"$time in b icmp 10.77.0.2(:[0-9]+)? > 10.77.0.1(:[0-9]+)? len 84"
check_is "that many lines" 4 "$(lines "$RUN/inner.log" icmp)"
check "an expression is one of tcpdump's" \
	look_until echo -c 2 "icmp[icmptype] = icmp-echo"
check_is "and only what it accepts is shown" 0 "$(lines "$RUN/echo.log" ' in ')"
check "outbound is known to expressions" look_until out -c 2 outbound
check_is "and shows what leaves" 0 "$(lines "$RUN/out.log" ' in ')"
check "datagrams are shown with their ends" look_until outer --outer -c 2 \
	udp src port 51820 and greater 100
check "and with their peer" contains "$RUN/outer.log" \
	"out outer b udp 10.99.0.1:51820 > 10.99.0.2:51820 len" \
	"in outer b udp 10.99.0.2:51820 > 10.99.0.1:51820 len"

# ---- refusals ----

refused() { # CODE PATTERN ARGUMENTS...
	local code=$1 pattern=$2
	shift 2
	code_of "$code" ctl a capture "$@" >"$RUN/refused" 2>&1 &&
		contains "$RUN/refused" "$pattern"
}
check "a wrong expression is told" refused 2 'syntax error' udp port
check "one of the other kind of device is told" \
	refused 2 'ether' ether host 02:00:00:00:00:01
check "an unknown peer is told" refused 5 'did you mean "b"' --peer bb
check "a wrong number is told" refused 2 '-c 0: not' -c 0
check "-s without -w is told" refused 2 'without -w' -s 64
echo kept >"$RUN/kept"
check "a capture that is refused" refused 5 'no peer' -w "$RUN/kept" --peer zz
check_is "leaves the file alone" kept "$(cat "$RUN/kept")"
only_reads() {
	"$VPNCTL" --socket "$RUN/a.run/ro.sock" capture
}
check "who may only read captures nothing" code_of 6 only_reads

# ---- files ----

check "a capture is written to a file" \
	look_until file --inner --outer -c 8 -w "$RUN/file.pcapng"
check "which tcpdump reads" read_back file
check "as IP packets" contains "$RUN/file.link" 'link-type RAW'
check "inside" contains "$RUN/file.tcpdump" 'ICMP echo request' \
	'ICMP echo reply'
check "and outside" contains "$RUN/file.tcpdump" \
	'IP 10.99.0.1.51820 > 10.99.0.2.51820: UDP'
check "with interface, directions and peers" contains "$RUN/file.txt" \
	"^interface 0 $P-a 101$" '^section vpnctl' \
	'^packet 0 out 84 84 0 peer b$' '^packet 0 in 84 84 0 peer b$' \
	\
	'^packet 0 out [0-9]+ [0-9]+ 0 outer, peer b$' \
	'^packet 0 in [0-9]+ [0-9]+ 0 outer, peer b$' '^statistics 0$'
check_is "only root reads it" 600 "$(stat -c %a "$RUN/file.pcapng")"
check "packets are cut on demand" \
	look_until cut -c 2 -s 40 -w "$RUN/cut.pcapng" icmp
check "as the file says" read_back cut
check_is "their lengths are kept" 2 "$(lines "$RUN/cut.txt" ' 40 84 0 ')"

# To standard output: what is there can be read at once.
look pipe -w - icmp
check "a pipe gets packets as they come" \
	wait_for 10 pings_and_grows "$RUN/pipe.log"
quit pipe INT
check "and ^C ends it" look_ended pipe

# ---- drops ----

ip_on a route add 10.77.0.0/24 dev vpn0 2>/dev/null
drop_one() { on a ping -n -q -c 1 -W 0.05 10.77.0.9; }
drops_and_is_gone() {
	drop_one
	is_gone "$(pid_of "$1")"
}
look drops --drops -c 1 icmp
check "drops are shown" wait_for 10 drops_and_is_gone drops
check "with stage and reason" contains "$RUN/drops.log" \
	'out - icmp 10.77.0.1.* > 10.77.0.9.* dropped by route: IP_OUTNOROUTES'
look dropfile --drops -c 1 -w "$RUN/dropfile.pcapng" icmp
check "drops are written" wait_for 10 drops_and_is_gone dropfile
check "to a file" read_back dropfile
check "with the reason in the comment" contains "$RUN/dropfile.txt" \
	'^packet 0 out 84 84 0 dropped by route: IP_OUTNOROUTES \(no peer'
counted() {
	ctl a --json drops |
		jq -e '.drops[] | select(.stage == "route" and
			.reason == "IP_OUTNOROUTES")'
}
check "and drops counts the same" counted
forge() { # as a stranger's data
	on b python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b"\4\0\0\0" + b"x" * 60, ("10.99.0.1", 51820))'
}
forges_and_is_gone() {
	forge
	is_gone "$(pid_of "$1")"
}
look forged --drops -c 1 udp and src host 10.99.0.2
check "a stranger's datagram is a drop too" \
	wait_for 10 forges_and_is_gone forged
check "and is shown as a datagram" contains "$RUN/forged.log" \
	'in outer - udp 10.99.0.2.* dropped by decap: VPN_NOSESSION'

# ---- a slow client ----

look slow -w "$RUN/slow.pcapng"
check "another capture begins" wait_for 10 pings_and_grows "$RUN/slow.pcapng"
kill -STOP "$(pid_of slow)"
check "its reader sleeps, and the tunnel carries on" on a \
	ping -n -q -f -s 1300 -c 2000 -W 5 10.77.0.2
check "another one is served meanwhile" look_until beside -c 2
kill -CONT "$(pid_of slow)"
quit slow
check "it ends" look_ended slow
check "and is told how many it missed" contains "$RUN/slow.log" \
	'captured, [1-9][0-9]* lost: vpnctl did not take them in time'
check "what it got is whole" read_back slow
lost=$(sed -n 's/^statistics //p' "$RUN/slow.txt")
captured=$(lines "$RUN/slow.txt" ^packet)
# shellcheck disable=SC2016 # awk's
between=$(awk '/^packet/ { sum += $6 } END { print sum }' "$RUN/slow.txt")
check_is "the summary is right" "$captured packets captured, $lost lost" \
	"$(grep -o '^[0-9]* packets captured, [0-9]* lost' "$RUN/slow.log")"
check "losses are told where they were, or at the end" \
	at_most "$between" "$lost"

# ---- many, and the end ----

for i in 1 2 3 4; do
	look "many$i" -w "$RUN/many$i.pcapng" tcp
	check "capture $i runs" wait_for 5 test -s "$RUN/many$i.pcapng"
done
check "a fifth one is refused" refused 1 '4 captures at once' tcp
quit many1 INT
check "one that ends makes room for another" look_until fifth -c 1
vpnd_stop a
for i in 2 3 4; do
	check "capture $i ends with vpnd" look_ended "many$i"
done
vpnd_stop b

# ---- tap ----

tap_pair
vpnd_start a b
check "tap: the tunnel is up" pings a 10.77.0.2
check "tap: frames are written" look_until tap --inner --outer -c 8 \
	-w "$RUN/tap.pcapng" arp or ip
check "tap: and read" read_back tap
check "tap: as Ethernet" contains "$RUN/tap.link" 'link-type EN10MB'
check "tap: inside and outside" contains "$RUN/tap.tcpdump" \
	'ICMP echo request' 'IP 10.99.0.1.51820 > 10.99.0.2.51820: UDP'
check "tap: with the peer that the switch finds" contains "$RUN/tap.txt" \
	'^packet 0 out 98 98 0 peer b$' '^packet 0 in 98 98 0 peer b$'
check "tap: as lines" look_until taplines -c 2 --peer b icmp
check "tap: as packets" contains "$RUN/taplines.log" \
	' (in|out) b icmp 10.77.0.* len 98'
finish
