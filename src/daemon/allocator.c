/* SPDX-License-Identifier: ISC */
/*
 * How malloc deals with what thousands of peers need.
 *
 * glibc raises the size from which it maps a block by itself as soon as such a
 * block is freed; a configuration's text is one. From then on tables that grow
 * would leave holes behind that nothing else fits in.
 */
#include "daemon/allocator.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>

#define MAPPED_BYTES (128 * 1024)

void allocator_init(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, MAPPED_BYTES);
}

void allocator_trim(void)
{
	(void)malloc_trim(0);
}

#else

void allocator_init(void)
{
}

void allocator_trim(void)
{
}

#endif
