/* SPDX-License-Identifier: ISC */
/* How fast this machine seals with each AEAD. */
#ifndef DAEMON_MEASURE_H
#define DAEMON_MEASURE_H

#include <stdint.h>

#include "base/memory.h"
#include "protocol/tunnel.h"

/* MB/s by aead_id, 0 for those without back end; takes about 2 ms for each. */
void measure_aeads(const struct memory *memory, uint16_t ret[TUNNEL_AEADS + 1]);

#endif
