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

/* 40 bytes without holes: compared and hashed as words. */
struct flow_key {
	uint64_t address[2][2]; /* of each end, network order */
	uint16_t port[2];
	uint16_t vlan;
	uint8_t family, protocol;
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

/* Writes the key; returns the end (0 or 1) that the source is. */
static inline unsigned flow_key_make(
    struct flow_key *key, const struct flow_tuple *tuple)
{
	uint64_t from[2], to[2];
	unsigned sender;

	memcpy(from, tuple->source->bytes, sizeof(from));
	memcpy(to, tuple->destination->bytes, sizeof(to));
	/* without branches, as which end sends is as good as random */
	sender = tuple->source_port > tuple->destination_port;
	sender = (from[1] > to[1]) | ((from[1] == to[1]) & sender);
	sender = (from[0] > to[0]) | ((from[0] == to[0]) & sender);
	memcpy(key->address[sender], from, sizeof(from));
	memcpy(key->address[!sender], to, sizeof(to));
	key->port[sender] = tuple->source_port;
	key->port[!sender] = tuple->destination_port;
	key->vlan = tuple->vlan;
	key->family = tuple->family;
	key->protocol = tuple->protocol;
	return sender;
}

static inline bool flow_key_is_equal(
    const struct flow_key *a, const struct flow_key *b)
{
	uint64_t x[FLOW_KEY_WORDS], y[FLOW_KEY_WORDS], differ = 0;

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	for (int i = 0; i < FLOW_KEY_WORDS; i++)
		differ |= x[i] ^ y[i];
	return !differ;
}

/* Of `bits` bits, 1 .. 32. */
static inline uint32_t flow_key_hash(
    const struct flow_key *key, const struct flow_secret *secret, unsigned bits)
{
	uint32_t words[2 * FLOW_KEY_WORDS];
	uint64_t sum = 0;

	memcpy(words, key, sizeof(words));
	for (int i = 0; i < 2 * FLOW_KEY_WORDS; i += 2)
		sum += (uint64_t)(uint32_t)(words[i] + secret->add[i]) *
		       (uint32_t)(words[i + 1] + secret->add[i + 1]);
	return (uint32_t)(sum * secret->multiply >> (64 - bits));
}

#endif
