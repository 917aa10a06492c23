/* SPDX-License-Identifier: ISC */
/* All that a switch knows, as bytes that can be compared. */
#ifndef SWITCH_STATE_H
#define SWITCH_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "net/bridge.h"

#define SWITCH_STATE_BYTES 65536

/* Fills `to`; returns how much of it. */
size_t switch_state_copy(const struct bridge *bridge, struct instant when,
    uint8_t to[SWITCH_STATE_BYTES]);

#endif
