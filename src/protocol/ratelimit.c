/* SPDX-License-Identifier: ISC */
/*
 * Handshakes per source address, in a fixed table.
 *
 * How it works: a keyed hash of the address (IPv6: of its /64) chooses a set
 * of WAYS entries. An entry whose bucket is full again says nothing any more,
 * so a new address may take it; hence nothing ever has to be swept out.
 */
#include "protocol/ratelimit.h"

#include <stdint.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/bucket.h"
#include "base/cursor.h"

#define WAYS 8
/* An untouched bucket is full after this. */
#define IDLE_NS (NS_PER_S * RATELIMIT_BURST / RATELIMIT_PER_SECOND)

static const struct bucket_rate rate = {
    .rate = RATELIMIT_PER_SECOND,
    .burst = RATELIMIT_BURST,
};

struct entry {
	enum family family; /* FAMILY_NONE: never used */
	uint64_t network;   /* IPv4 address or upper half of an IPv6 one */
	struct instant last_taken;
	struct bucket bucket;
};

struct set {
	struct entry entries[WAYS];
};

struct ratelimit {
	uint8_t key[crypto_shorthash_KEYBYTES];
	uint64_t sets; /* a power of two */
	struct set table[];
};

struct ratelimit *ratelimit_new(size_t entries)
{
	struct ratelimit *limit;
	size_t sets = 1;

	while (sets * WAYS < entries)
		sets *= 2;
	limit = calloc(1, sizeof(*limit) + sets * sizeof(limit->table[0]));
	if (!limit)
		return NULL;
	limit->sets = sets;
	randombytes_buf(limit->key, sizeof(limit->key));
	return limit;
}

void ratelimit_free(struct ratelimit *limit)
{
	free(limit);
}

static struct set *find_set(
    struct ratelimit *limit, enum family family, uint64_t network)
{
	uint8_t bytes[9], digest[crypto_shorthash_BYTES];
	struct writer w = writer_of(bytes, sizeof(bytes));
	struct cursor c = cursor_of(digest, sizeof(digest));

	writer_le(&w, family, 1);
	writer_le(&w, network, 8);
	crypto_shorthash(digest, bytes, sizeof(bytes), limit->key);
	return &limit->table[cursor_le64(&c) & (limit->sets - 1)];
}

static bool is_idle(const struct entry *entry, struct instant now)
{
	return entry->family == FAMILY_NONE ||
	       instant_age_ns(entry->last_taken, now) >= IDLE_NS;
}

/* The address's entry, or one that it may take over, or NULL. */
static struct entry *find_entry(
    struct set *set, enum family family, uint64_t network, struct instant now)
{
	struct entry *idle = NULL;

	for (size_t i = 0; i < WAYS; i++) {
		struct entry *entry = &set->entries[i];

		if (entry->family == family && entry->network == network)
			return entry;
		if (!idle && is_idle(entry, now))
			idle = entry;
	}
	if (!idle)
		return NULL;
	*idle = (struct entry){.family = family, .network = network};
	bucket_init(&idle->bucket, &rate, now);
	return idle;
}

bool ratelimit_allows(
    struct ratelimit *limit, const struct address *address, struct instant now)
{
	struct cursor c = cursor_of(address->bytes, sizeof(address->bytes));
	uint64_t network = cursor_be64(&c);
	struct entry *entry =
	    find_entry(find_set(limit, address->family, network),
		address->family, network, now);

	if (!entry || !bucket_take(&entry->bucket, &rate, now))
		return false;
	entry->last_taken = now;
	return true;
}
