#!/bin/bash
# SPDX-License-Identifier: ISC
# forwarding.sh - a hub with forwarding = "daemon" is a router between its
# spokes: hops, path MTU, the largest segment of TCP, rates. The hub's kernel
# forwards nothing.
#
#   red   v0 --- v1  hub          inside: hub 10.77.0.1 fd77::1, red .2,
#   green v0 --- v2               green .3; the hub's MTU is 1300, red's 1420
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
host hub red green
number=1
for spoke in red green; do
	wire hub "v$number" "$spoke" v0
	addr hub "v$number" "10.99.$number.1/24"
	addr "$spoke" v0 "10.99.$number.2/24"
	number=$((number + 1))
done
keys hub red green
random_file "$RUN/file" 250000

hub_conf() { # [SETTINGS OF GREEN]
	device_settings='mtu = 1300;'
	conf hub 10.77.0.1/24,fd77::1/64 'forwarding = "daemon";' \
		"$(peer red 10.99.1.2:51820 10.77.0.2/32,fd77::2/128)" \
		"$(peer green 10.99.2.2:51820 10.77.0.3/32,fd77::3/128 "${1:-}")"
}
spoke_conf() { # NAME NUMBER
	device_settings=
	conf "$1" "10.77.0.$(($2 + 1))/24,fd77::$(($2 + 1))/64" '' \
		"$(peer hub "10.99.$2.1:51820" 10.77.0.0/24,fd77::/64)"
}
counter() { # GROUP NAME: of the hub
	ctl hub --json snmp | jq --arg group "$1" --arg name "$2" \
		'.counters[] | select(.group == $group and .name == $name).value'
}
drop_count() { # STAGE REASON: of the hub
	ctl hub --json drops | jq --arg stage "$1" --arg reason "$2" \
		'[.drops[] | select(.stage == $stage and .reason == $reason) |
		.packets] | add // 0'
}
# dropped STAGE REASON COMMAND...: the command makes that counter move.
dropped() {
	local before stage=$1 reason=$2
	shift 2
	before=$(drop_count "$stage" "$reason")
	"$@"
	wait_for 5 is_more "$before" "$stage" "$reason"
}
is_more() { less "$1" "$(drop_count "$2" "$3")"; }
# says PATTERN ARGUMENTS...: a ping of red's prints that.
says() {
	local pattern=$1
	shift
	on red ping -n -c 1 -W 1 "$@" >"$RUN/ping.out" 2>&1
	contains "$RUN/ping.out" "$pattern"
}

hub_conf
spoke_conf red 1
spoke_conf green 2
vpnd_start hub red green

check_is "the hub's kernel does not forward" 0 \
	"$(on hub cat /proc/sys/net/ipv4/ip_forward)"
check "red reaches green" pings red 10.77.0.3
check "red reaches green over IPv6" pings red fd77::3
check "red reaches the hub itself" pings red 10.77.0.1
check "the hub counts what it forwards" less 0 "$(counter Ip ForwDatagrams)"
check "and over IPv6" less 0 "$(counter Ip6 OutForwDatagrams)"

# ---- the largest segment: before red learns an MTU ----

mss_seen() { # ADDRESS: a connection that red tries now
	on red timeout 1 socat -u OPEN:/dev/null "TCP:$1:9"
	contains "$RUN/syn.log" "$2"
}
spawn green syn tcpdump -Z root -n -l --immediate-mode -i vpn0 \
	'tcp[tcpflags] & tcp-syn != 0 or (ip6[6] = 6 and ip6[53] & 2 != 0)'
wait_for 5 grep -q 'listening on' "$RUN/syn.log"
check "a connection's largest segment fits the hub" \
	wait_for 10 mss_seen 10.77.0.3 '77\.0\.2.*> 10\.77\.0\.3.*mss 1260'
check "and over IPv6" \
	wait_for 10 mss_seen '[fd77::3]' 'fd77::2.*> fd77::3.*mss 1240'
quit syn

# ---- hops ----

check "the hub is a hop" \
	wait_for 10 says 'From 10\.77\.0\.1 .*Time to live exceeded' \
	-t 1 10.77.0.3
check "and over IPv6" \
	wait_for 10 says 'From fd77::1 .*Time exceeded' -t 1 fd77::3
check "it is no hop to itself" wait_for 10 on red ping -n -c 1 -W 1 -t 1 \
	10.77.0.1
check "drops has it" dropped forward IP_INHDR \
	says 'exceeded' -t 1 10.77.0.3

# ---- what is not reached ----

# The spokes' kernels send these to the hub, the hub's to nobody.
ip_on hub route add 192.0.2.0/24 dev vpn0
ip_on hub route add 2001:db8::/64 dev vpn0
unreached() { # ADDRESS PATTERN: what a ping of the hub's says
	on hub ping -n -c 1 -W 1 "$1" >"$RUN/ping.out" 2>&1
	contains "$RUN/ping.out" "$2"
}
check "the host hears that no peer has an address" \
	wait_for 10 unreached 192.0.2.1 'Destination Host Unreachable'
check "and over IPv6" wait_for 10 unreached 2001:db8::1 \
	'Destination unreachable: Address unreachable'

# ---- path MTU ----

learns() { # ADDRESS: red's kernel knows the MTU of the way
	on red ping -n -c 1 -W 1 -M "do" -s 1340 "$1"
	ip_on red route get "$1" >"$RUN/route.out"
	contains "$RUN/route.out" 'mtu 1300'
}
check "what may not be cut is dropped as PKT_TOO_BIG" \
	dropped forward PKT_TOO_BIG on red ping -n -c 1 -W 1 -M "do" -s 1340 \
	10.77.0.3
check "red learns the MTU" wait_for 10 learns 10.77.0.3
check "and over IPv6" wait_for 10 learns fd77::3
check "then large datagrams arrive" \
	wait_for 10 on red ping -n -c 1 -W 1 -s 4000 10.77.0.3
check "and over IPv6" wait_for 10 on red ping -n -c 1 -W 1 -s 4000 fd77::3
ip_on red route flush cache
uncut() { on red ping -n -c 1 -W 1 -M "dont" -s 1340 10.77.0.3; }
check "what may be cut arrives" wait_for 10 uncut
check "and was cut by the hub" less 0 "$(counter Ip FragOKs)"
check "a file from spoke to spoke" transfer red green 10.77.0.3 "$RUN/file"

# ---- rates ----

slow() {
	local before
	before=$(now_ms)
	transfer red green 10.77.0.3 "$RUN/file" &&
		less 1500 $(($(now_ms) - before))
}
hub_conf 'rate = "1mbit";'
check "a rate is reloaded" ctl hub reload
check "a file of two megabits takes two seconds" slow
check "what is too fast is QDISC_OVERLIMIT" \
	dropped qdisc QDISC_OVERLIMIT \
	on red ping -q -n -l 100 -c 100 -W 1 -s 1000 10.77.0.3
hub_conf
check "a rate is taken away" ctl hub reload
check "and red reaches green at once" pings red 10.77.0.3

ctl hub snmp >"$RUN/snmp.out"
check "vpnctl snmp has the kernel's layout" contains "$RUN/snmp.out" \
	'^Ip: InReceives .* ForwDatagrams' '^Ip: [0-9 ]+$' '^IpExt: ' \
	'^Ip6InReceives +	[0-9]+$'
vpnd_stop red green hub
finish
