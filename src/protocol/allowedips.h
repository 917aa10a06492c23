/* SPDX-License-Identifier: ISC */
/*
 * Cryptokey routing: longest-prefix match from addresses to peers.
 *
 * A binary trie with compressed paths, one for IPv4 and one for IPv6. It knows
 * no IP header: addresses come as bytes. A value is never NULL.
 */
#ifndef PROTOCOL_ALLOWEDIPS_H
#define PROTOCOL_ALLOWEDIPS_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/endpoint.h"

struct allowedips_node;
struct allowedips_chunk;

struct allowedips_trie {
	struct allowedips_node *root;
	struct allowedips_node *spare;	 /* nodes in no trie */
	struct allowedips_chunk *chunks; /* where all nodes are */
	size_t nodes;			 /* in the trie */
};

struct allowedips {
	struct allowedips_trie ipv4, ipv6;
};

/* For the tests: an empty table has none. */
static inline size_t allowedips_nodes(const struct allowedips *table)
{
	return table->ipv4.nodes + table->ipv6.nodes;
}

/* Zero is an empty table. */
void allowedips_clear(struct allowedips *table);

/* Gives the (masked) prefix to `value`, whoever had it. 0 or -ENOMEM. */
must_check int allowedips_insert(
    struct allowedips *table, const struct prefix *prefix, void *value);

/* Takes the exact prefix out if `value` has it. */
void allowedips_remove(
    struct allowedips *table, const struct prefix *prefix, const void *value);

/* Who has exactly this prefix, or NULL. */
void *allowedips_find(
    const struct allowedips *table, const struct prefix *prefix);

/* Takes out all prefixes of `value`. */
void allowedips_remove_value(struct allowedips *table, const void *value);

/* The value of the longest prefix that has the address, or NULL. */
void *allowedips_lookup(
    const struct allowedips *table, const struct address *address);

/* Calls back with each prefix of `value`, IPv4 first, in order. */
void allowedips_each(const struct allowedips *table, const void *value,
    void (*found)(void *context, const struct prefix *prefix), void *context);

#endif
