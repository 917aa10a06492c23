/* SPDX-License-Identifier: ISC */
/* The secrets that belong to a configuration. */
#include <sodium.h>
#include <string.h>

#include "core/state.h"
#include "protocol/noise.h"

static size_t keys_bytes(size_t peers)
{
	return sizeof(struct core_keys) + peers * CONFIG_KEY_BYTES;
}

struct core_keys *core_keys_new(const struct memory *memory, size_t peers)
{
	struct core_keys *keys = memory_alloc(memory, keys_bytes(peers));

	if (keys)
		keys->preshared_count = peers;
	return keys;
}

void core_keys_free(const struct memory *memory, struct core_keys *keys)
{
	size_t bytes;

	if (!keys)
		return;
	bytes = keys_bytes(keys->preshared_count);
	sodium_memzero(keys, bytes);
	memory_release(memory, keys, bytes);
}

bool keys_is_zero(const uint8_t key[CONFIG_KEY_BYTES])
{
	return sodium_is_zero(key, CONFIG_KEY_BYTES) == 1;
}

bool keys_is_equal(
    const uint8_t a[CONFIG_KEY_BYTES], const uint8_t b[CONFIG_KEY_BYTES])
{
	return sodium_memcmp(a, b, CONFIG_KEY_BYTES) == 0;
}

void keys_public(
    uint8_t ret[CONFIG_KEY_BYTES], const uint8_t private_key[CONFIG_KEY_BYTES])
{
	struct noise_identity identity;

	noise_identity_set(&identity, private_key);
	memcpy(ret, identity.public_key, CONFIG_KEY_BYTES);
	sodium_memzero(&identity, sizeof(identity));
}

struct core_keys *keys_with(const struct memory *memory,
    const struct core_keys *keys, const uint8_t *preshared_key)
{
	size_t count = keys->preshared_count;
	struct core_keys *more = core_keys_new(memory, count + 1);

	if (!more)
		return NULL;
	memcpy(more->private_key, keys->private_key, CONFIG_KEY_BYTES);
	memcpy(more->preshared, keys->preshared, count * CONFIG_KEY_BYTES);
	if (preshared_key)
		memcpy(more->preshared[count], preshared_key, CONFIG_KEY_BYTES);
	return more;
}

struct core_keys *keys_without(
    const struct memory *memory, const struct core_keys *keys, size_t idx)
{
	size_t count = keys->preshared_count;
	struct core_keys *fewer = core_keys_new(memory, count - 1);

	if (!fewer)
		return NULL;
	memcpy(fewer->private_key, keys->private_key, CONFIG_KEY_BYTES);
	memcpy(fewer->preshared, keys->preshared, idx * CONFIG_KEY_BYTES);
	memcpy(fewer->preshared[idx], keys->preshared[idx + 1],
	    (count - idx - 1) * CONFIG_KEY_BYTES);
	return fewer;
}
