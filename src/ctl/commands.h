/* SPDX-License-Identifier: ISC */
/* Dispatch: options, the verb, its arguments, its command. */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "ctl/ctl.h"

/* Runs one command line; in, out, err and run_dir of `ctl` are set. Returns
 * the exit code of vpnctl (enum control_exit). */
int commands_run(struct ctl *ctl, int argc, char **argv);

/* The command of that verb; NULL: there is none. */
const struct command *command_find(const char *verb);

#endif
