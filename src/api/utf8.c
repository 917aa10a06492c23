/* SPDX-License-Identifier: ISC */
/* Strict UTF-8 after Unicode 15, table 3-7. */
#include "api/utf8.h"

struct lead {
	uint8_t mask, value; /* of the first byte */
	uint8_t bytes;
	uint32_t smallest; /* shorter forms are refused below it */
};

static const struct lead leads[] = {
    {0x80, 0x00, 1, 0},
    {0xe0, 0xc0, 2, 0x80},
    {0xf0, 0xe0, 3, 0x800},
    {0xf8, 0xf0, 4, 0x10000},
};

static const struct lead *lead_find(uint8_t byte)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if ((byte & leads[i].mask) == leads[i].value)
			return &leads[i];
	return NULL;
}

static bool is_scalar(uint32_t character)
{
	return character <= 0x10ffff &&
	       (character < 0xd800 || character > 0xdfff);
}

size_t utf8_read(uint32_t *ret, const char *text, size_t left)
{
	const uint8_t *bytes = (const uint8_t *)text;
	const struct lead *lead = left ? lead_find(bytes[0]) : NULL;
	uint32_t character;

	if (!lead || left < lead->bytes)
		return 0;
	character = bytes[0] & (uint8_t)~lead->mask;
	for (size_t i = 1; i < lead->bytes; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (bytes[i] & 0x3f);
	}
	if (character < lead->smallest || !is_scalar(character))
		return 0;
	*ret = character;
	return lead->bytes;
}

bool utf8_is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

bool utf8_is_clean(const char *text, size_t len)
{
	uint32_t character;
	size_t bytes;

	for (size_t at = 0; at < len; at += bytes) {
		bytes = utf8_read(&character, text + at, len - at);
		if (!bytes || utf8_is_control(character))
			return false;
	}
	return true;
}
