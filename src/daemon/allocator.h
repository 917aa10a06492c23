/* SPDX-License-Identifier: ISC */
/* How malloc deals with what thousands of peers need. */
#ifndef DAEMON_ALLOCATOR_H
#define DAEMON_ALLOCATOR_H

/* At the very start. */
void allocator_init(void);

/* After much was released: gives pages back to the host. */
void allocator_trim(void);

#endif
