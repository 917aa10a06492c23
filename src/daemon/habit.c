/* SPDX-License-Identifier: ISC */
/* What a queue of the device is used to. */
#include "daemon/habit.h"

/* An answer that comes later was not made at once, but by a program. */
#define AT_ONCE_NS (NS_PER_MS / 5)
/* What comes sooner after another one may be part of a burst. */
#define ALONE_NS (NS_PER_MS / 2)

void habit_note_written(struct habit *habit, struct instant now)
{
	habit->is_unread = true;
	habit->written = now;
}

static bool is_far(const struct habit *habit, struct instant now)
{
	return instant_age_ns(habit->read, now) > ALONE_NS;
}

void habit_note_read(struct habit *habit, size_t reads, struct instant now)
{
	if (habit->is_unread &&
	    instant_age_ns(habit->written, now) < AT_ONCE_NS)
		habit->answers = reads > 0;
	habit->is_unread = false;
	if (!reads)
		return;
	habit->comes_alone = reads == 1 && is_far(habit, now);
	habit->read = now;
}

bool habit_was_read(const struct habit *habit, struct instant now)
{
	return habit->read.ns == now.ns;
}

bool habit_has_answer(const struct habit *habit, struct instant now)
{
	return habit->is_unread && habit->answers &&
	       habit->written.ns == now.ns;
}

bool habit_is_one(const struct habit *habit, struct instant now)
{
	return habit->comes_alone && is_far(habit, now);
}
