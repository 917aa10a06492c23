#!/bin/bash
# SPDX-License-Identifier: ISC
# files.sh - a file arrives unchanged in each mode, both ways: ciphers, offloads
# on and off, tap, compression, IPv6 below and inside, a plain peer.
#
# FILE_BYTES=1000000000 tests/netns/files.sh is the long form. WIREGUARD_GO: a
# newer one than that of PATH, with offloads.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/filelib.sh"
lab_pair
keys a b
files "${FILE_BYTES:-50000000}"

gcm='ciphers = [ "aes256gcm" ];' chacha='ciphers = [ "chacha20poly1305" ];'
tap='type = "tap";' off='offload = "off";'
udp_off='udp_gso = "off"; udp_gro = "off";'

cipher_is() { # NAME
	peer_is a b cipher_send "$1" && peer_is a b cipher_receive "$1"
}
no_bad_checksums() { # HOST: what the kernel has found in what it was given
	on "$1" nstat -asz TcpInCsumErrors Ip6InHdrErrors IpInHdrErrors |
		awk '!/^#/ { n += $2 } END { exit n > 0 }'
}

# ---- ciphers, and all that is on by itself ----

mode "AES-GCM" both="$gcm"
check "AES-GCM is used" cipher_is aes256gcm
for name in tun_tso udp_gso udp_gro; do
	check "$name is on" offload_is a $name on
done
mode_end
mode "ChaCha20-Poly1305" both="$chacha"
check "ChaCha20-Poly1305 is used" cipher_is chacha20poly1305
mode_end
mode "over IPv6" a='[fd99::1]:51820' b='[fd99::2]:51820'
mode_end

# ---- offloads ----

mode "no offload at one end" a_device="$off" a_listen="$udp_off"
check "the device's offloads are off" offload_is a tun_tso 'off: .*offload'
check "the socket's, too" offload_is a udp_gso 'off: .*udp_gso'
mode_end
mode "no offload at both ends" a_device="$off" a_listen="$udp_off" \
	b_device="$off" b_listen="$udp_off"
mode_end
mode "no offload of the devices" a_device="$off" b_device="$off"
mode_end
mode "no offload of the sockets" a_listen="$udp_off" b_listen="$udp_off"
mode_end
mode "sending apart, receiving together" a_listen='udp_gso = "off";' \
	b_listen='udp_gro = "off";'
mode_end

# What a common card does: it does not cut datagrams, the kernel does.
on a ethtool -K va tx-udp-segmentation off
on b ethtool -K vb tx-udp-segmentation off
on a ethtool -K va gro on
on b ethtool -K vb gro on
mode "cards that do not cut datagrams"
mode_end
for word in tso gso gro; do
	on a ethtool -K va $word off
	on b ethtool -K vb $word off
done
mode "cards that do nothing"
mode_end
for word in tx-udp-segmentation tso gso; do
	on a ethtool -K va $word on
	on b ethtool -K vb $word on
done

# ---- tap ----

mode "tap" device_settings="$tap"
mode_end
mode "tap, no offload at one end" device_settings="$tap" a_device="$off" \
	a_listen="$udp_off"
mode_end

# ---- compression ----

for name in lz4 zstd; do
	mode "$name, text" both="compress = \"$name\";" file="$RUN/text"
	check "$name is used" peer_is a b compressor $name
	both_ways "$name, random data"
	mode_end
done
mode "ChaCha20-Poly1305 and lz4 on tap, text" both="$chacha compress = \"lz4\";" \
	device_settings="$tap" file="$RUN/text"
mode_end

# ---- a plain peer ----

if command -v "${WIREGUARD_GO:-wireguard-go}" >/dev/null; then
	plain "wireguard-go"
	quit b
	vpnd_stop a
else
	result 0 "wireguard-go # SKIP it is missing"
fi

check "no host has found a wrong checksum" no_bad_checksums a
check "nor has the other" no_bad_checksums b
finish
