/* SPDX-License-Identifier: ISC */
/* The nonce that both AEADs make of a counter. */
#ifndef PROTOCOL_AEAD_NONCE_H
#define PROTOCOL_AEAD_NONCE_H

#include "base/cursor.h"

#define AEAD_NONCE_BYTES 12

/* Four zero bytes, then the little-endian counter. */
static inline void aead_nonce_write(
    uint8_t ret[AEAD_NONCE_BYTES], uint64_t counter)
{
	struct writer w = writer_of(ret, AEAD_NONCE_BYTES);

	writer_zeros(&w, 4);
	writer_le(&w, counter, 8);
}

#endif
