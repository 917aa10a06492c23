/* SPDX-License-Identifier: ISC */
/* The plain heap as an allocator of secrets: wipes, does not lock. */
#include "base/memory.h"

#include <sodium.h>
#include <stdlib.h>

static void *heap_alloc(void *context, size_t len)
{
	(void)context;
	return calloc(1, len);
}

static void heap_release(void *context, void *at, size_t len)
{
	(void)context;
	if (!at)
		return;
	sodium_memzero(at, len);
	free(at);
}

const struct memory memory_heap = {
    .alloc = heap_alloc,
    .release = heap_release,
};
