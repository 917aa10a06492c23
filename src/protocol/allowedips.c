/* SPDX-License-Identifier: ISC */
/*
 * Cryptokey routing: a binary trie with compressed paths.
 *
 * How it works: a node stands for a prefix; its subtrees hold longer prefixes
 * that begin with it and go on with 0 or 1. A node either has a value or two
 * children: others are collapsed at once, so n prefixes need less than 2n
 * nodes, and an empty table none. Depth is at most the bits of an address.
 */
#include "protocol/allowedips.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cursor.h"

struct key {
	uint64_t high, low; /* the address, left-aligned */
};

struct allowedips_node {
	struct key key;
	unsigned bits;
	void *value; /* NULL: only branches */
	struct allowedips_node *children[2];
};

static struct key key_of(const struct address *address)
{
	struct cursor c = cursor_of(address->bytes, sizeof(address->bytes));
	uint64_t high = cursor_be64(&c);

	return (struct key){.high = high, .low = cursor_be64(&c)};
}

static unsigned common_bits(struct key a, struct key b)
{
	if (a.high != b.high)
		return (unsigned)__builtin_clzll(a.high ^ b.high);
	if (a.low != b.low)
		return 64 + (unsigned)__builtin_clzll(a.low ^ b.low);
	return 128;
}

static unsigned bit_at(struct key key, unsigned idx)
{
	return idx < 64 ? key.high >> (63 - idx) & 1
			: key.low >> (127 - idx) & 1;
}

static bool node_has(const struct allowedips_node *node, struct key key)
{
	return common_bits(node->key, key) >= node->bits;
}

static bool is_exactly(
    const struct allowedips_node *node, struct key key, unsigned bits)
{
	return node && node->bits == bits && node_has(node, key);
}

static struct allowedips_node **root_of(
    struct allowedips *table, enum family family)
{
	return family == FAMILY_IPV4 ? &table->ipv4 : &table->ipv6;
}

static struct allowedips_node *node_new(
    struct allowedips *table, struct key key, unsigned bits, void *value)
{
	struct allowedips_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	*node =
	    (struct allowedips_node){.key = key, .bits = bits, .value = value};
	table->nodes++;
	return node;
}

static void node_free(struct allowedips *table, struct allowedips_node *node)
{
	table->nodes--;
	free(node);
}

static void free_subtree(struct allowedips *table, struct allowedips_node *node)
{
	if (!node)
		return;
	free_subtree(table, node->children[0]);
	free_subtree(table, node->children[1]);
	node_free(table, node);
}

void allowedips_clear(struct allowedips *table)
{
	free_subtree(table, table->ipv4);
	free_subtree(table, table->ipv6);
	*table = (struct allowedips){0};
}

/* Takes the node out of the trie when it neither has a value nor branches. */
static void collapse(struct allowedips *table, struct allowedips_node **slot)
{
	struct allowedips_node *node = *slot;

	if (node->value || (node->children[0] && node->children[1]))
		return;
	*slot = node->children[0] ? node->children[0] : node->children[1];
	node_free(table, node);
}

/* Puts a branching node where `made` and the subtree at `slot` part. */
static int split(struct allowedips *table, struct allowedips_node **slot,
    struct allowedips_node *made, unsigned common)
{
	struct key key = {0};
	struct allowedips_node *branch;

	key.high = made->key.high &
		   (common < 64 ? ~(UINT64_MAX >> common) : UINT64_MAX);
	if (common > 64)
		key.low = made->key.low & ~(UINT64_MAX >> (common - 64));
	branch = node_new(table, key, common, NULL);
	if (!branch)
		return -ENOMEM;
	branch->children[bit_at(made->key, common)] = made;
	branch->children[bit_at((*slot)->key, common)] = *slot;
	*slot = branch;
	return 0;
}

/* Puts a new node at `slot`, above or beside what is there. */
static int place(struct allowedips *table, struct allowedips_node **slot,
    struct key key, unsigned bits, void *value)
{
	struct allowedips_node *made = node_new(table, key, bits, value);
	unsigned common;
	int r = 0;

	if (!made)
		return -ENOMEM;
	common = *slot ? common_bits(key, (*slot)->key) : bits;
	if (common < bits) {
		r = split(table, slot, made, common);
		if (r < 0)
			node_free(table, made);
		return r;
	}
	if (*slot)
		made->children[bit_at((*slot)->key, bits)] = *slot;
	*slot = made;
	return 0;
}

int allowedips_insert(
    struct allowedips *table, const struct prefix *prefix, void *value)
{
	struct prefix masked = *prefix;
	struct allowedips_node **slot = root_of(table, prefix->address.family);
	struct key key;

	prefix_mask(&masked);
	key = key_of(&masked.address);
	while (*slot && (*slot)->bits < masked.bits && node_has(*slot, key))
		slot = &(*slot)->children[bit_at(key, (*slot)->bits)];
	if (!is_exactly(*slot, key, masked.bits))
		return place(table, slot, key, masked.bits, value);
	(*slot)->value = value;
	return 0;
}

void allowedips_remove(
    struct allowedips *table, const struct prefix *prefix, const void *value)
{
	struct prefix masked = *prefix;
	struct allowedips_node **slot = root_of(table, prefix->address.family);
	struct allowedips_node **above = NULL;
	struct key key;

	prefix_mask(&masked);
	key = key_of(&masked.address);
	while (*slot && (*slot)->bits < masked.bits && node_has(*slot, key)) {
		above = slot;
		slot = &(*slot)->children[bit_at(key, (*slot)->bits)];
	}
	if (!is_exactly(*slot, key, masked.bits) || (*slot)->value != value)
		return;
	(*slot)->value = NULL;
	collapse(table, slot);
	if (above)
		collapse(table, above);
}

static const struct allowedips_node *first_of(
    const struct allowedips *table, enum family family)
{
	return family == FAMILY_IPV4   ? table->ipv4
	       : family == FAMILY_IPV6 ? table->ipv6
				       : NULL;
}

void *allowedips_find(
    const struct allowedips *table, const struct prefix *prefix)
{
	struct prefix masked = *prefix;
	const struct allowedips_node *node =
	    first_of(table, prefix->address.family);
	struct key key;

	prefix_mask(&masked);
	key = key_of(&masked.address);
	while (node && node->bits < masked.bits && node_has(node, key))
		node = node->children[bit_at(key, node->bits)];
	return is_exactly(node, key, masked.bits) ? node->value : NULL;
}

static void remove_below(
    struct allowedips *table, struct allowedips_node **slot, const void *value)
{
	struct allowedips_node *node = *slot;

	if (!node)
		return;
	remove_below(table, &node->children[0], value);
	remove_below(table, &node->children[1], value);
	if (node->value == value)
		node->value = NULL;
	collapse(table, slot);
}

void allowedips_remove_value(struct allowedips *table, const void *value)
{
	remove_below(table, &table->ipv4, value);
	remove_below(table, &table->ipv6, value);
}

void *allowedips_lookup(
    const struct allowedips *table, const struct address *address)
{
	const struct allowedips_node *node = first_of(table, address->family);
	unsigned bits = address_bits(address->family);
	struct key key = key_of(address);
	void *found = NULL;

	while (node && node_has(node, key)) {
		if (node->value)
			found = node->value;
		if (node->bits == bits)
			break;
		node = node->children[bit_at(key, node->bits)];
	}
	return found;
}

struct search {
	enum family family;
	const void *value;
	void (*found)(void *context, const struct prefix *prefix);
	void *context;
};

static void visit(
    const struct search *search, const struct allowedips_node *node)
{
	struct prefix prefix = {.address.family = search->family};
	struct writer w =
	    writer_of(prefix.address.bytes, sizeof(prefix.address.bytes));

	if (!node)
		return;
	if (node->value == search->value) {
		prefix.bits = (uint8_t)node->bits;
		writer_be(&w, node->key.high, 8);
		writer_be(&w, node->key.low, 8);
		search->found(search->context, &prefix);
	}
	visit(search, node->children[0]);
	visit(search, node->children[1]);
}

void allowedips_each(const struct allowedips *table, const void *value,
    void (*found)(void *context, const struct prefix *prefix), void *context)
{
	struct search search = {
	    .family = FAMILY_IPV4,
	    .value = value,
	    .found = found,
	    .context = context,
	};

	visit(&search, table->ipv4);
	search.family = FAMILY_IPV6;
	visit(&search, table->ipv6);
}
