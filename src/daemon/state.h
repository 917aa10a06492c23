/* SPDX-License-Identifier: ISC */
/* The file that remembers where peers were. */
#ifndef DAEMON_STATE_H
#define DAEMON_STATE_H

#include "api/config.h"
#include "base/attributes.h"
#include "base/log.h"
#include "daemon/state_text.h"

struct state_file {
	char path[CONFIG_PATH_BYTES];
	char temporary[CONFIG_PATH_BYTES];
	const struct log *log;
};

/* DIR/NAME.endpoints; makes DIR where it is missing. */
void state_file_init(struct state_file *file, const char *dir, const char *name,
    const struct log *log);

/* Empty when there is none, or none that can be used (then it says so). */
void state_file_read(const struct state_file *file, struct state *ret);

/* Replaces the file as a whole; says once what went wrong. */
void state_file_write(const struct state_file *file, const struct state *state);

#endif
