/* SPDX-License-Identifier: ISC */
/* MAC1, MAC2 and cookies (WireGuard paper, sections 5.4.4 and 5.4.7). */
#include "protocol/cookie.h"

#include <string.h>

#include <sodium.h>

#include "base/cursor.h"
#include "protocol/hash.h"

#define SECRET_AGE_MAX_NS (120 * NS_PER_S)
/* 5 s less, so that a cookie does not expire on its way. */
#define COOKIE_AGE_MAX_NS (115 * NS_PER_S)
#define LABEL_BYTES	  8
#define SOURCE_BYTES_MAX  (16 + 2)
#define SENDER_OFFSET	  4 /* in initiation and response alike */

static void derive_mac1_key(
    uint8_t ret[WIRE_HASH_BYTES], const uint8_t public_key[WIRE_KEY_BYTES])
{
	hash_blake2s(ret, "mac1----", LABEL_BYTES, public_key, WIRE_KEY_BYTES);
}

static void derive_cookie_key(
    uint8_t ret[WIRE_HASH_BYTES], const uint8_t public_key[WIRE_KEY_BYTES])
{
	hash_blake2s(ret, "cookie--", LABEL_BYTES, public_key, WIRE_KEY_BYTES);
}

/* The two MACs are a message's last 32 bytes. */
static size_t mac1_offset(size_t len)
{
	return len - 2 * WIRE_MAC_BYTES;
}

static size_t mac2_offset(size_t len)
{
	return len - WIRE_MAC_BYTES;
}

void cookie_checker_init(
    struct cookie_checker *checker, const uint8_t public_key[WIRE_KEY_BYTES])
{
	sodium_memzero(checker, sizeof(*checker));
	derive_mac1_key(checker->mac1_key, public_key);
	derive_cookie_key(checker->cookie_key, public_key);
	checker->secret_born = INSTANT_NEVER;
}

static void renew_secret(struct cookie_checker *checker, struct instant now)
{
	if (instant_age_ns(checker->secret_born, now) < SECRET_AGE_MAX_NS)
		return;
	randombytes_buf(checker->secret, sizeof(checker->secret));
	checker->secret_born = now;
}

static void make_cookie(struct cookie_checker *checker,
    uint8_t ret[WIRE_COOKIE_BYTES], const struct endpoint *from,
    struct instant now)
{
	uint8_t source[SOURCE_BYTES_MAX];
	struct writer w = writer_of(source, sizeof(source));
	const struct address *address = &from->address;

	renew_secret(checker, now);
	writer_bytes(&w, address->bytes, address_bits(address->family) / 8);
	writer_be(&w, from->port, 2);
	hash_mac(ret, checker->secret, sizeof(checker->secret), source,
	    sizeof(source) - w.left);
}

enum cookie_verdict cookie_check(struct cookie_checker *checker,
    const uint8_t *message, size_t len, const struct endpoint *from,
    bool with_mac2, struct instant now)
{
	uint8_t cookie[WIRE_COOKIE_BYTES];
	uint8_t mac[WIRE_MAC_BYTES];

	hash_mac(mac, checker->mac1_key, sizeof(checker->mac1_key), message,
	    mac1_offset(len));
	if (sodium_memcmp(mac, message + mac1_offset(len), sizeof(mac)) != 0)
		return COOKIE_MAC1_WRONG;
	if (!with_mac2)
		return COOKIE_MAC1_ONLY;
	make_cookie(checker, cookie, from, now);
	hash_mac(mac, cookie, sizeof(cookie), message, mac2_offset(len));
	if (sodium_memcmp(mac, message + mac2_offset(len), sizeof(mac)) != 0)
		return COOKIE_MAC1_ONLY;
	return COOKIE_MAC2_VALID;
}

void cookie_reply_create(struct cookie_checker *checker, const uint8_t *message,
    size_t len, const struct endpoint *from, struct instant now,
    uint8_t reply[WIRE_COOKIE_REPLY_BYTES])
{
	struct writer w = writer_of(reply, WIRE_COOKIE_REPLY_BYTES);
	uint8_t cookie[WIRE_COOKIE_BYTES];
	uint8_t *nonce;

	make_cookie(checker, cookie, from, now);
	writer_le(&w, WIRE_COOKIE_REPLY, 4);
	writer_bytes(&w, message + SENDER_OFFSET, 4);
	nonce = writer_take(&w, WIRE_XNONCE_BYTES);
	randombytes_buf(nonce, WIRE_XNONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(reply + WIRE_COOKIE_COOKIE,
	    NULL, cookie, sizeof(cookie), message + mac1_offset(len),
	    WIRE_MAC_BYTES, NULL, nonce, checker->cookie_key);
}

void cookie_maker_init(
    struct cookie_maker *maker, const uint8_t public_key[WIRE_KEY_BYTES])
{
	sodium_memzero(maker, sizeof(*maker));
	maker->public_key = public_key;
	maker->cookie_born = INSTANT_NEVER;
}

void cookie_stamp(struct cookie_maker *maker, uint8_t *message, size_t len,
    struct instant now)
{
	uint8_t *mac1 = message + mac1_offset(len);
	uint8_t *mac2 = message + mac2_offset(len);
	uint8_t key[WIRE_HASH_BYTES];

	derive_mac1_key(key, maker->public_key);
	hash_mac(mac1, key, sizeof(key), message, mac1_offset(len));
	memcpy(maker->last_mac1, mac1, WIRE_MAC_BYTES);
	maker->have_sent_mac1 = true;
	if (instant_age_ns(maker->cookie_born, now) < COOKIE_AGE_MAX_NS)
		hash_mac(mac2, maker->cookie, sizeof(maker->cookie), message,
		    mac2_offset(len));
	else
		memset(mac2, 0, WIRE_MAC_BYTES);
}

enum drop cookie_reply_consume(struct cookie_maker *maker,
    const uint8_t reply[WIRE_COOKIE_REPLY_BYTES], struct instant now)
{
	uint8_t cookie[WIRE_COOKIE_BYTES], key[WIRE_HASH_BYTES];

	if (!maker->have_sent_mac1)
		return DROP_VPN_UNEXPECTED;
	derive_cookie_key(key, maker->public_key);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(cookie, NULL, NULL,
		reply + WIRE_COOKIE_COOKIE, WIRE_COOKIE_BYTES + WIRE_TAG_BYTES,
		maker->last_mac1, WIRE_MAC_BYTES, reply + WIRE_COOKIE_NONCE,
		key))
		return DROP_VPN_HANDSHAKE;
	memcpy(maker->cookie, cookie, sizeof(cookie));
	maker->cookie_born = now;
	maker->have_sent_mac1 = false;
	return DROP_NONE;
}
