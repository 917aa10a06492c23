/* SPDX-License-Identifier: ISC */
/*
 * The nearest of several names, for "did you mean".
 *
 * The distance counts inserted, deleted, replaced and swapped bytes.
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

#define NEAREST_BYTES 64 /* longer names are not compared */

/* Names are asked for by index; NULL is passed over. */
typedef const char *nearest_name_fn(const void *context, size_t idx);

/* How many edits part a from b; NEAREST_BYTES when one is too long. */
size_t nearest_distance(const char *a, const char *b);

/*
 * The name with the least distance from `word`, the first of equals; NULL
 * when none is near enough to be meant: at most a third of the word's bytes
 * may differ, and one always may.
 */
const char *nearest_find(
    const char *word, nearest_name_fn *name, const void *context, size_t count);

#endif
