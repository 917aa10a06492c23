/* SPDX-License-Identifier: ISC */
/* The cache of first fragments. */
#include "net/fragment.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "packet/ip.h"

#define WAYS 8
#define SETS (FRAGMENTS_MAX / WAYS)

#define TCP_FLAGS_UNIT 8 /* the second 8 bytes have them */

/* Without holes: compared and hashed as bytes. */
struct fragment_key {
	uint8_t source[16], destination[16];
	uint32_t id, from_id;
	uint16_t vlan;
	uint8_t family, protocol;
	uint8_t zero[4];
};

struct fragment {
	struct fragment_key key;
	struct instant seen; /* of an empty place: long ago */
	uint32_t generation, to_id;
	enum flow_state state;
	bool is_accepted;
};

struct fragments {
	struct fragment sets[SETS][WAYS];
	uint8_t secret[FRAGMENT_SECRET_BYTES];
};

static_assert(sizeof(struct fragment_key) == 48, "no holes");
static_assert(crypto_shorthash_KEYBYTES == FRAGMENT_SECRET_BYTES, "the key");

int fragments_new(
    struct fragments **ret, const uint8_t secret[FRAGMENT_SECRET_BYTES])
{
	struct fragments *fragments = calloc(1, sizeof(*fragments));

	if (!fragments)
		return -ENOMEM;
	memcpy(fragments->secret, secret, sizeof(fragments->secret));
	*ret = fragments;
	return 0;
}

void fragments_free(struct fragments *fragments)
{
	free(fragments);
}

static bool has_known_l4(const struct packet *pkt)
{
	switch (pkt->l4_protocol) {
	case IP_PROTOCOL_TCP:
	case IP_PROTOCOL_UDP:
		return true;
	case IP_PROTOCOL_ICMP:
		return pkt->family == FAMILY_IPV4;
	case IP_PROTOCOL_ICMPV6:
		return pkt->family == FAMILY_IPV6;
	default:
		return false;
	}
}

bool fragment_is_tiny(const struct packet *pkt)
{
	if (pkt->is_later_fragment)
		return pkt->l4_protocol == IP_PROTOCOL_TCP &&
		       pkt->fragment_offset == TCP_FLAGS_UNIT;
	return pkt->is_fragment && has_known_l4(pkt) && !pkt->has_l4;
}

/* IPv6 reassembles without regard to the protocol (RFC 8200, 4.5): behind the
 * fragment header, the first one may have another next header. */
static struct fragment_key key_of(const struct packet *pkt)
{
	struct fragment_key key = {
	    .id = pkt->fragment_id,
	    .from_id = pkt->from_id,
	    .vlan = pkt->vlan,
	    .family = pkt->family,
	    .protocol = pkt->family == FAMILY_IPV4 ? pkt->l4_protocol : 0,
	};

	memcpy(key.source, pkt->source.bytes, sizeof(key.source));
	memcpy(
	    key.destination, pkt->destination.bytes, sizeof(key.destination));
	return key;
}

static size_t set_of(
    const struct fragments *fragments, const struct fragment_key *key)
{
	uint8_t hash[crypto_shorthash_BYTES];

	crypto_shorthash(
	    hash, (const uint8_t *)key, sizeof(*key), fragments->secret);
	return hash[0] % SETS;
}

static bool is_over(const struct fragment *fragment, struct instant now)
{
	return !fragment->key.family ||
	       instant_has_come(
		   instant_after(fragment->seen, FRAGMENT_NS), now);
}

static const struct fragment *find(const struct fragments *fragments,
    const struct fragment_key *key, struct instant now)
{
	const struct fragment *set = fragments->sets[set_of(fragments, key)];

	for (size_t i = 0; i < WAYS; i++)
		if (!memcmp(&set[i].key, key, sizeof(*key)) &&
		    !is_over(&set[i], now))
			return &set[i];
	return NULL;
}

static size_t count_of_sender(const struct fragment *set, uint32_t from_id)
{
	size_t count = 0;

	for (size_t i = 0; i < WAYS; i++)
		count += set[i].key.from_id == from_id;
	return count;
}

/* All are in use. */
static struct fragment *find_victim(struct fragment *set)
{
	struct fragment *victim = &set[0];
	size_t most = 0;

	for (size_t i = 0; i < WAYS; i++) {
		size_t count = count_of_sender(set, set[i].key.from_id);

		if (count > most ||
		    (count == most &&
			instant_is_before(set[i].seen, victim->seen))) {
			most = count;
			victim = &set[i];
		}
	}
	return victim;
}

static struct fragment *find_place(
    struct fragment *set, const struct fragment_key *key, struct instant now)
{
	struct fragment *free = NULL;

	for (size_t i = 0; i < WAYS; i++) {
		if (!memcmp(&set[i].key, key, sizeof(*key)))
			return &set[i];
		if (!free && is_over(&set[i], now))
			free = &set[i];
	}
	return free ? free : find_victim(set);
}

static void remember(struct fragments *fragments, const struct packet *pkt,
    uint32_t generation, bool is_accepted, struct instant now)
{
	const struct fragment_key key = key_of(pkt);
	struct fragment *set = fragments->sets[set_of(fragments, &key)];

	*find_place(set, &key, now) = (struct fragment){
	    .key = key,
	    .seen = now,
	    .generation = generation,
	    .to_id = pkt->to_id,
	    .state = pkt->flow_state,
	    .is_accepted = is_accepted,
	};
}

static const struct fragment *find_current(const struct fragments *fragments,
    const struct packet *pkt, uint32_t generation, struct instant now)
{
	const struct fragment_key key = key_of(pkt);
	const struct fragment *fragment = find(fragments, &key, now);

	return fragment && fragment->generation == generation ? fragment : NULL;
}

/* One that comes twice was accepted already. */
void fragments_expect(struct fragments *fragments, const struct packet *pkt,
    uint32_t generation, struct instant now)
{
	const struct fragment *before =
	    find_current(fragments, pkt, generation, now);

	if (!before || !before->is_accepted)
		remember(fragments, pkt, generation, false, now);
}

void fragments_accept(struct fragments *fragments, const struct packet *pkt,
    uint32_t generation, struct instant now)
{
	remember(fragments, pkt, generation, true, now);
}

bool fragments_find(const struct fragments *fragments, struct packet *pkt,
    uint32_t generation, struct instant now)
{
	const struct fragment *fragment =
	    find_current(fragments, pkt, generation, now);

	if (!fragment)
		return false;
	pkt->flow_state = fragment->state;
	pkt->flow_generation = fragment->generation;
	pkt->flow_peer = fragment->to_id;
	return true;
}

bool fragments_is_accepted(const struct fragments *fragments,
    const struct packet *pkt, uint32_t generation, struct instant now)
{
	const struct fragment *fragment =
	    find_current(fragments, pkt, generation, now);

	return fragment && fragment->is_accepted &&
	       fragment->to_id == pkt->to_id;
}

void fragments_remove_peer(struct fragments *fragments, uint32_t id)
{
	for (size_t i = 0; i < SETS; i++)
		for (size_t j = 0; j < WAYS; j++) {
			struct fragment *fragment = &fragments->sets[i][j];

			if (fragment->key.from_id == id ||
			    fragment->to_id == id)
				*fragment = (struct fragment){0};
		}
}
