/* SPDX-License-Identifier: ISC */
/* The loader process's side: it runs vpnd-conf and collects what it says. */
#ifndef DAEMON_LOADER_CHILD_H
#define DAEMON_LOADER_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "api/config.h"

#define LOADER_HEADER_BYTES  12
#define LOADER_TEXT_BYTES    ((size_t)64 << 20)
#define LOADER_MESSAGE_BYTES ((size_t)256 << 10)
#define LOADER_SECONDS	     20
#define LOADER_STATUS_FAILED 255

struct loader_program {
	char path[CONFIG_PATH_BYTES];
};

/* $VPND_CONF, or vpnd-conf beside this program, or the installed one. */
void loader_find_program(struct loader_program *ret);

/* Waits for one question and answers it; false: nobody asks any more. */
bool loader_serve(
    int fd, const struct loader_program *program, const char *file);

#endif
