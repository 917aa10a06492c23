/* SPDX-License-Identifier: ISC */
/* One decision a window. */
#include "net/backlog.h"

#define SHRINK_MOST 8 /* times, of one window */

void backlog_init(
    struct backlog *backlog, size_t most_bytes, size_t least_bytes)
{
	*backlog = (struct backlog){.bytes = most_bytes,
	    .most_bytes = most_bytes,
	    .least_bytes = least_bytes,
	    .least_ns = INT64_MAX};
}

static size_t shrunk(const struct backlog *backlog)
{
	int64_t times = backlog->least_ns / (BACKLOG_TARGET_NS / 16);
	size_t bytes;

	if (times > 16 * SHRINK_MOST)
		times = 16 * SHRINK_MOST;
	bytes = backlog->bytes / (size_t)times * 16;
	return bytes > backlog->least_bytes ? bytes : backlog->least_bytes;
}

static size_t grown(const struct backlog *backlog)
{
	size_t bytes = backlog->bytes + backlog->bytes / 4;

	return bytes < backlog->most_bytes ? bytes : backlog->most_bytes;
}

static size_t decide(const struct backlog *backlog)
{
	if (backlog->least_ns > BACKLOG_TARGET_NS)
		return backlog->bytes > backlog->least_bytes ? shrunk(backlog)
							  : backlog->bytes;
	if (backlog->least_ns < BACKLOG_TARGET_NS / 2)
		return grown(backlog);
	return backlog->bytes;
}

bool backlog_note(
    struct backlog *backlog, int64_t waited_ns, struct instant now)
{
	size_t bytes = backlog->bytes;

	if (backlog->least_ns == INT64_MAX)
		backlog->window_ends = instant_after(now, BACKLOG_WINDOW_NS);
	if (waited_ns < backlog->least_ns)
		backlog->least_ns = waited_ns;
	if (!instant_has_come(backlog->window_ends, now))
		return false;
	backlog->bytes = decide(backlog);
	backlog->least_ns = INT64_MAX;
	return backlog->bytes != bytes;
}
