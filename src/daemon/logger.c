/* SPDX-License-Identifier: ISC */
/* Lines to stderr. */
#include "daemon/logger.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/clock.h"

static const struct bucket_rate rate = {.rate = 50, .burst = 500};

/* syslog's numbers, as sd-daemon(3) has them at the beginning of a line. */
static const char *const priorities[] = {
    [LOG_LEVEL_ERROR] = "<3>",
    [LOG_LEVEL_WARNING] = "<4>",
    [LOG_LEVEL_INFO] = "<6>",
    [LOG_LEVEL_DEBUG] = "<7>",
};

static bool can_write(void)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT);
}

static bool put(struct logger *logger, enum log_level level, const char *line)
{
	char text[LOG_LINE_BYTES + 32];
	int len = snprintf(text, sizeof(text), "%s%s%s\n",
	    logger->has_priority ? priorities[level] : "",
	    level <= LOG_LEVEL_WARNING && !logger->has_priority
		? (level == LOG_LEVEL_ERROR ? "error: " : "warning: ")
		: "",
	    line);

	if (len < 0)
		return false;
	if ((size_t)len >= sizeof(text)) {
		len = sizeof(text) - 1;
		text[len - 1] = '\n';
	}
	return can_write() && write(STDERR_FILENO, text, (size_t)len) == len;
}

static void write_line(void *context, enum log_level level, const char *line)
{
	struct logger *logger = context;
	char note[64];

	if (!bucket_take(&logger->bucket, &rate, clock_read().now)) {
		logger->skipped++;
		return;
	}
	if (logger->skipped) {
		snprintf(note, sizeof(note), "%lu lines were left out",
		    logger->skipped);
		if (put(logger, LOG_LEVEL_WARNING, note))
			logger->skipped = 0;
	}
	if (!put(logger, level, line))
		logger->skipped++;
}

void logger_print(
    const struct logger *logger, enum log_level level, const char *text)
{
	const char *priority = logger->has_priority ? priorities[level] : "";

	while (*text) {
		int len = (int)strcspn(text, "\n");

		fprintf(stderr, "%s%.*s\n", priority, len, text);
		text += len;
		text += *text == '\n';
	}
}

/* Device and inode of the journal's stream; what a service starts inherits the
 * variable, but may have another stderr. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[48];
	struct stat info;

	if (!stream || fstat(STDERR_FILENO, &info))
		return false;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)info.st_dev,
	    (uintmax_t)info.st_ino);
	return strcmp(ours, stream) == 0;
}

void logger_init(struct logger *logger, enum log_level level)
{
	*logger = (struct logger){
	    .log = {.level = level, .write = write_line, .context = logger},
	    .has_priority = is_journal(),
	};
	bucket_init(&logger->bucket, &rate, clock_read().now);
}
