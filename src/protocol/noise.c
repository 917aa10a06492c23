/* SPDX-License-Identifier: ISC */
/*
 * Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s as WireGuard uses it.
 *
 * The functions are named after what the Noise specification (revision 34,
 * section 5) calls MixHash, MixKey, EncryptAndHash and DecryptAndHash; each
 * message reads as its list of tokens. Every AEAD key serves one message, so
 * the nonce is always zero. The static-static secret is computed anew each
 * time: kept, it would be one more private key (trust.md, 1.4).
 */
#include "protocol/noise.h"

#include <string.h>

#include <sodium.h>

#include "base/cursor.h"
#include "protocol/hash.h"

static const char construction[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
static const char identifier[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";
static const char label_i2r[] = "vpnd aes256gcm i2r";
static const char label_r2i[] = "vpnd aes256gcm r2i";

static const uint8_t zero_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

void noise_identity_set(
    struct noise_identity *identity, const uint8_t private_key[WIRE_KEY_BYTES])
{
	if (sodium_is_zero(private_key, WIRE_KEY_BYTES)) {
		sodium_memzero(identity, sizeof(*identity));
		return;
	}
	memcpy(identity->private_key, private_key, WIRE_KEY_BYTES);
	identity->private_key[0] &= 248;
	identity->private_key[31] = (identity->private_key[31] & 127) | 64;
	crypto_scalarmult_base(identity->public_key, identity->private_key);
	identity->is_set = true;
}

static void mix_hash(struct noise_handshake *hs, const void *bytes, size_t len)
{
	hash_blake2s(hs->hash, hs->hash, sizeof(hs->hash), bytes, len);
}

/* Where both sides begin; `responder` is the responder's static key. */
static void begin(
    struct noise_handshake *hs, const uint8_t responder[WIRE_KEY_BYTES])
{
	hash_blake2s(
	    hs->chaining_key, construction, sizeof(construction) - 1, NULL, 0);
	hash_blake2s(hs->hash, hs->chaining_key, sizeof(hs->chaining_key),
	    identifier, sizeof(identifier) - 1);
	mix_hash(hs, responder, WIRE_KEY_BYTES);
}

/* Token e: an ephemeral public key is seen; with a pre-shared key it goes
 * into the chaining key too. */
static void mix_ephemeral(
    struct noise_handshake *hs, const uint8_t ephemeral[WIRE_KEY_BYTES])
{
	mix_hash(hs, ephemeral, WIRE_KEY_BYTES);
	hash_kdf(hs->chaining_key, NULL, NULL, hs->chaining_key, ephemeral,
	    WIRE_KEY_BYTES);
}

static void create_ephemeral(
    struct noise_handshake *hs, uint8_t ret_public[WIRE_KEY_BYTES])
{
	struct noise_identity ephemeral = {0};

	do {
		randombytes_buf(hs->ephemeral_private, WIRE_KEY_BYTES);
		noise_identity_set(&ephemeral, hs->ephemeral_private);
	} while (!ephemeral.is_set);
	memcpy(hs->ephemeral_private, ephemeral.private_key, WIRE_KEY_BYTES);
	memcpy(ret_public, ephemeral.public_key, WIRE_KEY_BYTES);
	sodium_memzero(&ephemeral, sizeof(ephemeral));
	mix_ephemeral(hs, ret_public);
}

/* Tokens es, ss, ee, se. `ret_key` may be NULL. False: a low-order point. */
must_check static bool mix_dh(struct noise_handshake *hs,
    uint8_t ret_key[WIRE_KEY_BYTES], const uint8_t private_key[WIRE_KEY_BYTES],
    const uint8_t public_key[WIRE_KEY_BYTES])
{
	uint8_t shared[crypto_scalarmult_BYTES];
	bool is_good = crypto_scalarmult(shared, private_key, public_key) == 0;

	if (is_good)
		hash_kdf(hs->chaining_key, ret_key, NULL, hs->chaining_key,
		    shared, sizeof(shared));
	sodium_memzero(shared, sizeof(shared));
	return is_good;
}

/* Token psk. */
static void mix_preshared_key(
    struct noise_handshake *hs, uint8_t ret_key[WIRE_KEY_BYTES])
{
	uint8_t temporary[WIRE_HASH_BYTES];

	hash_kdf(hs->chaining_key, temporary, ret_key, hs->chaining_key,
	    hs->preshared_key, sizeof(hs->preshared_key));
	mix_hash(hs, temporary, sizeof(temporary));
	sodium_memzero(temporary, sizeof(temporary));
}

/* Writes len + WIRE_TAG_BYTES bytes. */
static void encrypt_and_hash(struct noise_handshake *hs, uint8_t *dst,
    const uint8_t *src, size_t len, const uint8_t key[WIRE_KEY_BYTES])
{
	crypto_aead_chacha20poly1305_ietf_encrypt(dst, NULL, src, len, hs->hash,
	    sizeof(hs->hash), NULL, zero_nonce, key);
	mix_hash(hs, dst, len + WIRE_TAG_BYTES);
}

/* `len` is that of the plaintext. */
must_check static bool decrypt_and_hash(struct noise_handshake *hs,
    uint8_t *dst, const uint8_t *src, size_t len,
    const uint8_t key[WIRE_KEY_BYTES])
{
	if (crypto_aead_chacha20poly1305_ietf_decrypt(dst, NULL, NULL, src,
		len + WIRE_TAG_BYTES, hs->hash, sizeof(hs->hash), zero_nonce,
		key))
		return false;
	mix_hash(hs, src, len + WIRE_TAG_BYTES);
	return true;
}

static uint32_t read_index(const uint8_t *at)
{
	struct cursor c = cursor_of(at, 4);

	return cursor_le32(&c);
}

static void write_head(struct writer *w, enum wire_message type, uint32_t index)
{
	writer_le(w, type, 4); /* the type and three zeros */
	writer_le(w, index, 4);
}

void noise_handshake_clear(struct noise_handshake *hs)
{
	struct noise_handshake kept = {0};

	memcpy(kept.remote_static, hs->remote_static, WIRE_KEY_BYTES);
	memcpy(kept.preshared_key, hs->preshared_key, WIRE_KEY_BYTES);
	sodium_memzero(hs, sizeof(*hs));
	*hs = kept;
	sodium_memzero(&kept, sizeof(kept));
}

/* -> e, es, s, ss */
bool noise_initiation_create(struct noise_handshake *hs,
    const struct noise_identity *identity,
    const uint8_t timestamp[WIRE_TIMESTAMP_BYTES], uint32_t local_index,
    uint8_t message[WIRE_INITIATION_BYTES])
{
	struct writer w = writer_of(message, WIRE_INITIATION_BYTES);
	uint8_t key[WIRE_KEY_BYTES];
	bool is_good = false;

	noise_handshake_clear(hs);
	if (!identity->is_set)
		return false;
	hs->is_initiator = true;
	hs->local_index = local_index;
	write_head(&w, WIRE_INITIATION, local_index);
	begin(hs, hs->remote_static);
	create_ephemeral(hs, message + WIRE_INITIATION_EPHEMERAL);
	if (!mix_dh(hs, key, hs->ephemeral_private, hs->remote_static))
		goto out;
	encrypt_and_hash(hs, message + WIRE_INITIATION_STATIC,
	    identity->public_key, WIRE_KEY_BYTES, key);
	if (!mix_dh(hs, key, identity->private_key, hs->remote_static))
		goto out;
	encrypt_and_hash(hs, message + WIRE_INITIATION_TIMESTAMP, timestamp,
	    WIRE_TIMESTAMP_BYTES, key);
	hs->state = NOISE_INITIATION_CREATED;
	is_good = true;
out:
	sodium_memzero(key, sizeof(key));
	if (!is_good)
		noise_handshake_clear(hs);
	return is_good;
}

/* <- e, es, s */
enum drop noise_initiation_consume_static(struct noise_handshake *hs,
    const struct noise_identity *identity,
    const uint8_t message[WIRE_INITIATION_BYTES])
{
	uint8_t key[WIRE_KEY_BYTES];
	bool is_good;

	noise_handshake_clear(hs);
	hs->remote_index = read_index(message + WIRE_INITIATION_SENDER);
	memcpy(hs->remote_ephemeral, message + WIRE_INITIATION_EPHEMERAL,
	    WIRE_KEY_BYTES);
	begin(hs, identity->public_key);
	mix_ephemeral(hs, hs->remote_ephemeral);
	is_good =
	    identity->is_set &&
	    mix_dh(hs, key, identity->private_key, hs->remote_ephemeral) &&
	    decrypt_and_hash(hs, hs->remote_static,
		message + WIRE_INITIATION_STATIC, WIRE_KEY_BYTES, key);
	sodium_memzero(key, sizeof(key));
	if (!is_good)
		sodium_memzero(hs, sizeof(*hs));
	return is_good ? DROP_NONE : DROP_VPN_HANDSHAKE;
}

/* <- ss */
enum drop noise_initiation_consume_timestamp(struct noise_handshake *hs,
    const struct noise_identity *identity,
    const uint8_t message[WIRE_INITIATION_BYTES],
    uint8_t ret_timestamp[WIRE_TIMESTAMP_BYTES])
{
	uint8_t key[WIRE_KEY_BYTES];
	bool is_good;

	is_good =
	    identity->is_set &&
	    mix_dh(hs, key, identity->private_key, hs->remote_static) &&
	    decrypt_and_hash(hs, ret_timestamp,
		message + WIRE_INITIATION_TIMESTAMP, WIRE_TIMESTAMP_BYTES, key);
	sodium_memzero(key, sizeof(key));
	if (is_good)
		hs->state = NOISE_INITIATION_CONSUMED;
	else
		sodium_memzero(hs, sizeof(*hs));
	return is_good ? DROP_NONE : DROP_VPN_HANDSHAKE;
}

/* -> e, ee, se, psk */
bool noise_response_create(struct noise_handshake *hs, uint32_t local_index,
    uint8_t message[WIRE_RESPONSE_BYTES])
{
	struct writer w = writer_of(message, WIRE_RESPONSE_BYTES);
	uint8_t key[WIRE_KEY_BYTES];

	if (hs->state != NOISE_INITIATION_CONSUMED)
		return false;
	hs->local_index = local_index;
	write_head(&w, WIRE_RESPONSE, local_index);
	writer_le(&w, hs->remote_index, 4);
	create_ephemeral(hs, message + WIRE_RESPONSE_EPHEMERAL);
	if (!mix_dh(hs, NULL, hs->ephemeral_private, hs->remote_ephemeral) ||
	    !mix_dh(hs, NULL, hs->ephemeral_private, hs->remote_static)) {
		noise_handshake_clear(hs);
		return false;
	}
	mix_preshared_key(hs, key);
	encrypt_and_hash(hs, message + WIRE_RESPONSE_NOTHING, NULL, 0, key);
	sodium_memzero(key, sizeof(key));
	hs->state = NOISE_RESPONSE_CREATED;
	return true;
}

/* <- e, ee, se, psk; `hs` is a copy that is thrown away on failure. */
must_check static bool read_response(struct noise_handshake *hs,
    const struct noise_identity *identity,
    const uint8_t message[WIRE_RESPONSE_BYTES])
{
	uint8_t key[WIRE_KEY_BYTES];
	bool is_good;

	hs->remote_index = read_index(message + WIRE_RESPONSE_SENDER);
	memcpy(hs->remote_ephemeral, message + WIRE_RESPONSE_EPHEMERAL,
	    WIRE_KEY_BYTES);
	mix_ephemeral(hs, hs->remote_ephemeral);
	if (!mix_dh(hs, NULL, hs->ephemeral_private, hs->remote_ephemeral) ||
	    !mix_dh(hs, NULL, identity->private_key, hs->remote_ephemeral))
		return false;
	mix_preshared_key(hs, key);
	is_good =
	    decrypt_and_hash(hs, NULL, message + WIRE_RESPONSE_NOTHING, 0, key);
	sodium_memzero(key, sizeof(key));
	return is_good;
}

enum drop noise_response_consume(struct noise_handshake *hs,
    const struct noise_identity *identity,
    const uint8_t message[WIRE_RESPONSE_BYTES])
{
	struct noise_handshake copy;
	bool is_good;

	if (hs->state != NOISE_INITIATION_CREATED ||
	    read_index(message + WIRE_RESPONSE_RECEIVER) != hs->local_index)
		return DROP_VPN_UNEXPECTED;
	copy = *hs;
	is_good = identity->is_set && read_response(&copy, identity, message);
	if (is_good) {
		*hs = copy;
		hs->state = NOISE_RESPONSE_CONSUMED;
	}
	sodium_memzero(&copy, sizeof(copy));
	return is_good ? DROP_NONE : DROP_VPN_HANDSHAKE;
}

void noise_derive(struct noise_handshake *hs, struct noise_keys *ret_keys)
{
	uint8_t third[WIRE_HASH_BYTES];
	struct noise_keys *keys = ret_keys;
	bool is_first = hs->is_initiator;

	hash_kdf(is_first ? keys->send : keys->receive,
	    is_first ? keys->receive : keys->send, third, hs->chaining_key,
	    NULL, 0);
	hash_hmac(is_first ? keys->send_aes256gcm : keys->receive_aes256gcm,
	    third, sizeof(third), label_i2r, sizeof(label_i2r) - 1);
	hash_hmac(is_first ? keys->receive_aes256gcm : keys->send_aes256gcm,
	    third, sizeof(third), label_r2i, sizeof(label_r2i) - 1);
	sodium_memzero(third, sizeof(third));
	noise_handshake_clear(hs);
}

void noise_timestamp(
    uint8_t ret[WIRE_TIMESTAMP_BYTES], int64_t wall_s, uint32_t wall_ns)
{
	struct writer w = writer_of(ret, WIRE_TIMESTAMP_BYTES);

	writer_be(&w, (UINT64_C(1) << 62) + 10 + (uint64_t)wall_s, 8);
	writer_be(&w, wall_ns & ~UINT32_C(0xffffff), 4);
}
