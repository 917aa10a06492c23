#!/bin/bash
# SPDX-License-Identifier: ISC
# explain.sh - a filter explains itself: trace, drops and the answer name the
# same rule, reason and stage; another filter is tried, used, and undone.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b     underlay
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2      tunnel
#   b sends what it likes through its device, raw.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b

filter='filter = { stateful = true;
	policy = { input = "reject"; forward = "drop"; output = "accept"; };
	rules = (
		{ name = "ping"; hook = "input"; proto = "icmp"; action = "accept"; },
		{ name = "noisy"; hook = "input"; match = "udp port 666";
			action = "drop"; },
		{ name = "dns"; hook = "input"; proto = "udp"; dport = "53";
			action = "accept"; }
	); };'
write() { # FILTER
	conf a 10.77.0.1/24 "$1" "$(peer b 10.99.0.2:51820 10.77.0.2/32)"
}
write "$filter"
conf b 10.77.0.2/24 'routes = "none";' \
	"$(peer a 10.99.0.1:51820 10.77.0.0/24)"
vpnd_start a b
check "the rule ping lets pings in" pings b 10.77.0.1

# ---- trace, and the same packet ----

ask() { ctl a trace --peer b "$1" >"$RUN/trace.txt" 2>&1; }
says() { contains "$RUN/trace.txt" "$@"; }
drop_count() { # STAGE REASON
	ctl a --json drops | jq --arg stage "$1" --arg reason "$2" \
		'[.drops[] | select(.stage == $stage and .reason == $reason)
		| .packets] | add // 0'
}
send() { # PORT: from b, raw
	on b python3 "$test_dir/raw.py" send vpn0 \
		"$(python3 "$test_dir/raw.py" make udp 10.77.0.2 10.77.0.1 "$1")"
}
counts() { # BEFORE PORT
	send "$2"
	less "$1" "$(drop_count input NETFILTER_DROP)"
}
dies() { # SENTENCE PORT
	local before
	before=$(drop_count input NETFILTER_DROP)
	check "$1: drops count it at the same stage" \
		wait_for 10 counts "$before" "$2"
}
place=$(grep -n 'name = "noisy"' "$(conf_file a)" | cut -d: -f1)

ask 'udp 10.77.0.2:4000 > 10.77.0.1:53'
check "what a rule accepts: exit code 0" same 0 $?
check "the rule is named" says 'input +NF_INET_LOCAL_IN +ok +rule "dns" accepts' \
	'conntrack +nf_conntrack_in +new +no flow' '^verdict: delivered to vpn0'
ask 'udp 10.77.0.2:4000 > 10.77.0.1:666'
check "what a rule drops: exit code 10" same 10 $?
check "the rule and its place are named" says \
	'input +NF_INET_LOCAL_IN +DROP +rule "noisy" drops' \
	"^verdict: NETFILTER_DROP \\(.*/.*a\\.conf:$place:[0-9]+\\)"
dies "a rule" 666
ask 'udp 10.77.0.2:4000 > 10.77.0.1:1002'
check "what the policy rejects: exit code 10" same 10 $?
policy_place=$(grep -n 'policy = ' "$(conf_file a)" | cut -d: -f1)
check "the nearest rule, its field, the answer and the policy's place are named" \
	says 'DROP +no rule of 3 matched; nearest: "dns" \(dport 53 != 1002\)' \
	'policy reject' '^verdict: NETFILTER_DROP, would answer ICMP 3/13' \
	"a\\.conf:$policy_place:[0-9]+\\)"
dies "the policy" 1002
answers() {
	send 1002
	contains "$RUN/answer.log" 'admin prohibited'
}
spawn b answer tcpdump -Z root -l -n -i vpn0 'icmp[0] = 3'
check "and that is the answer" wait_for 10 answers
quit answer

# ---- another filter ----

port_for() { # PORT: "udp 53" with another port
	printf 'udp 10.77.0.2:4000 > 10.77.0.1:%s' "$1"
}
cp "$(conf_file a)" "$RUN/other.conf"
sed -i -e 's/dport = "53"/dport = "1002"/' -e 's/name = "noisy"/name = "loud"/' \
	-e 's/output = "accept"/output = "drop"/' "$RUN/other.conf"
change() { ctl a filter "$1" "$2" >"$RUN/change.txt" 2>&1; }
change test "$RUN/other.conf"
check "filter test: exit code 0" same 0 $?
check "it says what would change" contains "$RUN/change.txt" \
	'policy.output: drop instead of accept' 'rule "noisy" removed' \
	'rule "loud" added' 'rule "dns" changed' 'nothing was changed'
ask "$(port_for 1002)"
check "and nothing has" same 10 $?

sed 's/dport = "1002"/dport = "nonsense"/' "$RUN/other.conf" >"$RUN/bad.conf"
change replace "$RUN/bad.conf"
check "a bad file: exit code 1" same 1 $?
check "with its place" contains "$RUN/change.txt" \
	'bad\.conf:[0-9]+:[0-9]+: error: .*dport'
sed 's/output = "drop"/output = "accept"/' "$RUN/other.conf" >"$RUN/use.conf"
change replace "$RUN/use.conf"
check "filter replace: exit code 0" same 0 $?
check "it was replaced" contains "$RUN/change.txt" \
	'the next reload brings that of the tunnel.s file back'
ask "$(port_for 1002)"
check "the other rule accepts now" same 0 $?
ask "$(port_for 666)"
check "places are those of the other file" says \
	"rule \"loud\" drops" "/use\\.conf:$place:"
change test "$RUN/use.conf"
check "the same once more is no change" contains "$RUN/change.txt" \
	'the same as that of the running tunnel'
many() { # COUNT: so many rules before those of the file
	seq "$1" | sed 's/.*/{ name = "r&"; hook = "input"; proto = "udp";\
		from = "192.0.2.1"; dport = "&"; action = "accept"; },/'
}
{ sed '/rules = (/q' "$RUN/use.conf"; many 10000
	sed '1,/rules = (/d' "$RUN/use.conf"; } >"$RUN/many.conf"
change replace "$RUN/many.conf"
check "10000 rules more are taken" same 0 $?
check "all of them" contains "$RUN/change.txt" 'rule "r10000" added'
ask "$(port_for 666)"
check "the last rules decide as before" says "rule \"loud\" drops"
sed -i '1i # a line before all others' "$(conf_file a)"
place=$((place + 1)) policy_place=$((policy_place + 1))
check "a reload" ctl a reload
ask "$(port_for 1002)"
check "brings the file's filter back" same 10 $?
check "with its places, a line further down" says \
	"a\\.conf:$policy_place:[0-9]+\\)"
sed -i '1i # another line' "$(conf_file a)"
check "a reload that moves lines only" ctl a reload
ask "$(port_for 666)"
check "moves the places" says "a\\.conf:$((place + 1)):[0-9]+\\)"

vpnd_stop a b
finish
