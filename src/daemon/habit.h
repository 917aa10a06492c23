/* SPDX-License-Identifier: ISC */
/*
 * What a queue of the device, or the socket, is used to, so that a packet by
 * itself makes no more calls than it needs.
 *
 * How it works: what a queue did last it is expected to do again. The host
 * answers a ping while the request is being written, and an acknowledgement
 * often makes it send: then the answer is read in the same turn. And a packet
 * that came by itself, after a while without any, has no second one behind it
 * to be looked for. Who is wrong loses a call or a turn, no packet.
 */
#ifndef DAEMON_HABIT_H
#define DAEMON_HABIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/instant.h"

/* Of one queue, or of the socket; zero: nothing is known. */
struct habit {
	bool answers, comes_alone;
	bool is_unread; /* since it was written */
	struct instant written, read;
};

/* Times are the turn's. */
void habit_note_written(struct habit *habit, struct instant now);
/* So many reads found something, perhaps none did. */
void habit_note_read(struct habit *habit, size_t reads, struct instant now);

/* It had some in this turn already. */
must_check bool habit_was_read(const struct habit *habit, struct instant now);
/* There is an answer to what was written in this turn, probably. */
must_check bool habit_has_answer(const struct habit *habit, struct instant now);
/* Behind the next packet there is no other, probably. */
must_check bool habit_is_one(const struct habit *habit, struct instant now);

#endif
