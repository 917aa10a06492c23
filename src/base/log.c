/* SPDX-License-Identifier: ISC */
/* Formats a line, makes it harmless, hands it to the sink. */
#include "base/log.h"

#include <stdio.h>

const char *log_level_name(enum log_level level)
{
	static const char *const names[LOG_LEVEL_COUNT] = {
	    [LOG_LEVEL_ERROR] = "error",
	    [LOG_LEVEL_WARNING] = "warning",
	    [LOG_LEVEL_INFO] = "info",
	    [LOG_LEVEL_DEBUG] = "debug",
	};

	return (size_t)level < ARRAY_SIZE(names) ? names[level] : "unknown";
}

/* A file name or a message of a library may hold anything. */
static void replace_control_bytes(char *line)
{
	for (; *line; line++) {
		unsigned char byte = (unsigned char)*line;

		if (byte < ' ' || byte == 0x7f)
			*line = '?';
	}
}

void log_write(
    const struct log *log, enum log_level level, const char *format, ...)
{
	char line[LOG_LINE_BYTES];
	va_list args;

	if (!log || level > log->level)
		return;
	va_start(args, format);
	if (vsnprintf(line, sizeof(line), format, args) < 0)
		line[0] = '\0';
	va_end(args);
	replace_control_bytes(line);
	log->write(log->context, level, line);
}

bool log_limit_allows(
    struct log_limit *limit, struct instant now, unsigned long *ret_skipped)
{
	if (!instant_has_come(limit->next, now)) {
		limit->skipped++;
		return false;
	}
	*ret_skipped = limit->skipped;
	limit->skipped = 0;
	limit->next = instant_after(now, limit->interval_ns);
	return true;
}
