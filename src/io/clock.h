/* SPDX-License-Identifier: ISC */
/* The only reader of the clocks. */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include "base/instant.h"

/* CLOCK_BOOTTIME and the wall time. */
struct moment clock_read(void);

/* CLOCK_MONOTONIC in microseconds, as sd_notify's RELOADING=1 wants it. */
int64_t clock_monotonic_us(void);

/* What this process has used of all processors, in nanoseconds. */
int64_t clock_processor_ns(void);

#endif
