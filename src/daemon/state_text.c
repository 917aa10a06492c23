/* SPDX-License-Identifier: ISC */
/* The text in which endpoints outlive the daemon; no I/O here. */
#include "daemon/state_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char first_line[] = "vpnd-endpoints 1";
static const char last_line[] = "end";

void state_clear(struct state *state)
{
	free(state->entries);
	*state = (struct state){0};
}

int state_add(struct state *state, const struct state_entry *entry)
{
	if (state->count == state->room) {
		size_t room = state->room ? 2 * state->room : 16;
		struct state_entry *more =
		    realloc(state->entries, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		state->entries = more;
		state->room = room;
	}
	state->entries[state->count++] = *entry;
	return 0;
}

/* Copies the next line without its end; false: none, too long, or a NUL. */
static bool take_line(
    char line[STATE_LINE_BYTES], const char **text, size_t *len)
{
	const char *end = memchr(*text, '\n', *len);
	size_t line_len = end ? (size_t)(end - *text) : 0;

	if (!end || line_len >= STATE_LINE_BYTES ||
	    memchr(*text, '\0', line_len))
		return false;
	memcpy(line, *text, line_len);
	line[line_len] = '\0';
	*text += line_len + 1;
	*len -= line_len + 1;
	return true;
}

static int parse_entry(struct state_entry *ret, char *line)
{
	char *blank = strchr(line, ' ');

	*ret = (struct state_entry){0};
	if (!blank)
		return -EINVAL;
	*blank = '\0';
	if (key_parse(ret->public_key, line))
		return -EINVAL;
	return endpoint_parse(&ret->endpoint, blank + 1);
}

static int parse_lines(struct state *state, const char *text, size_t len)
{
	char line[STATE_LINE_BYTES];
	struct state_entry entry;
	int code = 0;

	if (!take_line(line, &text, &len) || strcmp(line, first_line) != 0)
		return -EINVAL;
	while (!code) {
		if (!take_line(line, &text, &len) ||
		    state->count > STATE_ENTRIES)
			return -EINVAL;
		if (strcmp(line, last_line) == 0)
			return len ? -EINVAL : 0;
		code = parse_entry(&entry, line);
		if (!code)
			code = state_add(state, &entry);
	}
	return code;
}

int state_parse(struct state *ret, const char *text, size_t len)
{
	int code;

	*ret = (struct state){0};
	code = parse_lines(ret, text, len);
	if (code)
		state_clear(ret);
	return code;
}

char *state_format(const struct state *state)
{
	size_t room = (state->count + 2) * STATE_LINE_BYTES;
	char *text = malloc(room);
	size_t at = 0;

	if (!text)
		return NULL;
	at += (size_t)snprintf(text, room, "%s\n", first_line);
	for (size_t i = 0; i < state->count; i++) {
		char key[KEY_TEXT_BYTES], endpoint[ENDPOINT_TEXT_BYTES];
		const struct state_entry *entry = &state->entries[i];

		key_format(entry->public_key, key);
		endpoint_format(&entry->endpoint, endpoint, sizeof(endpoint));
		at += (size_t)snprintf(
		    text + at, room - at, "%s %s\n", key, endpoint);
	}
	snprintf(text + at, room - at, "%s\n", last_line);
	return text;
}
