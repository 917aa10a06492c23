/* SPDX-License-Identifier: ISC */
/*
 * The parser of inner packets: IPv4 and IPv6 down to ports.
 *
 * How it works: the checks and their order are those of the kernel's
 * ip_rcv_core and ip6_rcv_core, with the kernel's reasons. L4 is only looked
 * at: a broken L4 header yields no ports, and the packet goes on, as it would
 * through a router. Ports are never taken from a later fragment, from a header
 * that is not whole, or from a protocol other than TCP, UDP and ICMP echo.
 */
#ifndef PACKET_IP_H
#define PACKET_IP_H

#include "base/attributes.h"
#include "base/drop.h"
#include "base/packet.h"

#define IPV4_BYTES	 20 /* without options */
#define IPV4_CHECKSUM	 10
#define IPV6_BYTES	 40
#define IPV6_NEXT_HEADER 6
#define TCP_BYTES	 20
#define TCP_CHECKSUM	 16
#define UDP_BYTES	 8
#define UDP_CHECKSUM	 6
#define ICMP_BYTES	 8

/* Limits of the walk along IPv6 extension headers. */
#define IPV6_EXTENSIONS_MAX	 8
#define IPV6_EXTENSION_BYTES_MAX 256

/* Protocol and next-header numbers (IANA). */
enum ip_protocol {
	IP_PROTOCOL_HOP_BY_HOP = 0,
	IP_PROTOCOL_ICMP = 1,
	IP_PROTOCOL_TCP = 6,
	IP_PROTOCOL_UDP = 17,
	IP_PROTOCOL_ROUTING = 43,
	IP_PROTOCOL_FRAGMENT = 44,
	IP_PROTOCOL_ESP = 50,
	IP_PROTOCOL_AH = 51,
	IP_PROTOCOL_ICMPV6 = 58,
	IP_PROTOCOL_NONE = 59,
	IP_PROTOCOL_OPTIONS = 60,
};

/*
 * Fills the parser's fields of pkt, trims what is behind the IP packet (the
 * padding; behind one in a frame nothing), and returns DROP_NONE. Otherwise the
 * reason: UNHANDLED_PROTO, IP_INHDR, IP_CSUM, PKT_TOO_SMALL or IPV6_BAD_EXTHDR;
 * the fields are then those of the headers that were good (family 0: none).
 */
must_check enum drop packet_parse_ip(struct packet *pkt);

/* Clears the parser's fields: there is no IP packet. */
void packet_forget_ip(struct packet *pkt);

/* What an ICMP error says of a bad option. */
struct option_fault {
	uint32_t offset; /* in the packet; 0: nothing is said */
	bool is_unknown; /* else it is damaged */
};

/* The IPv6 hop-by-hop options of a parsed packet, as ip6_rcv_core sees them:
 * IP_INHDR when they are damaged, UNHANDLED_PROTO when one is unknown and says
 * that it must not be. */
must_check enum drop packet_check_hop_by_hop(
    const struct packet *pkt, struct option_fault *ret_fault);

/*
 * The IPv4 options of a parsed packet, as ip_rcv_options sees them: IP_INHDR
 * when they are damaged or route the packet (source route).
 */
must_check enum drop packet_check_options(
    const struct packet *pkt, struct option_fault *ret_fault);

/* A parsed packet that is encrypted inside, as far as protocol and ports tell:
 * compressing it is a waste. */
must_check bool packet_is_encrypted(const struct packet *pkt);

#endif
