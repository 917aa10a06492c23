/* SPDX-License-Identifier: ISC */
/*
 * A line of tests/corpus/tap.txt: NAME|FROM|BYTES|VERDICT|KERNEL|WHY.
 *
 * How it works: both sides say which ports a frame came out of, or the reason
 * why of none. Only where a WHY is given they may differ, and there they do.
 */
#ifndef TAP_TEXT_H
#define TAP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tap_ours.h"

#define TAP_LINE_BYTES 8192
#define TAP_WORD_BYTES 96

struct tap_line {
	char name[TAP_WORD_BYTES], port[TAP_WORD_BYTES], hex[4096];
	char verdict[TAP_WORD_BYTES], kernel[TAP_WORD_BYTES];
	char why[TAP_WORD_BYTES];
	int from;
	uint8_t bytes[2048];
	size_t len;
};

/* False: a comment. */
bool tap_read(struct tap_line *line, const char *text);

/* "host two", or the reason and its stage. */
void tap_tell_ours(const struct tap_outcome *outcome, char *text, size_t room);
/* The same of the kernel; `reason`: "" none. */
void tap_tell_kernel(int out, const char *reason, char *text, size_t room);

/* Is what the line says of us what it says of the kernel? Of a drop the kernel
 * may have no reason, or no name for it. */
bool tap_is_same(const struct tap_line *line);

#endif
