/* SPDX-License-Identifier: ISC */
/*
 * MAC1, MAC2 and cookies (WireGuard paper, sections 5.4.4 and 5.4.7).
 *
 * The checker is the responder's half: it knows the secret that changes every
 * two minutes. The maker is the initiator's, one per peer.
 */
#ifndef PROTOCOL_COOKIE_H
#define PROTOCOL_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/drop.h"
#include "base/endpoint.h"
#include "base/instant.h"
#include "protocol/wire.h"

struct cookie_checker {
	uint8_t secret[WIRE_HASH_BYTES];
	struct instant secret_born; /* INSTANT_NEVER: none yet */
	uint8_t mac1_key[WIRE_HASH_BYTES];
	uint8_t cookie_key[WIRE_HASH_BYTES];
};

/* Derives the two keys from our own public key; forgets the secret. */
void cookie_checker_init(struct cookie_checker *checker,
    const uint8_t public_key[WIRE_KEY_BYTES]);

enum cookie_verdict {
	COOKIE_MAC1_WRONG, /* silence */
	COOKIE_MAC1_ONLY,  /* MAC2 is zero or wrong */
	COOKIE_MAC2_VALID,
};

/* `message` is an initiation or response of the right length. MAC2 is looked
 * at only when `with_mac2` (under load). Constant-time compares. */
must_check enum cookie_verdict cookie_check(struct cookie_checker *checker,
    const uint8_t *message, size_t len, const struct endpoint *from,
    bool with_mac2, struct instant now);

/* Makes the cookie reply to `message`, bound to its MAC1 and the source
 * address and port. */
void cookie_reply_create(struct cookie_checker *checker,
    const uint8_t *message, size_t len, const struct endpoint *from,
    struct instant now, uint8_t reply[WIRE_COOKIE_REPLY_BYTES]);

/* The two keys are made anew each time: there may be thousands of peers. */
struct cookie_maker {
	const uint8_t *public_key;
	uint8_t cookie[WIRE_COOKIE_BYTES];
	struct instant cookie_born; /* INSTANT_NEVER: none */
	uint8_t last_mac1[WIRE_MAC_BYTES];
	bool have_sent_mac1; /* a reply is accepted once after each */
};

/* The peer's public key stays the caller's, and where it is. */
void cookie_maker_init(struct cookie_maker *maker,
    const uint8_t public_key[WIRE_KEY_BYTES]);

/* Fills mac1 and mac2 (zero without a cookie younger than 115 s). */
void cookie_stamp(struct cookie_maker *maker, uint8_t *message, size_t len,
    struct instant now);

/* DROP_NONE: the cookie is kept. DROP_VPN_UNEXPECTED, DROP_VPN_HANDSHAKE. */
must_check enum drop cookie_reply_consume(struct cookie_maker *maker,
    const uint8_t reply[WIRE_COOKIE_REPLY_BYTES], struct instant now);

#endif
