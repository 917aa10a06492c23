/* SPDX-License-Identifier: ISC */
/* Packets of flows, made from what they should be. */
#ifndef FLOW_PACKET_H
#define FLOW_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/packet.h"

#define FLOW_PACKET_BYTES 512

/* What is 0 is left out; checksums are right. */
struct flow_packet {
	uint8_t family;	  /* 0: 4 */
	uint8_t protocol; /* 0: UDP */
	/* the last byte of 10.9.0.x and fd09::x; 0: 7 and 1 */
	uint8_t source, destination;
	uint16_t source_port, destination_port; /* 0: 4000 and 53 */
	uint8_t tcp_flags;			/* 0: SYN */
	uint32_t sequence, acknowledgement;
	uint8_t icmp_type, icmp_code;
	uint16_t icmp_id;
	const struct flow_packet *quote; /* behind the ICMP header */
	size_t quote_bytes;		 /* 0: all of it */
	size_t payload;			 /* bytes */
	uint32_t fragment_id;		 /* then it is one */
	uint16_t fragment_offset;
	bool has_more;
	size_t cut; /* bytes of L4 that are there; 0: all */
	bool has_bad_checksum;
};

/* Returns its length. */
size_t flow_packet_write(
    uint8_t bytes[FLOW_PACKET_BYTES], const struct flow_packet *like);

/* A parsed packet on those bytes; aborts when it does not parse. */
struct packet flow_packet_parse(uint8_t bytes[FLOW_PACKET_BYTES], size_t len);

#endif
