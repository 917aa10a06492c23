/* SPDX-License-Identifier: ISC */
/* What this room fetches from OpenSSL's libcrypto, once for each thread. */
#ifndef PROTOCOL_LIBCRYPTO_H
#define PROTOCOL_LIBCRYPTO_H

#include <openssl/evp.h>

#include "base/attributes.h"

struct libcrypto {
	EVP_MD_CTX *blake2s; /* set to BLAKE2s; each use begins anew */
	EVP_MAC_CTX *mac;    /* BLAKE2s with 16 bytes of output */
	/* read only */
	EVP_CIPHER *aes256gcm;
	EVP_CIPHER *chacha20poly1305; /* NULL: not in this build of it */
};

/* Fetches what the calling thread has not yet. 0 or -ENOTSUP. */
must_check int libcrypto_init(void);
/* Frees what it has. */
void libcrypto_end_thread(void);

/* After libcrypto_init succeeded. */
const struct libcrypto *libcrypto_get(void);

#endif
