/* SPDX-License-Identifier: ISC */
/* All back ends, where there is no libipsec-mb. */
#include "protocol/aead.h"

#include <stddef.h>

#include "protocol/libcrypto.h"

const struct aead *const aead_backends[] = {
    &aead_sodium_chacha20poly1305,
    &aead_libcrypto_aes256gcm,
    &aead_libcrypto_chacha20poly1305,
    NULL,
};

bool aead_begin_thread(void)
{
	return libcrypto_init() == 0;
}

void aead_end_thread(void)
{
	libcrypto_end_thread();
}
