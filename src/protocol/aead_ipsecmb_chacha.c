/* SPDX-License-Identifier: ISC */
/*
 * ChaCha20-Poly1305 through libipsec-mb, for x86-64.
 *
 * How it works: the job interface is faster than the calls in parts. Version
 * 1.3 ends such a job before the submission returns; a job that is not ended
 * then is waited for.
 */
#include "protocol/aead.h"

#include <assert.h>
#include <string.h>

#include "protocol/aead_nonce.h"
#include "protocol/ipsecmb.h"

struct aead_key {
	uint8_t bytes[AEAD_KEY_BYTES];
};

static struct aead_key *key_new(
    const struct memory *memory, const uint8_t bytes[AEAD_KEY_BYTES])
{
	struct aead_key *key =
	    ipsecmb_get() ? memory_alloc(memory, sizeof(*key)) : NULL;

	if (key)
		memcpy(key->bytes, bytes, AEAD_KEY_BYTES);
	return key;
}

static void key_free(const struct memory *memory, struct aead_key *key)
{
	memory_release(memory, key, sizeof(*key));
}

/* One packet of `len` bytes without its tag. */
static void run_chacha(const struct aead_key *key, const struct aead_job *job,
    size_t len, IMB_CIPHER_DIRECTION direction, uint8_t tag[AEAD_TAG_BYTES])
{
	uint8_t nonce[AEAD_NONCE_BYTES];
	IMB_MGR *mb = ipsecmb_get();
	IMB_JOB *at = IMB_GET_NEXT_JOB(mb);

	aead_nonce_write(nonce, job->counter);
	*at = (IMB_JOB){
	    .cipher_mode = IMB_CIPHER_CHACHA20_POLY1305,
	    .hash_alg = IMB_AUTH_CHACHA20_POLY1305,
	    .cipher_direction = direction,
	    .chain_order = direction == IMB_DIR_ENCRYPT ? IMB_ORDER_CIPHER_HASH
							: IMB_ORDER_HASH_CIPHER,
	    .enc_keys = key->bytes,
	    .dec_keys = key->bytes,
	    .key_len_in_bytes = AEAD_KEY_BYTES,
	    .src = job->src,
	    .dst = job->dst,
	    .msg_len_to_cipher_in_bytes = len,
	    .msg_len_to_hash_in_bytes = len,
	    .iv = nonce,
	    .iv_len_in_bytes = AEAD_NONCE_BYTES,
	    .auth_tag_output = tag,
	    .auth_tag_output_len_in_bytes = AEAD_TAG_BYTES,
	    .u.CHACHA20_POLY1305.aad = nonce, /* none of it is used */
	};
	at = IMB_SUBMIT_JOB(mb);
	if (!at)
		at = IMB_FLUSH_JOB(mb);
	/* Rather none than a plaintext packet. */
	assert(at && at->status == IMB_STATUS_COMPLETED);
}

static void seal_batch(struct aead_key *key, struct aead_job *jobs,
    size_t count, aead_stamp_fn *stamp, void *context)
{
	for (size_t i = 0; i < count; i++) {
		struct aead_job *job = &jobs[i];

		if (stamp)
			stamp(context, job, i);
		run_chacha(
		    key, job, job->len, IMB_DIR_ENCRYPT, job->dst + job->len);
	}
}

static void open_batch(
    struct aead_key *key, struct aead_job *jobs, size_t count)
{
	uint8_t tag[AEAD_TAG_BYTES];

	for (size_t i = 0; i < count; i++) {
		struct aead_job *job = &jobs[i];
		size_t len = job->len - AEAD_TAG_BYTES;

		job->is_authentic = false;
		if (job->len < AEAD_TAG_BYTES)
			continue;
		run_chacha(key, job, len, IMB_DIR_DECRYPT, tag);
		ipsecmb_judge(job, tag, job->src + len);
	}
}

const struct aead aead_ipsecmb_chacha20poly1305 = {
    .id = AEAD_CHACHA20POLY1305,
    .name = "chacha20poly1305",
    .backend = "libipsec-mb",
    .rekey_after_messages = UINT64_C(1) << 60,
    .key_new = key_new,
    .key_free = key_free,
    .seal_batch = seal_batch,
    .open_batch = open_batch,
};
