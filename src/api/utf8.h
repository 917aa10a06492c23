/* SPDX-License-Identifier: ISC */
/* Strict UTF-8, for everything that other people wrote and we print. */
#ifndef API_UTF8_H
#define API_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The length of the character at the start of `text` (`left` bytes), 0 when it
 * is no shortest-form UTF-8 of a Unicode scalar value. *ret is the character.
 */
size_t utf8_read(uint32_t *ret, const char *text, size_t left);

/* C0, DEL and C1: what must not reach a terminal. */
bool utf8_is_control(uint32_t character);

/* All of it is UTF-8 and none of it a control character. */
bool utf8_is_clean(const char *text, size_t len);

#endif
