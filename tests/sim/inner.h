/* SPDX-License-Identifier: ISC */
/*
 * Inner traffic: IP packets that tell who sent them, and the book of all.
 *
 * How it works: each packet carries its number in the book, which keeps sender,
 * receiver and a hash of all bytes that must not change on the way (all but the
 * ECN bits and the IPv4 header checksum). So each delivery is checked exactly:
 * right receiver, right bytes, at most once.
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
	bool is_delivered;
	uint16_t len;
	uint64_t hash;
	struct instant sent;
};

struct inner_book {
	struct inner_entry *entries;
	size_t count, room;
	size_t delivered;
};

struct inner_wish {
	uint8_t sender, receiver; /* host numbers */
	bool is_ipv6;
	bool is_compressible;
	uint8_t ecn;
	size_t len; /* at least INNER_BYTES_MIN */
};

#define INNER_BYTES_MIN 64
#define INNER_BYTES_MAX 1420

/* Writes the packet and books it; returns its number. */
size_t inner_make(struct inner_book *book, struct packet *pkt,
    const struct inner_wish *wish, struct instant now);

/* NULL when the packet is what `sender` sent to `receiver` and comes for the
 * first time, else what is wrong with it. */
const char *inner_check(struct inner_book *book, const struct packet *pkt,
    size_t sender, size_t receiver);

void inner_clear(struct inner_book *book);

/* The inner address of a host. */
struct address inner_address(size_t host, bool is_ipv6);

/* Any fixed mixer will do: 64 bits of the bytes, chained on `hash`. */
uint64_t inner_hash(uint64_t hash, const void *bytes, size_t len);

#endif
