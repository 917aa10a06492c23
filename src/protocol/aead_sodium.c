/* SPDX-License-Identifier: ISC */
/* ChaCha20-Poly1305 (RFC 8439) through libsodium. */
#include "protocol/aead.h"

#include <string.h>

#include <sodium.h>

#include "protocol/aead_nonce.h"

struct aead_key {
	uint8_t bytes[AEAD_KEY_BYTES];
};

static struct aead_key *key_new(
    const struct memory *memory, const uint8_t bytes[AEAD_KEY_BYTES])
{
	struct aead_key *key = memory_alloc(memory, sizeof(*key));

	if (key)
		memcpy(key->bytes, bytes, sizeof(key->bytes));
	return key;
}

static void key_free(const struct memory *memory, struct aead_key *key)
{
	memory_release(memory, key, sizeof(*key));
}

static void seal_batch(struct aead_key *key, struct aead_job *jobs,
    size_t count, aead_stamp_fn *stamp, void *context)
{
	uint8_t nonce[AEAD_NONCE_BYTES];

	for (size_t i = 0; i < count; i++) {
		struct aead_job *job = &jobs[i];

		if (stamp)
			stamp(context, job, i);
		aead_nonce_write(nonce, job->counter);
		crypto_aead_chacha20poly1305_ietf_encrypt(job->dst, NULL,
		    job->src, job->len, NULL, 0, NULL, nonce, key->bytes);
	}
}

static void open_batch(
    struct aead_key *key, struct aead_job *jobs, size_t count)
{
	uint8_t nonce[AEAD_NONCE_BYTES];

	for (size_t i = 0; i < count; i++) {
		struct aead_job *job = &jobs[i];

		aead_nonce_write(nonce, job->counter);
		job->is_authentic =
		    crypto_aead_chacha20poly1305_ietf_decrypt(job->dst, NULL,
			NULL, job->src, job->len, NULL, 0, nonce,
			key->bytes) == 0;
	}
}

const struct aead aead_sodium_chacha20poly1305 = {
    .id = AEAD_CHACHA20POLY1305,
    .name = "chacha20poly1305",
    .backend = "libsodium",
    .rekey_after_messages = UINT64_C(1) << 60,
    .key_new = key_new,
    .key_free = key_free,
    .seal_batch = seal_batch,
    .open_batch = open_batch,
};
