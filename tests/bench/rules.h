/* SPDX-License-Identifier: ISC */
/*
 * Rules that no packet of the programs here matches, so that each packet sees
 * all of them.
 */
#ifndef BENCH_RULES_H
#define BENCH_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "net/rule.h"

#define BENCH_RULES_MAX 10000

/* That many at prerouting, which accepts what they do not match: for TCP to the
 * ports from 1 on, or from hosts in 10.7.0.0/16. The caller frees it. */
struct ruleset *bench_rules(size_t count, bool by_host);

#endif
