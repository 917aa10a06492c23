/* SPDX-License-Identifier: ISC */
/* vpnctl drops: the counters, or each drop as it happens. */
#include "ctl/drops.h"

#include "ctl/ask.h"
#include "ctl/live.h"

enum control_exit drops_run(struct ctl *ctl, const struct command *command,
    const struct control_request *request)
{
	struct control_request of_peer = *request;

	if (ctl->is_followed)
		return live_run(ctl, command, NULL);
	if (ctl->count)
		return ctl_fail(
		    ctl, CONTROL_USAGE, "drops: -c goes with --follow");
	if (ctl->peer)
		of_peer.arguments[of_peer.arguments_count++] = ctl->peer;
	return ask_run(ctl, command, &of_peer);
}
