/* SPDX-License-Identifier: ISC */
/* A compiled tcpdump expression as the argument of a verb. */
#include "api/program.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

static uint64_t word_of(const struct config_instruction *at)
{
	return (uint64_t)at->code << 48 | (uint64_t)at->if_true << 40 |
	       (uint64_t)at->if_false << 32 | at->k;
}

void program_format(
    const struct config_instruction *program, size_t count, char *text)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t word = word_of(&program[i]);

		for (unsigned shift = 64; shift > 0; shift -= 4)
			*text++ = digits[word >> (shift - 4) & 15];
	}
	*text = '\0';
}

/* False: one of the digits is none. */
static bool read_word(const char *text, uint64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < PROGRAM_DIGITS; i++) {
		const char *digit = text[i] ? strchr(digits, text[i]) : NULL;

		if (!digit)
			return false;
		*ret = *ret << 4 | (uint64_t)(digit - digits);
	}
	return true;
}

int program_parse(struct config_instruction *ret, size_t room, const char *text)
{
	size_t count = strlen(text) / PROGRAM_DIGITS;

	if (strlen(text) % PROGRAM_DIGITS || count > room)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		uint64_t word;

		if (!read_word(text + i * PROGRAM_DIGITS, &word))
			return -EINVAL;
		ret[i] = (struct config_instruction){
		    .code = (uint16_t)(word >> 48),
		    .if_true = (uint8_t)(word >> 40),
		    .if_false = (uint8_t)(word >> 32),
		    .k = (uint32_t)word,
		};
	}
	return (int)count;
}
