/* SPDX-License-Identifier: ISC */
/* Messages about a configuration file, with the source line and a caret. */
#include "conf/message.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_LINE_BYTES 200 /* longer source lines are not shown */

void conf_messages_clear(struct conf_messages *messages)
{
	for (size_t i = 0; i < messages->count; i++)
		free(messages->list[i]);
	*messages = (struct conf_messages){0};
}

/* A kept message, or NULL when there are too many already. */
static struct conf_message *message_add(
    struct conf_messages *messages, struct config_place place)
{
	struct conf_message *message = NULL;

	if (messages->count < CONF_MESSAGES)
		message = calloc(1, sizeof(*message));
	messages->last = message;
	if (!message) {
		messages->untold++;
		return NULL;
	}
	message->place = place;
	messages->list[messages->count++] = message;
	return message;
}

static void __attribute__((format(printf, 3, 0)))
message_fill(struct conf_message *message, const char *object,
    const char *format, va_list arguments)
{
	if (!message)
		return;
	snprintf(message->object, sizeof(message->object), "%s", object);
	vsnprintf(message->text, sizeof(message->text), format, arguments);
}

void conf_error(struct conf_messages *messages, struct config_place place,
    const char *object, const char *format, ...)
{
	va_list arguments;

	messages->errors++;
	va_start(arguments, format);
	message_fill(message_add(messages, place), object, format, arguments);
	va_end(arguments);
}

void conf_warning(struct conf_messages *messages, struct config_place place,
    const char *object, const char *format, ...)
{
	struct conf_message *message = message_add(messages, place);
	va_list arguments;

	messages->warnings++;
	if (message)
		message->is_warning = true;
	va_start(arguments, format);
	message_fill(message, object, format, arguments);
	va_end(arguments);
}

void conf_hint(struct conf_messages *messages, const char *format, ...)
{
	va_list arguments;

	if (!messages->last)
		return;
	va_start(arguments, format);
	vsnprintf(messages->last->hint, CONF_MESSAGE_BYTES, format, arguments);
	va_end(arguments);
}

static int compare_places(const void *a, const void *b)
{
	const struct conf_message *const *left = a, *const *right = b;
	struct config_place x = (*left)->place, y = (*right)->place;

	if (x.line != y.line)
		return x.line < y.line ? -1 : 1;
	return (x.column > y.column) - (x.column < y.column);
}

static const char *line_find(const char *text, uint32_t line)
{
	while (text && --line) {
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return text;
}

/* The source line, and a caret below the column; tabs stay tabs. */
static void source_print(
    FILE *stream, const char *text, struct config_place place)
{
	const char *line = place.line ? line_find(text, place.line) : NULL;
	size_t len = line ? strcspn(line, "\r\n") : 0;

	if (!len || len > SOURCE_LINE_BYTES || place.column > len + 1)
		return;
	fprintf(stream, "%.*s\n", (int)len, line);
	for (size_t i = 0; i + 1 < place.column; i++)
		if ((line[i] & 0xc0) != 0x80)
			fputc(line[i] == '\t' ? '\t' : ' ', stream);
	fputs("^\n", stream);
}

static void message_print(const struct conf_message *message, FILE *stream,
    const char *file, const char *text)
{
	fputs(file, stream);
	if (message->place.line)
		fprintf(stream, ":%u:%u", message->place.line,
		    message->place.column);
	fprintf(stream, ": %s: %s%s%s\n",
	    message->is_warning ? "warning" : "error", message->object,
	    *message->object ? ": " : "", message->text);
	source_print(stream, text, message->place);
	if (*message->hint)
		fprintf(stream, "hint: %s\n", message->hint);
}

void conf_messages_print(struct conf_messages *messages, FILE *stream,
    const char *file, const char *text)
{
	if (messages->count)
		qsort(messages->list, messages->count,
		    sizeof(messages->list[0]), compare_places);
	for (size_t i = 0; i < messages->count; i++)
		message_print(messages->list[i], stream, file, text);
	if (messages->untold)
		fprintf(stream, "%s: %zu more messages are not shown\n", file,
		    messages->untold);
}
