/* SPDX-License-Identifier: ISC */
/*
 * Both AEADs through libcrypto's EVP.
 *
 * How it works: a context is keyed once; a packet sets only direction and IV,
 * which libcrypto does without its heap. Both use their cipher forwards both
 * ways, so one context seals and opens. The key schedule itself lies in
 * libcrypto's heap, out of reach of `memory`; it is wiped when freed.
 */
#include "protocol/aead.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "protocol/aead_nonce.h"
#include "protocol/libcrypto.h"

struct aead_key {
	EVP_CIPHER_CTX *ctx;
};

static void key_free(const struct memory *memory, struct aead_key *key)
{
	if (key)
		EVP_CIPHER_CTX_free(key->ctx);
	memory_release(memory, key, sizeof(*key));
}

static struct aead_key *key_new(const struct memory *memory,
    const EVP_CIPHER *cipher, const uint8_t bytes[AEAD_KEY_BYTES])
{
	struct aead_key *key = memory_alloc(memory, sizeof(*key));

	if (!key)
		return NULL;
	key->ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;
	if (!key->ctx ||
	    !EVP_CipherInit_ex2(key->ctx, cipher, bytes, NULL, 1, NULL)) {
		key_free(memory, key);
		return NULL;
	}
	return key;
}

static struct aead_key *gcm_key_new(
    const struct memory *memory, const uint8_t bytes[AEAD_KEY_BYTES])
{
	if (libcrypto_init())
		return NULL;
	return key_new(memory, libcrypto_get()->aes256gcm, bytes);
}

static struct aead_key *chacha_key_new(
    const struct memory *memory, const uint8_t bytes[AEAD_KEY_BYTES])
{
	if (libcrypto_init())
		return NULL;
	return key_new(memory, libcrypto_get()->chacha20poly1305, bytes);
}

/* Begins a packet: 1 seals, 0 opens. */
static bool start(EVP_CIPHER_CTX *ctx, uint64_t counter, int is_sealing)
{
	uint8_t nonce[AEAD_NONCE_BYTES];

	aead_nonce_write(nonce, counter);
	return EVP_CipherInit_ex2(ctx, NULL, NULL, nonce, is_sealing, NULL);
}

static bool seal(EVP_CIPHER_CTX *ctx, const struct aead_job *job)
{
	int written, rest;

	return start(ctx, job->counter, 1) &&
	       EVP_EncryptUpdate(
		   ctx, job->dst, &written, job->src, (int)job->len) &&
	       EVP_EncryptFinal_ex(ctx, job->dst + job->len, &rest) &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES,
		   job->dst + job->len);
}

static void seal_batch(struct aead_key *key, struct aead_job *jobs,
    size_t count, aead_stamp_fn *stamp, void *context)
{
	bool is_sealed;

	for (size_t i = 0; i < count; i++) {
		if (stamp)
			stamp(context, &jobs[i], i);
		is_sealed = seal(key->ctx, &jobs[i]);
		/* Rather none than a plaintext packet. */
		assert(is_sealed);
	}
}

static bool open_one(EVP_CIPHER_CTX *ctx, const struct aead_job *job)
{
	uint8_t tag[AEAD_TAG_BYTES], none[AEAD_TAG_BYTES];
	size_t len = job->len - AEAD_TAG_BYTES;
	int written, rest;

	memcpy(tag, job->src + len, sizeof(tag));
	return start(ctx, job->counter, 0) &&
	       EVP_DecryptUpdate(ctx, job->dst, &written, job->src, (int)len) &&
	       EVP_CIPHER_CTX_ctrl(
		   ctx, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) &&
	       EVP_DecryptFinal_ex(ctx, none, &rest) > 0;
}

static void open_batch(
    struct aead_key *key, struct aead_job *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct aead_job *job = &jobs[i];

		job->is_authentic =
		    job->len >= AEAD_TAG_BYTES && open_one(key->ctx, job);
		/* libcrypto decrypts before it knows. */
		if (!job->is_authentic && job->len >= AEAD_TAG_BYTES)
			memset(job->dst, 0, job->len - AEAD_TAG_BYTES);
	}
}

const struct aead aead_libcrypto_aes256gcm = {
    .id = AEAD_AES256GCM,
    .name = "aes256gcm",
    .backend = "libcrypto",
    .rekey_after_messages = UINT64_C(1) << 32,
    .key_new = gcm_key_new,
    .key_free = key_free,
    .seal_batch = seal_batch,
    .open_batch = open_batch,
};

const struct aead aead_libcrypto_chacha20poly1305 = {
    .id = AEAD_CHACHA20POLY1305,
    .name = "chacha20poly1305",
    .backend = "libcrypto",
    .rekey_after_messages = UINT64_C(1) << 60,
    .key_new = chacha_key_new,
    .key_free = key_free,
    .seal_batch = seal_batch,
    .open_batch = open_batch,
};
