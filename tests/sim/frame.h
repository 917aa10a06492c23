/* SPDX-License-Identifier: ISC */
/*
 * Ethernet around inner packets: stations, and how their frames look.
 *
 * How it works: a station is a number; the first ones are the hosts' own
 * devices, the others stand behind a host and may move to another one. Who
 * hears a frame is up to the switches.
 */
#ifndef SIM_FRAME_H
#define SIM_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/mac.h"

struct inner_wish;

/* Destinations that are no station. */
#define FRAME_NOBODY	253 /* unicast that no station has */
#define FRAME_MULTICAST 254
#define FRAME_BROADCAST 255

struct mac frame_mac(uint8_t station);
/* Writes the header; returns its length. */
size_t frame_write(uint8_t *at, const struct inner_wish *wish);
/* Length of the header of a frame that frame_write made; 0 for others. */
size_t frame_head(const uint8_t *at, size_t len);

#endif
