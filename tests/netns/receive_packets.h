/* SPDX-License-Identifier: ISC */
/*
 * Random packets for receive_model.
 *
 * How it works: a packet of a kind that the kernel's path has an own branch
 * for, then 0 to 3 bytes changed, some cut or padded; then checksums are put
 * right again for most, or nearly all would die of a wrong one.
 */
#ifndef RECEIVE_PACKETS_H
#define RECEIVE_PACKETS_H

#include <stddef.h>
#include <stdint.h>

#include "../unit/seed.h"

#define PACKET_BYTES_MAX 1600

struct random_packet {
	size_t len;
	uint8_t bytes[PACKET_BYTES_MAX];
};

/* family: 4 or 6 */
void packets_make(struct seed *seed, int family, struct random_packet *packet);

/* For the makers of each family: whole, right packets. */
void packets_make_ipv4(struct seed *seed, struct random_packet *packet);
void packets_make_ipv6(struct seed *seed, struct random_packet *packet);

/* Whom a datagram may be for. */
enum l4_use {
	L4_ANY,
	L4_HOST,  /* not one of vpnd's sockets, which take no fragments, and
		     look at no extension headers */
	L4_ALONE, /* an address that is vpnd's alone: it has no TCP, no ICMP */
};

/* What comes after the IP header, appended: a UDP, TCP, ICMP or other datagram;
 * returns its protocol. */
uint8_t packets_add_l4(struct seed *seed, int family, enum l4_use use,
    struct random_packet *packet);
void packets_add_random(
    struct seed *seed, struct random_packet *packet, size_t count);
/* So that it has that many bytes, if it has less. */
void packets_pad(struct seed *seed, struct random_packet *packet, size_t len);
void packets_add(struct random_packet *packet, const void *bytes, size_t count);

/* One of the strings of the table, as an address behind the packet's end. */
void packets_add_address(struct seed *seed, struct random_packet *packet,
    const char *const *table, size_t count);

#endif
