/* SPDX-License-Identifier: ISC */
/*
 * Inner traffic: IP packets, or frames that hold them, which tell who sent
 * them, and the book of all.
 *
 * How it works: each packet carries its number in the book, which keeps sender,
 * receiver and a hash of all bytes that must not change on the way (all but the
 * ECN bits and the IPv4 header checksum). So each delivery is checked exactly:
 * right receiver, right bytes, at most once. A frame may come to any host but
 * the one that it is from, and to each at most once.
 */
#ifndef SIM_INNER_H
#define SIM_INNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/packet.h"

struct inner_entry {
	uint8_t sender, receiver;
	bool is_frame, is_ipv6;
	uint8_t claims; /* whose IP address is the source */
	bool is_delivered;
	uint8_t delivered_to; /* bit 1 << host */
	uint16_t len;
	uint64_t hash;
	struct instant sent;
};

struct inner_book {
	struct inner_entry *entries;
	size_t count, room;
	size_t delivered;
	bool has_hub; /* frames of others come from host 0, too */
};

struct inner_wish {
	uint8_t sender, receiver; /* host numbers */
	bool is_ipv6;
	bool is_compressible;
	uint8_t ecn;
	size_t len; /* of the IP packet, at least INNER_BYTES_MIN */
	/* A frame: from and to a station, or FRAME_BROADCAST and so on. */
	bool is_frame, is_spoofed; /* the latter: the IP source is `claims`'s */
	uint8_t claims;
	uint8_t source, destination;
	uint8_t tags;
	uint16_t vlan; /* of the outermost tag */
};

#define INNER_BYTES_MIN 64
#define INNER_BYTES_MAX 1420
#define FRAME_BYTES_MAX 1400 /* the same in a frame */

/* Writes the packet and books it; returns its number. */
size_t inner_make(struct inner_book *book, struct packet *pkt,
    const struct inner_wish *wish, struct instant now);

/* NULL when the packet is what `sender` sent to `receiver` and comes for the
 * first time, else what is wrong with it. `is_frame`: the receiver has a tap;
 * then `sender` is from whom it came. */
const char *inner_check(struct inner_book *book, const struct packet *pkt,
    size_t sender, size_t receiver, bool is_frame);

void inner_clear(struct inner_book *book);

/* Number of the last one that came to this host; count: none of the book. */
size_t inner_number(
    const struct inner_book *book, const struct packet *pkt, bool is_frame);

/* The inner address of a host. */
struct address inner_address(size_t host, bool is_ipv6);

/* Any fixed mixer will do: 64 bits of the bytes, chained on `hash`. */
uint64_t inner_hash(uint64_t hash, const void *bytes, size_t len);

#endif
