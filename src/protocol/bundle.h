/* SPDX-License-Identifier: ISC */
/*
 * BUNDLE: several frames in one datagram.
 *
 * How it works: nothing waits for more. What a batch already holds of small
 * packets for a peer goes, in order, into the first of them: one seal, one
 * header and one datagram instead of many. Whoever receives it takes it apart
 * again before anything else looks at it, so that no other part of vpnd knows
 * of bundles. A bundle never holds a bundle.
 */
#ifndef PROTOCOL_BUNDLE_H
#define PROTOCOL_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/drop.h"
#include "base/packet.h"

struct peer;

/* Longer ones gain little, and would only be copied. What was compressed is
 * for a link that is slower than the host: there each head saved counts. */
#define BUNDLE_PACKET_BYTES_MAX 512

/* More is none: a datagram must not become hundreds of packets, or expand to
 * megabytes. */
#define BUNDLE_FRAMES_MAX 64

/* See tunnel.h. */
bool bundle_is_taken_by(const struct peer *peer);

/* Puts the frame `pkt`, ready to be sealed, into `into`, which becomes a
 * bundle. Both are for the same peer. False: there is no room, or one of them
 * does not go into a bundle. The caller keeps both. */
must_check bool bundle_add(struct packet *into, const struct packet *pkt);

/* How many frames a bundle has; 0: they are not whole, one of them is none of a
 * packet (a bundle, a frame that a peer made itself), it is a single one, or
 * there are more than BUNDLE_FRAMES_MAX. */
must_check size_t bundle_frames(const struct packet *pkt);
/* Takes frame by frame from a sound bundle into packets of their own, behind
 * `to`, until there is no more. The number that there was no buffer for. */
must_check size_t bundle_take(
    struct pool *pool, const struct packet *pkt, struct packet_list *to);

#endif
