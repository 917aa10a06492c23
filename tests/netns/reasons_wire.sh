#!/bin/bash
# SPDX-License-Identifier: ISC
# reasons_wire.sh - what is dropped before there is a packet: a stranger's
# bytes, messages of a peer, frames of the extension. See reasonslib.sh.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/reasonslib.sh"
need_vpnd
lab_pair
addr b vb 10.99.0.12/24 10.99.0.13/24
keys a b off strict

conf a 10.77.0.1/24,fd77::1/64 'compress = "lz4";' \
	"$(peer b 10.99.0.2:51820 10.77.0.2/32,fd77::2/128)" \
	"$(peer off 10.99.0.12:51820 10.77.0.12/32 'extension = "off";')" \
	"$(peer strict 10.99.0.13:51820 10.77.0.13/32 \
		'extension = "required";')"
stranger b 10.99.0.2
stranger off 10.99.0.12
stranger strict 10.99.0.13
start_a
for name in b off strict; do
	check "$name has a session" session "$name"
done
witnesses_begin
good=$(udp 10.77.0.2 10.77.0.1)

# ---- a stranger's bytes ----

wire() { names in outer "$1" peer=- "${@:2}"; } # REASON
wire VPN_TYPE order b datagram 0900000000000000
wire VPN_LENGTH order b datagram 040000
wire VPN_TRUNCATED order b filled 04000000 65000
wire VPN_MAC1 order b filled 01000000 148
wire VPN_HANDSHAKE order b initiation damaged
wire VPN_UNKNOWN_PEER order b initiation unknown
wire VPN_TIMESTAMP order b initiation old
wire VPN_FLOOD asleep order b initiation twice
wire VPN_UNEXPECTED as="a response" order b response
wire VPN_UNEXPECTED as="a cookie" order b cookie

# ---- data messages ----

data() { names in decap "$1" "${@:2}"; } # REASON
data VPN_NOSESSION peer=- order b filled 0400000012345678 64
data VPN_AUTH order b damaged
check "a packet passes" order b inner "$good"
data VPN_REPLAY order b again
data VPN_LIMIT order b late
aes() { # a message under the cipher that was not offered, of off's session
	order off typed 05000000
}
data VPN_NOT_OFFERED peer=off aes

# ---- frames ----

extension() { names in expand "$1" "${@:2}"; } # REASON
extension VPN_FRAME order b plain 51000000
extension VPN_DECOMPRESS order b plain 30100004ffffffff
extension VPN_LINK order b frame "$(printf '%032d' 0)$good"
extension VPN_NOT_OFFERED peer=off order off plain 1400
extension VPN_PLAIN peer=strict order strict inner \
	"$(udp 10.77.0.13 10.77.0.1)"
names in ip_rcv VPN_ECN order b marked "$good"

# ---- under load ----

wire VPN_MAC2 n=100+ order b flood 2000
wire VPN_RATE n=2+ order b insist 20

witnesses_end
vpnd_stop a
finish
