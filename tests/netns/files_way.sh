#!/bin/bash
# SPDX-License-Identifier: ISC
# files_way.sh - a file arrives unchanged, both ways, though one datagram in a
# hundred is lost, and three in ten are overtaken by others.
#
#   a  10.98.1.1  ra ------ a0  10.98.1.9  r  10.98.2.9  b0 ------ rb  10.98.2.2  b
#      r runs relay; the rest is as in filelib.sh
# FILE_BYTES=1000000000 is the long form.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/filelib.sh"
relay=${VPND_TESTS:-}/relay
[ -x "$relay" ] || skip_all "relay is not built (VPND_TESTS)"
lab_pair
keys a b
files "${FILE_BYTES:-20000000}"

host r
wire a ra r a0
wire b rb r b0
addr a ra 10.98.1.1/24
addr r a0 10.98.1.9/24
addr r b0 10.98.2.9/24
addr b rb 10.98.2.2/24
by_relay=(a=10.98.2.9:51820 b=10.98.1.9:51820)

relay_start() {
	rm -f "$RUN/relay.log"
	spawn r relay "$relay" 10.98.1.9 10.98.1.1 10.98.2.9 10.98.2.2 1 30 7
}
was_bad() { # by what it says at its end: 0.5 % and 20 % at least
	quit relay
	cat "$RUN/relay.log"
	awk '{ exit !($4 > $2 / 200 && $6 > $2 / 5) }' "$RUN/relay.log"
}
bad_way() { # SENTENCE [NAME=SETTINGS...]
	local sentence=$1
	shift
	relay_start
	mode "$sentence" "${by_relay[@]}" "$@"
	check "$sentence: the way was bad" was_bad
	mode_end
}

bad_way "AES-GCM" both='ciphers = [ "aes256gcm" ];'
bad_way "ChaCha20-Poly1305" both='ciphers = [ "chacha20poly1305" ];'
bad_way "tap" device_settings='type = "tap";'
bad_way "zstd" both='compress = "zstd";' file="$RUN/text"
bad_way "no offload at one end" a_device='offload = "off";' \
	a_listen='udp_gso = "off"; udp_gro = "off";'
if command -v "${WIREGUARD_GO:-wireguard-go}" >/dev/null; then
	relay_start
	plain "wireguard-go" 10.98.2.9:51820 10.98.1.9:51820
	check "wireguard-go: the way was bad" was_bad
	quit b
	vpnd_stop a
else
	result 0 "wireguard-go # SKIP it is missing"
fi
finish
