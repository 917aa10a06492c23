#!/bin/bash
# SPDX-License-Identifier: ISC
# wholes.sh - super-packets of every kind (IPv4, IPv6, TCP with each flag, UDP,
# ECN) arrive as the packets that the kernel itself would have made of them,
# byte by byte: identification, FIN, PSH, CWR, ECN, checksums.
#
#   a  10.99.0.1 fd99::1  va ------ vb  10.99.0.2 fd99::2  b     underlay
#      10.77.0.1 fd77::1  vpn0 ==== vpn0  10.77.0.2 fd77::2      tunnel
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/filelib.sh"
lab_pair
keys a b

mac() { ip_on "$1" -j link show vpn0 | jq -r '.[0].address'; }
arrive() { # SENTENCE TOGETHER [DEVICE OF B]: more than so many come together
	local macs=() result=$RUN/wholes.out
	[ -z "$device_settings" ] || macs=("$(mac a)" "$(mac b)")
	check "$1: what arrives is right" right "${3:-vpn0}" "${macs[@]}"
	check "$1: in as many pieces as it should" \
		less "$2" "$(sed -n 's/.* \([0-9]*\) together.*/\1/p' "$result")"
	tail -n 1 "$result" | sed 's/^/# /'
}
right() { # DEVICE OF B, MACS
	python3 "$test_dir/wholes.py" "$(ns a)" vpn0 "$(ns b)" "$@" >"$result"
	cat "$result"
	contains "$result" ' 0 wholes differ$'
}
pair() { # SENTENCE TOGETHER [SETTINGS [DEVICE OF A [DEVICE OF B [LISTEN OF A]]]]
	pair_conf "${3:-}"
	conf_more a "${4:-}" "${6:-}"
	conf_more b "${5:-}" ""
	vpnd_start a b
	check "$1: the tunnel is up" pings a 10.77.0.2
	arrive "$1" "$2"
	mode_end
}

off='offload = "off";'
pair "cut by vpnd" -1 "" "" "$off"
pair "cut by vpnd, put together by vpnd" 100
pair "the same with ChaCha20-Poly1305" 100 'ciphers = [ "chacha20poly1305" ];'
pair "the same, each datagram by itself" 100 "" "" "" 'udp_gso = "off";'
pair "the same, compressed" 100 'compress = "lz4";'
pair "cut by the kernel, put together by vpnd" 100 "" "$off"
device_settings='type = "tap";'
pair "on tap" 100
pair "on tap, cut by vpnd" -1 "" "" "$off"
device_settings=

if command -v "${WIREGUARD_GO:-wireguard-go}" >/dev/null; then
	conf a "$here_addresses" "" \
		"$(peer b 10.99.0.2:51820 10.77.0.2/32,fd77::2/128)"
	wg_start b "$there_addresses" a 10.99.0.1:51820 10.77.0.1/32,fd77::1/128
	vpnd_start a
	check "to wireguard-go: the tunnel is up" pings a 10.77.0.2
	arrive "to wireguard-go" -1 "$(wg_dev b)"
	quit b
	vpnd_stop a
else
	result 0 "wireguard-go # SKIP it is missing"
fi
finish
