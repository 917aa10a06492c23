#!/bin/bash
# SPDX-License-Identifier: ISC
# balance.sh - workers = "auto" goes from one thread to two and back, again and
# again, while the socket is full: what waits is handed over, nothing is lost.
#
#   red   v0 --- v1  hub          inside: hub 10.77.0.1, red .2, green .3; the
#   green v0 --- v2               hub sends green 20 Mbit/s
#
# The hub forwards red's packets (the second thread, when there is one) and has
# its own (always the first one). The processor's time is not what it uses:
# inject.c tells it that it is all for half a second, then none. The kernel's
# queue before the wire loses nothing; it is slow until the hub has been through
# its turns, however long they take, and fast for the rest of the files.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
inject=${VPND_TESTS:-${VPND_BUILD:-.}}/inject.so
[ -e "$inject" ] || skip_all "inject.so is not built: make inject.so"
[ "$(nproc)" -gt 1 ] || skip_all "there is one processor, and so one thread"
host hub red green
number=1
for spoke in red green; do
	wire hub "v$number" "$spoke" v0
	addr hub "v$number" "10.99.$number.1/24"
	addr "$spoke" v0 "10.99.$number.2/24"
	number=$((number + 1))
done
for name in hub red green; do
	# nobody has the routers that are asked for, when the kernel likes
	on $name sysctl -qw net.ipv6.conf.default.router_solicitations=0
	# BBR may keep queues empty
	on $name sysctl -qw net.ipv4.tcp_congestion_control=reno
done
rate() { # add | change, RATE
	on hub tc qdisc "$1" dev v2 root tbf rate "$2" burst 320kb limit 20mb
}
rate add 20mbit 2>/dev/null || skip_all "the kernel has no tbf"
keys hub red green
conf hub 10.77.0.1/24 'forwarding = "daemon"; workers = "auto";' \
	"$(peer red 10.99.1.2:51820 10.77.0.2/32)" \
	"$(peer green 10.99.2.2:51820 10.77.0.3/32)"
conf red 10.77.0.2/24 '' "$(peer hub 10.99.1.1:51820 10.77.0.0/24)"
conf green 10.77.0.3/24 '' "$(peer hub 10.99.2.1:51820 10.77.0.0/24)"
vpnd_start red green
LD_PRELOAD=$inject INJECT=busy=500 vpnd_start hub
check "the tunnel is up" pings red 10.77.0.3
check "to the hub, too" pings hub 10.77.0.3

# ---- what counts from here on ----

# What the hub has sent green, and what green got.
counts() { echo "$(peer_field hub green tx_packets) $(peer_field green hub rx_packets)"; }
before=
quiet() { # as many as when this was asked before
	local now
	now=$(counts)
	same "$before" "$now" || { before=$now && false; }
}
all_came() {
	local sent_before received_before sent received
	read -r sent_before received_before <<<"$before"
	read -r sent received < <(counts)
	same $((sent - sent_before)) $((received - received_before))
}
drops() { # HOST: all but those that make TCP slow down
	ctl "$1" --json drops | jq -c '[.drops[] |
		select(.reason | startswith("QDISC_") | not) |
		[.stage, .reason, .packets]]'
}
check "nothing is under way" wait_for 10 quiet
drops_hub=$(drops hub) drops_green=$(drops green)

# ---- two files, and what happens meanwhile ----

# send FROM PORT: $RUN/FROM.file to green, in the background
send() {
	random_file "$RUN/$1.file" 60000000
	spawn green "receiver-$1" socat -u "TCP-LISTEN:$2,reuseaddr" \
		"CREATE:$RUN/$1.file.got"
	wait_for 5 listens green "$2" || return 1
	spawn "$1" "sender-$1" socat -u "OPEN:$RUN/$1.file" "TCP:10.77.0.3:$2"
}
waits() { less 0 "$(status hub .tunnel.tx_waiting)"; }
has_workers() { status_is hub .tunnel.workers "$1"; }

send red 9009
send hub 9010
check "what the hub does not get rid of waits" wait_for 10 waits
for round in 1 2 3 4; do
	for count in 2 1; do
		check "round $round: the hub comes to $count" \
			wait_for 5 has_workers $count
		check "with more to send than the socket takes" wait_for 5 waits
	done
done
for name in red hub; do
	check "$name has not been through before" \
		not is_gone "$(pid_of receiver-$name)"
done
check "the wire becomes fast" rate change 1gbit
for name in red hub; do
	check "the transfer from $name ends" \
		wait_for 60 is_gone "$(pid_of receiver-$name)"
	check "and has arrived unchanged" \
		cmp "$RUN/$name.file" "$RUN/$name.file.got"
done

# ---- nothing is lost ----

nothing_waits() { same 0 "$(status hub .tunnel.tx_waiting)"; }
check "then nothing waits" wait_for 20 nothing_waits
check "each datagram for green has come" wait_for 10 all_came
check_is "the hub has dropped nothing but what made TCP slow down" \
	"$drops_hub" "$(drops hub)"
check_is "and green nothing" "$drops_green" "$(drops green)"
check "the hub was told what time it used" contains "$RUN/hub.log" \
	'^inject: busy$'

vpnd_stop hub red green
finish
