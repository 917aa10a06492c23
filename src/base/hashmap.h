/* SPDX-License-Identifier: ISC */
/*
 * A map from short byte keys to pointers, with a secret hash (SipHash), as
 * strangers choose some of the keys. Open addressing, grows on insert only.
 */
#ifndef BASE_HASHMAP_H
#define BASE_HASHMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct hashmap_slot;

struct hashmap {
	struct hashmap_slot *slots;
	size_t room, len, key_bytes;
	uint8_t secret[16];
};

/* Keys are `key_bytes` (1..32) long; `secret` is 16 random bytes. */
void hashmap_init(
    struct hashmap *map, size_t key_bytes, const uint8_t secret[16]);
void hashmap_clear(struct hashmap *map);

/* The value, or NULL. */
void *hashmap_get(const struct hashmap *map, const void *key);

/* Value must not be NULL. 0, -EEXIST when the key is there, or -ENOMEM. */
must_check int hashmap_insert(struct hashmap *map, const void *key, void *value);

/* Returns the value that was removed, or NULL. */
void *hashmap_remove(struct hashmap *map, const void *key);

#endif
