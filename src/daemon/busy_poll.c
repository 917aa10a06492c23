/* SPDX-License-Identifier: ISC */
/* One decision a turn. */
#include "daemon/busy_poll.h"

bool busy_poll_goes_on(struct busy_poll *poll, int64_t for_ns, bool has_carried,
    struct instant now)
{
	if (for_ns <= 0) {
		poll->until = now;
		return false;
	}
	if (has_carried)
		poll->until = INSTANT_NEVER;
	else if (instant_is_never(poll->until))
		poll->until = instant_after(now, for_ns);
	if (instant_has_come(poll->until, now))
		return false;
	poll->turns++;
	return true;
}
