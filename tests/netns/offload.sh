#!/bin/bash
# SPDX-License-Identifier: ISC
# offload.sh - packets that the kernel hands over many at a time: files arrive
# unchanged whatever is on or off, with a plain peer too, and status says it.
#
#   a  10.99.0.1 fd99::1  va ------ vb  10.99.0.2 fd99::2  b     underlay
#      10.77.0.1 fd77::1  vpn0 ==== vpn0  10.77.0.2 fd77::2      tunnel
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b
random_file "$RUN/file" 20000000

offload_is() { # HOST NAME true|false
	status_is "$1" ".tunnel.offloads[] | select(.name == \"$2\") | .on" "$3"
}
wire_packets() { # HOST DEV: those that the device has sent and received
	ip_on "$1" -j -s link show "$2" |
		jq '.[0].stats64 | .rx.packets + .tx.packets'
}
both_ways() { # SENTENCE
	check "$1: a file arrives unchanged over IPv4" \
		transfer a b 10.77.0.2 "$RUN/file"
	check "$1: and back over IPv6" transfer b a fd77::1 "$RUN/file"
}
# pair_with [DEVICE [LISTEN [SETTINGS]]]: of a; b has all offloads.
pair_with() {
	local file
	pair_conf "${3:-}"
	file=$(conf_file a)
	sed -i "s/name = \"vpn0\";/& ${1:-}/; s/port = 51820;/& ${2:-}/" "$file"
	vpnd_start a b
	check "with ${*:-defaults}: the tunnel is up" pings a 10.77.0.2
}

pair_with
for name in tun_tso udp_gso udp_gro; do
	check "$name is on" offload_is a $name true
done
segs_are() { # COUNT: the most of a super-packet
	same "$1" "$(ip_on a -d -j link show vpn0 | jq '.[0].gso_max_segs')"
}
check "a super-packet fits a train" segs_are 45
before=$(wire_packets a vpn0)
both_ways "all is on"
few=$(($(wire_packets a vpn0) - before))
# 40 MB are 28 000 packets of full size
check "the device has seen wholes, not packets" at_most "$few" 20000
check "the host has found no wrong checksum" same 0 \
	"$(on b nstat -asz TcpInCsumErrors | awk '!/^#/ { n += $2 } END { print n + 0 }')"
for family in ipv4.ip_forward ipv6.conf.all.forwarding; do
	on a sysctl -qw "net.$family=1"
	check "$family: what others have made is not taken apart" \
		wait_for 5 segs_are 65535
	on a sysctl -qw "net.$family=0"
	check "$family is off: it fits again" wait_for 5 segs_are 45
done
vpnd_stop a b

ip_on a tuntap add vpn0 mode tun multi_queue
ip_on a link set vpn0 gso_max_segs 60
pair_with
check "a device that was there before is changed, too" segs_are 45
vpnd_stop a b
check "and is as it was" segs_are 60
ip_on a tuntap del vpn0 mode tun multi_queue

pair_with 'offload = "off";' 'udp_gso = "off"; udp_gro = "off";'
for name in tun_tso tun_uso udp_gso udp_gro; do
	check "$name is off" offload_is a $name false
done
check "nothing is said to the device" segs_are 65535
both_ways "all is off at one end"
vpnd_stop a b

pair_with "" "" 'compress = "lz4"; ciphers = [ "chacha20poly1305" ];'
text_file "$RUN/text" 5000000
check "compressed: a text arrives unchanged" transfer a b 10.77.0.2 "$RUN/text"
both_ways "compressed"
vpnd_stop a b

# ---- a plain WireGuard peer: its checksums are complete ----

pair_conf
wg_start b 10.77.0.2/24,fd77::2/64 a 10.99.0.1:51820 10.77.0.0/24,fd77::/64
vpnd_start a
check "with wireguard-go the tunnel is up" pings a 10.77.0.2
both_ways "with wireguard-go"
quit b
vpnd_stop a

finish
