/* SPDX-License-Identifier: ISC */
/*
 * Packets of a few flows, put together and cut again: what comes out must be
 * what went in. For the unit test, which draws numbers, and for the fuzzer,
 * which has them.
 */
#ifndef OFFLOAD_STORY_H
#define OFFLOAD_STORY_H

#include <stddef.h>
#include <stdint.h>

struct offload_source {
	/* A number below `below`, 0 at the end. */
	uint32_t (*draw)(void *context, uint32_t below);
	void *context;
};

/* What was met, to see that a story was not a dull one. */
struct offload_seen {
	size_t packets, wholes, joined, gathered;
};

/* Aborts with a word on what is wrong. */
void offload_story(const struct offload_source *source, size_t packets,
    struct offload_seen *seen);

#endif
