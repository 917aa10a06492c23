/* SPDX-License-Identifier: ISC */
/*
 * A packet in one line, as people write it: the inverse of packet_print.
 *
 *	udp 10.9.0.7:4000 > 10.9.0.1:53 len 80
 *	tcp [fd09::7]:4000 > [fd09::1]:22 flags syn,ack ttl 3
 *	icmp 10.9.0.7 > 10.9.0.1 type 8        icmp6 fd09::7 > fd09::1
 *	proto 47 10.9.0.7 > 10.9.0.1           udp 10.9.0.7 > 10.9.0.1 frag 1480
 *	arp 10.9.0.7 > 10.9.0.1                (who has 10.9.0.1?)
 *	02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff ethertype 0x88cc vlan 7
 *
 * Words may follow in any order: len (of all of it, as packet_print has it),
 * ttl, flags, type, code, frag (and where it begins, in bytes), df, id; of a
 * frame also mac A > B, vlan and ethertype. What is not said has a default: the
 * shortest packet, ttl 64, flags syn, an echo request.
 */
#ifndef PACKET_SPEC_H
#define PACKET_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/mac.h"
#include "base/packet.h"

enum spec_kind {
	SPEC_IP,
	SPEC_ARP,
	SPEC_FRAME, /* Ethernet without IP */
};

struct packet_spec {
	enum spec_kind kind;
	uint8_t protocol;
	struct address source, destination;
	uint16_t source_port, destination_port;
	uint32_t len; /* 0: as short as can be */
	uint8_t ttl;
	uint8_t tcp_flags;
	bool has_icmp_type;
	uint8_t icmp_type, icmp_code;
	bool is_fragment, has_df;
	uint16_t fragment_offset, fragment_id;
	bool has_macs;
	struct mac source_mac, destination_mac;
	uint16_t vlan; /* 0: no tag */
	uint16_t ethertype;
};

struct spec_error {
	size_t column; /* 1-based; 0: it is not about one word */
	char text[160];
};

/* 0, or -EINVAL with `error`: what is wrong, and what is wanted. */
must_check int packet_spec_parse(
    struct packet_spec *ret, const char *line, struct spec_error *error);

/*
 * Makes the packet, with right lengths and checksums, in an empty one of the
 * pool. With is_frame it begins with an Ethernet header of the MAC addresses
 * that the specification has. 0, or -EINVAL with `error`: it can not be made
 * so, or is longer than `largest` bytes.
 */
must_check int packet_spec_build(const struct packet_spec *spec, bool is_frame,
    size_t largest, struct packet *pkt, struct spec_error *error);

#endif
