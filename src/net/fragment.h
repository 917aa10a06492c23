/* SPDX-License-Identifier: ISC */
/*
 * Fragments: what was decided about the first one holds for the later ones.
 *
 * How it works: the first fragment has the ports, so rules and flows are asked
 * about it. It is remembered by addresses, identification and sender when it is
 * tracked, and once more when it was accepted. A later fragment that comes
 * between the two, in the same batch, passes the hooks on trust, and the last
 * one asks again. There are sets of 8 places; where a set is full, the oldest
 * of the sender that has most of them goes: who sends very many pushes out
 * their own.
 */
#ifndef NET_FRAGMENT_H
#define NET_FRAGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/instant.h"
#include "base/packet.h"

#define FRAGMENTS_MAX	      1024
#define FRAGMENT_NS	      (30 * NS_PER_S)
#define FRAGMENT_SECRET_BYTES 16

struct fragments;

/* 0 or -ENOMEM. */
must_check int fragments_new(
    struct fragments **ret, const uint8_t secret[FRAGMENT_SECRET_BYTES]);
void fragments_free(struct fragments *fragments); /* NULL is fine */

/* A fragment that pretends to hide its L4 header: a first one that has not the
 * whole of it, or a later one that would change TCP's flags (RFC 1858). */
must_check bool fragment_is_tiny(const struct packet *pkt);

/* A first fragment was tracked, with these flow_* fields. */
void fragments_expect(struct fragments *fragments, const struct packet *pkt,
    uint32_t generation, struct instant now);
/* It was accepted, for to_id. */
void fragments_accept(struct fragments *fragments, const struct packet *pkt,
    uint32_t generation, struct instant now);

/* Gives a later fragment the flow_* fields of its first one. False: that did
 * not come under these rules. */
must_check bool fragments_find(const struct fragments *fragments,
    struct packet *pkt, uint32_t generation, struct instant now);
/* The first one was accepted, and went where this one goes. */
must_check bool fragments_is_accepted(const struct fragments *fragments,
    const struct packet *pkt, uint32_t generation, struct instant now);

/* From or to that peer. */
void fragments_remove_peer(struct fragments *fragments, uint32_t id);

#endif
