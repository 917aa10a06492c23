/* SPDX-License-Identifier: ISC */
/*
 * Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s as WireGuard uses it (paper, section
 * 5.4; Noise specification, sections 5, 7.5 and 9). Token by token, no state
 * outside the structures given, no clock: the timestamp comes from the caller.
 *
 * MACs (mac1, mac2) are cookie.h's. Message buffers are the whole message of
 * wire.h; these functions fill or read everything between the type and mac1.
 */
#ifndef PROTOCOL_NOISE_H
#define PROTOCOL_NOISE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/drop.h"
#include "protocol/wire.h"

/* Our own static key pair. */
struct noise_identity {
	uint8_t private_key[WIRE_KEY_BYTES]; /* clamped */
	uint8_t public_key[WIRE_KEY_BYTES];
	bool is_set;
};

/* Clamps and derives. The all-zero private key clears the identity. */
void noise_identity_set(struct noise_identity *identity,
    const uint8_t private_key[WIRE_KEY_BYTES]);

enum noise_state {
	NOISE_ZERO, /* nothing going on; anybody may begin */
	NOISE_INITIATION_CREATED, /* ours is out: a response may come */
	NOISE_INITIATION_CONSUMED, /* theirs came: a response may be made */
	NOISE_RESPONSE_CREATED,	   /* keys may be derived (responder) */
	NOISE_RESPONSE_CONSUMED,   /* keys may be derived (initiator) */
};

/* A handshake in progress; holds secrets. */
struct noise_handshake {
	enum noise_state state;
	bool is_initiator;
	uint8_t ephemeral_private[WIRE_KEY_BYTES];
	uint8_t remote_static[WIRE_KEY_BYTES];
	uint8_t remote_ephemeral[WIRE_KEY_BYTES];
	uint8_t preshared_key[WIRE_KEY_BYTES]; /* zeros: none */
	uint8_t hash[WIRE_HASH_BYTES];
	uint8_t chaining_key[WIRE_HASH_BYTES];
	uint32_t local_index, remote_index;
};

/* Transport keys. The aes256gcm ones come from a third HKDF output, so the
 * first two are WireGuard's; see protocol.md's extension. */
struct noise_keys {
	uint8_t send[WIRE_KEY_BYTES], receive[WIRE_KEY_BYTES];
	uint8_t send_aes256gcm[WIRE_KEY_BYTES];
	uint8_t receive_aes256gcm[WIRE_KEY_BYTES];
};

/*
 * Begins anew: hs keeps remote_static and preshared_key, the rest is replaced.
 * Fills message bytes 0 .. WIRE_INITIATION_MAC1. False: the remote key is a
 * low-order point, nothing may be sent.
 */
must_check bool noise_initiation_create(struct noise_handshake *hs,
    const struct noise_identity *identity,
    const uint8_t timestamp[WIRE_TIMESTAMP_BYTES], uint32_t local_index,
    uint8_t message[WIRE_INITIATION_BYTES]);

/*
 * The responder's half comes in two steps, so that a stranger costs little:
 * the first gives the initiator's static key (in hs->remote_static), by which
 * the caller finds peer and pre-shared key; the second its timestamp, which
 * the caller compares before it keeps hs. hs is a scratch copy; on failure it
 * holds nothing secret. DROP_NONE or DROP_VPN_HANDSHAKE.
 */
must_check enum drop noise_initiation_consume_static(
    struct noise_handshake *hs, const struct noise_identity *identity,
    const uint8_t message[WIRE_INITIATION_BYTES]);
must_check enum drop noise_initiation_consume_timestamp(
    struct noise_handshake *hs, const struct noise_identity *identity,
    const uint8_t message[WIRE_INITIATION_BYTES],
    uint8_t ret_timestamp[WIRE_TIMESTAMP_BYTES]);

/* In NOISE_INITIATION_CONSUMED, with hs->preshared_key set. False: the remote
 * ephemeral is a low-order point. */
must_check bool noise_response_create(struct noise_handshake *hs,
    uint32_t local_index, uint8_t message[WIRE_RESPONSE_BYTES]);

/* In NOISE_INITIATION_CREATED; on failure hs is unchanged and still able to
 * accept the right response. DROP_NONE, _VPN_UNEXPECTED or _VPN_HANDSHAKE. */
must_check enum drop noise_response_consume(struct noise_handshake *hs,
    const struct noise_identity *identity,
    const uint8_t message[WIRE_RESPONSE_BYTES]);

/* In NOISE_RESPONSE_*; wipes the handshake but for remote_static and the
 * pre-shared key, and leaves it in NOISE_ZERO. */
void noise_derive(struct noise_handshake *hs, struct noise_keys *ret_keys);

/* Wipes all but remote_static and the pre-shared key. */
void noise_handshake_clear(struct noise_handshake *hs);

/*
 * TAI64N of a wall time (D. J. Bernstein's, big-endian, 2^62 + 10 s ahead),
 * with the nanoseconds rounded down to 2^24 ns, so that it is no clock oracle.
 */
void noise_timestamp(uint8_t ret[WIRE_TIMESTAMP_BYTES], int64_t wall_s,
    uint32_t wall_ns);

#endif
