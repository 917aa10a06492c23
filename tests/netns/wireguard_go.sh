#!/bin/bash
# SPDX-License-Identifier: ISC
# wireguard_go.sh - a real wireguard-go as peer: as initiator and as responder,
# over IPv4 and IPv6, without and with a pre-shared key, through two rekeys.
#
# Eight pairs beside each other, for 250 s, as the rekey of both programs comes
# 120 s after the handshake; N is 1 to 8:
#   vN  10.99.0.1 fd99::1  va ------ vb  10.99.0.2 fd99::2  wN     underlay
#       10.77.0.1 fd77::1  vpn0 ==== wg  10.77.0.2 fd77::2         tunnel
# vN runs vpnd, wN wireguard-go. Besides, what `extension` means for such a
# peer: one more pair each for "off", "required", and "auto" with compression.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
command -v wireguard-go wg >/dev/null || skip_all "wireguard-go is missing"
psk shared
seconds=${SECONDS_OF_PING:-250}
random_file "$RUN/file" 1000000

# pair NUMBER INITIATOR FAMILY PSK [SETTINGS [PEER SETTINGS]]: brings it up.
# INITIATOR is the one that knows the other's endpoint and sends first.
pair() {
	local v=v$1 w=w$1 to_v=- to_w=- secret="" psk_file=""
	host "$v" "$w"
	wire "$v" va "$w" vb
	addr "$v" va 10.99.0.1/24 fd99::1/64
	addr "$w" vb 10.99.0.2/24 fd99::2/64
	keys "$v" "$w"
	case $2-$3 in
	vpnd-v4) to_w=10.99.0.2:51820 ;;
	vpnd-v6) to_w="[fd99::2]:51820" ;;
	go-v4) to_v=10.99.0.1:51820 ;;
	go-v6) to_v="[fd99::1]:51820" ;;
	esac
	if [ "$4" = psk ]; then
		secret="preshared_key_file = \"$RUN/shared.psk\";"
		psk_file=$RUN/shared.psk
	fi
	conf "$v" 10.77.0.1/24,fd77::1/64 "${5:-}" "$(peer "$w" "$to_w" \
		10.77.0.2/32,fd77::2/128 "$secret ${6:-}")"
	capture "$v" va "cap$1" udp
	vpnd_start "$v"
	wg_start "$w" 10.77.0.2/24,fd77::2/64 "$v" "$to_v" \
		10.77.0.1/32,fd77::1/128 "$psk_file"
}
pinger() { # NUMBER INITIATOR: both directions answer, the initiator asks
	if [ "$2" = vpnd ]; then
		spawn "v$1" "ping$1" ping -n -i 0.5 10.77.0.2
	else
		spawn "w$1" "ping$1" ping -n -i 0.5 10.77.0.1
	fi
}

# What wireguard-go says of a frame that is neither IPv4 nor IPv6.
frames_of_ours() { # NUMBER
	grep -c 'Packet with invalid IP version' "$RUN/w$1.log"
}

variants() { # COMMAND: with the arguments NUMBER INITIATOR FAMILY PSK
	local n=0 initiator family secret
	for initiator in vpnd go; do
		for family in v4 v6; do
			for secret in none psk; do
				n=$((n + 1))
				"$1" $n $initiator $family $secret
			done
		done
	done
}
sentence() { # NUMBER INITIATOR FAMILY PSK
	local who="vpnd initiates"
	[ "$2" = vpnd ] || who="wireguard-go initiates"
	echo "$who, IP$3 outside, pre-shared key: $4"
}

begin() {
	local name
	name=$(sentence "$@")
	pair "$@"
	if [ "$2" = vpnd ]; then
		check "$name: IPv4 passes" pings "v$1" 10.77.0.2
	else
		check "$name: IPv4 passes" pings "w$1" 10.77.0.1
	fi
	check "$name: IPv6 passes" pings "v$1" fd77::2
	pinger "$@"
}
early() {
	check "$(sentence "$@"): a file arrives unchanged" \
		transfer "v$1" "w$1" 10.77.0.2 "$RUN/file"
	check "$(sentence "$@"): and back" \
		transfer "w$1" "v$1" fd77::1 "$RUN/file"
}
count() { # NUMBER PATTERN: of lines of the capture
	grep -Ec -- "$2" "$RUN/cap$1.txt"
}
# One, unless wireguard-go has begun a second handshake at once, as it sometimes
# does when it does not see at first that its first one was answered.
sessions_until_plain() { # NUMBER
	sed '/is plain WireGuard/q' "$RUN/v$1.log" |
		grep -c 'session established'
}
tell_losses() { # HOST...: as far as they were counted
	local at
	for at; do
		echo "-- $at: what was lost"
		[ "${at#v}" = "$at" ] || ctl "$at" drops
		on "$at" nstat -asz | grep -E 'IcmpMsg|Discard|Errors|Drop|Fail' |
			awk '$2 > 0 { print $1, $2 }'
		ip_on "$at" -s link show | grep -A1 -E 'mtu|RX:|TX:'
	done 2>&1 | diag
}
end() {
	local name from to count
	name=$(sentence "$@")
	kill -INT "$(pid_of "ping$1")"
	wait_for 5 is_gone "$(pid_of "ping$1")"
	check "$name: no ping was lost" none_lost "$RUN/ping$1.log" ||
		tell_losses "v$1" "w$1"
	check "$name: pings ran for the whole time" \
		at_most $((seconds * 18 / 10)) "$count"
	capture_end "cap$1"
	from='\.1|fd99::1' to='\.2|fd99::2'
	[ "$2" = vpnd ] || { from='\.2|fd99::2'; to='\.1|fd99::1'; }
	check "$name: three handshakes by the initiator" \
		at_most 3 "$(count "$1" "($from) 51820 .* initiation")"
	check "$name: answered by the other" \
		at_most 3 "$(count "$1" "($to) 51820 .* response")"
	check "$name: no storm of handshakes" \
		at_most "$(count "$1" initiation)" 8
	check "$name: three HELLOs, not again after a rekey" \
		at_most "$(frames_of_ours "$1")" $((3 * $(sessions_until_plain "$1")))
	check_is "$name: no message that WireGuard does not know" 0 \
		"$(count "$1" 'data-gcm|other')"
}

variants begin
since=$(now_ms)
variants early

pair 9 go v4 psk "" 'extension = "off";'
check 'extension = "off": it passes' pings w9 10.77.0.1
check 'extension = "off": wireguard-go gets none of our frames' \
	at_most "$(frames_of_ours 9)" 0
pair 10 go v4 none "" 'extension = "required";'
check_not 'extension = "required": nothing passes' pings w10 10.77.0.1 8
is_refused() {
	ctl v10 status >"$RUN/refused" &&
		contains "$RUN/refused" 'plain WireGuard|extension'
}
check 'extension = "required": status says why' wait_for 30 is_refused
sed 's/^/# /' "$RUN/refused"
pair 11 vpnd v4 none 'compress = "lz4";' 'extension = "auto";'
check 'extension = "auto" with compression: it passes' pings v11 10.77.0.2
check 'extension = "auto": a file arrives unchanged' \
	transfer v11 w11 10.77.0.2 "$RUN/file"
is_plain() { ctl v11 status | grep -i 'plain WireGuard'; }
check 'extension = "auto": status says plain WireGuard' wait_for 60 is_plain
check 'extension = "auto": it still passes' pings v11 10.77.0.2
ctl v11 ping -c 1 w11 >"$RUN/ping.out" 2>&1
check "vpnctl ping does not pretend to reach a plain peer" less 0 $?
check "and says why" contains "$RUN/ping.out" 'echo|plain|extension'

enough() { [ $(($(now_ms) - since)) -ge $((seconds * 1000)) ]; }
wait_for $((seconds + 30)) enough
variants end
finish
