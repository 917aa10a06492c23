/* SPDX-License-Identifier: ISC */
/*
 * The internet checksum (RFC 1071): partial sums that add up.
 *
 * A sum is that of big-endian 16-bit words. Only the last part may have an odd
 * length.
 */
#ifndef PACKET_CHECKSUM_H
#define PACKET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "base/packet.h"

/* The sum with `len` more bytes; folded to 16 bits. */
uint16_t checksum_add(uint16_t sum, const void *bytes, size_t len);

/* The sum of the pseudo header of an L4 datagram of `len` bytes. */
uint16_t checksum_pseudo(const struct address *source,
    const struct address *destination, uint8_t l4_protocol, size_t len);

/* What goes into the header's field, host order. Over bytes that contain a
 * right checksum it is 0. */
static inline uint16_t checksum_finish(uint16_t sum)
{
	return (uint16_t)~sum;
}

static inline void checksum_store(uint8_t *field, uint16_t checksum)
{
	field[0] = (uint8_t)(checksum >> 8);
	field[1] = (uint8_t)checksum;
}

/* The sum of a parsed packet's L4 bytes, with the pseudo header that they are
 * under: all of IPv6, of IPv4 TCP and UDP. 0xffff: its checksum is right. */
uint16_t checksum_l4(const struct packet *pkt);

/* The field's new value when one 16-bit word that it covers changes
 * (RFC 1624, equation 3). */
uint16_t checksum_replace(uint16_t checksum, uint16_t before, uint16_t after);

/* Where the L4 checksum of a parsed packet is, from its first byte on; 0: it is
 * no whole TCP or UDP. */
size_t checksum_field(const struct packet *pkt);

/*
 * A parsed packet whose L4 checksum is CHECKSUM_PARTIAL gets a complete one,
 * as a plain device can not do it. What is neither whole TCP nor whole UDP
 * is left as it is: the host will refuse it.
 */
void checksum_complete(struct packet *pkt);

#endif
