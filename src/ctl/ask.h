/* SPDX-License-Identifier: ISC */
/* The ordinary command: one request to the daemon, and its reply shown. */
#ifndef CTL_ASK_H
#define CTL_ASK_H

#include "ctl/ctl.h"

enum control_exit ask_run(struct ctl *ctl, const struct command *command,
    const struct control_request *request);

/* Our own version, and the daemon's if one runs. */
enum control_exit ask_run_version(struct ctl *ctl,
    const struct command *command, const struct control_request *request);

#endif
