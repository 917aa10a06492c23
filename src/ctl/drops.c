/* SPDX-License-Identifier: ISC */
/* vpnctl drops: the counters, or each drop as it happens. */
#include "ctl/drops.h"

#include "ctl/ask.h"
#include "ctl/live.h"

enum control_exit drops_run(struct ctl *ctl, const struct command *command,
    const struct control_request *request)
{
	if (ctl->is_followed)
		return live_run(ctl, command, NULL);
	if (ctl->count || ctl->peer)
		return ctl_fail(ctl, CONTROL_USAGE,
		    "drops: -c and --peer go with --follow");
	return ask_run(ctl, command, request);
}
