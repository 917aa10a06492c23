#!/bin/bash
# SPDX-License-Identifier: ISC
# hostchanges.sh - others change what vpnd has set up on its host: what a flush
# took is back within a second, and said once; what was done on purpose stays.
#
#   a  10.99.0.1 fd99::1  va ------ vb  10.99.0.2 fd99::2  b
#      10.77.0.1 fd77::1  vpn0 ==== vpn0  10.77.0.2 fd77::2
#                                   lo  10.88.0.1 fd88::1 and what only a
#                                       default route reaches: 198.51.100.1
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
addr b lo 10.88.0.1/32 fd88::1/128 198.51.100.1/32
keys a b
a_conf() { # [MORE ALLOWED_IPS [ADDRESSES]]
	conf a "${2:-10.77.0.1/24,fd77::1/64}" "" "$(peer b 10.99.0.2:51820 \
		"10.77.0.2/32,fd77::2/128,10.88.0.0/24,fd88::/64${1:+,$1}")"
}
a_conf
conf b 10.77.0.2/24,fd77::2/64 "" \
	"$(peer a 10.99.0.1:51820 10.77.0.1/32,fd77::1/128)"
host_state a "$RUN/before"
vpnd_start a b
check "up" pings a 10.77.0.2
handshake=$(peer_field a b latest_handshake_s)

dev=vpn0
has_addr() { ip_on a addr show dev "$dev" | grep -q " $1 "; }
has_route() { # PREFIX [TABLE]
	case $1 in
	*:*) ip_on a -6 route show "$1" dev vpn0 table "${2:-main}" ;;
	*) ip_on a route show "$1" dev vpn0 table "${2:-main}" ;;
	esac | grep -q .
}
has_all() {
	local all word
	all=$(ip_on a addr show dev "$dev"
		ip_on a route show dev vpn0
		ip_on a -6 route show dev vpn0)
	for word in 10.77.0.1/24 fd77::1/64 10.77.0.0/24 fd77::/64 \
		10.88.0.0/24 fd88::/64; do
		grep -Eq "(^| )$word( |\$)" <<<"$all" || return 1
	done
}
# within MS SENTENCE COMMAND...: the command succeeds within so many
# milliseconds after this call, and two seconds for a machine that has much to do
# (the unit test of daemon/mend.h holds vpnd itself to its time).
within() {
	local most=$1 sentence=$2 start
	shift 2
	start=$(now_ms)
	check "$sentence" wait_for 5 "$@" || return 1
	check "$sentence: within $most ms" \
		at_most $(($(now_ms) - start)) $((most + 2000))
}
log_mark() { log_lines=$(wc -l <"$RUN/a.log"); }
logged() { # COUNT PATTERN: lines since the mark
	tail -n +$((log_lines + 1)) "$RUN/a.log" | grep -Ec -- "$2" >"$RUN/n"
	same "$1" "$(cat "$RUN/n")"
}
quiet=800 # ms; a look at the host comes 0.2 s to 0.6 s after the news
says_once() { wait_for 5 logged 1 "$1" && stays $quiet logged 1 "$1"; }
# at_once COMMAND...: vpnd hears of all of it together.
at_once() {
	kill -STOP "$(pid_of a)"
	"$@"
	kill -CONT "$(pid_of a)"
}

# ---- flushed by others: back within a second, one line ----

log_mark
at_once ip_on a addr flush dev vpn0
within 1000 "addresses are flushed: all is back" has_all
check "IPv4 passes" pings a 10.88.0.1
check "IPv6 passes" pings a fd88::1
check "one line says so" \
	says_once 'vpn0: others removed what is ours; restored'
check "it names the address" logged 1 'restored: .*ip address add 10.77.0.1/24'
restart_a() { # probation ends with the process
	vpnd_stop a
	vpnd_start a
	check "a is started again" pings a 10.77.0.2
	handshake=$(peer_field a b latest_handshake_s)
}
restart_a

log_mark
flush_routes() {
	ip_on a route flush dev vpn0
	ip_on a -6 route flush dev vpn0
}
at_once flush_routes
within 1000 "routes are flushed: all is back" has_all
check "IPv4 passes" pings a 10.88.0.1
check "IPv6 passes" pings a fd88::1
check "one line says so" \
	says_once 'others removed what is ours; restored'
check "it names IPv6, too" logged 1 'restored: .*fd88::/64'
check "in the same session" peer_is a b latest_handshake_s "$handshake"

# ---- on purpose: not fought ----

log_mark
ip_on a route del 10.88.0.0/24 dev vpn0
check "removed again within a minute: it stays away" \
	stays $quiet not has_route 10.88.0.0/24
check "one line says so, and the remedy" wait_for 5 logged 1 \
	'removed again within 60 s.*vpnctl reload.*10.88.0.0/24'
check_not "nothing else is said" logged 1 'restored'
check "the rest stays" has_route fd88::/64
ip_on a addr add 10.77.9.9/32 dev vpn0
ip_on a addr del 10.77.9.9/32 dev vpn0
check "later news do not bring it back" stays $quiet not has_route 10.88.0.0/24
check "nor are they a reason to say it again" logged 1 'removed again'
check "reload" ctl a reload
check "it is back" has_route 10.88.0.0/24
check "it works" pings a 10.88.0.1

restart_a
log_mark
ip_on a route replace 10.88.0.0/24 dev va
ip_on a -6 route replace fd88::/64 dev va
by_va() { ip_on a route get "$1" | grep -q 'dev va'; }
check "a route replaced by one of another device stays so" \
	stays $quiet by_va 10.88.0.1
check "IPv6, too" by_va fd88::1
check "one line says so" wait_for 5 \
	logged 1 'took the place of ours.*10.88.0.0/24'
check "it names IPv6, too" wait_for 5 \
	logged 1 'took the place of ours.*fd88::/64'
ip_on a route del 10.88.0.0/24 dev va
ip_on a -6 route del fd88::/64 dev va
check "taken away, and a reload" ctl a reload
check "ours is back" has_all
check "it works" pings a fd88::1

# Two programs that do not agree: ours gives way.
log_mark
insist() { ip_on a route del fd88::/64 dev vpn0 2>/dev/null || true; }
check "another program insists for a while" stays 3000 insist
check "its will is done" stays $quiet not has_route fd88::/64
restored() {
	at_most "$(tail -n +$((log_lines + 1)) "$RUN/a.log" | grep -c fd88)" 2
}
check "at most two lines about it" restored
check "reload" ctl a reload

ip_on a link set vpn0 down
check "set down: status shows it" wait_for 5 status_is a .tunnel.device_up false
check "it stays down" stays $quiet status_is a .tunnel.device_up false
ip_on a link set vpn0 up
within 1000 "set up: all is back" has_all
check "it works" pings a 10.88.0.1

ip_on a link set vpn0 mtu 1300 txqueuelen 77
check "another MTU is shown" wait_for 5 status_is a .tunnel.mtu 1300
check "and not fought" stays $quiet status_is a .tunnel.mtu 1300
check "the queue's length neither" \
	sh -c "ip -n '$(ns a)' link show vpn0 | grep -q 'qlen 77'"
ip_on a link set vpn0 mtu 1420

# ---- the device itself ----

log_mark
ip_on a link set vpn0 name other0 ||
	{ ip_on a link set vpn0 down; ip_on a link set vpn0 name other0; }
ip_on a link set other0 up
check "renamed: it works" pings a 10.77.0.2
check "the name is followed" wait_for 5 status_is a .tunnel.device other0
dev=other0
at_once ip_on a addr flush dev other0
within 1000 "a flush: all is back" has_addr 10.77.0.1/24
dev=vpn0
check "the log has the new name" says_once 'device other0: .*restored'
ip_on a link set other0 down
ip_on a link set other0 name vpn0
ip_on a link set vpn0 up
check "and back" pings a 10.77.0.2

pid=$(pid_of a)
ip_on a link del vpn0
within 1000 "deleted: made again with all of it" has_all
check "by the same process" kill -0 "$pid"
ip_on a link set vpn0 netns "$(ns b)" name stray0
within 1000 "moved to another namespace: made again with all of it" has_all
check "the one that was moved is gone" not ip_on b link show stray0
check "it works" pings a 10.88.0.1
check "in the same session" peer_is a b latest_handshake_s "$handshake"

# Its name is taken for a while, in which the peer goes on sending.
log_mark
kill -STOP "$pid"
ip_on a link del vpn0
ip_on a link add vpn0 type veth peer name taken0
spawn b pinging ping -n -q -i 0.02 10.77.0.1
kill -CONT "$pid"
check "it finds its name taken" \
	wait_for 5 logged 1 'deleted; making it again'
kill -STOP "$pid" # it tries four times in 750 ms, and would end then
quit pinging
ip_on a link del vpn0
kill -CONT "$pid"
within 1000 "its name was taken: made again with all of it" has_all
check "it works" pings a 10.88.0.1
check "one line says that it was deleted" logged 1 'deleted; making it again'

# ---- the end ----

ip_on a route replace 10.88.0.0/24 dev va
check "replaced: it stays so" stays $quiet by_va 10.88.0.1
vpnd_stop a
check "at the end, a route that is another's stays" by_va 10.88.0.1
ip_on a route del 10.88.0.0/24 dev va
host_state a "$RUN/after"
check "the rest is gone" diff "$RUN/before" "$RUN/after"

# ---- a table and rules of our own ----

ip_on a route add default via 10.99.0.2
a_conf 0.0.0.0/0
host_state a "$RUN/before"
vpnd_start a
check "with a default route: up" pings a 198.51.100.1
goes_by() { ip_on a route get "$1" | grep -q "dev $2"; }
rules() { ip_on a rule | grep -vcE 'lookup (local|main|default) *$'; }
count=$(rules)
check "there are rules" less 0 "$count"
rules_are() { same "$count" "$(rules)"; }
log_mark
networkd_begins() { # what systemd-networkd does at its start
	ip_on a rule flush
	ip_on a rule add pref 32766 table main
	ip_on a rule add pref 32767 table default
	ip_on a route flush table 51820
}
at_once networkd_begins
within 1000 "rules are flushed: all are back" rules_are
check "and the table" wait_for 5 has_route default 51820
check "what only the default route reaches answers" pings a 198.51.100.1
check "through the tunnel" goes_by 198.51.100.1 vpn0
check "one line says so" says_once 'restored'
check "it names a rule" logged 1 'ip -4 rule add'

# ---- the default route moves ----

handshake=$(peer_field a b latest_handshake_s)
wire a va2 b vb2
addr a va2 10.98.0.1/24
addr b vb2 10.98.0.2/24
ip_on a route replace default via 10.98.0.2
check "the default route moves: it works" pings a 198.51.100.1
check "in the same session" peer_is a b latest_handshake_s "$handshake"
vpnd_stop a
ip_on a link del va2
ip_on a route add default via 10.99.0.2
host_state a "$RUN/after"
check "stopped: all is as before" diff "$RUN/before" "$RUN/after"
ip_on a route del default

# ---- many ----

many=$(seq -f '10.200.%g.0/24' -s, 0 255)
a_conf "$many"
vpnd_start a
check "256 routes more: up" pings a 10.77.0.2
count_is() { same "$1" "$(ip_on a route show dev vpn0 | wc -l)"; }
count=$(ip_on a route show dev vpn0 | wc -l)
log_mark
at_once ip_on a route flush dev vpn0
within 1000 "all flushed: all are back" count_is "$count"
check "one line" says_once 'restored'
check "which does not name them all" logged 1 'restored: .* and [0-9]+ more$'
vpnd_stop a

# ---- a device that was there before, and up ----

ip_on a tuntap add vpn0 mode tun multi_queue
ip_on a link set vpn0 up
addr a vpn0 10.66.0.1/24
vpnd_start a
check "a device that was up before: it works" pings a 10.77.0.2
queues() { ip_on a -d -j link show vpn0 | jq '.[0].linkinfo.info_data.numqueues'; }
queues_before=$(queues)
sed -e 's/51820; };/51830; };/' "$(conf_file a)" >"$RUN/second.conf"
mkdir "$RUN/second.run"
on a timeout 5 "$VPND" --socket "$RUN/second.run/ctl.sock" \
	--state-dir "$RUN/second.run" "$RUN/second.conf" >"$RUN/second.out" 2>&1
check "a second daemon does not start on it" contains "$RUN/second.out" \
	'vpn0: another program has it open'
check_is "and has not touched it" "$queues_before" "$(queues)"
check "the first is unaffected" pings a 10.77.0.2
vpnd_stop a
check "stopped: it is still up" grep -q '[<,]UP[,>]' <(ip_on a link show vpn0)
check "it has the address that it had" has_addr 10.66.0.1/24
check_not "it has no IPv4 route of ours" has_route 10.88.0.0/24
check_not "nor an IPv6 one" has_route fd88::/64
ip_on a tuntap del vpn0 mode tun multi_queue

# ---- IPv4 is lost, IPv6 stays ----

mkdir -p "/etc/netns/$(ns a)"
echo "nameserver 127.0.0.1" >"/etc/netns/$(ns a)/resolv.conf"
printf '%s\n' "b.example.net A 10.99.0.2 1" "b.example.net AAAA fd99::2 1" \
	>"$RUN/zone"
spawn a nameserver python3 "$test_dir/nameserver.py" 127.0.0.1 "$RUN/zone"
check "a name server" wait_for 5 grep -q ready "$RUN/nameserver.log"
conf a 10.77.0.1/24 "" "$(peer b b.example.net:51820 10.77.0.2/32)"
# b must not find a by itself
vpnd_stop b
conf b 10.77.0.2/24 "" "$(peer a - 10.77.0.1/32)"
rm -rf "$RUN/a.state" "$RUN/b.state"
vpnd_start b a
check "a name with A and AAAA: up" pings a 10.77.0.2 10
quit nameserver # as it may be lost with IPv4
ip_on a addr del 10.99.0.1/24 dev va
within 2000 "IPv4 is lost, IPv6 stays: it works again" \
	ping_soon a 10.77.0.2
check "over IPv6" peer_is a b endpoint "[fd99::2]:51820"
addr a va 10.99.0.1/24
check "IPv4 is back: it works" pings a 10.77.0.2
ip_on a addr del fd99::1/64 dev va
within 2000 "IPv6 is lost: it works again" ping_soon a 10.77.0.2
check "over IPv4" peer_is a b endpoint "10.99.0.2:51820"
finish
