/* SPDX-License-Identifier: ISC */
/* Reading the corpus. */
#include "receive_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies up to the next bar; returns what is behind it. */
static const char *take_field(const char *text, char *field, size_t room)
{
	size_t len = strcspn(text, "|\n");

	if (len >= room)
		abort();
	memcpy(field, text, len);
	field[len] = '\0';
	return text + len + (text[len] == '|');
}

bool receive_read(struct receive_line *line, const char *text)
{
	size_t digits;

	if (*text == '#' || *text == '\n')
		return false;
	text = take_field(text, line->name, sizeof(line->name));
	text = take_field(text, line->hex, sizeof(line->hex));
	take_field(text, line->verdict, sizeof(line->verdict));
	digits = strlen(line->hex);
	for (line->len = 0; line->len < digits / 2; line->len++) {
		const char byte[] = {line->hex[2 * line->len],
		    line->hex[2 * line->len + 1], '\0'};

		line->bytes[line->len] = (uint8_t)strtoul(byte, NULL, 16);
	}
	return true;
}
