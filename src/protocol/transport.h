/* SPDX-License-Identifier: ISC */
/* What opening single datagrams and opening trains share. */
#ifndef PROTOCOL_TRANSPORT_H
#define PROTOCOL_TRANSPORT_H

#include "protocol/peer.h"

/* Which of a session's ciphers a data message is sealed with. */
enum cipher_slot transport_slot_of(const struct packet *pkt);

/* NULL: nobody's. */
must_check struct keypair *transport_find_keypair(
    struct tunnel *tunnel, uint32_t index);

/* An authentic datagram came from pkt->endpoint, or several of which this is
 * the newest. */
void transport_note_received(struct peer *peer, const struct packet *pkt,
    const struct frame_rules *rules, const struct moment *now);

/* So the keypair is in use. It may not be any more on return. */
void transport_note_used(struct tunnel *tunnel, struct keypair *keypair,
    enum cipher_slot slot, const struct moment *now);

#endif
