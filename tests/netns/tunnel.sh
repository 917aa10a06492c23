#!/bin/bash
# SPDX-License-Identifier: ISC
# tunnel.sh - two hosts joined: both families inside, both families outside,
# without and with a pre-shared key.
#
#   a  10.99.0.1 fd99::1  va ------ vb  10.99.0.2 fd99::2  b     underlay
#      10.77.0.1 fd77::1  vpn0 ==== vpn0  10.77.0.2 fd77::2      tunnel
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b
psk ab
psk other
random_file "$RUN/file" 3000000

round() { # NAME, ENDPOINT OF A, ENDPOINT OF B, PEER SETTINGS
	pair_conf "" "$4" "$2" "$3"
	vpnd_start a b
	check "$1: IPv4 inside" pings a 10.77.0.2
	check "$1: IPv6 inside" pings a fd77::2
	check "$1: and back" pings b 10.77.0.1
	check "$1: a file arrives unchanged over IPv4" \
		transfer a b 10.77.0.2 "$RUN/file"
	check "$1: a file arrives unchanged over IPv6" \
		transfer b a fd77::1 "$RUN/file"
	check "$1: both chose AES-256-GCM" both_use aes256gcm
	check "$1: vpnctl ping, inside the session" \
		ctl a ping -c 3 -i 0.1 b
	check "$1: a full-size packet passes in one piece" \
		on a ping -n -q -c 1 -W 2 -M 'do' -s 1392 10.77.0.2
	vpnd_stop a b
}
both_use() { # CIPHER: in both directions, as both ends see it
	local field
	for field in cipher_send cipher_receive; do
		wait_for 5 peer_is a b "$field" "$1" || return 1
		wait_for 5 peer_is b a "$field" "$1" || return 1
	done
}

psk_setting="preshared_key_file = \"$RUN/ab.psk\";"
round "IPv4 outside" 10.99.0.1:51820 10.99.0.2:51820 ""
round "IPv6 outside" "[fd99::1]:51820" "[fd99::2]:51820" ""
round "pre-shared key" 10.99.0.1:51820 10.99.0.2:51820 "$psk_setting"

conf b 10.77.0.2/24 "" "$(peer a 10.99.0.1:51820 10.77.0.1/32 \
	"preshared_key_file = \"$RUN/other.psk\";")"
vpnd_start a b
check_not "another pre-shared key: nothing passes" pings a 10.77.0.2 3
vpnd_stop a b

pair_conf 'ciphers = [ "chacha20poly1305" ];'
vpnd_start a b
check "ciphers = chacha20poly1305: traffic passes" pings a 10.77.0.2
check "ciphers = chacha20poly1305: and no AES" \
	both_use chacha20poly1305
finish
