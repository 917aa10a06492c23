/* SPDX-License-Identifier: ISC */
/*
 * The verbs that go on: each drop, and what becomes of live packets.
 *
 * The arguments of drops and trace are then: the peer ("": all), "follow",
 * "live", and a program (packet/bpf_text.h; "": all packets).
 */
#ifndef DAEMON_FOLLOW_H
#define DAEMON_FOLLOW_H

#include "core/core.h"

struct daemon;

must_check bool follow_is_wanted(const struct control_request *request);

/* Streams to the client; or *ret says why not. */
void follow_begin(struct daemon *daemon, uint64_t client,
    const struct control_request *request, struct core_answer *ret);

#endif
