#!/bin/bash
# SPDX-License-Identifier: ISC
# filter.sh - the packet filter in the daemon: what is accepted, dropped and
# rejected, and what the sender sees of it; the log; a reload judges established
# flows again; answers need no rule.
#
#   a  10.99.0.1 ------------- 10.99.0.2  b
#      10.77.0.1 ============= 10.77.0.2     b has the filter
#      fd77::1                 fd77::2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b

talker() { # HOST ARGUMENTS...
	local host=$1
	shift
	on "$host" python3 "$test_dir/talker.py" "$@"
}
gets() { # WANTED HOST ARGUMENTS...: what the talker says
	local wanted=$1
	shift
	same "$wanted" "$(talker "$@")"
}
serve() { # HOST PORT: echoes TCP and UDP, of both families
	spawn "$1" "$1-tcp-$2" socat "TCP6-LISTEN:$2,fork,reuseaddr,ipv6only=0" PIPE
	spawn "$1" "$1-udp-$2" socat "UDP6-LISTEN:$2,fork,reuseaddr,ipv6only=0" PIPE
}
listens() { # HOST PORT
	on "$1" ss -Hltn "sport = :$2" | grep -q .
	on "$1" ss -Hlun "sport = :$2" | grep -q .
}

policy='input = "reject"; forward = "drop"; output = "accept";'
# filter RULES [POLICY]: b's file
filter() {
	conf a 10.77.0.1/24,fd77::1/64 "" "$(peer b 10.99.0.2:51820 \
		10.77.0.2/32,fd77::2/128)"
	conf b 10.77.0.2/24,fd77::2/64 "filter = { policy = { ${2:-$policy} };
		groups = { friends = ( \"a\" ); lan = ( \"10.77.0.0/24\" ); };
		rules = ( $1 ); };" "$(peer a 10.99.0.1:51820 \
		10.77.0.1/32,fd77::1/128)"
}
ssh='{ name = "ssh"; hook = "input"; from = "@friends"; proto = "tcp";
	dport = "22"; action = "accept"; log = true; }'
dns='{ name = "dns"; hook = "input"; to = "@lan"; proto = "udp"; dport = "53";
	action = "accept"; }'
mute='{ name = "mute"; hook = "input"; proto = "tcp,udp"; dport = "24";
	action = "drop"; }'
push='{ name = "push"; hook = "input"; proto = "tcp"; dport = "26";
	action = "accept"; }'
long='{ name = "long"; hook = "input"; match = "icmp and greater 1000";
	action = "drop"; }'
# drops STAGE REASON: how often, so far
drops() {
	ctl b --json drops | jq "[.drops[] | select(.stage == \"$1\" and
		.reason == \"$2\") | .packets] | add // 0"
}

filter "$long, $ssh, $dns, $mute"
vpnd_start a b
for port in 22 23 24 53; do serve b $port; done
serve a 22
for port in 22 23 24 53; do
	check "b listens on port $port" wait_for 5 listens b $port
done
check "a listens on port 22" wait_for 5 listens a 22

# ---- what a sees ----

check "what a rule accepts arrives" wait_for 10 gets answer a tcp 10.77.0.2 22
check "so it does over IPv6" gets answer a tcp fd77::2 22
check "a rule with a prefix accepts" gets answer a udp 10.77.0.2 53
check "but not over IPv6, which it does not have" \
	gets EACCES a udp fd77::2 53
check "a rejected TCP connection is reset" gets ECONNREFUSED a tcp 10.77.0.2 23
check "so it is over IPv6" gets ECONNREFUSED a tcp fd77::2 23
check "a rejected datagram is answered: prohibited" \
	gets EHOSTUNREACH a udp 10.77.0.2 23
check "a dropped connection hears nothing" gets silence a tcp 10.77.0.2 24
check "nor does a dropped datagram" gets silence a udp fd77::2 24
filtered() { on a ping -n -c 1 -W 1 "$@" 10.77.0.2 | grep -q 'Packet filtered'; }
check "ping says that it is filtered" wait_for 5 filtered
unanswered() {
	on a ping -n -c 1 -W 1 -s 1200 10.77.0.2 >"$RUN/ping.out"
	grep -q '100% packet loss' "$RUN/ping.out" &&
		! grep -q filtered "$RUN/ping.out"
}
check "an expression drops what is long" unanswered
before=$(drops input NETFILTER_DROP)
check "the drops are counted at input" less 3 "$before"

# ---- b itself ----

check "b reaches a: answers need no rule" gets answer b tcp 10.77.0.1 22
check "b pings a" pings b 10.77.0.1
check "the log has what a rule accepted" wait_for 2 contains "$RUN/b.log" \
	'rule ssh: accepted at input from a: tcp 10\.77\.0\.1:[0-9]+ > 10\.77\.0\.2:22 '
check "and filter log has it" \
	contains <(ctl b filter log) '^[0-9]+s +ssh +accept +input +from a  tcp '
check_not "and nothing of rules that do not log" \
	grep -q 'rule dns' "$RUN/b.log"

# ---- what it tells ----

shown() { ctl b --json filter show | jq -e "$1" >/dev/null; }
check "filter show counts what a rule matched" shown \
	'.rules[] | select(.name == "ssh") | .packets > 0 and .bytes > 0'
check "and what the policy decided" shown \
	'.policies[] | select(.hook == "input") | .packets > 0'
ctl b filter export nft >"$RUN/b.nft"
check "nft takes what filter export prints" on b nft -c -f "$RUN/b.nft"
check "peers are their prefixes there" contains "$RUN/b.nft" \
	'ip saddr 10\.77\.0\.1/32 .*th dport \{ 22 \} .*comment "ssh"'

# ---- reload ----

spawn a talk python3 "$test_dir/talker.py" talk tcp 10.77.0.2 22
talks() { [ "$(grep -c answer "$RUN/talk.log")" -gt "${1:-0}" ]; }
check "a talks with b" wait_for 5 talks
filter "$ssh, $mute, $dns"
check "rules change their order: reload succeeds" ctl b reload
heard=$(grep -c answer "$RUN/talk.log")
check "a connection that is accepted by the new rules goes on" \
	wait_for 5 talks "$heard"
filter '{ name = "bad"; hook = "input"; dport = "22"; action = "accept"; }'
check_not "a bad rule is refused" ctl b reload
heard=$(grep -c answer "$RUN/talk.log")
check "and all goes on as before" wait_for 5 talks "$heard"
filter "$mute, $dns"
ctl b reload >"$RUN/reload.out" 2>&1
check "the rule is removed: reload says what changed" \
	contains "$RUN/reload.out" 'filter\.rules'
check "the connection is judged again, and reset" wait_for 5 \
	contains "$RUN/talk.log" ECONNRESET
check "and no other one is accepted" gets ECONNREFUSED a tcp 10.77.0.2 22

# The host's end speaks first after the reload: it may begin connections.
spawn b push socat TCP-LISTEN:26 \
	SYSTEM:"while echo pushed; do sleep 0.02; done"
pushes_at_26() { on b ss -Hltn 'sport = :26' | grep -q .; }
filter "$push"
check "a rule for another connection: reload succeeds" ctl b reload
check "b listens on port 26" wait_for 5 pushes_at_26
spawn a pushed socat -u TCP:10.77.0.2:26 -
pushes() { grep -c pushed "$RUN/pushed.log"; }
is_pushed() { [ "$(pushes)" -gt 5 ]; }
check "b pushes to a" wait_for 5 is_pushed
filter "$mute, $dns"
check "that rule is removed: reload succeeds" ctl b reload
# shellcheck disable=SC2317 # called by wait_for
is_over_at() { ! on "$1" ss -Htn state established | grep -q ':26 '; }
check "b's end is reset, though it may begin connections" \
	wait_for 5 is_over_at b
is_quiet() { same "$heard" "$(pushes)"; }
falls_quiet() {
	heard=$(pushes)
	stays 300 is_quiet
}
check "and a hears no more of it" wait_for 5 falls_quiet

filter "$ssh" 'input = "drop"; forward = "drop";'
check "the policy becomes drop: reload succeeds" ctl b reload
check "and nobody hears anything" gets silence a tcp 10.77.0.2 23
check "but what the rule accepts" gets answer a tcp 10.77.0.2 22
conf b 10.77.0.2/24,fd77::2/64 "" \
	"$(peer a 10.99.0.1:51820 10.77.0.1/32,fd77::1/128)"
check "the filter is taken away: reload succeeds" ctl b reload
check "and all is accepted" gets answer a tcp 10.77.0.2 23
finish
