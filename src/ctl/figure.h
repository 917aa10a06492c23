/* SPDX-License-Identifier: ISC */
/* Numbers as people read them: ages, bytes, counts, round-trip times. */
#ifndef CTL_FIGURE_H
#define CTL_FIGURE_H

#include <stdint.h>

struct figure {
	char text[32];
};

struct figure figure_age(uint64_t seconds);	/* 41s 2m10s 3h05m 3d04h */
struct figure figure_bytes(uint64_t bytes);	/* 812 B, 1.18 MiB */
struct figure figure_count(uint64_t count);	/* 1203, 1.20 M */
struct figure figure_milliseconds(uint64_t ns); /* 11.204 ms */

#endif
