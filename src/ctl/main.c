/* SPDX-License-Identifier: ISC */
/* vpnctl: asks and steers vpnd. */
#include <stdio.h>

#include "ctl/commands.h"

int main(int argc, char **argv)
{
	struct ctl ctl = {
	    .in = stdin,
	    .out = stdout,
	    .err = stderr,
	    .run_dir = CTL_RUN_DIR,
	};

	return commands_run(&ctl, argc, argv);
}
