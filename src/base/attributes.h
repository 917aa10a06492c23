/* SPDX-License-Identifier: ISC */
/* Small compiler helpers used in every room. */
#ifndef BASE_ATTRIBUTES_H
#define BASE_ATTRIBUTES_H

#include <stddef.h>

/* The caller has to look at the result. */
#define must_check __attribute__((warn_unused_result))

/* Of a large local variable on the data path: what is read of it has been
 * written before. -ftrivial-auto-var-init would clear all of it each time. */
#define not_cleared __attribute__((uninitialized))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define container_of(pointer, type, member)                                   \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
