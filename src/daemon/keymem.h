/* SPDX-License-Identifier: ISC */
/*
 * The one place where keys live: memory that is never swapped nor dumped.
 *
 * How it works: chunks are mapped, locked and marked MADV_DONTDUMP one by one;
 * each lock is checked. Pieces come in sizes of 16 bytes more each, large ones
 * in powers of two; released ones are wiped and kept on a list of their size.
 * What OpenSSL allocates comes from here too, as its key schedules are on its
 * heap.
 */
#ifndef DAEMON_KEYMEM_H
#define DAEMON_KEYMEM_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/memory.h"

/* Once, before anything of OpenSSL is used. 0, or negative errno with a
 * sentence in `error`: memory can not be locked, or OpenSSL was used. */
must_check int keymem_init(char *error, size_t room);

/* The allocator; valid after keymem_init. */
extern const struct memory keymem;

/* Locked so far. */
size_t keymem_bytes(void);

#endif
