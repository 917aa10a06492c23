/* SPDX-License-Identifier: ISC */
/* How fast this machine seals, and with which back ends. */
#ifndef DAEMON_MEASURE_H
#define DAEMON_MEASURE_H

#include <stdint.h>

#include "base/log.h"
#include "base/memory.h"
#include "protocol/aead.h"

/* Of one AEAD. */
struct measured {
	const struct aead *backend; /* NULL: none gives right answers */
	uint16_t speed;		    /* MB/s */
};

/* Tests all back ends, and seals for a few milliseconds with those that are
 * right; `ret` gets the fastest of each AEAD, by its id. The log tells of those
 * that are not. */
void measure_aeads(const struct memory *memory, const struct log *log,
    struct measured ret[AEAD_IDS + 1]);

#endif
