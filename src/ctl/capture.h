/* SPDX-License-Identifier: ISC */
/* Packets as they go by: one line each, or a file for Wireshark. */
#ifndef CTL_CAPTURE_H
#define CTL_CAPTURE_H

#include "ctl/ctl.h"

/* The verb's `run`. */
enum control_exit capture_run(struct ctl *ctl, const struct command *command,
    const struct control_request *request);

#endif
