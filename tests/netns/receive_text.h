/* SPDX-License-Identifier: ISC */
/* A line of tests/corpus/receive.txt: NAME|HEX|VERDICT|the kernel's words. */
#ifndef RECEIVE_TEXT_H
#define RECEIVE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECEIVE_LINE_BYTES    8192
#define RECEIVE_VERDICT_BYTES 96

struct receive_line {
	char name[96], hex[4096], verdict[RECEIVE_VERDICT_BYTES];
	uint8_t bytes[2048];
	size_t len;
};

/* False: a comment. */
bool receive_read(struct receive_line *line, const char *text);

/* Copies up to the next bar; returns what is behind it. */
const char *receive_field(const char *text, char *field, size_t room);
/* How many bytes the digits are; aborts when they have no room. */
size_t receive_unhex(uint8_t *bytes, size_t room, const char *hex);

#endif
