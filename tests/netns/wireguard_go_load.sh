#!/bin/bash
# SPDX-License-Identifier: ISC
# wireguard_go_load.sh - vpnd and wireguard-go under load: each answers with a
# cookie, and the session is made with the cookie's MAC2.
#
#   f1 10.98.0.3 --- 10.98.0.1  a  10.99.0.1 --- 10.99.0.2  b  10.97.0.2 --- 10.97.0.3 f2
#   a runs vpnd, b wireguard-go; f1 floods a, f2 floods b with initiations
#   whose MAC1 is right.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
command -v wireguard-go wg >/dev/null || skip_all "wireguard-go is missing"
lab_pair
host f1 f2
wire f1 uplink a vaf
wire f2 uplink b vbf
addr f1 uplink 10.98.0.3/24
addr a vaf 10.98.0.1/24
addr f2 uplink 10.97.0.3/24
addr b vbf 10.97.0.2/24
keys a b

flood() { # HOST NAME ADDRESS KEY-OF
	spawn "$1" "$2" python3 "$test_dir/flood.py" "$3" 51820 \
		"$(cat "$RUN/$4.pub")" 800 0.2
}
messages() { # FROM TO TYPE [MAC2]: lines of the capture
	grep -E " 10\.99\.0\.$1 51820 10\.99\.0\.$2 51820 $3 .* ${4:-.*}\$" \
		"$RUN/$cap.txt"
}
# The last handshake of the capture: its initiation and response, then data.
session_has_mac2() { # INITIATOR RESPONDER TYPE: of that message
	python3 - "$RUN/$cap.txt" "10.99.0.$1" "10.99.0.$2" "$3" <<-'X'
	import sys
	path, initiator, responder, wanted = sys.argv[1:]
	initiations, responses, made = {}, {}, []
	for line in open(path):
	    _, source, _, target, _, kind, _, sender, receiver, mac2 = line.split()
	    if kind == "initiation" and source == initiator:
	        initiations[sender] = mac2
	    elif kind == "response" and source == responder:
	        if receiver in initiations:
	            responses[sender] = (initiations[receiver], mac2)
	    elif kind == "data" and source == initiator and receiver in responses:
	        made.append(responses[receiver])
	print("sessions with data (MAC2 of initiation, of response):", set(made))
	sys.exit(not any(m[wanted == "response"] == "mac2" for m in made))
	X
}

cap=first
flood f2 flood2 10.97.0.2 b
flood f1 flood1 10.98.0.1 a
under_load() { status_is a .tunnel.under_load true; }
wg_under_load() { grep -q 'Sending cookie response' "$RUN/b.log"; }
conf a 10.77.0.1/24 "" "$(peer b - 10.77.0.2/32)"
wg_start b 10.77.0.2/24 a - 10.77.0.1/32
vpnd_start a
check "wireguard-go is under load" wait_for 10 wg_under_load
check "vpnd is under load" wait_for 5 under_load
capture a va first udp port 51820
conf a 10.77.0.1/24 "" "$(peer b 10.99.0.2:51820 10.77.0.2/32)"
check "vpnd learns where wireguard-go is" ctl a reload
check "vpnd initiates, both under load: traffic passes" pings a 10.77.0.2 60
capture_end first
check "wireguard-go sent vpnd a cookie" messages 2 1 cookie
check "the session was made by an initiation with MAC2" \
	session_has_mac2 1 2 initiation
check "vpnd sent wireguard-go a cookie" messages 1 2 cookie
check "and its response carried MAC2" session_has_mac2 1 2 response
quit b
vpnd_stop a
rm "$RUN/b.log"

cap=second
rm -rf "$RUN/a.state"
conf a 10.77.0.1/24 "" "$(peer b - 10.77.0.2/32)"
capture a va second udp port 51820
vpnd_start a
check "vpnd is under load again" wait_for 5 under_load
wg_start b 10.77.0.2/24 a 10.99.0.1:51820 10.77.0.1/32
check "wireguard-go is under load again" wait_for 10 wg_under_load
check "wireguard-go initiates, both under load: traffic passes" \
	pings b 10.77.0.1 60
capture_end second
check "vpnd sent wireguard-go a cookie" messages 1 2 cookie
check "the session was made by an initiation with MAC2" \
	session_has_mac2 2 1 initiation
check "wireguard-go sent vpnd a cookie" messages 2 1 cookie
check "and vpnd's response carried MAC2" session_has_mac2 2 1 response

# An established session does not suffer.
received() { sed -n 's/.* \([0-9]*\) received.*/\1/p'; }
return_95() { # its socket's buffer is short, and a burst fills it
	at_most 95 "$(on a ping -n -q -i 0.02 -c 100 -W 2 10.77.0.2 | received)"
}
check "pings in the session under load: 95 of 100 return" \
	wait_for 60 return_95
quit flood1
quit flood2
check "the flood is over: vpnd is not under load any more" \
	wait_for 5 status_is a .tunnel.under_load false
replies() { ctl a drops; }
check "what was refused is counted" sh -c "'$VPNCTL' \
	--socket '$(vpnd_socket a)' drops | grep -Eq 'VPN_MAC2|VPN_RATE'"
finish
