/* SPDX-License-Identifier: ISC */
/*
 * The one list of reasons why a packet is dropped.
 *
 * One line yields the enum, the name (counter, JSON key, trace tag) and the
 * sentence. Names without VPN_ are those of the kernel's skb_drop_reason and
 * mean the same there; names never change once released.
 */
#ifndef BASE_DROP_H
#define BASE_DROP_H

#define DROP_LIST(X)                                                           \
	X(NONE, "not dropped")                                                 \
	/* the kernel's */                                                     \
	X(IP_INHDR, "bad IP header")                                           \
	X(IP_CSUM, "bad IPv4 header checksum")                                 \
	X(PKT_TOO_SMALL, "shorter than its header says")                       \
	X(PKT_TOO_BIG, "larger than the tunnel can carry")                     \
	X(UNHANDLED_PROTO, "neither IPv4 nor IPv6, or an unknown IPv6 option") \
	X(IPV6_BAD_EXTHDR, "bad or too many IPv6 extension headers")           \
	X(IP_RPFILTER, "source is not in the peer's allowed_ips")              \
	X(IP_INVALID_SOURCE, "source address can not be a source")             \
	X(IP_INVALID_DEST, "destination address can not be a destination")     \
	X(IP_LOCALNET, "loopback address outside of the loopback device")      \
	X(IP_LOCAL_SOURCE, "source is one of this host's tunnel addresses")    \
	X(IP_INADDRERRORS, "IPv6 source that can not be forwarded")            \
	X(IP_INNOROUTES, "nobody here has the destination")                    \
	X(IP_OUTNOROUTES, "no peer's allowed_ips has the destination")         \
	X(NEIGH_QUEUEFULL, "waited for a session, pushed out by newer ones")   \
	X(NEIGH_FAILED, "waited for a session that did not come")              \
	X(NEIGH_DEAD, "the peer was removed or has no endpoint")               \
	X(QDISC_DROP, "no buffer to wait for the peer's rate in, or it went")   \
	X(QDISC_OVERLIMIT, "too much waits for the rate or the socket already") \
	X(QDISC_CONGESTED, "its flow's packets have waited long for some time") \
	X(FULL_RING, "the kernel dropped it before vpnd read the device")      \
	X(SOCKET_RCVBUFF, "the UDP socket's receive buffer was full")          \
	X(NO_SOCKET, "no socket is bound to that address and port")            \
	X(SOCKET_FILTER, "the socket's filter or its \"from\" refused it")     \
	X(PROTO_MEM, "all sockets together held too much")                     \
	X(UDP_CSUM, "bad or missing UDP checksum")                             \
	X(ICMP_CSUM, "bad ICMP checksum")                                      \
	X(IP_NOPROTO, "nothing here speaks that protocol")                     \
	X(DEV_READY, "the device is down")                                     \
	X(DEV_HDR, "the device refused the packet")                            \
	X(NOMEM, "no packet buffer or no kernel memory")                       \
	X(NETFILTER_DROP, "the filter, or the host's firewall, refused it")    \
	X(RECURSION_LIMIT, "would be routed into the tunnel itself")           \
	X(HDR_TRUNC, "shorter than an Ethernet header and its VLAN tags")      \
	X(MAC_INVALID_SOURCE, "source MAC address can not be a source")        \
	X(MAC_IEEE_MAC_CONTROL, "pause frame, and l2.pause is drop")           \
	X(BRIDGE_INGRESS_STP_STATE, "the peer is held by the loop guard")      \
	X(NO_TX_TARGET, "a flooded frame, and nobody to send it to")           \
	X(IPV6_NDISC_BAD_OPTIONS, "damaged neighbour discovery message")       \
	/* ours: the underlay */                                               \
	X(VPN_UNREACHABLE, "the host has no route to the peer's endpoint")     \
	X(VPN_SENDBUF, "the UDP socket's send buffer was full")                \
	X(VPN_DATAGRAM_SIZE, "larger than a UDP datagram or the path allows")  \
	X(VPN_TRUNCATED, "datagram larger than a packet buffer")               \
	/* ours: a stranger's bytes */                                         \
	X(VPN_TYPE, "unknown message type")                                    \
	X(VPN_LENGTH, "length does not fit the message type")                  \
	X(VPN_MAC1, "MAC1 is wrong: not meant for this key")                   \
	X(VPN_MAC2, "under load, and no valid cookie")                         \
	X(VPN_RATE, "beyond a rule's rate, or too many handshakes")            \
	X(VPN_UNKNOWN_PEER, "initiation of a key that is no peer")             \
	X(VPN_TIMESTAMP, "initiation was replayed or is too old")              \
	X(VPN_FLOOD, "initiations of this peer come too fast")                 \
	X(VPN_HANDSHAKE, "handshake message did not authenticate")             \
	X(VPN_UNEXPECTED, "answers nothing that was asked")                    \
	X(VPN_NOSESSION, "no session has this receiver index")                 \
	X(VPN_AUTH, "authentication failed")                                   \
	X(VPN_REPLAY, "counter was seen before or is too old")                 \
	X(VPN_EXPIRED, "the session's keys are too old")                       \
	X(VPN_LIMIT, "the session has sent or taken all it may")               \
	/* ours: a peer's frames */                                            \
	X(VPN_FRAME, "unknown or damaged extension frame")                     \
	X(VPN_NOT_OFFERED, "extension frame that was not offered")             \
	X(VPN_DECOMPRESS, "compressed frame does not expand as it says")       \
	X(VPN_ECN, "congestion mark on a packet that can not carry it")        \
	X(VPN_PLAIN, "extension = \"required\", but the peer has none")        \
	X(VPN_LINK, "one end has a tun device, the other one a tap device")    \
	/* ours: vpnd's own sockets */                                         \
	X(VPN_FRAG_LOCAL, "a fragment for a socket, which reassembles none")   \
	/* ours: the switch of a tap tunnel */                                 \
	X(VPN_BPDU, "BPDU or other link-local frame, and l2.bpdu is drop")     \
	X(VPN_STORM, "the peer floods faster than l2.storm allows")            \
	X(VPN_MAC_QUOTA, "the peer or the switch has too many MAC addresses")  \
	X(VPN_MAC_MOVE, "source MAC address is fixed to another place")        \
	X(VPN_MAC_LOCKED, "source MAC address is not one of the peer's macs")  \
	X(VPN_SPLIT_HORIZON, "destination is where it came from")              \
	X(VPN_ISOLATED, "from peer to peer, and l2.hub is off")                \
	X(VPN_VLAN, "VLAN is not one of the peer's vlans")                     \
	X(VPN_NEIGH, "ARP or ND claims an address not in allowed_ips")         \
	X(VPN_GUARD, "only a router or DHCP server may send this")             \
	/* ours: the stateful filter */                                        \
	X(VPN_CT_INVALID, "belongs to no flow, and can not begin one")         \
	X(VPN_CT_FULL, "the flow table is full, or the peer's part of it")     \
	X(VPN_FRAG_TINY, "fragment that hides its ports or TCP flags")         \
	X(VPN_FRAG_ORPHAN, "fragment whose first one was not accepted")

enum drop {
#define DROP_ENUM(name, text) DROP_##name,
	DROP_LIST(DROP_ENUM)
#undef DROP_ENUM
	DROP_COUNT
};

/* "IP_RPFILTER"; static storage. Any value is safe. */
const char *drop_name(enum drop reason);

/* One sentence for people; static storage. Any value is safe. */
const char *drop_text(enum drop reason);

#endif
