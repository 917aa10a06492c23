/* SPDX-License-Identifier: ISC */
/* vpnctl trace: what would become of packets, and why. */
#ifndef CTL_TRACE_H
#define CTL_TRACE_H

#include "ctl/ctl.h"

enum control_exit trace_run(struct ctl *ctl, const struct command *command,
    const struct control_request *request);

#endif
