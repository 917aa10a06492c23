/* SPDX-License-Identifier: ISC */
/* All back ends, where libipsec-mb was found. */
#include "protocol/aead.h"

#include <stddef.h>

#include "protocol/ipsecmb.h"
#include "protocol/libcrypto.h"

const struct aead *const aead_backends[] = {
    &aead_sodium_chacha20poly1305,
    &aead_libcrypto_aes256gcm,
    &aead_libcrypto_chacha20poly1305,
    &aead_ipsecmb_chacha20poly1305,
    &aead_ipsecmb_aes256gcm,
    NULL,
};

bool aead_begin_thread(void)
{
	return libcrypto_init() == 0 && ipsecmb_begin_thread();
}

void aead_end_thread(void)
{
	ipsecmb_end_thread();
	libcrypto_end_thread();
}
