/* SPDX-License-Identifier: ISC */
/* Reading the corpus. */
#include "receive_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *receive_field(const char *text, char *field, size_t room)
{
	size_t len = strcspn(text, "|\n");

	if (len >= room)
		abort();
	memcpy(field, text, len);
	field[len] = '\0';
	return text + len + (text[len] == '|');
}

size_t receive_unhex(uint8_t *bytes, size_t room, const char *hex)
{
	size_t len = strlen(hex) / 2;

	if (len > room)
		abort();
	for (size_t i = 0; i < len; i++) {
		const char byte[] = {hex[2 * i], hex[2 * i + 1], '\0'};

		bytes[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	return len;
}

bool receive_read(struct receive_line *line, const char *text)
{
	if (*text == '#' || *text == '\n')
		return false;
	text = receive_field(text, line->name, sizeof(line->name));
	text = receive_field(text, line->hex, sizeof(line->hex));
	receive_field(text, line->verdict, sizeof(line->verdict));
	line->len = receive_unhex(line->bytes, sizeof(line->bytes), line->hex);
	return true;
}
