/* SPDX-License-Identifier: ISC */
/* The sessions of a peer: previous, current and next keypair. */
#include "protocol/keypairs.h"

#include <assert.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>

static void free_schedules(
    const struct memory *memory, struct keypair *keypair, enum cipher_slot slot)
{
	const struct aead *aead = keypair->aeads[slot];

	aead->key_free(memory, keypair->send[slot]);
	aead->key_free(memory, keypair->receive[slot]);
	keypair->send[slot] = NULL;
	keypair->receive[slot] = NULL;
}

/* Both schedules or none. */
static bool make_schedules(const struct memory *memory, struct keypair *keypair,
    enum cipher_slot slot, const uint8_t *send, const uint8_t *receive)
{
	const struct aead *aead = keypair->aeads[slot];

	keypair->send[slot] = aead->key_new(memory, send);
	keypair->receive[slot] = aead->key_new(memory, receive);
	if (keypair->send[slot] && keypair->receive[slot])
		return true;
	free_schedules(memory, keypair, slot);
	return false;
}

struct keypair *keypair_new(const struct memory *memory,
    const struct aead *const *aeads, struct noise_keys *keys,
    uint64_t generation, struct instant now)
{
	struct keypair *keypair = memory_alloc(memory, sizeof(*keypair));

	if (!keypair)
		goto no_memory;
	keypair->aeads = aeads;
	keypair->generation = generation;
	keypair->born = now;
	if (!make_schedules(memory, keypair, CIPHER_CHACHA20POLY1305,
		keys->send, keys->receive)) {
		memory_release(memory, keypair, sizeof(*keypair));
		keypair = NULL;
		goto no_memory;
	}
	memcpy(keypair->raw_send, keys->send_aes256gcm, WIRE_KEY_BYTES);
	memcpy(keypair->raw_receive, keys->receive_aes256gcm, WIRE_KEY_BYTES);
	keypair->has_raw = true;
no_memory:
	sodium_memzero(keys, sizeof(*keys));
	return keypair;
}

void keypair_free(const struct memory *memory, struct indices *indices,
    struct keypair *keypair)
{
	if (!keypair)
		return;
	indices_unlist(indices, &keypair->owner);
	free_schedules(memory, keypair, CIPHER_CHACHA20POLY1305);
	free_schedules(memory, keypair, CIPHER_AES256GCM);
	memory_release(memory, keypair, sizeof(*keypair));
}

static void wipe_raw(struct keypair *keypair)
{
	sodium_memzero(keypair->raw_send, WIRE_KEY_BYTES);
	sodium_memzero(keypair->raw_receive, WIRE_KEY_BYTES);
	keypair->has_raw = false;
}

void keypair_enable_aes256gcm(
    const struct memory *memory, struct keypair *keypair)
{
	if (!keypair->has_raw)
		return;
	if (make_schedules(memory, keypair, CIPHER_AES256GCM, keypair->raw_send,
		keypair->raw_receive))
		wipe_raw(keypair);
}

void keypair_erase_aes256gcm(
    const struct memory *memory, struct keypair *keypair)
{
	wipe_raw(keypair);
	free_schedules(memory, keypair, CIPHER_AES256GCM);
}

void keypairs_add(struct keypairs *keypairs, struct keypair *keypair,
    const struct memory *memory, struct indices *indices)
{
	keypair_free(memory, indices, keypairs->previous);
	keypairs->previous = NULL;
	if (!keypair->is_initiator) {
		keypair_free(memory, indices, keypairs->next);
		keypairs->next = keypair;
		return;
	}
	/* an unconfirmed `next` is newer than `current`: the peer may have
	 * begun to send under it */
	if (keypairs->next) {
		keypair_free(memory, indices, keypairs->current);
		keypairs->previous = keypairs->next;
		keypairs->next = NULL;
	} else {
		keypairs->previous = keypairs->current;
	}
	keypairs->current = keypair;
}

bool keypairs_confirm(struct keypairs *keypairs, const struct keypair *keypair,
    const struct memory *memory, struct indices *indices)
{
	if (!keypair || keypair != keypairs->next)
		return false;
	keypair_free(memory, indices, keypairs->previous);
	keypairs->previous = keypairs->current;
	keypairs->current = keypairs->next;
	keypairs->next = NULL;
	return true;
}

void keypairs_end(struct keypairs *keypairs, uint64_t generation,
    const struct memory *memory, struct indices *indices)
{
	struct keypair **all[] = {
	    &keypairs->previous, &keypairs->current, &keypairs->next};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (!*all[i] || (*all[i])->generation > generation)
			continue;
		keypair_free(memory, indices, *all[i]);
		*all[i] = NULL;
	}
}

bool keypair_may_send(const struct keypair *keypair, struct instant now)
{
	return keypair &&
	       instant_age_ns(keypair->born, now) < REJECT_AFTER_TIME_NS &&
	       keypair->send_counter < REPLAY_REJECT_AFTER_MESSAGES;
}
