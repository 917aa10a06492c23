/* SPDX-License-Identifier: ISC */
/* Copies of rules and sides, all in one piece of memory. */
#ifndef NET_RULE_COPY_H
#define NET_RULE_COPY_H

#include <stddef.h>
#include <stdint.h>

#include "net/rule.h"

/* Run through twice: without memory to learn how much is needed (`used`), and
 * with it. Zero is the start. */
struct arena {
	uint8_t *memory;
	size_t used;
};

/* `ret` is a copy, all but its sides, which are NULL. */
void arena_copy_rule(
    struct arena *arena, struct rule_spec *ret, const struct rule_spec *spec);
void arena_copy_side(
    struct arena *arena, struct rule_side *ret, const struct rule_side *side);

#endif
