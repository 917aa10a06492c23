/* SPDX-License-Identifier: ISC */
/*
 * Lines to stderr: with the journal's priority when it listens, never waiting
 * for a reader that does not read, never more than a bounded rate.
 */
#ifndef DAEMON_LOGGER_H
#define DAEMON_LOGGER_H

#include <stdbool.h>

#include "base/bucket.h"
#include "base/log.h"

struct logger {
	struct log log; /* hand this out */
	bool has_priority;
	struct bucket bucket;
	unsigned long skipped;
};

void logger_init(struct logger *logger, enum log_level level);

/* At the start, lines of vpnd-conf as they are; the journal learns `level`. */
void logger_print(
    const struct logger *logger, enum log_level level, const char *text);

#endif
