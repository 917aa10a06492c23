/* SPDX-License-Identifier: ISC */
/* The only reader of the clocks. */
#include "io/clock.h"

#include <time.h>

static struct timespec read_clock(clockid_t id)
{
	struct timespec at = {0};

	(void)clock_gettime(id, &at);
	return at;
}

struct moment clock_read(void)
{
	struct timespec boot = read_clock(CLOCK_BOOTTIME);
	struct timespec wall = read_clock(CLOCK_REALTIME);

	return (struct moment){
	    .now.ns = boot.tv_sec * NS_PER_S + boot.tv_nsec,
	    .wall_s = wall.tv_sec,
	    .wall_ns = (uint32_t)wall.tv_nsec,
	};
}

int64_t clock_monotonic_us(void)
{
	struct timespec at = read_clock(CLOCK_MONOTONIC);

	return at.tv_sec * INT64_C(1000000) + at.tv_nsec / 1000;
}

int64_t clock_processor_ns(void)
{
	struct timespec used = read_clock(CLOCK_PROCESS_CPUTIME_ID);

	return used.tv_sec * NS_PER_S + used.tv_nsec;
}
