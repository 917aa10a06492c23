/* SPDX-License-Identifier: ISC */
/*
 * Who follows what happens: each drop, or what becomes of live packets.
 *
 * How it works: a follower has a ring (base/ring.h). The path's callbacks put
 * what he wants to see into it as it is, and lose what there is no room for;
 * the words are found when it is taken out. What a packet is traced for is in a
 * slot until it is through: a slot that is needed for another packet before
 * that is lost.
 */
#ifndef CORE_FOLLOW_H
#define CORE_FOLLOW_H

#include "core/state.h"

/* For the path's setup.trace; the context is the core. */
void follow_drop(
    void *context, const struct stage *stage, const struct packet *pkt);

/* Whoever follows that peer has seen the end of it. */
void follow_forget_peer(struct core *core, uint32_t id);

#endif
