/* SPDX-License-Identifier: ISC */
/* BLAKE2s, keyed BLAKE2s, HMAC-BLAKE2s and HKDF, through libcrypto. */
#ifndef PROTOCOL_HASH_H
#define PROTOCOL_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/wire.h"

/* 32 bytes over the two parts joined; the second may be NULL, 0. */
void hash_blake2s(uint8_t ret[WIRE_HASH_BYTES], const void *a, size_t a_len,
    const void *b, size_t b_len);

/* Keyed BLAKE2s with 16 bytes of output (WireGuard's Mac). key_len 1..32. */
void hash_mac(uint8_t ret[WIRE_MAC_BYTES], const void *key, size_t key_len,
    const void *bytes, size_t len);

void hash_hmac(uint8_t ret[WIRE_HASH_BYTES], const void *key, size_t key_len,
    const void *bytes, size_t len);

/* HKDF of WireGuard's Kdf_n: `count` (1..3) outputs; NULL skips one. */
void hash_kdf(uint8_t *ret_1, uint8_t *ret_2, uint8_t *ret_3,
    const uint8_t chaining_key[WIRE_HASH_BYTES], const void *input, size_t len);

/* Fetches the algorithms once; 0, or -ENOTSUP when libcrypto lacks one. Every
 * user of this room calls it first; calling again is harmless. */
int hash_init(void);

#endif
