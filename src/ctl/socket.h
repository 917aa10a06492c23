/* SPDX-License-Identifier: ISC */
/* Attaches to one of vpnd's sockets, and prints what comes. */
#ifndef CTL_SOCKET_H
#define CTL_SOCKET_H

#include "ctl/ctl.h"

enum control_exit socket_receive_run(struct ctl *ctl,
    const struct command *command, const struct control_request *request);

#endif
