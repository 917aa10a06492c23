#!/bin/bash
# SPDX-License-Identifier: ISC
# files_faults.sh - a file arrives unchanged, both ways, though the kernel
# refuses what it has offered (and status says what is off now), and though the
# way between the hosts loses datagrams and lets others overtake some.
#
#   a  10.98.1.1  ra ------ a0  10.98.1.9  r  10.98.2.9  b0 ------ rb  10.98.2.2  b
#      r runs relay; the rest is as in filelib.sh
# FILE_BYTES=1000000000 is the long form.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/filelib.sh"
inject_library=${VPND_TESTS:-}/inject.so relay=${VPND_TESTS:-}/relay
if [ ! -e "$inject_library" ] || [ ! -x "$relay" ]; then
	skip_all "inject.so and relay are not built (VPND_TESTS)"
fi
lab_pair
keys a b
files "${FILE_BYTES:-20000000}"

happened() { contains "$RUN/a.log" "^inject: $1\$"; }
refused() { # NAME=FAULT NAME-OF-OFFLOAD WANTED: the first is of inject.c
	mode "$1" inject="$1"
	check "$1: it did happen" happened "${1%%=*}"
	check "$1: status tells what is off and why" offload_is a "$2" "$3"
	mode_end
}
survived() { # FAULT
	mode "$1" inject="$1"
	check "$1: it did happen" happened "${1%%=*}"
	for name in tun_tso udp_gso udp_gro; do
		check "$1: $name is still on" offload_is a $name on
	done
	mode_end
}

# ---- what the kernel refuses: from the beginning, and in the middle ----

refused gso=EIO:0 udp_gso 'off: Input/output error'
refused gso=EIO:40 udp_gso 'off: Input/output error'
refused gso=EINVAL:40 udp_gso 'off: Invalid argument'
refused gso=EMSGSIZE:40 udp_gso 'off: Message too long'
refused whole=EINVAL:0 tun_tso 'off: Invalid argument'
refused whole=EINVAL:40 tun_tso 'off: Invalid argument'
refused gro=ENOPROTOOPT udp_gro 'off: '
refused uso=EINVAL tun_uso 'off: Invalid argument'
refused tso=EINVAL tun_tso 'off: Invalid argument'
refused header=EINVAL tun_tso 'off: Invalid argument'

# ---- what passes by itself ----

survived short=1
survived short=3
survived again=7
survived intr=5
survived down=EIO:200
survived down=ENOBUFS:200

tap='type = "tap";'
mode "tap, gso=EIO:40,whole=EINVAL:40" device_settings="$tap" \
	inject=gso=EIO:40,whole=EINVAL:40
check "status tells both" offload_is a udp_gso 'off: Input/output error'
check "of the device, too" offload_is a tun_tso 'off: Invalid argument'
mode_end
mode "lz4, again=5,short=2" both='compress = "lz4";' file="$RUN/text" \
	inject=again=5,short=2
mode_end

# ---- a bad way: 1 % lost, 30 % overtaken ----

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
	local sentence="a bad way, $1"
	shift
	relay_start
	mode "$sentence" "${by_relay[@]}" "$@"
	check "$sentence: it was bad" was_bad
	mode_end
}

bad_way "AES-GCM" both='ciphers = [ "aes256gcm" ];'
bad_way "ChaCha20-Poly1305" both='ciphers = [ "chacha20poly1305" ];'
bad_way "tap" device_settings="$tap"
bad_way "zstd" both='compress = "zstd";' file="$RUN/text"
bad_way "no offload at one end" a_device='offload = "off";' \
	a_listen='udp_gso = "off"; udp_gro = "off";'
if command -v "${WIREGUARD_GO:-wireguard-go}" >/dev/null; then
	relay_start
	plain "a bad way, wireguard-go" 10.98.2.9:51820 10.98.1.9:51820
	check "a bad way, wireguard-go: it was bad" was_bad
	quit b
	vpnd_stop a
else
	result 0 "wireguard-go # SKIP it is missing"
fi
finish
