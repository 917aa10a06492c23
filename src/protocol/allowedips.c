/* SPDX-License-Identifier: ISC */
/*
 * Cryptokey routing: a binary trie with compressed paths.
 *
 * How it works: a node stands for a prefix; its subtrees hold longer prefixes
 * that begin with it and go on with 0 or 1. A node either has a value or two
 * children: others are collapsed at once, so n prefixes need less than 2n
 * nodes, and an empty table none. Depth is at most the bits of an address.
 * Nodes lie side by side in chunks: two of IPv4 in a cache line.
 */
#include "protocol/allowedips.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cursor.h"

struct key {
	uint64_t high, low; /* the address, left-aligned */
};

struct allowedips_node {
	void *value; /* NULL: only branches */
	struct allowedips_node *children[2];
	uint32_t bits;
	uint32_t words[]; /* the key: one of IPv4, four of IPv6 */
};

struct allowedips_chunk {
	struct allowedips_chunk *next;
	uint64_t nodes[]; /* aligned for them */
};

#define CHUNK_NODES_MIN 8
#define CHUNK_NODES_MAX 2048

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

/* ---- nodes ---- */

static size_t words_of(enum family family)
{
	return family == FAMILY_IPV4 ? 1 : 4;
}

static size_t node_bytes(enum family family)
{
	size_t bytes = sizeof(struct allowedips_node) +
		       words_of(family) * sizeof(uint32_t);

	return (bytes + sizeof(uint64_t) - 1) & ~(sizeof(uint64_t) - 1);
}

static struct key node_key(
    const struct allowedips_node *node, enum family family)
{
	const uint32_t *words = node->words;
	struct key key = {.high = (uint64_t)words[0] << 32};

	if (family == FAMILY_IPV4)
		return key;
	key.high |= words[1];
	key.low = (uint64_t)words[2] << 32 | words[3];
	return key;
}

static void node_set_key(
    struct allowedips_node *node, enum family family, struct key key)
{
	const uint32_t words[] = {(uint32_t)(key.high >> 32),
	    (uint32_t)key.high, (uint32_t)(key.low >> 32), (uint32_t)key.low};

	for (size_t i = 0; i < words_of(family); i++)
		node->words[i] = words[i];
}

static bool node_has(
    const struct allowedips_node *node, enum family family, struct key key)
{
	return common_bits(node_key(node, family), key) >= node->bits;
}

static bool is_exactly(const struct allowedips_node *node, enum family family,
    struct key key, unsigned bits)
{
	return node && node->bits == bits && node_has(node, family, key);
}

static void node_spare(
    struct allowedips_trie *trie, struct allowedips_node *node)
{
	node->children[0] = trie->spare;
	trie->spare = node;
}

/* As many nodes as there are, within limits. */
static bool add_chunk(struct allowedips_trie *trie, enum family family)
{
	size_t count = trie->nodes, bytes = node_bytes(family);
	struct allowedips_chunk *chunk;

	if (count < CHUNK_NODES_MIN)
		count = CHUNK_NODES_MIN;
	if (count > CHUNK_NODES_MAX)
		count = CHUNK_NODES_MAX;
	chunk = malloc(sizeof(*chunk) + count * bytes);
	if (!chunk)
		return false;
	chunk->next = trie->chunks;
	trie->chunks = chunk;
	while (count--)
		node_spare(
		    trie, (void *)((char *)chunk->nodes + count * bytes));
	return true;
}

static void free_chunks(struct allowedips_trie *trie)
{
	struct allowedips_chunk *chunk;

	while ((chunk = trie->chunks)) {
		trie->chunks = chunk->next;
		free(chunk);
	}
	*trie = (struct allowedips_trie){0};
}

static struct allowedips_node *node_new(struct allowedips_trie *trie,
    enum family family, struct key key, unsigned bits)
{
	struct allowedips_node *node;

	if (!trie->spare && !add_chunk(trie, family))
		return NULL;
	node = trie->spare;
	trie->spare = node->children[0];
	node->value = node->children[0] = node->children[1] = NULL;
	node->bits = bits;
	node_set_key(node, family, key);
	trie->nodes++;
	return node;
}

static void node_free(
    struct allowedips_trie *trie, struct allowedips_node *node)
{
	node_spare(trie, node);
	if (--trie->nodes == 0)
		free_chunks(trie);
}

/* ---- changes ---- */

static struct allowedips_trie *trie_of(
    struct allowedips *table, enum family family)
{
	return family == FAMILY_IPV4 ? &table->ipv4 : &table->ipv6;
}

void allowedips_clear(struct allowedips *table)
{
	free_chunks(&table->ipv4);
	free_chunks(&table->ipv6);
}

/* Takes the node out of the trie when it neither has a value nor branches. */
static void collapse(
    struct allowedips_trie *trie, struct allowedips_node **slot)
{
	struct allowedips_node *node = *slot;

	if (node->value || (node->children[0] && node->children[1]))
		return;
	*slot = node->children[0] ? node->children[0] : node->children[1];
	node_free(trie, node);
}

/* A place in the trie of this family, and the prefix that is looked for. */
struct site {
	struct allowedips_trie *trie;
	enum family family;
	struct key key;
	unsigned bits;
	struct allowedips_node **slot, **above;
};

/* To where the prefix is, or belongs. */
static struct site go_to(struct allowedips *table, const struct prefix *prefix)
{
	struct prefix masked = *prefix;
	enum family family = prefix->address.family;
	struct site site = {.trie = trie_of(table, family), .family = family};
	struct allowedips_node *node;

	prefix_mask(&masked);
	site.key = key_of(&masked.address);
	site.bits = masked.bits;
	site.slot = &site.trie->root;
	while ((node = *site.slot) && node->bits < site.bits &&
	       node_has(node, family, site.key)) {
		site.above = site.slot;
		site.slot = &node->children[bit_at(site.key, node->bits)];
	}
	return site;
}

static bool is_there(const struct site *site)
{
	return is_exactly(*site->slot, site->family, site->key, site->bits);
}

/* Puts a branching node where `made` and the subtree at the slot part. */
static int split(
    const struct site *site, struct allowedips_node *made, unsigned common)
{
	struct allowedips_node **slot = site->slot, *branch;
	struct key key = {0}, other = node_key(*slot, site->family);

	key.high = site->key.high &
		   (common < 64 ? ~(UINT64_MAX >> common) : UINT64_MAX);
	if (common > 64)
		key.low = site->key.low & ~(UINT64_MAX >> (common - 64));
	branch = node_new(site->trie, site->family, key, common);
	if (!branch)
		return -ENOMEM;
	branch->children[bit_at(site->key, common)] = made;
	branch->children[bit_at(other, common)] = *slot;
	*slot = branch;
	return 0;
}

/* Puts a new node at the slot, above or beside what is there. */
static int place(const struct site *site, void *value)
{
	struct allowedips_node **slot = site->slot;
	struct allowedips_node *made =
	    node_new(site->trie, site->family, site->key, site->bits);
	unsigned common = site->bits;
	int err;

	if (!made)
		return -ENOMEM;
	made->value = value;
	if (*slot)
		common = common_bits(site->key, node_key(*slot, site->family));
	if (common < site->bits) {
		err = split(site, made, common);
		if (err)
			node_free(site->trie, made);
		return err;
	}
	if (*slot)
		made->children[bit_at(
		    node_key(*slot, site->family), site->bits)] = *slot;
	*slot = made;
	return 0;
}

int allowedips_insert(
    struct allowedips *table, const struct prefix *prefix, void *value)
{
	struct site site = go_to(table, prefix);

	if (!is_there(&site))
		return place(&site, value);
	(*site.slot)->value = value;
	return 0;
}

void allowedips_remove(
    struct allowedips *table, const struct prefix *prefix, const void *value)
{
	struct site site = go_to(table, prefix);

	if (!is_there(&site) || (*site.slot)->value != value)
		return;
	(*site.slot)->value = NULL;
	collapse(site.trie, site.slot);
	if (site.above)
		collapse(site.trie, site.above);
}

static void remove_below(struct allowedips_trie *trie,
    struct allowedips_node **slot, const void *value)
{
	struct allowedips_node *node = *slot;

	if (!node)
		return;
	remove_below(trie, &node->children[0], value);
	remove_below(trie, &node->children[1], value);
	if (node->value == value)
		node->value = NULL;
	collapse(trie, slot);
}

void allowedips_remove_value(struct allowedips *table, const void *value)
{
	remove_below(&table->ipv4, &table->ipv4.root, value);
	remove_below(&table->ipv6, &table->ipv6.root, value);
}

/* ---- questions ---- */

static const struct allowedips_node *first_of(
    const struct allowedips *table, enum family family)
{
	return family == FAMILY_IPV4   ? table->ipv4.root
	       : family == FAMILY_IPV6 ? table->ipv6.root
				       : NULL;
}

void *allowedips_find(
    const struct allowedips *table, const struct prefix *prefix)
{
	enum family family = prefix->address.family;
	const struct allowedips_node *node = first_of(table, family);
	struct prefix masked = *prefix;
	struct key key;

	prefix_mask(&masked);
	key = key_of(&masked.address);
	while (node && node->bits < masked.bits && node_has(node, family, key))
		node = node->children[bit_at(key, node->bits)];
	return is_exactly(node, family, key, masked.bits) ? node->value : NULL;
}

void *allowedips_lookup(
    const struct allowedips *table, const struct address *address)
{
	enum family family = address->family;
	const struct allowedips_node *node = first_of(table, family);
	unsigned bits = address_bits(family);
	struct key key = key_of(address);
	void *found = NULL;

	while (node && node_has(node, family, key)) {
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
		writer_be(&w, node_key(node, search->family).high, 8);
		writer_be(&w, node_key(node, search->family).low, 8);
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

	visit(&search, table->ipv4.root);
	search.family = FAMILY_IPV6;
	visit(&search, table->ipv6.root);
}
