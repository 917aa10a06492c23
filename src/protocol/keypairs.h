/* SPDX-License-Identifier: ISC */
/*
 * The sessions of a peer: previous, current and next keypair.
 *
 * How it works (WireGuard paper, section 6.1 f.): an initiator's new keypair
 * becomes current at once. A responder's waits as `next`, and may not be sent
 * under, until the first authentic packet under it proves that the initiator
 * has the keys too. `previous` only still receives.
 */
#ifndef PROTOCOL_KEYPAIRS_H
#define PROTOCOL_KEYPAIRS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/instant.h"
#include "base/memory.h"
#include "protocol/aead.h"
#include "protocol/indices.h"
#include "protocol/noise.h"
#include "protocol/replay.h"

#define REKEY_AFTER_TIME_NS  (120 * NS_PER_S)
#define REJECT_AFTER_TIME_NS (180 * NS_PER_S)

/* A place in the keypair's tables of schedules. */
enum cipher_slot {
	CIPHER_CHACHA20POLY1305,
	CIPHER_AES256GCM,
	CIPHER_SLOTS,
};

struct keypair {
	struct index_owner owner;	 /* local index */
	const struct aead *const *aeads; /* back ends, by cipher_slot */
	uint32_t remote_index;
	uint64_t generation; /* larger is newer, unique in the tunnel */
	struct instant born;
	bool is_initiator;
	uint64_t send_counter; /* of the next packet; shared by both AEADs */
	struct replay replay;  /* likewise */
	struct aead_key *send[CIPHER_SLOTS]; /* NULL: not set up, or erased */
	struct aead_key *receive[CIPHER_SLOTS];
	/* AES-256-GCM's raw keys until its schedules are made or the peer
	 * turns out to be plain. */
	uint8_t raw_send[WIRE_KEY_BYTES], raw_receive[WIRE_KEY_BYTES];
	bool has_raw;
};

struct keypairs {
	struct keypair *previous, *current, *next;
};

/*
 * Wipes `keys`. NULL: no memory. `aeads` (CIPHER_SLOTS of them) must live as
 * long as the keypair. The index of `owner` moves from the handshake
 * to the new keypair.
 */
struct keypair *keypair_new(const struct memory *memory,
    const struct aead *const *aeads, struct noise_keys *keys,
    uint64_t generation, struct instant now);
void keypair_free(const struct memory *memory, struct indices *indices,
    struct keypair *keypair);

/* Makes the schedules of AES-256-GCM from the raw keys, once. */
void keypair_enable_aes256gcm(
    const struct memory *memory, struct keypair *keypair);
/* Erases all that belongs to AES-256-GCM. */
void keypair_erase_aes256gcm(
    const struct memory *memory, struct keypair *keypair);

/* Takes over a new keypair as the paper says, frees what it replaces. */
void keypairs_add(struct keypairs *keypairs, struct keypair *keypair,
    const struct memory *memory, struct indices *indices);
/* An authentic packet came under this keypair. True: it was `next`, and is
 * current from now on. */
must_check bool keypairs_confirm(struct keypairs *keypairs,
    const struct keypair *keypair, const struct memory *memory,
    struct indices *indices);
/* Ends all keypairs up to this generation. */
void keypairs_end(struct keypairs *keypairs, uint64_t generation,
    const struct memory *memory, struct indices *indices);

/* May data be sent under it now? NULL is fine. */
bool keypair_may_send(const struct keypair *keypair, struct instant now);

#endif
