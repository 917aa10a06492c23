/* SPDX-License-Identifier: ISC */
/*
 * AES-256-GCM through libipsec-mb, for x86-64: one call a packet.
 *
 * The key schedule lies in `memory`, aligned for the widest registers.
 */
#include "protocol/aead.h"

#include <string.h>

#include <sodium.h>

#include "protocol/aead_nonce.h"
#include "protocol/ipsecmb.h"

#define ALIGNMENT 64

/* What `memory` gave, and in it the aligned schedule. */
struct aead_key {
	uint8_t room[sizeof(struct gcm_key_data) + ALIGNMENT];
};

static struct gcm_key_data *schedule(struct aead_key *key)
{
	size_t past = (uintptr_t)key->room % ALIGNMENT;

	return (void *)(key->room + (past ? ALIGNMENT - past : 0));
}

static void key_free(const struct memory *memory, struct aead_key *key)
{
	memory_release(memory, key, sizeof(*key));
}

static struct aead_key *key_new(
    const struct memory *memory, const uint8_t bytes[AEAD_KEY_BYTES])
{
	IMB_MGR *mb = ipsecmb_get();
	struct aead_key *key = mb ? memory_alloc(memory, sizeof(*key)) : NULL;

	if (key)
		IMB_AES256_GCM_PRE(mb, bytes, schedule(key));
	return key;
}

static void seal_batch(struct aead_key *key, struct aead_job *jobs,
    size_t count, aead_stamp_fn *stamp, void *context)
{
	const struct gcm_key_data *keyed = schedule(key);
	struct gcm_context_data state;
	uint8_t nonce[AEAD_NONCE_BYTES];
	IMB_MGR *mb = ipsecmb_get();

	for (size_t i = 0; i < count; i++) {
		struct aead_job *job = &jobs[i];

		if (stamp)
			stamp(context, job, i);
		aead_nonce_write(nonce, job->counter);
		IMB_AES256_GCM_ENC(mb, keyed, &state, job->dst, job->src,
		    job->len, nonce, NULL, 0, job->dst + job->len,
		    AEAD_TAG_BYTES);
	}
	sodium_memzero(&state, sizeof(state));
}

static void open_batch(
    struct aead_key *key, struct aead_job *jobs, size_t count)
{
	uint8_t nonce[AEAD_NONCE_BYTES], tag[AEAD_TAG_BYTES];
	const struct gcm_key_data *keyed = schedule(key);
	struct gcm_context_data state;
	IMB_MGR *mb = ipsecmb_get();

	for (size_t i = 0; i < count; i++) {
		struct aead_job *job = &jobs[i];
		size_t len = job->len - AEAD_TAG_BYTES;

		job->is_authentic = false;
		if (job->len < AEAD_TAG_BYTES)
			continue;
		aead_nonce_write(nonce, job->counter);
		IMB_AES256_GCM_DEC(mb, keyed, &state, job->dst, job->src, len,
		    nonce, NULL, 0, tag, AEAD_TAG_BYTES);
		ipsecmb_judge(job, tag, job->src + len);
	}
	sodium_memzero(&state, sizeof(state));
}

const struct aead aead_ipsecmb_aes256gcm = {
    .id = AEAD_AES256GCM,
    .name = "aes256gcm",
    .backend = "libipsec-mb",
    .rekey_after_messages = UINT64_C(1) << 32,
    .key_new = key_new,
    .key_free = key_free,
    .seal_batch = seal_batch,
    .open_batch = open_batch,
};
