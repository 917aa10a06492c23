/* SPDX-License-Identifier: ISC */
/*
 * A reply document as a tree, and careful reading of it.
 *
 * A daemon of another version may leave a field out or give it another type:
 * the readers then return what the caller passed, or nothing.
 */
#ifndef CTL_TREE_H
#define CTL_TREE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define TREE_DEPTH     16
#define TREE_WIDTH_MAX 24 /* of a column; longer texts stick out */

/* Consumes nothing but changes `text` (see reply_read). NULL: it is not a
 * reply document, or there is no memory. */
json_t *tree_parse(char *text);

bool tree_has(const json_t *tree, const char *name);
const char *tree_text(
    const json_t *tree, const char *name, const char *otherwise);
/* Without the part behind the point. */
uint64_t tree_unsigned(
    const json_t *tree, const char *name, uint64_t otherwise);
double tree_real(const json_t *tree, const char *name, double otherwise);
bool tree_is(const json_t *tree, const char *name); /* absent: false */

/* The width of a column that has the text `name` of each of `list`. */
int tree_width(const json_t *list, const char *name, int least);

#endif
