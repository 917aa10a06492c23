/* SPDX-License-Identifier: ISC */
/*
 * A story of sockets: bytes that say which ones come and go, which packets come
 * for them, and when they are read. What must hold is asserted at each step.
 */
#ifndef SOCKET_STORY_H
#define SOCKET_STORY_H

#include <stddef.h>
#include <stdint.h>

void socket_story_tell(const uint8_t *data, size_t len);

#endif
