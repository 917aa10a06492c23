/* SPDX-License-Identifier: ISC */
/*
 * Where keys live.
 *
 * Whatever holds a private key, a pre-shared key, a handshake or a session is
 * allocated through such an allocator. The daemon's is one arena of locked
 * memory (daemon/keymem); tests use the heap. Both wipe on release.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

struct memory {
	/* Zeroed bytes aligned for any type, or NULL. */
	void *(*alloc)(void *context, size_t len);
	/* Wipes and releases; NULL is fine. `len` as it was allocated. */
	void (*release)(void *context, void *at, size_t len);
	void *context;
};

static inline void *memory_alloc(const struct memory *memory, size_t len)
{
	return memory->alloc(memory->context, len);
}

static inline void memory_release(
    const struct memory *memory, void *at, size_t len)
{
	memory->release(memory->context, at, len);
}

/* The plain heap, for tests, fuzzers and the simulator. */
extern const struct memory memory_heap;

#endif
