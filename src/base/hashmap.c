/* SPDX-License-Identifier: ISC */
/*
 * A map from short byte keys to pointers.
 *
 * How it works: linear probing in a power-of-two table that is at most 3/4
 * full. A removal moves later entries of the run back, so there are no
 * tombstones, and a lookup ends at the first empty slot.
 */
#include "base/hashmap.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES_MAX 32
#define ROOM_MIN      8

struct hashmap_slot {
	uint64_t hash;
	void *value; /* NULL: empty */
	uint8_t key[KEY_BYTES_MAX];
};

static_assert(crypto_shorthash_KEYBYTES == 16, "the secret is the key");
static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "one word");

void hashmap_init(
    struct hashmap *map, size_t key_bytes, const uint8_t secret[16])
{
	assert(key_bytes >= 1 && key_bytes <= KEY_BYTES_MAX);
	*map = (struct hashmap){.key_bytes = key_bytes};
	memcpy(map->secret, secret, sizeof(map->secret));
}

void hashmap_clear(struct hashmap *map)
{
	free(map->slots);
	map->slots = NULL;
	map->room = map->len = 0;
}

static uint64_t hash_of(const struct hashmap *map, const void *key)
{
	uint64_t hash;

	crypto_shorthash((uint8_t *)&hash, key, map->key_bytes, map->secret);
	return hash;
}

/* The slot that has the key, or the empty one where it belongs. */
static struct hashmap_slot *find(
    const struct hashmap *map, const void *key, uint64_t hash)
{
	size_t at = hash & (map->room - 1);

	for (;; at = (at + 1) & (map->room - 1)) {
		struct hashmap_slot *slot = &map->slots[at];

		if (!slot->value)
			return slot;
		if (slot->hash == hash &&
		    !memcmp(slot->key, key, map->key_bytes))
			return slot;
	}
}

void *hashmap_get(const struct hashmap *map, const void *key)
{
	return map->len ? find(map, key, hash_of(map, key))->value : NULL;
}

static int grow(struct hashmap *map)
{
	struct hashmap next = *map;

	next.room = map->room ? 2 * map->room : ROOM_MIN;
	next.slots = calloc(next.room, sizeof(*next.slots));
	if (!next.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->room; i++) {
		const struct hashmap_slot *slot = &map->slots[i];

		if (slot->value)
			*find(&next, slot->key, slot->hash) = *slot;
	}
	free(map->slots);
	*map = next;
	return 0;
}

int hashmap_insert(struct hashmap *map, const void *key, void *value)
{
	uint64_t hash = hash_of(map, key);
	struct hashmap_slot *slot;

	assert(value);
	if (hashmap_get(map, key))
		return -EEXIST;
	if (4 * (map->len + 1) > 3 * map->room && grow(map))
		return -ENOMEM;
	slot = find(map, key, hash);
	slot->hash = hash;
	slot->value = value;
	memcpy(slot->key, key, map->key_bytes);
	map->len++;
	return 0;
}

/* Moves back what was pushed past the hole, until the run ends. */
static void close_hole(struct hashmap *map, size_t hole)
{
	size_t mask = map->room - 1;

	for (size_t at = (hole + 1) & mask; map->slots[at].value;
	     at = (at + 1) & mask) {
		size_t home = map->slots[at].hash & mask;

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		map->slots[hole] = map->slots[at];
		hole = at;
	}
	map->slots[hole] = (struct hashmap_slot){0};
}

void *hashmap_remove(struct hashmap *map, const void *key)
{
	struct hashmap_slot *slot;
	void *value;

	if (!map->len)
		return NULL;
	slot = find(map, key, hash_of(map, key));
	value = slot->value;
	if (!value)
		return NULL;
	close_hole(map, (size_t)(slot - map->slots));
	map->len--;
	return value;
}
