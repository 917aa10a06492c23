/* SPDX-License-Identifier: ISC */
/*
 * BLAKE2s, keyed BLAKE2s, HMAC-BLAKE2s and HKDF, through libcrypto.
 *
 * The contexts are libcrypto.c's, so one thread at a time may hash: the one
 * that does handshakes. libcrypto wipes a digest context at its end.
 */
#include "protocol/hash.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <sodium.h>

#include "protocol/libcrypto.h"

#define BLOCK_BYTES 64 /* of BLAKE2s, what HMAC pads its key to */

int hash_init(void)
{
	if (sodium_init() < 0)
		return -ENOTSUP;
	return libcrypto_init();
}

void hash_blake2s(uint8_t ret[WIRE_HASH_BYTES], const void *a, size_t a_len,
    const void *b, size_t b_len)
{
	EVP_MD_CTX *ctx = libcrypto_get()->blake2s;
	bool is_done;

	is_done = EVP_DigestInit_ex2(ctx, NULL, NULL) &&
		  EVP_DigestUpdate(ctx, a, a_len) &&
		  EVP_DigestUpdate(ctx, b, b_len) &&
		  EVP_DigestFinal_ex(ctx, ret, NULL);
	assert(is_done);
}

void hash_mac(uint8_t ret[WIRE_MAC_BYTES], const void *key, size_t key_len,
    const void *bytes, size_t len)
{
	EVP_MAC_CTX *ctx = libcrypto_get()->mac;
	size_t written;
	bool is_done;

	is_done = EVP_MAC_init(ctx, key, key_len, NULL) &&
		  EVP_MAC_update(ctx, bytes, len) &&
		  EVP_MAC_final(ctx, ret, &written, WIRE_MAC_BYTES);
	assert(is_done);
}

static void pad_key(
    uint8_t ret[BLOCK_BYTES], const uint8_t key[BLOCK_BYTES], uint8_t with)
{
	for (size_t i = 0; i < BLOCK_BYTES; i++)
		ret[i] = key[i] ^ with;
}

/* RFC 2104. */
void hash_hmac(uint8_t ret[WIRE_HASH_BYTES], const void *key, size_t key_len,
    const void *bytes, size_t len)
{
	uint8_t block[BLOCK_BYTES] = {0};
	uint8_t padded[BLOCK_BYTES];
	uint8_t inner[WIRE_HASH_BYTES];

	if (key_len > BLOCK_BYTES)
		hash_blake2s(block, key, key_len, NULL, 0);
	else if (key_len > 0)
		memcpy(block, key, key_len);
	pad_key(padded, block, 0x36);
	hash_blake2s(inner, padded, sizeof(padded), bytes, len);
	pad_key(padded, block, 0x5c);
	hash_blake2s(ret, padded, sizeof(padded), inner, sizeof(inner));
	sodium_memzero(block, sizeof(block));
	sodium_memzero(padded, sizeof(padded));
	sodium_memzero(inner, sizeof(inner));
}

/* RFC 5869 with an empty info: output n is HMAC(prk, output n-1 || n). */
void hash_kdf(uint8_t *ret_1, uint8_t *ret_2, uint8_t *ret_3,
    const uint8_t chaining_key[WIRE_HASH_BYTES], const void *input, size_t len)
{
	uint8_t *const rets[] = {ret_1, ret_2, ret_3};
	uint8_t prk[WIRE_HASH_BYTES];
	uint8_t block[WIRE_HASH_BYTES + 1];
	size_t count = ret_3 ? 3 : ret_2 ? 2 : 1;
	size_t block_len = 0;

	hash_hmac(prk, chaining_key, WIRE_HASH_BYTES, input, len);
	for (size_t i = 0; i < count; i++) {
		block[block_len] = (uint8_t)(i + 1);
		hash_hmac(block, prk, sizeof(prk), block, block_len + 1);
		if (rets[i])
			memcpy(rets[i], block, WIRE_HASH_BYTES);
		block_len = WIRE_HASH_BYTES;
	}
	sodium_memzero(prk, sizeof(prk));
	sodium_memzero(block, sizeof(block));
}
