#!/bin/bash
# SPDX-License-Identifier: ISC
# faults.sh - what goes wrong on the host: one clear line in the log, counters
# move, and it works again within a second or so after the fault is over.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b c
pair_conf
vpnd_start a b
check "up" pings a 10.77.0.2
pid=$(pid_of a)
is_same() { [ "$(pid_of a)" = "$pid" ] && kill -0 "$pid"; }
drops() { ctl a drops >"$RUN/drops.out" && contains "$RUN/drops.out" "$@"; }
cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$(pid_of a)/stat"; }
not_spinning() { # in the next second it takes less than 30 % of a processor
	local before
	before=$(cpu_ticks)
	on a ping -n -q -c 5 -i 0.2 -W 1 10.77.0.2
	less $(($(cpu_ticks) - before)) 30
}
send_some() { on a ping -n -q -c 5 -i 0.05 -W 1 10.77.0.2; true; }

# ---- the device ----

ip_on a link set vpn0 down
check_not "the device is down: nothing passes" ping_ok a 10.77.0.2
on b ping -n -q -c 3 -i 0.1 -W 1 10.77.0.1 >/dev/null
check "packets from the peer are counted as dropped" wait_for 5 drops DEV_READY
check "status says that the device is down" \
	wait_for 5 status_is a .tunnel.device_up false
check "no busy loop" not_spinning
ip_on a link set vpn0 up
check "the device is up again: it works" pings a 10.77.0.2

ip_on a link set vpn0 down
ip_on a link set vpn0 name other0
ip_on a link set other0 up
check "the device is renamed: it works" pings a 10.77.0.2
ip_on a link set other0 down
ip_on a link set other0 name vpn0
ip_on a link set vpn0 up
check "and back" pings a 10.77.0.2

ip_on a link del vpn0
recovered() { # made again by this process, or it ended for its supervisor
	if is_gone "$pid"; then
		grep -qi vpn0 "$RUN/a.log"
	else
		ip_on a link show vpn0 && ping_ok a 10.77.0.2
	fi
}
check "the device is deleted: made again, or a clean end" wait_for 5 recovered
is_gone "$pid" && vpnd_start a
pid=$(pid_of a)
check "it works" pings a 10.77.0.2

# ---- the underlay ----

ip_on a link set va down
send_some >/dev/null
check "the link is down: counted" wait_for 5 drops VPN_UNREACHABLE
check "no busy loop without a route" not_spinning
ip_on a link set va up
addr a va fd99::1/64
check "the link is up again: it works" pings a 10.77.0.2

on a nft -f - <<'X'
table inet block {
	chain out { type filter hook output priority 0; udp sport 51820 drop; }
}
X
send_some >/dev/null
check "the firewall refuses our packets: counted" wait_for 5 drops NETFILTER_DROP
check "no busy loop behind a firewall" not_spinning
on a nft delete table inet block
check "the firewall is gone: it works" pings a 10.77.0.2

quit b
send_some >/dev/null
check "nobody listens at the peer: a stays" is_same
vpnd_start b
check "b is back: it works" pings a 10.77.0.2 10

on a python3 - <<'X'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for size in (0, 1, 65507):
    s.sendto(b"\4" * size, ("10.99.0.2", 51820))
X
check "datagrams of 0 and 65507 bytes: it works" pings a 10.77.0.2

# ---- a second daemon ----

second() { # NAME PATTERN: a second daemon on a; it must end, saying PATTERN
	local code
	on a timeout 5 "$VPND" --socket "$RUN/second.run/ctl.sock" \
		--state-dir "$RUN/second.state" "$RUN/$P-second.conf" \
		>"$RUN/second.out" 2>&1
	code=$?
	check "$1: the second daemon refuses" less 0 "$code"
	check "$1: by itself" less "$code" 124
	check "$1: and says why" contains "$RUN/second.out" "$2"
	check "$1: the first is unaffected" pings a 10.77.0.2
}
mkdir -p "$RUN/second.run" "$RUN/second.state"
second_conf() { # DEVICE PORT
	conf second 10.79.0.1/24 "" "$(peer c - 10.79.0.2/32)"
	sed -i -e "s/vpn0/$1/" -e "s/51820/$2/" -e "s/second\.key/c.key/" \
		-e "s|$(cat "$RUN/c.pub")|$(cat "$RUN/b.pub")|" \
		"$RUN/$P-second.conf"
}
second_conf vpn0 51830
second "same device" 'vpn0: another program has it open'
sed -i 's/name = "vpn0";/&\n  offload = "off";/' "$RUN/$P-second.conf"
second "same device, one queue" 'vpn0: another program has it open'
second_conf vpn1 51820
second "same port" '51820'
second_conf vpn1 51830
rm -rf "$RUN/second.run"
ln -s "$RUN/a.run" "$RUN/second.run"
second "same socket" 'second\.run|running'
rm "$RUN/second.run"
mkdir "$RUN/second.run"
echo precious >"$RUN/second.run/ctl.sock"
second "a file where the socket should be" 'ctl\.sock'
check_is "the file is still there" precious "$(cat "$RUN/second.run/ctl.sock")"
check "and the first answers on its socket" ctl a status

# ---- pauses and signals ----

kill -STOP "$pid"
send_some >/dev/null
kill -CONT "$pid"
check "stopped and continued: it works" pings a 10.77.0.2
for _ in $(seq 100); do kill -HUP "$pid"; kill -PIPE "$pid"; done
check "200 signals: it works" pings a 10.77.0.2
check "and it is the same process" is_same

# While it is stopped, more news come than its netlink socket holds, and then
# the device loses its IPv6 address and its routes.
kill -STOP "$pid"
for i in $(seq 3000); do
	echo "address add 10.66.$((i / 250)).$((i % 250))/32 dev lo"
	echo "address del 10.66.$((i / 250)).$((i % 250))/32 dev lo"
done >"$RUN/batch"
on a ip -batch "$RUN/batch"
ip_on a link set vpn0 down
ip_on a link set vpn0 up
kill -CONT "$pid"
check "the kernel had no room for all news" wait_for 3 contains "$RUN/a.log" \
	'news of the host were lost'
check "lost news of the device are made up for" pings a fd77::2 3

# ---- the loader ----

refuses_reload() { # at once; the client does not wait for ever
	on a timeout 5 "$VPNCTL" --socket "$(vpnd_socket a)" reload \
		>"$RUN/reload.out" 2>&1
	[ $? -eq 1 ] && contains "$RUN/reload.out" 'loader process is gone'
}
pkill -KILL -P "$pid" -x vpnd-loader
check "without its loader it refuses a reload" refuses_reload
check "a second time, too" refuses_reload
check "and goes on" pings a 10.77.0.2
finish
