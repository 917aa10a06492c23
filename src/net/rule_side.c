/* SPDX-License-Identifier: ISC */
/* Bitmaps of peers and ordered ranges of addresses. */
#include "net/rule_side.h"

#include <errno.h>
#include <stdlib.h>

/* An address as a number; IPv4 is `low` alone. */
struct number {
	uint64_t high, low;
};

/* From a prefix: two of one family are apart, or one is in the other. */
struct range {
	struct number first, last;
};

struct ranges {
	struct range *list;
	size_t len;
};

struct side {
	uint64_t *peers;
	uint32_t peers_words;
	struct ranges v4, v6;
};

static bool is_before(struct number a, struct number b)
{
	return a.high < b.high || (a.high == b.high && a.low < b.low);
}

static uint64_t read_bytes(const uint8_t *bytes, size_t count)
{
	uint64_t number = 0;

	for (size_t i = 0; i < count; i++)
		number = number << 8 | bytes[i];
	return number;
}

static struct number number_of(const struct address *address)
{
	if (address->family == FAMILY_IPV4)
		return (struct number){.low = read_bytes(address->bytes, 4)};
	return (struct number){
	    read_bytes(address->bytes, 8), read_bytes(address->bytes + 8, 8)};
}

/* The lowest `bits` of 64. */
static uint64_t low_bits(unsigned bits)
{
	return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

static struct range range_of(const struct prefix *prefix)
{
	unsigned host = address_bits(prefix->address.family) - prefix->bits;
	struct number number = number_of(&prefix->address);
	struct number mask = {
	    host > 64 ? low_bits(host - 64) : 0, low_bits(host)};

	return (struct range){
	    {number.high & ~mask.high, number.low & ~mask.low},
	    {number.high | mask.high, number.low | mask.low}};
}

/* By where they begin, the larger one first. */
static int compare(const void *a, const void *b)
{
	const struct range *left = a, *right = b;

	if (is_before(left->first, right->first))
		return -1;
	if (is_before(right->first, left->first))
		return 1;
	return is_before(right->last, left->last) ? -1 : 1;
}

/* Leaves out those that are in another one. */
static void make_disjoint(struct ranges *ranges)
{
	size_t kept = 0;

	qsort(ranges->list, ranges->len, sizeof(*ranges->list), compare);
	for (size_t i = 0; i < ranges->len; i++) {
		const struct range *range = &ranges->list[i];

		if (!kept ||
		    is_before(ranges->list[kept - 1].last, range->first))
			ranges->list[kept++] = *range;
	}
	ranges->len = kept;
}

static int make_ranges(
    struct ranges *ranges, const struct rule_side *spec, enum family family)
{
	for (size_t i = 0; i < spec->prefixes_count; i++)
		ranges->len += spec->prefixes[i].address.family == family;
	if (!ranges->len)
		return 0;
	ranges->list = calloc(ranges->len, sizeof(*ranges->list));
	if (!ranges->list)
		return -ENOMEM;
	ranges->len = 0;
	for (size_t i = 0; i < spec->prefixes_count; i++)
		if (spec->prefixes[i].address.family == family)
			ranges->list[ranges->len++] =
			    range_of(&spec->prefixes[i]);
	make_disjoint(ranges);
	return 0;
}

static int make_peers(struct side *side, const struct rule_side *spec)
{
	uint32_t last = 0;

	if (!spec->peers_count)
		return 0;
	for (size_t i = 0; i < spec->peers_count; i++)
		if (spec->peers[i] > last)
			last = spec->peers[i];
	side->peers_words = last / 64 + 1;
	side->peers = calloc(side->peers_words, sizeof(*side->peers));
	if (!side->peers)
		return -ENOMEM;
	for (size_t i = 0; i < spec->peers_count; i++)
		side->peers[spec->peers[i] / 64] |= UINT64_C(1)
						    << spec->peers[i] % 64;
	return 0;
}

int side_new(struct side **ret, const struct rule_side *spec)
{
	struct side *side = calloc(1, sizeof(*side));

	if (!side)
		return -ENOMEM;
	if (make_peers(side, spec) ||
	    make_ranges(&side->v4, spec, FAMILY_IPV4) ||
	    make_ranges(&side->v6, spec, FAMILY_IPV6)) {
		side_free(side);
		return -ENOMEM;
	}
	*ret = side;
	return 0;
}

void side_free(struct side *side)
{
	if (!side)
		return;
	free(side->peers);
	free(side->v4.list);
	free(side->v6.list);
	free(side);
}

static bool ranges_have(const struct ranges *ranges, struct number number)
{
	size_t low = 0, high = ranges->len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(ranges->list[middle].last, number))
			low = middle + 1;
		else
			high = middle;
	}
	return low < ranges->len && !is_before(number, ranges->list[low].first);
}

bool side_has(
    const struct side *side, uint32_t peer_id, const struct address *address)
{
	uint32_t word = peer_id / 64;

	if (word < side->peers_words && side->peers[word] >> peer_id % 64 & 1)
		return true;
	if (address->family == FAMILY_NONE)
		return false;
	return ranges_have(
	    address->family == FAMILY_IPV4 ? &side->v4 : &side->v6,
	    number_of(address));
}
