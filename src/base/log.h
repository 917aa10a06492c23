/* SPDX-License-Identifier: ISC */
/*
 * Logging to a callback; the daemon decides where lines go.
 *
 * A line is one fact about one object ("peer branch: handshake completed").
 * Nothing that a stranger sends is logged above debug. `struct log_limit`
 * keeps a repeated line to a rate and tells how many were left out.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>

#include "base/attributes.h"
#include "base/instant.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

#define LOG_LEVEL_COUNT 4
#define LOG_LINE_BYTES	512 /* longer lines are cut */

/* "error", "warning", "info", "debug". */
const char *log_level_name(enum log_level level);

/* A sink: `line` has no newline and no control bytes; valid for the call. */
struct log {
	enum log_level level; /* lines above it are not formatted */
	void (*write)(void *context, enum log_level level, const char *line);
	void *context;
};

/* `log` may be NULL: nobody listens. */
void log_write(const struct log *log, enum log_level level, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/* At most one line in `interval_ns`; zero-initialise `next` and `skipped`. */
struct log_limit {
	int64_t interval_ns;
	struct instant next;
	unsigned long skipped;
};

/* True when the line may be written now; *ret_skipped lines were not. */
must_check _Bool log_limit_allows(struct log_limit *limit, struct instant now,
    unsigned long *ret_skipped);

#define log_error(log, ...)   log_write(log, LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(log, ...) log_write(log, LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(log, ...)    log_write(log, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...)   log_write(log, LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
