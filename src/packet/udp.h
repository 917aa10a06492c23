/* SPDX-License-Identifier: ISC */
/*
 * What vpnd itself takes of UDP and ICMP echo: checks, answers, datagrams of
 * its own.
 */
#ifndef PACKET_UDP_H
#define PACKET_UDP_H

#include "base/attributes.h"
#include "base/drop.h"
#include "base/packet.h"

/*
 * The lengths, and the checksum of a small datagram, as __udp4_lib_rcv and
 * __udp6_lib_rcv check them at first: PKT_TOO_SMALL or UDP_CSUM; or DROP_NONE,
 * and what is behind the datagram is trimmed. Of a parsed packet that is UDP,
 * no fragment.
 */
must_check enum drop packet_check_udp(struct packet *pkt);

/* UDP over IPv6 that has no checksum, which a socket need not take; whether
 * there is a socket matters more. */
must_check bool packet_lacks_checksum(const struct packet *pkt);

/* An echo request, whole; not its checksum. */
must_check bool packet_is_echo_request(const struct packet *pkt);

/* The checksum of either: true when it is right, or there is none where there
 * need not be (UDP in IPv4), or its sender has left it to us. */
must_check bool packet_verify_l4(struct packet *pkt);

/* A datagram's payload, behind the UDP header. */
uint8_t *packet_udp_payload(const struct packet *pkt);
uint32_t packet_udp_payload_len(const struct packet *pkt);
/* Its length before a filter trimmed it. */
uint32_t packet_udp_whole_len(const struct packet *pkt);

struct udp_ends {
	struct address source, destination; /* of one family */
	uint16_t source_port, destination_port;
	uint8_t ttl; /* 0: what hosts begin with */
};

/* Where the payload of a datagram goes in an empty packet. */
uint8_t *packet_udp_room(struct packet *pkt, enum family family);
/* Writes the headers before that payload, and parses them. */
void packet_build_udp(
    struct packet *pkt, const struct udp_ends *ends, uint32_t payload_len);

/* A datagram becomes one with `ends` and the same payload; an echo request
 * becomes its reply. Extensions and options go. */
void packet_readdress_udp(struct packet *pkt, const struct udp_ends *ends);
void packet_answer_echo(struct packet *pkt);

#endif
