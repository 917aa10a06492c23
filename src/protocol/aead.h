/* SPDX-License-Identifier: ISC */
/*
 * Authenticated encryption behind one table; each back end has its own file.
 *
 * The nonce of both AEADs is four zero bytes and the little-endian counter
 * (WireGuard paper, section 5.4.6). There is no associated data.
 */
#ifndef PROTOCOL_AEAD_H
#define PROTOCOL_AEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"

/* Numbers on the wire (HELLO). */
enum aead_id {
	AEAD_CHACHA20POLY1305 = 1,
	AEAD_AES256GCM = 2,
};

#define AEAD_IDS 2 /* the largest number */

#define AEAD_KEY_BYTES 32
#define AEAD_TAG_BYTES 16

struct aead_key; /* a key schedule, each back end has its own */

/* One packet. `dst` may be `src`; else they must not overlap. */
struct aead_job {
	uint8_t *dst;
	const uint8_t *src;
	size_t len; /* of src: plaintext, or ciphertext with its tag */
	uint64_t counter;
	bool is_authentic; /* set by open */
};

/*
 * Called with each job right before it is sealed, strictly in order: it may
 * prepare `src` in place (the next segment's header may overwrite the payload
 * before it). NULL when there is nothing to prepare.
 */
typedef void aead_stamp_fn(void *context, struct aead_job *job, size_t idx);

struct aead {
	enum aead_id id;
	const char *name;    /* "aes256gcm" */
	const char *backend; /* "libcrypto" */
	uint64_t rekey_after_messages;
	/* NULL: no memory. Its secrets are in `memory`. */
	struct aead_key *(*key_new)(
	    const struct memory *memory, const uint8_t key[AEAD_KEY_BYTES]);
	/* Wipes; NULL is fine. */
	void (*key_free)(const struct memory *memory, struct aead_key *key);
	/* Writes len + AEAD_TAG_BYTES bytes to each dst. */
	void (*seal_batch)(struct aead_key *key, struct aead_job *jobs,
	    size_t count, aead_stamp_fn *stamp, void *context);
	/* Sets is_authentic of each; writes len - AEAD_TAG_BYTES bytes if so.
	 * A len below AEAD_TAG_BYTES is not authentic. */
	void (*open_batch)(
	    struct aead_key *key, struct aead_job *jobs, size_t count);
};

extern const struct aead aead_sodium_chacha20poly1305;
extern const struct aead aead_libcrypto_aes256gcm;
extern const struct aead aead_libcrypto_chacha20poly1305;
extern const struct aead aead_ipsecmb_aes256gcm;
extern const struct aead aead_ipsecmb_chacha20poly1305;

/* All that this build has, ended by NULL. Of each AEAD the first one is there
 * everywhere. */
extern const struct aead *const aead_backends[];

/* What a further thread needs before it touches a tunnel, and what it gives back
 * at its end. False: no memory. */
must_check bool aead_begin_thread(void);
void aead_end_thread(void);

/* The first back end of that AEAD, or NULL for an unknown id. */
const struct aead *aead_find(enum aead_id id);

/* Whether a back end knows the known answers and refuses a forgery. One that
 * does not must not be used. */
must_check bool aead_is_right(
    const struct aead *aead, const struct memory *memory);

#endif
