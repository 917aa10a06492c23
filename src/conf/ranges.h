/* SPDX-License-Identifier: ISC */
/* Sets of numbers as few sorted ranges. */
#ifndef CONF_RANGES_H
#define CONF_RANGES_H

#include "api/config.h"

/* Joins what touches. False: they would be more than CONFIG_RANGES_MAX. */
must_check bool conf_ranges_add(
    struct config_ranges *ranges, uint16_t first, uint16_t last);

/* Whether each number of `b` is in `a`; an empty one stands for all. */
bool conf_ranges_cover(
    const struct config_ranges *a, const struct config_ranges *b);

/* Whether a number is in it; in an empty one there is none. */
bool conf_ranges_have(const struct config_ranges *ranges, uint16_t number);

#endif
