#!/bin/bash
# SPDX-License-Identifier: ISC
# reload.sh - a changed file is applied as a difference; sessions of peers that
# did not change lose no packet; a bad file changes nothing.
#
#   a  10.99.0.1 ----- 10.99.0.2  b      a  10.98.0.1 ----- 10.98.0.3  c
#      10.77.0.1 ===== 10.77.0.2            10.77.0.1 ===== 10.77.0.3
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
host c
wire a va2 c vc
addr a va2 10.98.0.1/24
addr c vc 10.98.0.3/24 10.98.0.4/24
keys a b c d
psk ac

peer_b() { peer b 10.99.0.2:51820 10.77.0.2/32 'keepalive = "1s";'; }
peer_c() { # ALLOWED [SETTINGS [ENDPOINT]]
	peer c "${3:-10.98.0.3:51820}" "$1" "${2:-}"
}
conf_a() { conf a "${addresses:-10.77.0.1/24}" "${settings:-}" "$@"; }
reload() { ctl a reload; }
reload_code() { # WANTED: what reload says is in $RUN/reload.out
	ctl a reload >"$RUN/reload.out" 2>&1
	same "$1" $?
}
has_address() { ip_on a -j addr show vpn0 | grep -q "\"$1\""; }
has_route() { ip_on a route show | grep -q "^$1 dev vpn0"; }
has_peer() { [ "$(status a ".peers[] | select(.name == \"$1\") | .name")" = "$1" ]; }
no_peer() { ! has_peer "$1"; }

conf_a "$(peer_b)"
conf b 10.77.0.2/24 "" "$(peer a 10.99.0.1:51820 10.77.0.1/32)"
conf c 10.77.0.3/24 "" "$(peer a - 10.77.0.1/32,10.78.0.1/32)"
vpnd_start a b c
check "a reaches b" pings a 10.77.0.2
handshake=$(peer_field a b latest_handshake_s)

# Runs through all the reloads below, 100 packets a second.
spawn a flood ping -n -i 0.01 10.77.0.2

conf_a "$(peer_b)" "$(peer_c 10.77.0.3/32)"
check "a peer is added: reload succeeds" reload_code 0
check "the new peer is reached" pings a 10.77.0.3

conf_a "$(peer_b)" "$(peer_c 10.77.0.3/32,10.78.0.0/24)"
ip_on c addr add 10.78.0.3/32 dev lo
check "an allowed prefix is added: reload succeeds" reload_code 0
check "and its route is there" wait_for 10 has_route 10.78.0.0/24
check "and it is reached" pings a 10.78.0.3
conf_a "$(peer_b)" "$(peer_c 10.77.0.3/32)"
check "the prefix is removed: reload succeeds" reload_code 0
check "and its route is gone" wait_for 10 not has_route 10.78.0.0/24

# What c sends from its other address would move the endpoint back.
on c nft -f - <<'X'
table ip quiet {
	chain out {
		type filter hook output priority 0;
		udp sport 51820 ip saddr 10.98.0.3 drop
	}
}
X
conf_a "$(peer_b)" "$(peer_c 10.77.0.3/32 "" 10.98.0.4:51820)"
check "an endpoint is changed: reload succeeds" reload_code 0
check "and it is used" wait_for 5 peer_is a c endpoint 10.98.0.4:51820
check "and the peer is reached" pings a 10.77.0.3
on c nft delete table ip quiet

addresses=10.77.0.1/24,10.78.0.1/24
conf_a "$(peer_b)" "$(peer_c 10.77.0.3/32)"
check "an address is added: reload succeeds" reload_code 0
check "and the device has it" wait_for 10 has_address 10.78.0.1
addresses=10.77.0.1/24
conf_a "$(peer_b)" "$(peer_c 10.77.0.3/32)"
check "the address is removed: reload succeeds" reload_code 0
check "and it is gone" wait_for 10 not has_address 10.78.0.1
check "and the other stayed" has_address 10.77.0.1

secret="preshared_key_file = \"$RUN/ac.psk\";"
conf_a "$(peer_b)" "$(peer_c 10.77.0.3/32 "$secret")"
check "one side gets a pre-shared key: reload succeeds" reload_code 0
check_not "nothing passes until the other has it" ping_ok a 10.77.0.3
conf c 10.77.0.3/24 "" "$(peer a - 10.77.0.1/32 "$secret")"
check "the other side gets it: reload succeeds" ctl c reload
check "and it passes again" pings a 10.77.0.3 20

settings='compress = "lz4"; log = { level = "info"; };'
conf_a "$(peer_b)" "$(peer_c 10.77.0.3/32 "$secret")"
sed -i '0,/^log = .*debug.*/{//d}' "$(conf_file a)"
check "compression and log level are changed: reload succeeds" reload_code 0
settings=

conf_a "$(peer_b)"
check "a peer is removed: reload succeeds" reload_code 0
check "and status no longer has it" no_peer c
check_not "and it is not reached" ping_ok a 10.77.0.3

check "SIGHUP" kill -HUP "$(pid_of a)"
check "after SIGHUP the daemon answers" wait_for 10 ctl a status

# ---- files and settings that are refused, wholly ----

cp "$(conf_file a)" "$RUN/good"
refused() { # NAME PATTERN...: the file in place is refused
	local name=$1
	shift
	ctl a --json status | jq -S '[.peers[] | {name, allowed_ips}]' \
		>"$RUN/before"
	check "$name: reload fails" reload_code 1
	check "$name: and says why" contains "$RUN/reload.out" "$@"
	ctl a --json status | jq -S '[.peers[] | {name, allowed_ips}]' \
		>"$RUN/after"
	check "$name: and changes nothing" diff "$RUN/before" "$RUN/after"
	cp "$RUN/good" "$(conf_file a)"
}
conf_a "$(peer_b)" "$(peer_c 10.77.0.3/32 'keepalife = "1s";')"
refused "an unknown key" ':[0-9]+:[0-9]+: error: .*keepalife' 'keepalive'
conf_a "$(peer_b)" "$(peer_c 10.77.0.3/33)"
refused "a wrong prefix" ':[0-9]+:[0-9]+: error: .*10\.77\.0\.3/33'
echo 'device = { ' >"$(conf_file a)"
refused "a broken file" ':[0-9]+:[0-9]+: error: '
mv "$(conf_file a)" "$RUN/away"
refused "no file" 'No such file'
conf_a "$(peer_b)" "$(peer_c 10.77.0.3/32 \
	"preshared_key_file = \"$RUN/none.psk\";")"
refused "no key file" 'none\.psk'
conf_a "$(peer_b)" "$(peer_c 10.77.0.3/32)"
sed -i 's/name = "vpn0"/name = "vpn1"/' "$(conf_file a)"
refused "another device name" 'device\.name' 'restart'
conf_a "$(peer_b)" "$(peer_c 10.77.0.3/32)"
sed -i 's/port = 51820/port = 51821/' "$(conf_file a)"
refused "another port" 'listen\.port' 'restart'
conf_a "$(peer_b)" "$(peer_c 10.77.0.3/32)"
sed -i '/workers =/d' "$(conf_file a)"
echo 'workers = 1;' >>"$(conf_file a)"
refused "another number of threads" 'workers' 'restart'

# ---- peers added at run time ----

check "peer add" ctl a peer add c public-key "$(cat "$RUN/c.pub")" \
	endpoint 10.98.0.3:51820 allowed-ips 10.77.0.3/32 \
	preshared-key-file "$RUN/ac.psk"
check "the peer added at run time is reached" pings a 10.77.0.3 20
check_not "a second one of that name is refused" \
	ctl a peer add c public-key "$(cat "$RUN/d.pub")"
check "reload succeeds" reload_code 0
check "and reports that the run-time peer is gone" \
	contains "$RUN/reload.out" 'peer c removed.*added by vpnctl'
check "and it is" no_peer c
check "peer add again" ctl a peer add c public-key "$(cat "$RUN/c.pub")" \
	allowed-ips 10.77.0.3/32
check "peer remove" ctl a peer remove c
check "removes it" no_peer c
check "peer remove of nobody: exit code 5" code_of 5 ctl a peer remove c

# ---- the peer that never changed ----

kill -INT "$(pid_of flood)"
check "the ping flood ends" wait_for 5 is_gone "$(pid_of flood)"
check "none was lost" none_lost "$RUN/flood.log"
check "more than 100 pings ran beside the reloads" less 100 "$count"
check "it is the same session" peer_is a b latest_handshake_s "$handshake"
finish
