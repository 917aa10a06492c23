/* SPDX-License-Identifier: ISC */
/* vpnctl filter test and filter replace: another filter for a running tunnel.
 */
#ifndef CTL_FILTER_H
#define CTL_FILTER_H

#include "ctl/ctl.h"

/* Both: the file is read and checked here, the daemon compares or changes. */
enum control_exit filter_run_file(struct ctl *ctl,
    const struct command *command, const struct control_request *request);

#endif
