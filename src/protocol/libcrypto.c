/* SPDX-License-Identifier: ISC */
/*
 * What this room fetches from OpenSSL's libcrypto, once for each thread.
 *
 * How it works: looking an algorithm up costs microseconds, locks and heap, so
 * it happens at a thread's start. `fetched` is static storage, as ipsecmb.c's
 * manager; it is written by libcrypto_init only. The hash contexts in it are
 * scratch space of the thread that does handshakes; AEAD keys have their own.
 */
#include "protocol/libcrypto.h"

#include <errno.h>
#include <stdbool.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "protocol/wire.h"

static _Thread_local struct libcrypto fetched;

static EVP_MD_CTX *blake2s_new(void)
{
	EVP_MD *md = EVP_MD_fetch(NULL, "BLAKE2S-256", NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!md || !ctx || !EVP_DigestInit_ex2(ctx, md, NULL)) {
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_MD_free(md); /* the context holds its own reference */
	return ctx;
}

static EVP_MAC_CTX *mac_new(void)
{
	size_t size = WIRE_MAC_BYTES;
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
	    OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "BLAKE2SMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

	if (ctx && !EVP_MAC_CTX_set_params(ctx, params)) {
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_MAC_free(mac);
	return ctx;
}

int libcrypto_init(void)
{
	/* A system-wide openssl.cnf may load engines and providers: not here,
	 * where the keys are. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (!fetched.blake2s)
		fetched.blake2s = blake2s_new();
	if (!fetched.mac)
		fetched.mac = mac_new();
	if (!fetched.aes256gcm)
		fetched.aes256gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (!fetched.chacha20poly1305)
		fetched.chacha20poly1305 =
		    EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
	if (!fetched.blake2s || !fetched.mac || !fetched.aes256gcm)
		return -ENOTSUP;
	return 0;
}

void libcrypto_end_thread(void)
{
	EVP_MD_CTX_free(fetched.blake2s);
	EVP_MAC_CTX_free(fetched.mac);
	EVP_CIPHER_free(fetched.aes256gcm);
	EVP_CIPHER_free(fetched.chacha20poly1305);
	fetched = (struct libcrypto){0};
}

const struct libcrypto *libcrypto_get(void)
{
	return &fetched;
}
