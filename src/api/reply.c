/* SPDX-License-Identifier: ISC */
/* Building a reply document. */
#include "api/reply.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/utf8.h"

#define REPLY_ROOM_BYTES   512 /* the first allocation */
#define REPLY_NUMBER_BYTES 32  /* the longest number as text */

void reply_init(struct reply *reply)
{
	*reply = (struct reply){0};
}

void reply_clear(struct reply *reply)
{
	free(reply->text);
	reply_init(reply);
}

/* Room for `len` bytes more and a NUL; false when there is none. */
static bool reply_reserve(struct reply *reply, size_t len)
{
	size_t room = reply->room ? reply->room : REPLY_ROOM_BYTES;
	char *text;

	if (reply->has_failed)
		return false;
	while (room <= reply->len + len)
		room *= 2;
	if (room == reply->room)
		return true;
	text = realloc(reply->text, room);
	if (!text) {
		reply->has_failed = true;
		return false;
	}
	reply->text = text;
	reply->room = room;
	return true;
}

static void reply_append(struct reply *reply, const char *text, size_t len)
{
	if (!reply_reserve(reply, len))
		return;
	memcpy(reply->text + reply->len, text, len);
	reply->len += len;
	reply->text[reply->len] = '\0';
}

static bool is_name(const char *name)
{
	return !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

/* The token and the name. */
static void reply_begin(
    struct reply *reply, enum reply_token token, const char *name)
{
	char head[2] = {(char)token, '\t'};

	assert(is_name(name));
	reply_append(reply, head, sizeof(head));
	reply_append(reply, name, strlen(name));
}

static void reply_line_write(struct reply *reply, enum reply_token token,
    const char *name, const char *value)
{
	reply_begin(reply, token, name);
	if (value) {
		reply_append(reply, "\t", 1);
		reply_append(reply, value, strlen(value));
	}
	reply_append(reply, "\n", 1);
}

void reply_open_object(struct reply *reply, const char *name)
{
	reply_line_write(reply, REPLY_OBJECT, name, NULL);
}

void reply_close_object(struct reply *reply)
{
	reply_append(reply, "}\n", 2);
}

void reply_open_array(struct reply *reply, const char *name)
{
	reply_line_write(reply, REPLY_ARRAY, name, NULL);
}

void reply_close_array(struct reply *reply)
{
	reply_append(reply, "]\n", 2);
}

/* One character, escaped; bytes that are no UTF-8 become a question mark. */
static size_t reply_character(
    struct reply *reply, const char *text, size_t left)
{
	char escaped[8];
	uint32_t character;
	size_t bytes = utf8_read(&character, text, left);

	if (!bytes) {
		reply_append(reply, "?", 1);
		return 1;
	}
	if (character == '\\')
		reply_append(reply, "\\\\", 2);
	else if (character == '\n')
		reply_append(reply, "\\n", 2);
	else if (character < 0x20 || character == 0x7f)
		reply_append(reply, escaped,
		    (size_t)snprintf(escaped, sizeof(escaped), "\\x%02x",
			(unsigned)character));
	else
		reply_append(reply, text, bytes);
	return bytes;
}

void reply_string(struct reply *reply, const char *name, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!text)
		return;
	reply_begin(reply, REPLY_STRING, name);
	reply_append(reply, "\t", 1);
	for (size_t at = 0; at < len;)
		at += reply_character(reply, text + at, len - at);
	reply_append(reply, "\n", 1);
}

void reply_unsigned(struct reply *reply, const char *name, uint64_t value)
{
	char text[REPLY_NUMBER_BYTES];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	reply_line_write(reply, REPLY_UNSIGNED, name, text);
}

void reply_signed(struct reply *reply, const char *name, int64_t value)
{
	char text[REPLY_NUMBER_BYTES];

	snprintf(text, sizeof(text), "%" PRId64, value);
	reply_line_write(reply, REPLY_SIGNED, name, text);
}

void reply_milli(struct reply *reply, const char *name, int64_t thousandths)
{
	uint64_t size =
	    thousandths < 0 ? -(uint64_t)thousandths : (uint64_t)thousandths;
	char text[REPLY_NUMBER_BYTES];

	snprintf(text, sizeof(text), "%s%" PRIu64 ".%03u",
	    thousandths < 0 ? "-" : "", size / 1000, (unsigned)(size % 1000));
	reply_line_write(reply, REPLY_NUMBER, name, text);
}

void reply_bool(struct reply *reply, const char *name, bool value)
{
	reply_line_write(reply, REPLY_BOOL, name, value ? "true" : "false");
}
