/* SPDX-License-Identifier: ISC */
/* The frames of the extension, but for when HELLO is said (extension.c). */
#ifndef PROTOCOL_FRAMES_H
#define PROTOCOL_FRAMES_H

#include "base/attributes.h"
#include "base/drop.h"
#include "base/instant.h"

struct packet;
struct peer;

/*
 * Handles what begins neither with 4 nor with 6, from a peer that may send
 * it. pkt->len is 0 after a frame of ours, otherwise pkt is a
 * packet or frame of the tunnel's link now.
 */
must_check enum drop frames_consume(
    struct peer *peer, struct packet *pkt, const struct moment *now);

#endif
