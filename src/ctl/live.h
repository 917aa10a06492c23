/* SPDX-License-Identifier: ISC */
/* Documents that go on: vpnctl trace --live and vpnctl drops --follow. */
#ifndef CTL_LIVE_H
#define CTL_LIVE_H

#include "ctl/ctl.h"

/* Shows each document of the verb's stream: of ctl->peer and of packets that
 * the tcpdump expression matches (NULL: all), ctl->count of them (NULL: without
 * end). CONTROL_DROPPED when one of the packets that were traced was. */
enum control_exit live_run(
    struct ctl *ctl, const struct command *command, const char *expression);

#endif
