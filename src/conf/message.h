/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with a configuration file: all of it, in the file's order.
 *
 *	FILE:LINE:COLUMN: error: OBJECT: SENTENCE
 *	the source line
 *	       ^
 *	hint: what to do
 */
#ifndef CONF_MESSAGE_H
#define CONF_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "api/config.h"

#define CONF_MESSAGES	   100 /* more are only counted */
#define CONF_MESSAGE_BYTES 2048

struct conf_message {
	struct config_place place; /* line 0: the file as a whole */
	bool is_warning;
	char object[128]; /* "device.mtu"; "": the file */
	char text[CONF_MESSAGE_BYTES];
	char hint[CONF_MESSAGE_BYTES]; /* "" without one */
};

struct conf_messages {
	struct conf_message *list[CONF_MESSAGES];
	size_t count;
	size_t errors, warnings, untold;
	struct conf_message *last; /* NULL: it was not kept */
};

void conf_messages_clear(struct conf_messages *messages);

void conf_error(struct conf_messages *messages, struct config_place place,
    const char *object, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void conf_warning(struct conf_messages *messages, struct config_place place,
    const char *object, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Adds a hint to the message before. */
void conf_hint(struct conf_messages *messages, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sorts and prints all; `text` is the file's, or NULL. */
void conf_messages_print(struct conf_messages *messages, FILE *stream,
    const char *file, const char *text);

#endif
