/* SPDX-License-Identifier: ISC */
/* A classic-BPF program as one word of text. */
#include "packet/bpf_text.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

static void put(char **at, uint64_t value, size_t count)
{
	for (size_t i = count; i-- > 0;)
		*(*at)++ = digits[value >> (4 * i) & 0xf];
}

void bpf_text_write(
    char *text, const struct bpf_instruction *program, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		put(&text, program[i].code, 4);
		put(&text, program[i].if_true, 2);
		put(&text, program[i].if_false, 2);
		put(&text, program[i].k, 8);
	}
	*text = '\0';
}

size_t bpf_text_count(const char *text)
{
	size_t len = strspn(text, digits);

	if (text[len] || len % BPF_TEXT_DIGITS ||
	    len / BPF_TEXT_DIGITS > BPF_INSTRUCTIONS_MAX)
		return 0;
	return len / BPF_TEXT_DIGITS;
}

static uint64_t take(const char **at, size_t count)
{
	uint64_t value = 0;

	for (; count > 0; count--)
		value =
		    value << 4 | (uint64_t)(strchr(digits, *(*at)++) - digits);
	return value;
}

void bpf_text_read(struct bpf_instruction *program, const char *text)
{
	size_t count = bpf_text_count(text);

	for (size_t i = 0; i < count; i++) {
		program[i].code = (uint16_t)take(&text, 4);
		program[i].if_true = (uint8_t)take(&text, 2);
		program[i].if_false = (uint8_t)take(&text, 2);
		program[i].k = (uint32_t)take(&text, 8);
	}
}
