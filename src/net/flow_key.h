/* SPDX-License-Identifier: ISC */
/*
 * What tells flows apart, the same for both directions, and its hash.
 *
 * How it works: the ends of a flow are put in order of address and port, so a
 * packet and its answer give one key and differ in which end sent it. ICMP has
 * no ports: who asks has the identifier as its port, and who answers the type
 * and code of the question; so an answer fits its question only.
 *
 * The hash is NH (as in UMAC, RFC 4418) with a multiplication after it, both
 * keyed: two keys that somebody chose without knowing the secret share a chain
 * with a probability of at most 2^-32 + 2/chains.
 */
#ifndef NET_FLOW_KEY_H
#define NET_FLOW_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/endpoint.h"

#define FLOW_KEY_WORDS 5

/* Made, compared and hashed as words: what was just written in smaller parts
 * can not be read as a word at once. */
struct flow_key {
	uint64_t address[2][2]; /* of each end, network order */
	/* from the lowest bit on: ports (16 bits each), VLAN (16), family (8),
	 * protocol (8) */
	uint64_t rest;
};

/* One direction of a flow; the addresses are not owned. */
struct flow_tuple {
	const struct address *source, *destination;
	uint16_t source_port, destination_port;
	uint16_t vlan;
	uint8_t family, protocol;
};

struct flow_secret {
	uint32_t add[2 * FLOW_KEY_WORDS];
	uint64_t multiply;
};

static inline uint16_t flow_key_port(const struct flow_key *key, unsigned end)
{
	return (uint16_t)(key->rest >> 16 * end);
}

static inline uint16_t flow_key_vlan(const struct flow_key *key)
{
	return (uint16_t)(key->rest >> 32);
}

/* 0: there is no flow */
static inline uint8_t flow_key_family(const struct flow_key *key)
{
	return (uint8_t)(key->rest >> 48);
}

static inline uint8_t flow_key_protocol(const struct flow_key *key)
{
	return (uint8_t)(key->rest >> 56);
}

/* Writes the key; returns the end (0 or 1) that the source is. Without
 * branches, as which end sends is as good as random. */
static inline unsigned flow_key_make(
    struct flow_key *key, const struct flow_tuple *tuple)
{
	uint64_t from[2], to[2], low, high, ports, turn;
	unsigned sender;

	memcpy(from, tuple->source->bytes, sizeof(from));
	memcpy(to, tuple->destination->bytes, sizeof(to));
	sender = tuple->source_port > tuple->destination_port;
	sender = (from[1] > to[1]) | ((from[1] == to[1]) & sender);
	sender = (from[0] > to[0]) | ((from[0] == to[0]) & sender);
	turn = 0 - (uint64_t)sender;
	low = (from[0] ^ to[0]) & turn;
	high = (from[1] ^ to[1]) & turn;
	ports = (uint64_t)(tuple->source_port ^ tuple->destination_port) & turn;
	key->address[0][0] = from[0] ^ low;
	key->address[0][1] = from[1] ^ high;
	key->address[1][0] = to[0] ^ low;
	key->address[1][1] = to[1] ^ high;
	key->rest = (tuple->source_port ^ ports) |
		    (tuple->destination_port ^ ports) << 16 |
		    (uint64_t)tuple->vlan << 32 |
		    (uint64_t)tuple->family << 48 |
		    (uint64_t)tuple->protocol << 56;
	return sender;
}

static inline bool flow_key_is_equal(
    const struct flow_key *a, const struct flow_key *b)
{
	return !((a->address[0][0] ^ b->address[0][0]) |
		 (a->address[0][1] ^ b->address[0][1]) |
		 (a->address[1][0] ^ b->address[1][0]) |
		 (a->address[1][1] ^ b->address[1][1]) | (a->rest ^ b->rest));
}

/* One product of NH. */
static inline uint64_t flow_key_product(uint64_t word, const uint32_t add[2])
{
	return (uint64_t)(uint32_t)((uint32_t)word + add[0]) *
	       (uint32_t)((uint32_t)(word >> 32) + add[1]);
}

/* Of `bits` bits, 1 .. 32. */
static inline uint32_t flow_key_hash(
    const struct flow_key *key, const struct flow_secret *secret, unsigned bits)
{
	uint64_t sum = flow_key_product(key->address[0][0], secret->add) +
		       flow_key_product(key->address[0][1], secret->add + 2) +
		       flow_key_product(key->address[1][0], secret->add + 4) +
		       flow_key_product(key->address[1][1], secret->add + 6) +
		       flow_key_product(key->rest, secret->add + 8);

	return (uint32_t)(sum * secret->multiply >> (64 - bits));
}

#endif
