/* SPDX-License-Identifier: ISC */
/*
 * One end of packets, as rules ask for it: a bitmap of peers, and ranges of
 * addresses in order.
 *
 * A question costs one load for the peer and a binary search for the address,
 * however long the lists are.
 */
#ifndef NET_RULE_SIDE_H
#define NET_RULE_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "net/rule.h"

struct side;

/* Copies what it needs. 0 or -ENOMEM. */
must_check int side_new(struct side **ret, const struct rule_side *spec);
void side_free(struct side *side); /* NULL is fine */

must_check bool side_has(
    const struct side *side, uint32_t peer_id, const struct address *address);

#endif
