/* SPDX-License-Identifier: ISC */
/* vpnctl drops: the counters, or each drop as it happens. */
#ifndef CTL_DROPS_H
#define CTL_DROPS_H

#include "ctl/ctl.h"

enum control_exit drops_run(struct ctl *ctl, const struct command *command,
    const struct control_request *request);

#endif
