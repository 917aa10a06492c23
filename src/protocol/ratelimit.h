/* SPDX-License-Identifier: ISC */
/*
 * Handshakes per source address: 20 a second, 5 at once, per IPv4 address or
 * IPv6 /64 (WireGuard's ratelimiter).
 *
 * A fixed table of sets with a secret hash: a new address takes an entry that
 * is full again (idle) or else, in a full set, is refused. No allocation after
 * ratelimit_new.
 */
#ifndef PROTOCOL_RATELIMIT_H
#define PROTOCOL_RATELIMIT_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/instant.h"

#define RATELIMIT_PER_SECOND 20
#define RATELIMIT_BURST	     5

struct ratelimit;

/* NULL: no memory. `entries` is rounded up. */
struct ratelimit *ratelimit_new(size_t entries);
void ratelimit_free(struct ratelimit *limit);

/* Takes a token of the address. */
must_check bool ratelimit_allows(struct ratelimit *limit,
    const struct address *address, struct instant now);

#endif
